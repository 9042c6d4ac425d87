//! A subscription's life as tables: what is asked when, what hubs may say, and what that means for polling.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::push::{Found, PollNews};
use super::subscription::PATIENCE;
use super::*;
use crate::domain::feed::learn::{self, Polled};
use crate::domain::feed::outcome::{HttpFacts, OutcomeKind};
use crate::domain::feed::schedule::{Pace, Why};
use crate::domain::feed::standing::Evidence;
use crate::domain::feed::{DocumentFacts, Feed, FeedState};

const BASE: &str = "https://desk.example/websub/";
const HUB: &str = "https://hub.example/";
const TOPIC: &str = "https://h.example/feed";

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn hours(hours: i64) -> Timestamp {
    after(hours * 3_600)
}

fn id() -> FeedId {
    FeedId::new("wire")
}

fn offer(hubs: &[&str]) -> Offer {
    Offer {
        hubs: hubs.iter().map(|hub| (*hub).to_owned()).collect(),
        topic: TOPIC.to_owned(),
    }
}

/// A subscription and what config wishes of it.
struct Desk {
    known: Subscription,
    feed: FeedId,
    base: Option<&'static str>,
    signed: bool,
    private: Vec<String>,
    asked: u32,
}

impl Desk {
    fn new(hubs: &[&str]) -> Self {
        let mut known = Subscription::default();
        known.push.offer = Some(offer(hubs));
        Self {
            known,
            feed: id(),
            base: Some(BASE),
            signed: false,
            private: Vec::new(),
            asked: 0,
        }
    }

    fn step(&mut self, now: Timestamp) -> Step {
        let wish = Wish {
            feed: &self.feed,
            base: self.base,
            signed: self.signed,
            private: &self.private,
        };
        self.known.step(&wish, now)
    }

    /// Takes the step, which must be to ask a hub; gives the token back.
    fn ask(&mut self, now: Timestamp) -> String {
        let Step::Subscribe(target) = self.step(now) else {
            panic!("nothing is asked: {:?}", self.known);
        };
        self.asked += 1;
        let token = format!("token{}", self.asked);
        let callback = Callback {
            token: Secret::new(token.clone()),
            url: Secret::new(format!("{BASE}{token}")),
            hub: self.known.address_of(&target.hub).to_owned(),
            topic: target.topic.clone(),
            secret: Some(Secret::new("secret")),
            stage: Stage::Asked,
            asked: now,
            renew: None,
            until: None,
            goodbyes: 0,
        };
        self.known.ask(target, callback, now);
        token
    }

    fn accept(&mut self, token: &str, now: Timestamp) {
        let hub = self.known.callbacks.last().unwrap().hub.clone();
        let answer = Answer::Accepted {
            hub,
            for_good: false,
        };
        self.known.answered(&id(), token, &answer, now);
    }

    fn fail(&mut self, token: &str, now: Timestamp) {
        let answer = Answer::Failed("HTTP 500".to_owned());
        self.known.answered(&id(), token, &answer, now);
    }

    fn verify(&mut self, token: &str, lease: i64, now: Timestamp) -> bool {
        let lease = Duration::from_secs(u64::try_from(lease).unwrap());
        self.known
            .verified_by_hub(&id(), (token, TOPIC), lease, now)
    }

    /// Subscribed at the start, for `lease` seconds.
    fn active(lease: i64) -> Self {
        let mut desk = Self::new(&[HUB]);
        let token = desk.ask(start());
        desk.accept(&token, start());
        assert!(desk.verify(&token, lease, start()));
        assert_eq!(desk.step(start()), Step::Rest);
        desk
    }

    fn state(&self) -> State {
        self.known.state
    }

    fn stages(&self) -> Vec<Stage> {
        self.known
            .callbacks
            .iter()
            .map(|callback| callback.stage)
            .collect()
    }
}

#[test]
fn a_hub_is_asked_once_and_waited_for() {
    let mut desk = Desk::new(&["http://plain.example/", HUB]);
    let token = desk.ask(start());
    assert_eq!(desk.known.callbacks[0].hub, HUB, "https is preferred");
    assert_eq!(desk.state(), State::Pending);
    desk.accept(&token, start());
    assert_eq!(desk.step(after(60)), Step::Rest);
    assert!(!desk.known.push.is_active(after(60)));
    assert!(desk.verify(&token, 86_400, after(61)));
    assert_eq!(desk.state(), State::Active);
    assert!(desk.known.push.is_active(after(61)));
    assert_eq!(desk.known.push.until, Some(after(61 + 86_400)));
    // Hubs ask again: it is still ours, and nothing else changes.
    assert!(desk.verify(&token, 86_400, after(70)));
    assert_eq!(desk.stages(), [Stage::Verified]);
}

