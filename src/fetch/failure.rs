//! What went wrong on the way, as an outcome kind and a sentence: the network, TLS, a refusal, a bound.
//!
//! Classifies; whether and when to try again is the schedule's.

use std::error::Error;
use std::io;

use super::guard::Refusal;
use super::names::NoAddress;
use crate::domain::feed::offline::Unreached;
use crate::domain::feed::outcome::{Body, FetchResult, OutcomeKind};

/// A bad end of an exchange.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: OutcomeKind,
    pub(super) message: String,
    /// Whether HTTP/2 itself failed, which HTTP/1.1 may not.
    pub(super) http2: bool,
    /// Why no connection stood, where that was it.
    pub(super) unreached: Option<Unreached>,
    partial: Option<Body>,
}

impl Failure {
    pub(super) fn new(kind: OutcomeKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            http2: false,
            unreached: None,
            partial: None,
        }
    }

    /// With the body that came before it.
    pub(super) fn with_partial(mut self, body: Body) -> Self {
        self.partial = Some(body);
        self
    }

    /// A refusal of the guard: on the first hop the feed's own address, later the publisher's doing.
    pub(super) fn refused(refusal: &Refusal, hop: usize) -> Self {
        if hop == 0 {
            Self::new(OutcomeKind::Refused, refusal.to_string())
        } else {
            Self::new(
                OutcomeKind::RedirectError,
                format!("redirected to where requests may not go: {refusal}"),
            )
        }
    }

    /// What `error` stands for, met before an answer came.
    pub(super) fn of(error: &reqwest::Error, hop: usize) -> Self {
        for cause in causes(error) {
            if let Some(own) = cause.downcast_ref::<io::Error>().and_then(own_want) {
                return Self::new(OutcomeKind::Offline, own);
            }
            if let Some(refusal) = cause.downcast_ref::<Refusal>() {
                return Self::refused(refusal, hop);
            }
            if let Some(name) = cause.downcast_ref::<NoAddress>() {
                return Self::nameless(name);
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::new(OutcomeKind::TlsError, tls_words(tls));
            }
        }
        let words = words(error);
        if words.contains("message head is too large") {
            return Self::new(
                OutcomeKind::TooLarge,
                "the answer has more headers than are read",
            );
        }
        if words.contains("tls handshake") {
            return Self::new(
                OutcomeKind::TlsError,
                "the server broke off the TLS handshake: is it https at all?",
            );
        }
        let http2 = is_http2_fault(error);
        let message = if let Some(proxy) = proxy_words(error) {
            proxy
        } else if error.is_dns() {
            format!("the host name could not be resolved: {words}")
        } else if error.is_timeout() {
            "no connection within `timeout.connect` of [fetch]".to_owned()
        } else if http2 {
            format!("HTTP/2 failed, HTTP/1.1 is tried next time: {words}")
        } else if error.is_connect() {
            format!("no connection: {words}")
        } else {
            format!("no answer: {words}")
        };
        Self {
            http2,
            unreached: unreached(error),
            ..Self::new(OutcomeKind::NetError, message)
        }
    }

    /// No address for a name.
    fn nameless(why: &NoAddress) -> Self {
        let unreached = match why {
            NoAddress::Lacking(why) => return Self::new(OutcomeKind::Offline, *why),
            NoAddress::Unknown(_) => Unreached::NoSuchName,
            NoAddress::Failed { .. } | NoAddress::TimedOut(_) => Unreached::NoNames,
        };
        Self {
            unreached: Some(unreached),
            ..Self::new(OutcomeKind::NetError, why.to_string())
        }
    }
}

/// What this machine lacks for a connection: no fault of whom it would have led to.
pub(super) fn own_want(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;
    let code = error.raw_os_error()?;
    let is = |errors: &[Errno]| errors.iter().any(|error| error.raw_os_error() == code);
    if is(&[Errno::MFILE, Errno::NFILE]) {
        Some(
            "this machine had no descriptor left for a connection: raise `LimitNOFILE=` of the unit (`ulimit -n`)",
        )
    } else if is(&[Errno::NOMEM, Errno::NOBUFS]) {
        Some("this machine had no memory left for a connection")
    } else {
        None
    }
}

