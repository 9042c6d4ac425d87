//! The mail itself: headers that thread and sort, a text and an HTML part.
//!
//! Header values from feeds are single neutral lines before they come here, and are encoded by lettre; HTML
//! is escaped in one place.

use std::fmt::Write as _;
use std::time::SystemTime;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, message::MessageBuilder};

use super::super::markup::Style;
use super::super::service::Shape;
use super::super::settings::EmailSettings;
use super::super::thread::{self, Threads};
use super::super::voice::Voice;
use super::super::{BuildError, Outgoing};
use crate::domain::alert::Reason;
use crate::domain::alert::frame::Language;
use crate::domain::alert::message::{Line, Message as Shown, colour};
use crate::domain::alert::plain::{link, one_line};
use crate::domain::alert::wire::WireAlert;
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

/// What all mails of a receiver have in common.
#[derive(Debug)]
pub(super) struct Letterhead {
    receiver: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    /// The domain of our ids: the sender's.
    host: String,
    voice: Voice,
    threads: Threads,
}

const SUBJECT_CHARS: usize = 150;

impl Letterhead {
    /// Checks the addresses.
    pub(super) fn new(
        id: &ReceiverId,
        settings: &EmailSettings,
        voice: Voice,
    ) -> Result<Self, BuildError> {
        let from = mailbox("from", &settings.from)?;
        let to: Vec<Mailbox> = settings
            .to
            .iter()
            .map(|to| mailbox("to", to))
            .collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(BuildError::new(
                "to",
                "names nobody: write it as [\"name@example.org\"]",
            ));
        }
        Ok(Self {
            receiver: token(id.as_str()),
            host: from.email.domain().to_owned(),
            from,
            to,
            voice,
            threads: Threads::default(),
        })
    }

    /// The envelope's sender.
    pub(super) fn sender(&self) -> &Address {
        &self.from.email
    }

    /// The envelope's recipients.
    pub(super) fn recipients(&self) -> impl Iterator<Item = Address> {
        self.to.iter().map(|mailbox| mailbox.email.clone())
    }

    /// The mail as bytes for DATA.
    pub(super) fn write(
        &self,
        outgoing: &Outgoing,
        shape: Shape,
    ) -> Result<Vec<u8>, lettre::error::Error> {
        let shown = self.shown(outgoing, shape);
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(shown.to_text() + "\n");
        let html = SinglePart::builder()
            .header(ContentType::TEXT_HTML)
            .body(html(&shown, self.voice.frame().language));
        let mail = self
            .headers(outgoing, &shown)
            .multipart(MultiPart::alternative().singlepart(text).singlepart(html))?;
        Ok(mail.formatted())
    }

    /// Mails have no limit of their own; a server that finds one too large gets a small one.
    fn shown(&self, outgoing: &Outgoing, shape: Shape) -> Shown {
        self.voice.fitted(outgoing, shape, |_| true)
    }

    fn headers(&self, outgoing: &Outgoing, shown: &Shown) -> MessageBuilder {
        let alert = &outgoing.alert;
        let mut mail = Message::builder()
            .message_id(Some(self.id(&alert.key)))
            .date(SystemTime::try_from(outgoing.sent_at).unwrap_or(SystemTime::UNIX_EPOCH))
            .from(self.from.clone())
            .subject(subject(shown));
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        if let Some(story) = thread::story(alert) {
            let thread = self.id(&story);
            if self.answers(alert) {
                mail = mail.in_reply_to(thread.clone());
            }
            mail = mail.references(thread);
        }
        let rule = token(&alert.rule.id);
        let list = format!("<{rule}.bongsu.{}>", self.host);
        let importance = if alert.severity == Severity::Critical {
            "high"
        } else {
            ""
        };
        // From the alert's page one gets to what silences its rule.
        let page = alert.links.alert.as_deref().and_then(link);
        let page = page.filter(|url| url.is_ascii() && url.len() < 900);
        let unsubscribe = page.map_or_else(String::new, |url| format!("<{url}>"));
        for (name, value) in [
            ("Auto-Submitted", "auto-generated"),
            ("List-Id", &list),
            ("List-Unsubscribe", &unsubscribe),
            ("Importance", importance),
            ("X-Bongsu-Key", &one_line(&alert.key, 200)),
            ("X-Bongsu-Rule", &one_line(&alert.rule.id, 200)),
            ("X-Bongsu-Severity", alert.severity.as_str()),
        ] {
            if !value.is_empty() {
                let name = HeaderName::new_from_ascii_str(name);
                mail = mail.raw_header(HeaderValue::new(name, value.to_owned()));
            }
        }
        mail
    }

    /// Whether a mail follows another one of its story; the first answers nothing.
    fn answers(&self, alert: &WireAlert) -> bool {
        match alert.reason {
            Reason::NewStory | Reason::Health => false,
            Reason::NewEntry | Reason::Revision => self.threads.of(alert).is_some(),
            _ => true,
        }
    }

    /// Keeps in mind that people have a mail of the alert's story.
    pub(super) fn told(&self, alert: &WireAlert) {
        self.threads.began(alert, &alert.key);
    }

    /// `<WHAT.RECEIVER@host>`: the same for each try, so that a second copy is known as one.
    fn id(&self, what: &str) -> String {
        format!("<{}.{}@{}>", token(what), self.receiver, self.host)
    }

    /// The mail as it would be sent, but for the coding of its parts.
    pub(super) fn preview(&self, outgoing: &Outgoing) -> String {
        let mail = self.write(outgoing, Shape::Whole);
        let mail = mail.map(|mail| String::from_utf8_lossy(&mail).replace("\r\n", "\n"));
        let head = match &mail {
            Ok(mail) => mail.split("\n\n").next().unwrap_or(""),
            Err(_) => "no mail can be made of it",
        };
        let shown = self.shown(outgoing, Shape::Whole);
        let to: Vec<String> = self
            .recipients()
            .map(|to| format!("RCPT TO:<{to}>"))
            .collect();
        format!(
            "MAIL FROM:<{}>\n{}\nDATA\n{head}\n\n--- subject\n{}\n\n--- text/plain\n{}\n\n--- text/html\n{}",
            self.from.email,
            to.join("\n"),
            subject(&shown),
            shown.to_text(),
            html(&shown, self.voice.frame().language)
        )
    }
}

