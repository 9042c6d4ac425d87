//! The receivers: they take a message, refuse it, or take it and fail to say so.

use std::sync::Arc;
use std::time::Duration;

use bongsu::domain::alert::Reason;
use bongsu::domain::alert::delivery::{Attempt, AttemptOutcome};
use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::{Notifier, Outgoing, Sending};

use crate::chance::{Chance, mixed};
use crate::ledger::Item;
use crate::publishers::{Outage, World};
use crate::{DAY, HOUR};

/// One of the receivers of config, as the world has it.
pub struct Double {
    world: Arc<World>,
    /// Its place among them.
    which: usize,
    outages: Vec<Outage<Answers>>,
}

/// What a receiver that is not well answers.
#[derive(Clone, Copy, Debug)]
enum Answers {
    Nothing,
    Wait,
    /// It takes the message and fails to say so.
    TookIt,
}

impl Double {
    pub fn new(world: Arc<World>, which: usize) -> Self {
        let mut chance = Chance::new(&[world.plan.seed, 5, which as u64]);
        let ways = [Answers::Nothing, Answers::Wait, Answers::TookIt];
        let outages = world.plan.outages(&mut chance, (DAY * 9, DAY * 2), &ways);
        Self {
            world,
            which,
            outages,
        }
    }

    /// Whether it takes the message, and what it says.
    fn answer(&self, outgoing: &Outgoing) -> (bool, Attempt) {
        let wait = |wait| {
            Attempt::new(AttemptOutcome::Later {
                message: "status 429".to_owned(),
                wait,
            })
        };
        match Outage::at(&self.outages, self.world.clock.now()) {
            Some(Answers::Nothing) => (false, Attempt::later("nobody answers")),
            Some(Answers::Wait) => (false, wait(Some(HOUR))),
            Some(Answers::TookIt) => (true, Attempt::later("closed in the middle")),
            None if self.hiccup(outgoing) => (true, Attempt::later("closed in the middle")),
            None => (true, Attempt::delivered()),
        }
    }

    /// Now and then it fails although it is well, but not for ever.
    fn hiccup(&self, outgoing: &Outgoing) -> bool {
        let key = outgoing.alert.key.bytes().map(u64::from);
        let mut of = vec![self.world.plan.seed, 6, self.which as u64];
        of.extend(key);
        of.push(u64::from(outgoing.attempt));
        outgoing.attempt < 4 && mixed(&of).is_multiple_of(8)
    }
}

impl Notifier for Double {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            self.world.event().await;
            let (takes, attempt) = self.answer(outgoing);
            self.world.ledger.tried(takes);
            if takes {
                let alert = &outgoing.alert;
                let items = items(alert);
                self.world.ledger.took(self.which, &alert.key, &items);
            }
            // It has the message, and nobody here knows yet.
            self.world.event().await;
            attempt
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        outgoing.alert.key.clone()
    }
}

/// The items that a message tells of: its own, those of its story that came with it, or all of a digest.
fn items(alert: &WireAlert) -> Vec<Item> {
    if matches!(alert.reason, Reason::Health | Reason::Resolved) {
        return Vec::new();
    }
    let own = alert
        .entry
        .iter()
        .filter_map(|entry| Item::of(entry.guid.as_deref()?));
    let beside = alert.also.iter();
    let beside = beside.filter_map(|also| titled(&also.entry.as_ref()?.title));
    let carried = alert.alerts.iter().flatten().flat_map(items);
    own.chain(beside).chain(carried).collect()
}

/// The item of a title: `Acme notice 3 of desk 12`.
fn titled(title: &str) -> Option<Item> {
    let (number, feed) = title.split_once(" notice ")?.1.split_once(" of desk ")?;
    Item::of(&format!("{feed}-{number}"))
}
