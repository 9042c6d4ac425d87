//! A value that must not be seen: it prints as `‹redacted›` and is wiped when dropped.
//!
//! Where secrets come from (file, environment, credential) is config's business; this type only keeps them.

use std::fmt;

use zeroize::Zeroizing;

/// A password, a token, a key, or a URL that holds one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// What is printed in a secret's place.
pub const REDACTED: &str = "‹redacted›";

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The value itself, for the one place that must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A URL as it may be shown: scheme and host, the rest as `…` (paths and queries of webhooks hold tokens).
#[must_use]
pub fn redacted_url(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => format!("{}://{}/…", url.scheme(), url.host_str().unwrap_or("")),
        Err(_) => REDACTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {secret}").contains("hunter2"));
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(
            redacted_url("https://u:p@hooks.example.org/T/secret?x=1"),
            "https://hooks.example.org/…"
        );
    }
}
