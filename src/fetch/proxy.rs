//! Which proxy a request goes through: none, one for all, or what the environment says.
//!
//! Decides by URL alone; connections are the client's business. The environment is handed in, not read here.

use ipnet::IpNet;
use url::{Host, Url};

use crate::secret::Secret;

/// The proxies of `[fetch] proxy`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proxies {
    /// None.
    #[default]
    Direct,
    /// One for every request.
    All(Secret),
    /// As the environment says.
    System(SystemProxies),
}

/// What `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemProxies {
    /// For `http:` URLs.
    pub http: Option<Secret>,
    /// For `https:` URLs.
    pub https: Option<Secret>,
    /// `no_proxy` as written: what is asked directly.
    pub except: String,
}

impl Proxies {
    /// The proxy that `url` is asked through.
    #[must_use]
    pub fn of(&self, url: &Url) -> Option<&Secret> {
        match self {
            Self::Direct => None,
            Self::All(proxy) => Some(proxy),
            Self::System(system) if is_excepted(&system.except, url) => None,
            Self::System(system) if url.scheme() == "https" => system.https.as_ref(),
            Self::System(system) => system.http.as_ref(),
        }
    }
}

impl SystemProxies {
    /// Reads the variables through `env`; the small spelling of a name wins over the large one.
    ///
    /// # Errors
    /// A variable that names no proxy, and why; its value is not told.
    pub fn read(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let text = |name: &str| {
            [name.to_owned(), name.to_ascii_uppercase()]
                .into_iter()
                .filter_map(|name| Some((env(&name)?, name)))
                .map(|(value, name)| (value.trim().to_owned(), name))
                .find(|(value, _)| !value.is_empty())
        };
        let proxy = |name: &str| -> Result<Option<Secret>, String> {
            let Some((value, name)) = text(name).or_else(|| text("all_proxy")) else {
                return Ok(None);
            };
            let value = if value.contains("://") {
                value
            } else {
                format!("http://{value}")
            };
            check(&value).map_err(|why| format!("${name} is not the address of a proxy: {why}"))?;
            Ok(Some(Secret::new(value)))
        };
        Ok(Self {
            http: proxy("http_proxy")?,
            https: proxy("https_proxy")?,
            except: text("no_proxy").map(|(value, _)| value).unwrap_or_default(),
        })
    }
}

/// The host of the proxy at `text`, small letters, brackets off.
///
/// # Errors
/// Why it is no proxy's address; the text itself is not told.
pub fn check(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err("only http, https, socks5 and socks5h proxies are known".to_owned());
    }
    match url.host_str().filter(|host| !host.is_empty()) {
        Some(host) => Ok(host.trim_matches(['[', ']']).to_ascii_lowercase()),
        None => Err("it names no host".to_owned()),
    }
}

/// Whether `no_proxy` names the host of `url`: `*`, an address, a network, a name with all below it, each
/// perhaps with a port.
fn is_excepted(except: &str, url: &Url) -> bool {
    let port = url.port_or_known_default();
    except
        .split([',', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .any(|word| {
            let (host, only) = split_port(word);
            only.is_none_or(|only| Some(only) == port) && names(host, url)
        })
}

/// The host of a word, and its port if it has one. An IPv6 address without brackets has none.
fn split_port(word: &str) -> (&str, Option<u16>) {
    match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (word, None),
        },
        _ => (word, None),
    }
}

fn names(word: &str, url: &Url) -> bool {
    if word == "*" {
        return true;
    }
    let bare = word.trim_matches(['[', ']']);
    let net = bare
        .parse::<IpNet>()
        .or_else(|_| bare.parse::<std::net::IpAddr>().map(IpNet::from));
    match (url.host(), net) {
        (Some(Host::Ipv4(ip)), Ok(net)) => net.contains(&std::net::IpAddr::V4(ip)),
        (Some(Host::Ipv6(ip)), Ok(net)) => net.contains(&std::net::IpAddr::V6(ip)),
        (Some(Host::Domain(name)), Err(_)) => {
            let name = name.trim_end_matches('.');
            let word = word.trim_start_matches('*').trim_start_matches('.');
            let word = word.trim_end_matches('.').to_ascii_lowercase();
            !word.is_empty()
                && name
                    .strip_suffix(word.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(vars: &[(&str, &str)]) -> Result<SystemProxies, String> {
        let vars: Vec<(String, String)> = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SystemProxies::read(&move |name| {
            vars.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        })
    }

    fn via(proxies: &Proxies, url: &str) -> Option<String> {
        let url = Url::parse(url).unwrap();
        proxies.of(&url).map(|proxy| proxy.expose().to_owned())
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let read = system(&[
            ("http_proxy", "plain.example:3128"),
            ("HTTPS_PROXY", "http://user:pass@secure.example:3128"),
            ("NO_PROXY", "intern.example"),
        ])
        .unwrap();
        assert!(!format!("{read:?}").contains("pass"));
        let proxies = Proxies::System(read);
        assert_eq!(
            via(&proxies, "http://a.example/").unwrap(),
            "http://plain.example:3128"
        );
        assert!(
            via(&proxies, "https://a.example/")
                .unwrap()
                .ends_with("secure.example:3128")
        );
        assert_eq!(via(&proxies, "https://intern.example/"), None);
        let all = system(&[
            ("all_proxy", "socks5h://s.example:1080"),
            ("http_proxy", ""),
        ]);
        let all = Proxies::System(all.unwrap());
        assert_eq!(
            via(&all, "http://a.example/").unwrap(),
            "socks5h://s.example:1080"
        );
        assert_eq!(
            via(&Proxies::System(system(&[]).unwrap()), "http://a/"),
            None
        );
        let wrong = system(&[("https_proxy", "gopher://secret.example")]).unwrap_err();
        assert!(wrong.contains("$https_proxy") && !wrong.contains("secret"));
    }

    #[test]
    fn what_is_asked_directly() {
        for (except, url, direct) in [
            ("*", "http://a.example/", true),
            ("", "http://a.example/", false),
            ("a.example", "http://a.example/", true),
            ("a.example", "http://b.a.example/", true),
            (".a.example", "http://a.example/", true),
            ("*.a.example", "http://b.a.example/", true),
            ("A.Example.", "http://a.example./", true),
            ("a.example", "http://ba.example/", false),
            ("example", "http://a.example/", true),
            ("a.example:8080", "http://a.example/", false),
            ("a.example:8080", "http://a.example:8080/", true),
            ("x, 10.0.0.0/8 ,y", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("127.0.0.1", "http://127.0.0.1:99/", true),
            ("127.0.0.1:98", "http://127.0.0.1:99/", false),
            ("::1", "http://[::1]/", true),
            ("[::1]:80", "http://[::1]/", true),
            ("fd00::/8", "http://[fd00::1]:81/", true),
            ("127.0.0.1", "http://localhost/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(is_excepted(except, &url), direct, "{except} for {url}");
        }
    }

    #[test]
    fn only_proxies_are_proxies() {
        assert_eq!(
            check("socks5h://Proxy.Example:1080").unwrap(),
            "proxy.example"
        );
        assert_eq!(check("http://[::1]:3128").unwrap(), "::1");
        for text in [
            "",
            "proxy",
            "ftp://proxy.example",
            "http://",
            "socks4://p:1",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
