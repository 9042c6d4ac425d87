//! `[store]`: where the database is and how long it keeps what.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite:` and a path, relative to the state folder.
    pub url: String,
    /// How long entries stay; zero keeps them for ever. Those behind an alert stay as long as the alert.
    pub keep_entries: Duration,
    /// How long alerts stay; zero keeps them for ever.
    pub keep_alerts: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "sqlite:bongsu.db".to_owned(),
            keep_entries: Duration::from_hours(365 * 24),
            keep_alerts: Duration::ZERO,
        }
    }
}

/// The database file that `url` names, below `state_dir` unless absolute.
///
/// # Errors
/// A sentence fragment that says what is wrong with the URL and what to write.
pub fn database_path(state_dir: &Path, url: &str) -> Result<PathBuf, String> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err(format!(
            "`{url}` is no store this version knows: write it as \"sqlite:bongsu.db\""
        ));
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    let names_a_file = Path::new(path).file_name().is_some() && !path.ends_with('/');
    if !names_a_file || path.contains(['?', '#', '\0']) {
        return Err(format!(
            "`{url}` names no file: write it as \"sqlite:bongsu.db\""
        ));
    }
    Ok(state_dir.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        let dir = Path::new("/state");
        for (url, path) in [
            ("sqlite:bongsu.db", "/state/bongsu.db"),
            ("sqlite://desk/one.db", "/state/desk/one.db"),
            ("sqlite:/srv/one.db", "/srv/one.db"),
            ("sqlite:///srv/one.db", "/srv/one.db"),
        ] {
            assert_eq!(database_path(dir, url), Ok(PathBuf::from(path)), "{url}");
        }
        for url in [
            "",
            "bongsu.db",
            "sqlite:",
            "sqlite:/",
            "sqlite:..",
            "sqlite:x?mode=ro",
            "postgres://h/d",
        ] {
            assert!(database_path(dir, url).is_err(), "{url}");
        }
    }
}
