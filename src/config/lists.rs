//! Lists of feeds from elsewhere: OPML, newsboat's `urls`, or one URL a line, whatever the bytes turn out to be.
//!
//! Only reads; what becomes of a list is decided by who imports it.

use std::ops::Range;

use super::{opml, values};

/// The largest list that is read.
pub const LARGEST: usize = 16 << 20;

/// The most lines that are read.
const MOST: usize = 100_000;

/// The feeds of a list and what could not be used of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The feeds, in order, doubles included.
    pub feeds: Vec<Listed>,
    /// What could not be used.
    pub refused: Vec<Refused>,
}

/// A feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its URL, checked.
    pub url: String,
    /// Its name there.
    pub title: Option<String>,
    /// Its folders and labels.
    pub tags: Vec<String>,
    /// Where it stands in the text.
    pub span: Range<usize>,
}

/// A part of a list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands in the text.
    pub span: Range<usize>,
    /// Why.
    pub why: String,
}

/// The text of a list: by byte order mark, by the XML declaration, else UTF-8.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(LARGEST)];
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    let declared = head
        .split_once("encoding=")
        .and_then(|(_, rest)| rest.split(['"', '\'']).nth(1))
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    declared.decode(bytes).0.into_owned()
}

/// Reads a list of any of the three kinds.
#[must_use]
pub fn read(text: &str) -> Listing {
    if text.trim_start().starts_with('<') {
        return opml::read(text);
    }
    let mut found = Listing::default();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let span = start..start + line.trim_end().len();
        start += line.len();
        if index >= MOST {
            found.refused.push(Refused {
                span,
                why: format!("the list has more than {MOST} lines; the rest is not read"),
            });
            break;
        }
        match feed(line.trim(), span.clone()) {
            Ok(feed) => found.feeds.extend(feed),
            Err(why) => found.refused.push(Refused { span, why }),
        }
    }
    if found.feeds.is_empty() && found.refused.is_empty() {
        found.refused.push(Refused {
            span: 0..0,
            why: "the list names no feed".to_owned(),
        });
    }
    found
}

/// `URL "tag" "~title"`, a comment, or nothing.
fn feed(line: &str, span: Range<usize>) -> Result<Option<Listed>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = words(line).into_iter();
    let url = words.next().unwrap_or_default();
    for (sign, what) in [
        ("query:", "a query feed"),
        ("exec:", "a feed made by a program"),
        ("filter:", "a filtered feed"),
        ("\"query:", "a query feed"),
    ] {
        if url.starts_with(sign) {
            return Err(format!("{what} cannot be taken over"));
        }
    }
    values::http_url(&url).map_err(|error| {
        let shown: String = url.chars().filter(|c| !c.is_control()).take(100).collect();
        format!(
            "`{shown}`: {}",
            error.split(": write").next().unwrap_or(&error)
        )
    })?;
    let mut title = None;
    let mut tags: Vec<String> = Vec::new();
    for word in words {
        if let Some(name) = word.strip_prefix('~') {
            title = Some(name.to_owned()).filter(|name| !name.is_empty());
        } else if let Some(tag) =
            opml::tag_of(word.trim_start_matches('!')).filter(|tag| !tags.contains(tag))
        {
            tags.push(tag);
        }
    }
    Ok(Some(Listed {
        url,
        title,
        tags,
        span,
    }))
}

