//! Mails against a scripted server.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bongsu::domain::alert::Reason;
use bongsu::notify::Notifier;
use bongsu::notify::settings::{EmailSettings, ReceiverKind, Tls};
use bongsu::secret::Secret;

use super::smtp::{Smtp, Step};
use super::{KEY, alert, class, fast_forward, notifier, outgoing, wait};

const PASSWORD: &str = "correct horse";

fn settings(server: &str) -> EmailSettings {
    EmailSettings {
        server: server.into(),
        tls: Tls::None,
        from: "방산 데스크 <desk@example.org>".into(),
        to: ["a", "b", "c"]
            .map(|name| format!("{name}@example.net"))
            .into(),
        username: None,
        password: None,
    }
}

fn email(settings: EmailSettings) -> Box<dyn Notifier> {
    notifier(ReceiverKind::Email(settings), Path::new("/"))
}

fn with_login(mut settings: EmailSettings) -> EmailSettings {
    settings.username = Some("desk".into());
    settings.password = Some(Secret::new(PASSWORD));
    settings
}

/// Whether a conversation is at the line that begins so; the empty one is the moment of greeting.
fn is_at(line: &str, moment: &str) -> bool {
    line == moment || !moment.is_empty() && line.starts_with(moment)
}

/// A header's value, unfolded and decoded by hand (RFC 5322, RFC 2047 with `b`).
pub fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next()?.replace("\r\n ", " ");
    let values: Vec<&str> = head
        .split("\r\n")
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .collect();
    assert!(values.len() <= 1, "{name} twice: {values:?}");
    let mut text = String::new();
    let mut encoded_before = false;
    for (i, word) in values.first()?.split(' ').enumerate() {
        let encoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|word| word.strip_suffix("?="));
        // Space between two encoded words is not part of the text.
        if i > 0 && !(encoded_before && encoded.is_some()) {
            text.push(' ');
        }
        match encoded {
            Some(word) => {
                text.push_str(&String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
            }
            None => text.push_str(word),
        }
        encoded_before = encoded.is_some();
    }
    Some(text)
}

