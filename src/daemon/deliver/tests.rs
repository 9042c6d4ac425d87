//! The delivery pass against receivers of every kind of mind, under a clock that jumps to whatever is due next.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use super::*;
use crate::daemon::sample::{now, owe, owe_all, owe_as, receiver, scripted, setup, shared};
use crate::domain::alert::delivery::Attempt;
use crate::domain::rule::Severity;
use crate::domain::units::parse_rate;

#[tokio::test]
async fn what_is_owed_to_a_receiver_that_config_lost_keeps_nobody_awake() {
    let (_dir, shared) = shared(setup(&[], vec![receiver("desk", Attempt::delivered)])).await;
    // A send that failed while a reload took its receiver away, or a resend before the reload that brings it.
    owe(&shared, "vanished").await;
    let rest = Desk::new(&shared)
        .start_due(&shared, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(rest, LONGEST_REST);
}

#[tokio::test]
async fn a_sender_that_panics_has_failed_like_any_other() {
    let desk = receiver("desk", || panic!("a message nobody thought of"));
    let (_dir, shared) = shared(setup(&[], vec![Arc::clone(&desk)])).await;
    owe(&shared, "desk").await;
    let claimed = claim(&shared, &desk, None).await.unwrap().unwrap();
    let (went, next) = send(&shared, &desk, claimed, None).await.unwrap();
    assert_eq!(next, None);
    assert_eq!(went, Went::Pending);
    let waiting = shared
        .store
        .read(|conn| outbox::waiting(conn, None))
        .await
        .unwrap();
    assert!(waiting[0].1 > now(), "it has a schedule of its own");
}

/// Who was told what, when.
type Ledger = Arc<Mutex<Vec<(String, String, Timestamp)>>>;

/// How a receiver answers: by how many messages it had before, the key of this one, and the time.
type Answers = fn(usize, &str, Timestamp) -> Attempt;

/// A receiver that keeps a ledger of everything that reaches it, taken or not.
fn keeper(id: &str, ledger: &Ledger, answers: Answers) -> Arc<Receiver> {
    let (ledger, name) = (Arc::clone(ledger), id.to_owned());
    scripted(
        id,
        Box::new(move |outgoing| {
            let (key, at) = (outgoing.alert.key.clone(), outgoing.sent_at);
            let mut ledger = ledger.lock().unwrap();
            let before = ledger.iter().filter(|(id, ..)| *id == name).count();
            let answer = answers(before, &key, at);
            ledger.push((name.clone(), key, at));
            answer
        }),
    )
}

fn keys(ledger: &Ledger) -> Vec<String> {
    let ledger = ledger.lock().unwrap();
    ledger.iter().map(|(_, key, _)| key.clone()).collect()
}

/// Seconds from the beginning of the scenario at which messages went out.
fn seconds(ledger: &Ledger) -> Vec<i64> {
    let ledger = ledger.lock().unwrap();
    ledger
        .iter()
        .map(|(.., at)| at.duration_since(now()).as_secs())
        .collect()
}

fn later(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

/// Delivers until `until`, letting the clock jump to whatever is due next.
async fn pump(shared: &Arc<Shared>, until: Timestamp) {
    let (mut desk, stop) = (Desk::new(shared), CancellationToken::new());
    loop {
        desk.idle.clear();
        desk.start_due(shared, &stop).await.unwrap();
        if !desk.sends.is_empty() {
            let ended = desk.sends.join_next().await;
            desk.ended(shared, ended);
            continue;
        }
        let read = shared.store.read(|conn| outbox::waiting(conn, None));
        match read.await.unwrap().first() {
            Some((_, at)) if *at <= until => shared.clock.set((*at).max(shared.clock.now())),
            _ => return shared.clock.set(until),
        }
    }
}

/// Deliveries by where they stand.
async fn states(shared: &Shared) -> BTreeMap<String, u64> {
    let counts = shared.store.read(outbox::counts).await.unwrap();
    let mut states = BTreeMap::new();
    for count in counts {
        *states.entry(count.state).or_default() += count.count;
    }
    states
}

fn state(name: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(name.to_owned(), count)])
}

#[tokio::test]
async fn two_failures_then_success_keep_the_key_and_the_schedule() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |before, _, _| match before {
        0 | 1 => Attempt::later("500"),
        _ => Attempt::delivered(),
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    owe(&shared, "desk").await;
    pump(&shared, later(3_600)).await;
    assert_eq!(keys(&ledger), ["key-desk"; 3]);
    let at = seconds(&ledger);
    assert!(
        (4..=6).contains(&at[1]) && (27..=33).contains(&(at[2] - at[1])),
        "{at:?}"
    );
    assert_eq!(states(&shared).await, state("delivered", 1));
}

