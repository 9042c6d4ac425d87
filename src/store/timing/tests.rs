//! What waits and when it goes: quiet hours, digests, throttles, silences, inhibition, with injected time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use rusqlite::Transaction;
use tempfile::TempDir;

use super::super::alerts::{self, detail};
use super::super::outbox::{self, Claim, Claimed};
use super::super::polls::{PollCommit, PollResult, Recorded, RuleMatch, record_poll};
use super::super::row::later;
use super::super::sample::{assert_clean, at, commit, entry_of, feed, reopen, rule_match, to};
use super::super::{Store, StoreError, feeds, silences};
use super::*;
use crate::domain::alert::delivery::{Attempt, DeliveryState};
use crate::domain::alert::hours::{QuietHours, TimeOfDay};
use crate::domain::alert::manners::Collects;
use crate::domain::alert::rate::Limits;
use crate::domain::alert::silence::Matchers;
use crate::domain::feed::Feed;
use crate::domain::id::{FeedId, RuleId};
use crate::domain::rule::{Definitions, Rule};
use crate::domain::units::parse_rate;

mod acks;
mod beside;
mod crash;
mod escalation;
mod year;

/// A desk: a store, a manners, and a receiver that takes everything.
struct Desk {
    dir: TempDir,
    store: Store,
    manners: Arc<Manners>,
}

/// A message that arrived: its key, why it exists, and the alerts in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    receiver: String,
    key: String,
    reason: Reason,
    alerts: Vec<i64>,
}

fn seoul() -> TimeZone {
    TimeZone::get("Asia/Seoul").unwrap()
}

/// A receiver that is told at once, its digests at 8 in Seoul.
fn manner() -> Manner {
    Manner {
        quiet: None,
        digest: TimeOfDay {
            at: jiff::civil::time(8, 0, 0, 0),
            zone: seoul(),
        },
        collects: None,
        give_up: Duration::from_hours(72),
        hears_acks: false,
    }
}

/// Left alone from 22 to 7 in Seoul, but for what is critical.
fn quiet() -> Manner {
    Manner {
        quiet: Some(QuietHours {
            from: jiff::civil::time(22, 0, 0, 0),
            to: jiff::civil::time(7, 0, 0, 0),
            zone: seoul(),
            except: Some(Severity::Critical),
        }),
        ..manner()
    }
}

/// Gets everything at 8 in Seoul.
fn collecting() -> Manner {
    Manner {
        collects: Some(Collects::default()),
        ..manner()
    }
}

fn manners(receivers: &[(&str, Manner)], rules: &[Rule]) -> Manners {
    let receivers = receivers
        .iter()
        .map(|(id, manner)| (ReceiverId::new(*id), manner.clone()));
    let definitions = Definitions {
        rules: rules.to_vec(),
        ..Definitions::default()
    };
    Manners::new(receivers.collect(), &definitions, Duration::from_hours(72))
}

fn rule(id: &str, change: impl FnOnce(&mut Rule)) -> Rule {
    let mut rule = Rule::of_query(id, "x");
    change(&mut rule);
    rule
}

fn owned(id: &str, owner: &str) -> Feed {
    Feed {
        owner: Some(owner.to_owned()),
        ..feed(id)
    }
}

fn of(rule: &str, severity: Severity) -> RuleMatch {
    let mut found = rule_match(rule);
    found.found.severity = severity;
    found
}

/// An entry whose title is like no other's but that of its copies in other feeds.
fn item(feed: &str, name: &str, matches: Vec<RuleMatch>) -> Recorded {
    let mut item = entry_of(feed, name, matches);
    let words: Vec<String> = (0..6).map(|n| format!("{name}{n}word")).collect();
    item.entry.content.title = words.join(" ");
    item.title_key = crate::domain::entry::identity::title_key(&item.entry.content.title, None);
    item
}

fn silence(rule: &str, from: &str, until: &str) -> NewSilence {
    NewSilence {
        matchers: Matchers {
            rules: vec![rule.to_owned()],
            ..Matchers::default()
        },
        starts: at(from),
        ends: at(until),
        author: "kim".to_owned(),
        comment: "fair".to_owned(),
        summary: true,
        replaces: None,
    }
}