#[test]
fn a_hub_that_grants_seconds_is_not_asked_each_second() {
    let mut desk = Desk::active(1);
    let mut asked = 1;
    for second in 1..3_600 {
        if matches!(desk.step(after(second)), Step::Subscribe(_)) {
            let token = desk.ask(after(second));
            desk.accept(&token, after(second));
            desk.verify(&token, 1, after(second));
            asked += 1;
        }
    }
    assert!((2..=12).contains(&asked), "{asked}");
    assert!(desk.known.error.is_some());
}

#[test]
fn only_what_was_asked_is_confirmed() {
    let mut desk = Desk::new(&[HUB]);
    let token = desk.ask(start());
    let lease = Duration::from_mins(1);
    for (token, topic) in [
        ("other", TOPIC),
        (token.as_str(), "https://h.example/other"),
        ("", ""),
    ] {
        assert!(
            !desk
                .known
                .verified_by_hub(&id(), (token, topic), lease, start()),
            "{token} {topic}"
        );
        assert!(!desk.known.forgotten_by_hub(token, topic, start()));
        assert!(!desk.known.denied(token, topic, "", start()));
    }
    assert!(
        !desk.known.forgotten_by_hub(&token, TOPIC, start()),
        "nobody wants to leave"
    );
    assert_eq!(desk.state(), State::Pending);
}

#[test]
fn it_is_renewed_at_two_thirds_and_the_old_callback_stays_until_the_new_is_verified() {
    let mut desk = Desk::active(9_000);
    assert_eq!(
        desk.step(after(5_300)),
        Step::Rest,
        "not before three fifths"
    );
    let due = desk.known.due.unwrap();
    assert!((after(5_400)..=after(6_000)).contains(&due), "{due}");
    let token = desk.ask(after(6_000));
    assert_eq!(desk.state(), State::Renewing);
    assert_eq!(desk.stages(), [Stage::Verified, Stage::Asked]);
    assert!(
        desk.known.push.is_active(after(6_000)),
        "the old one still pushes"
    );
    desk.accept(&token, after(6_000));
    assert_eq!(desk.step(after(6_001)), Step::Rest, "asked once");
    assert!(desk.verify(&token, 9_000, after(6_002)));
    assert_eq!(desk.stages(), [Stage::Leaving, Stage::Verified]);
    assert_eq!(desk.known.push.since, Some(start()), "without a break");
    let Step::Unsubscribe(old) = desk.step(after(6_003)) else {
        panic!("the old callback is kept");
    };
    assert_eq!(old.token.expose(), "token1");
    assert_eq!(desk.step(after(6_004)), Step::Rest, "said once an hour");
    assert!(desk.known.forgotten_by_hub("token1", TOPIC, after(6_005)));
    assert_eq!(desk.stages(), [Stage::Verified]);
}

#[test]
fn a_renewal_that_fails_means_polling_at_once_and_another_try_later() {
    let mut desk = Desk::active(9_000);
    let token = desk.ask(after(6_000));
    desk.fail(&token, after(6_001));
    assert_eq!(desk.state(), State::Renewing, "the old lease still runs");
    assert_eq!(
        desk.known.push.rest(after(6_001)),
        None,
        "and is not relied on"
    );
    assert_eq!(desk.step(after(6_002)), Step::Rest);
    let retry = desk.known.retry.unwrap();
    assert!(
        (after(6_001 + 900)..=after(6_001 + 990)).contains(&retry),
        "{retry}"
    );
    // The old lease ends meanwhile.
    let token = desk.ask(after(7_000));
    desk.fail(&token, after(7_000));
    assert_eq!(
        desk.step(after(9_001)),
        Step::Subscribe(Target {
            hub: HUB.to_owned(),
            topic: TOPIC.to_owned()
        })
    );
    assert_eq!(desk.state(), State::Lost);
}

