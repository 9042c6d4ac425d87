//! A year of alerts through quiet hours, changes of clocks, throttles, silences and digests: none lost, none doubled.

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
struct Ledger {
    told: Vec<(Timestamp, Severity, Told)>,
}

impl Ledger {
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

/// One year from the given seed: how many alerts there were, and what was told of them.
fn year(seed: u64) -> (Desk, Ledger) {
    let throttled = rule("r", |rule| rule.throttle = Some(parse_rate("4/h").unwrap()));
    let digest = rule("d", |rule| {
        rule.notify = crate::domain::rule::Notify::Digest;
    });
    let mut desk = Desk::new(manners(&receivers(), &[throttled, digest]));
    let (mut dice, mut ledger) = (Dice(seed), Ledger { told: Vec::new() });
    let mut now = at("2026-06-01T00:00:00Z");
    let end = at("2027-06-01T00:00:00Z");
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
    let seed = 1;
    let (desk, ledger) = year(seed);
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
    assert!(owed.len() > 2_000, "{}", owed.len());
    assert_eq!(told, owed, "seed {seed}");
    let open: i64 = super::super::super::sample::number(
        &desk.store,
        "select count(*) from delivery where state <> 'delivered'",
    );
    assert_eq!(open, 0);
    throttle_is_kept(&desk, &ledger);
    digests_are_rare(&ledger);
    assert_clean(&desk.store);
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
