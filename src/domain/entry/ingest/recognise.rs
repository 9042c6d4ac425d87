//! Which known entry each entry of a document is: by its key, else by what else they have in common.
//!
//! First what proves itself, pair by pair. Then, where most of a document came under keys nobody knew, what would
//! not prove it alone: the publisher changed its ids, its host or its dates. An entry that may be several stays new.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::evidence::{Evidence, Faces, Strength, span};
use super::why::Why;
use super::{Known, KnownEntry};
use crate::domain::entry::Entry;
use crate::domain::entry::identity::{Part, part_of};

/// A document at least this share of which has new keys that belong to known entries is a migration.
const MIGRATION_PERCENT: usize = 60;
/// In documents smaller than this a shared link or title proves nothing: only title and date together do.
const MIGRATION_LEAST: usize = 3;
/// So many that are certainly known under other keys tell that all keys changed, where none was kept.
const CERTAIN_LEAST: usize = 2;
/// So many unknown keys are a migration too, whatever share of the document, where nearly all are of known entries.
const BLOCK_LEAST: usize = 10;
/// That share.
const BLOCK_PERCENT: usize = 80;

/// Which known entry each entry of a document is.
pub(super) struct Recognised {
    /// Indices into [`Known::entries`] with the reason where the key is another, in the document's order.
    pub matches: Vec<Option<(usize, Option<Why>)>>,
    /// Whether most of them came under new keys.
    pub migrated: bool,
}

/// More known entries of one second are no candidates by their date.
const FEW_ALIKE: usize = 3;

/// A known entry that has the key of one that looks like another.
#[derive(Clone, Copy)]
struct Kept {
    index: usize,
    /// All that both say differs, dates included.
    is_contradicted: bool,
}

/// A pair that something speaks for.
struct Pair {
    strength: Strength,
    why: Why,
    place: usize,
    index: usize,
}

/// Entries of the document that no known key answers for: unknown ones, and those whose key looks reused.
pub(super) fn doubtful(known: &Known, entries: &[Entry]) -> Vec<usize> {
    let owners = owners(known);
    let doubtful = |entry: &Entry| match owners.get(entry.key.as_str()) {
        None => true,
        Some(index) => looks_reused(entry, &known.entries[*index]),
    };
    let places = entries.iter().enumerate();
    places
        .filter(|(_, entry)| doubtful(entry))
        .map(|(place, _)| place)
        .collect()
}

/// Recognises the entries of one document that was answered `now`.
pub(super) fn recognise(known: &Known, entries: &[Entry], now: Timestamp) -> Recognised {
    let owners = owners(known);
    let mut matches: Vec<Option<(usize, Option<Why>)>> = entries
        .iter()
        .map(|entry| Some((*owners.get(entry.key.as_str())?, None)))
        .collect();
    let doubtful = doubtful(known, entries);
    if doubtful.is_empty() || known.entries.is_empty() {
        return Recognised {
            matches,
            migrated: false,
        };
    }
    let faces = Faces::new(known, entries, now);
    let kept = set_aside(known, &faces, &doubtful, &mut matches);
    let mut taken: HashSet<usize> = matches.iter().flatten().map(|(index, _)| *index).collect();
    let open: Vec<usize> = doubtful
        .into_iter()
        .filter(|place| matches[*place].is_none())
        .collect();
    let mut pairs = pairs(known, &faces, &open);
    settle(&mut pairs, Strength::Certain, &mut matches, &mut taken);
    keep_owned(&kept, known, &faces, &mut matches, &mut taken);
    let sure = moved(&matches);
    pairs.retain(|pair| matches[pair.place].is_none() && !taken.contains(&pair.index));
    drop_ambiguous(&mut pairs);
    drop_reissues(&mut pairs, known, entries);
    let unknown = open
        .iter()
        .filter(|place| !kept.contains_key(place))
        .count();
    let owned = matches.iter().flatten().any(|(_, why)| why.is_none());
    // Where nobody has kept its key, two that are certainly known tell of the others.
    let all_changed = sure >= CERTAIN_LEAST && !owned;
    if all_changed || is_migration(sure + pairs.len(), unknown, entries.len()) {
        if entries.len() < MIGRATION_LEAST {
            pairs.retain(|pair| pair.why == Why::TitleAndDate);
        }
        settle(&mut pairs, Strength::Redated, &mut matches, &mut taken);
    }
    let found = moved(&matches);
    Recognised {
        migrated: all_changed || is_migration(found, unknown, entries.len()),
        matches,
    }
}

