//! The publishers: who publishes what and when, and how each answers at any time. All of it follows from the seed;
//! only the [`Ledger`] knows what was asked.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bongsu::clock::Clock;
use bongsu::domain::feed::offline::Unreached;
use bongsu::domain::feed::outcome::{
    Body, FetchOutcome, FetchRequest, FetchResult, HttpFacts, OutcomeKind,
};
use bongsu::domain::feed::websub::{Answer, Callback};
use bongsu::fetch::host::Place;
use bongsu::fetch::websub::Mode;
use bongsu::fetch::{Fetch, Pending};
use jiff::Timestamp;
use tokio::sync::Notify;
use url::Url;

use crate::chance::{Chance, mixed};
use crate::ledger::{Item, Ledger};
use crate::{DAY, HOUR};

/// What is simulated.
#[derive(Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub feeds: usize,
    pub days: u64,
    /// How often the process dies.
    pub deaths: usize,
    /// Polls a feed and day.
    pub budget: u32,
    /// The passes look no more often than this; longer makes a year shorter, as more polls share a look.
    pub tick: Duration,
}

/// How long everybody is well at the end.
const CALM: u64 = 5;

/// How a publisher, or the way to it, fails for a while.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Unreached(Unreached),
    Error,
    Limited,
    NotAFeed,
    Empty,
    Cut,
}

const FAULTS: [Fault; 7] = [
    Fault::Unreached(Unreached::NoConnection),
    Fault::Unreached(Unreached::NoSuchName),
    Fault::Error,
    Fault::Limited,
    Fault::NotAFeed,
    Fault::Empty,
    Fault::Cut,
];

/// A span of time in which something fails.
#[derive(Clone, Copy, Debug)]
pub struct Outage<T> {
    from: Timestamp,
    until: Timestamp,
    how: T,
}

impl<T: Copy> Outage<T> {
    /// The one of `outages` that holds at `now`.
    pub fn at(outages: &[Self], now: Timestamp) -> Option<T> {
        let holds = |outage: &&Self| outage.from <= now && now < outage.until;
        outages.iter().find(holds).map(|outage| outage.how)
    }
}

/// One publisher.
struct Publisher {
    /// When each of its items appeared, in order; the first are older than the world.
    published: Vec<Timestamp>,
    /// How many items its document holds.
    window: usize,
    validators: bool,
    outages: Vec<Outage<Fault>>,
}

/// All that is outside of the daemon.
pub struct World {
    pub plan: Plan,
    pub clock: Clock,
    pub ledger: Ledger,
    publishers: Vec<Publisher>,
    /// The machine's own network.
    network: Vec<Outage<Unreached>>,
    /// Events until the process dies; none where negative.
    fuse: AtomicI64,
    /// The process is dead.
    pub death: Notify,
}

pub fn start() -> Timestamp {
    "2026-03-02T06:00:00Z".parse().expect("a time")
}

pub fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).expect("within the calendar")
}

impl Plan {
    /// At noon, when nobody sleeps: nothing is held then.
    pub fn end(self) -> Timestamp {
        let days = DAY * u32::try_from(self.days).expect("it fits");
        later(start(), days + HOUR * 6)
    }

    /// From here on nothing fails.
    pub fn calm(self) -> Timestamp {
        later(
            start(),
            DAY * u32::try_from(self.days.saturating_sub(CALM)).expect("it fits"),
        )
    }

    /// Spans of failure of at most `longest`, about one in `every`.
    pub fn outages<T: Copy>(
        self,
        chance: &mut Chance,
        (every, longest): (Duration, Duration),
        how: &[T],
    ) -> Vec<Outage<T>> {
        let mut outages = Vec::new();
        let mut at = start();
        loop {
            at = later(at, every.mul_f64(2.0 * chance.share()));
            // The cube: most are short.
            let until = later(at, longest.mul_f64(chance.share().powi(3))).min(self.calm());
            if at >= self.calm() {
                return outages;
            }
            let which = usize::try_from(chance.below(how.len() as u64)).expect("it fits");
            outages.push(Outage {
                from: at,
                until,
                how: how[which],
            });
            at = until;
        }
    }
}

