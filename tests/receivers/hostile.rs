//! Hostile titles in every kind: each is shown as it is, and none is markup, a mention or a control.
//!
//! Mails, the terminal, files and commands are in `tests/notify`.

use std::io::Write as _;
use std::os::unix::net::UnixDatagram;

use super::kinds::ALL;
use super::streams::{mqtt, nats, once, packet};
use super::support::http::{Reply, Server};
use super::{alert, class, digest, outgoing, receiver, send, texts};

const HOSTILE: [&str; 14] = [
    "@everyone <!channel> @here *x* [a](javascript:1)",
    "@all @channel <@U123> <!subteam^S1|x> <https://evil.example|click>",
    "<script>alert(1)</script><b>bold</b> &amp; &lt; \"q\" 'q'",
    "</b></a><a href=\"https://evil.example\">x</a>",
    "** __ ~~ || `` ``` # > - 1. \\ [[x]](https://evil.example)",
    "ends in a backslash \\",
    "\u{1b}[2J\u{7}\0 nul \u{9b}31m del\u{7f}",
    "abc\u{202e}gnp.exe\u{202c}\u{2066}x\u{2069}",
    "zero\u{200b}width\u{200d}\u{feff}\u{2060}",
    "a\r\nBcc: evil@x\r\n\r\nbody",
    "e\u{301}\u{301}\u{301}\u{301} 👩\u{200d}👩\u{200d}👧\u{200d}👦 🇰🇷🇰🇷 한\u{1112}\u{1161}\u{11ab}",
    "{{ title }} {% raw %} ${HOME} $(id) %s %n",
    " ",
    "\u{fdfd}\u{fdfd}\u{12031}",
];

#[test]
fn no_title_breaks_out_of_any_kind() {
    let mut titles: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    titles.push("한".repeat(100_000));
    titles.push("<&>\"'*_`[]()|@:#\\".repeat(6_000));
    titles.push("e\u{301}".repeat(50_000));
    for kind in &ALL {
        let server = kind.server();
        let notifier = receiver(&kind.config(&server));
        for title in &titles {
            let shown: String = title.chars().take(60).collect();
            for mut alert in [alert(title), digest(3, title)] {
                alert.key = "00112233445566778899aabbccddeeff".into();
                alert.rule.title.clone_from(title);
                if let Some(entry) = &mut alert.entry {
                    entry.body = format!("{title} K9");
                    entry.feed = Some(title.clone());
                }
                let attempt = send(&*notifier, &outgoing(alert));
                let said = format!("{}: {} {}", kind.name, class(&attempt), attempt.answer);
                assert!(said.contains("delivered"), "{shown:?}\n{said}");
            }
        }
        // A checking server accepts each one at its first try.
        assert_eq!(
            kind.messages(&server).len(),
            titles.len() * 2,
            "{}",
            kind.name
        );
    }
}

/// A29: what people see is what the feed wrote, letter by letter.
#[test]
fn a_hostile_title_is_shown_literally() {
    let title = HOSTILE[0];
    for kind in &ALL {
        let server = kind.server();
        send(&*receiver(&kind.config(&server)), &outgoing(alert(title)));
        let message = kind.messages(&server).remove(0);
        let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
        let seen = texts(&body).iter().any(|text| {
            let text = text
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace('\u{200b}', "");
            text.contains(title) || text.replace('\\', "").contains(title)
        });
        assert!(seen, "{}: {body}", kind.name);
    }
}

/// A50, the part of receivers: no answer, reason or preview shows a secret, whatever a service echoes.
#[test]
fn no_secret_is_shown_whatever_a_service_says() {
    for kind in &ALL {
        for status in [200, 302, 400, 401, 403, 404, 413, 429, 500] {
            let secrets = kind.secrets.join(" and ");
            let echo = format!(
                r#"{{"ok":false,"error":"{secrets}","description":"{secrets}","message":"{secrets}"}}"#
            );
            let reply = Reply::status(status)
                .body(echo)
                .header("Location", format!("https://evil.example/{secrets}"));
            let server = kind.answering(reply);
            let notifier = receiver(&kind.config(&server));
            let attempt = send(&*notifier, &outgoing(alert("x")));
            let shown = format!("{attempt:?} {}", class(&attempt));
            for secret in kind
                .secrets
                .iter()
                .filter(|secret| !secret.starts_with("ACCESS"))
            {
                assert!(!shown.contains(secret), "{} {status}: {shown}", kind.name);
            }
        }
    }
}

/// What neither a person nor a terminal may be given.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn all_titles() -> Vec<String> {
    let mut titles: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    titles.push("한".repeat(100_000));
    titles.push("\n\r]\"\\\0=<>".repeat(12_000));
    titles.push("x\nBONGSU_RULE=evil\n<8>1 - - evil\nMSG a 1 2".to_owned());
    titles
}