/// Why no connection stands; none where one stood and broke.
fn unreached(error: &reqwest::Error) -> Option<Unreached> {
    if error.is_dns() {
        return Some(Unreached::NoNames);
    }
    let no_route = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| {
            use io::ErrorKind as K;
            let kinds = [
                K::NetworkUnreachable,
                K::HostUnreachable,
                K::NetworkDown,
                K::AddrNotAvailable,
            ];
            kinds.contains(&error.kind())
        })
    };
    if !error.is_connect() && !error.is_timeout() {
        None
    } else if causes(error).any(no_route) {
        Some(Unreached::NoRoute)
    } else {
        Some(Unreached::NoConnection)
    }
}

impl From<Failure> for FetchResult {
    fn from(failure: Failure) -> Self {
        Self::Failed {
            kind: failure.kind,
            message: failure.message,
            partial: failure.partial,
        }
    }
}

/// `error` and all that caused it. An `io::Error` keeps what it wraps out of `source`, hence the detour.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        match error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
    .take(16)
}

/// Whether `error` is one of HTTP/2 as a protocol and not of what lies below it: told by text, since the
/// types belong to crates further down.
pub(super) fn is_http2_fault(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let words = cause.to_string();
        [
            "stream error received",
            "stream error detected",
            "connection error received",
            "connection error detected",
            "protocol error: ",
        ]
        .iter()
        .any(|start| words.starts_with(start))
    })
}

/// What a proxy said against it, if it was one.
fn proxy_words(error: &reqwest::Error) -> Option<String> {
    let words = causes(error)
        .map(ToString::to_string)
        .find(|words| words.starts_with("tunnel error: ") || words.starts_with("SOCKS error: "))?;
    Some(if words.contains("authorization required") {
        "the proxy wants a user name and a password: write http://user:password@host:port"
            .to_owned()
    } else if words.ends_with("unsuccessful") {
        "the proxy did not lead there: it refuses the host, or could not reach it".to_owned()
    } else {
        let words: String = words.chars().take(200).collect();
        format!("the proxy failed: {words}")
    })
}

/// The innermost cause in words: the outer ones only say that there is one.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut words = causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    if causes(error).any(|cause| cause.to_string().starts_with("dns error")) {
        words = format!("dns error: {words}");
    }
    words.chars().take(300).collect()
}

