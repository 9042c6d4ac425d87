//! Compares ways to spend a budget of polls, on invented feeds, with the scheduler that the daemon runs.
//!
//! ```sh
//! cargo run --release --example schedule_sim -- --seed 7
//! ```
//!
//! Four weeks to learn, four to be judged by; each row is set beside a fixed interval that sends as many
//! requests, within one percent.
#![expect(clippy::print_stdout, reason = "a table is what this is for")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "figures of a simulation, far from any limit"
)]

mod replay;
mod workload;

use std::process::ExitCode;
use std::sync::Mutex;

use replay::{Outcome, Plan, Policy, fixed_as, replay};
use workload::Random;

/// Feeds of the reference workload.
const FEEDS: usize = 400;

/// What is to be compared.
struct Arguments {
    seed: u64,
    feeds: usize,
    budgets: Vec<f64>,
}

fn main() -> ExitCode {
    let Some(Arguments {
        seed,
        feeds,
        budgets,
    }) = arguments()
    else {
        println!("usage: schedule_sim [--seed NUMBER] [--feeds COUNT] [--budget POLLS]");
        return ExitCode::from(2);
    };
    println!(
        "seed {seed}: {feeds} feeds, delays in minutes, in brackets by a fixed interval at equal cost\n"
    );
    let feeds = workload::feeds(feeds, 8, &mut Random::new(seed));
    println!("| policy | budget | requests | 304 | mean | median | p95 | per feed | lost |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let policies = [
        Policy::SquareRoot,
        Policy::Expected(0.0),
        Policy::Expected(0.5),
        Policy::Expected(1.0),
    ];
    let plan = |budget: f64| {
        policies.map(|policy| Plan {
            policy,
            budget,
            weeks: 4,
        })
    };
    let plans: Vec<Plan> = budgets.into_iter().flat_map(plan).collect();
    let rows = run(&feeds, &plans);
    let mut kept = true;
    for (plan, (outcome, fixed)) in plans.iter().zip(&rows) {
        println!("{}", row(plan, outcome, fixed, feeds.len()));
        kept &= holds(plan, outcome, fixed);
    }
    if kept {
        println!("\nAll bars hold.");
        ExitCode::SUCCESS
    } else {
        println!("\nA bar is missed.");
        ExitCode::FAILURE
    }
}

fn arguments() -> Option<Arguments> {
    let mut asked = Arguments {
        seed: 7,
        feeds: FEEDS,
        budgets: vec![12.0, 24.0, 48.0],
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--seed" => asked.seed = value.parse().ok()?,
            "--feeds" => asked.feeds = value.parse().ok()?,
            "--budget" => asked.budgets = vec![value.parse().ok()?],
            _ => return None,
        }
    }
    Some(asked)
}

/// Replays all plans, as many at once as there are cores.
fn run(feeds: &[workload::Entries], plans: &[Plan]) -> Vec<(Outcome, Outcome)> {
    let rows = Mutex::new(vec![None; plans.len()]);
    let next = Mutex::new(plans.iter().enumerate());
    let work = || {
        loop {
            let taken = next.lock().expect("no plan panics").next();
            let Some((place, plan)) = taken else { return };
            let outcome = replay(feeds, *plan);
            let fixed = fixed_as(feeds, *plan, &outcome);
            rows.lock().expect("no plan panics")[place] = Some((outcome, fixed));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let rows = rows.into_inner().expect("no plan panics");
    rows.into_iter().flatten().collect()
}

fn row(plan: &Plan, outcome: &Outcome, fixed: &Outcome, feeds: usize) -> String {
    let minutes = |ours: f64, theirs: f64| format!("{:.1} ({:.1})", ours / 60.0, theirs / 60.0);
    let policy = match plan.policy {
        Policy::Fixed(_) => "fixed".to_owned(),
        Policy::SquareRoot => "square root".to_owned(),
        Policy::Expected(fairness) => format!("expected delay, α = {fairness}"),
    };
    let spent = f64::from(outcome.requests) / (feeds as f64 * 28.0);
    let unchanged = f64::from(outcome.unchanged) / f64::from(outcome.requests);
    format!(
        "| {policy} | {} | {spent:.2} | {:.0} % | {} | {} | {} | {} | {} |",
        plan.budget,
        unchanged * 100.0,
        minutes(outcome.mean(), fixed.mean()),
        minutes(outcome.quantile(0.5), fixed.quantile(0.5)),
        minutes(outcome.quantile(0.95), fixed.quantile(0.95)),
        minutes(outcome.by_feed, fixed.by_feed),
        outcome.lost,
    )
}

/// The bars of the budget that is the default.
fn holds(plan: &Plan, outcome: &Outcome, fixed: &Outcome) -> bool {
    let mean = outcome.mean() / fixed.mean();
    let late = outcome.quantile(0.95) / fixed.quantile(0.95);
    let by_feed = outcome.by_feed / fixed.by_feed;
    let default = (plan.budget - 24.0).abs() < 0.5;
    match plan.policy {
        Policy::Expected(0.0) if default => mean <= 0.56 && late <= 1.05,
        Policy::Expected(0.5) if default => mean <= 0.62 && late <= 1.05 && by_feed <= 1.10,
        _ => true,
    }
}