impl Desk {
    fn new(manners: Manners) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = reopen(&dir);
        let feeds = [
            owned("a", "one"),
            owned("b", "two"),
            owned("c", "two"),
            owned("d", "three"),
        ];
        store
            .write_blocking(move |tx| feeds::sync(tx, &feeds, at("2026-11-01T00:00:00Z")))
            .unwrap();
        Self {
            dir,
            store,
            manners: Arc::new(manners),
        }
    }

    /// One receiver, one rule.
    fn of(manner: Manner, rule: Rule) -> Self {
        Self::new(manners(&[("desk", manner)], &[rule]))
    }

    /// The process dies and another begins.
    fn restart(self) -> Self {
        let Self {
            dir,
            store,
            manners,
        } = self;
        drop(store);
        let store = reopen(&dir);
        Self {
            dir,
            store,
            manners,
        }
    }

    fn poll_of(&self, new: Vec<Recorded>, now: &str) -> PollCommit {
        let feed = new[0].entry.feed.clone().unwrap();
        PollCommit {
            feed: FeedId::new(feed.as_str()),
            backlog_before: Timestamp::MIN,
            manners: Arc::clone(&self.manners),
            now: at(now),
            ..commit(new)
        }
    }

    fn poll(&self, new: Vec<Recorded>, now: &str) -> PollResult {
        let poll = self.poll_of(new, now);
        self.write(move |tx| record_poll(tx, &poll))
    }

    /// One entry of feed `a` that matches rule `r`.
    fn alert(&self, name: &str, severity: Severity, now: &str) -> i64 {
        let result = self.poll(vec![item("a", name, vec![of("r", severity)])], now);
        result.alerts[0]
    }

    fn release(&self, now: &str) -> Released {
        self.release_at(at(now), false)
    }

    fn release_at(&self, now: Timestamp, anew: bool) -> Released {
        let manners = Arc::clone(&self.manners);
        self.write(move |tx| release(tx, &manners, anew, now))
    }

    fn silence(&self, silence: NewSilence, now: &str) -> i64 {
        let (manners, now) = (Arc::clone(&self.manners), at(now));
        self.write(move |tx| {
            let id = silences::add(tx, &silence, now)?;
            release(tx, &manners, false, now)?;
            Ok(id)
        })
    }

    fn claim(&self, receiver: &str, now: Timestamp) -> Vec<Claimed> {
        self.claim_within(receiver, None, Limits::default(), now)
    }

    /// As it is claimed for a receiver that people read, one at a time.
    fn claim_for_people(&self, now: &str) -> Option<Claimed> {
        self.claim_within("desk", Some(1), Limits::default(), at(now))
            .pop()
    }

    fn claim_within(
        &self,
        receiver: &str,
        people: Option<u32>,
        limits: Limits,
        now: Timestamp,
    ) -> Vec<Claimed> {
        let (receiver, manners) = (ReceiverId::new(receiver), Arc::clone(&self.manners));
        let addressee = to(receiver.as_str());
        self.write(move |tx| {
            let claim = Claim {
                receiver: &receiver,
                owner: "me",
                now,
                lease_until: later(now, 60_000),
                limit: people.unwrap_or(10_000),
                untried_since: None,
                limits: &limits,
                catch_up: people.is_some().then_some(&addressee),
            };
            super::claim(tx, &manners, &claim)
        })
    }

    fn settle(
        &self,
        claimed: Vec<Claimed>,
        attempt: Attempt,
        state: DeliveryState,
        now: Timestamp,
    ) {
        self.write(move |tx| {
            for row in &claimed {
                outbox::settle(tx, row, &attempt, &state, now)?;
            }
            Ok(())
        });
    }

    /// Everything that is due to all receivers arrives.
    fn deliver(&self, now: &str) -> Vec<Told> {
        self.deliver_at(at(now))
    }

    fn deliver_at(&self, now: Timestamp) -> Vec<Told> {
        let receivers: Vec<ReceiverId> = self.manners.receivers.keys().cloned().collect();
        let mut told = Vec::new();
        for receiver in receivers {
            let claimed = self.claim(receiver.as_str(), now);
            for row in &claimed {
                told.push(self.message(row));
            }
            self.settle(claimed, Attempt::delivered(), DeliveryState::Delivered, now);
        }
        told
    }

    fn message(&self, row: &Claimed) -> Told {
        let id = row.alert;
        let found = self.store.read_blocking(|conn| detail(conn, id, None));
        let wire = found.unwrap().unwrap().alert;
        let members = wire.alerts.map(|alerts| {
            let ids = alerts.iter().map(|alert| alert.id.parse().unwrap());
            ids.collect::<Vec<i64>>()
        });
        Told {
            receiver: row.receiver.to_string(),
            key: row.key.clone(),
            reason: wire.reason,
            alerts: members.unwrap_or_else(|| vec![id]),
        }
    }

    /// Where the deliveries of an alert stand: state and reason.
    fn stands(&self, alert: i64) -> Vec<(String, String)> {
        let rows = self
            .store
            .read_blocking(|conn| outbox::of_alert(conn, alert))
            .unwrap();
        rows.into_iter()
            .map(|row| (row.state, row.why.unwrap_or_default()))
            .collect()
    }

    fn one(&self, alert: i64) -> (String, String) {
        self.stands(alert).remove(0)
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.store.write_blocking(work).unwrap()
    }

    /// Runs a step that dies before it is committed.
    fn die<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) {
        let died = self.store.write_blocking(move |tx| {
            work(tx)?;
            Err::<(), _>(StoreError::fault("the process ended"))
        });
        assert!(died.is_err());
    }
}