#[test]
fn failures_back_off_to_a_day() {
    let mut desk = Desk::new(&[HUB]);
    let (mut now, mut waits) = (start(), Vec::new());
    for _ in 0..9 {
        let token = desk.ask(now);
        desk.fail(&token, now);
        assert_eq!(desk.state(), State::Failed);
        assert_eq!(desk.step(now), Step::Rest);
        let retry = desk.known.retry.unwrap();
        assert_eq!(desk.known.due, Some(retry));
        waits.push(retry.duration_since(now).as_secs());
        now = retry;
    }
    for (wait, minutes) in waits
        .iter()
        .zip([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440])
    {
        assert!((minutes * 60..=minutes * 66).contains(wait), "{waits:?}");
    }
}

#[test]
fn a_hub_that_never_verifies_counts_as_a_failure_and_may_still_come() {
    let mut desk = Desk::new(&[HUB]);
    let token = desk.ask(start());
    desk.accept(&token, start());
    let late = start() + PATIENCE;
    assert_eq!(desk.known.due, Some(late));
    assert_eq!(desk.step(late), Step::Rest);
    assert_eq!((desk.state(), desk.known.failures), (State::Failed, 1));
    assert_eq!(desk.step(late), Step::Rest);
    assert_eq!(desk.known.failures, 1, "counted once");
    assert!(desk.verify(&token, 600, late));
    assert_eq!((desk.state(), desk.known.failures), (State::Active, 0));
}

#[test]
fn a_denial_is_final_until_the_feed_names_another_hub() {
    let mut desk = Desk::new(&[HUB]);
    let token = desk.ask(start());
    assert!(desk.known.denied(&token, TOPIC, "not here", start()));
    assert_eq!(desk.state(), State::Denied);
    assert!(desk.known.error.as_ref().unwrap().contains("not here"));
    assert_eq!(desk.step(hours(24 * 60)), Step::Rest);
    assert_eq!(desk.known.due, None);
    desk.known.push.offer = Some(offer(&["https://other.example/"]));
    desk.ask(hours(24 * 60));

    // A hub may also take back what it promised.
    let mut desk = Desk::active(9_000);
    assert!(desk.known.denied("token1", TOPIC, "", after(10)));
    assert!(!desk.known.push.is_active(after(10)));
}

#[test]
fn a_lease_that_runs_out_is_noticed_and_asked_for_again() {
    let mut desk = Desk::active(9_000);
    assert!(desk.known.push.is_active(after(8_999)) && !desk.known.push.is_active(after(9_000)));
    // As after a night in which nothing ran.
    desk.ask(hours(10));
    assert_eq!(desk.stages(), [Stage::Asked]);
}

#[test]
fn a_feed_that_goes_leaves_its_hub() {
    let mut desk = Desk::active(9_000);
    desk.base = None;
    for hour in 0..3 {
        let step = desk.step(after(hour * 3_600));
        assert!(
            matches!(step, Step::Unsubscribe(_)) == (hour < 3),
            "{step:?}"
        );
        assert_eq!(desk.state(), State::Off);
        assert_eq!(desk.step(after(hour * 3_600)), Step::Rest);
        if hour == 2 {
            break;
        }
    }
    assert_eq!(desk.step(after(9_001)), Step::Rest);
    assert_eq!(desk.stages(), [], "nobody is asked for ever");
    assert_eq!(desk.known.due, None);
    desk.base = Some(BASE);
    desk.ask(after(9_002));
}

#[test]
fn another_topic_or_address_is_subscribed_anew() {
    let mut desk = Desk::active(90_000);
    desk.known.push.offer.as_mut().unwrap().topic = "https://h.example/new".to_owned();
    assert!(matches!(desk.step(after(10)), Step::Subscribe(_)));
    let mut desk = Desk::active(90_000);
    desk.base = Some("https://elsewhere.example/websub/");
    assert!(matches!(desk.step(after(10)), Step::Subscribe(_)));
    let mut desk = Desk::active(90_000);
    desk.known.push.offer = None;
    assert!(matches!(desk.step(after(10)), Step::Unsubscribe(_)));
}