#[tokio::test]
async fn a_wish_to_wait_holds_everything_that_is_owed_to_its_receiver() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |before, _, _| match before {
        0 => Attempt::later("429").waiting(Some(Duration::from_mins(2))),
        _ => Attempt::delivered(),
    });
    let other = keeper("other", &ledger, |_, _, _| Attempt::delivered());
    let (_dir, shared) = shared(setup(&[], vec![desk, other])).await;
    for key in ["a", "b", "c"] {
        owe_as(&shared, "desk", key, Severity::High).await;
    }
    owe(&shared, "other").await;
    pump(&shared, later(600)).await;
    let ledger = ledger.lock().unwrap();
    let desk: Vec<i64> = ledger
        .iter()
        .filter(|(id, ..)| id == "desk")
        .map(|(.., at)| at.duration_since(now()).as_secs())
        .collect();
    assert_eq!(desk, [0, 120, 120, 120]);
    assert!(
        ledger
            .iter()
            .any(|(id, _, at)| id == "other" && *at == now())
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_other() {
    let hanging = {
        struct Hangs;
        impl crate::notify::Notifier for Hangs {
            fn attempt<'a>(&'a self, _: &'a Outgoing) -> crate::notify::Sending<'a> {
                Box::pin(std::future::pending())
            }
            fn patience(&self) -> Duration {
                Duration::from_hours(1)
            }
            fn preview(&self, _: &Outgoing) -> String {
                String::new()
            }
        }
        Arc::new(Receiver {
            notifier: Arc::new(Hangs),
            config: receiver("hangs", Attempt::delivered).config.clone(),
        })
    };
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    let (_dir, shared) = shared(setup(&[], vec![hanging, desk])).await;
    owe(&shared, "hangs").await;
    for key in 0..20 {
        owe_as(&shared, "desk", &key.to_string(), Severity::High).await;
    }
    let (mut desk, stop) = (Desk::new(&shared), CancellationToken::new());
    desk.start_due(&shared, &stop).await.unwrap();
    // The other one has its twenty before anything comes of the first.
    let ended = desk.sends.join_next().await.unwrap().unwrap();
    assert_eq!((ended.0.as_str(), ended.1.unwrap()), ("desk", 20));
    assert_eq!(keys(&ledger).len(), 20);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_asked_once_until_its_config_changes_or_somebody_resends() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, _| Attempt::gone("404: gone"));
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for key in ["a", "b"] {
        owe_as(&shared, "desk", key, Severity::High).await;
    }
    pump(&shared, later(86_400)).await;
    assert_eq!(keys(&ledger), ["a"]);
    let expected = BTreeMap::from([("dead".to_owned(), 1), ("held".to_owned(), 1)]);
    assert_eq!(states(&shared).await, expected);
    // The same config, as after a restart: still nothing.
    crate::daemon::sync(&shared, &shared.setup()).await.unwrap();
    pump(&shared, later(86_500)).await;
    assert_eq!(keys(&ledger).len(), 1);
    // People see to it and send the dead one again.
    let repaired = keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    shared.replace_setup(setup(&[], vec![repaired]));
    let at = later(86_600);
    let again = shared.store.write(move |tx| outbox::resend(tx, 1, &[], at));
    assert_eq!(again.await.unwrap().map(|owed| owed.len()), Some(1));
    pump(&shared, later(90_000)).await;
    let mut told = keys(&ledger).split_off(1);
    told.sort();
    assert_eq!(told, ["a-r2", "b"]);
    let expected = BTreeMap::from([("dead".to_owned(), 1), ("delivered".to_owned(), 2)]);
    assert_eq!(states(&shared).await, expected);
}

#[tokio::test]
async fn what_is_owed_to_a_receiver_that_is_gone_is_given_up_in_time() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, _| Attempt::gone("410"));
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for key in ["a", "b"] {
        owe_as(&shared, "desk", key, Severity::High).await;
    }
    pump(&shared, later(4 * 86_400)).await;
    pump(&shared, later(4 * 86_400 + 1)).await;
    assert_eq!(states(&shared).await, state("dead", 2));
    assert_eq!(keys(&ledger).len(), 1);
}

