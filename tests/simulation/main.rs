//! A year in minutes: the daemon's own passes over a real store, under a clock that jumps, with publishers and
//! receivers that fail and a process that dies, all of it drawn from one seed.
//!
//! The network's far end is the only double: it enters by the three seams (`Fetch`, `Notifier`, `Clock`). After each day the
//! promises are checked, and at the end, when everybody is well again, all of them. A failure names its seed; the same
//! seed makes the same world. Which of the polls that are due at one instant ends first is the scheduler's.
//!
//! ```sh
//! SEED=7 FEEDS=500 DAYS=365 cargo test --release --test simulation -- --ignored --nocapture
//! ```

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "figures are what the long run is for, and who runs it says how long"
)]

mod chance;
mod ledger;
mod life;
mod publishers;
mod receivers;

use std::time::{Duration, Instant};

use life::Life;
use publishers::Plan;

fn simulate(plan: Plan) {
    let (began, seed) = (Instant::now(), plan.seed);
    let told = format!("seed {seed}: {} feeds, {} days", plan.feeds, plan.days);
    let mut life = Life::begin(plan);
    life.live();
    let figures = life.reckon();
    println!("{told}: {figures}; {:.0} s", began.elapsed().as_secs_f64());
}

#[test]
fn a_fortnight_of_failures_and_deaths_loses_nothing_and_doubles_nothing() {
    for seed in [1, 2] {
        simulate(Plan {
            seed,
            feeds: 20,
            days: 14,
            deaths: 12,
            budget: 12,
            tick: Duration::from_secs(1),
        });
    }
}

#[test]
#[ignore = "minutes in a release build: `just simulate`"]
fn a_year_loses_nothing_and_doubles_nothing() {
    let asked = |name: &str, usual: u64| {
        std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
    };
    simulate(Plan {
        seed: asked("SEED", 1),
        feeds: usize::try_from(asked("FEEDS", 500)).expect("it fits"),
        days: asked("DAYS", 365),
        deaths: usize::try_from(asked("DEATHS", 300)).expect("it fits"),
        budget: 8,
        tick: Duration::from_secs(asked("TICK", 600)),
    });
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
