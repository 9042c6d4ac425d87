//! A feed that lives through polls while its publisher breaks what entries are known by, with a ledger of what is
//! true: no item comes twice, and none that is new is taken for an old one.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Store, now};
use crate::domain::entry::Content;
use crate::domain::entry::ingest::Plan;
use crate::domain::id::EntryId;

/// How an item is published, as the publisher has it set today.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that a publisher has"
)]
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    guid: Guid,
    host: usize,
    insecure: bool,
    tracking: usize,
    wrapped: Wrapped,
    variant: Variant,
    slash: bool,
    capitals: bool,
    dates: Dates,
    /// Seconds that dates are off.
    shift: i64,
    no_link: bool,
    short: bool,
    renumbered: bool,
    spaced: bool,
    /// Guids that were those of other items.
    guid_shift: usize,
    /// The paper's name behind each title.
    suffixed: bool,
    /// Paths of a new system.
    folder: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Guid {
    #[default]
    Number,
    Link,
    Tag,
    None,
    /// Made up for each answer.
    Volatile,
    /// Its place in the document.
    Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Wrapped {
    #[default]
    No,
    Google,
    FeedBurner,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Variant {
    #[default]
    Plain,
    Www,
    Mobile,
    AmpPath,
    AmpHost,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Dates {
    #[default]
    Own,
    None,
    Now,
    /// The day only.
    Day,
}

/// One thing the publisher has written.
#[derive(Clone, Debug)]
struct Item {
    number: usize,
    title: String,
    body: String,
    at: Timestamp,
}

/// Every so many of three mutations are tried: a prime, so that all pairs come up.
const STEP: usize = 17;

/// Publisher, store and ledger.
struct World {
    store: Store,
    items: Vec<Item>,
    look: Look,
    /// How many items the document shows.
    window: usize,
    now: Timestamp,
    polls: usize,
    /// Which item each stored entry is.
    truth: Vec<(EntryId, usize)>,
    reversed: bool,
    /// Short titles, no texts, dates on the hour, short links.
    poor: bool,
    false_new: usize,
    lost: usize,
    mixed_up: usize,
    events: usize,
}

const WORDS: &[&str] = &[
    "harbour",
    "조선소",
    "minister",
    "계약",
    "bridge",
    "수출",
    "railway",
    "공장",
    "orchard",
    "협정",
    "satellite",
    "발사",
    "ferry",
    "훈련",
    "museum",
    "예산",
];

fn title(number: usize) -> String {
    let word = |n: usize| WORDS[n % WORDS.len()];
    format!(
        "{} {} {} chapter {number}",
        word(number),
        word(number / 3 + 5),
        word(number * 7 + 1)
    )
}

impl World {
    fn new(window: usize) -> Self {
        let mut world = Self {
            store: Store::default(),
            items: Vec::new(),
            look: Look::default(),
            window,
            now: now(),
            polls: 0,
            truth: Vec::new(),
            reversed: false,
            poor: false,
            false_new: 0,
            lost: 0,
            mixed_up: 0,
            events: 0,
        };
        world.write(window + 5);
        world
    }

    /// One whose items say as little as they can.
    fn poor(window: usize) -> Self {
        let mut world = Self::new(window);
        world.poor = true;
        world.look.short = true;
        world.items.clear();
        world.write(window + 5);
        world
    }

    /// The publisher writes so many items.
    fn write(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.items.len();
            self.now += SignedDuration::from_secs(1273);
            self.items.push(if self.poor {
                Item {
                    number,
                    title: format!("chapter {number}"),
                    body: String::new(),
                    at: Timestamp::from_second(self.now.as_second() / 3600 * 3600).unwrap(),
                }
            } else {
                let title = title(number);
                Item {
                    number,
                    body: format!("What is to be told of {title} is told here, at some length."),
                    title,
                    at: self.now,
                }
            });
        }
        self.now += SignedDuration::from_secs(311);
    }

    fn shown(&self) -> Vec<Item> {
        let from = self.items.len().saturating_sub(self.window);
        self.items[from..].iter().rev().cloned().collect()
    }

    /// How many of the items that are shown were never stored.
    fn unseen(&self) -> usize {
        let stored = |item: &&Item| self.truth.iter().any(|(_, number)| *number == item.number);
        let shown = self.shown();
        shown.len() - shown.iter().filter(stored).count()
    }

    /// Polls the document as it looks today.
    fn poll(&mut self) -> Plan {
        let shown = self.shown();
        self.poll_of(&shown)
    }

    fn poll_of(&mut self, items: &[Item]) -> Plan {
        self.polls += 1;
        let mut contents: Vec<Content> = items
            .iter()
            .enumerate()
            .map(|(place, item)| self.look.content(item, place, (self.polls, self.now)))
            .collect();
        if self.reversed {
            contents.reverse();
        }
        let plan = self.store.poll_at(contents, self.now);
        self.judge(items, &plan);
        plan
    }

    /// Counts what the plan has wrong. Items are known by their titles, which hold their numbers.
    fn judge(&mut self, items: &[Item], plan: &Plan) {
        let number = |title: &str| -> usize {
            let digits = title.split("chapter ").nth(1).unwrap();
            digits.split(' ').next().unwrap().parse().unwrap()
        };
        self.events += usize::from(plan.told().is_some());
        let had: Vec<usize> = self.truth.iter().map(|(_, number)| *number).collect();
        for entry in &plan.new {
            let number = number(&entry.content.title);
            if had.contains(&number) {
                self.false_new += 1;
            } else {
                self.truth.push((entry.id.clone(), number));
            }
        }
        for item in items {
            let known = self.truth.iter().any(|(_, number)| *number == item.number);
            self.lost += usize::from(!known);
        }
        for revised in &plan.revised {
            let truth = self.truth.iter().find(|(id, _)| *id == revised.entry.id);
            let is = number(&revised.entry.content.title);
            self.mixed_up += usize::from(truth.is_some_and(|(_, number)| *number != is));
        }
    }

    #[track_caller]
    fn assert_true(&self, what: &str) {
        assert_eq!(
            (self.false_new, self.lost, self.mixed_up),
            (0, 0, 0),
            "{what}: (false new, lost new, mixed up)"
        );
    }
}

impl Look {
    fn content(&self, item: &Item, place: usize, (poll, now): (usize, Timestamp)) -> Content {
        let link = self.link(item);
        let published = match self.dates {
            Dates::Own => Some(item.at + SignedDuration::from_secs(self.shift)),
            Dates::None => None,
            Dates::Now => Some(now),
            Dates::Day => {
                Some(Timestamp::from_second(item.at.as_second() / 86_400 * 86_400).unwrap())
            }
        };
        let guid = match self.guid {
            Guid::Number if self.renumbered => Some(format!("node/{}", item.number + 70_000)),
            Guid::Number => Some(format!("item-{}", item.number + self.guid_shift)),
            Guid::Link => Some(link.clone()),
            Guid::Tag => Some(format!("tag:news.example,2026:{}", item.number)),
            Guid::Volatile => Some(format!("{poll}-{}", item.number)),
            Guid::Place => Some(format!("place-{place}")),
            Guid::None => None,
        };
        let mut body = item.body.clone();
        if self.spaced {
            body = format!(
                "{}\n\n[광고] {poll} won\n조회수 {poll}",
                body.replace(' ', "  ")
            );
        }
        let (url, origin) = match self.wrapped {
            _ if self.no_link => (None, None),
            Wrapped::No => (Some(link), None),
            Wrapped::Google => {
                let inner: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
                let wrapped = format!("https://www.google.com/url?rct=j&url={inner}&ct={poll}");
                (Some(wrapped), None)
            }
            Wrapped::FeedBurner => {
                let wrapped = format!("http://feedproxy.example/~r/n/~3/{}/", item.number * 31);
                (Some(wrapped), Some(link))
            }
        };
        Content {
            guid,
            url,
            origin,
            title: if self.suffixed {
                format!("{} - The Paper", item.title)
            } else {
                item.title.clone()
            },
            body,
            published,
            ..Content::default()
        }
    }

    fn link(&self, item: &Item) -> String {
        let domain = ["news.example", "paper.example", "daily.example.kr"][self.host % 3];
        let label = match self.variant {
            Variant::Www => "www.",
            Variant::Mobile => "m.",
            Variant::AmpHost => "amp.",
            Variant::Plain | Variant::AmpPath => "",
        };
        let scheme = if self.insecure { "http" } else { "https" };
        let slug = if self.capitals {
            "%EC%86%8C"
        } else {
            "%ec%86%8c"
        };
        let system = ["", "stories/", "view/"][self.folder % 3];
        let folder = if self.short {
            system.to_owned()
        } else {
            format!("{system}2026/{slug}/10")
        };
        let mut link = format!("{scheme}://{label}{domain}/{folder}{}", item.number);
        if self.variant == Variant::AmpPath {
            link.push_str("/amp");
        }
        if self.slash {
            link.push('/');
        }
        if self.tracking > 0 {
            let _ = write!(link, "?utm_source=rss&utm_campaign={}", self.tracking);
        }
        link
    }
}

/// What a publisher may do between two polls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mutation {
    GuidsToLinks,
    GuidsToTags,
    GuidsRemoved,
    GuidsAdded,
    GuidsRenumbered,
    ToHttp,
    ToHttps,
    DomainMoved,
    Www,
    Mobile,
    Amp,
    AmpHost,
    Plain,
    Tracking,
    Google,
    FeedBurner,
    Unwrapped,
    Slash,
    Capitals,
    DatesRemoved,
    DatesNow,
    DatesDay,
    DatesOwn,
    ZoneShifted,
    Reordered,
    Retitled,
    Spaced,
    WindowGrown,
    GuidsShifted,
    Suffixed,
    PathsMoved,
}

const MUTATIONS: &[Mutation] = &[
    Mutation::GuidsToLinks,
    Mutation::GuidsToTags,
    Mutation::GuidsRemoved,
    Mutation::GuidsAdded,
    Mutation::GuidsRenumbered,
    Mutation::ToHttp,
    Mutation::ToHttps,
    Mutation::DomainMoved,
    Mutation::Www,
    Mutation::Mobile,
    Mutation::Amp,
    Mutation::AmpHost,
    Mutation::Plain,
    Mutation::Tracking,
    Mutation::Google,
    Mutation::FeedBurner,
    Mutation::Unwrapped,
    Mutation::Slash,
    Mutation::Capitals,
    Mutation::DatesRemoved,
    Mutation::DatesNow,
    Mutation::DatesDay,
    Mutation::DatesOwn,
    Mutation::ZoneShifted,
    Mutation::Reordered,
    Mutation::Retitled,
    Mutation::Spaced,
    Mutation::WindowGrown,
    Mutation::GuidsShifted,
    Mutation::Suffixed,
    Mutation::PathsMoved,
];

impl World {
    fn mutate(&mut self, mutation: Mutation) {
        let look = &mut self.look;
        match mutation {
            Mutation::GuidsToLinks => look.guid = Guid::Link,
            Mutation::GuidsToTags => look.guid = Guid::Tag,
            Mutation::GuidsRemoved => look.guid = Guid::None,
            Mutation::GuidsAdded => look.guid = Guid::Number,
            Mutation::GuidsRenumbered => look.renumbered = !look.renumbered,
            Mutation::ToHttp => look.insecure = true,
            Mutation::ToHttps => look.insecure = false,
            Mutation::DomainMoved => look.host += 1,
            Mutation::Www => look.variant = Variant::Www,
            Mutation::Mobile => look.variant = Variant::Mobile,
            Mutation::Amp => look.variant = Variant::AmpPath,
            Mutation::AmpHost => look.variant = Variant::AmpHost,
            Mutation::Plain => look.variant = Variant::Plain,
            Mutation::Tracking => look.tracking += 1,
            Mutation::Google => look.wrapped = Wrapped::Google,
            Mutation::FeedBurner => look.wrapped = Wrapped::FeedBurner,
            Mutation::Unwrapped => look.wrapped = Wrapped::No,
            Mutation::Slash => look.slash = !look.slash,
            Mutation::Capitals => look.capitals = !look.capitals,
            Mutation::DatesRemoved => look.dates = Dates::None,
            Mutation::DatesNow => look.dates = Dates::Now,
            Mutation::DatesDay => look.dates = Dates::Day,
            Mutation::DatesOwn => look.dates = Dates::Own,
            Mutation::ZoneShifted => look.shift = if look.shift == 0 { 9 * 3600 } else { 0 },
            Mutation::Reordered => self.reversed = !self.reversed,
            Mutation::Spaced => look.spaced = !look.spaced,
            Mutation::WindowGrown => self.window += 3,
            Mutation::GuidsShifted => look.guid_shift += 3,
            Mutation::Suffixed => look.suffixed = !look.suffixed,
            Mutation::PathsMoved => look.folder += 1,
            Mutation::Retitled => {
                let last = self.items.len() - 1;
                for at in [last, last - 3] {
                    self.items[at].title.push_str(" corrected");
                }
            }
        }
    }
}

#[test]
fn every_mutation_alone_costs_nothing() {
    for (mutation, news, poor) in MUTATIONS.iter().flat_map(|mutation| {
        [
            (mutation, 0, false),
            (mutation, 1, false),
            (mutation, 4, false),
            (mutation, 1, true),
        ]
    }) {
        {
            let mut world = if poor {
                World::poor(20)
            } else {
                World::new(20)
            };
            world.poll();
            world.write(2);
            world.poll();
            world.mutate(*mutation);
            world.write(news);
            let expected = world.unseen();
            assert!(expected >= news);
            let plan = world.poll();
            let what = format!(
                "{mutation:?} with {news} new, poor: {poor}: {:?}",
                plan.found_by
            );
            assert_eq!(plan.new.len(), expected, "{what}");
            world.assert_true(&what);
            world.write(1);
            assert_eq!(world.poll().new.len(), 1, "after {what}");
            world.assert_true(&what);
        }
    }
}

#[test]
fn spelling_is_no_edit() {
    for mutation in [
        Mutation::ToHttp,
        Mutation::Www,
        Mutation::Mobile,
        Mutation::Amp,
        Mutation::AmpHost,
        Mutation::Tracking,
        Mutation::Google,
        Mutation::FeedBurner,
        Mutation::Slash,
        Mutation::Capitals,
        Mutation::Spaced,
        Mutation::Reordered,
        Mutation::DatesRemoved,
        Mutation::DatesNow,
        Mutation::GuidsToTags,
        Mutation::GuidsRemoved,
    ] {
        let mut world = World::new(20);
        world.poll();
        world.mutate(mutation);
        let plan = world.poll();
        assert_eq!((plan.new.len(), plan.revised.len()), (0, 0), "{mutation:?}");
        assert_eq!(plan.unchanged.len(), 20, "{mutation:?}");
    }
}

/// Whether they leave nothing by which an item without a text could be known: guid, address and title are others; or
/// make a later issue of it, by all that it says.
fn leaves_nothing(mutations: &[Mutation]) -> bool {
    let has = |wanted: &[Mutation]| mutations.iter().any(|one| wanted.contains(one));
    is_rewritten(mutations) || has(&[Mutation::ZoneShifted]) && has(&[Mutation::Spaced])
}

/// Whether addresses and titles change at once. Where guids are addresses, and dates are none or now, the text alone
/// is left then, and of an entry that had a date the text is no key.
fn is_rewritten(mutations: &[Mutation]) -> bool {
    let has = |wanted: &[Mutation]| mutations.iter().any(|one| wanted.contains(one));
    has(&[Mutation::PathsMoved]) && has(&[Mutation::Suffixed, Mutation::Retitled])
}

#[test]
fn three_mutations_at_once_cost_nothing() {
    let mut faults = Vec::new();
    let count = MUTATIONS.len();
    for seed in (0..count * count * count).step_by(STEP) {
        let three = [seed / count / count, seed / count % count, seed % count];
        let three = three.map(|mutation| MUTATIONS[mutation]);
        for mut world in [World::new(12), World::poor(12)] {
            world.poll();
            if world.poor && leaves_nothing(&three) {
                continue;
            }
            for mutation in three {
                world.mutate(mutation);
            }
            world.write(2);
            world.poll();
            let found = (world.false_new, world.lost, world.mixed_up);
            if found != (0, 0, 0) {
                faults.push(format!("{three:?} {} {found:?}", world.poor));
            }
        }
    }
    assert!(faults.is_empty(), "{}: {faults:#?}", faults.len());
}

#[test]
fn two_mutations_at_once_cost_nothing() {
    let mut faults = Vec::new();
    for (at, first) in MUTATIONS.iter().enumerate() {
        for second in MUTATIONS.iter().skip(at) {
            for mut world in [World::new(20), World::poor(20)] {
                world.poll();
                world.mutate(*first);
                world.mutate(*second);
                world.write(2);
                world.poll();
                let found = (world.false_new, world.lost, world.mixed_up);
                if found != (0, 0, 0) {
                    faults.push(format!("{first:?} {second:?} {} {found:?}", world.poor));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}: {faults:#?}", faults.len());
}

/// A quarter of the usual number: each case is many polls.
fn fewer() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases / 4,
        ..usual
    }
}

proptest! {
    #![proptest_config(fewer())]
    #[test]
    fn any_life_of_a_feed_costs_nothing(
        life in prop::collection::vec((0..MUTATIONS.len(), 0..4_usize, any::<bool>()), 1..12),
    ) {
        // A window that grows shows items that went through all that happened since they left it.
        let life = life.into_iter().map(|(mutation, news, poll)| (MUTATIONS[mutation], news, poll));
        let world = lived(life.filter(|(mutation, ..)| *mutation != Mutation::WindowGrown));
        prop_assert_eq!((world.false_new, world.lost, world.mixed_up), (0, 0, 0));
    }
}

/// A feed that went through `life`: each a mutation, how many items came with it, and whether it was polled then.
fn lived(life: impl IntoIterator<Item = (Mutation, usize, bool)>) -> World {
    let mut world = World::new(15);
    world.poll();
    // What happens unseen is seen at once: so many changes a day are not one publisher's.
    let mut unseen = Vec::new();
    for (mutation, news, poll) in life {
        let both = unseen.iter().copied().chain([mutation]).collect::<Vec<_>>();
        if unseen.len() > 1 || is_rewritten(&both) {
            world.poll();
            unseen.clear();
        }
        world.mutate(mutation);
        world.write(news);
        unseen.push(mutation);
        if poll {
            world.poll();
            unseen.clear();
        }
    }
    world.poll();
    world
}

#[test]
fn lives_that_once_cost_something() {
    use Mutation::{
        DatesNow, DatesRemoved, GuidsRemoved, GuidsShifted, GuidsToLinks, PathsMoved, Slash,
        Suffixed, ToHttp, WindowGrown, ZoneShifted,
    };
    let lives: [(&str, &[(Mutation, usize)]); 4] = [
        (
            "guids that are links in another spelling",
            &[
                (GuidsToLinks, 0),
                (Slash, 0),
                (Slash, 0),
                (ZoneShifted, 1),
                (Suffixed, 4),
                (ToHttp, 2),
            ],
        ),
        (
            "all is dated now, under the guids of others",
            &[
                (DatesNow, 0),
                (Suffixed, 0),
                (GuidsShifted, 1),
                (WindowGrown, 0),
            ],
        ),
        (
            "all is dated now, and half of it is news",
            &[(GuidsToLinks, 0), (DatesNow, 3), (PathsMoved, 4)],
        ),
        (
            "a window grown over items not seen since",
            &[
                (GuidsToLinks, 1),
                (Suffixed, 0),
                (ZoneShifted, 0),
                (WindowGrown, 0),
            ],
        ),
    ];
    for (what, life) in lives {
        let unseen = |(mutation, news): &(Mutation, usize)| (*mutation, *news, false);
        lived(life.iter().map(unseen)).assert_true(what);
    }
    // Without guids and dates, the text alone tells.
    let mut world = World::new(15);
    world.poll();
    for at_once in [[GuidsRemoved, DatesRemoved], [Suffixed, PathsMoved]] {
        for mutation in at_once {
            world.mutate(mutation);
        }
        world.poll();
    }
    world.assert_true("nothing but the text is left");
}

#[test]
fn a_change_of_ids_is_told_once() {
    let mut world = World::new(20);
    world.poll();
    assert_eq!(world.events, 0, "the first document is no change");
    world.mutate(Mutation::GuidsToTags);
    world.mutate(Mutation::DomainMoved);
    world.write(1);
    let plan = world.poll();
    assert!(plan.migrated && !plan.is_import());
    assert_eq!(
        plan.told().unwrap(),
        "ids changed: 19 known entries came under new ids (19 by title and text)"
    );
    world.poll();
    assert_eq!(world.events, 1);
}

#[test]
fn ids_made_up_for_each_answer_add_no_keys_for_ever() {
    let mut world = World::new(20);
    world.look.guid = Guid::Volatile;
    for _ in 0..40 {
        world.write(1);
        world.poll();
    }
    world.assert_true("volatile guids");
    let most = world.store.rows.iter().map(|row| row.rekeyed).max();
    assert_eq!(most, Some(crate::domain::entry::ingest::KEY_LIMIT));
    assert_eq!(world.store.rows.len(), world.truth.len());
}

#[test]
fn a_guid_that_is_a_place_in_the_document_names_nobody() {
    let mut world = World::new(20);
    world.look.guid = Guid::Place;
    for news in [1, 3, 1, 0, 7, 20, 1] {
        world.write(news);
        world.poll();
    }
    world.assert_true("guids that are places");
}

#[test]
fn a_guid_for_another_story_is_another_entry() {
    let mut world = World::new(20);
    world.poll();
    let one = |guid: &str, number: usize| {
        let mut content = Look::default().content(
            &Item {
                number,
                title: title(number),
                body: format!("All about {number}."),
                at: now() + SignedDuration::from_secs(i64::try_from(number).unwrap() * 4001),
            },
            0,
            (0, now()),
        );
        content.guid = Some(guid.to_owned());
        content
    };
    let mut store = Store::default();
    let mut ids = std::collections::HashSet::new();
    for number in 100..130 {
        let plan = store.poll(vec![one("fixed", number)]);
        assert_eq!((plan.new.len(), plan.revised.len()), (1, 0), "{number}");
        assert!(ids.insert(plan.new[0].id.clone()), "{number}");
        let again = store.poll(vec![one("fixed", number)]);
        assert!(again.new.is_empty() && again.revised.is_empty(), "{number}");
    }
    // The first story returns, under the guid and under its own.
    for guid in ["fixed", "other"] {
        let plan = store.poll(vec![one(guid, 100)]);
        assert!(
            plan.new.is_empty() && plan.revised.is_empty(),
            "{guid}: {plan:?}"
        );
    }
    // What keeps its link, its title or its date is an edit.
    for edited in [
        Content {
            url: one("fixed", 129).url,
            ..one("fixed", 300)
        },
        Content {
            title: title(301),
            ..one("fixed", 129)
        },
    ] {
        let mut store = Store::default();
        store.poll(vec![one("fixed", 129)]);
        let plan = store.poll(vec![edited]);
        assert_eq!((plan.new.len(), plan.revised.len()), (0, 1));
    }
}

#[test]
fn an_import_is_known_for_what_it_is() {
    // Hundreds of items, most of them known, under new guids, links and dates.
    let mut world = World::new(300);
    world.poll();
    world.mutate(Mutation::GuidsToTags);
    world.mutate(Mutation::DomainMoved);
    world.mutate(Mutation::DatesNow);
    let plan = world.poll();
    assert!(plan.migrated && plan.new.is_empty(), "{:?}", plan.found_by);
    world.assert_true("an import of known items");
    // With as many that were never seen: new, but no news.
    let mut world = World::new(300);
    world.poll();
    world.write(2);
    let mut items = world.shown();
    let old = |number: usize| Item {
        number: number + 5000,
        title: title(number + 5000),
        body: format!("From the archive, number {number}."),
        at: now(),
    };
    items.extend((0..150).map(old));
    world.mutate(Mutation::GuidsToTags);
    world.mutate(Mutation::DatesNow);
    let plan = world.poll_of(&items);
    assert!(plan.is_import());
    assert_eq!(plan.new.len(), 152);
    assert!(
        plan.told()
            .unwrap()
            .ends_with("the 152 others are taken for an import and alert nobody")
    );
    world.assert_true("an import with an archive");
}

#[test]
fn bulletins_that_come_with_the_same_titles_are_new_each_time() {
    let issue = |day: i64, place: usize, same_page: bool| {
        let hour = if place == 0 { 5 } else { 6 };
        let page = if same_page {
            String::new()
        } else {
            format!("{day}/")
        };
        Content {
            guid: Some(format!("{day}-{place}")),
            url: Some(format!("https://weather.example/{page}city-{place}")),
            title: format!("Weather for the city of number {place} today"),
            body: format!("{} degrees on day {day} in {place}", (day * 7) % 31),
            published: Some(now() + SignedDuration::from_hours(24 * day + hour)),
            ..Content::default()
        }
    };
    for same_page in [false, true] {
        let mut store = Store::default();
        for day in 0..20 {
            let seen = now() + SignedDuration::from_hours(24 * day + 8);
            let plan = store.poll_at(
                (0..12).map(|place| issue(day, place, same_page)).collect(),
                seen,
            );
            assert_eq!(
                plan.new.len(),
                12,
                "day {day}, on the same page: {same_page}: {:?}",
                plan.found_by
            );
            let again = store.poll_at(
                (0..12).map(|place| issue(day, place, same_page)).collect(),
                seen,
            );
            assert!(again.new.is_empty());
        }
    }
}

#[test]
fn a_poll_without_news_looks_up_each_entry_once() {
    let mut world = World::new(50);
    world.poll();
    world.store.reads = 0;
    world.poll();
    assert_eq!(world.store.reads, 50);
    // A new entry costs its other keys too, whatever the store holds.
    world.write(1);
    world.poll();
    assert_eq!(world.store.reads, 50 + 50 + 3);
}

#[test]
fn a_feed_that_was_emptied_or_cut_comes_back_known() {
    let mut world = World::new(20);
    world.poll();
    let all = world.shown();
    assert_eq!(world.poll_of(&[]), Plan::default());
    assert!(world.poll_of(&all[..7]).new.is_empty());
    assert!(world.poll_of(&all[13..]).new.is_empty());
    assert!(world.poll().new.is_empty());
    world.assert_true("an emptied feed");
}

#[test]
fn what_retention_deleted_is_known_under_other_ids_too() {
    for mutation in MUTATIONS {
        let mut world = World::new(20);
        world.poll();
        for row in &mut world.store.rows {
            row.purged = true;
        }
        world.mutate(*mutation);
        let plan = world.poll();
        let more = if matches!(mutation, Mutation::WindowGrown) {
            3
        } else {
            0
        };
        assert_eq!(
            (plan.new.len(), plan.revised.len()),
            (more, 0),
            "{mutation:?}"
        );
    }
    // Of those deleted by older versions only the keys are left.
    let mut world = World::new(20);
    world.poll();
    for row in &mut world.store.rows {
        row.purged = true;
        row.content_hash = [0; 32];
        row.published = None;
        row.first_seen = None;
    }
    world.mutate(Mutation::GuidsToTags);
    assert!(world.poll().new.is_empty());
}

#[test]
fn entries_without_guid_and_link_are_known_by_what_they_say() {
    let status = |title: &str, body: &str, at: Option<i64>| Content {
        title: title.to_owned(),
        body: body.to_owned(),
        published: at.map(|at| now() + SignedDuration::from_secs(at)),
        ..Content::default()
    };
    let told = "All services of the northern region are running as they should, it was";
    for (before, after, is_new) in [
        // The text prints the time.
        (
            status("Status", &format!("{told} 9:01."), None),
            status("Status", &format!("{told} 9:02."), None),
            false,
        ),
        // A corrected title, a corrected text.
        (
            status("Statsu", told, Some(77)),
            status("Status", told, Some(77)),
            false,
        ),
        (
            status("Status", told, Some(77)),
            status("Status", "Not so.", Some(77)),
            false,
        ),
        // Dates removed.
        (
            status("Status", told, Some(77)),
            status("Status", told, None),
            false,
        ),
        // Another text, another day.
        (
            status("Status", told, Some(77)),
            status("Status", "The south is down now.", Some(99)),
            true,
        ),
        (
            status("Status", told, None),
            status("Status", "The south is down now.", None),
            true,
        ),
    ] {
        let mut store = Store::default();
        store.poll(vec![before.clone()]);
        let plan = store.poll(vec![after.clone()]);
        assert_eq!(!plan.new.is_empty(), is_new, "{before:?} {after:?}");
        assert!(store.poll(vec![after]).new.is_empty());
    }
}

#[test]
fn a_counted_guid_is_the_same_article() {
    let article = |count: usize, title: &str, at: i64| Content {
        guid: Some(format!("https://www.b.example/news/articles/c1x#{count}")),
        url: Some("https://www.b.example/news/articles/c1x?at_medium=RSS".to_owned()),
        title: title.to_owned(),
        published: Some(now() + SignedDuration::from_secs(at)),
        ..Content::default()
    };
    let mut store = Store::default();
    store.poll(vec![article(0, "Storm nears the coast", 10)]);
    let plan = store.poll(vec![article(1, "Storm reaches the coast", 5000)]);
    assert_eq!((plan.new.len(), plan.revised.len()), (0, 1));
}

#[test]
fn a_permalink_that_is_none_any_more_is_no_edit() {
    let guid = "https://a.example/2026/11/ship";
    let with = Content {
        guid: Some(guid.to_owned()),
        url: Some(guid.to_owned()),
        title: "A ship".to_owned(),
        ..Content::default()
    };
    let without = Content {
        url: None,
        ..with.clone()
    };
    let mut store = Store::default();
    store.poll(vec![with.clone()]);
    for content in [without, with] {
        let plan = store.poll(vec![content]);
        assert!(plan.new.is_empty() && plan.revised.is_empty());
    }
}

#[test]
fn a_copy_under_another_guid_in_one_document_stays_an_entry_of_its_own() {
    let one = |guid: &str, section: &str| Content {
        guid: Some(guid.to_owned()),
        url: Some(format!("https://a.example/{section}/12345")),
        title: "Yard launches the second ship".to_owned(),
        body: "The yard launched it on Monday.".to_owned(),
        published: Some(now() + SignedDuration::from_secs(7)),
        ..Content::default()
    };
    let mut store = Store::default();
    let both = vec![one("a", "politics"), one("b", "economy")];
    assert_eq!(store.poll(both.clone()).new.len(), 2);
    for _ in 0..3 {
        let plan = store.poll(both.clone());
        assert!(plan.new.is_empty() && plan.rekeyed.is_empty());
        assert!(store.poll(vec![both[1].clone()]).new.is_empty());
    }
    // The same guid in two sections is one entry over polls.
    let mut store = Store::default();
    store.poll(vec![one("a", "politics")]);
    let plan = store.poll(vec![one("a", "economy")]);
    assert_eq!((plan.new.len(), plan.revised.len()), (0, 1));
}
