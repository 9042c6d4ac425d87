//! Which addresses may be reached: public ones, and those that `allow_networks` opens.
//!
//! One guard for every request and every redirect hop. Names are judged by the addresses they resolve to,
//! in the resolver that the connection itself uses (`names`), so the address judged is the address connected
//! to. It does not judge what a proxy resolves: behind one, only literal addresses and local names can be told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use url::{Host, Url};

/// Most addresses of a family that are tried: the connect timeout is shared among them.
const PER_FAMILY: usize = 3;

/// Ports on which something other than the web listens, where a request could be taken for a command.
const FOREIGN_PORTS: [u16; 49] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 43, 53, 69, 79, 95, 109, 110, 111, 119,
    123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 587, 636, 993, 995,
    2049, 3306, 5432, 6379, 11211, 27017,
];

/// Why a target may not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither http nor https.
    #[error("`{0}:` is not a web address: only http and https are fetched")]
    Scheme(String),
    /// No host in it.
    #[error("the address names no host")]
    NoHost,
    /// A port of another protocol.
    #[error("port {0} belongs to another protocol than the web's and is never asked")]
    Port(u16),
    /// A non-public address.
    #[error(
        "{}not a public address; if it is meant: [fetch] allow_networks = [\"{ip}\"], or its network", at(host, *ip)
    )]
    Address {
        /// The host as asked for.
        host: String,
        /// The address it stands for.
        ip: IpAddr,
    },
    /// The proxy's own name, asked for through the proxy.
    #[error("{0} is the proxy itself and not a publisher")]
    Proxy(String),
}

/// Where the host is; an address is where it is.
fn at(host: &str, ip: IpAddr) -> String {
    if host.trim_matches(['[', ']']) == ip.to_string() {
        format!("{host} is ")
    } else {
        format!("{host} is at {ip}, ")
    }
}

/// Judges targets.
#[derive(Clone, Debug)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
    /// The operator's own proxy, whose name is resolved without judging.
    proxy: Option<Arc<str>>,
}

impl Guard {
    /// A guard that lets public addresses pass, and those in `allowed`.
    #[must_use]
    pub fn new(allowed: &[IpNet]) -> Self {
        Self {
            allowed: allowed.into(),
            proxy: None,
        }
    }

    /// The same guard, that also lets the name of the configured proxy resolve to anything.
    #[must_use]
    pub fn with_proxy(mut self, host: Option<&str>) -> Self {
        self.proxy = host.map(Arc::from);
        self
    }

    /// Whether `ip` may be connected to.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.opens(ip)
    }

    fn opens(&self, ip: IpAddr) -> bool {
        let inner = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => embedded(ip).map(IpAddr::V4),
        };
        self.allowed
            .iter()
            .any(|net| net.contains(&ip) || inner.is_some_and(|inner| net.contains(&inner)))
    }

    /// Judges all of `url` that can be judged without a look-up: scheme, port, literal address, local name.
    ///
    /// # Errors
    /// The reason, in words for the operator.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().chars().take(20).collect()));
        }
        let host = url.host().ok_or(Refusal::NoHost)?;
        let port = url.port_or_known_default().unwrap_or(0);
        if FOREIGN_PORTS.contains(&port) {
            return Err(Refusal::Port(port));
        }
        match literal(&host) {
            Some(ip) if !self.allows(ip) => Err(Refusal::Address {
                host: host.to_string(),
                ip,
            }),
            _ if self.is_proxy(&host.to_string()) => Err(Refusal::Proxy(host.to_string())),
            _ => Ok(()),
        }
    }

    /// Whether `host` is the name of the proxy, whose address nobody judges.
    fn is_proxy(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.proxy
            .as_deref()
            .is_some_and(|proxy| proxy.trim_end_matches('.').eq_ignore_ascii_case(host))
    }

    /// Keeps those of a name's addresses that may be reached.
    ///
    /// # Errors
    /// When there are addresses, and none may be.
    pub fn admit(
        &self,
        host: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Refusal> {
        let exempt = self.is_proxy(host);
        let mut kept: Vec<SocketAddr> = Vec::new();
        let mut refused = None;
        for address in found {
            if !exempt && !self.allows(address.ip()) {
                refused.get_or_insert(address.ip());
                continue;
            }
            let same_family = |kept: &&SocketAddr| kept.is_ipv4() == address.is_ipv4();
            if kept.iter().filter(same_family).count() < PER_FAMILY && !kept.contains(&address) {
                kept.push(address);
            }
        }
        match refused {
            Some(ip) if kept.is_empty() => Err(Refusal::Address {
                host: host.to_owned(),
                ip,
            }),
            _ => Ok(kept),
        }
    }

    /// Whether a host at `addresses` is the operator's own: none is public, and `allow_networks` opens each.
    #[must_use]
    pub fn is_private(&self, addresses: impl IntoIterator<Item = IpAddr>) -> bool {
        let mut any = false;
        addresses.into_iter().all(|ip| {
            any = true;
            !is_public(ip) && self.opens(ip)
        }) && any
    }

    /// Whether anything but public addresses may be reached at all.
    #[must_use]
    pub fn opens_anything(&self) -> bool {
        !self.allowed.is_empty()
    }
}

/// The address that `host` spells out, `localhost` and names below it included.
pub(super) fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost"))
                .then_some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
    }
}

/// Whether `ip` belongs to the public internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded(ip) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Only `2000::/3` is handed out; of it, the parts kept for protocols and for documents are not public.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    a & 0xe000 == 0x2000 && !matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff))
}

