//! Webhooks against a raw socket.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::Notifier;
use bongsu::notify::settings::{ReceiverKind, WebhookSettings};
use bongsu::secret::Secret;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{KEY, alert, class, fast_forward, notifier, outgoing, wait};

/// A server that gives prepared answers, one a connection, and keeps the requests. An empty answer closes
/// the connection; when none is left, it says nothing at all.
struct Hook {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Hook {
    async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/T0KEN-123", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut answers: Vec<String> = answers.iter().rev().map(ToString::to_string).collect();
        #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                match answers.pop() {
                    Some(answer) => {
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                    None => open.push(stream),
                }
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn notifier(&self, secrets: &[&str], max_body: Option<u64>) -> Box<dyn Notifier> {
        let mut config = super::config(ReceiverKind::Webhook(WebhookSettings {
            url: Secret::new(&self.url),
            secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
            headers: BTreeMap::from([("X-Desk".to_owned(), Secret::new("sesame-open"))]),
            put: false,
        }));
        config.max_body = max_body;
        bongsu::notify::build(&config, &super::context(Path::new("/nonexistent"))).unwrap()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 8_192];
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = header(head, "content-length").unwrap_or("0");
            body.len() >= length.parse().unwrap()
        });
        if complete || count == 0 {
            return text.into_owned();
        }
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

/// HMAC-SHA256 as RFC 2104 writes it, without the library under test.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| -> Vec<u8> { block.iter().map(|byte| byte ^ with).collect() };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn the_post_is_the_contract_and_its_signatures_hold() {
    let hook = Hook::start(&[OK]).await;
    let attempt = hook
        .notifier(
            &[
                "whsec_YSBzZW5zaWJsZSBrZXkgb2YgMjYgYnl0ZXM=",
                "whsec_YW5vdGhlciBvbmUsIHN0aWxsIG9mIDI5IGJ5dGVz",
            ],
            None,
        )
        .send(&outgoing(alert()))
        .await;
    assert_eq!(class(&attempt).0, "delivered");
    assert_eq!(attempt.status, Some(204));

    let requests = hook.requests();
    let request = &requests[0];
    assert!(
        request.starts_with("POST /hooks/T0KEN-123 HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(request, "content-type"), Some("application/json"));
    assert_eq!(
        header(request, "user-agent"),
        Some("bongsu/0.0.0 (+https://example.org)")
    );
    assert_eq!(header(request, "x-desk"), Some("sesame-open"));
    assert_eq!(header(request, "webhook-id"), Some(KEY));
    assert_eq!(header(request, "webhook-timestamp"), Some("1795482600"));
    assert_eq!(body(request), serde_json::to_string(&alert()).unwrap());

    let signed = format!("{KEY}.1795482600.{}", body(request));
    let expected: Vec<String> = [
        b"a sensible key of 26 bytes".as_slice(),
        b"another one, still of 29 bytes",
    ]
    .iter()
    .map(|key| {
        format!(
            "v1,{}",
            STANDARD.encode(hmac_sha256(key, signed.as_bytes()))
        )
    })
    .collect();
    assert_eq!(
        header(request, "webhook-signature"),
        Some(expected.join(" ").as_str())
    );
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let hook = Hook::start(&[OK]).await;
    hook.notifier(&[], None).send(&outgoing(alert())).await;
    assert_eq!(header(&hook.requests()[0], "webhook-signature"), None);
}

#[tokio::test]
async fn answers_become_outcomes_and_lose_their_secrets() {
    for (answer, expected, waits) in [
        ("HTTP/1.1 500 Oops\r\n\r\n", "later", None),
        (
            "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n",
            "later",
            Some(120),
        ),
        (
            "HTTP/1.1 503 Slow\r\nRetry-After: Tue, 24 Nov 2099 00:00:00 GMT\r\n\r\n",
            "later",
            Some(86_400),
        ),
        (
            "HTTP/1.1 401 Who\r\n\r\nno T0KEN-123, no sesame-open",
            "refused",
            None,
        ),
        ("HTTP/1.1 410 Gone\r\n\r\n", "gone", None),
        ("HTTP/1.1 400 Bad\r\n\r\n", "permanent", None),
        ("garbage\r\n\r\n", "later", None),
        ("", "later", None),
    ] {
        let hook = Hook::start(&[answer]).await;
        let attempt = hook.notifier(&[], None).send(&outgoing(alert())).await;
        let (class, message) = class(&attempt);
        assert_eq!(class, expected, "{answer}: {message}");
        assert_eq!(wait(&attempt), waits.map(Duration::from_secs), "{answer}");
        let shown = format!("{message} {}", attempt.answer);
        assert!(
            !shown.contains("T0KEN-123") && !shown.contains("sesame"),
            "{shown}"
        );
        assert_eq!(hook.requests().len(), 1);
    }
}

#[tokio::test]
async fn nobody_there_is_later() {
    let url = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/T0KEN-123", listener.local_addr().unwrap())
    };
    let kind = ReceiverKind::Webhook(WebhookSettings {
        url: Secret::new(url),
        secrets: Vec::new(),
        headers: BTreeMap::new(),
        put: false,
    });
    let attempt = notifier(kind, Path::new("/"))
        .send(&outgoing(alert()))
        .await;
    let (class, message) = class(&attempt);
    assert_eq!(class, "later");
    assert!(
        message.starts_with("cannot connect") && !message.contains("T0KEN"),
        "{message}"
    );
}