fn hostile(title: &str) -> bongsu::domain::alert::wire::WireAlert {
    let mut alert = alert(title);
    title.clone_into(&mut alert.rule.title);
    if let Some(entry) = &mut alert.entry {
        entry.body = format!("{title} K9");
    }
    alert
}

#[test]
fn no_title_breaks_out_of_a_log_line() {
    let folder = tempfile::tempdir().unwrap();
    let bind = |name: &str| UnixDatagram::bind(folder.path().join(name)).unwrap();
    let (log, journal) = (bind("log"), bind("journal"));
    let place = folder.path().display();
    let syslog = receiver(&format!("kind = \"syslog\"\nserver = \"unix:{place}/log\""));
    let journald = receiver(&format!(
        "kind = \"journald\"\nsocket = \"{place}/journal\""
    ));
    let mut buffer = vec![0; 1 << 20];
    for title in all_titles() {
        let outgoing = outgoing(hostile(&title));
        let shown: String = title.chars().take(60).collect();
        let attempt = send(&*syslog, &outgoing);
        assert_eq!(
            attempt.outcome.as_str(),
            "delivered",
            "{shown:?}: {}",
            class(&attempt)
        );
        let count = log.recv(&mut buffer).unwrap();
        let line = std::str::from_utf8(&buffer[..count]).unwrap();
        assert!(line.starts_with("<10>1 ") && count < 16 * 1024, "{line}");
        assert_eq!(line.chars().find(|c| is_unsafe(*c)), None, "{line:?}");

        let attempt = send(&*journald, &outgoing);
        assert_eq!(
            attempt.outcome.as_str(),
            "delivered",
            "{shown:?}: {}",
            class(&attempt)
        );
        let count = journal.recv(&mut buffer).unwrap();
        assert_eq!(fields(&buffer[..count]), JOURNAL, "{shown:?}");
    }
}

const JOURNAL: [&str; 9] = [
    "MESSAGE",
    "PRIORITY",
    "SYSLOG_IDENTIFIER",
    "BONGSU_KEY",
    "BONGSU_RULE",
    "BONGSU_SEVERITY",
    "BONGSU_REASON",
    "BONGSU_FEED",
    "BONGSU_URL",
];

/// The names of a journal's native message: `NAME=value`, or `NAME`, a length and the value.
fn fields(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let line = std::str::from_utf8(&bytes[..end]).unwrap();
        bytes = &bytes[end + 1..];
        let name = if let Some((name, _)) = line.split_once('=') {
            name
        } else {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
            bytes = &bytes[8 + usize::try_from(length).unwrap() + 1..];
            line
        };
        names.push(name.to_owned());
    }
    names
}

#[test]
fn machines_get_each_title_whole() {
    for title in all_titles() {
        let (address, broker) = once(|mut stream| {
            packet(&mut stream);
            stream.write_all(&[0x20, 2, 0, 0]).unwrap();
            let publish = packet(&mut stream).1;
            stream.write_all(&[0x40, 2, 0, 1]).unwrap();
            // The topic and the packet's number go before.
            publish[15..].to_vec()
        });
        let attempt = send(&*receiver(&mqtt(&address)), &outgoing(hostile(&title)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
        let sent: serde_json::Value = serde_json::from_slice(&broker.join().unwrap()).unwrap();
        assert_eq!(sent["entry"]["title"], *title);

        let (address, server) = nats(
            r#"{"server_id":"x","headers":true,"max_payload":4194304}"#,
            "PONG\r\n",
            "MSG @ 1 26\r\n{\"stream\":\"DESK\", \"seq\":7}\r\n",
        );
        let config = format!("kind = \"nats\"\nserver = \"nats://{address}\"\nsubject = \"a\"");
        let attempt = send(&*receiver(&config), &outgoing(hostile(&title)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
        let seen = server.join().unwrap();
        let body = seen.split("\r\n\r\n").nth(1).unwrap();
        let sent: serde_json::Value = serde_json::from_str(body.trim_end()).unwrap();
        assert_eq!(sent["entry"]["title"], *title);

        let server = Server::start();
        server.set("/hook", Reply::status(204));
        let hook = format!(
            "kind = \"webhook\"\nurl = \"http://{}/hook\"",
            server.address()
        );
        let attempt = send(&*receiver(&hook), &outgoing(hostile(&title)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
        let sent: serde_json::Value = serde_json::from_slice(&server.requests()[0].body).unwrap();
        assert_eq!(sent["entry"]["title"], *title);
    }
}