#[test]
fn a_hub_that_moved_for_good_is_asked_where_it_is() {
    let mut desk = Desk::new(&[HUB]);
    let token = desk.ask(start());
    let answer = Answer::Accepted {
        hub: "https://new.example/".to_owned(),
        for_good: true,
    };
    desk.known.answered(&id(), &token, &answer, start());
    assert!(desk.verify(&token, 9_000, start()));
    assert_eq!(desk.known.callbacks[0].hub, "https://new.example/");
    desk.step(start());
    desk.ask(after(6_000));
    assert_eq!(desk.known.callbacks[1].hub, "https://new.example/");
}

#[test]
fn where_signatures_are_required_only_a_hub_that_can_have_a_secret_is_asked() {
    let mut desk = Desk::new(&["http://10.0.0.1/hub"]);
    desk.signed = true;
    assert_eq!(desk.step(start()), Step::Rest);
    assert_eq!(desk.state(), State::Off);
    desk.private = vec!["http://10.0.0.1/hub".to_owned()];
    desk.ask(start());
    for (hub, may) in [
        (HUB, true),
        ("HTTPS://h.example", true),
        ("http://h.example/", false),
        ("http://10.0.0.1/hub", true),
    ] {
        let wish = Wish {
            feed: &id(),
            base: Some(BASE),
            signed: false,
            private: &desk.private,
        };
        assert_eq!(wish.may_know_secret(hub), may, "{hub}");
    }
}

#[test]
fn looking_without_cause_changes_nothing_and_says_when_to_look_again() {
    let mut desk = Desk::active(9_000);
    let before = desk.known.clone();
    for second in [1, 100, 5_000] {
        assert_eq!(desk.step(after(second)), Step::Rest);
        assert_eq!(desk.known, before);
        assert!(desk.known.due.unwrap() > after(second));
    }
}

fn pace() -> Pace {
    Pace {
        interval: None,
        budget: 24.0,
        min: Duration::from_mins(5),
        max: Duration::from_hours(24),
        ..Pace::default()
    }
}

/// A feed that was polled well an hour ago and is pushed since three hours before the start.
fn pushed() -> FeedState {
    FeedState {
        url: TOPIC.to_owned(),
        last_success: Some(hours(-1)),
        push: Push {
            offer: Some(offer(&[HUB])),
            since: Some(hours(-3)),
            until: Some(hours(24 * 60)),
            ..Push::default()
        },
        ..FeedState::default()
    }
}

fn poll(
    old: &FeedState,
    feed: &Feed,
    entries: &[(&str, Option<Timestamp>)],
    at: Timestamp,
) -> FeedState {
    let facts = HttpFacts {
        final_url: Some(feed.url.clone()),
        etag: Some(b"x".to_vec()),
        ..HttpFacts::default()
    };
    let polled = Polled {
        began: at,
        kind: OutcomeKind::OkNew,
        message: None,
        facts: &facts,
        hash: None,
        document: None,
        new: u32::try_from(entries.len()).unwrap(),
        entries,
        matched: 0,
        evidence: &Evidence::default(),
    };
    learn::apply(feed, old, &polled, &pace(), at)
}

fn gap(state: &FeedState, at: Timestamp) -> i64 {
    state.next_poll.unwrap().duration_since(at).as_secs()
}

#[test]
fn polls_rest_while_a_hub_pushes_six_hours_at_first_and_a_day_later() {
    let feed = Feed::new(id(), TOPIC);
    let state = poll(&pushed(), &feed, &[], start());
    assert_eq!(state.why_then, Some(Why::Pushed));
    assert!((6 * 3_600..=6 * 3_960).contains(&gap(&state, start())));
    assert!(state.push.otherwise.unwrap() < state.next_poll.unwrap());
    let week = hours(24 * 8);
    let state = poll(&pushed(), &feed, &[], week);
    assert_eq!(gap(&state, week), 24 * 3_600, "no longer than max_interval");
    let fixed = Feed {
        interval: Some(Duration::from_mins(10)),
        ..feed.clone()
    };
    assert_eq!(
        poll(&pushed(), &fixed, &[], start()).why_then,
        Some(Why::Interval)
    );
    let mut over = pushed();
    over.push.until = Some(start());
    assert_ne!(poll(&over, &feed, &[], start()).why_then, Some(Why::Pushed));
}

