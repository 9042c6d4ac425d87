//! A process that dies at any step: what was not committed is done again, what was is not, and every alert arrives.

use super::*;

/// A step of a day in the life of two alerts, on a desk with a throttle, a silence, quiet hours and digests.
type Step = fn(&Desk, Run) -> Vec<Told>;

/// Whether a step dies before its commit, or is whole.
#[derive(Clone, Copy, PartialEq)]
enum Run {
    Dies,
    Ends,
}

impl Run {
    fn step<T: Send + 'static>(
        self,
        desk: &Desk,
        work: impl FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Option<T> {
        if self == Self::Dies {
            desk.die(work);
            return None;
        }
        Some(desk.write(work))
    }
}

fn decide(desk: &Desk, run: Run, name: &str, now: &str) -> Vec<Told> {
    let items = (0..3).map(|n| item("a", &format!("{name}{n}"), vec![of("r", Severity::High)]));
    let poll = desk.poll_of(items.collect(), now);
    run.step(desk, move |tx| record_poll(tx, &poll));
    Vec::new()
}

fn let_go(desk: &Desk, run: Run, now: &str) -> Vec<Told> {
    let (manners, now) = (Arc::clone(&desk.manners), at(now));
    run.step(desk, move |tx| release(tx, &manners, false, now));
    Vec::new()
}

/// Claims, sends, settles; dies before the settling is committed, with the message sent.
fn send(desk: &Desk, run: Run, now: &str) -> Vec<Told> {
    let now = at(now);
    desk.write(move |tx| outbox::void_leases(tx, "another", now));
    let claimed = desk.claim("desk", now);
    let told = claimed.iter().map(|row| desk.message(row)).collect();
    run.step(desk, move |tx| {
        for row in &claimed {
            outbox::settle(
                tx,
                row,
                &Attempt::delivered(),
                &DeliveryState::Delivered,
                now,
            )?;
        }
        Ok(())
    });
    told
}

/// Day: three pass and three are throttled; night: three are held; morning: the rest comes.
const STEPS: &[Step] = &[
    |desk, run| decide(desk, run, "day", "2026-11-24T10:00:00Z"),
    |desk, run| decide(desk, run, "more", "2026-11-24T10:01:00Z"),
    |desk, run| send(desk, run, "2026-11-24T10:02:00Z"),
    |desk, run| let_go(desk, run, "2026-11-24T11:01:00Z"),
    |desk, run| send(desk, run, "2026-11-24T11:02:00Z"),
    |desk, run| decide(desk, run, "night", "2026-11-24T14:00:00Z"),
    |desk, run| {
        let quiet = silence("r", "2026-11-24T15:00:00Z", "2026-11-24T23:30:00Z");
        run.step(desk, move |tx| {
            silences::add(tx, &quiet, at("2026-11-24T15:00:00Z"))
        });
        Vec::new()
    },
    |desk, run| decide(desk, run, "silent", "2026-11-24T15:01:00Z"),
    |desk, run| let_go(desk, run, "2026-11-24T22:00:00Z"),
    |desk, run| let_go(desk, run, "2026-11-24T23:30:00Z"),
    |desk, run| let_go(desk, run, "2026-11-25T01:00:00Z"),
    |desk, run| send(desk, run, "2026-11-25T02:00:00Z"),
];

/// All that was told, with a death at step `dies`.
fn life(dies: Option<usize>) -> Vec<Told> {
    let throttled = rule("r", |rule| rule.throttle = Some(parse_rate("3/h").unwrap()));
    let mut desk = Desk::of(quiet(), throttled);
    let mut told = Vec::new();
    for (at, step) in STEPS.iter().enumerate() {
        if Some(at) == dies {
            told.extend(step(&desk, Run::Dies));
            desk = desk.restart();
        }
        told.extend(step(&desk, Run::Ends));
        assert_clean(&desk.store);
    }
    told
}

#[test]
fn a_death_at_any_step_loses_nothing_and_repeats_only_under_the_same_key() {
    let whole = life(None);
    let mut alerts: Vec<i64> = whole.iter().flat_map(|told| told.alerts.clone()).collect();
    alerts.sort_unstable();
    assert_eq!(alerts.len(), 12, "{whole:?}");
    alerts.dedup();
    assert_eq!(alerts.len(), 12, "each once: {whole:?}");
    for dies in 0..STEPS.len() {
        let told = life(Some(dies));
        let by_key: BTreeMap<&str, &Told> =
            told.iter().map(|told| (told.key.as_str(), told)).collect();
        let expected: BTreeMap<&str, &Told> =
            whole.iter().map(|told| (told.key.as_str(), told)).collect();
        assert_eq!(by_key, expected, "death at step {dies}");
    }
}