/// Takes back what matched by its key alone and looks like another entry.
fn set_aside(
    known: &Known,
    faces: &Faces<'_>,
    doubtful: &[usize],
    matches: &mut [Option<(usize, Option<Why>)>],
) -> HashMap<usize, Kept> {
    let mut kept = HashMap::new();
    for place in doubtful {
        let Some((index, _)) = matches[*place] else {
            continue;
        };
        let found = faces.compare(&faces.all[*place], &known.entries[index]);
        let is_contradicted = found.is_contradicted();
        if is_contradicted || found.is_doubted() {
            matches[*place] = None;
            let own = Kept {
                index,
                is_contradicted,
            };
            kept.insert(*place, own);
        }
    }
    kept
}

/// How many were found under another key.
fn moved(matches: &[Option<(usize, Option<Why>)>]) -> usize {
    matches
        .iter()
        .flatten()
        .filter(|(_, why)| why.is_some())
        .count()
}

/// Whether so many found of so many unknown make a document one whose ids changed.
fn is_migration(found: usize, unknown: usize, document: usize) -> bool {
    let most = found * 100 >= document * MIGRATION_PERCENT;
    let block = found >= BLOCK_LEAST && found * 100 >= unknown * BLOCK_PERCENT;
    found > 0 && (most || block)
}

/// Known entries by their key; of several the newest.
fn owners(known: &Known) -> HashMap<&str, usize> {
    let indexed = known.entries.iter().enumerate();
    indexed
        .map(|(index, known)| (known.key.as_str(), index))
        .collect()
}

/// Whether a known key may name another entry now: title and link differ.
fn looks_reused(entry: &Entry, known: &KnownEntry) -> bool {
    let content = &entry.content;
    let differs =
        |part: Part, at: usize| known.content_hash[at * 8..at * 8 + 8] != part_of(content, part);
    differs(Part::Title, 0) && differs(Part::Url, 1)
}

/// All pairs that something speaks for, the surest first.
fn pairs(known: &Known, faces: &Faces<'_>, open: &[usize]) -> Vec<Pair> {
    let compared = compared(known, faces, open);
    let is_relocated = is_relocated(&compared);
    let graded = compared.iter().filter_map(|(place, index, found)| {
        let (strength, why) = faces.grade(*place, &known.entries[*index], found, is_relocated)?;
        Some(Pair {
            strength,
            why,
            place: *place,
            index: *index,
        })
    });
    let mut pairs: Vec<Pair> = graded.collect();
    // The surest first; of equals the entry that stands first, and of its candidates the newest.
    pairs.sort_by(|a, b| {
        (b.strength, a.why, a.place, b.index).cmp(&(a.strength, b.why, b.place, a.index))
    });
    pairs
}

/// Open entries with the known ones that have a key or a date in common with them, compared.
fn compared(known: &Known, faces: &Faces<'_>, open: &[usize]) -> Vec<(usize, usize, Evidence)> {
    let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_date: HashMap<i64, Vec<usize>> = HashMap::new();
    for (index, entry) in known.entries.iter().enumerate() {
        for key in entry.alternates.iter().chain([&entry.key]) {
            by_key.entry(key).or_default().push(index);
        }
        if let Some(at) = entry.published {
            by_date.entry(at.as_second()).or_default().push(index);
        }
    }
    let hosts = super::known_hosts(known);
    let mut compared: Vec<(usize, usize, Evidence)> = Vec::new();
    for &place in open {
        let face = &faces.all[place];
        let moved = super::elsewhere(face.entry, &hosts);
        let keys = face.all_keys().chain(&moved).chain([&face.entry.key]);
        let at = face.entry.content.published.map(Timestamp::as_second);
        let dated = at.and_then(|at| by_date.get(&at));
        let dated = dated.filter(|alike| alike.len() <= FEW_ALIKE);
        let mut candidates: Vec<usize> = keys
            .filter_map(|key| by_key.get(key.as_str()))
            .chain(dated)
            .flatten()
            .copied()
            .filter(|index| known.entries[*index].key != face.entry.key)
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let found = candidates
            .into_iter()
            .map(|index| (place, index, faces.compare(face, &known.entries[index])));
        compared.extend(found);
    }
    compared
}