impl Publisher {
    fn new(plan: Plan, feed: usize) -> Self {
        let mut chance = Chance::new(&[plan.seed, 1, feed as u64]);
        // From one item in five days to some thirty a day; most publish little.
        let a_day = 0.2 * 150_f64.powf(chance.share().powi(2));
        let window = 10 + usize::try_from(chance.below(40)).expect("it fits");
        let old = later_by(start(), -40 * 86_400);
        let mut published: Vec<Timestamp> = (0..window)
            .map(|nth| later(old, HOUR * u32::try_from(nth).expect("it fits")))
            .collect();
        let mut at = start();
        loop {
            let gap = -(1.0 - chance.share()).ln() / a_day;
            at = later(at, DAY.mul_f64(gap.max(0.000_1)));
            if at >= plan.end() {
                break;
            }
            published.push(at);
        }
        Self {
            published,
            window,
            validators: chance.below(5) > 0,
            outages: plan.outages(&mut chance, (DAY * 20, DAY * 4), &FAULTS),
        }
    }

    /// The numbers of the items that its document holds now.
    fn shown(&self, now: Timestamp) -> std::ops::Range<usize> {
        let end = self.published.partition_point(|at| *at <= now);
        end.saturating_sub(self.window)..end
    }
}

fn later_by(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds))
        .expect("within the calendar")
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let mut chance = Chance::new(&[plan.seed, 2]);
        let publishers: Vec<_> = (0..plan.feeds)
            .map(|feed| Publisher::new(plan, feed))
            .collect();
        let ways = [Unreached::NoRoute, Unreached::NoNames];
        Self {
            plan,
            clock: Clock::manual(start()),
            ledger: Ledger::new(publishers.iter().map(|one| one.published.len())),
            publishers,
            network: plan.outages(&mut chance, (DAY * 30, HOUR * 12), &ways),
            fuse: AtomicI64::new(-1),
            death: Notify::new(),
        }
    }

    /// Whether an item matches the rule; a tenth does.
    pub fn matches(&self, item: Item) -> bool {
        mixed(&[self.plan.seed, 3, item.feed as u64, item.number as u64]).is_multiple_of(10)
    }

    /// Whether it appeared while the world stood.
    pub fn is_news(&self, item: Item) -> bool {
        self.published(item) >= start()
    }

    pub fn published(&self, item: Item) -> Timestamp {
        self.publishers[item.feed].published[item.number]
    }

    /// What the feed shows at the end.
    pub fn shown_now(&self, feed: usize) -> std::ops::Range<usize> {
        self.publishers[feed].shown(self.clock.now())
    }

    /// The process will die after so many more events.
    pub fn light_fuse(&self, events: u64) {
        let events = i64::try_from(events).expect("it fits");
        self.fuse.store(events, Ordering::SeqCst);
    }

    /// It will not.
    pub fn light_fuse_never(&self) {
        self.fuse.store(-1, Ordering::SeqCst);
    }

    /// An event. Where the fuse ends it never returns: the process is dead.
    pub async fn event(&self) {
        if self.fuse.load(Ordering::SeqCst) < 0 {
            return;
        }
        if self.fuse.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// One of an item's words: revised hours after it appeared, one in twenty.
    fn text(&self, item: Item, now: Timestamp) -> (&'static str, bool) {
        let at = self.published(item);
        let hash = mixed(&[self.plan.seed, 4, item.feed as u64, item.number as u64]);
        let revised = hash.is_multiple_of(20) && now >= later(at, HOUR * 6);
        (if revised { "in full" } else { "in short" }, revised)
    }

    /// The document, and its validator.
    fn document(&self, feed: usize, now: Timestamp) -> (String, Vec<u8>) {
        let shown = self.publishers[feed].shown(now);
        let mut items = String::new();
        let mut revised = 0;
        for number in shown.clone().rev() {
            let item = Item { feed, number };
            let (text, is_revised) = self.text(item, now);
            revised += u32::from(is_revised);
            let mark = if self.matches(item) { "Acme" } else { "Other" };
            let date = self.published(item).strftime("%a, %d %b %Y %H:%M:%S GMT");
            write!(
                items,
                "<item><guid isPermaLink=\"false\">{feed}-{number}</guid><title>{mark} notice {number} of desk {feed}</title>\
                 <link>http://f{feed}.example/{number}</link><pubDate>{date}</pubDate>\
                 <description>Notice {number}, {text}.</description></item>"
            )
            .expect("memory");
        }
        let document = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Desk {feed}</title>\
             <link>http://f{feed}.example/</link><description>All</description>{items}</channel></rss>"
        );
        let tag = format!("\"{}-{}-{revised}\"", shown.start, shown.end);
        (document, tag.into_bytes())
    }

    /// What a request brings now, and what it showed.
    fn answer(&self, request: &FetchRequest, now: Timestamp) -> (FetchOutcome, Vec<Item>) {
        let feed = feed_of(&request.url);
        let publisher = &self.publishers[feed];
        let mut facts = HttpFacts {
            final_url: Some(request.url.clone()),
            conditional: request.etag.is_some(),
            ..HttpFacts::default()
        };
        if let Some(fault) = self.fault(feed, now) {
            let (result, shown) = self.fails(feed, (fault, now), &mut facts);
            return (FetchOutcome { result, facts }, shown);
        }
        let (document, tag) = self.document(feed, now);
        facts.status = Some(200);
        if publisher.validators {
            facts.etag = Some(tag.clone());
            if request.etag.as_ref() == Some(&tag) {
                facts.status = Some(304);
                let result = FetchResult::NotModified;
                return (FetchOutcome { result, facts }, Vec::new());
            }
        }
        let shown = publisher.shown(now);
        let result = FetchResult::Fetched(body(document.into_bytes()));
        let shown = shown.map(|number| Item { feed, number }).collect();
        (FetchOutcome { result, facts }, shown)
    }

    /// What keeps a feed from answering as usual.
    fn fault(&self, feed: usize, now: Timestamp) -> Option<Fault> {
        let network = Outage::at(&self.network, now).map(Fault::Unreached);
        network.or_else(|| Outage::at(&self.publishers[feed].outages, now))
    }

    fn fails(
        &self,
        feed: usize,
        (fault, now): (Fault, Timestamp),
        facts: &mut HttpFacts,
    ) -> (FetchResult, Vec<Item>) {
        let failed = |kind, message: &str, partial| FetchResult::Failed {
            kind,
            message: message.to_owned(),
            partial,
        };
        match fault {
            Fault::Unreached(how) => {
                facts.unreached = Some(how);
                facts.final_url = None;
                (
                    failed(OutcomeKind::NetError, "no connection", None),
                    Vec::new(),
                )
            }
            Fault::Error => {
                facts.status = Some(500);
                (
                    failed(OutcomeKind::HttpError, "status 500", None),
                    Vec::new(),
                )
            }
            Fault::Limited => {
                facts.status = Some(429);
                facts.retry_after = Some(HOUR * 3);
                self.ledger.leave_alone(feed, later(now, HOUR * 3));
                (
                    failed(OutcomeKind::RateLimited, "status 429", None),
                    Vec::new(),
                )
            }
            Fault::NotAFeed => {
                facts.status = Some(200);
                let page = b"<!doctype html><title>We will be back</title><p>Maintenance</p>";
                (FetchResult::Fetched(body(page.to_vec())), Vec::new())
            }
            Fault::Empty => {
                facts.status = Some(200);
                let none = "<rss version=\"2.0\"><channel><title>Desk</title></channel></rss>";
                (FetchResult::Fetched(body(none.into())), Vec::new())
            }
            Fault::Cut => {
                facts.status = Some(200);
                let (document, _) = self.document(feed, now);
                let half = &document.as_bytes()[..document.len() / 2];
                // Which items came whole is the reader's to say; none is counted on.
                let partial = Some(body(half.to_vec()));
                (
                    failed(OutcomeKind::NetError, "cut off", partial),
                    Vec::new(),
                )
            }
        }
    }
}

