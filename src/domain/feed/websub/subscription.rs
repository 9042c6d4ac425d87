//! One feed's subscription: its state, and what follows from time, config, the hub's answers and its callbacks.
//!
//! want → pending → active → renewing → active …; denied, failed and lost lead back to plain polling at once,
//! the latter two also to another try. While a new callback replaces an old one both are answered.

use std::time::Duration;

use jiff::Timestamp;

use super::{Answer, Callback, Moved, Push, Stage, State, Step, Target, Wish, is_https};
use crate::domain::feed::schedule::{later, own_part};
use crate::domain::id::FeedId;

/// How long a hub may take to verify a request before it is asked again.
pub const PATIENCE: Duration = Duration::from_mins(15);

/// The wait after a first failure; it doubles…
const FIRST_RETRY: Duration = Duration::from_mins(15);

/// …up to this.
const LAST_RETRY: Duration = Duration::from_hours(24);

/// A callback that no hub has verified is forgotten after this.
const UNVERIFIED: Duration = Duration::from_hours(24);

/// Between two requests to end one subscription, of which there are [`MOST_GOODBYES`].
const GOODBYE_EVERY: Duration = Duration::from_hours(1);

/// How often a hub is asked to end a subscription.
const MOST_GOODBYES: u32 = 3;

/// A shorter lease counts as a failure…
const SHORTEST_LEASE: Duration = Duration::from_mins(10);

/// …and after so many in turn is none: to ask for the next at once would go on all day.
const SHORT_GRANTS: u32 = 2;

/// No lease is believed beyond this.
const LONGEST_LEASE: Duration = Duration::from_hours(90 * 24);

/// Callbacks kept of one feed: the old, the new, and some that nobody verified.
const MOST_CALLBACKS: usize = 8;

/// All that is known of one feed's subscription.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subscription {
    /// What polling needs of it.
    pub push: Push,
    /// Where it stands.
    pub state: State,
    /// What was asked for last.
    pub target: Option<Target>,
    /// A hub that moved for good.
    pub moved: Option<Moved>,
    /// When to look at it again; none: when something changes.
    pub due: Option<Timestamp>,
    /// Not asked again before this.
    pub retry: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure or denial, in words.
    pub error: Option<String>,
    /// When a push last came.
    pub last_push: Option<Timestamp>,
    /// Pushes taken.
    pub pushes: u64,
    /// Pushes ignored: unsigned, forged, unreadable.
    pub ignored: u64,
    /// The addresses that hubs have.
    pub callbacks: Vec<Callback>,
}

impl Subscription {
    /// What to do at `now`, noting what time has changed; sets when to look again.
    pub fn step(&mut self, wish: &Wish<'_>, now: Timestamp) -> Step {
        self.expire(now);
        let step = match self.wanted(wish) {
            None => {
                self.leave_all();
                self.state = State::Off;
                self.part(now)
            }
            Some(target) => match self.part(now) {
                Step::Rest if !self.is_settled(&target, wish, now) => Step::Subscribe(target),
                step => step,
            },
        };
        self.due = match step {
            Step::Rest => self.next_look(now),
            _ => Some(now),
        };
        step
    }

    /// Which hub to ask for what; none where nothing is to be asked.
    fn wanted(&self, wish: &Wish<'_>) -> Option<Target> {
        wish.base?;
        let offer = self.push.offer.as_ref()?;
        let fits = |hub: &&String| !wish.signed || wish.may_know_secret(hub);
        let hubs = || offer.hubs.iter().filter(fits);
        let hub = hubs().find(|hub| is_https(hub)).or_else(|| hubs().next())?;
        Some(Target {
            hub: hub.clone(),
            topic: offer.topic.clone(),
        })
    }

    /// Forgets what is over, and notices a lost lease and a hub that does not verify.
    fn expire(&mut self, now: Timestamp) {
        let verified = self.verified().count();
        self.callbacks.retain(|callback| match callback.stage {
            Stage::Verified => callback.until.is_none_or(|until| until > now),
            Stage::Asked | Stage::Late => later(callback.asked, UNVERIFIED) > now,
            Stage::Leaving => {
                callback.until.is_none_or(|until| until > now)
                    && (callback.goodbyes < MOST_GOODBYES
                        || later(callback.asked, GOODBYE_EVERY) > now)
            }
        });
        if verified > 0 && self.verified().count() == 0 {
            self.push.since = None;
            if matches!(self.state, State::Active | State::Renewing) {
                self.state = State::Lost;
                self.error = Some("the lease ended before the hub renewed it".to_owned());
            }
        }
    }

    fn verified(&self) -> impl Iterator<Item = &Callback> {
        let callbacks = self.callbacks.iter();
        callbacks.filter(|callback| callback.stage == Stage::Verified)
    }