fn plain() -> Rule {
    rule("r", |_| ())
}

fn sizes(told: &[Told]) -> Vec<usize> {
    told.iter().map(|told| told.alerts.len()).collect()
}

#[test]
fn quiet_hours_hold_until_their_end_and_let_the_critical_through() {
    let desk = Desk::of(quiet(), plain());
    let held = desk.alert("one", Severity::High, "2026-11-24T14:10:00Z");
    let critical = desk.alert("two", Severity::Critical, "2026-11-24T14:11:00Z");
    assert_eq!(
        desk.one(held),
        (
            "held".into(),
            "quiet hours until 2026-11-25 07:00 KST".into()
        )
    );
    assert_eq!(desk.deliver("2026-11-24T14:11:01Z")[0].alerts, [critical]);
    let early = desk.release("2026-11-24T21:59:59Z");
    assert_eq!(early.next, Some(at("2026-11-24T22:00:00Z")));
    assert_eq!(desk.deliver("2026-11-24T21:59:59Z"), []);
    assert_eq!(desk.release("2026-11-24T22:00:00Z").single, 1);
    assert_eq!(desk.deliver("2026-11-24T22:00:00Z")[0].alerts, [held]);
    assert_clean(&desk.store);
}

#[test]
fn what_was_put_off_into_quiet_hours_waits_for_their_end() {
    let desk = Desk::of(quiet(), plain());
    let alert = desk.alert("one", Severity::High, "2026-11-24T12:59:00Z");
    let claimed = desk.claim("desk", at("2026-11-24T12:59:00Z"));
    let again = DeliveryState::Due {
        due: at("2026-11-24T13:01:00Z"),
    };
    desk.settle(
        claimed,
        Attempt::later("503"),
        again,
        at("2026-11-24T12:59:30Z"),
    );
    assert_eq!(desk.deliver("2026-11-24T13:01:00Z"), []);
    assert_eq!(desk.one(alert).0, "held");
    desk.release("2026-11-24T22:00:00Z");
    assert_eq!(desk.deliver("2026-11-24T22:00:00Z").len(), 1);
    assert_clean(&desk.store);
}