/// The IPv4 address inside an IPv6 one that leads to it: mapped, NAT64, 6to4.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(guard: &Guard, url: &str) -> Result<(), Refusal> {
        guard.check(&Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}")))
    }

    fn all_refused(urls: &[&str]) {
        let guard = Guard::new(&[]);
        for url in urls {
            let refusal = checked(&guard, url);
            assert!(matches!(refusal, Err(Refusal::Address { .. })), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_v4_address_is_refused() {
        all_refused(&[
            "http://0.0.0.0/",
            "http://0/",
            "http://10.0.0.1/",
            "http://100.64.0.1/",
            "http://100.127.255.255/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://%31%32%37.0.0.1/",
            "http://127.0.0.1%2e/",
            "http://user@127.0.0.1:8080/",
            "http://169.254.169.254/latest/meta-data/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.0.0.1/",
            "http://192.0.2.1/",
            "http://192.88.99.1/",
            "http://192.168.1.1/",
            "http://198.18.0.1/",
            "http://198.19.255.255/",
            "http://198.51.100.1/",
            "http://203.0.113.1/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://255.255.255.255/",
        ]);
    }

    #[test]
    fn private_v6_addresses_and_v4_inside_them_are_refused() {
        all_refused(&[
            "http://[::]/",
            "http://[::1]/",
            "http://[::127.0.0.1]/",
            "http://[::8.8.8.8]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::1]/",
            "http://[100::1]/",
            "http://[2001::1]/",
            "http://[2001:1ff::1]/",
            "http://[2001:db8::1]/",
            "http://[2002:7f00:1::]/",
            "http://[3fff::1]/",
            "http://[5f00::1]/",
            "http://[fc00::1]/",
            "http://[fd12:3456::1]/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
        ]);
    }

    #[test]
    fn local_names_are_refused() {
        all_refused(&[
            "http://localhost/",
            "http://LOCALHOST./",
            "http://feeds.localhost/",
        ]);
    }

    #[test]
    fn zone_ids_are_no_addresses() {
        assert!(Url::parse("http://[fe80::1%25eth0]/").is_err());
    }

    #[test]
    fn public_addresses_pass() {
        let guard = Guard::new(&[]);
        for url in [
            "http://8.8.8.8/",
            "https://100.63.0.1/",
            "https://100.128.0.1/",
            "https://172.32.0.1/",
            "https://192.0.1.1/",
            "https://198.20.0.1/",
            "https://[2606:4700::1111]/",
            "https://[2001:200::1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::808:808]/",
            "https://[2002:808:808::1]/",
            "https://example.org:8443/feed",
            "https://mylocalhost/",
        ] {
            assert_eq!(checked(&guard, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn foreign_schemes_and_ports_are_refused() {
        let guard = Guard::new(&["127.0.0.0/8".parse().unwrap()]);
        for url in [
            "file:///etc/passwd",
            "ftp://example.org/",
            "data:,x",
            "gopher://example.org/",
        ] {
            assert!(
                matches!(checked(&guard, url), Err(Refusal::Scheme(_))),
                "{url}"
            );
        }
        for url in [
            "http://example.org:25/",
            "http://127.0.0.1:6379/",
            "http://example.org:0/",
        ] {
            assert!(
                matches!(checked(&guard, url), Err(Refusal::Port(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn allowed_networks_open_what_they_name_and_no_more() {
        let guard = Guard::new(&["127.0.0.1/32".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        assert_eq!(checked(&guard, "http://127.0.0.1:8080/"), Ok(()));
        assert_eq!(checked(&guard, "http://[::ffff:127.0.0.1]/"), Ok(()));
        assert_eq!(checked(&guard, "http://[fd12::1]/"), Ok(()));
        let refusal = checked(&guard, "http://127.0.0.2/")
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("127.0.0.2") && refusal.contains("allow_networks"));
    }

    #[test]
    fn of_mixed_answers_only_the_public_ones_are_used() {
        let guard = Guard::new(&[]);
        let at = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 0);
        let mixed = [at("10.0.0.1"), at("8.8.8.8"), at("::1"), at("8.8.8.8")];
        assert_eq!(
            guard.admit("mixed.example", mixed.into_iter()),
            Ok(vec![at("8.8.8.8")])
        );
        assert_eq!(
            guard.admit("inner.example", [at("10.0.0.1")].into_iter()),
            Err(Refusal::Address {
                host: "inner.example".to_owned(),
                ip: "10.0.0.1".parse().unwrap()
            })
        );
        let many = (1..=9).map(|n| at(&format!("8.8.8.{n}")));
        assert_eq!(guard.admit("many.example", many).unwrap().len(), PER_FAMILY);
        let proxied = guard.with_proxy(Some("proxy.example"));
        assert!(
            proxied
                .admit("proxy.example", [at("10.0.0.1")].into_iter())
                .is_ok()
        );
    }

    #[test]
    fn private_hosts_are_known_as_such() {
        let guard = Guard::new(&["127.0.0.0/8".parse().unwrap()]);
        let private = |ips: &[&str]| guard.is_private(ips.iter().map(|ip| ip.parse().unwrap()));
        assert!(private(&["127.0.0.1"]) && private(&["127.0.0.1", "127.0.0.2"]));
        for ips in [
            &[][..],
            &["8.8.8.8"],
            &["127.0.0.1", "8.8.8.8"],
            &["10.0.0.1"],
        ] {
            assert!(!private(ips), "{ips:?}");
        }
    }

    #[test]
    fn the_proxys_name_leads_to_nobody_else() {
        let guard = Guard::new(&[]).with_proxy(Some("proxy.example"));
        for url in ["http://proxy.example:3128/", "https://PROXY.example./x"] {
            assert!(
                matches!(checked(&guard, url), Err(Refusal::Proxy(_))),
                "{url}"
            );
        }
        assert_eq!(checked(&guard, "http://a.proxy.example/"), Ok(()));
    }
}
