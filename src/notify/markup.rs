//! From a message to text in a service's own markup: the one place where each protocol's escaping is.
//!
//! Text of feeds is escaped wherever it stands; links are web links by then, and what could end them is encoded.

use crate::domain::alert::message::{Message, fit};

/// How a service marks text up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Not at all: what stands there is shown.
    Plain,
    /// Slack's mrkdwn.
    Slack,
    /// Discord's Markdown.
    Discord,
    /// The HTML that Telegram and Matrix read; lines end in a line break.
    Html,
    /// Markdown as Mattermost and Gotify read it.
    Markdown,
    /// The little Markdown of adaptive cards.
    Teams,
    /// JANDI's links; all else is shown.
    Jandi,
}

/// Makes `*` and its like mere characters where a service has no escape for them.
const ZERO_WIDTH: char = '\u{200b}';

impl Style {
    /// The one place where text becomes this markup.
    pub(super) fn escape(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        let mut last = None;
        for c in text.chars() {
            self.push_escaped(&mut out, c, last);
            last = Some(c);
        }
        out
    }

    fn push_escaped(self, out: &mut String, c: char, last: Option<char>) {
        match (self, c) {
            (Self::Slack | Self::Html, '&') => out.push_str("&amp;"),
            (Self::Slack | Self::Html, '<') => out.push_str("&lt;"),
            (Self::Slack | Self::Html, '>') => out.push_str("&gt;"),
            (Self::Html, '"') => out.push_str("&quot;"),
            (Self::Html, '\'') => out.push_str("&#39;"),
            (Self::Slack, '*' | '_' | '~' | '`') => {
                out.push(ZERO_WIDTH);
                out.push(c);
            }
            (
                Self::Discord,
                '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '(' | ')' | ':' | '<',
            )
            | (
                Self::Markdown,
                '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '(' | ')' | '<' | '!'
                | '&',
            )
            | (Self::Teams, '\\' | '*' | '_' | '`' | '[' | ']' | '(' | ')') => {
                out.push('\\');
                out.push(c);
            }
            // What begins a list where it begins a line.
            (Self::Discord | Self::Markdown | Self::Teams, '-' | '+') if last.is_none() => {
                out.push('\\');
                out.push(c);
            }
            (Self::Discord | Self::Markdown | Self::Teams, '.')
                if !out.is_empty() && out.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                out.push_str("\\.");
            }
            // A mention needs its name right behind; `:name:` would be a picture.
            (Self::Discord | Self::Markdown | Self::Jandi, '@') => {
                out.push('@');
                out.push(ZERO_WIDTH);
            }
            (Self::Markdown, ':') => {
                out.push(':');
                out.push(ZERO_WIDTH);
            }
            (Self::Jandi, '[') if last == Some('[') => {
                out.push(ZERO_WIDTH);
                out.push('[');
            }
            (_, c) => out.push(c),
        }
    }

    /// Escaped text, emphasised.
    pub(super) fn strong(self, text: &str) -> String {
        let escaped = self.escape(text);
        // Markers take no white space inside, and nothing can be emphasised.
        if escaped.trim() != escaped || escaped.is_empty() {
            return escaped;
        }
        match self {
            Self::Plain | Self::Jandi => escaped,
            Self::Slack => format!("*{escaped}*"),
            Self::Discord | Self::Markdown | Self::Teams => format!("**{escaped}**"),
            Self::Html => format!("<b>{escaped}</b>"),
        }
    }

    /// A link with its label.
    pub(super) fn link(self, label: &str, url: &str) -> String {
        let text = self.escape(label);
        match self {
            Self::Plain => format!("{label}: {url}"),
            Self::Slack => format!("<{}|{text}>", encoded(url, "|*_~`").replace('&', "&amp;")),
            Self::Discord | Self::Markdown => format!("[{text}](<{}>)", encoded(url, "<>\\")),
            Self::Teams => format!("[{text}]({})", encoded(url, "()")),
            Self::Html => format!("<a href=\"{}\">{text}</a>", self.escape(url)),
            Self::Jandi => format!("[[{text}]]({})", encoded(url, "()[]")),
        }
    }

    /// The evidence in its surroundings, hits emphasised.
    pub(super) fn snippet(self, message: &Message) -> String {
        message
            .snippet
            .iter()
            .map(|piece| {
                if piece.hit {
                    self.strong(&piece.text)
                } else {
                    self.escape(&piece.text)
                }
            })
            .collect()
    }

    /// The lines below the title.
    pub(super) fn lines(self, message: &Message) -> Vec<String> {
        message
            .lines
            .iter()
            .map(|line| match &line.url {
                Some(url) if self == Self::Plain => format!("{} · {url}", line.text),
                Some(url) => self.link(&line.text, url),
                None => self.escape(&line.text),
            })
            .collect()
    }

    /// The links, on one line where labels carry them.
    pub(super) fn links(self, message: &Message) -> String {
        let links: Vec<String> = message
            .links
            .iter()
            .map(|link| self.link(&link.label, &link.url))
            .collect();
        links.join(if self == Self::Plain { "\n" } else { " · " })
    }

    /// All below the title.
    pub(super) fn body(self, message: &Message) -> String {
        let parts = [
            self.lines(message).join("\n"),
            self.snippet(message),
            self.links(message),
        ];
        let gap = if self == Self::Plain { "\n\n" } else { "\n" };
        let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        filled.join(gap)
    }

    /// The whole message.
    pub(super) fn whole(self, message: &Message) -> String {
        let body = self.body(message);
        let title = self.strong(&message.headline());
        if body.is_empty() {
            title
        } else {
            format!("{title}\n{body}")
        }
    }
}