#[test]
fn more_than_three_after_quiet_hours_come_as_one() {
    for (count, expected) in [(3, vec![1, 1, 1]), (4, vec![4])] {
        let desk = Desk::of(quiet(), plain());
        for n in 0..count {
            desk.alert(&format!("n{n}"), Severity::High, "2026-11-24T14:10:00Z");
        }
        desk.release("2026-11-24T22:00:00Z");
        assert_eq!(sizes(&desk.deliver("2026-11-24T22:00:00Z")), expected);
        assert_clean(&desk.store);
    }
}

#[test]
fn quiet_hours_over_a_change_of_clocks_lose_nothing() {
    let berlin = Manner {
        quiet: Some(QuietHours {
            from: jiff::civil::time(2, 30, 0, 0),
            to: jiff::civil::time(3, 30, 0, 0),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            except: None,
        }),
        ..manner()
    };
    for (now, end) in [
        ("2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z"),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
        ("2026-10-25T01:45:00Z", "2026-10-25T02:30:00Z"),
    ] {
        let desk = Desk::of(berlin.clone(), plain());
        desk.alert("one", Severity::High, now);
        assert_eq!(desk.release(now).next, Some(at(end)), "{now}");
        desk.release(end);
        assert_eq!(desk.deliver(end).len(), 1, "{now}");
    }
}

#[test]
fn a_digest_comes_once_a_date_also_after_downtime() {
    let desk = Desk::of(collecting(), plain());
    desk.alert("one", Severity::Critical, "2026-11-24T01:00:00Z");
    desk.alert("two", Severity::Low, "2026-11-24T20:00:00Z");
    // 8 o'clock in Seoul is 23:00 UTC; the daemon is down from 22:50 to 00:10.
    let desk = desk.restart();
    let late = at("2026-11-25T00:10:00Z");
    assert_eq!(desk.release_at(late, true).digests.len(), 1);
    assert_eq!(sizes(&desk.deliver_at(late)), [2]);
    desk.alert("three", Severity::High, "2026-11-25T00:11:00Z");
    assert!(desk.release("2026-11-25T22:59:00Z").digests.is_empty());
    assert_eq!(desk.deliver("2026-11-25T22:59:00Z"), []);
    desk.release("2026-11-25T23:00:00Z");
    assert_eq!(sizes(&desk.deliver("2026-11-25T23:00:00Z")), [1]);
    assert_clean(&desk.store);
}

#[test]
fn a_digest_comes_once_on_dates_on_which_clocks_change() {
    let berlin = Manner {
        digest: TimeOfDay {
            at: jiff::civil::time(2, 30, 0, 0),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        },
        ..collecting()
    };
    for (day, times) in [
        (
            "2026-10-24T12:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
        ),
        (
            "2027-03-27T12:00:00Z",
            ["2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z"],
        ),
    ] {
        let desk = Desk::of(berlin.clone(), plain());
        desk.alert("one", Severity::High, day);
        desk.release(times[0]);
        assert_eq!(sizes(&desk.deliver(times[0])), [1], "{day}");
        desk.alert("two", Severity::High, times[0]);
        desk.release(times[1]);
        assert_eq!(desk.deliver(times[1]), [], "{day}");
    }
}

#[test]
fn a_rule_that_asks_for_digests_gets_them_and_others_do_not() {
    let digest = rule("r", |rule| {
        rule.notify = crate::domain::rule::Notify::Digest;
    });
    let desk = Desk::new(manners(
        &[("desk", manner())],
        &[digest, rule("other", |_| ())],
    ));
    let both = vec![of("r", Severity::High), of("other", Severity::High)];
    desk.poll(vec![item("a", "one", both)], "2026-11-24T01:00:00Z");
    assert_eq!(sizes(&desk.deliver("2026-11-24T01:00:00Z")), [1]);
    desk.release("2026-11-24T23:00:00Z");
    let told = desk.deliver("2026-11-24T23:00:00Z");
    assert_eq!((told[0].reason, told.len()), (Reason::Digest, 1));
}

