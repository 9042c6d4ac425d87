//! The dead man's switch: a GET that says "still well" to a service that speaks up when it stops.
//!
//! When to call is decided in `daemon::heartbeat`. The URL may hold a token and is never shown.

use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

use super::http::{Http, Request};
use super::{BuildError, Context};
use crate::secret::Secret;

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
    http: Http,
    url: Url,
}

impl Heartbeat {
    /// Checks the URL and makes a client for it; calls nobody yet.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &Secret, context: &Context) -> Result<Self, BuildError> {
        let (url, http) = Http::hook(url, context)?;
        Ok(Self { http, url })
    }

    /// Says `signal`; the URL gets `/start` or `/fail` at the end of its path for those.
    ///
    /// # Errors
    /// What went wrong, without the URL.
    pub async fn call(&self, signal: Signal) -> Result<(), String> {
        let request = Request {
            method: Method::GET,
            url: address(&self.url, signal),
            headers: HeaderMap::new(),
            body: String::new(),
        };
        let answer = self
            .http
            .ask(request)
            .await
            .map_err(|attempt| attempt.outcome.message().unwrap_or_default().to_owned())?;
        let status = answer.status;
        if (200..300).contains(&status) {
            Ok(())
        } else {
            Err(format!("answered {status}"))
        }
    }
}

/// Where `signal` is said.
fn address(url: &Url, signal: Signal) -> Url {
    let mut url = url.clone();
    if signal != Signal::Well
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.pop_if_empty().push(signal.as_str());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_and_fail_stand_at_the_end_of_the_path() {
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
            assert_eq!(address(&Url::parse(url).unwrap(), signal).as_str(), wanted);
        }
    }
}