#[test]
fn two_entries_that_no_push_brought_bring_normal_polling_back_for_a_week() {
    let feed = Feed::new(id(), TOPIC);
    let one = poll(&pushed(), &feed, &[("a", None)], start());
    assert_eq!(one.why_then, Some(Why::Pushed), "one may happen");
    assert_eq!(
        (one.push.misses(after(60)), one.push.misses(after(900))),
        (0, 1)
    );
    let two = poll(&one, &feed, &[("b", None)], hours(6));
    assert_ne!(
        two.why_then,
        Some(Why::Pushed),
        "at once, not after the grace"
    );
    assert_eq!(two.push.misses(hours(7)), 2);
    let later = poll(&two, &feed, &[], hours(24 * 6));
    assert_ne!(later.why_then, Some(Why::Pushed));
    let forgiven = poll(&two, &feed, &[], hours(24 * 8));
    assert_eq!(forgiven.why_then, Some(Why::Pushed));
}

#[test]
fn a_push_within_a_quarter_of_an_hour_is_no_miss() {
    let feed = Feed::new(id(), TOPIC);
    let state = poll(&pushed(), &feed, &[("a", None), ("b", None)], start());
    let mut push = state.push.clone();
    push.pushed(["a", "b"].into_iter(), 0, after(899));
    assert_eq!(push.misses(after(3_600)), 0);
    let mut push = state.push;
    push.pushed(["a", "b"].into_iter(), 0, after(900));
    assert_eq!(push.misses(after(3_600)), 2, "too late");
}

#[test]
fn what_came_up_before_the_hub_pushed_is_no_miss() {
    let feed = Feed::new(id(), TOPIC);
    let mut old = pushed();
    old.last_success = Some(hours(-5));
    let entries = [
        ("undated", None),
        ("old", Some(hours(-4))),
        ("new", Some(hours(-2))),
    ];
    let state = poll(&old, &feed, &entries, start());
    let found: Vec<&str> = state
        .push
        .found
        .iter()
        .map(|found| found.entry.as_str())
        .collect();
    assert_eq!(found, ["new"]);
}

#[test]
fn pushed_entries_count_for_the_rhythm_once() {
    let feed = Feed::new(id(), TOPIC);
    let mut old = pushed();
    old.push.pushed(std::iter::empty(), 5, hours(-1));
    assert_eq!(old.push.arrived, 5);
    let with = poll(&old, &feed, &[], start());
    let without = poll(&pushed(), &feed, &[], start());
    assert!((with.rate_count - without.rate_count - 5.0).abs() < 0.1);
    assert_eq!(with.push.arrived, 0);
}

/// What a feed offers after an answer with these headers and this document.
fn offered(old: &Push, links: &[&str], document: Option<(&[&str], Option<&str>)>) -> PollNews {
    let feed = Feed::new(id(), TOPIC);
    let values: Vec<String> = links.iter().map(|link| (*link).to_owned()).collect();
    let facts = HttpFacts {
        final_url: Some("https://h.example/moved".to_owned()),
        ..HttpFacts::default()
    };
    let document = document.map(|(hubs, own)| DocumentFacts {
        hubs: hubs.iter().map(|hub| (*hub).to_owned()).collect(),
        self_url: own.map(ToOwned::to_owned),
        ..DocumentFacts::default()
    });
    let links = links::read(&values, facts.final_url.as_deref());
    PollNews {
        offer: push::offer(&feed, old, &facts, links, document.as_ref()),
        ..PollNews::default()
    }
}

#[test]
fn headers_are_heard_before_documents_and_silence_takes_nothing_back() {
    let none = Push::default();
    let found = |old, links: &[&str], document| offered(old, links, document).offer;
    let known = Push {
        offer: Some(offer(&[HUB])),
        ..Push::default()
    };
    let made = |hub: &str, topic: &str| {
        Some(Some(Offer {
            hubs: vec![hub.to_owned()],
            topic: topic.to_owned(),
        }))
    };
    let header = "<https://hub.example/>; rel=hub, <https://h.example/feed>; rel=self";
    let other: (&[&str], _) = (&["https://other.example/"], Some("https://h.example/other"));
    assert_eq!(found(&none, &[header], Some(other)), made(HUB, TOPIC));
    assert_eq!(
        found(&none, &[], Some(other)),
        made("https://other.example/", "https://h.example/other")
    );
    assert_eq!(
        found(&none, &[], Some((&[HUB], None))),
        made(HUB, "https://h.example/moved")
    );
    assert_eq!(found(&known, &[header], None), None, "nothing new");
    assert_eq!(
        found(&known, &["<https://hub.example/>; rel=hub"], None),
        None,
        "a 304 without self"
    );
    assert_eq!(found(&known, &[], None), None, "a bare 304");
    assert_eq!(
        found(&known, &[], Some((&[], None))),
        Some(None),
        "the hub is gone"
    );
    assert_eq!(found(&none, &[], Some((&["javascript:x", ""], None))), None);
}