fn body(bytes: Vec<u8>) -> Body {
    Body {
        bytes,
        content_type: Some("application/rss+xml; charset=utf-8".to_owned()),
    }
}

/// The feed's number, out of `http://f12.example/feed`.
fn feed_of(url: &str) -> usize {
    let host = url.strip_prefix("http://f").expect("one of ours");
    let digits = host.split('.').next().expect("there is one");
    digits.parse().expect("a number")
}

/// The network of the simulated machine.
pub struct Network(pub Arc<World>);

impl Fetch for Network {
    fn fetch_in_place<'a>(
        &'a self,
        request: &'a FetchRequest,
    ) -> Pending<'a, (FetchOutcome, Place)> {
        Box::pin(async move {
            let world = &self.0;
            world.event().await;
            let now = world.clock.now();
            let feed = feed_of(&request.url);
            let life = world.ledger.begins();
            if !matches!(world.fault(feed, now), Some(Fault::Unreached(_))) {
                world.ledger.asked(feed, now);
            }
            let (outcome, shown) = world.answer(request, now);
            world.ledger.showed(life, shown, now);
            // The document is under way: a death here comes before anything of it is stored.
            world.event().await;
            (outcome, Place::default())
        })
    }

    fn is_private<'a>(&'a self, _: &'a Url, _: bool) -> Pending<'a, bool> {
        Box::pin(async { false })
    }

    fn ask_hub<'a>(&'a self, _: &'a Callback, _: Mode, _: Option<u16>) -> Pending<'a, Answer> {
        Box::pin(async { Answer::Failed("there is no hub".to_owned()) })
    }

    fn largest(&self) -> (u64, u64) {
        (10 << 20, 20 << 20)
    }
}