#[tokio::test]
async fn a_receiver_with_another_token_is_tried_at_once() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, _| {
        Attempt::refused("401: check the token")
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    owe(&shared, "desk").await;
    pump(&shared, later(60)).await;
    assert_eq!(seconds(&ledger), [0]);
    let mut repaired = keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    Arc::get_mut(&mut repaired).unwrap().config.max_body = Some(4_096);
    let mut next = Some(setup(&[], vec![repaired]));
    let loader: Arc<crate::daemon::reload::Loader> = {
        let next = Mutex::new(next.take());
        Arc::new(move || next.lock().unwrap().take().ok_or_else(String::new))
    };
    crate::daemon::reload::reload(&shared, &loader).await;
    pump(&shared, later(61)).await;
    assert_eq!(seconds(&ledger), [0, 60]);
    assert_eq!(states(&shared).await, state("delivered", 1));
}

#[tokio::test]
async fn a_thousand_alerts_behind_a_bucket_are_told_gravest_first_and_none_is_lost() {
    let ledger = Ledger::default();
    let mut desk = keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    Arc::get_mut(&mut desk).unwrap().config.rate = parse_rate("1/s").ok();
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for n in 0..1_000 {
        let severity = match n % 100 {
            50 => Severity::Critical,
            51..=54 => Severity::High,
            _ => Severity::Medium,
        };
        owe_as(&shared, "desk", &format!("{severity:?} {n}"), severity).await;
    }
    pump(&shared, later(3_600)).await;
    let told = keys(&ledger);
    assert_eq!(told.len(), 10 + 40 + 2, "two messages carry the other 950");
    assert!(
        told[..10].iter().all(|key| key.starts_with("Critical")),
        "{told:?}"
    );
    assert!(
        told[10..50].iter().all(|key| key.starts_with("High")),
        "{told:?}"
    );
    assert_eq!(states(&shared).await, state("delivered", 1_002));
    let at = seconds(&ledger);
    assert!(at.windows(2).all(|pair| pair[1] > pair[0]), "{at:?}");
}

#[tokio::test]
async fn an_empty_bucket_holds_and_counts_no_attempt() {
    let ledger = Ledger::default();
    let mut desk = keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    Arc::get_mut(&mut desk).unwrap().config.rate = parse_rate("2/h").ok();
    let mut twin = keeper("twin", &ledger, |_, _, _| Attempt::delivered());
    Arc::get_mut(&mut twin).unwrap().config.rate = parse_rate("2/h").ok();
    let (_dir, shared) = shared(setup(&[], vec![desk, twin])).await;
    for key in ["a", "b"] {
        owe_as(&shared, "desk", key, Severity::High).await;
    }
    owe_as(&shared, "twin", "c", Severity::High).await;
    pump(&shared, later(60)).await;
    // Both are one destination, a terminal here: they share its bucket.
    assert_eq!(keys(&ledger).len(), 2);
    let expected = BTreeMap::from([("delivered".to_owned(), 2), ("held".to_owned(), 1)]);
    assert_eq!(states(&shared).await, expected);
    let shown = shared
        .store
        .read(|conn| {
            let all: Result<Vec<_>, _> =
                (1..=3).map(|alert| outbox::of_alert(conn, alert)).collect();
            all.map(|all| all.concat())
        })
        .await
        .unwrap();
    let held: Vec<_> = shown.iter().filter(|row| row.state == "held").collect();
    assert_eq!(
        (held[0].why.as_deref(), held[0].attempts.len()),
        (Some("rate"), 0)
    );
    // A restart brings no burst.
    crate::daemon::sync(&shared, &shared.setup()).await.unwrap();
    pump(&shared, later(1_799)).await;
    assert_eq!(keys(&ledger).len(), 2);
    pump(&shared, later(1_801)).await;
    assert_eq!(states(&shared).await, state("delivered", 3));
}