#[test]
fn a_digest_whose_time_is_quiet_waits_for_the_end_of_quiet_hours() {
    let early = Manner {
        digest: TimeOfDay {
            at: jiff::civil::time(6, 0, 0, 0),
            zone: seoul(),
        },
        collects: Some(Collects::default()),
        ..quiet()
    };
    let desk = Desk::of(early, plain());
    desk.alert("one", Severity::High, "2026-11-24T03:00:00Z");
    desk.alert("two", Severity::High, "2026-11-24T15:00:00Z");
    desk.release("2026-11-24T21:00:00Z");
    assert_eq!(desk.deliver("2026-11-24T21:00:00Z"), []);
    desk.release("2026-11-24T22:00:00Z");
    let told = desk.deliver("2026-11-24T22:00:00Z");
    assert_eq!(
        sizes(&told),
        [1],
        "what quiet hours held goes into the next"
    );
    desk.release("2026-11-25T21:00:00Z");
    desk.release("2026-11-25T22:00:00Z");
    assert_eq!(sizes(&desk.deliver("2026-11-25T22:00:00Z")), [1]);
}

#[test]
fn an_empty_digest_comes_only_where_it_is_wanted() {
    let wanted = Manner {
        collects: Some(Collects {
            empty: true,
            ..Collects::default()
        }),
        ..manner()
    };
    let desk = Desk::of(wanted, plain());
    assert!(desk.release("2026-11-24T12:00:00Z").digests.is_empty());
    assert_eq!(desk.release("2026-11-26T01:00:00Z").digests.len(), 1);
    assert_eq!(sizes(&desk.deliver("2026-11-26T01:00:00Z")), [0]);
    assert!(desk.release("2026-11-26T02:00:00Z").digests.is_empty());
    desk.alert("one", Severity::High, "2026-11-26T03:00:00Z");
    assert_eq!(desk.release("2026-11-26T23:00:00Z").digests.len(), 1);
    assert_eq!(sizes(&desk.deliver("2026-11-26T23:00:00Z")), [1]);
}

#[test]
fn a_throttle_lets_some_through_and_the_rest_come_as_one() {
    for restarts in [false, true] {
        let throttled = rule("r", |rule| rule.throttle = Some(parse_rate("3/h").unwrap()));
        let mut desk = Desk::of(manner(), throttled);
        let mut singles = 0;
        for minute in 0..10 {
            let now = format!("2026-11-24T10:0{minute}:00Z");
            desk.alert(&format!("n{minute}"), Severity::High, &now);
            desk.release(&now);
            singles += desk.deliver(&now).len();
            if restarts && minute == 5 {
                desk = desk.restart();
            }
        }
        assert_eq!(singles, 3);
        assert!(desk.release("2026-11-24T10:59:59Z").digests.is_empty());
        assert_eq!(desk.release("2026-11-24T11:00:00Z").digests.len(), 1);
        let told = desk.deliver("2026-11-24T11:00:00Z");
        assert_eq!(sizes(&told), [7]);
        assert_clean(&desk.store);
    }
}

#[test]
fn what_is_critical_passes_a_throttle_and_counts() {
    let throttled = rule("r", |rule| rule.throttle = Some(parse_rate("1/h").unwrap()));
    let desk = Desk::of(manner(), throttled);
    desk.alert("one", Severity::Critical, "2026-11-24T10:00:00Z");
    desk.alert("two", Severity::Critical, "2026-11-24T10:01:00Z");
    let held = desk.alert("three", Severity::High, "2026-11-24T10:02:00Z");
    assert_eq!(desk.deliver("2026-11-24T10:02:00Z").len(), 2);
    assert_eq!(desk.one(held).0, "held");
    let released = desk.release("2026-11-24T11:01:00Z");
    assert_eq!(
        (released.single, released.digests.len()),
        (1, 0),
        "one needs no digest"
    );
}

