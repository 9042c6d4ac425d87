//! The bars that the schedule has to clear, on a small share of the workload of `examples/schedule_sim`.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "figures of a simulation, far from any limit"
)]

#[path = "../examples/schedule_sim/replay.rs"]
mod replay;
#[path = "../examples/schedule_sim/workload.rs"]
mod workload;

use replay::{Plan, Policy, fixed_as, replay as run};
use workload::Random;

#[test]
fn at_equal_cost_entries_are_found_much_sooner_than_at_a_fixed_interval() {
    let feeds = workload::feeds(24, 4, &mut Random::new(11));
    for (fairness, bar) in [(0.0, 0.58), (0.5, 0.64)] {
        let plan = Plan {
            policy: Policy::Expected(fairness),
            budget: 24.0,
            weeks: 2,
        };
        let learned = run(&feeds, plan);
        let fixed = fixed_as(&feeds, plan, &learned);
        let mean = learned.mean() / fixed.mean();
        let late = learned.quantile(0.95) / fixed.quantile(0.95);
        assert!(mean <= bar && late <= 1.10, "α = {fairness}: {mean} {late}");
        let spent = f64::from(learned.requests) / (24.0 * 24.0 * 14.0);
        assert!((0.9..1.1).contains(&spent), "the budget is kept: {spent}");
        assert_eq!(learned.lost, 0, "no entry left its document unseen");
    }
}
