//! A message made smaller until it fits, the dearest parts last to go (DLV-75).
//!
//! Whether it fits is asked of the caller, who renders it and counts in its service's own unit: so nothing is
//! ever cut inside markup, and a link is dropped whole.

use unicode_segmentation::UnicodeSegmentation;

use super::{Line, Message, Piece};

/// The title keeps at least so many characters, as people count them.
const SHORTEST_TITLE: usize = 80;

/// `message`, made as much smaller as it takes for `fits` to hold: first the snippet is cut, then lines go
/// from the last to the second, then the title is cut, then links go from the last to the first, then the
/// rest. What was cut ends in `…`.
#[must_use]
pub fn fit(message: &Message, fits: impl Fn(&Message) -> bool) -> Message {
    let mut message = message.clone();
    if fits(&message) {
        return message;
    }
    let whole = message.snippet.clone();
    if largest(
        &mut message,
        clusters(&whole),
        |message, keep| message.snippet = cut_pieces(&whole, keep),
        &fits,
    ) {
        return message;
    }
    let lines = message.lines.clone();
    if lines.len() > 1
        && largest(
            &mut message,
            lines.len() - 1,
            |message, keep| message.lines = cut_lines(&lines, keep.max(1)),
            &fits,
        )
    {
        return message;
    }
    let title = message.title.clone();
    let length = title.graphemes(true).count();
    let most = length.saturating_sub(SHORTEST_TITLE);
    if largest(
        &mut message,
        most,
        |message, keep| message.title = cut(&title, length.min(SHORTEST_TITLE) + keep),
        &fits,
    ) {
        return message;
    }
    while message.links.len() > 1 {
        message.links.pop();
        if fits(&message) {
            return message;
        }
    }
    message.lines.clear();
    if !fits(&message) {
        message.links.clear();
    }
    message
}

/// The message for a receiver to whom the whole was too large: no snippet, two lines, a short title.
#[must_use]
pub fn small(message: &Message) -> Message {
    let mut message = message.clone();
    message.snippet.clear();
    if message.lines.len() > 2 {
        message.lines = cut_lines(&message.lines, 2);
    }
    message.title = cut(&message.title, SHORTEST_TITLE);
    if !message.title.ends_with('…') && !message.lines.iter().any(|line| line.text == "…") {
        message.lines.push("…".to_owned().into());
    }
    message
}

/// `text` in at most `keep` grapheme clusters, `…` among them where it was cut.
#[must_use]
pub fn cut(text: &str, keep: usize) -> String {
    if keep == 0 {
        return String::new();
    }
    // The cluster before the last one kept ends where that one begins.
    let mut borders = text.grapheme_indices(true).map(|(at, _)| at).skip(keep - 1);
    match (borders.next(), borders.next()) {
        (Some(end), Some(_)) => format!("{}…", text[..end].trim_end()),
        _ => text.to_owned(),
    }
}

/// Applies `shrink` with the largest number below `most` that makes the message fit; false, and the smallest
/// applied, when none does.
fn largest(
    message: &mut Message,
    most: usize,
    shrink: impl Fn(&mut Message, usize),
    fits: &impl Fn(&Message) -> bool,
) -> bool {
    let (mut low, mut high) = (0, most);
    shrink(message, 0);
    if !fits(message) {
        return false;
    }
    // `low` fits; `high` is taken not to.
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        shrink(message, middle);
        if fits(message) {
            low = middle;
        } else {
            high = middle;
        }
    }
    shrink(message, low);
    true
}

fn clusters(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|piece| piece.text.graphemes(true).count())
        .sum()
}

fn cut_pieces(pieces: &[Piece], mut keep: usize) -> Vec<Piece> {
    let mut kept = Vec::new();
    for piece in pieces {
        let length = piece.text.graphemes(true).count();
        if length < keep {
            kept.push(piece.clone());
            keep -= length;
            continue;
        }
        let mut text = cut(&piece.text, keep);
        if !text.is_empty() && !text.ends_with('…') {
            text = cut(&format!("{text}…"), keep);
        }
        if text != "…" && !text.is_empty() {
            kept.push(Piece {
                text,
                hit: piece.hit,
            });
        }
        break;
    }
    kept
}

fn cut_lines(lines: &[Line], keep: usize) -> Vec<Line> {
    let mut kept = lines[..keep.min(lines.len())].to_vec();
    if kept.len() < lines.len() {
        kept.push("…".to_owned().into());
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Link;
    use super::*;
    use crate::domain::rule::Severity;

    fn message(title: &str, lines: usize, snippet: &str) -> Message {
        Message {
            severity: Severity::High,
            title: title.to_owned(),
            lines: (0..lines).map(|i| format!("line {i}").into()).collect(),
            snippet: vec![
                Piece {
                    text: "before ".into(),
                    hit: false,
                },
                Piece {
                    text: snippet.into(),
                    hit: true,
                },
            ],
            links: vec![Link {
                label: "Article".into(),
                url: "https://example.org/a".into(),
            }],
        }
    }

    fn within(max: usize) -> impl Fn(&Message) -> bool {
        move |message| message.to_text().chars().count() <= max
    }

    #[test]
    fn the_snippet_goes_first_then_lines_then_the_title_and_links_last() {
        let whole = message(&"제목".repeat(60), 3, &"x".repeat(100));
        let length = whole.to_text().chars().count();
        assert_eq!(fit(&whole, within(length)), whole);

        let shorter = fit(&whole, within(length - 1));
        assert_eq!((&shorter.title, shorter.lines.len()), (&whole.title, 3));
        assert!(shorter.to_text().contains("xx…"));

        let fewer = fit(&whole, within(length - 110));
        assert!(fewer.snippet.is_empty() && fewer.title == whole.title);
        assert_eq!(fewer.lines.last().unwrap().text, "…");

        let titled = fit(&whole, within(140));
        assert!(titled.title.ends_with('…') && titled.title.chars().count() >= 80);
        assert_eq!(titled.links, whole.links);

        let bare = fit(&whole, within(90));
        assert!(bare.links.is_empty() && bare.lines.is_empty());
        assert_eq!(bare.title.chars().count(), 80);
    }

    #[test]
    fn a_cut_keeps_clusters_whole() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("a👩\u{200d}🚀bc", 3), "a👩\u{200d}🚀…");
        assert_eq!(cut("a b c", 3), "a…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_small_message_says_that_it_was_cut() {
        for whole in [message("short", 1, "x"), message(&"t".repeat(200), 9, "x")] {
            let small = small(&whole);
            assert!(small.to_text().contains('…'));
            assert_eq!(small.links, whole.links);
            assert!(small.snippet.is_empty() && small.lines.len() <= 3);
        }
    }

    proptest! {
        #[test]
        fn it_fits_or_nothing_is_left_to_cut(
            title in "\\PC{0,200}",
            snippet in "\\PC{0,160}",
            lines in 0usize..40,
            max in 0usize..700,
        ) {
            let title = crate::domain::alert::plain::one_line(&title, 200);
            let whole = message(&title, lines, &snippet);
            let fitted = fit(&whole, within(max));
            let fits = within(max)(&fitted);
            let bare = fitted.links.is_empty() && fitted.lines.is_empty() && fitted.snippet.is_empty();
            prop_assert!(fits || bare);
            // A blank before the `…` goes too.
            let (kept, all) = (fitted.title.graphemes(true).count(), title.graphemes(true).count());
            prop_assert!(kept + 1 >= all.min(SHORTEST_TITLE));
        }
    }
}
