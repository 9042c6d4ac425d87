//! Hostile titles in every kind: each is shown as it is, and none is markup, a mention or a control.

use super::kinds::ALL;
use super::support::http::Reply;
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
