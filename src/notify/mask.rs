//! Secrets taken out of what receivers answer and what errors say, before anyone keeps it (DLV-80).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::domain::alert::delivery::{Attempt, AttemptOutcome};
use crate::domain::alert::plain;
use crate::secret::{REDACTED, Secret};

/// What is kept of an answer, in bytes.
pub(super) const KEPT: usize = 2 * 1024;

/// A text shorter than this is no secret, or hiding it would make answers unreadable.
const SHORTEST: usize = 4;

/// The texts that must not be seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask(Vec<Secret>);

impl Mask {
    /// Hides `text`, as it is and as base64.
    pub(super) fn hide(&mut self, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        self.0.push(Secret::new(text));
        self.0.push(Secret::new(STANDARD.encode(text)));
        // The longest first: a part must not spoil the whole.
        self.0
            .sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// Hides a header's value, with and without its scheme (`Bearer …`).
    pub(super) fn hide_header(&mut self, value: &str) {
        self.hide(value);
        if let Some((_, credentials)) = value.split_once(' ') {
            self.hide(credentials);
        }
    }

    /// Hides a URL, and those parts of it that may be a token.
    pub(super) fn hide_url(&mut self, url: &Url) {
        self.hide(url.as_str());
        self.hide(url.username());
        self.hide(url.password().unwrap_or(""));
        self.hide(&url[url::Position::BeforePath..]);
        self.hide(url.query().unwrap_or(""));
        for (_, value) in url.query_pairs() {
            self.hide(&value);
        }
        for pair in url.query().into_iter().flat_map(|query| query.split('&')) {
            self.hide(pair.split_once('=').map_or(pair, |(_, value)| value));
        }
        for segment in url.path_segments().into_iter().flatten() {
            // Words like `webhooks` tell nothing; a token is long or mixes digits in.
            if segment.len() >= 12 || segment.bytes().any(|byte| byte.is_ascii_digit()) {
                self.hide(segment);
            }
        }
    }

    /// `text` with every secret replaced.
    pub(super) fn apply(&self, text: &str) -> String {
        self.0
            .iter()
            .filter(|secret| text.contains(secret.expose()))
            .fold(text.to_owned(), |text, secret| {
                text.replace(secret.expose(), REDACTED)
            })
    }

    /// What may be kept of an answer: masked, one plain line, at most 2 KiB.
    pub(super) fn keep(&self, answer: &[u8]) -> String {
        self.keep_up_to(answer, KEPT)
    }

    /// The attempt without a secret in what was said, nor in what we say of it.
    pub(super) fn attempt(&self, mut attempt: Attempt) -> Attempt {
        attempt.answer = self.keep(attempt.answer.as_bytes());
        match &mut attempt.outcome {
            AttemptOutcome::Delivered => {}
            AttemptOutcome::Later { message, .. }
            | AttemptOutcome::Refused { message }
            | AttemptOutcome::Permanent { message }
            | AttemptOutcome::Gone { message } => {
                *message = self.keep_up_to(message.as_bytes(), 1_000);
            }
        }
        attempt
    }

    /// The same, in at most `max` bytes.
    pub(super) fn keep_up_to(&self, answer: &[u8], max: usize) -> String {
        let masked = self.apply(&String::from_utf8_lossy(answer));
        plain::cut_bytes(&plain::one_line(&masked, max), max).to_owned()
    }
}

/// An error with all its causes, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_hidden_wherever_they_stand() {
        let url =
            Url::parse("https://user:pa55word@hooks.example.org/hooks/T0KEN123/x?sig=abcd%2Fefgh")
                .unwrap();
        let mut mask = Mask::default();
        mask.hide_url(&url);
        mask.hide_header("Bearer sesame-open");
        let said =
            "no hook T0KEN123 for pa55word, sig abcd/efgh (abcd%2Fefgh), sesame-open, hooks stay";
        let kept = mask.keep(said.as_bytes());
        for secret in [
            "T0KEN123",
            "pa55word",
            "abcd/efgh",
            "abcd%2Fefgh",
            "sesame-open",
        ] {
            assert!(!kept.contains(secret), "{kept}");
        }
        assert!(kept.contains("hooks stay"), "{kept}");
    }

    #[test]
    fn what_is_kept_is_short_and_cannot_cut_a_secret_in_half() {
        let mut mask = Mask::default();
        mask.hide("0123456789abcdef");
        let answer = format!(
            "{}0123456789abcdef{}",
            "x".repeat(KEPT - 5),
            "y".repeat(100)
        );
        let kept = mask.keep(answer.as_bytes());
        assert!(kept.len() <= KEPT && !kept.contains("01234"), "{kept}");
        assert_eq!(Mask::default().keep(b"\xff\x1b[2J\n\nx"), "\u{fffd}␛[2J x");
    }
}
