//! Who may ask: the Host must be ours (DNS rebinding), and a token where one is configured.
//!
//! One choke point for every route, so that none can be forgotten.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::WebSettings;

/// What requests are held against.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The configured host, accepted beside loopback names; none for a unix socket.
    host: Option<String>,
    /// SHA-256 of each token, so that comparing takes the same time whatever is sent.
    tokens: Vec<[u8; 32]>,
}

impl Guard {
    /// The guard for `settings`.
    pub fn new(settings: &WebSettings) -> Self {
        let host = settings
            .listen
            .rsplit_once(':')
            .map(|(host, _)| host.trim_matches(['[', ']']).to_ascii_lowercase());
        let tokens = settings
            .tokens
            .iter()
            .map(|token| Sha256::digest(token.expose()).into())
            .collect();
        Self {
            host: host.filter(|_| !settings.listen.starts_with("unix:")),
            tokens,
        }
    }

    /// Whether a Host header names this server.
    fn knows_host(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(rest),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let loopback = name == "localhost"
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        match &self.host {
            None => true,
            Some(own) => {
                loopback
                    || name == *own
                    || ((own == "0.0.0.0" || own == "::") && !self.tokens.is_empty())
            }
        }
    }

    /// Whether a bearer token is one of ours; yes where none is configured.
    fn knows_token(&self, authorization: Option<&HeaderValue>) -> bool {
        if self.tokens.is_empty() {
            return true;
        }
        let given = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let given: [u8; 32] = Sha256::digest(given.unwrap_or("")).into();
        self.tokens
            .iter()
            .fold(false, |known, token| known | same(token, &given))
    }
}

/// Compares in constant time.
fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.iter()
        .zip(right)
        .fold(0, |difference, (a, b)| difference | (a ^ b))
        == 0
}

/// Lets a request through or refuses it, and puts the security headers on every answer.
pub async fn check(guard: Guard, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let path = request.uri().path();
    let open = matches!(path, "/healthz" | "/readyz");
    // Hubs, and people with a link to acknowledge, come by the public name and have no token but the one in the path.
    let by_path = path.starts_with("/websub/") || path.starts_with("/a/");
    let mut response = if by_path {
        next.run(request).await
    } else if !guard.knows_host(host) {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "this server does not answer for that Host\n",
        )
            .into_response()
    } else if !open && !guard.knows_token(request.headers().get(header::AUTHORIZATION)) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        (
            StatusCode::UNAUTHORIZED,
            challenge,
            "a token is needed: Authorization: Bearer …\n",
        )
            .into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn guard(listen: &str, tokens: &[&str]) -> Guard {
        let tokens = tokens.iter().map(|token| Secret::new(*token)).collect();
        Guard::new(&WebSettings {
            listen: listen.to_owned(),
            tokens,
        })
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let loopback = guard("127.0.0.1:8787", &[]);
        for host in [
            "127.0.0.1:8787",
            "localhost:8787",
            "localhost",
            "[::1]:8787",
            "127.0.0.1",
        ] {
            assert!(loopback.knows_host(host), "{host}");
        }
        for host in ["evil.example:8787", "", "127.0.0.1.evil.example", "8.8.8.8"] {
            assert!(!loopback.knows_host(host), "{host}");
        }
        assert!(guard("0.0.0.0:8787", &["t"]).knows_host("desk.example"));
        assert!(guard("unix:/run/bongsu.sock", &[]).knows_host("anything"));
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let open = guard("127.0.0.1:1", &[]);
        assert!(open.knows_token(None));
        let closed = guard("127.0.0.1:1", &["right", "other"]);
        let value = |text: &'static str| Some(HeaderValue::from_static(text));
        assert!(closed.knows_token(value("Bearer other").as_ref()));
        assert!(!closed.knows_token(value("Bearer wrong").as_ref()));
        assert!(!closed.knows_token(value("right").as_ref()));
        assert!(!closed.knows_token(None));
    }
}
