//! How a `[[feed]]` is reached where it is not like all others: trust, proxy, name, cookies.
//!
//! Files are read here, at the edge, and tried at once; what each key does on the wire is in `fetch`.

use std::sync::Arc;

use super::settings::{header_text, proxy_url};
use crate::config::files;
use crate::config::problem::Problem;
use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::domain::feed::transport::{Proxy, Transport};
use crate::fetch::{self, FetcherError};
use crate::secret::Secret;

/// The largest file of certificates, in KiB.
const LARGEST: u64 = 1_024;

/// The options of a feed; none where nothing is special.
pub(in crate::config) fn transport(cx: &mut Cx, table: &Table) -> Option<Arc<Transport>> {
    let transport = Transport {
        allow_downgrade: table.bool(cx, "allow_downgrade").unwrap_or(false),
        tls_insecure: tls_insecure(cx, table),
        chain_cookies: chain_cookies(cx, table),
        extra_ca: extra_ca(cx, table),
        client_cert: client_cert(cx, table),
        proxy: proxy(cx, table),
        user_agent: header_text(cx, table, "user_agent", "a name, a version and a contact"),
    };
    transport.shared()
}

fn tls_insecure(cx: &mut Cx, table: &Table) -> bool {
    let insecure = table.bool(cx, "tls_insecure").unwrap_or(false);
    if let (true, Some(item)) = (insecure, table.get("tls_insecure")) {
        cx.push(
            Problem::warning(
                "C28",
                item.key_place(),
                "the server of this feed is not verified: whoever is in between can read and change everything",
            )
            .help("give the certificate that is missing as `extra_ca` instead"),
        );
    }
    insecure
}

fn chain_cookies(cx: &mut Cx, table: &Table) -> bool {
    let chain = table.one_of(cx, "cookies", &["none", "chain"], |word| match word {
        "none" => Some(false),
        "chain" => Some(true),
        _ => None,
    });
    chain.unwrap_or(false)
}

fn extra_ca(cx: &mut Cx, table: &Table) -> Option<Arc<str>> {
    let path = table.filled(cx, "extra_ca")?;
    let item = table.get("extra_ca")?;
    let path = cx.folder.join(&path.value);
    let text: Arc<str> = match files::named(&path, LARGEST) {
        Ok(text) => text.into(),
        Err(error) => {
            item.wrong(
                cx,
                format!("{} cannot be read: {error}", path.display()),
                "name a file of certificates, readable for bongsu",
            );
            return None;
        }
    };
    let alone = Transport {
        extra_ca: Some(Arc::clone(&text)),
        ..Transport::default()
    };
    is_usable(cx, table, "extra_ca", &alone).then_some(text)
}

fn client_cert(cx: &mut Cx, table: &Table) -> Option<Secret> {
    let pem = secrets::optional(cx, table, "client_cert")?;
    let alone = Transport {
        client_cert: Some(pem.clone()),
        ..Transport::default()
    };
    is_usable(cx, table, "client_cert", &alone).then_some(pem)
}

/// Whether a client can be built with what `key` says; reported if not.
fn is_usable(cx: &mut Cx, table: &Table, key: &str, alone: &Transport) -> bool {
    match (fetch::examine(alone), table.get(key)) {
        // Said once for all of config, by `check` and at the start.
        (Ok(()) | Err(FetcherError::NoRoots), _) | (_, None) => true,
        (Err(error), Some(item)) => {
            item.wrong(cx, error.to_string(), "name another file");
            false
        }
    }
}

fn proxy(cx: &mut Cx, table: &Table) -> Proxy {
    match table.peek("proxy") {
        Some("direct") => Proxy::Direct,
        _ => proxy_url(cx, table, "direct").map_or(Proxy::Common, Proxy::Url),
    }
}
