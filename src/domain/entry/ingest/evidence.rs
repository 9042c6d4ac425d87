//! What speaks for an entry of a document being a known one that has another key, part by part, and how much it is
//! worth alone and in a document that moved as a whole.
//!
//! One pair at a time: who is taken for whom is decided in `recognise`.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::spelling::{has_path, is_counted_guid, is_own_link, is_respelt_guid, named_by};
use super::why::Why;
use super::{Known, KnownEntry};
use crate::domain::entry::Entry;
use crate::domain::entry::identity::{
    Part, alternates, former_link_key, host_and_rest, part_of, title_key,
};

/// Texts with fewer bytes may stand under many titles: see our site.
const OWN_TEXT: usize = 80;
/// The same of a text that stands once in the document and once among the known.
const SOME_TEXT: usize = 24;

/// Dates that are all this close to the time of the answer, in seconds, are that time.
const ANSWER_SECS: i64 = 60;

/// How far evidence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Only where most of the document moved, and its dates were all set anew.
    Redated,
    /// Only where most of the document moved.
    Likely,
    /// By itself.
    Certain,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Same {
    Yes,
    No,
    /// One side does not say.
    Unknown,
}

impl Same {
    pub(super) fn is(self) -> bool {
        self == Self::Yes
    }

    /// `one` and `other` say whether the sides do.
    fn of(one: bool, other: bool, equal: bool) -> Self {
        match (one, other, equal) {
            (_, _, true) => Self::Yes,
            (true, true, false) => Self::No,
            _ => Self::Unknown,
        }
    }
}

/// How two dates stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dates {
    /// Equal, to a second that no clock strikes by itself.
    Telling,
    /// Equal, on the hour or all over the document.
    Equal,
    /// Shifted by a time zone, and before the known one was seen: no later issue.
    Near,
    /// Different, and before the known one was seen.
    Other,
    /// After the known one was seen: an issue of its own, by what it says.
    Later,
    /// One side has none.
    Unknown,
}

/// What was compared.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a comparison of its own that both sides can always answer"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    spelling: bool,
    former: bool,
    pub(super) link: Same,
    pub(super) title: Same,
    dates: Dates,
    body: Same,
    wording: bool,
    /// The same path on another host, of whatever length.
    elsewhere: bool,
    /// The same, and no two articles of different sites have such a path by chance.
    path: bool,
    other_rung: bool,
}

/// What of an entry no other of the document has, and at most one known.
#[derive(Clone, Copy)]
struct Alone {
    link: bool,
    title: bool,
}

/// What an entry of a document is known by.
pub(super) struct Face<'a> {
    pub(super) entry: &'a Entry,
    /// Its other keys.
    pub(super) keys: Vec<String>,
    former_link: Option<String>,
    link: Option<usize>,
    title: Option<usize>,
    wording: Option<usize>,
    /// Eight bytes each of title, link, text: see `identity::part_of`.
    parts: [[u8; 8]; 3],
    is_distinctive: bool,
}

impl<'a> Face<'a> {
    fn new(entry: &'a Entry) -> Self {
        let keys = alternates(&entry.key, &entry.content);
        let at = |rung: &str| keys.iter().position(|key| key.starts_with(rung));
        let content = &entry.content;
        Self {
            link: at("l:"),
            title: at("t:"),
            wording: at("b:"),
            former_link: former_link_key(content),
            parts: [Part::Title, Part::Url, Part::Body].map(|part| part_of(content, part)),
            is_distinctive: title_key(&content.title, None).is_some(),
            keys,
            entry,
        }
    }

    /// The link as a key: its own, or an alternate.
    fn link(&self) -> Option<&str> {
        let own = Some(self.entry.key.as_str()).filter(|key| key.starts_with("l:"));
        self.link.map(|at| self.keys[at].as_str()).or(own)
    }

    fn key(&self, at: Option<usize>) -> Option<&str> {
        at.map(|at| self.keys[at].as_str())
    }