fn tls_words(error: &rustls::Error) -> String {
    use rustls::AlertDescription as Alert;
    use rustls::CertificateError as C;
    let why = match error {
        rustls::Error::InvalidCertificate(why) => why,
        rustls::Error::InvalidMessage(_) => {
            return "the server speaks no TLS at this port: is it https at all?".to_owned();
        }
        rustls::Error::AlertReceived(Alert::CertificateRequired) => {
            return "the server asks who we are: give the feed a `client_cert`".to_owned();
        }
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateUnknown
            | Alert::CertificateExpired
            | Alert::DecryptError,
        ) => return format!("the server does not accept our `client_cert`: {error}"),
        rustls::Error::AlertReceived(Alert::UnrecognisedName) => {
            return "the server knows no site of this name".to_owned();
        }
        rustls::Error::AlertReceived(Alert::HandshakeFailure | Alert::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => {
            return format!(
                "no common way of encryption with the server, which may know none newer than TLS 1.1: {error}"
            );
        }
        _ => return format!("the TLS handshake failed: {error}"),
    };
    match why {
        C::Expired | C::ExpiredContext { .. } => "the certificate has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the certificate is not valid yet: is the clock right?".to_owned()
        }
        C::UnknownIssuer => "the certificate's issuer is not trusted: the server may leave out an \
                             intermediate certificate (give it as `extra_ca` of the feed), or the \
                             machine lacks ca-certificates"
            .to_owned(),
        C::Other(_) => {
            "the certificate is not signed by an authority that this machine trusts".to_owned()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "the certificate is for another host name".to_owned()
        }
        other => format!("the certificate is not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::dns::{Name, Resolve, Resolving};
    use rustls::CertificateError as C;

    use super::*;

    #[tokio::test]
    async fn what_this_machine_lacks_is_not_the_publishers_fault() {
        struct Lacks(i32);
        impl Resolve for Lacks {
            fn resolve(&self, _: Name) -> Resolving {
                let error = io::Error::from_raw_os_error(self.0);
                Box::pin(async move { Err(error.into()) })
            }
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        for (errno, kind) in [
            (rustix::io::Errno::MFILE, OutcomeKind::Offline),
            (rustix::io::Errno::NFILE, OutcomeKind::Offline),
            (rustix::io::Errno::NOBUFS, OutcomeKind::Offline),
            (rustix::io::Errno::CONNREFUSED, OutcomeKind::NetError),
        ] {
            let client = reqwest::Client::builder()
                .no_proxy()
                .dns_resolver(Lacks(errno.raw_os_error()))
                .build()
                .unwrap();
            let error = client.get("http://h.example/").send().await.unwrap_err();
            let failure = Failure::of(&error, 0);
            assert_eq!(failure.kind, kind, "{errno:?}: {}", failure.message);
        }
    }

    /// A resolver that answers with a refusal, or finds nothing.
    struct Answer(Option<Refusal>);

    impl Resolve for Answer {
        fn resolve(&self, _: Name) -> Resolving {
            let answer = self.0.clone();
            Box::pin(async move {
                Err(match answer {
                    Some(refusal) => refusal.into(),
                    None => NoAddress::Unknown("h.example".to_owned()).into(),
                })
            })
        }
    }

    async fn of_resolver(answer: Option<Refusal>, hop: usize) -> Failure {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .dns_resolver(Answer(answer))
            .build()
            .unwrap();
        let error = client.get("http://h.example/").send().await.unwrap_err();
        Failure::of(&error, hop)
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_a_refusal() {
        let refusal = Refusal::Address {
            host: "h.example".to_owned(),
            ip: "10.0.0.1".parse().unwrap(),
        };
        let first = of_resolver(Some(refusal.clone()), 0).await;
        assert_eq!(first.kind, OutcomeKind::Refused);
        assert!(first.message.contains("10.0.0.1") && first.message.contains("allow_networks"));
        let later = of_resolver(Some(refusal), 1).await;
        assert_eq!(later.kind, OutcomeKind::RedirectError);
        let unknown = of_resolver(None, 0).await;
        assert_eq!(unknown.kind, OutcomeKind::NetError);
        assert_eq!(unknown.unreached, Some(Unreached::NoSuchName));
        assert_eq!((first.unreached, later.unreached), (None, None));
        assert!(
            unknown.message.contains("no such host"),
            "{}",
            unknown.message
        );
    }

    #[test]
    fn certificates_are_judged_in_words() {
        for (why, word) in [
            (C::Expired, "expired"),
            (C::NotValidYet, "clock"),
            (C::UnknownIssuer, "intermediate"),
            (C::NotValidForName, "another host"),
            (C::BadSignature, "not accepted"),
        ] {
            assert!(tls_words(&rustls::Error::InvalidCertificate(why)).contains(word));
        }
        assert!(tls_words(&rustls::Error::DecryptError).contains("handshake"));
        for (alert, word) in [
            (rustls::AlertDescription::CertificateRequired, "client_cert"),
            (rustls::AlertDescription::UnknownCA, "client_cert"),
            (rustls::AlertDescription::UnrecognisedName, "no site"),
            (rustls::AlertDescription::ProtocolVersion, "TLS 1.1"),
        ] {
            assert!(tls_words(&rustls::Error::AlertReceived(alert)).contains(word));
        }
    }
}
