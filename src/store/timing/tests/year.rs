//! A year of alerts through quiet hours, changes of clocks, throttles, silences and digests: none lost, none doubled.
//!
//! And many short stretches of it from seeds of their own, in which the process dies at random.

use super::*;

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn span(from: i8, to: i8, zone: &str) -> QuietHours {
    QuietHours {
        from: jiff::civil::time(from, 30, 0, 0),
        to: jiff::civil::time(to, 30, 0, 0),
        zone: TimeZone::get(zone).unwrap(),
        except: Some(Severity::Critical),
    }
}

/// Four receivers in zones with and without changes of clocks.
fn receivers() -> Vec<(&'static str, Manner)> {
    let berlin = TimeOfDay {
        at: jiff::civil::time(2, 30, 0, 0),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    };
    vec![
        ("plain", manner()),
        (
            "night",
            Manner {
                quiet: Some(span(1, 3, "America/New_York")),
                ..manner()
            },
        ),
        (
            "morning",
            Manner {
                digest: berlin,
                collects: Some(Collects {
                    except: Some(Severity::Critical),
                    empty: false,
                }),
                ..manner()
            },
        ),
        (
            "both",
            Manner {
                quiet: Some(span(22, 7, "Australia/Lord_Howe")),
                ..collecting()
            },
        ),
    ]
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    later(now, i64::try_from(seconds).unwrap() * 1_000)
}

/// What was told, when and how gravely.
#[derive(Default)]
struct Ledger {
    told: Vec<(Timestamp, Severity, Told)>,
    /// What was sent and not settled.
    died: Vec<Told>,
}

impl Ledger {
    /// Sends all that is due, and dies before it is settled.
    fn die_sending(&mut self, desk: &Desk, now: Timestamp) {
        for receiver in desk.manners.receivers.keys() {
            for row in desk.claim(receiver.as_str(), now) {
                self.died.push(desk.message(&row));
            }
        }
        desk.write(move |tx| outbox::void_leases(tx, "another", now));
    }

    /// Delivers, and checks that nobody is disturbed.
    fn deliver(&mut self, desk: &Desk, now: Timestamp) {
        for told in desk.deliver_at(now) {
            let grave = told
                .alerts
                .iter()
                .map(|alert| severity_of(desk, *alert))
                .max();
            let severity = grave.unwrap_or(Severity::Info);
            let manner = &desk.manners.receivers[told.receiver.as_str()];
            let quiet = manner
                .quiet
                .as_ref()
                .and_then(|quiet| quiet.until(severity, now));
            assert_eq!(quiet, None, "told at a quiet time: {now} {told:?}");
            self.told.push((now, severity, told));
        }
    }
}

fn severity_of(desk: &Desk, alert: i64) -> Severity {
    let row = desk.store.read_blocking(|conn| alerts::one(conn, alert));
    row.unwrap().unwrap().severity
}

/// Something that a rule finds, of any severity, for everybody.
fn news_item(dice: &mut Dice, number: u32) -> Recorded {
    let grave = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];
    let severity = grave[usize::try_from(dice.below(4)).unwrap()];
    let mut found = of(if dice.below(4) == 0 { "d" } else { "r" }, severity);
    found.receivers = ["plain", "night", "morning", "both"].map(to).to_vec();
    item("a", &format!("n{number}"), vec![found])
}