/// Words parted by spaces; quotes hold words together, `\"` is a quote.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted && chars.peek().is_some() => word.extend(chars.next()),
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::derive_feed_id;
    use crate::domain::feed::{Feed, Origin};

    fn urls(listing: &Listing) -> Vec<&str> {
        listing.feeds.iter().map(|feed| feed.url.as_str()).collect()
    }

    #[test]
    fn opml_of_all_kinds_is_read() {
        let text = r#"<?xml version="1.0"?><opml><head><title>x</title></head><body>
            <outline text="Wire &amp; Press">
              <OUTLINE TEXT="A" xmlURL="https://a.example/rss?x=1&y=2" type="rss"/>
              <outline text="Korea"><outline title="B" text="b" xmlUrl="https://b.example/" category="/x/y,z"></outline></outline>
            </outline>
            <outline text="C" xmlurl=" https://c.example/feed "/>
            <outline text="bad" xmlUrl="javascript:alert(1)"/>
            </body></opml>"#;
        let found = read(text);
        assert_eq!(
            urls(&found),
            [
                "https://a.example/rss?x=1&y=2",
                "https://b.example/",
                "https://c.example/feed"
            ]
        );
        assert_eq!(found.feeds[0].tags, ["wire-press"]);
        assert_eq!(found.feeds[1].tags, ["wire-press", "korea", "x", "y", "z"]);
        assert_eq!(found.feeds[1].title.as_deref(), Some("B"));
        assert_eq!(found.feeds[2].tags, [""; 0]);
        assert_eq!(found.refused.len(), 1);
        assert!(
            found.refused[0].why.contains("javascript:alert(1)"),
            "{:?}",
            found.refused
        );
        assert!(text[found.refused[0].span.clone()].contains("bad"));
    }

    #[test]
    fn hostile_opml_is_bounded() {
        let deep = "<outline text='x'>".repeat(50_000) + "<outline xmlUrl='https://a.example/'/>";
        let found = read(&deep);
        assert_eq!(found.feeds.len(), 1);
        let many = "<opml>".to_owned() + &"<outline xmlUrl='https://a.example/'/>".repeat(100_001);
        assert_eq!(read(&many).feeds.len(), 100_000);
        for odd in [
            "<",
            "<opml",
            "<opml><outline xmlUrl=",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><opml/>",
            "<a></b></outline>",
            "",
        ] {
            assert!(!read(odd).refused.is_empty(), "{odd}");
        }
    }

    #[test]
    fn newsboat_and_plain_lists_are_read() {
        let text = "# mine\nhttps://a.example/rss \"wire\" \"~The A\" 한국\n\nhttps://b.example/\nquery:x:y\nnot-a-url\n";
        let found = read(text);
        assert_eq!(
            urls(&found),
            ["https://a.example/rss", "https://b.example/"]
        );
        assert_eq!(found.feeds[0].tags, ["wire", "한국"]);
        assert_eq!(found.feeds[0].title.as_deref(), Some("The A"));
        let refused: Vec<_> = found
            .refused
            .iter()
            .map(|part| &text[part.span.clone()])
            .collect();
        assert_eq!(refused, ["query:x:y", "not-a-url"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let feed = |url: &str, tags: &[&str]| Feed {
            id: derive_feed_id(url),
            url: url.to_owned(),
            title: Some("한화 & \"친구\" <1>".to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            interval: None,
            full_text: false,
            language: None,
            default_tz: None,
            owner: None,
            history: 0,
            headers: std::collections::BTreeMap::new(),
            transport: None,
            enabled: true,
            origin: Origin::File,
            websub: crate::domain::feed::websub::Terms::default(),
        };
        let feeds = [
            feed("https://a.example/?x=1&y=2", &["wire", "en"]),
            feed("https://u:p@b.example/", &[]),
        ];
        let learned = crate::domain::feed::FeedState {
            title: Some("Never shown".to_owned()),
            site_url: Some("https://a.example/home?x&y".to_owned()),
            ..crate::domain::feed::FeedState::default()
        };
        let text = opml::write("mine", feeds.iter().map(|feed| (feed, &learned)));
        assert!(
            text.contains("htmlUrl=\"https://a.example/home?x&amp;y\""),
            "{text}"
        );
        assert!(
            text.contains("title=\"한화 &amp; &quot;친구&quot; &lt;1&gt;\""),
            "{text}"
        );
        let found = read(&text);
        assert_eq!(
            urls(&found),
            ["https://a.example/?x=1&y=2", "https://b.example/"]
        );
        assert_eq!(found.feeds[0].tags, ["wire", "en"]);
        assert_eq!(found.feeds[0].title, feeds[0].title);
    }

    #[test]
    fn other_encodings_are_read() {
        let (bytes, ..) = encoding_rs::EUC_KR.encode("<?xml version='1.0' encoding='euc-kr'?><opml><outline text='국방' xmlUrl='https://a.example/'/></opml>");
        assert_eq!(
            read(&decode(&bytes)).feeds[0].title.as_deref(),
            Some("국방")
        );
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(
                "https://a.example/"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes),
            )
            .collect();
        assert_eq!(urls(&read(&decode(&utf16))), ["https://a.example/"]);
    }
}
