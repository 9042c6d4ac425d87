//! How one feed is reached where the common way will not do: trust, proxy, name, cookies.
//!
//! Told by config only, and kept in memory only: some of it is secret. What each does on the wire is in
//! `crate::fetch`.

use std::sync::Arc;

use crate::secret::Secret;

/// What a feed wants otherwise than all others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transport {
    /// Follow a redirect from https to http: without credentials, and never remembered.
    pub allow_downgrade: bool,
    /// Accept any certificate of the feed's own host: whoever is in between can read and change everything.
    pub tls_insecure: bool,
    /// Give cookies back to the origin that set them, within one chain of redirects.
    pub chain_cookies: bool,
    /// Certificates (PEM) of authorities that are trusted beside the machine's.
    pub extra_ca: Option<Arc<str>>,
    /// A certificate and its key (PEM), shown to the feed's own origin when it asks who we are.
    pub client_cert: Option<Secret>,
    /// Which proxy.
    pub proxy: Proxy,
    /// The whole `User-Agent`, in place of the common one.
    pub user_agent: Option<String>,
}

/// Which proxy a feed is asked through.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proxy {
    /// The one that `[fetch]` names, if it does.
    #[default]
    Common,
    /// None, whatever `[fetch]` names.
    Direct,
    /// This one; the URL may hold a password.
    Url(Secret),
}

impl Transport {
    /// The options to keep: none where nothing is special, so that most feeds hold nothing.
    #[must_use]
    pub fn shared(self) -> Option<Arc<Self>> {
        (self != Self::default()).then(|| Arc::new(self))
    }

    /// What of it holds when the feed is asked at another origin than its own: the way there, but neither a
    /// certificate to show nor trust in the unverified.
    #[must_use]
    pub fn abroad(&self) -> Option<Arc<Self>> {
        Self {
            tls_insecure: false,
            client_cert: None,
            ..self.clone()
        }
        .shared()
    }
}