    /// Every hub is to forget what it has of us.
    fn leave_all(&mut self) {
        for callback in &mut self.callbacks {
            callback.stage = Stage::Leaving;
        }
        self.push.since = None;
        self.target = None;
        self.retry = None;
        self.failures = 0;
        self.error = None;
    }

    /// The next goodbye that is due, noted as said.
    fn part(&mut self, now: Timestamp) -> Step {
        let due = self.callbacks.iter_mut().find(|callback| {
            callback.stage == Stage::Leaving
                && (callback.goodbyes == 0 || later(callback.asked, GOODBYE_EVERY) <= now)
        });
        let Some(callback) = due else {
            return Step::Rest;
        };
        callback.goodbyes += 1;
        callback.asked = now;
        Step::Unsubscribe(Box::new(callback.clone()))
    }

    /// Whether nothing is to be asked for now.
    fn is_settled(&mut self, target: &Target, wish: &Wish<'_>, now: Timestamp) -> bool {
        let same = self.target.as_ref() == Some(target);
        if !same {
            // Another hub or topic: what the last one did is no measure for it.
            self.retry = None;
            self.failures = 0;
            self.stop_waiting();
        }
        if same && self.state == State::Denied {
            return true;
        }
        let waiting = |callback: &Callback| {
            callback.stage == Stage::Asked && later(callback.asked, PATIENCE) > now
        };
        if same && self.callbacks.iter().any(waiting) {
            return true;
        }
        if same && self.give_up_waiting(wish.feed, now) || self.retry.is_some_and(|at| at > now) {
            return true;
        }
        // Its time has come: what is settled by then needs no other look for its sake.
        self.retry = None;
        let fresh = |callback: &Callback| {
            same && callback.topic == target.topic
                && callback.renew.is_some_and(|renew| renew > now)
                && wish
                    .base
                    .is_some_and(|base| callback.url.expose().starts_with(base))
        };
        let settled = self.verified().any(fresh);
        if !settled
            && self.verified().count() == 0
            && !matches!(self.state, State::Lost | State::Failed)
        {
            self.state = State::Want;
        }
        settled
    }

    /// Counts a hub that did not verify in time as a failure, once.
    fn give_up_waiting(&mut self, feed: &FeedId, now: Timestamp) -> bool {
        let any = self.stop_waiting();
        if any {
            self.fail(feed, "the hub did not verify the request", now);
        }
        any
    }

    /// No hub is waited for any longer; says whether one was.
    fn stop_waiting(&mut self) -> bool {
        let mut any = false;
        for callback in &mut self.callbacks {
            if callback.stage == Stage::Asked {
                callback.stage = Stage::Late;
                any = true;
            }
        }
        any
    }

    /// A request is about to be sent: from now on the hub may verify `callback`.
    pub fn ask(&mut self, target: Target, callback: Callback, now: Timestamp) {
        self.state = if self.verified().count() > 0 {
            State::Renewing
        } else {
            State::Pending
        };
        self.target = Some(target);
        self.retry = None;
        self.callbacks.push(callback);
        let stale = |callback: &Callback| matches!(callback.stage, Stage::Late | Stage::Leaving);
        while self.callbacks.len() > MOST_CALLBACKS {
            let Some(at) = self.callbacks.iter().position(stale) else {
                break;
            };
            self.callbacks.remove(at);
        }
        self.due = self.next_look(now);
    }

    /// Where a request for `hub` goes: to its new address if it moved for good.
    #[must_use]
    pub fn address_of<'a>(&'a self, hub: &'a str) -> &'a str {
        match &self.moved {
            Some(moved) if moved.from == hub => &moved.to,
            _ => hub,
        }
    }

    /// The hub has answered the request that told it of the callback `token`.
    pub fn answered(&mut self, feed: &FeedId, token: &str, answer: &Answer, now: Timestamp) {
        match answer {
            Answer::Accepted { hub, for_good } => {
                if let (true, Some(target)) = (*for_good, &self.target) {
                    self.moved = Some(Moved {
                        from: target.hub.clone(),
                        to: hub.clone(),
                    });
                }
                let asked = self.callbacks.iter_mut();
                for callback in asked.filter(|callback| callback.token.expose() == token) {
                    callback.hub.clone_from(hub);
                }
            }
            Answer::Failed(why) => {
                let before = self.callbacks.len();
                self.callbacks.retain(|callback| {
                    callback.stage == Stage::Verified || callback.token.expose() != token
                });
                if self.callbacks.len() < before {
                    // A hub that moved and then fails is looked for at its old address again.
                    self.moved = None;
                    self.fail(feed, why, now);
                }
            }
        }
        self.due = self.next_look(now);
    }

