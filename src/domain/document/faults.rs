//! What was wrong with a document and read all the same, counted and put into words.

use std::collections::BTreeMap;

/// A fault that costs nothing but a strict reader's patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Text before the root element.
    JunkBefore,
    /// Text or markup behind it.
    JunkAfter,
    /// Control characters.
    Control,
    /// `&` that begins no reference, or one that XML does not know.
    Reference,
    /// `<` that begins no tag.
    BareAngle,
    /// A tag without `>`.
    OpenTag,
    /// An attribute whose quote is not closed.
    OpenQuote,
    /// A comment without end.
    OpenComment,
    /// A CDATA section without end.
    OpenCdata,
    /// An element without end tag.
    OpenElement,
    /// An end tag without element.
    StrayEnd,
    /// A prefix that is not declared.
    Prefix,
    /// Elements nested deeper than anyone writes.
    Deep,
    /// More elements or values than are kept.
    Many,
    /// A field longer than is kept.
    Long,
    /// A date that could not be read.
    Date,
    /// A date that names no zone.
    Zone,
    /// A date in the future, taken as now.
    Future,
    /// References to the bytes of text that was encoded twice.
    Twice,
    /// An item of a JSON Feed that is not an object.
    Item,
    /// A JSON Feed without a list of items.
    NoItems,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::JunkBefore => "text before the feed",
            Self::JunkAfter => "text behind the feed",
            Self::Control => "control characters",
            Self::Reference => "`&` or unknown character references",
            Self::BareAngle => "`<` that begins no tag",
            Self::OpenTag => "tags without `>`",
            Self::OpenQuote => "attributes without closing quote",
            Self::OpenComment => "a comment without end",
            Self::OpenCdata => "CDATA sections without end",
            Self::OpenElement => "elements without end tag",
            Self::StrayEnd => "end tags without element",
            Self::Prefix => "undeclared prefixes",
            Self::Deep => "elements nested too deep",
            Self::Many => "more elements than are kept, the rest left out",
            Self::Long => "fields cut at 1 MiB",
            Self::Date => "dates that could not be read",
            Self::Zone => "dates without a zone",
            Self::Future => "dates in the future, taken as the time of the poll",
            Self::Twice => "references to the bytes of text that was encoded twice",
            Self::Item => "items that could not be read",
            Self::NoItems => "no list of items",
        }
    }
}

/// Faults met, each with its count and where the first stood.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(BTreeMap<Fault, (usize, Option<usize>)>);

impl Faults {
    /// Notes a fault at a byte offset.
    pub(super) fn add(&mut self, fault: Fault, at: usize) {
        let entry = self.0.entry(fault).or_insert((0, Some(at)));
        entry.0 += 1;
    }

    /// Notes a fault whose place is not known.
    pub(super) fn count(&mut self, fault: Fault) {
        self.0.entry(fault).or_insert((0, None)).0 += 1;
    }

    /// True where a strict reader would have found nothing to say.
    pub(super) fn is_clean(&self) -> bool {
        self.0.keys().all(|fault| {
            matches!(
                fault,
                Fault::Date | Fault::Zone | Fault::Future | Fault::Long | Fault::Twice
            )
        })
    }

    /// Whether a fault was met.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.contains_key(&fault)
    }

    /// One line for people a kind of fault; `text` is what the offsets count in.
    pub(super) fn notes(&self, text: &str) -> Vec<String> {
        self.0
            .iter()
            .map(|(fault, (count, first))| {
                let times = if *count == 1 {
                    String::new()
                } else {
                    format!(" ({count} times)")
                };
                let place = first.map(|at| format!(", first in line {}", line_of(text, at).0));
                format!("{}{times}{}", fault.words(), place.unwrap_or_default())
            })
            .collect()
    }
}

/// Line and column of a byte offset, both from 1.
pub(super) fn line_of(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    (
        line,
        String::from_utf8_lossy(&before[start..]).chars().count() + 1,
    )
}
