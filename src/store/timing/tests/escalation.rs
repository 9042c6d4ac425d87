//! Escalations with injected time: owners, missing acknowledgement, what waits, what a silence holds.

use super::*;
use crate::domain::alert::escalate::Step;
use crate::domain::rule::Escalate;
use crate::store::escalations;

fn how() -> Escalate {
    Escalate {
        feeds: 3,
        within: Duration::from_hours(6),
        severity: Severity::Critical,
        unacked: Some(Duration::from_mins(30)),
        remind: Some(Duration::from_mins(20)),
    }
}

const TEXTS: [(&str, &str); 4] = [
    (
        "a",
        "Delivery begins in two years and crews are trained abroad before that.",
    ),
    (
        "b",
        "Lawmakers welcome the purchase while they ask who is to pay for all of it.",
    ),
    (
        "c",
        "Analysts see a shift as factories at the coast hire hundreds of welders.",
    ),
    (
        "d",
        "A spokesman named no price but local partners assemble a third of them.",
    ),
];

/// The story `one` in a feed's own words.
fn carried(desk: &Desk, feed: &str, now: &str) {
    let mut copy = item(feed, "one", vec![of("r", Severity::High)]);
    let (_, text) = TEXTS.iter().find(|(id, _)| *id == feed).unwrap();
    (*text).clone_into(&mut copy.entry.content.body);
    copy.entry.first_seen = Some(at(now));
    desk.poll(vec![copy], now);
}

/// Takes the steps that are due; which they were.
fn escalate(desk: &Desk, now: &str) -> Vec<Step> {
    escalate_as(desk, &how(), now)
}

fn escalate_as(desk: &Desk, how: &Escalate, now: &str) -> Vec<Step> {
    let (now, manners) = (at(now), Arc::clone(&desk.manners));
    let rule = RuleId::new("r");
    let candidates = desk
        .store
        .read_blocking(|conn| escalations::candidates(conn, (&rule, how), now))
        .unwrap();
    let mut taken = Vec::new();
    for candidate in candidates {
        for step in candidate.standing.due(&candidate.left, how, now) {
            let (of, manners) = (candidate.clone(), Arc::clone(&manners));
            desk.write(move |tx| {
                let to = [to("desk")];
                let raised = escalations::raise(tx, &of, (step, Severity::Critical), &to, now)?;
                judge(tx, &manners, raised.unwrap(), now)
            });
            taken.push(step);
        }
    }
    taken
}

#[test]
fn the_third_owner_escalates_once_and_the_third_feed_does_not() {
    let desk = Desk::of(manner(), plain());
    carried(&desk, "a", "2026-11-24T10:00:00Z");
    carried(&desk, "b", "2026-11-24T10:01:00Z");
    carried(&desk, "c", "2026-11-24T10:02:00Z");
    assert_eq!(escalate(&desk, "2026-11-24T10:03:00Z"), []);
    carried(&desk, "d", "2026-11-24T10:04:00Z");
    assert_eq!(escalate(&desk, "2026-11-24T10:05:00Z"), [Step::Owners]);
    assert_eq!(escalate(&desk, "2026-11-24T10:06:00Z"), []);
    let told = desk.deliver("2026-11-24T10:06:00Z");
    let reasons: Vec<Reason> = told.iter().map(|told| told.reason).collect();
    assert_eq!(reasons, [Reason::Escalation, Reason::NewStory]);
    assert_clean(&desk.store);
}

#[test]
fn owners_hours_apart_do_not_escalate() {
    let desk = Desk::of(manner(), plain());
    carried(&desk, "a", "2026-11-24T03:00:00Z");
    carried(&desk, "b", "2026-11-24T10:01:00Z");
    carried(&desk, "d", "2026-11-24T10:04:00Z");
    let taken = escalate(&desk, "2026-11-24T10:05:00Z");
    assert!(!taken.contains(&Step::Owners), "{taken:?}");
}