    /// Whether its text is long enough to stand under one title only.
    fn has_long_text(&self) -> bool {
        self.entry.content.body.len() >= OWN_TEXT
    }

    /// Every key by which the store may know it.
    pub(super) fn all_keys(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().chain(&self.former_link)
    }
}

/// The faces of a document, with how often each of their marks stands in it and among the known.
pub(super) struct Faces<'a> {
    pub(super) all: Vec<Face<'a>>,
    in_document: HashMap<String, usize>,
    dates: HashMap<i64, usize>,
    /// How often a text stands in the document, and how often among the known.
    texts: HashMap<[u8; 8], (usize, usize)>,
    known: HashMap<&'a str, usize>,
    /// All dates are the time of the answer: made up for it, they say nothing.
    are_dates_made_up: bool,
}

impl<'a> Faces<'a> {
    pub(super) fn new(known: &'a Known, entries: &'a [Entry], now: Timestamp) -> Self {
        let all: Vec<Face<'a>> = entries.iter().map(Face::new).collect();
        let mut in_document: HashMap<String, usize> = HashMap::new();
        let mut dates: HashMap<i64, usize> = HashMap::new();
        for face in &all {
            for key in [face.link(), face.key(face.title)].into_iter().flatten() {
                *in_document.entry(key.to_owned()).or_default() += 1;
            }
            if let Some(at) = face.entry.content.published {
                *dates.entry(at.as_second()).or_default() += 1;
            }
        }
        let mut texts: HashMap<[u8; 8], (usize, usize)> = HashMap::new();
        for face in &all {
            texts.entry(face.parts[2]).or_default().0 += 1;
        }
        let mut holders: HashMap<&str, usize> = HashMap::new();
        for entry in &known.entries {
            if let Some(Ok(body)) = entry.content_hash.get(16..24).map(TryInto::try_into) {
                texts.entry(body).or_default().1 += 1;
            }
            for key in entry.alternates.iter().chain([&entry.key]) {
                *holders.entry(key).or_default() += 1;
            }
        }
        let is_now = |at: &i64| (at - now.as_second()).abs() <= ANSWER_SECS;
        Self {
            all,
            in_document,
            are_dates_made_up: dates.values().sum::<usize>() > 2 && dates.keys().all(is_now),
            dates,
            texts,
            known: holders,
        }
    }

    /// Whether one entry of the document, and at most one known, has this link or title.
    fn is_alone(&self, key: Option<&str>) -> bool {
        key.is_some_and(|key| {
            self.in_document.get(key) == Some(&1) && self.known.get(key).is_none_or(|n| *n < 2)
        })
    }

    /// Whether a text stands once in the document, and at most once among the known.
    fn has_own_text(&self, face: &Face<'_>) -> bool {
        face.entry.content.body.len() >= SOME_TEXT
            && self
                .texts
                .get(&face.parts[2])
                .is_some_and(|(here, known)| *here == 1 && *known < 2)
    }

    /// How far what is common to an entry and a known one goes, and by what it is known again.
    ///
    /// `is_relocated`: the site moved to another host and kept its paths.
    pub(super) fn grade(
        &self,
        place: usize,
        known: &KnownEntry,
        found: &Evidence,
        is_relocated: bool,
    ) -> Option<(Strength, Why)> {
        let face = &self.all[place];
        // A site's front page is nobody's own.
        let page = face.link().and_then(|link| host_and_rest(&link[2..]));
        let link_alone = self.is_alone(face.link()) && page.is_none_or(|(_, rest)| rest.len() > 1);
        let title_alone = self.is_alone(face.key(face.title));
        let alone = Alone {
            link: link_alone,
            title: title_alone && face.is_distinctive,
        };
        if let Some(why) = certain(found, face, known, alone) {
            return Some((Strength::Certain, why));
        }
        if is_relocated && found.elsewhere && found.title.is() && !found.is_reissue() {
            return Some((Strength::Certain, Why::TitleAndPath));
        }
        if title_alone && found.title.is() && found.is_dated_alike() {
            return Some((Strength::Likely, Why::TitleAndDate));
        }
        // Two notices of one second may bear one text: it takes a document that moved to make them one.
        if found.dates == Dates::Telling && found.body.is() && self.has_own_text(face) {
            return Some((Strength::Likely, Why::Text));
        }
        let told = found.wording && found.body.is() && face.has_long_text();
        if told && found.dates == Dates::Unknown {
            return Some((Strength::Likely, Why::Text));
        }
        likely(found, (link_alone, title_alone), is_relocated)
    }

