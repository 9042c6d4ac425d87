//! The daemon's lives in the world: each pass when its time has come, deaths in between, and the reckoning.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bongsu::cli::embed::{self, Parts};
use bongsu::daemon::poll::rounds::Rounds;
use bongsu::daemon::receivers::Receiver;
use bongsu::daemon::{Shared, deliver, health, timing};
use bongsu::store::{self, StoreError, outbox, retention};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::chance::Chance;
use crate::ledger::Item;
use crate::publishers::{Network, Plan, World, later, start};
use crate::receivers::Double;
use crate::{DAY, HOUR};

/// A machine that takes everything at once, and a person who sleeps and reads a digest of what came meanwhile.
const RECEIVERS: &str = r#"
[[rule]]
id = "acme"
query = "title:Acme"
notify = "entry"
revisions = "none"
receivers = ["machine", "person"]
[[receiver]]
id = "machine"
kind = "webhook"
url = "https://machine.example/hook"
[[receiver]]
id = "person"
kind = "ntfy"
url = "https://ntfy.example"
topic = "desk"
quiet_hours = { from = "22:00", to = "07:00", zone = "Europe/Warsaw" }
"#;

pub struct Life {
    world: Arc<World>,
    runtime: Runtime,
    dir: TempDir,
    parts: Option<Parts>,
    passes: Passes,
    deaths: Vec<Timestamp>,
    died: u32,
    /// The last row that was looked at.
    seen: i64,
}

/// When each pass looks again.
struct Passes {
    rounds: Rounds,
    fresh: bool,
    health: Timestamp,
    sweep: Timestamp,
}

impl Passes {
    fn new(now: Timestamp, tick: Duration) -> Self {
        Self {
            rounds: Rounds::every(tick),
            fresh: true,
            health: now,
            sweep: now,
        }
    }
}

impl Life {
    pub fn begin(plan: Plan) -> Self {
        let mut chance = Chance::new(&[plan.seed, 7]);
        let span = plan.calm().duration_since(start()).unsigned_abs();
        let mut deaths: Vec<_> = (0..plan.deaths)
            .map(|_| later(start(), span.mul_f64(chance.share())))
            .collect();
        deaths.sort_unstable_by(|a, b| b.cmp(a));
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let mut life = Self {
            world: Arc::new(World::new(plan)),
            runtime: runtime(),
            dir: dir.expect("a folder"),
            parts: None,
            passes: Passes::new(start(), plan.tick),
            deaths,
            died: 0,
            seen: 0,
        };
        std::fs::write(life.dir.path().join("bongsu.toml"), config(plan)).expect("it is written");
        life.open();
        life
    }

    /// The process starts on what the store holds.
    fn open(&mut self) {
        let (config, state) = (
            self.dir.path().join("bongsu.toml"),
            self.dir.path().join("state"),
        );
        let opened = embed::open(&config, &state, self.world.clock.clone());
        let parts = self
            .runtime
            .block_on(opened)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut setup = (parts.loader)().expect("the config is good");
        setup.fetcher = Arc::new(Network(Arc::clone(&self.world)));
        let doubles = setup.receivers.iter().enumerate().map(|(which, receiver)| {
            Arc::new(Receiver {
                config: receiver.config.clone(),
                notifier: Arc::new(Double::new(Arc::clone(&self.world), which)),
            })
        });
        setup.receivers = doubles.collect();
        parts.shared.replace_setup(setup);
        self.parts = Some(parts);
        self.passes = Passes::new(self.world.clock.now(), self.world.plan.tick);
    }

    fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.parts.as_ref().expect("it lives").shared)
    }

    fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&store::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.shared()
            .store
            .read_blocking(look)
            .expect("the store works")
    }

    /// To the end of the plan.
    pub fn live(&mut self) {
        let (plan, mut day) = (self.world.plan, later(start(), DAY));
        loop {
            let now = self.world.clock.now();
            if self.deaths.last().is_some_and(|at| *at <= now) {
                self.deaths.pop();
                let mut chance = Chance::new(&[plan.seed, 8, u64::from(self.died)]);
                self.world.light_fuse(chance.below(40));
            }
            let Some(next) = self.step() else {
                self.die();
                continue;
            };
            if now >= day || next >= plan.end() {
                self.check();
                day = later(now, DAY);
            }
            if next >= plan.end() {
                return;
            }
            self.world.clock.set(next);
        }
    }

    /// Every pass whose time has come; says when the next comes, none where the process has died.
    fn step(&mut self) -> Option<Timestamp> {
        let (shared, world, passes) = (self.shared(), Arc::clone(&self.world), &mut self.passes);
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = world.death.notified() => None,
                next = step(&shared, &world, passes) => Some(next.expect("the store works")),
            }
        })
    }

    /// What was under way is gone; after a while another process starts.
    fn die(&mut self) {
        self.passes = Passes::new(self.world.clock.now(), self.world.plan.tick);
        self.parts = None;
        // Its threads end with it: one that was in the middle of a task would act in the next life.
        drop(std::mem::replace(&mut self.runtime, runtime()));
        self.world.ledger.died(self.world.clock.now());
        self.died += 1;
        let mut chance = Chance::new(&[self.world.plan.seed, 9, u64::from(self.died)]);
        // Restarted at once, as a rule; now and then the machine was off.
        let longest = if chance.below(6) == 0 {
            DAY
        } else {
            Duration::from_mins(2)
        };
        let off = longest.mul_f64(chance.share()) + Duration::from_secs(1);
        self.world.clock.set(later(self.world.clock.now(), off));
        self.world.light_fuse_never();
        self.open();
    }

    /// The promises that hold at any time.
    fn check(&mut self) {
        let (from, now) = (self.seen, self.world.clock.now());
        let rows = self.read(move |conn| {
            let mut query =
                conn.prepare("select seq, guid from entry where seq > ?1 order by seq")?;
            let rows = query.query_map([from], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<(i64, String)>, _>>()?)
        });
        for (seq, guid) in rows {
            let item = Item::of(&guid).unwrap_or_else(|| panic!("{guid} is nobody's"));
            self.world.ledger.stored(item, now);
            self.seen = seq;
        }
        self.judge(&self.world.ledger.wrong());
    }

    fn judge(&self, wrong: &[String]) {
        let (seed, now) = (self.world.plan.seed, self.world.clock.now());
        let first = wrong.iter().take(10).fold(String::new(), |mut all, one| {
            let _ = write!(all, "\n  {one}");
            all
        });
        assert!(
            wrong.is_empty(),
            "seed {seed}, {now}: {} things are wrong:{first}",
            wrong.len()
        );
    }

    /// All promises, now that everybody has been well for days; and what the year came to.
    pub fn reckon(&mut self) -> String {
        self.check();
        let world = Arc::clone(&self.world);
        let mut wrong = Vec::new();
        for feed in 0..world.plan.feeds {
            for number in world.shown_now(feed) {
                let item = Item { feed, number };
                let age = world.clock.now().duration_since(world.published(item));
                if world.ledger.known(item).stored == 0 && age.unsigned_abs() > DAY + HOUR * 3 {
                    wrong.push(format!("{item:?} is still shown and was never stored"));
                }
            }
        }
        let (mut items, mut stored, mut told) = (0_u64, 0_u64, 0_u64);
        let mut alerts = Vec::new();
        world.ledger.each(|item, known| {
            items += 1;
            stored += u64::from(known.stored);
            if known.stored > 0 && world.matches(item) && world.is_news(item) {
                alerts.push(item);
            }
        });
        for item in alerts {
            for which in 0..2 {
                told += 1;
                if !world.ledger.was_told(which, item) {
                    let at = world.ledger.known(item).at;
                    wrong.push(format!(
                        "receiver {which} never heard of {item:?}, stored by {at:?}"
                    ));
                }
            }
        }
        let (open, dead) = self.read(|conn| {
            let dead = outbox::counts(conn)?
                .into_iter()
                .filter(|count| count.state == "dead");
            Ok((
                outbox::open(conn)?,
                dead.map(|count| count.count).sum::<u64>(),
            ))
        });
        if open + dead > 0 {
            wrong.push(format!("{open} deliveries are open and {dead} dead"));
        }
        let report = self.read(store::check::check);
        wrong.extend(report.problems);
        self.judge(&wrong);
        let ledger = &world.ledger;
        let requests = ledger.requests.load(Ordering::Relaxed);
        format!(
            "{requests} requests, {items} items, {stored} stored, {told} tellings due and made in {} accepted of {} attempts, {} deaths",
            ledger.accepted.load(Ordering::Relaxed),
            ledger.attempts.load(Ordering::Relaxed),
            self.died
        )
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.expect("a runtime")
}

fn config(plan: Plan) -> String {
    let budget = plan.budget;
    let mut text = format!(
        "[store]\nkeep_entries = \"60d\"\n[fetch]\nbudget = {budget}\n[alerts]\ngive_up = \"7d\"\n{RECEIVERS}"
    );
    for feed in 0..plan.feeds {
        let _ = write!(
            text,
            "[[feed]]\nid = \"f{feed}\"\nurl = \"http://f{feed}.example/feed\"\n"
        );
    }
    text
}

async fn step(
    shared: &Arc<Shared>,
    world: &World,
    passes: &mut Passes,
) -> Result<Timestamp, StoreError> {
    let now = shared.clock.now();
    let poll = passes.rounds.round(shared).await?;
    world.ledger.round_ended();
    let waits = timing::round(shared, std::mem::take(&mut passes.fresh)).await?;
    if now >= passes.health {
        health::look(shared).await?;
        passes.health = later(now, HOUR * 6);
    }
    if now >= passes.sweep {
        let keep = shared.setup().keep.clone();
        shared
            .store
            .write(move |tx| retention::sweep(tx, &keep, now))
            .await?;
        passes.sweep = later(now, HOUR * 4);
    }
    deliver_due(shared).await?;
    let due = shared.store.read(outbox::next_due).await?;
    let times = [
        poll,
        waits.next,
        due,
        Some(passes.health),
        Some(passes.sweep),
    ];
    let next = times.into_iter().flatten().min().expect("there is one");
    Ok(next.max(later(now, world.plan.tick)))
}

/// What the delivery pass does when it wakes: leases that ran out are freed, then each receiver gets what is due.
async fn deliver_due(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let now = shared.clock.now();
    shared
        .store
        .write(move |tx| outbox::release_expired(tx, now))
        .await?;
    for (id, at) in shared
        .store
        .read(|conn| outbox::waiting(conn, None))
        .await?
    {
        let setup = shared.setup();
        let Some(receiver) = setup.receiver(id.as_str()).filter(|_| at <= now) else {
            continue;
        };
        let mut next = deliver::claim(shared, receiver, None).await?;
        while let Some(claimed) = next.take() {
            next = deliver::send(shared, receiver, claimed, None).await?.1;
        }
    }
    Ok(())
}
