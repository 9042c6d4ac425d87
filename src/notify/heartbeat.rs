//! The dead man's switch: a GET that says "still well" to a service that speaks up when it stops.
//!
//! When to call is decided in `daemon::heartbeat`. The URL may hold a token and is never shown.

use std::time::Duration;

use reqwest::Client;
use url::Url;

use super::http::{client, failure, parse_url};
use super::mask::Mask;
use super::{BuildError, Context};
use crate::secret::Secret;

/// A call that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// All is well.
    Well,
    /// The daemon has begun.
    Start,
    /// Something is wrong.
    Fail,
}

impl Signal {
    /// The spelling in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Start => "start",
            Self::Fail => "fail",
        }
    }
}

/// Calls one URL.
#[derive(Debug)]
pub struct Heartbeat {
    client: Client,
    url: Url,
    mask: Mask,
}

impl Heartbeat {
    /// Checks the URL and makes a client for it; calls nobody yet.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &Secret, context: &Context) -> Result<Self, BuildError> {
        let url = parse_url(url)?;
        let mut mask = Mask::default();
        mask.hide_url(&url);
        Ok(Self {
            client: client(&url, context)?,
            url,
            mask,
        })
    }

    /// Says `signal`; the URL gets `/start` or `/fail` at the end of its path for those.
    ///
    /// # Errors
    /// What went wrong, without the URL.
    pub async fn call(&self, signal: Signal) -> Result<(), String> {
        let request = self.client.get(self.address(signal)).timeout(TIMEOUT);
        let response = request
            .send()
            .await
            .map_err(|error| self.mask.apply(&failure(error)))?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("answered {}", status.as_u16()))
        }
    }

    fn address(&self, signal: Signal) -> Url {
        let mut url = self.url.clone();
        if signal != Signal::Well
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().push(signal.as_str());
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_and_fail_stand_at_the_end_of_the_path() {
        let address = |url: &str, signal| {
            let heartbeat = Heartbeat {
                client: Client::new(),
                url: Url::parse(url).unwrap(),
                mask: Mask::default(),
            };
            heartbeat.address(signal).to_string()
        };
        for (url, signal, wanted) in [
            (
                "https://hc.example/abc",
                Signal::Well,
                "https://hc.example/abc",
            ),
            (
                "https://hc.example/abc",
                Signal::Start,
                "https://hc.example/abc/start",
            ),
            (
                "https://hc.example/abc/?x=1",
                Signal::Fail,
                "https://hc.example/abc/fail?x=1",
            ),
        ] {
            assert_eq!(address(url, signal), wanted);
        }
    }
}