    /// What an entry and a known one have in common.
    pub(super) fn compare(&self, face: &Face<'_>, known: &KnownEntry) -> Evidence {
        let content = &face.entry.content;
        let has = |key: Option<&str>| {
            key.is_some_and(|key| known.key == key || known.alternates.iter().any(|a| a == key))
        };
        let [title, link, body] = face.parts;
        let part = |at: usize| {
            let part = known.content_hash.get(at * 8..at * 8 + 8)?;
            (part != empty() && part != [0; 8]).then_some(part)
        };
        let own = |part: [u8; 8]| Some(part).filter(|part| *part != empty());
        let same = |own_part: [u8; 8], at: usize, named: bool| {
            let (own_part, known_part) = (own(own_part), part(at));
            let equal =
                own_part.as_ref().map(<[u8; 8]>::as_slice) == known_part && own_part.is_some();
            Same::of(own_part.is_some(), known_part.is_some(), equal || named)
        };
        let body = same(body, 2, false);
        // A new issue that is new by its date alone is none.
        let dates = match self.dates(content.published, known) {
            Dates::Later if self.are_dates_made_up && body.is() => Dates::Unknown,
            dates => dates,
        };
        let former = face.former_link.as_deref();
        let elsewhere = face.link().is_some_and(|link| has_path(known, link));
        Evidence {
            spelling: former.is_some_and(|former| known.key == former)
                && face.entry.key.starts_with("l:"),
            former: known.key != face.entry.key && has(Some(&face.entry.key)),
            title: same(title, 0, has(face.key(face.title))),
            link: same(link, 1, has(face.link()) || has(former)),
            body,
            dates,
            wording: has(face.key(face.wording)),
            elsewhere,
            path: elsewhere && face.link().is_some_and(is_own_link),
            other_rung: named_by(&known.key) != named_by(&face.entry.key),
        }
    }

    fn dates(&self, published: Option<Timestamp>, known: &KnownEntry) -> Dates {
        let (Some(now), Some(then)) = (published, known.published) else {
            return Dates::Unknown;
        };
        if now.as_second() == then.as_second() {
            let often = self.dates.get(&now.as_second()).is_some_and(|n| *n > 2);
            let on_the_hour = now.as_second() % 3600 == 0;
            return if often || on_the_hour {
                Dates::Equal
            } else {
                Dates::Telling
            };
        }
        if known.first_seen.is_some_and(|seen| now > seen) {
            return Dates::Later;
        }
        let shift = now.duration_since(then).as_secs();
        if shift % 900 == 0 && shift.abs() <= 14 * 3600 {
            Dates::Near
        } else {
            Dates::Other
        }
    }
}

impl Evidence {
    /// Nothing that both sides say agrees: a guid that names another entry now.
    pub(super) fn is_contradicted(&self) -> bool {
        let other_date = matches!(self.dates, Dates::Near | Dates::Other | Dates::Later);
        self.title == Same::No
            && self.link == Same::No
            && other_date
            && !self.body.is()
            && !self.path
    }

    fn is_dated_alike(&self) -> bool {
        matches!(self.dates, Dates::Telling | Dates::Equal)
    }

    /// Whether neither title nor link are those of before, and the date says nothing either way.
    pub(super) fn is_doubted(&self) -> bool {
        self.title == Same::No
            && self.link == Same::No
            && matches!(self.dates, Dates::Unknown | Dates::Equal)
            && !self.body.is()
            && !self.path
    }

