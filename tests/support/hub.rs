//! A small hub that keeps to `WebSub`: verifies intent, keeps leases, signs what it distributes; and misbehaves as told.
//!
//! It calls back from threads of its own, after its answer, as hubs do.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::http::{Reply, Server};

/// A request of a subscriber, as its form says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// `hub.mode`.
    pub mode: String,
    /// `hub.topic`.
    pub topic: String,
    /// `hub.callback`.
    pub callback: String,
    /// `hub.secret`.
    pub secret: Option<String>,
    /// `hub.lease_seconds`.
    pub lease: Option<u64>,
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "hub.mode" => form.mode = value.into_owned(),
                "hub.topic" => form.topic = value.into_owned(),
                "hub.callback" => form.callback = value.into_owned(),
                "hub.secret" => form.secret = Some(value.into_owned()),
                "hub.lease_seconds" => form.lease = value.parse().ok(),
                _ => {}
            }
        }
        form
    }
}

/// What the hub does with requests.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Verifies, and grants a lease of so many seconds.
    Grant(u64),
    /// Accepts, and then denies.
    Deny(&'static str),
    /// Answers so, and does nothing.
    Answer(Reply),
}

#[derive(Default)]
struct Book {
    forms: Vec<Form>,
    /// Who confirmed what was asked: the subscriptions.
    verified: Vec<Form>,
    /// Callbacks that did not confirm: mode and status.
    refused: Vec<(String, u16)>,
    manner: Option<Manner>,
}

/// The hub, at the path `/hub` of a server of its own.
pub struct Hub {
    server: Server,
    book: Arc<Mutex<Book>>,
}

impl Hub {
    /// A hub that treats requests so.
    pub fn start(manner: Manner) -> Self {
        let (server, book) = (Server::start(), Arc::<Mutex<Book>>::default());
        let hub = Self { server, book };
        hub.set(manner);
        let book = Arc::clone(&hub.book);
        hub.server.on("/hub", move |request| {
            let form = Form::read(&request.body);
            let manner = {
                let mut book = book.lock().expect("no answer panicked");
                book.forms.push(form.clone());
                book.manner.clone().expect("it is set")
            };
            if let Manner::Answer(reply) = manner {
                return reply;
            }
            let book = Arc::clone(&book);
            thread::spawn(move || call_back(&book, &form, &manner));
            Reply::status(202)
        });
        hub
    }

    /// From now on requests are treated so.
    pub fn set(&self, manner: Manner) {
        self.book.lock().expect("no answer panicked").manner = Some(manner);
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url("/hub")
    }

    /// What it was asked so far.
    pub fn forms(&self) -> Vec<Form> {
        self.book.lock().expect("no answer panicked").forms.clone()
    }

    /// Who is subscribed.
    pub fn subscribers(&self) -> Vec<Form> {
        self.book
            .lock()
            .expect("no answer panicked")
            .verified
            .clone()
    }

    /// The callbacks that did not confirm.
    pub fn refused(&self) -> Vec<(String, u16)> {
        self.book
            .lock()
            .expect("no answer panicked")
            .refused
            .clone()
    }

    /// The requests themselves.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

/// Verifies intent, or denies.
fn call_back(book: &Mutex<Book>, form: &Form, manner: &Manner) {
    let challenge = format!("challenge of {} & more", form.callback.len());
    let granted = match manner {
        Manner::Grant(lease) => *lease,
        Manner::Deny(reason) => {
            let query = [
                ("hub.mode", "denied"),
                ("hub.topic", &form.topic),
                ("hub.reason", reason),
            ];
            get(&form.callback, &query);
            return;
        }
        Manner::Answer(_) => return,
    };
    let lease = granted.to_string();
    let query = [
        ("hub.mode", form.mode.as_str()),
        ("hub.topic", &form.topic),
        ("hub.challenge", &challenge),
        ("hub.lease_seconds", &lease),
    ];
    let (status, body) = get(&form.callback, &query);
    let mut book = book.lock().expect("no answer panicked");
    if status != 200 || body != challenge {
        book.refused.push((form.mode.clone(), status));
        return;
    }
    book.verified
        .retain(|known| known.callback != form.callback);
    if form.mode == "subscribe" {
        book.verified.push(form.clone());
    }
}

/// `GET url` with a query.
pub fn get(url: &str, query: &[(&str, &str)]) -> (u16, String) {
    let mut url = url::Url::parse(url).expect("a callback is a URL");
    url.query_pairs_mut().extend_pairs(query);
    send("GET", url.as_str(), &[], &[])
}

/// `sha256=…` and its like, as hubs sign.
pub fn sign(method: &str, secret: &str, body: &[u8]) -> String {
    fn digest<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> String {
        let mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("keys have any length");
        let bytes = mac.chain_update(body).finalize().into_bytes();
        let mut digits = String::new();
        for byte in bytes {
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
    let digest = match method {
        "sha1" => digest::<Hmac<Sha1>>(secret, body),
        "sha256" => digest::<Hmac<Sha256>>(secret, body),
        _ => digest::<Hmac<Sha512>>(secret, body),
    };
    format!("{method}={digest}")
}

/// Distributes `body` to a subscriber, signed by `method` with its secret.
pub fn push(to: &Form, method: &str, body: &[u8], headers: &[(&str, &str)]) -> u16 {
    let signature = sign(
        method,
        to.secret.as_deref().expect("it gave a secret"),
        body,
    );
    let mut all = vec![("X-Hub-Signature", signature.as_str())];
    all.extend(headers);
    send("POST", &to.callback, &all, body).0
}

/// One request over a connection of its own; the status and the body.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let url = url::Url::parse(url).expect("it is a URL");
    let address = (
        url.host_str().expect("it has a host"),
        url.port_or_known_default().expect("http"),
    );
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    let patience = Some(Duration::from_secs(25));
    stream.set_read_timeout(patience).expect("it may be set");
    let target = url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    );
    let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str("Host: public.example\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).expect("it takes a head");
    // Whoever refuses early may hang up before all of it is sent.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.unwrap_or(0), body.to_owned())
}