/// Whether mail can be addressed so: `name@host` or `Name <name@host>`.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    mailbox("to", text).is_ok()
}

/// An address as config writes it, its domain in the form that mail servers speak.
fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, BuildError> {
    let wrong = || {
        BuildError::new(
            key,
            format!(
                "`{}` is no mail address: write it as \"name@example.org\"",
                text.escape_debug()
            ),
        )
    };
    if text.contains(char::is_control) {
        return Err(wrong());
    }
    let mailbox: Mailbox = text.parse().map_err(|_| wrong())?;
    let domain = match url::Host::parse(mailbox.email.domain()) {
        Ok(url::Host::Domain(domain)) => domain,
        _ => mailbox.email.domain().to_owned(),
    };
    let email = Address::new(mailbox.email.user(), domain).map_err(|_| wrong())?;
    Ok(Mailbox::new(mailbox.name, email))
}

/// What may stand in a message id: letters, digits, `-`, `_`, `.`; all else as `xHEX`.
fn token(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            out.push(c);
        } else {
            let _ = write!(out, "x{:x}", u32::from(c));
        }
        out
    })
}

/// The headline. A feed must not bring its own encoded words: mail programs would decode them.
fn subject(shown: &Shown) -> String {
    one_line(&shown.headline(), SUBJECT_CHARS).replace("=?", "= ?")
}

/// The HTML part; no remote image, no style sheet.
fn html(shown: &Shown, language: Language) -> String {
    let lang = match language {
        Language::En => "en",
        Language::Ko => "ko",
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"></head><body>\n\
         <p style=\"font-size:1.2em;font-weight:bold;color:{}\">{}</p>\n",
        colour(shown.severity),
        Style::Html.escape(&shown.headline())
    );
    let lines: Vec<String> = shown.lines.iter().map(html_line).collect();
    let _ = writeln!(page, "<p>{}</p>", lines.join("<br>\n"));
    if !shown.snippet.is_empty() {
        page.push_str("<blockquote>");
        for piece in &shown.snippet {
            let text = Style::Html.escape(&piece.text);
            if piece.hit {
                let _ = write!(page, "<mark>{text}</mark>");
            } else {
                page.push_str(&text);
            }
        }
        page.push_str("</blockquote>\n");
    }
    for link in &shown.links {
        let _ = writeln!(
            page,
            "<p><a href=\"{}\">{}</a></p>",
            Style::Html.escape(&link.url),
            Style::Html.escape(&link.label)
        );
    }
    page.push_str("</body></html>\n");
    page
}

fn html_line(line: &Line) -> String {
    let text = Style::Html.escape(&line.text);
    match &line.url {
        Some(url) => format!("<a href=\"{}\">{text}</a>", Style::Html.escape(url)),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_their_domains_spelt_for_servers() {
        let desk = mailbox("from", "방산 데스크 <desk@예시.kr>").unwrap();
        assert_eq!(desk.email.to_string(), "desk@xn--vv4b11d.kr");
        assert_eq!(desk.name.as_deref(), Some("방산 데스크"));
        for wrong in [
            "",
            "desk",
            "desk@",
            "@example.org",
            "a@b\r\nBcc: c@d",
            "a b@c",
        ] {
            let error = mailbox("from", wrong).unwrap_err();
            assert_eq!(error.key, "from", "{wrong:?}");
            assert!(!error.message.contains('\n'));
        }
    }

    #[test]
    fn ids_hold_only_what_ids_may_hold() {
        assert_eq!(token("desk-1_a.b"), "desk-1_a.b");
        assert_eq!(token("데스크>@ \n"), "xb370xc2a4xd06cx3ex40x20xa");
    }
}