    /// Whether its path is known from another host, and whether anything else bears that out.
    pub(super) fn relocated(&self) -> (bool, bool) {
        let borne_out = self.title.is() || self.body.is() || self.is_dated_alike();
        (self.elsewhere, self.elsewhere && borne_out)
    }

    /// It says of itself that it is a later issue, and has another text.
    fn is_reissue(&self) -> bool {
        self.dates == Dates::Later && !self.body.is()
    }
}

/// What proves by itself that a known entry is meant.
fn certain(found: &Evidence, face: &Face<'_>, known: &KnownEntry, alone: Alone) -> Option<Why> {
    let alike = found.is_dated_alike();
    let undated = found.dates == Dates::Unknown;
    let agreed = found.link.is() || found.title.is() || found.body.is();
    let respelt = alone.link
        && found.link.is()
        && (is_counted_guid(&face.entry.key, known) || is_respelt_guid(&face.entry.key, known));
    if found.spelling || respelt {
        return Some(Why::Spelling);
    }
    if found.former && agreed {
        return Some(Why::FormerKey);
    }
    let earlier = matches!(found.dates, Dates::Near | Dates::Other);
    if found.link.is() && found.title.is() {
        let dated = alike || alone.link && (earlier || undated);
        if dated || found.body.is() {
            return Some(Why::LinkAndTitle);
        }
    }
    if found.link.is() && alone.link {
        if found.other_rung && !(found.title == Same::No && found.is_reissue()) {
            return Some(Why::Link);
        }
        if found.dates == Dates::Telling {
            return Some(Why::LinkAndDate);
        }
        if face.has_long_text() && found.body.is() && found.dates != Dates::Later {
            return Some(Why::LinkAndText);
        }
    }
    if found.title.is() && found.body.is() && found.dates != Dates::Later {
        return Some(Why::TitleAndText);
    }
    if found.title.is() && found.path && !found.is_reissue() {
        return Some(Why::TitleAndPath);
    }
    if found.title.is() && alone.title && found.dates == Dates::Telling {
        return Some(Why::TitleAndDate);
    }
    if found.dates == Dates::Telling && found.path {
        return Some(Why::Path);
    }
    let hashed = face.entry.key.starts_with("h:") && known.key.starts_with("h:");
    (hashed && is_same_text(found)).then_some(Why::Text)
}

/// The same among entries that have neither guid nor address.
fn is_same_text(found: &Evidence) -> bool {
    let text = found.body.is() || found.wording;
    if found.title.is() {
        return text || found.dates == Dates::Telling;
    }
    text && matches!(found.dates, Dates::Telling | Dates::Unknown)
}

/// What proves it in a document of which most moved.
fn likely(
    found: &Evidence,
    (link_alone, title_alone): (bool, bool),
    is_relocated: bool,
) -> Option<(Strength, Why)> {
    if found.link.is() && link_alone {
        let strength = if found.is_reissue() && !found.other_rung {
            Strength::Redated
        } else {
            Strength::Likely
        };
        return Some((strength, Why::Link));
    }
    if found.title.is() && title_alone {
        let undated = found.dates == Dates::Unknown && found.body != Same::No;
        let strength = if undated || found.body.is() || found.path || found.dates == Dates::Near {
            Strength::Likely
        } else {
            Strength::Redated
        };
        return Some((strength, Why::Title));
    }
    if !(found.path || found.elsewhere && is_relocated) {
        return None;
    }
    let strength = if found.is_reissue() && !found.title.is() {
        Strength::Redated
    } else {
        Strength::Likely
    };
    Some((strength, Why::Path))
}

/// The time between the first and the last of dates.
pub(super) fn span(dates: impl Iterator<Item = Timestamp> + Clone) -> SignedDuration {
    match (dates.clone().min(), dates.max()) {
        (Some(first), Some(last)) => last.duration_since(first),
        _ => SignedDuration::ZERO,
    }
}

/// The part of a hash that stands for nothing.
fn empty() -> [u8; 8] {
    // What `part_of` gives for an empty text.
    part_of(&crate::domain::entry::Content::default(), Part::Title)
}