/// The decoded parts of a multipart mail.
pub fn parts(mail: &str) -> Vec<String> {
    let boundary = mail
        .split("boundary=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    mail.split(&format!("--{boundary}"))
        .skip(1)
        .filter(|part| !part.starts_with("--"))
        .map(|part| {
            let (head, body) = part.split_once("\r\n\r\n").unwrap();
            if head.contains("base64") {
                String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap()
            } else if head.contains("quoted-printable") {
                unquote(body)
            } else {
                body.to_owned()
            }
        })
        .collect()
}

fn unquote(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        if *first == b'=' {
            let hex = std::str::from_utf8(&more[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_mail_is_complete_and_reads_in_korean() {
    let server = Smtp::start(|_| Step::Usual).await;
    let mut critical = alert();
    critical.severity = bongsu::domain::rule::Severity::Critical;
    critical.rule.id = "방산".into();
    let attempt = email(settings(&server.url()))
        .send(&outgoing(critical))
        .await;
    assert_eq!(
        class(&attempt),
        ("delivered", String::new()),
        "{}",
        attempt.answer
    );
    assert_eq!(attempt.status, Some(250));
    assert!(
        attempt.answer.contains("b@example.net: delivered"),
        "{}",
        attempt.answer
    );

    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].to,
        ["a@example.net", "b@example.net", "c@example.net"]
    );
    let mail = &mails[0].data;
    for (name, value) in [
        ("Subject", "‼ 한화에어로, 루마니아에 K9 1.3조원 수출 계약"),
        (
            "Message-ID",
            "<00112233445566778899aabbccddeeff.desk@example.org>",
        ),
        ("Date", "Tue, 24 Nov 2026 01:10:00 +0000"),
        ("Auto-Submitted", "auto-generated"),
        ("List-Id", "<xbc29xc0b0.bongsu.example.org>"),
        ("References", "<story-3-1795482540000.desk@example.org>"),
        ("Importance", "high"),
        ("X-Bongsu-Rule", "방산"),
        ("X-Bongsu-Severity", "critical"),
        ("X-Bongsu-Key", KEY),
    ] {
        assert_eq!(
            header(mail, name).as_deref(),
            Some(value),
            "{name} in\n{mail}"
        );
    }
    assert_eq!(header(mail, "In-Reply-To"), None);
    assert!(
        mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 78),
        "{mail}"
    );

    check_parts(&parts(mail));
}

fn check_parts(parts: &[String]) {
    assert_eq!(parts.len(), 2);
    assert!(
        parts[0].contains("루마니아 국방부와 K9 자주포"),
        "{}",
        parts[0]
    );
    assert!(parts[0].contains("Article: https://example.org/a?x=1&y=2"));
    assert!(
        parts[1].contains("<a href=\"https://example.org/a?x=1&amp;y=2\">Article</a>"),
        "{}",
        parts[1]
    );
}

#[tokio::test]
async fn a_long_korean_subject_survives() {
    let server = Smtp::start(|_| Step::Usual).await;
    let title = "한화에어로스페이스, 루마니아에 K9 자주포 54문 수출 계약 ".repeat(3);
    let title: String = title
        .chars()
        .take(120)
        .collect::<String>()
        .trim_end()
        .to_owned();
    let mut long = alert();
    long.entry.as_mut().unwrap().title.clone_from(&title);
    email(settings(&server.url())).send(&outgoing(long)).await;
    let mail = &server.mails()[0].data;
    assert_eq!(header(mail, "Subject"), Some(format!("! {title}")));
    assert!(mail.split("\r\n").all(|line| line.len() <= 78), "{mail}");
}

#[tokio::test]
async fn no_feed_text_becomes_a_header_a_recipient_or_markup() {
    let server = Smtp::start(|_| Step::Usual).await;
    let mut hostile = alert();
    hostile.rule.id = "x\r\nBcc: evil@x".into();
    let entry = hostile.entry.as_mut().unwrap();
    entry.title = "a\r\nBcc: evil@x\r\n\r\n<script>x</script> =?utf-8?b?7ZWc?=\r\n.\r\nQUIT".into();
    entry.feed = Some("<img src=x>".into());
    let attempt = email(settings(&server.url()))
        .send(&outgoing(hostile))
        .await;
    assert_eq!(class(&attempt).0, "delivered");
    let mail = &server.mails()[0];
    assert_eq!(mail.to.len(), 3);
    let head = mail.data.split("\r\n\r\n").next().unwrap();
    assert!(!head.contains("\r\nBcc"), "{head}");
    assert_eq!(
        header(&mail.data, "Subject").unwrap(),
        "! a Bcc: evil@x <script>x</script> = ?utf-8?b?7ZWc?= . QUIT"
    );
    let html = &parts(&mail.data)[1];
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("<img"));
    assert_eq!(
        server
            .lines()
            .iter()
            .filter(|line| line.starts_with("RCPT"))
            .count(),
        3
    );
}

#[tokio::test]
async fn an_escalation_answers_its_story() {
    let server = Smtp::start(|_| Step::Usual).await;
    let notifier = email(settings(&server.url()));
    notifier.send(&outgoing(alert())).await;
    let mut second = alert();
    second.key = "ffee".into();
    second.reason = Reason::Escalation;
    notifier.send(&outgoing(second)).await;
    let mails = server.mails();
    let story = header(&mails[0].data, "References");
    assert!(story.is_some());
    assert_eq!(header(&mails[1].data, "In-Reply-To"), story);
    assert_ne!(
        header(&mails[0].data, "Message-ID"),
        header(&mails[1].data, "Message-ID")
    );
}

#[tokio::test]
async fn of_the_entries_of_a_story_the_first_answers_nothing() {
    let server = Smtp::start(|_| Step::Usual).await;
    let notifier = email(settings(&server.url()));
    for key in ["aa", "bb"] {
        let mut alert = alert();
        alert.key = key.into();
        alert.reason = Reason::NewEntry;
        notifier.send(&outgoing(alert)).await;
    }
    let mails = server.mails();
    let story = header(&mails[0].data, "References");
    assert_eq!(header(&mails[0].data, "In-Reply-To"), None);
    assert_eq!(header(&mails[1].data, "In-Reply-To"), story);
}

#[tokio::test]
async fn one_refused_recipient_does_not_stop_the_others() {
    let server = Smtp::start(|line| match line {
        line if line.starts_with("RCPT TO:<b@") => Step::Say("550 5.1.1 no such user"),
        _ => Step::Usual,
    })
    .await;
    let attempt = email(settings(&server.url()))
        .send(&outgoing(alert()))
        .await;
    assert_eq!(class(&attempt).0, "delivered");
    assert!(
        attempt.answer.contains("b@example.net: ") && attempt.answer.contains("5.1.1"),
        "{}",
        attempt.answer
    );
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["a@example.net", "c@example.net"]);
}