#[tokio::test]
async fn a_redirect_is_told_not_followed() {
    let other = Hook::start(&[OK]).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        other.url
    );
    let hook = Hook::start(&[&answer]).await;
    let attempt = hook.notifier(&[], None).send(&outgoing(alert())).await;
    let (class, message) = class(&attempt);
    assert_eq!(class, "permanent");
    assert!(
        message.contains("http://127.0.0.1/…") && message.contains("correct the URL"),
        "{message}"
    );
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn too_large_is_sent_once_more_smaller() {
    let large = "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n";
    let mut long = alert();
    long.entry.as_mut().unwrap().body = "한".repeat(50_000);
    for (answers, expected) in [([large, OK], "delivered"), ([large, large], "permanent")] {
        let hook = Hook::start(&answers).await;
        let attempt = hook.notifier(&[], None).send(&outgoing(long.clone())).await;
        assert_eq!(class(&attempt).0, expected);
        let requests = hook.requests();
        assert_eq!(requests.len(), 2);
        let second: WireAlert = serde_json::from_str(body(&requests[1])).unwrap();
        assert!(second.cut && second.key == KEY);
        assert_eq!(second.entry.unwrap().body, "한".repeat(2_730));
    }
}

#[tokio::test]
async fn max_body_cuts_at_a_character_and_says_so() {
    let hook = Hook::start(&[OK, OK]).await;
    let notifier = hook.notifier(&[], Some(10));
    notifier.send(&outgoing(alert())).await;
    let sent: WireAlert = serde_json::from_str(body(&hook.requests()[0])).unwrap();
    let entry = sent.entry.unwrap();
    assert!(sent.cut);
    assert_eq!(
        (entry.body.as_str(), entry.body_html.as_str()),
        ("루마니", "")
    );
    assert_eq!(entry.title, alert().entry.unwrap().title);

    hook.notifier(&[], Some(1_000))
        .send(&outgoing(alert()))
        .await;
    assert!(!body(&hook.requests()[1]).contains("\"cut\""));
}

#[tokio::test]
async fn of_an_endless_answer_little_is_kept() {
    let answer = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20));
    let hook = Hook::start(&[&answer]).await;
    let attempt = hook.notifier(&[], None).send(&outgoing(alert())).await;
    assert_eq!(class(&attempt).0, "delivered");
    assert!((1..=2_048).contains(&attempt.answer.len()));
}

#[tokio::test]
async fn a_server_that_never_answers_is_left() {
    let hook = Hook::start(&[]).await;
    let notifier = hook.notifier(&[], None);
    let sending = outgoing(alert());
    let attempt = fast_forward(notifier.send(&sending), || !hook.requests().is_empty()).await;
    assert_eq!(
        class(&attempt),
        ("later", "no answer within 30 s".to_owned())
    );
}
