//! Words of a phrase that stand in an entry, and not in a row.

use std::collections::HashSet;

use super::super::evaluate::Run;
use super::super::near::sequences;
use super::super::node::{Between, Expr, NodeId, Scope};
use super::super::pattern::{End, GAP, OPTIONAL, Pattern};
use super::super::text::Span;
use super::{SEARCHED, allowed, words};

/// Why a phrase is none where `~0` would be.
const UNCOUNTED: &str =
    "what stands between is counted as no word, but a phrase bears only separators";

/// The widest gap for which a slop is proposed.
const WIDE: u32 = 20;

impl Run<'_, '_> {
    /// A phrase whose words stand apart, in another order, with a particle inside, or not all.
    pub(super) fn miss_phrase(
        &self,
        pattern: &Pattern,
        scope: Scope,
        written: &str,
    ) -> Option<String> {
        let is_gap = |symbol: &u32| matches!(*symbol, GAP | OPTIONAL);
        if !written.contains(char::is_whitespace) && !pattern.symbols.contains(&GAP) {
            return None;
        }
        let pieces: Vec<&[u32]> = pattern.symbols.split(is_gap).collect();
        if pieces.len() < 2 {
            return None;
        }
        let word = |at: usize, inner: End| {
            let last = at + 1 == pieces.len();
            Pattern {
                symbols: pieces[at].to_vec(),
                end: if last { pattern.end.clone() } else { inner },
                verbatim: None,
                lookalike: false,
            }
        };
        let lists = |inner: End| -> Vec<Vec<Span>> {
            (0..pieces.len())
                .map(|at| self.places(&word(at, inner.clone()), scope))
                .collect()
        };
        let phrase = Some(written).filter(|written| written.ends_with(['"', '”']));
        let whole = lists(End::Whole);
        if sequences(&self.text, &whole, Between::Words(0))
            .next()
            .is_some()
        {
            return Some(match phrase {
                Some(phrase) => format!("{UNCOUNTED} (write {phrase}~0)"),
                None => UNCOUNTED.to_owned(),
            });
        }
        if let Some(between) = self.row_of(&whole, 0) {
            let note = format!("{} between, none allowed", words(between));
            return Some(match phrase.filter(|_| between <= WIDE) {
                Some(phrase) => format!("{note} (write {phrase}~{between})"),
                None => note,
            });
        }
        let tailed = lists(End::Closed);
        if sequences(&self.text, &tailed, Between::Words(0))
            .next()
            .is_some()
        {
            let note = "only the last word of a phrase takes a particle";
            return Some(match phrase {
                Some(phrase) => format!("{note} (write {phrase}~0)"),
                None => note.to_owned(),
            });
        }
        let empty: Vec<usize> = (0..pieces.len())
            .filter(|at| tailed[*at].is_empty())
            .collect();
        if let [first, ..] = empty[..] {
            let names: Vec<String> = empty.iter().map(|at| spelt(pieces[*at])).collect();
            let near = self.miss_pattern(&word(first, End::Closed), None);
            return missing(&names, pieces.len(), near.map(|seen| seen.note));
        }
        self.disorder(&tailed)
    }

    /// Words of a row with others in between, in another order, or not all.
    pub(super) fn miss_row(
        &mut self,
        node: NodeId,
        row: &[NodeId],
        between: Between,
    ) -> Option<String> {
        let lists: Vec<Vec<Span>> = row.iter().map(|word| self.spans(*word).to_vec()).collect();
        let slop = match between {
            Between::Words(slop) => slop,
            Between::Separators => {
                if sequences(&self.text, &lists, Between::Words(0))
                    .next()
                    .is_some()
                {
                    return Some(UNCOUNTED.to_owned());
                }
                0
            }
        };
        if let Some(between) = self.row_of(&lists, slop) {
            return Some(format!(
                "{} between, {} allowed",
                words(between),
                allowed(slop)
            ));
        }
        let names: Vec<String> = row
            .iter()
            .zip(&lists)
            .filter(|(_, list)| list.is_empty())
            .map(|(word, _)| self.spelling(*word))
            .collect();
        if names.is_empty() {
            return self.disorder(&lists);
        }
        let unread = self.unread(Scope::text(), |run| run.holds(node));
        unread.or_else(|| missing(&names, row.len(), None))
    }

    /// The letters of a word of a row.
    fn spelling(&self, word: NodeId) -> String {
        match self.set.expr(word) {
            Expr::Leaf(patterns, _) => patterns
                .first()
                .map(|id| spelt(&self.set.patterns.get(*id).symbols))
                .unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Where a word stands.
    fn places(&self, word: &Pattern, scope: Scope) -> Vec<Span> {
        let mut out = Vec::new();
        for first in 0..self.text.units.list.len() {
            if self.text.units.list[first].start as usize > SEARCHED {
                break;
            }
            for at in self.starts(first) {
                let place = self.stands_at(word, first, at);
                let ended =
                    place.and_then(|place| self.set.patterns.end(word, &self.text, at, place));
                out.extend(ended.filter(|span| self.in_scope(*span, scope)));
            }
        }
        out.sort_unstable();
        out
    }

    /// The fewest words between a row that are more than allowed; none where there is no row.
    fn row_of(&self, lists: &[Vec<Span>], slop: u32) -> Option<u32> {
        sequences(&self.text, lists, Between::Words(u32::MAX)).next()?;
        let (mut low, mut high) = (slop, u32::MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if sequences(&self.text, lists, Between::Words(middle))
                .next()
                .is_none()
            {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(high)
    }

    /// Words that all stand there, and nowhere in order.
    fn disorder(&self, lists: &[Vec<Span>]) -> Option<String> {
        let common = |place: &dyn Fn(&Span) -> u32| {
            let mut sets = lists
                .iter()
                .map(|list| list.iter().map(place).collect::<HashSet<u32>>());
            let first = sets.next().unwrap_or_default();
            !sets.fold(first, |all, next| &all & &next).is_empty()
        };
        let spot = |span: &Span| self.text.spots[span.first as usize];
        if lists.iter().any(Vec::is_empty) {
            return None;
        }
        let note = if common(&|span| spot(span).block) {
            "only in another order"
        } else if common(&|span| spot(span).zone) {
            "a sentence ends between the words"
        } else {
            "not in the same field"
        };
        Some(note.to_owned())
    }
}

/// The letters of a pattern.
fn spelt(symbols: &[u32]) -> String {
    symbols
        .iter()
        .filter_map(|symbol| char::from_u32(*symbol))
        .collect()
}

/// What is not there; nothing where none of it is.
fn missing(names: &[String], of: usize, near: Option<String>) -> Option<String> {
    if names.len() == of && near.is_none() {
        return None;
    }
    let note = format!("missing {}", names.join(", "));
    Some(match near {
        Some(near) => format!("{note}; {near}"),
        None => note,
    })
}