#[tokio::test]
async fn who_has_it_gets_no_second_copy_while_another_is_grey_listed() {
    let mut grey = true;
    let server = Smtp::start(move |line| match line {
        line if line.starts_with("RCPT TO:<b@") && std::mem::take(&mut grey) => {
            Step::Say("451 4.7.1 come back later")
        }
        _ => Step::Usual,
    })
    .await;
    let notifier = email(settings(&server.url()));
    let attempt = notifier.send(&outgoing(alert())).await;
    assert_eq!(class(&attempt).0, "later");
    assert_eq!(attempt.status, Some(451));
    assert_eq!(wait(&attempt), Some(Duration::from_mins(5)));
    let attempt = notifier.send(&outgoing(alert())).await;
    assert_eq!(class(&attempt).0, "delivered");
    assert!(
        attempt.answer.contains("a@example.net: has it already"),
        "{}",
        attempt.answer
    );
    let mails = server.mails();
    assert_eq!(mails[0].to, ["a@example.net", "c@example.net"]);
    assert_eq!(mails[1].to, ["b@example.net"]);
    assert_eq!(
        header(&mails[0].data, "Message-ID"),
        header(&mails[1].data, "Message-ID")
    );
}

#[tokio::test]
async fn a_mail_that_is_too_large_goes_once_more_small() {
    for (times, expected) in [(1, "delivered"), (2, "permanent")] {
        let mut left = times;
        let server = Smtp::start(move |line| {
            if line == "." && left > 0 {
                left -= 1;
                return Step::Say("552 5.3.4 message too big");
            }
            Step::Usual
        })
        .await;
        let mut long = alert();
        let entry = long.entry.as_mut().unwrap();
        entry.title = "긴 제목 ".repeat(100);
        let attempt = email(settings(&server.url())).send(&outgoing(long)).await;
        assert_eq!(class(&attempt).0, expected, "{}", class(&attempt).1);
        if times == 1 {
            let mail = server.mails().remove(0);
            assert!(mail.data.contains("Subject:") && parts(&mail.data)[0].contains('…'));
        }
    }
}

#[tokio::test]
async fn a_mail_leads_to_where_its_rule_is_silenced() {
    let server = Smtp::start(|_| Step::Usual).await;
    let notifier = email(settings(&server.url()));
    let mut linked = alert();
    linked.links.alert = Some("https://desk.example.org/alerts/7".into());
    notifier.send(&outgoing(linked)).await;
    notifier.send(&outgoing(alert())).await;
    let mails = server.mails();
    assert_eq!(
        header(&mails[0].data, "List-Unsubscribe").as_deref(),
        Some("<https://desk.example.org/alerts/7>")
    );
    assert_eq!(header(&mails[1].data, "List-Unsubscribe"), None);
}

#[tokio::test]
async fn answers_become_outcomes() {
    for (verb, reply, expected, waits) in [
        ("RCPT", "450 4.2.0 greylisted", "later", Some(300)),
        ("RCPT", "550 no", "permanent", None),
        ("RCPT", "552 5.2.2 mailbox full", "later", None),
        ("MAIL", "421 busy", "later", None),
        ("MAIL", "530 5.7.0 log in first", "refused", None),
        ("MAIL", "553 not your name", "permanent", None),
        ("DATA", "554 spam", "permanent", None),
        (".", "451 try again", "later", Some(300)),
        (".", "554 spam", "permanent", None),
        ("EHLO", "554 not you", "refused", None),
    ] {
        let server = Smtp::start(move |line| {
            if line.starts_with(verb) {
                Step::Say(reply)
            } else {
                Step::Usual
            }
        })
        .await;
        let attempt = email(settings(&server.url()))
            .send(&outgoing(alert()))
            .await;
        let (class, message) = class(&attempt);
        assert_eq!(class, expected, "{verb} {reply}: {message}");
        assert_eq!(
            wait(&attempt),
            waits.map(Duration::from_secs),
            "{verb} {reply}"
        );
        assert_eq!(attempt.status, reply[..3].parse().ok(), "{verb} {reply}");
        assert!(message.contains(&reply[4..]), "{verb} {reply}: {message}");
    }
}