/// So many days from the given seed: what was told in them. Every so many rounds the process dies.
fn days(seed: u64, begin: Timestamp, days: u64, dies: u64) -> (Desk, Ledger) {
    let throttled = rule("r", |rule| rule.throttle = Some(parse_rate("4/h").unwrap()));
    let digest = rule("d", |rule| {
        rule.notify = crate::domain::rule::Notify::Digest;
    });
    let mut desk = Desk::new(manners(&receivers(), &[throttled, digest]));
    let (mut dice, mut ledger) = (Dice(seed), Ledger::default());
    let mut now = begin;
    let end = after(now, days * 86_400);
    let (mut names, mut next) = (0_u32, None::<Timestamp>);
    while now < end {
        // The next thing that happens: news, or something that waits.
        let news = after(now, 60 + dice.below(60 * 60 * 30));
        if let Some(due) = next.filter(|due| *due < news) {
            now = due.max(now);
        } else {
            now = news;
            let burst = if dice.below(8) == 0 { 7 } else { 1 };
            let items = (0..burst).map(|_| {
                names += 1;
                news_item(&mut dice, names)
            });
            let poll = PollCommit {
                now,
                ..desk.poll_of(items.collect(), "2026-06-01T00:00:00Z")
            };
            desk.write(move |tx| record_poll(tx, &poll));
        }
        match dice.below(40) {
            0 => {
                let hours = 1 + dice.below(40);
                let new = NewSilence {
                    starts: now,
                    ends: after(now, hours * 3_600),
                    ..silence("r", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z")
                };
                desk.write(move |tx| silences::add(tx, &new, now));
            }
            1 => desk = desk.restart(),
            _ => {}
        }
        if dies > 0 && dice.below(dies) == 0 {
            die_deciding(&desk, &mut dice, now);
            ledger.die_sending(&desk, now);
            desk = desk.restart();
        }
        next = desk.release_at(now, dice.below(20) == 0).next;
        // Now and then the daemon is away.
        ledger.deliver(&desk, now);
        if dice.below(30) == 0 {
            now = after(now, dice.below(60 * 60 * 40));
            next = desk.release_at(now, true).next;
            ledger.deliver(&desk, now);
        }
    }
    for _ in 0..6 {
        now = after(now, 60 * 60 * 24);
        desk.release_at(now, false);
        // Not at a quiet time of anybody.
        let late = next_calm(&desk, now);
        desk.release_at(late, false);
        ledger.deliver(&desk, late);
    }
    (desk, ledger)
}

/// Decides and lets go, and dies before either is committed.
fn die_deciding(desk: &Desk, dice: &mut Dice, now: Timestamp) {
    let lost = desk.poll_of(vec![news_item(dice, u32::MAX)], "2026-06-01T00:00:00Z");
    desk.die(move |tx| {
        record_poll(
            tx,
            &PollCommit {
                now,
                ..lost.clone()
            },
        )
    });
    let manners = Arc::clone(&desk.manners);
    desk.die(move |tx| release(tx, &manners, true, now));
}

/// The first half hour from `now` on in which nobody is to be left alone.
fn next_calm(desk: &Desk, now: Timestamp) -> Timestamp {
    let loud = |at: &Timestamp| {
        let mut quiet = desk
            .manners
            .receivers
            .values()
            .filter_map(|manner| manner.quiet.as_ref());
        quiet.all(|quiet| quiet.until(Severity::Low, *at).is_none())
    };
    (0..48).map(|n| after(now, n * 1_800)).find(loud).unwrap()
}

#[test]
fn a_year_of_alerts_loses_none_and_doubles_none() {
    let (desk, ledger) = days(1, at("2026-06-01T00:00:00Z"), 365, 0);
    assert!(nothing_is_lost_or_doubled(&desk, &ledger, 1) > 2_000);
    throttle_is_kept(&desk, &ledger);
    digests_are_rare(&ledger);
}

/// Stretches around the changes of clocks of the receivers' zones.
#[test]
fn no_seed_and_no_death_loses_or_doubles_an_alert() {
    let changes = [
        "2026-10-03T00:00:00Z",
        "2026-10-24T00:00:00Z",
        "2026-10-31T00:00:00Z",
        "2027-03-13T00:00:00Z",
        "2027-03-27T00:00:00Z",
        "2027-04-03T00:00:00Z",
    ];
    for (seed, begin) in (2..42).zip(changes.iter().cycle()) {
        let (desk, ledger) = days(seed, at(begin), 3, 4);
        nothing_is_lost_or_doubled(&desk, &ledger, seed);
        // What was sent before a death came again, under the same key and with the same alerts in it.
        let settled: BTreeMap<(&str, &str), &Told> = ledger
            .told
            .iter()
            .map(|(_, _, told)| ((told.receiver.as_str(), told.key.as_str()), told))
            .collect();
        for died in &ledger.died {
            let again = settled.get(&(died.receiver.as_str(), died.key.as_str()));
            assert_eq!(again, Some(&died), "seed {seed}");
        }
    }
}

/// Each delivery of each alert was told once; gives back how many there were.
fn nothing_is_lost_or_doubled(desk: &Desk, ledger: &Ledger, seed: u64) -> usize {
    let owed: Vec<(i64, String)> = desk
        .store
        .read_blocking(|conn| {
            let mut query = conn.prepare(
                "select d.alert, d.receiver from delivery d join alert a on a.seq = d.alert
                 where a.reason <> 'digest' order by 1, 2",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        })
        .unwrap();
    let mut told: Vec<(i64, String)> = ledger
        .told
        .iter()
        .flat_map(|(_, _, told)| {
            told.alerts
                .iter()
                .map(|alert| (*alert, told.receiver.clone()))
        })
        .collect();
    told.sort();
    assert_eq!(told, owed, "seed {seed}");
    let open: i64 = super::super::super::sample::number(
        &desk.store,
        "select count(*) from delivery where state <> 'delivered'",
    );
    assert_eq!(open, 0);
    assert_clean(&desk.store);
    owed.len()
}

/// No more than four messages by themselves of rule `r` in an hour to anybody, but for critical ones and what
/// quiet hours and silences gave back together.
fn throttle_is_kept(desk: &Desk, ledger: &Ledger) {
    let of_rule = |alert: i64| {
        let row = desk.store.read_blocking(|conn| alerts::one(conn, alert));
        row.unwrap().unwrap().rule.as_str() == "r"
    };
    let singles: Vec<_> = ledger
        .told
        .iter()
        .filter(|(_, severity, told)| {
            told.receiver == "plain"
                && told.reason != Reason::Digest
                && *severity < Severity::Critical
                && of_rule(told.alerts[0])
        })
        .map(|(at, ..)| *at)
        .collect();
    for window in singles.windows(5) {
        assert!(
            window[4].duration_since(window[0]) >= SignedDuration::from_hours(1),
            "{window:?}"
        );
    }
}

/// Daily digests come at most once a day.
fn digests_are_rare(ledger: &Ledger) {
    let of_morning = ledger
        .told
        .iter()
        .filter(|(_, _, told)| told.receiver == "morning" && told.reason == Reason::Digest);
    let mut keys: Vec<&str> = of_morning.map(|(_, _, told)| told.key.as_str()).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(count, keys.len());
    assert!((150..=500).contains(&count), "{count}");
}