    fn fail(&mut self, feed: &FeedId, why: &str, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.error = Some(why.chars().take(300).collect());
        // A renewal that fails is no reason to rely on the old lease to its last second.
        self.push.since = None;
        if self.verified().count() == 0 {
            self.state = State::Failed;
        }
        let doublings = (self.failures - 1).min(10);
        let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LAST_RETRY);
        self.retry = Some(later(now, wait + own_part(feed, "websub", wait / 10)));
    }

    /// The hub asks whether the request was ours. True: it was, and the challenge may be echoed.
    ///
    /// `lease` is the hub's. A request that was verified already is still ours: hubs ask again.
    pub fn verified_by_hub(
        &mut self,
        feed: &FeedId,
        (token, topic): (&str, &str),
        lease: Duration,
        now: Timestamp,
    ) -> bool {
        let fits = |callback: &Callback| {
            callback.token.expose() == token
                && callback.topic == topic
                && callback.stage != Stage::Leaving
        };
        let Some(at) = self.callbacks.iter().position(fits) else {
            return false;
        };
        let is_short = lease < SHORTEST_LEASE;
        if is_short && self.failures >= SHORT_GRANTS {
            self.callbacks.remove(at);
            let why = format!("the hub pushes for {} s only", lease.as_secs());
            self.fail(feed, &why, now);
            self.due = self.next_look(now);
            return false;
        }
        let lease = lease.clamp(Duration::from_secs(1), LONGEST_LEASE);
        let until = later(now, lease);
        // At two thirds of the lease, or somewhat before: feeds of one hub do not all come at once.
        let early = own_part(feed, "renew", lease / 15);
        let renew = later(now, (lease * 2 / 3).saturating_sub(early));
        let again = self.callbacks[at].stage == Stage::Verified;
        for (index, callback) in self.callbacks.iter_mut().enumerate() {
            if index == at {
                callback.stage = Stage::Verified;
                callback.until = Some(until);
                callback.renew = Some(renew);
            } else if callback.stage == Stage::Verified && !again {
                callback.stage = Stage::Leaving;
            }
        }
        self.push.until = Some(until);
        if !again {
            self.state = State::Active;
            self.failures = if is_short { self.failures + 1 } else { 0 };
            self.error = None;
            self.retry = None;
            self.push.since.get_or_insert(now);
        }
        self.due = Some(now);
        true
    }

    /// The hub asks whether it may forget a callback. True: it may, and we have forgotten it, too.
    pub fn forgotten_by_hub(&mut self, token: &str, topic: &str, now: Timestamp) -> bool {
        let before = self.callbacks.len();
        self.callbacks.retain(|callback| {
            callback.stage != Stage::Leaving
                || callback.topic != topic
                || callback.token.expose() != token
        });
        self.due = self.next_look(now);
        self.callbacks.len() < before
    }

    /// The hub refuses, now or for the time to come. True where that is about a request of ours.
    pub fn denied(&mut self, token: &str, topic: &str, reason: &str, now: Timestamp) -> bool {
        let before = self.callbacks.len();
        let ours =
            |callback: &Callback| callback.topic == topic && callback.token.expose() == token;
        let leaving = |callback: &&Callback| callback.stage == Stage::Leaving;
        let was_leaving = self.callbacks.iter().filter(leaving).any(ours);
        self.callbacks.retain(|callback| !ours(callback));
        if self.callbacks.len() == before {
            return false;
        }
        if !was_leaving {
            self.state = State::Denied;
            self.push.since = None;
            self.stop_waiting();
            let reason: String = reason.chars().take(200).collect();
            self.error = Some(match reason.trim() {
                "" => "the hub denied the subscription".to_owned(),
                reason => format!("the hub denied the subscription: {reason}"),
            });
        }
        self.due = self.next_look(now);
        true
    }

    /// When something of it is to be done or noticed next.
    fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        let of_callbacks = self
            .callbacks
            .iter()
            .flat_map(|callback| match callback.stage {
                Stage::Asked => [Some(later(callback.asked, PATIENCE)), None],
                Stage::Late => [Some(later(callback.asked, UNVERIFIED)), None],
                // Past its renewal, the wait for the new one or for another try decides.
                Stage::Verified => [callback.renew.filter(|renew| *renew > now), callback.until],
                Stage::Leaving if callback.goodbyes == 0 => [Some(now), None],
                Stage::Leaving => [Some(later(callback.asked, GOODBYE_EVERY)), callback.until],
            });
        let asked = |callback: &Callback| callback.stage == Stage::Asked;
        let idle = self.retry.is_none() && !self.callbacks.iter().any(asked);
        let wants = idle && matches!(self.state, State::Want | State::Lost);
        of_callbacks
            .flatten()
            .chain(self.retry.filter(|_| self.state != State::Denied))
            .chain(wants.then_some(now))
            .min()
    }

    /// Whether nothing of it needs to be kept.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
