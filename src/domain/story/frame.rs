//! What stands around the words of a headline: marks of wires before it, the publisher's name behind it (DLV-52).
//!
//! Marks are taken off only where they are set off, in brackets or by spaces: ` -50 jets` is no publisher.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::entry::identity::fold;

/// Titles that tell nothing yet of how a feed dresses them.
const FEWEST_TITLES: usize = 5;
/// Marks taken off at each end.
const MOST_MARKS: usize = 4;
/// Letters that must be left.
const FEWEST_LETTERS: usize = 6;
/// Words of a publisher's name.
const LONGEST_NAME: usize = 6;

/// Marks, folded and without digits: `(2nd LD)` is `nd ld`.
const MARKS: &[&str] = &[
    "lead",
    "ld",
    "st ld",
    "nd ld",
    "rd ld",
    "th ld",
    "urgent",
    "update",
    "updated",
    "breaking",
    "breaking news",
    "exclusive",
    "rpt",
    "corrected",
    "wrapup",
    "live",
    "just in",
    "flash",
    "alert",
    "watch",
    "video",
    "photo",
    "photos",
    "developing",
    "recasts",
    "refile",
    "news",
    "attn",
    "yonhap",
    "속보",
    "보",
    "종합",
    "종합보",
    "단독",
    "긴급",
    "수정",
    "재송",
    "업데이트",
    "영상",
    "포토",
    "사진",
    "동영상",
    "특보",
    "상보",
    "단독종합",
    "속보종합",
    "종합 속보",
    "단독 속보",
    "최종",
    "자막뉴스",
    "사진종합",
    "오피셜",
    "특징주",
    "official",
];

/// Words that names of publishers are made of.
const PRESS: &[&str] = &[
    "news",
    "times",
    "post",
    "herald",
    "daily",
    "journal",
    "press",
    "agency",
    "reuters",
    "ap",
    "afp",
    "bloomberg",
    "yonhap",
    "tribune",
    "gazette",
    "magazine",
    "review",
    "weekly",
    "online",
    "wire",
    "tv",
    "radio",
    "observer",
    "guardian",
    "telegraph",
    "independent",
    "mirror",
    "chronicle",
    "globe",
    "bbc",
    "cnn",
    "cnbc",
    "npr",
    "kbs",
    "mbc",
    "sbs",
    "ytn",
    "jtbc",
    "kyodo",
    "xinhua",
    "tass",
    "interfax",
    "dpa",
    "ansa",
    "nhk",
    "insider",
    "monitor",
    "newswire",
    "report",
    "com",
    "net",
    "org",
    "kr",
    "janes",
    "flightglobal",
];

/// The same in Korean, at the end of a word.
const PRESS_ENDS: &[&str] = &[
    "뉴스",
    "일보",
    "신문",
    "경제",
    "방송",
    "통신",
    "타임스",
    "타임즈",
    "데일리",
    "투데이",
    "미디어",
    "헤럴드",
    "저널",
    "닷컴",
    "뉴시스",
    "뉴스1",
    "매일",
    "중앙",
    "한겨레",
    "경향",
];

/// What a feed puts around its titles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    heads: Vec<String>,
    tails: Vec<String>,
}

impl Frame {
    /// Learns it: what stands before or behind at least three in ten of `titles`.
    #[must_use]
    pub fn learn<'a>(titles: impl Iterator<Item = &'a str>) -> Self {
        let (mut heads, mut tails) = (HashMap::new(), HashMap::new());
        let mut count = 0_usize;
        for title in titles {
            count += 1;
            if let Some((head, _)) = head_of(title) {
                *heads.entry(fold(head)).or_insert(0_usize) += 1;
            }
            if let Some((_, tail)) = tail_of(title) {
                *tails.entry(fold(tail)).or_insert(0_usize) += 1;
            }
        }
        let often = |found: HashMap<String, usize>| {
            let enough = |(text, times): (String, usize)| {
                let often = times >= 3 && times * 10 >= count * 3 && !text.is_empty();
                (often && count >= FEWEST_TITLES).then_some(text)
            };
            let mut often: Vec<String> = found.into_iter().filter_map(enough).collect();
            often.sort_unstable();
            often
        };
        Self {
            heads: often(heads),
            tails: often(tails),
        }
    }

    /// The bytes of `title` that are its own words; `publisher` is the feed's title.
    #[must_use]
    pub fn content(&self, title: &str, publisher: Option<&str>) -> Range<usize> {
        let publisher = publisher.map(fold).unwrap_or_default();
        let (mut from, mut to) = (0, title.len());
        for _ in 0..MOST_MARKS {
            let Some((head, rest)) = head_of(&title[from..to]) else {
                break;
            };
            let known = is_mark(head) || is_dateline(head) || self.heads.contains(&fold(head));
            if !known || fold(rest).len() < FEWEST_LETTERS {
                break;
            }
            from = to - rest.len();
        }
        for _ in 0..MOST_MARKS {
            let Some((rest, tail)) = tail_of(&title[from..to]) else {
                break;
            };
            let folded = fold(tail);
            let known = is_mark(tail)
                || is_press(&folded)
                || self.tails.contains(&folded)
                || !folded.is_empty() && folded == publisher;
            if !known || fold(rest).len() < FEWEST_LETTERS {
                break;
            }
            to = from + rest.len();
        }
        from..to
    }
}