#[test]
fn a_silence_holds_and_its_end_tells_what_it_held_once() {
    let desk = Desk::of(manner(), plain());
    let id = desk.silence(
        silence("r", "2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z"),
        "2026-11-24T10:00:00Z",
    );
    let held: Vec<i64> = (0..5)
        .map(|n| desk.alert(&format!("n{n}"), Severity::Critical, "2026-11-24T10:30:00Z"))
        .collect();
    for alert in &held {
        assert_eq!(
            desk.one(*alert),
            (
                "held".into(),
                format!("silence {id} until 2026-11-24 21:00 KST")
            )
        );
    }
    assert_eq!(desk.deliver("2026-11-24T11:59:00Z"), []);
    let listed = desk
        .store
        .read_blocking(|conn| super::held(conn, None, None, 10));
    assert_eq!(listed.unwrap().len(), 5);
    desk.release("2026-11-24T12:00:00Z");
    let told = desk.deliver("2026-11-24T12:00:00Z");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].alerts, held);
    assert!(desk.release("2026-11-24T13:00:00Z").digests.is_empty());
    let row = desk.store.read_blocking(|conn| silences::get(conn, id));
    let row = row.unwrap().unwrap();
    assert_eq!((row.matched, row.holds), (5, 0));
    assert_clean(&desk.store);
}

#[test]
fn a_silence_takes_what_is_due_already_also_what_is_being_tried() {
    let desk = Desk::of(manner(), plain());
    let due = desk.alert("one", Severity::High, "2026-11-24T10:00:00Z");
    let tried = desk.alert("two", Severity::Critical, "2026-11-24T10:00:00Z");
    let other = desk.poll(
        vec![item("a", "three", vec![of("other", Severity::High)])],
        "2026-11-24T10:00:00Z",
    );
    let claimed: Vec<_> = desk
        .claim("desk", at("2026-11-24T10:00:01Z"))
        .into_iter()
        .filter(|row| {
            row.alert == tried || {
                let row = row.clone();
                desk.write(move |tx| outbox::give_back(tx, &row));
                false
            }
        })
        .collect();
    desk.silence(
        silence("r", "2026-11-24T10:00:02Z", "2026-11-24T12:00:00Z"),
        "2026-11-24T10:00:02Z",
    );
    assert_eq!(desk.one(due).0, "held");
    assert_eq!(desk.one(other.alerts[0]).0, "due");
    assert_eq!(desk.one(tried).0, "sending");
    let again = DeliveryState::Due {
        due: at("2026-11-24T10:00:10Z"),
    };
    desk.settle(
        claimed,
        Attempt::later("503"),
        again,
        at("2026-11-24T10:00:03Z"),
    );
    assert_eq!(desk.deliver("2026-11-24T11:00:00Z").len(), 1);
    assert_eq!(desk.one(tried).0, "held", "before its next try");
    assert_clean(&desk.store);
}

#[test]
fn an_ended_silence_releases_only_when_told_to() {
    let begin = "2026-11-24T10:00:00Z";
    for (release, summary, expected) in [
        (true, true, vec![1, 1]),
        (false, true, vec![2]),
        (false, false, vec![]),
    ] {
        let desk = Desk::of(manner(), plain());
        let new = NewSilence {
            summary,
            ..silence("r", begin, "2026-11-24T12:00:00Z")
        };
        let id = desk.silence(new, begin);
        let alerts = ["one", "two"].map(|name| desk.alert(name, Severity::High, begin));
        desk.write(move |tx| silences::end(tx, id, "lee", release, at("2026-11-24T11:00:00Z")));
        desk.release("2026-11-24T11:00:00Z");
        assert_eq!(sizes(&desk.deliver("2026-11-24T11:00:00Z")), expected);
        if !summary {
            let why = format!("silence {id} ended without a summary");
            assert_eq!(desk.one(alerts[0]), ("cancelled".into(), why));
        }
        let row = desk.store.read_blocking(|conn| silences::get(conn, id));
        let row = row.unwrap().unwrap();
        assert_eq!(row.ended_by.as_deref(), Some("lee"));
        assert!(!desk.write(move |tx| silences::end(
            tx,
            id,
            "lee",
            false,
            at("2026-11-24T11:30:00Z")
        )));
        assert_clean(&desk.store);
    }
}

