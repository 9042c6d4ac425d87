//! Hostile titles in mails, on the terminal, in files and for commands: shown or passed on whole, never obeyed.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::settings::{EmailSettings, ReceiverKind, Tls};

use super::email::{header, parts};
use super::smtp::{Smtp, Step};
use super::{alert, class, notifier, outgoing};

const HOSTILE: [&str; 12] = [
    "@everyone <!channel> @here *x* [a](javascript:1)",
    "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; &lt; \"q\" 'q'",
    "</b></a></body></html><a href=\"https://evil.example\">x</a>",
    "a\r\nBcc: evil@x\r\nSubject: other\r\n\r\nbody\r\n.\r\nQUIT\r\n",
    "=?utf-8?q?=0D=0ABcc:_evil@x?=",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{7}\0 nul \u{9b}31m del\u{7f}",
    "abc\u{202e}gnp.exe\u{202c}\u{2066}x\u{2069}\u{200f}",
    "zero\u{200b}width\u{200d}\u{feff}\u{2060}",
    "line\u{2028}separator\u{2029}paragraph\u{85}next\u{b}tab\u{c}feed",
    "%s %n {{ title }} ${HOME} $(id) `id`",
    "e\u{301}\u{301}\u{301} 👩\u{200d}👩\u{200d}👧 🇰🇷🇰 한\u{1112}\u{1161}\u{11ab}",
    " ",
];

fn titles() -> Vec<String> {
    let mut titles: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    titles.push("한".repeat(100_000));
    titles.push("<&>\"'\r\n.".repeat(15_000));
    titles.push("e\u{301}".repeat(50_000));
    titles
}

/// An alert in which everything that a feed or a config can word is hostile.
fn hostile(title: &str) -> WireAlert {
    let mut alert = alert();
    title.clone_into(&mut alert.rule.title);
    if let Some(entry) = &mut alert.entry {
        title.clone_into(&mut entry.title);
        entry.body = format!("{title} K9");
        entry.feed = Some(title.to_owned());
        entry.url = Some(format!("https://example.org/{title}"));
    }
    alert
}

/// What neither a person nor a terminal may be given.
fn is_unsafe(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\r'
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn names(mail: &str) -> BTreeSet<&str> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    let lines = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap()).collect()
}

#[tokio::test]
async fn no_title_breaks_out_of_a_mail() {
    let settings = |server: &str| EmailSettings {
        server: server.into(),
        tls: Tls::None,
        from: "desk@example.org".into(),
        to: vec!["a@example.net".into()],
        username: None,
        password: None,
    };
    let server = Smtp::start(|_| Step::Usual).await;
    let receiver = notifier(ReceiverKind::Email(settings(&server.url())), Path::new("/"));
    receiver.send(&outgoing(alert())).await;
    let titles = titles();
    for title in &titles {
        let attempt = receiver.send(&outgoing(hostile(title))).await;
        let shown: String = title.chars().take(60).collect();
        assert_eq!(
            class(&attempt).0,
            "delivered",
            "{shown:?} {:?}",
            class(&attempt)
        );
    }
    let mails = server.mails();
    assert_eq!(mails.len(), titles.len() + 1, "one mail a message");
    let usual = names(&mails[0].data);
    for mail in &mails[1..] {
        let text = &mail.data;
        assert_eq!(mail.to, ["a@example.net"]);
        assert_eq!(names(text), usual, "no header is added or lost");
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998));
        assert!(text.len() < 64 * 1024, "{} bytes", text.len());
        let parts = parts(text);
        let subject = header(text, "Subject").unwrap();
        let unsafe_char = parts
            .iter()
            .chain([&subject])
            .flat_map(|text| text.chars())
            .find(|c| is_unsafe(*c));
        assert_eq!(unsafe_char, None, "{text}");
        let html = &parts[1];
        for tag in ["<script", "<img", "</body></html><", "evil.example\">"] {
            assert!(!html.contains(tag), "{tag} in {html}");
        }
        assert_eq!(html.matches("<html").count(), 1);
    }
}

#[tokio::test]
async fn the_terminal_shows_no_control_and_turns_nothing_round() {
    let receiver = notifier(ReceiverKind::Terminal, Path::new("/"));
    for title in titles() {
        let shown = receiver.preview(&outgoing(hostile(&title)));
        assert_eq!(shown.chars().find(|c| is_unsafe(*c)), None, "{shown:?}");
        assert!(shown.len() < 64 * 1024);
    }
}

#[tokio::test]
async fn files_and_commands_get_each_title_whole_on_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let kinds = [
        ReceiverKind::File {
            path: "file.jsonl".into(),
        },
        ReceiverKind::Command {
            argv: [
                "/bin/sh",
                "-c",
                "cat >> command.jsonl; printf '%s' \"$BONGSU_TITLE\" >> titles",
            ]
            .map(str::to_owned)
            .to_vec(),
            timeout: Duration::from_mins(1),
        },
    ];
    let titles = titles();
    for kind in kinds {
        let receiver = notifier(kind, dir.path());
        for title in &titles {
            let attempt = receiver.send(&outgoing(hostile(title))).await;
            assert_eq!(
                class(&attempt).0,
                "delivered",
                "{:?} {}",
                class(&attempt),
                attempt.answer
            );
        }
    }
    for name in ["file.jsonl", "command.jsonl"] {
        let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        assert_eq!(lines.len(), titles.len(), "{name}");
        for (line, title) in lines.iter().zip(&titles) {
            let alert: WireAlert = serde_json::from_str(line).unwrap();
            assert_eq!(&alert.entry.unwrap().title, title, "{name}");
        }
    }
    let shown = std::fs::read_to_string(dir.path().join("titles")).unwrap();
    assert_eq!(shown.chars().find(|c| is_unsafe(*c)), None, "{shown:?}");
}