#[test]
fn nobody_who_acknowledges_in_time_is_told_louder() {
    let desk = Desk::of(manner(), plain());
    let first = desk.alert("one", Severity::High, "2026-11-24T10:00:00Z");
    let second = desk.alert("two", Severity::High, "2026-11-24T10:00:00Z");
    desk.deliver("2026-11-24T10:00:05Z");
    assert_eq!(escalate(&desk, "2026-11-24T10:30:00Z"), []);
    desk.write(move |tx| alerts::ack(tx, first, "kim", at("2026-11-24T10:30:01Z")));
    assert_eq!(escalate(&desk, "2026-11-24T10:30:05Z"), [Step::Unacked]);
    let told = desk.deliver("2026-11-24T10:30:06Z");
    assert_eq!(told.len(), 1);
    let story = |alert: i64| {
        let row = desk.store.read_blocking(|conn| alerts::one(conn, alert));
        row.unwrap().unwrap().story
    };
    assert_eq!(story(told[0].alerts[0]), story(second));
}

#[test]
fn at_night_owners_wake_people_and_a_missing_acknowledgement_waits_for_the_message() {
    let desk = Desk::of(quiet(), plain());
    carried(&desk, "a", "2026-11-24T14:10:00Z");
    assert_eq!(
        escalate(&desk, "2026-11-24T15:00:00Z"),
        [],
        "it was not told yet"
    );
    carried(&desk, "b", "2026-11-24T15:01:00Z");
    carried(&desk, "d", "2026-11-24T15:02:00Z");
    assert_eq!(escalate(&desk, "2026-11-24T15:03:00Z"), [Step::Owners]);
    let told = desk.deliver("2026-11-24T15:03:00Z");
    assert_eq!(
        told[0].reason,
        Reason::Escalation,
        "judged by what it weighs now"
    );
    assert_eq!(told.len(), 1);
}

#[test]
fn a_silenced_story_does_not_escalate() {
    let desk = Desk::of(manner(), plain());
    let begin = "2026-11-24T10:00:00Z";
    desk.silence(silence("r", begin, "2026-11-24T12:00:00Z"), begin);
    for feed in ["a", "b", "d"] {
        carried(&desk, feed, "2026-11-24T10:01:00Z");
    }
    assert_eq!(escalate(&desk, "2026-11-24T10:50:00Z"), []);
}

#[test]
fn what_is_critical_is_told_again_three_times_and_not_once_somebody_has_seen_it() {
    let desk = Desk::of(manner(), plain());
    desk.alert("one", Severity::Critical, "2026-11-24T10:00:00Z");
    let seen = desk.alert("two", Severity::Critical, "2026-11-24T10:00:00Z");
    desk.alert("three", Severity::High, "2026-11-24T10:00:00Z");
    desk.deliver("2026-11-24T10:00:05Z");
    desk.write(move |tx| alerts::ack(tx, seen, "kim", at("2026-11-24T10:10:00Z")));
    let how = Escalate {
        unacked: None,
        ..how()
    };
    for (now, due) in [
        ("2026-11-24T10:20:04Z", None),
        ("2026-11-24T10:20:05Z", Some(1)),
        ("2026-11-24T10:20:06Z", None),
        // Two hours later, as after an outage of our own: one, not all that are left.
        ("2026-11-24T12:20:00Z", Some(2)),
        ("2026-11-24T12:20:01Z", None),
        ("2026-11-24T12:40:00Z", Some(3)),
        ("2026-11-24T23:00:00Z", None),
    ] {
        let due: Vec<Step> = due.map(Step::Remind).into_iter().collect();
        assert_eq!(escalate_as(&desk, &how, now), due, "{now}");
        let told = desk.deliver(now);
        assert!(
            told.iter().all(|told| told.reason == Reason::Escalation),
            "{now}"
        );
        assert_eq!(told.len(), due.len(), "{now}");
    }
    assert_clean(&desk.store);
}