#[test]
fn a_silence_that_replaces_another_takes_over_what_it_held() {
    let desk = Desk::of(manner(), plain());
    let begin = "2026-11-24T10:00:00Z";
    let first = desk.silence(silence("r", begin, "2026-11-24T12:00:00Z"), begin);
    let alert = desk.alert("one", Severity::High, begin);
    let longer = NewSilence {
        replaces: Some(first),
        ..silence("r", "2026-11-24T10:30:00Z", "2026-11-24T14:00:00Z")
    };
    let second = desk.silence(longer, "2026-11-24T10:30:00Z");
    assert!(
        desk.one(alert)
            .1
            .starts_with(&format!("silence {second} until"))
    );
    desk.release("2026-11-24T12:00:00Z");
    assert_eq!(desk.deliver("2026-11-24T12:00:00Z"), []);
    let row = desk.store.read_blocking(|conn| silences::get(conn, first));
    assert_eq!(row.unwrap().unwrap().replaced_by, Some(second));
    desk.release("2026-11-24T14:00:00Z");
    assert_eq!(sizes(&desk.deliver("2026-11-24T14:00:00Z")), [1]);
}

#[test]
fn silences_look_at_entity_feed_tag_severity_and_query() {
    let begin = "2026-11-24T10:00:00Z";
    let fits = |matchers: Matchers| {
        let desk = Desk::of(manner(), plain());
        let new = NewSilence {
            matchers,
            ..silence("r", begin, "2026-11-24T12:00:00Z")
        };
        let tried = desk.manners.clone();
        let preview = {
            desk.alert("zero", Severity::High, begin);
            let new = new.clone();
            desk.store
                .read_blocking(move |conn| preview(conn, &tried, &new, at(begin)))
                .unwrap()
        };
        desk.silence(new, begin);
        let held = desk.one(desk.alert("one", Severity::High, begin)).0 == "held";
        assert_eq!(
            (preview.open.len() == 1, preview.of_week == 1),
            (held, held)
        );
        held
    };
    let list = |value: &str| vec![value.to_owned()];
    let by = |change: &dyn Fn(&mut Matchers)| {
        let mut matchers = Matchers::default();
        change(&mut matchers);
        fits(matchers)
    };
    assert!(by(&|m| m.entities = list("k9")));
    assert!(!by(&|m| m.entities = list("k2")));
    assert!(by(&|m| m.feeds = list("a")));
    assert!(!by(&|m| m.feeds = list("b")));
    assert!(by(&|m| m.tags = list("wire")));
    assert!(!by(&|m| m.tags = list("blog")));
    assert!(by(&|m| m.severities = vec![Severity::High]));
    assert!(!by(&|m| m.severities = vec![Severity::Low]));
    assert!(by(&|m| m.query = Some("body AND tag:wire".into())));
    assert!(!by(&|m| m.query = Some("elsewhere".into())));
}

#[test]
fn a_copy_that_no_silence_holds_is_told_of_and_a_silenced_one_folds() {
    let desk = Desk::of(manner(), plain());
    let begin = "2026-11-24T10:00:00Z";
    let of_feed = NewSilence {
        matchers: Matchers {
            feeds: vec!["a".to_owned()],
            ..Matchers::default()
        },
        ..silence("r", begin, "2026-11-24T12:00:00Z")
    };
    desk.silence(of_feed, begin);
    let first = desk.alert("one", Severity::High, begin);
    let again = desk.poll(vec![item("a", "one", vec![of("r", Severity::High)])], begin);
    assert_eq!((again.new, again.repeated), (0, 1));
    let copy = desk.poll(vec![item("b", "one", vec![of("r", Severity::High)])], begin);
    assert_eq!(
        copy.alerts.len(),
        1,
        "the story is told through the feed that is not silenced"
    );
    assert_eq!(sizes(&desk.deliver(begin)), [1]);
    let third = desk.poll(vec![item("c", "one", vec![of("r", Severity::High)])], begin);
    assert_eq!((third.alerts.len(), third.held["folded"]), (0, 1));
    assert_eq!(desk.one(first).0, "held");
}