/// The lines below the title, in as few texts of at most `max` characters as they take. A line that is longer
/// alone loses its link, then its end.
pub(super) fn chunks(style: Style, message: &Message, max: usize) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut chunks: Vec<String> = Vec::new();
    for (line, marked) in message.lines.iter().zip(style.lines(message)) {
        let mut text = marked;
        if length(&text) > max {
            let cut = within(&line.text, max, |text| length(&style.escape(text)));
            text = style.escape(&cut);
        }
        match chunks.last_mut() {
            Some(last) if length(last) + 1 + length(&text) <= max => {
                last.push('\n');
                last.push_str(&text);
            }
            _ => chunks.push(text),
        }
    }
    chunks
}

/// The longest beginning of `text`, `…` at its end where it was cut, that `measure` finds within `max`.
pub(super) fn within(text: &str, max: usize, measure: impl Fn(&str) -> usize) -> String {
    if measure(text) <= max {
        return text.to_owned();
    }
    let (mut low, mut high) = (0, text.chars().count());
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if measure(&fit::cut(text, middle)) <= max {
            low = middle;
        } else {
            high = middle;
        }
    }
    fit::cut(text, low)
}

/// `url` with these characters encoded.
fn encoded(url: &str, characters: &str) -> String {
    url.chars()
        .fold(String::with_capacity(url.len()), |mut out, c| {
            use std::fmt::Write as _;
            if characters.contains(c) {
                let _ = write!(out, "%{:02X}", u32::from(c));
            } else {
                out.push(c);
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::alert::message::{Line, Link, Piece};
    use crate::domain::rule::Severity;

    const ALL: [Style; 7] = [
        Style::Plain,
        Style::Slack,
        Style::Discord,
        Style::Html,
        Style::Markdown,
        Style::Teams,
        Style::Jandi,
    ];

    #[test]
    fn hostile_titles_are_shown_as_they_are() {
        let hostile = "@everyone <!channel> *x* [a](javascript:1) [[b]](c) :boom: `y` & \"z\"";
        for (style, escaped) in [
            (Style::Plain, hostile),
            (
                Style::Slack,
                "@everyone &lt;!channel&gt; \u{200b}*x\u{200b}* [a](javascript:1) [[b]](c) :boom: \u{200b}`y\u{200b}` &amp; \"z\"",
            ),
            (
                Style::Discord,
                "@\u{200b}everyone \\<!channel\\> \\*x\\* \\[a\\]\\(javascript\\:1\\) \\[\\[b\\]\\]\\(c\\) \\:boom\\: \\`y\\` & \"z\"",
            ),
            (
                Style::Html,
                "@everyone &lt;!channel&gt; *x* [a](javascript:1) [[b]](c) :boom: `y` &amp; &quot;z&quot;",
            ),
            (
                Style::Markdown,
                "@\u{200b}everyone \\<\\!channel\\> \\*x\\* \\[a\\]\\(javascript:\u{200b}1\\) \\[\\[b\\]\\]\\(c\\) :\u{200b}boom:\u{200b} \\`y\\` \\& \"z\"",
            ),
            (
                Style::Teams,
                "@everyone <!channel> \\*x\\* \\[a\\]\\(javascript:1\\) \\[\\[b\\]\\]\\(c\\) :boom: \\`y\\` & \"z\"",
            ),
            (
                Style::Jandi,
                "@\u{200b}everyone <!channel> *x* [a](javascript:1) [\u{200b}[b]](c) :boom: `y` & \"z\"",
            ),
        ] {
            assert_eq!(style.escape(hostile), escaped, "{style:?}");
        }
        assert_eq!(Style::Teams.escape("1. a 1.3"), "1\\. a 1.3");
        assert_eq!(Style::Discord.escape("- a-b"), "\\- a-b");
    }

    #[test]
    fn links_cannot_be_left() {
        let url = "https://e.example/a|b)(c]*d&e=%3E";
        for (style, link) in [
            (Style::Plain, "x: https://e.example/a|b)(c]*d&e=%3E"),
            (
                Style::Slack,
                "<https://e.example/a%7Cb)(c]%2Ad&amp;e=%3E|x>",
            ),
            (Style::Discord, "[x](<https://e.example/a|b)(c]*d&e=%3E>)"),
            (
                Style::Html,
                "<a href=\"https://e.example/a|b)(c]*d&amp;e=%3E\">x</a>",
            ),
            (
                Style::Jandi,
                "[[x]](https://e.example/a|b%29%28c%5D*d&e=%3E)",
            ),
        ] {
            assert_eq!(style.link("x", url), link, "{style:?}");
        }
    }

    #[test]
    fn lines_are_parted_where_a_text_is_full() {
        let mut message = message("<>");
        message.lines = (0..10).map(|i| format!("line {i} <").into()).collect();
        let parts = chunks(Style::Slack, &message, 30);
        assert_eq!(parts.len(), 5);
        assert!(parts.iter().all(|part| part.chars().count() <= 30));
        message.lines = vec!["<".repeat(50).into()];
        assert_eq!(chunks(Style::Slack, &message, 9), ["&lt;&lt;…"]);
    }

    #[test]
    fn a_text_is_cut_in_the_unit_of_whoever_counts() {
        assert_eq!(within("한국어 문장", 10, str::len), "한국…");
        assert_eq!(within("abc", 3, str::len), "abc");
        assert_eq!(within("abc", 0, str::len), "");
    }

    fn message(text: &str) -> Message {
        Message {
            severity: Severity::High,
            title: text.to_owned(),
            lines: vec![
                text.to_owned().into(),
                Line {
                    text: text.to_owned(),
                    url: Some("https://e.example/".into()),
                },
            ],
            snippet: vec![Piece {
                text: text.to_owned(),
                hit: true,
            }],
            links: vec![Link {
                label: "Article".into(),
                url: "https://e.example/".into(),
            }],
        }
    }

    proptest! {
        #[test]
        fn no_text_opens_markup(text in "[ -~@<>&*_\\[\\]()|`#:가-힣]{0,60}") {
            for style in ALL {
                let shown = style.whole(&message(&text));
                match style {
                    Style::Slack => {
                        // Every `<` is of a link of ours.
                        let tags = shown.matches('<').count();
                        prop_assert_eq!(tags, shown.matches("<https://e.example/|").count());
                    }
                    Style::Html => {
                        let tags = shown.matches('<').count();
                        let ours = ["<b>", "</b>", "<a href=\"https://e.example/\">", "</a>"];
                        let known: usize = ours.iter().map(|tag| shown.matches(tag).count()).sum();
                        prop_assert_eq!(tags, known);
                    }
                    Style::Discord | Style::Markdown | Style::Teams => {
                        let names = shown.contains("@e") || shown.contains("@h");
                        prop_assert!(style == Style::Teams || !names);
                        let mut before = ' ';
                        let mut opened = 0;
                        for c in shown.chars() {
                            opened += usize::from(c == '[' && before != '\\');
                            before = if before == '\\' { ' ' } else { c };
                        }
                        prop_assert_eq!(opened, 2, "{}", shown);
                    }
                    Style::Jandi => prop_assert_eq!(shown.matches("[[").count(), 2),
                    Style::Plain => {}
                }
            }
        }
    }
}