#[tokio::test]
async fn after_an_outage_what_piled_up_is_one_message_and_what_is_grave_is_its_own() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, at| {
        if at < later(86_400) {
            Attempt::unreached("connection refused")
        } else {
            Attempt::delivered()
        }
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for hour in 0..24 {
        for n in 0..17 {
            let severity = if n == 0 && hour % 8 == 0 {
                Severity::Critical
            } else {
                Severity::Low
            };
            owe_as(
                &shared,
                "desk",
                &format!("{severity:?} {hour} {n}"),
                severity,
            )
            .await;
        }
        pump(&shared, later((hour + 1) * 3_600)).await;
    }
    let failed = keys(&ledger).len();
    assert!(
        (200..=340).contains(&failed),
        "an open circuit probes every five minutes: {failed}"
    );
    pump(&shared, later(2 * 86_400)).await;
    let told = keys(&ledger).split_off(failed);
    assert_eq!(
        told.iter()
            .filter(|key| key.starts_with("Critical"))
            .count(),
        3,
        "{told:?}"
    );
    assert!(told.len() <= 6, "{told:?}");
    let digests = told.len() as u64 - told.iter().filter(|key| key.contains(' ')).count() as u64;
    assert_eq!(digests, 1, "{told:?}");
    assert_eq!(states(&shared).await, state("delivered", 24 * 17 + digests));
    let first = seconds(&ledger)[failed];
    assert!(
        first < 86_400 + 600,
        "five minutes after it is back: {first}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_receiver_that_hung_may_have_is_repeated_alone_and_is_not_much() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, _, at| {
        if at < later(86_400) {
            Attempt::later("nothing was said for 30 s")
        } else {
            Attempt::delivered()
        }
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for hour in 0..24 {
        for n in 0..17 {
            let key = format!("Low {hour} {n}");
            owe_as(&shared, "desk", &key, Severity::Low).await;
        }
        pump(&shared, later((hour + 1) * 3_600)).await;
    }
    let tried: std::collections::BTreeSet<String> = keys(&ledger).into_iter().collect();
    let failed = keys(&ledger).len();
    assert!(tried.len() <= 10, "{tried:?}");
    pump(&shared, later(2 * 86_400)).await;
    let told = keys(&ledger).split_off(failed);
    // Each that may have arrived under its own key, and one digest of all the others.
    let alone = told.iter().filter(|key| key.starts_with("Low")).count();
    assert_eq!(
        (alone, told.len()),
        (tried.len(), tried.len() + 1),
        "{told:?}"
    );
    assert!(
        tried.iter().all(|key| told.contains(key)),
        "{tried:?} {told:?}"
    );
}

#[tokio::test]
async fn a_month_of_outage_ends_in_dead_letters_that_can_all_be_sent_again() {
    let ledger = Ledger::default();
    let month = 30 * 86_400;
    let desk = keeper("desk", &ledger, |_, _, at| {
        if at <= later(30 * 86_400) {
            Attempt::unreached("no route")
        } else {
            Attempt::delivered()
        }
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    for n in 0..120 {
        owe_as(&shared, "desk", &n.to_string(), Severity::High).await;
        pump(&shared, later((n + 1) * 6 * 3_600)).await;
    }
    let failed = keys(&ledger).len();
    assert!(failed < 30 * 24 * 13, "{failed}");
    pump(&shared, later(month + 86_400)).await;
    let ended = states(&shared).await;
    assert_eq!(ended.values().sum::<u64>(), 120);
    // Three days of them were still tried when it came back.
    assert!((10..=14).contains(&ended["delivered"]), "{ended:?}");
    let dead = shared
        .store
        .read(|conn| outbox::dead(conn, &outbox::DeadFilter::default()))
        .await
        .unwrap();
    assert_eq!(dead.len() as u64, ended["dead"]);
    let at = later(month + 90_000);
    for (alert, _) in dead {
        let again = shared
            .store
            .write(move |tx| outbox::resend(tx, alert, &[], at));
        assert_eq!(again.await.unwrap().map(|owed| owed.len()), Some(1));
    }
    shared.clock.set(at);
    pump(&shared, later(month + 2 * 86_400)).await;
    let keys = keys(&ledger).split_off(failed);
    let unique: BTreeSet<&str> = keys.iter().map(|key| key.trim_end_matches("-r2")).collect();
    assert_eq!((keys.len(), unique.len()), (120, 120));
}

#[tokio::test]
async fn a_month_of_outage_that_is_not_given_up_ends_in_one_message_beside_the_grave_ones() {
    let ledger = Ledger::default();
    let day = 86_400;
    let desk = keeper("desk", &ledger, |_, _, at| {
        if at <= later(30 * 86_400) {
            Attempt::unreached("no route")
        } else {
            Attempt::delivered()
        }
    });
    let other = keeper("other", &ledger, |_, _, _| Attempt::delivered());
    let (_dir, shared) = shared(setup(&[], vec![desk, other])).await;
    for n in 0..400_i64 {
        let severity = if n % 160 == 80 {
            Severity::Critical
        } else {
            Severity::Low
        };
        owe_all(
            &shared,
            "desk",
            &[format!("{severity:?} {n}")],
            (severity, 45 * 24),
        )
        .await;
        pump(&shared, later((n + 1) * 30 * day / 400)).await;
        if n == 20 {
            assert!(
                crate::daemon::health::look(&shared).await.unwrap() > 0,
                "it is told"
            );
        }
    }
    let of = |name: &str| -> Vec<String> {
        let ledger = ledger.lock().unwrap();
        let own = ledger.iter().filter(|(id, ..)| id == name);
        own.map(|(_, key, _)| key.clone()).collect()
    };
    let failed = of("desk").len();
    assert!(
        (6_000..=30 * 24 * 13).contains(&failed),
        "a probe every five minutes: {failed}"
    );
    assert_eq!(of("other").len(), 1, "who can be reached hears of it");
    pump(&shared, later(31 * day)).await;
    let told = of("desk").split_off(failed);
    let grave = told
        .iter()
        .filter(|key| key.starts_with("Critical"))
        .count();
    assert_eq!(grave, 2, "{told:?}");
    // The digest, and what was on its way when the circuit opened.
    assert!(told.len() <= 10, "{told:?}");
    let ended = states(&shared).await;
    assert_eq!(
        ended.keys().collect::<Vec<_>>(),
        ["delivered"],
        "nothing is dropped: {ended:?}"
    );
    assert!(ended["delivered"] >= 401, "{ended:?}");
}

#[tokio::test]
async fn ten_thousand_alerts_at_once_all_arrive_in_bounded_messages() {
    let ledger = Ledger::default();
    let largest = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (seen, most) = (Arc::clone(&ledger), Arc::clone(&largest));
    let desk = scripted(
        "desk",
        Box::new(move |outgoing| {
            let members = outgoing.alert.alerts.as_ref().map_or(1, Vec::len);
            most.fetch_max(members, std::sync::atomic::Ordering::Relaxed);
            let (key, at) = (outgoing.alert.key.clone(), outgoing.sent_at);
            let mut seen = seen.lock().unwrap();
            seen.push(("desk".to_owned(), key, at));
            if at < later(3_600) {
                Attempt::unreached("no route")
            } else {
                Attempt::delivered()
            }
        }),
    );
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    let all: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    owe_all(&shared, "desk", &all, (Severity::Medium, 72)).await;
    pump(&shared, later(3_600)).await;
    let failed = keys(&ledger).len();
    assert!(failed < 100, "{failed}");
    pump(&shared, later(2 * 86_400)).await;
    let ended = states(&shared).await;
    assert_eq!(ended.keys().collect::<Vec<_>>(), ["delivered"], "{ended:?}");
    assert!(ended["delivered"] >= 10_000, "{ended:?}");
    let told = keys(&ledger).len() - failed;
    let largest = largest.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        told <= 60 && largest <= 500,
        "{told} messages, the largest of {largest}"
    );
}

#[tokio::test]
async fn one_message_that_nobody_takes_keeps_no_other_back() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |_, key, _| {
        if key == "poison" {
            Attempt::later("500")
        } else {
            Attempt::delivered()
        }
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    owe_as(&shared, "desk", "poison", Severity::Critical).await;
    for n in 0..30 {
        pump(&shared, later(n * 3_600)).await;
        owe_as(&shared, "desk", &n.to_string(), Severity::High).await;
    }
    pump(&shared, later(31 * 3_600)).await;
    assert_eq!(states(&shared).await["delivered"], 30);
}

#[tokio::test]
async fn a_clock_set_back_brings_no_attempt_forward_and_loses_none() {
    let ledger = Ledger::default();
    let desk = keeper("desk", &ledger, |before, _, _| match before {
        0..=3 => Attempt::later("503"),
        _ => Attempt::delivered(),
    });
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    owe(&shared, "desk").await;
    pump(&shared, later(40)).await;
    let tries = seconds(&ledger);
    assert_eq!(tries.len(), 3, "{tries:?}");
    let due = |shared: Arc<Shared>| async move {
        let waiting = shared.store.read(|conn| outbox::waiting(conn, None)).await;
        waiting.unwrap()[0].1
    };
    let left = due(Arc::clone(&shared))
        .await
        .duration_since(shared.clock.now());
    let (mut desk, stop) = (Desk::new(&shared), CancellationToken::new());
    shared
        .clock
        .set(shared.clock.now() - jiff::SignedDuration::from_hours(2));
    desk.start_due(&shared, &stop).await.unwrap();
    assert!(desk.sends.is_empty(), "no burst");
    let after = due(Arc::clone(&shared))
        .await
        .duration_since(shared.clock.now());
    assert!(
        (after - left).abs() < jiff::SignedDuration::from_secs(2),
        "{left} {after}"
    );
    pump(&shared, later(0)).await;
    assert_eq!(states(&shared).await, state("delivered", 1));
}

#[tokio::test]
async fn two_daemons_on_one_store_send_each_message_once() {
    let ledger = Ledger::default();
    let desk = || keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    let (_dir, one) = shared(setup(&[], vec![desk()])).await;
    for n in 0..500 {
        owe_as(&one, "desk", &n.to_string(), Severity::High).await;
    }
    let two = Arc::new(Shared::new(
        one.store.clone(),
        "another".to_owned(),
        one.clock.clone(),
        setup(&[], vec![desk()]),
    ));
    tokio::join!(pump(&one, later(60)), pump(&two, later(60)));
    let keys = keys(&ledger);
    let unique: BTreeSet<&String> = keys.iter().collect();
    assert_eq!((keys.len(), unique.len()), (500, 500));
}

/// A future that is dropped when it has waited so often: as a process that dies at that point.
struct Dies<F> {
    future: Pin<Box<F>>,
    waits: usize,
}

impl<F: Future> Future for Dies<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waits == 0 {
            return Poll::Ready(None);
        }
        match self.future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                self.waits -= 1;
                if self.waits == 0 {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_at_any_point_between_claim_and_settlement_delivers_at_least_once() {
    let mut whole = 0;
    for waits in 0..40 {
        let ledger = Ledger::default();
        let desk = || keeper("desk", &ledger, |_, _, _| Attempt::delivered());
        let (dir, dying) = shared(setup(&[], vec![desk()])).await;
        for key in ["a", "b", "c"] {
            owe_as(&dying, "desk", key, Severity::High).await;
        }
        let life = Dies {
            future: Box::pin(drain(
                Arc::clone(&dying),
                ReceiverId::new("desk"),
                CancellationToken::new(),
            )),
            waits,
        };
        let ended = life.await.is_some();
        // What is under way in the store ends or does not; then nobody is there any more.
        drop(dying);
        let (_lock, heir) = heir(dir.path(), desk());
        pump(&heir, later(3_600)).await;
        assert_eq!(
            states(&heir).await,
            state("delivered", 3),
            "after {waits} waits"
        );
        let told = keys(&ledger);
        let unique: BTreeSet<&str> = told.iter().map(String::as_str).collect();
        assert_eq!(
            unique,
            BTreeSet::from(["a", "b", "c"]),
            "after {waits} waits"
        );
        assert!(
            told.len() <= 4,
            "only what was under way comes twice: {told:?}"
        );
        whole += usize::from(ended);
    }
    assert!(
        whole > 0 && whole < 40,
        "some lives were cut, some were not: {whole}"
    );
}

#[tokio::test]
async fn an_answer_that_nobody_noted_is_asked_for_once_more_under_the_same_key() {
    let ledger = Ledger::default();
    let desk = || keeper("desk", &ledger, |_, _, _| Attempt::delivered());
    let (dir, dying) = shared(setup(&[], vec![desk()])).await;
    owe(&dying, "desk").await;
    let claimed = claim(&dying, &desk(), None).await.unwrap().unwrap();
    let wire = dying
        .store
        .read(move |conn| store::alerts::wire(conn, claimed.alert, None))
        .await;
    let outgoing = Outgoing {
        alert: wire.unwrap().unwrap(),
        sent_at: now(),
        attempt: 1,
    };
    let attempt = send_apart(&desk(), outgoing).await;
    assert_eq!(attempt.outcome, AttemptOutcome::Delivered);
    drop(dying);
    let heir = heir(dir.path(), desk());
    pump(&heir.1, later(3_600)).await;
    assert_eq!(keys(&ledger), ["key-desk"; 2]);
    assert_eq!(states(&heir.1).await, state("delivered", 1));
}

/// The daemon that comes after one that died.
fn heir(dir: &std::path::Path, desk: Arc<Receiver>) -> (store::Lock, Arc<Shared>) {
    let store = store::Store::open(dir, &store::Settings::default(), now()).unwrap();
    let lock = store.lock(later(1)).unwrap();
    let owner = lock.owner().to_owned();
    let clock = crate::clock::Clock::manual(later(1));
    (
        lock,
        Arc::new(Shared::new(store, owner, clock, setup(&[], vec![desk]))),
    )
}