const BRACKETS: [(char, char); 7] = [
    ('[', ']'),
    ('(', ')'),
    ('<', '>'),
    ('【', '】'),
    ('〈', '〉'),
    ('《', '》'),
    ('［', '］'),
];
const SEPARATORS: [&str; 8] = [" - ", " | ", " – ", " — ", " :: ", " · ", " ｜ ", " ― "];

/// What is set off at the beginning, and what follows.
fn head_of(title: &str) -> Option<(&str, &str)> {
    let title = title.trim_start();
    for (open, close) in BRACKETS {
        if let Some(rest) = title.strip_prefix(open) {
            let (head, rest) = rest.split_once(close)?;
            return Some((head, rest.trim_start()));
        }
    }
    // `UPDATE 1-Ferry …`, `BREAKING: …`, `Exclusive | …`
    let end = title.find(['-', ':', '|', '–', '—'])?;
    let (head, rest) = title.split_at(end);
    let rest = rest
        .trim_start_matches(['-', ':', '|', '–', '—'])
        .trim_start();
    (head.split_whitespace().count() <= 3).then_some((head, rest))
}

/// What goes before, and what is set off at the end.
fn tail_of(title: &str) -> Option<(&str, &str)> {
    let title = title.trim_end();
    for (open, close) in BRACKETS {
        if let Some(before) = title.strip_suffix(close) {
            let (rest, tail) = before.rsplit_once(open)?;
            return Some((rest.trim_end(), tail));
        }
    }
    let last = SEPARATORS
        .iter()
        .filter_map(|mark| Some((title.rfind(mark)?, mark.len())))
        .max()?;
    Some((title[..last.0].trim_end(), &title[last.0 + last.1..]))
}

/// Whether a head or tail is a wire's mark, whatever its number.
fn is_mark(text: &str) -> bool {
    let folded = fold(text);
    let mark: String = folded.chars().filter(|c| !c.is_numeric()).collect();
    MARKS.contains(&mark.trim())
}

/// Whether a head says where an agency writes from: `(창원=연합뉴스)`.
fn is_dateline(head: &str) -> bool {
    let agency = head.rsplit_once('=').map(|(_, agency)| fold(agency));
    agency.is_some_and(|agency| is_press(&agency))
}

/// Whether a tail is the name of a publisher by its words.
fn is_press(folded: &str) -> bool {
    let words: Vec<&str> = folded.split(' ').collect();
    words.len() <= LONGEST_NAME
        && words
            .iter()
            .any(|word| PRESS.contains(word) || PRESS_ENDS.iter().any(|end| word.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(title: &str) -> &str {
        &title[Frame::default().content(title, None)]
    }

    #[test]
    fn marks_and_publishers_are_taken_off() {
        for (title, own) in [
            (
                "(2nd LD) Ferry sinks off the island",
                "Ferry sinks off the island",
            ),
            (
                "UPDATE 1-Ferry sinks off the island",
                "Ferry sinks off the island",
            ),
            (
                "BREAKING: Ferry sinks off the island",
                "Ferry sinks off the island",
            ),
            ("[속보] 여객선 섬 앞바다서 침몰", "여객선 섬 앞바다서 침몰"),
            (
                "(목포=연합뉴스) 여객선 섬 앞바다서 침몰",
                "여객선 섬 앞바다서 침몰",
            ),
            (
                "[단독][1보] 여객선 섬 앞바다서 침몰(종합2보)",
                "여객선 섬 앞바다서 침몰",
            ),
            (
                "여객선 섬 앞바다서 침몰 [연합뉴스]",
                "여객선 섬 앞바다서 침몰",
            ),
            (
                "Ferry sinks off the island - Reuters",
                "Ferry sinks off the island",
            ),
            (
                "Ferry sinks off the island | The Harbour Times",
                "Ferry sinks off the island",
            ),
            (
                "Ferry sinks off the island -50 jets to Poland",
                "Ferry sinks off the island -50 jets to Poland",
            ),
            ("Ferry deal signed - Norway", "Ferry deal signed - Norway"),
            (
                "Yard wins order: two ferries",
                "Yard wins order: two ferries",
            ),
            ("[속보]", "[속보]"),
        ] {
            assert_eq!(content(title), own, "{title}");
        }
    }

    #[test]
    fn a_feeds_own_dress_is_learnt() {
        let titles: Vec<String> = (0..10)
            .map(|n| match n % 3 {
                0 => format!("[Harbour desk] Ship number {n} is late"),
                1 => format!("Ship number {n} is early ‹x› — Quay Watch"),
                _ => format!("Ship number {n} is here"),
            })
            .collect();
        let frame = Frame::learn(titles.iter().map(String::as_str));
        let title = "[Harbour desk] New crane stands — Quay Watch";
        assert_eq!(&title[frame.content(title, None)], "New crane stands");
        let few = Frame::learn(titles.iter().take(4).map(String::as_str));
        assert_eq!(few, Frame::default());
        let title = "New crane stands — Port Blog";
        assert_eq!(
            &title[Frame::default().content(title, Some("Port blog"))],
            "New crane stands"
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_is_a_part_of_the_title(title in "(\\[|\\]|\\(| - | \\| |속보|LEAD|: |\\PC){0,30}") {
            let range = Frame::default().content(&title, None);
            proptest::prop_assert!(title.get(range).is_some());
        }
    }
}
