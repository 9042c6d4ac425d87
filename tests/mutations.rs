//! Bytes of strangers, made worse step by step, for every reader but that of documents (which `tests/documents.rs` has):
//! no panic, no bound passed, nothing refused without a word. By the million: `cargo run --release --example mutate`.

#![expect(clippy::unwrap_used, reason = "a broken sample is a failed test")]

#[expect(dead_code, reason = "documents are mutated elsewhere")]
#[path = "support/mutation.rs"]
mod mutation;
#[expect(dead_code, reason = "documents are mutated elsewhere")]
#[path = "support/samples.rs"]
mod samples;
#[path = "support/targets.rs"]
mod targets;

use mutation::{Chance, mutate};
use targets::TARGETS;

#[test]
fn whatever_comes_is_read_or_refused_within_bounds() {
    for target in TARGETS {
        for sample in target.samples {
            (target.judge)(sample).unwrap();
        }
        let mut chance = Chance::new(11);
        for done in 0..1_500 {
            let [sample, other] =
                [0; 2].map(|_| target.samples[chance.below(target.samples.len())]);
            let bytes = mutate(sample, other, &mut chance);
            if let Err(wrong) = (target.judge)(&bytes) {
                panic!(
                    "{}, {done}: {wrong}\n{}",
                    target.name,
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
    }
}