#[test]
fn an_unchanged_poll_says_nothing() {
    let feed = Feed::new(id(), TOPIC);
    let mut old = pushed();
    old.push.until = None;
    let facts = HttpFacts::default();
    let polled = Polled {
        began: start(),
        kind: OutcomeKind::NotModified,
        message: None,
        facts: &facts,
        hash: None,
        document: None,
        new: 0,
        entries: &[],
        matched: 0,
        evidence: &Evidence::default(),
    };
    let news = push::news(&feed, &old, &polled, start()).unless_known(&old.push);
    assert_eq!(news, PollNews::default());
}

#[test]
fn what_is_remembered_of_finds_is_bounded() {
    let mut push = Push::default();
    for round in 0..100 {
        push.polled(&PollNews {
            found: vec![Found {
                entry: round.to_string(),
                at: start(),
            }],
            ..PollNews::default()
        });
    }
    assert!(push.found.len() <= 8 && push.found.last().unwrap().entry == "99");
}

/// What may happen to a subscription, in any order.
fn happen(desk: &mut Desk, what: u8, now: Timestamp) {
    let tokens: Vec<String> = desk
        .known
        .callbacks
        .iter()
        .map(|callback| callback.token.expose().to_owned())
        .collect();
    let token = tokens
        .get(usize::from(what / 16) % tokens.len().max(1))
        .cloned();
    let token = token.unwrap_or_default();
    match what % 16 {
        0 => desk.base = Some(BASE),
        1 => desk.base = None,
        2 => desk.base = Some("https://elsewhere.example/websub/"),
        3 => desk.known.push.offer = Some(offer(&["https://other.example/"])),
        4 => desk.known.push.offer = None,
        5 | 6 => desk.known.push.offer = Some(offer(&[HUB])),
        7 => drop(desk.known.denied(&token, TOPIC, "", now)),
        8 => drop(desk.known.forgotten_by_hub(&token, TOPIC, now)),
        9 => desk.fail(&token, now),
        10 => desk.signed = !desk.signed,
        _ => drop(desk.verify(&token, i64::from(what) * 60, now)),
    }
}

/// Lets these happen, each so many seconds after the last, and steps until the subscription rests; an error where it
/// does not, or asks too much.
fn live_through(events: &[(u8, i64)]) -> Result<(), String> {
    let mut desk = Desk::new(&[HUB]);
    let mut now = start();
    for (what, seconds) in events {
        now += SignedDuration::from_secs(*seconds);
        happen(&mut desk, *what, now);
        let mut steps = 0;
        loop {
            let mut copy = desk.known.clone();
            match desk.step(now) {
                Step::Rest => break,
                Step::Unsubscribe(_) => {}
                Step::Subscribe(_) => {
                    std::mem::swap(&mut copy, &mut desk.known);
                    desk.ask(now);
                }
            }
            steps += 1;
            if steps == 12 {
                return Err(format!("never rests: {:?}", desk.known));
            }
        }
        let active = desk.known.push.is_active(now);
        let fine = desk.known.due.is_none_or(|due| due > now)
            && desk.known.callbacks.len() <= 10
            && (!active || desk.stages().contains(&Stage::Verified));
        if !fine {
            return Err(format!("at {now}: {:?}", desk.known));
        }
    }
    Ok(())
}

#[test]
fn a_retry_that_is_needed_no_more_is_no_reason_to_look_at_once() {
    let events = [
        (5, 0),
        (41, 0),
        (69, 980),
        (32, 900),
        (5, 1_959),
        (75, 900),
        (107, 980),
    ];
    assert_eq!(live_through(&events), Ok(()));
}

proptest::proptest! {
    #[test]
    fn it_always_comes_to_rest_and_never_asks_in_haste(
        events in proptest::collection::vec((proptest::num::u8::ANY, 0_i64..200_000), 1..60),
    ) {
        proptest::prop_assert_eq!(live_through(&events), Ok(()));
    }
}