#[tokio::test]
async fn a_connection_lost_anywhere_is_later_with_the_same_id() {
    for moment in ["", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let mut lost = false;
        let server = Smtp::start(move |line| {
            if !lost && is_at(line, moment) {
                lost = true;
                return Step::Drop;
            }
            Step::Usual
        })
        .await;
        let notifier = email(settings(&server.url()));
        let (class_, message) = class(&notifier.send(&outgoing(alert())).await);
        assert_eq!(class_, "later", "{moment}: {message}");
        assert_eq!(
            message.contains("may have arrived"),
            ["DATA", "."].contains(&moment),
            "{moment}: {message}"
        );
        assert_eq!(
            class(&notifier.send(&outgoing(alert())).await).0,
            "delivered"
        );
        let ids: Vec<_> = server
            .mails()
            .iter()
            .map(|mail| header(&mail.data, "Message-ID"))
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

#[tokio::test]
async fn log_in_works_and_a_refused_one_waits_for_people_without_telling() {
    let server = Smtp::start(|_| Step::Usual).await;
    let attempt = email(with_login(settings(&server.url())))
        .send(&outgoing(alert()))
        .await;
    assert_eq!(class(&attempt).0, "delivered");
    let plain = STANDARD.encode(format!("\0desk\0{PASSWORD}"));
    assert!(server.lines().contains(&format!("AUTH PLAIN {plain}")));

    let server = Smtp::start(|line| {
        if line.starts_with("AUTH") {
            Step::Say("535 5.7.8 no entry with correct horse (Y29ycmVjdCBob3JzZQ==)")
        } else {
            Step::Usual
        }
    })
    .await;
    let attempt = email(with_login(settings(&server.url())))
        .send(&outgoing(alert()))
        .await;
    let (class_, message) = class(&attempt);
    assert_eq!((class_, attempt.status), ("refused", Some(535)));
    assert!(
        !message.contains("horse") && !message.contains("Y29y"),
        "{message}"
    );
    assert!(server.mails().is_empty());

    let server = Smtp::start(|line| {
        if line.starts_with("EHLO") {
            Step::Say("250 test")
        } else {
            Step::Usual
        }
    })
    .await;
    let attempt = email(with_login(settings(&server.url())))
        .send(&outgoing(alert()))
        .await;
    assert_eq!(class(&attempt).0, "refused");
}

#[tokio::test]
async fn without_encryption_no_password_and_no_mail_leave() {
    // Not offered, refused, and answered with something that is no TLS.
    for (offer, reply, expected) in [
        (false, "", "refused"),
        (true, "454 TLS not available", "later"),
        (
            true,
            "220 go\r\nthis is no TLS, and there is no certificate in it",
            "later",
        ),
    ] {
        let server = Smtp::start(move |line| match line {
            line if line.starts_with("EHLO") && offer => {
                Step::Say("250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS")
            }
            "STARTTLS" => Step::Say(reply),
            _ => Step::Usual,
        })
        .await;
        let mut settings = with_login(settings(&server.url()));
        settings.tls = Tls::Starttls;
        let (class, message) = class(&email(settings).send(&outgoing(alert())).await);
        assert_eq!(class, expected, "{reply}: {message}");
        let lines = server.lines();
        assert!(
            !lines
                .iter()
                .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn in_the_clear_only_near() {
    // No packet is sent: the address itself is the reason.
    let (class, message) = class(
        &email(settings("smtp://192.0.2.1:25"))
            .send(&outgoing(alert()))
            .await,
    );
    assert_eq!(class, "refused");
    assert!(message.contains("tls = \"none\""), "{message}");
}

#[tokio::test]
async fn odd_answers_of_a_server_are_heard_by_their_code() {
    let long = "250-X\r\n".repeat(30_000) + "250 8BITMIME\r\n";
    let korean = b"250 2.0.0 \xb8\xde\xc0\xcf\xc0\xbb \xc1\xa2\xbc\xf6\r\n".to_vec();
    let endless = |start: &str| format!("{start}{}", "2".repeat(400_000)).into_bytes();
    for (at, answer, outcome, said) in [
        ("EHLO", long.into_bytes(), "delivered", ""),
        (".", korean.clone(), "delivered", ""),
        ("", b"220 \xc1\xa2\r\n".to_vec(), "delivered", ""),
        ("", endless("220 "), "later", "does not end"),
        ("EHLO", endless("250-"), "later", "does not end"),
        (
            "",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "later",
            "no mail server answers there; it said \"HTTP/1.1 400 Bad Request\"",
        ),
        (
            ".",
            b"354 go on\r\n".to_vec(),
            "later",
            "may have arrived: the server answered 354",
        ),
        (
            "RCPT",
            b"354 go on\r\n".to_vec(),
            "later",
            "the server answered 354",
        ),
    ] {
        let server = Smtp::start(move |line| {
            if is_at(line, at) {
                Step::Raw(answer.clone())
            } else {
                Step::Usual
            }
        })
        .await;
        let attempt = email(settings(&server.url()))
            .send(&outgoing(alert()))
            .await;
        let (class, message) = class(&attempt);
        assert_eq!(class, outcome, "{at} {message}");
        assert!(message.contains(said), "{at} {message}");
    }
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let notifier = email(settings(&format!(
        "smtp://{}",
        listener.local_addr().unwrap()
    )));
    let sending = outgoing(alert());
    let accepted = std::cell::RefCell::new(None);
    let accept = async {
        *accepted.borrow_mut() = Some(listener.accept().await.unwrap());
        std::future::pending::<()>().await;
    };
    let attempt = tokio::select! {
        attempt = fast_forward(notifier.send(&sending), || accepted.borrow().is_some()) => attempt,
        () = accept => unreachable!(),
    };
    let (outcome, message) = class(&attempt);
    assert_eq!(outcome, "later");
    assert!(
        message.starts_with("the server gave no whole answer in 30 s")
            && message.contains("implicit"),
        "{message}"
    );
}

/// Makes settings wrong.
type Spoil = fn(&mut EmailSettings);

#[test]
fn wrong_settings_name_their_key() {
    let at = "smtp://mail.example.org";
    let cases: [(&str, Spoil); 5] = [
        ("server", |s| s.server = "mail.example.org".into()),
        ("from", |s| s.from = "desk".into()),
        ("to", |s| s.to.clear()),
        ("to", |s| s.to = vec!["a@example.org\r\nDATA".into()]),
        ("password", |s| s.username = Some("desk".into())),
    ];
    for (key, change) in cases {
        let mut settings = settings(at);
        change(&mut settings);
        let config = super::config(ReceiverKind::Email(settings));
        let error = bongsu::notify::build(&config, &super::context(Path::new("/")))
            .err()
            .unwrap();
        assert_eq!(error.key, key);
    }
}

/// Moment, answer, class: servers that are within the protocol, if only just, and servers that are not.
const ODD: &[(&str, &str, &str)] = &[
    (
        "",
        "220-one moment\r\n220-no robots\r\n220 ready",
        "delivered",
    ),
    // A code without any text is not read: tried again, under the same id.
    ("", "421 too many of you", "later"),
    ("", "554 go away", "refused"),
    ("", "SSH-2.0-OpenSSH_9.2", "later"),
    ("", "HTTP/1.1 400 Bad Request\r\n\r\n", "later"),
    (
        "EHLO",
        "250-test\r\n250-X-ODD a=b c\r\n250-8bitmime\r\n250 SIZE 1000",
        "delivered",
    ),
    // Neither 8BITMIME nor SMTPUTF8, and a Korean subject.
    ("EHLO", "250 test", "delivered"),
    ("EHLO", "250-test\r\n250-AUTH\r\n250 STARTTLS", "delivered"),
    ("EHLO", "421 4.3.2 closing", "later"),
    ("MAIL", "250-ok\r\n250-still\r\n250 2.1.0 fine", "delivered"),
    ("MAIL", "452 4.3.1 no room", "later"),
    ("MAIL", "552 5.3.4 too big", "permanent"),
    ("RCPT", "251 will be forwarded", "delivered"),
    ("RCPT", "252 cannot say, will try", "delivered"),
    ("RCPT", "421 shutting down", "later"),
    (
        "RCPT",
        "550-5.7.1 blocked\r\n550-5.7.1 by list\r\n550 5.7.1 see a page",
        "permanent",
    ),
    ("DATA", "451 4.3.0 not now", "later"),
    ("DATA", "421 shutting down", "later"),
    ("DATA", "999 what", "later"),
    (".", "250-2.0.0\r\n250 queued", "delivered"),
    (".", "421 4.4.2 took too long", "later"),
    (".", "452 4.2.2 disk full", "later"),
    (".", "554 5.6.0 line too long", "permanent"),
    (".", "what", "later"),
    // A reply may end behind its code (RFC 5321, 4.2).
    ("", "220", "delivered"),
    ("MAIL", "250", "delivered"),
    ("RCPT", "250", "delivered"),
    ("DATA", "354", "delivered"),
    (".", "250", "delivered"),
    (".", "250-2.0.0\r\n250", "delivered"),
    (".", "550", "permanent"),
    (".", "451", "later"),
    // Only 354 asks for the mail.
    ("DATA", "250 ok", "later"),
    ("QUIT", "500 what", "delivered"),
    ("QUIT", "what", "delivered"),
];

#[tokio::test]
async fn odd_answers_mean_what_they_say() {
    for (moment, reply, expected) in ODD.iter().copied() {
        let server = Smtp::start(move |line| {
            if is_at(line, moment) {
                Step::Say(reply)
            } else {
                Step::Usual
            }
        })
        .await;
        let sent = email(settings(&server.url()))
            .send(&outgoing(alert()))
            .await;
        let (class, message) = class(&sent);
        assert_eq!(class, expected, "{moment:?} {reply:?}: {message}");
        assert!(!message.contains(['\r', '\n']), "{message:?}");
        if class == "delivered" {
            let mails = server.mails();
            assert_eq!(mails.len(), 1, "{moment:?} {reply:?}");
            assert!(
                mails[0].data.is_ascii(),
                "needs neither 8BITMIME nor SMTPUTF8"
            );
        }
    }
}

/// A server that makes no more of a lost log-in than it is.
#[tokio::test]
async fn log_ins_refused_now_and_for_good() {
    for (reply, expected) in [
        ("454 4.7.0 directory is down", "later"),
        ("421 4.7.0 too many log-ins", "later"),
        ("535-5.7.8 no\r\n535 5.7.8 see a page", "refused"),
        ("534 5.7.9 use an app password", "refused"),
        ("538 5.7.11 encryption needed", "refused"),
        ("503 5.5.1 again?", "refused"),
    ] {
        let server = Smtp::start(move |line| {
            if line.starts_with("AUTH") {
                Step::Say(reply)
            } else {
                Step::Usual
            }
        })
        .await;
        let settings = with_login(settings(&server.url()));
        let (class, message) = class(&email(settings).send(&outgoing(alert())).await);
        assert_eq!(class, expected, "{reply}: {message}");
        assert!(server.mails().is_empty() && !message.contains(PASSWORD));
    }
}

/// The server takes the mail, and says so only after a minute and a half: no second copy is sent.
#[tokio::test]
async fn a_late_yes_is_a_yes() {
    let server = Smtp::start(|line| match line {
        "." => Step::Late(Duration::from_secs(90), "250 queued, at last"),
        _ => Step::Usual,
    })
    .await;
    let notifier = email(settings(&server.url()));
    let sending = outgoing(alert());
    let attempt = fast_forward(notifier.send(&sending), || !server.mails().is_empty()).await;
    assert_eq!(class(&attempt).0, "delivered", "{}", class(&attempt).1);
    assert_eq!(server.mails().len(), 1);
}