#[test]
fn a_rule_is_quiet_on_a_story_of_which_a_stronger_one_has_told() {
    let weak = rule("weak", |rule| rule.inhibit = vec![RuleId::new("strong")]);
    let desk = Desk::new(manners(
        &[("desk", manner()), ("other", manner())],
        &[weak, rule("strong", |_| ())],
    ));
    let now = "2026-11-24T10:00:00Z";
    // The weak one stands first in the entry's list.
    let both = vec![of("weak", Severity::Low), of("strong", Severity::High)];
    let result = desk.poll(vec![item("a", "one", both)], now);
    assert_eq!((result.alerts.len(), result.held["inhibited"]), (1, 1));
    let copy = desk.poll(vec![item("b", "one", vec![of("weak", Severity::Low)])], now);
    assert_eq!(copy.held["inhibited"], 1);
    let mut wider = of("weak", Severity::Low);
    wider.receivers = vec![to("desk"), to("other")];
    let result = desk.poll(vec![item("c", "one", vec![wider])], now);
    let stands = desk.stands(result.alerts[0]);
    assert_eq!(
        stands,
        [
            (
                "cancelled".to_owned(),
                "inhibited: strong has told of the story".to_owned()
            ),
            ("due".to_owned(), String::new()),
        ],
        "who was not told by the strong one is told"
    );
    let alone = desk.poll(vec![item("a", "two", vec![of("weak", Severity::Low)])], now);
    assert_eq!(alone.alerts.len(), 1);
    assert_clean(&desk.store);
}

#[test]
fn a_changed_config_judges_anew_what_waits() {
    let mut desk = Desk::of(quiet(), plain());
    let held = desk.alert("one", Severity::High, "2026-11-24T14:10:00Z");
    desk.manners = Arc::new(manners(&[("desk", manner())], &[plain()]));
    assert_eq!(desk.release("2026-11-24T14:20:00Z").single, 0);
    assert_eq!(desk.release_at(at("2026-11-24T14:20:00Z"), true).single, 1);
    assert_eq!(desk.deliver("2026-11-24T14:20:00Z")[0].alerts, [held]);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_for_long() {
    let desk = Desk::of(quiet(), plain());
    desk.alert("one", Severity::High, "2026-12-24T14:10:00Z");
    desk.release("2026-11-24T04:00:00Z");
    assert_eq!(desk.deliver("2026-11-24T04:00:00Z").len(), 1);
}

#[test]
fn tests_and_what_is_sent_again_by_hand_are_not_held() {
    let desk = Desk::of(manner(), plain());
    let begin = "2026-11-24T10:00:00Z";
    let alert = desk.alert("one", Severity::High, begin);
    desk.deliver(begin);
    desk.silence(silence("r", begin, "2026-11-24T12:00:00Z"), begin);
    desk.write(move |tx| outbox::resend(tx, alert, &[to("desk")], at(begin)).map(drop));
    desk.release(begin);
    let told = desk.deliver(begin);
    assert!(told[0].key.ends_with("-r2"), "{told:?}");
}

#[test]
fn who_acknowledges_a_digest_acknowledges_all_that_it_carries() {
    let desk = Desk::of(collecting(), plain());
    let member = desk.alert("one", Severity::High, "2026-11-24T01:00:00Z");
    let digest = desk.release("2026-11-24T23:00:00Z").digests[0];
    desk.write(move |tx| alerts::ack(tx, digest, "kim", at("2026-11-25T00:00:00Z")));
    let found = desk.store.read_blocking(|conn| detail(conn, member, None));
    assert_eq!(found.unwrap().unwrap().row.acked_by.as_deref(), Some("kim"));
}

#[test]
fn what_a_receivers_own_rate_holds_is_listed_with_its_time() {
    let desk = Desk::of(manner(), plain());
    let alert = desk.alert("one", Severity::High, "2026-11-24T10:00:00Z");
    let held = || {
        desk.store
            .read_blocking(|conn| super::held(conn, None, None, 10))
            .unwrap()
    };
    assert_eq!(held(), []);
    let until = at("2026-11-24T10:05:00Z");
    desk.write(move |tx| {
        let row = "insert into receiver (id, rate_until) values ('desk', ?1)";
        Ok(tx.execute(row, [until.as_millisecond()])?)
    });
    let held = held();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].alert, held[0].held.as_str(), held[0].until),
        (alert, "rate", Some(until))
    );
}
