//! What the world saw: the daemon is judged by this, not by what it says of itself.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

/// An item of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    pub feed: usize,
    pub number: usize,
}

impl Item {
    /// Out of a guid.
    pub fn of(guid: &str) -> Option<Self> {
        let (feed, number) = guid.split_once('-')?;
        Some(Self {
            feed: feed.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// What is known of each item.
#[derive(Clone, Copy, Default)]
pub struct Known {
    /// When a document that held it was first given out, in a round that ended well, and when the process had begun.
    pub owed: Option<(Timestamp, Option<Timestamp>)>,
    /// How often it is stored.
    pub stored: u8,
    /// When it was first seen in the store.
    pub at: Option<Timestamp>,
}

#[derive(Default)]
struct Book {
    items: Vec<Vec<Known>>,
    /// Shown since the last round that ended well, with when.
    shown: Vec<(Item, Timestamp)>,
    /// Which of the process's lives this is, and when it began.
    life: u32,
    born: Option<Timestamp>,
    /// By receiver: the message that each item came in.
    told: [HashMap<Item, String>; 2],
    /// By receiver: what each message said.
    said: [HashMap<String, Vec<Item>>; 2],
    /// When each feed was last asked, and until when it asked to be left alone.
    asked: HashMap<usize, Timestamp>,
    alone: HashMap<usize, Timestamp>,
    /// What was wrong, in words.
    wrong: Vec<String>,
}

#[derive(Default)]
pub struct Ledger {
    book: Mutex<Book>,
    pub requests: AtomicU64,
    pub attempts: AtomicU64,
    pub accepted: AtomicU64,
}

/// Between two requests to a feed, whatever died in between, in seconds.
const LEAST: i64 = 30;

impl Ledger {
    pub fn new(items: impl Iterator<Item = usize>) -> Self {
        let ledger = Self::default();
        ledger.book.lock().expect("whole").items =
            items.map(|count| vec![Known::default(); count]).collect();
        ledger
    }

    fn with<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().expect("nothing panics with it"))
    }

    /// A request begins, in the life that is given back.
    pub fn begins(&self) -> u32 {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.with(|book| book.life)
    }

    /// A request reaches a publisher, who sees when the last one did.
    pub fn asked(&self, feed: usize, now: Timestamp) {
        self.with(|book| {
            if let Some(until) = book.alone.get(&feed)
                && now < *until
            {
                let wrong = format!("{now}: feed {feed} is asked before {until}, as it wished");
                book.wrong.push(wrong);
            }
            if let Some(last) = book.asked.insert(feed, now)
                && now.duration_since(last).as_secs() < LEAST
            {
                book.wrong
                    .push(format!("{now}: feed {feed} is asked again after {last}"));
            }
        });
    }

    /// A publisher asks for peace. Nobody can hold to it who died before it was written down.
    pub fn leave_alone(&self, feed: usize, until: Timestamp) {
        self.with(|book| book.alone.insert(feed, until));
    }

    /// What an answer held. One to a process that died meanwhile reaches nobody.
    pub fn showed(&self, life: u32, items: Vec<Item>, now: Timestamp) {
        self.with(|book| {
            if book.life == life {
                book.shown.extend(items.into_iter().map(|item| (item, now)));
            }
        });
    }

    /// A round of polls ended well: what was shown in it is now owed.
    pub fn round_ended(&self) {
        self.with(|book| {
            for (item, at) in std::mem::take(&mut book.shown) {
                let born = book.born;
                let known = &mut book.items[item.feed][item.number];
                known.owed = known.owed.or(Some((at, born)));
            }
        });
    }

    /// The process died; another begins.
    pub fn died(&self, now: Timestamp) {
        self.with(|book| {
            book.life += 1;
            book.born = Some(now);
            book.shown.clear();
            book.alone.clear();
            book.asked.clear();
        });
    }

    /// A row of the store.
    pub fn stored(&self, item: Item, at: Timestamp) {
        self.with(|book| {
            let known = &mut book.items[item.feed][item.number];
            known.stored += 1;
            known.at = Some(at);
            if known.stored > 1 {
                let wrong = format!("{at}: {item:?} is stored {} times", known.stored);
                book.wrong.push(wrong);
            }
        });
    }

    pub fn tried(&self, accepted: bool) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.accepted
            .fetch_add(u64::from(accepted), Ordering::Relaxed);
    }

    /// Receiver `which` has taken a message.
    pub fn took(&self, which: usize, key: &str, items: &[Item]) {
        self.with(|book| {
            for item in items {
                let before = book.told[which].insert(*item, key.to_owned());
                if before.as_deref().is_some_and(|before| before != key) {
                    let before = before.unwrap_or_default();
                    let wrong = format!("{item:?} was told to {which} as {before} and as {key}");
                    book.wrong.push(wrong);
                }
            }
            if let Some(before) = book.said[which].insert(key.to_owned(), items.to_vec())
                && before != items
            {
                let wrong = format!("{key} told {which} of {before:?}, then of {items:?}");
                book.wrong.push(wrong);
            }
        });
    }

    /// What is wrong so far.
    pub fn wrong(&self) -> Vec<String> {
        self.with(|book| {
            for (feed, items) in book.items.iter().enumerate() {
                for (number, known) in items.iter().enumerate() {
                    if let Some((at, born)) = known.owed
                        && known.stored == 0
                    {
                        let item = Item { feed, number };
                        book.wrong.push(format!(
                            "{item:?} was shown at {at} and is not stored; the process died last at {born:?}"
                        ));
                    }
                }
            }
            std::mem::take(&mut book.wrong)
        })
    }

    pub fn known(&self, item: Item) -> Known {
        self.with(|book| book.items[item.feed][item.number])
    }

    pub fn was_told(&self, which: usize, item: Item) -> bool {
        self.with(|book| book.told[which].contains_key(&item))
    }

    pub fn each(&self, mut look: impl FnMut(Item, Known)) {
        self.with(|book| {
            for (feed, items) in book.items.iter().enumerate() {
                for (number, known) in items.iter().enumerate() {
                    look(Item { feed, number }, *known);
                }
            }
        });
    }
}