/// Whether the site moved to another host and kept its paths: most of the pairs that have one have more in common.
fn is_relocated(compared: &[(usize, usize, Evidence)]) -> bool {
    let pairs = compared.iter().map(|(_, _, found)| found.relocated());
    let (all, borne_out) = pairs.fold((0, 0), |(all, borne_out), (elsewhere, also)| {
        (all + usize::from(elsewhere), borne_out + usize::from(also))
    });
    borne_out >= MIGRATION_LEAST && borne_out * 2 >= all
}

/// Takes pairs of at least this strength, each entry and each known one once.
fn settle(
    pairs: &mut Vec<Pair>,
    least: Strength,
    matches: &mut [Option<(usize, Option<Why>)>],
    taken: &mut HashSet<usize>,
) {
    for pair in pairs.iter().filter(|pair| pair.strength >= least) {
        if matches[pair.place].is_none() && taken.insert(pair.index) {
            matches[pair.place] = Some((pair.index, Some(pair.why)));
        }
    }
    pairs.retain(|pair| pair.strength < least);
}

/// Entries whose guid named something quite different are new, unless the whole document changed its links or its
/// dates, so that these say nothing: then the guid is believed. So it is where there are no dates to say that it is
/// another's, unless some of the entries turned out to be others.
fn keep_owned(
    kept: &HashMap<usize, Kept>,
    known: &Known,
    faces: &Faces<'_>,
    matches: &mut [Option<(usize, Option<Why>)>],
    taken: &mut HashSet<usize>,
) {
    let shuffled = kept.keys().any(|place| matches[*place].is_some());
    let owned: Vec<(usize, usize)> = matches
        .iter()
        .enumerate()
        .filter_map(|(place, found)| match found {
            Some((index, None)) => Some((place, *index)),
            _ => None,
        })
        .collect();
    let relinked = owned
        .iter()
        .filter(|(place, index)| {
            let found = faces.compare(&faces.all[*place], &known.entries[*index]);
            found.link == super::evidence::Same::No
        })
        .count();
    let whole = owned.len() >= MIGRATION_LEAST && relinked * 2 >= owned.len();
    if shuffled {
        return;
    }
    let believed = kept
        .iter()
        .filter(|(_, kept)| whole || !kept.is_contradicted);
    for (place, kept) in believed {
        if matches[*place].is_none() && taken.insert(kept.index) {
            matches[*place] = Some((kept.index, None));
        }
    }
}

/// An entry that may be several known ones, or a known one that several may be, is nobody's.
fn drop_ambiguous(pairs: &mut Vec<Pair>) {
    let mut best: HashMap<usize, (Strength, Why)> = HashMap::new();
    for pair in pairs.iter() {
        best.entry(pair.place).or_insert((pair.strength, pair.why));
    }
    pairs.retain(|pair| best.get(&pair.place) == Some(&(pair.strength, pair.why)));
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut indices: HashMap<usize, usize> = HashMap::new();
    for pair in pairs.iter() {
        *places.entry(pair.place).or_default() += 1;
        *indices.entry(pair.index).or_default() += 1;
    }
    pairs
        .retain(|pair| places.get(&pair.place) == Some(&1) && indices.get(&pair.index) == Some(&1));
}

/// Whether all dates are off by the same time zone, and no text says that there is anything new.
fn is_shifted(pairs: &[&Pair], known: &Known, entries: &[Entry]) -> bool {
    let shift = |pair: &&Pair| {
        let content = &entries[pair.place].content;
        let then = known.entries[pair.index].published?;
        let shift = content.published?.duration_since(then).as_secs();
        let zone = shift % 900 == 0 && shift.abs() <= 14 * 3600;
        (zone && content.body.trim().is_empty()).then_some(shift)
    };
    let mut shifts = pairs.iter().map(shift);
    let first = shifts.next().flatten();
    first.is_some() && shifts.all(|shift| shift == first)
}

/// Entries that say they are later issues of known ones are that, unless the dates of the whole document fell
/// together or vanished: a bulletin that comes every day keeps its spread, an import does not.
fn drop_reissues(pairs: &mut Vec<Pair>, known: &Known, entries: &[Entry]) {
    let redated: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| pair.strength == Strength::Redated)
        .collect();
    let now = redated
        .iter()
        .filter_map(|pair| entries[pair.place].content.published);
    let then = redated
        .iter()
        .filter_map(|pair| known.entries[pair.index].published);
    let (now, then) = (span(now).as_secs(), span(then).as_secs());
    let fell_together = now * 4 <= then || is_shifted(&redated, known, entries);
    if redated.len() < MIGRATION_LEAST || then < 3600 || !fell_together {
        pairs.retain(|pair| pair.strength > Strength::Redated);
    }
}
