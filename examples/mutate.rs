//! Reads mutations of the samples in `tests/fixtures/documents` by the million, and says what came of them; or of what
//! the other readers of strangers' bytes are given: `--target rules`, `config`, `headers`, `dates`, `codings`.
//!
//! ```sh
//! cargo run --release --example mutate -- --count 10000000 --seed 7
//! cargo run --release --example mutate -- --count 1000000 --target rules
//! ```
//!
//! Ends with 1 at the first panic, bound passed, or document that took five seconds of the processor, and prints that
//! document. What each of them becomes when entries get their identity is part of it.
#![expect(clippy::print_stdout, reason = "figures are what this is for")]

#[expect(clippy::unwrap_used, reason = "shared with tests")]
#[path = "../tests/support/mutation.rs"]
mod mutation;
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "shared with tests, which also look at what is expected"
)]
#[path = "../tests/support/samples.rs"]
mod samples;
#[path = "../tests/support/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bongsu::domain::document::{self, Document, Hints, ParseError};
use bongsu::domain::entry::identity;
use mutation::{Chance, beyond_bounds, mutate, mutated};
use targets::{TARGETS, Target};

/// What nobody waits for.
const LONGEST: Duration = Duration::from_secs(5);
/// Mutations between two lines of figures.
const STEP: u64 = 1_000_000;

/// What came of the mutations so far.
#[derive(Default)]
struct Figures {
    read: u64,
    truncated: u64,
    entries: u64,
    not_feeds: u64,
    broken: u64,
    bytes: u64,
    slowest: Duration,
}

impl Figures {
    fn print(&self, done: u64, since: Instant) {
        println!(
            "{done} mutations, {} MB in {} s: {} read ({} truncated, {} entries), {} no feeds, {} refused as broken; slowest {:?}",
            self.bytes / 1_000_000,
            since.elapsed().as_secs(),
            self.read,
            self.truncated,
            self.entries,
            self.not_feeds,
            self.broken,
            self.slowest
        );
    }
}

/// Time that the processor spent on this thread, so that a busy machine slows nothing; where the system does not tell,
/// the time that passed.
fn spent(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// A document as a poll reads it.
fn read(bytes: &[u8], hints: &Hints) -> Result<Document, ParseError> {
    let mut document = document::parse(bytes, hints)?;
    let contents = std::mem::take(&mut document.entries);
    let identify = AssertUnwindSafe(|| identity::identify("mutate", contents));
    let entries = catch_unwind(identify).map_err(|_| ParseError::Panicked {
        message: "while entries got their identity".to_owned(),
    })?;
    document.entries = entries.into_iter().map(|entry| entry.content).collect();
    Ok(document)
}

/// Gives `count` mutations of its samples to a target.
fn run_target(target: &Target, (count, seed): (u64, u64)) -> ExitCode {
    let mut chance = Chance::new(seed);
    let mut slowest = Duration::ZERO;
    let since = Instant::now();
    for done in 1..=count {
        let [sample, other] = [0; 2].map(|_| target.samples[chance.below(target.samples.len())]);
        let bytes = mutate(sample, other, &mut chance);
        let start = spent(since);
        let judged = catch_unwind(|| (target.judge)(&bytes))
            .unwrap_or_else(|_| Err("it panicked".to_owned()));
        let took = spent(since).saturating_sub(start);
        slowest = slowest.max(took);
        let slow = (took > LONGEST).then(|| format!("it took {took:?}"));
        if let Some(wrong) = judged.err().or(slow) {
            let text = String::from_utf8_lossy(&bytes);
            println!(
                "{}, seed {seed}, mutation {done}: {wrong}\n{text}",
                target.name
            );
            return ExitCode::FAILURE;
        }
        if done % STEP == 0 || done == count {
            let seconds = since.elapsed().as_secs();
            println!(
                "{}: {done} mutations in {seconds} s, slowest {slowest:?}",
                target.name
            );
        }
    }
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    // A panic inside is caught and counted; its message is in the error.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, usual: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok())
            .unwrap_or(usual)
    };
    let (count, seed) = (number("--count", STEP), number("--seed", 7));
    let named = arguments.iter().position(|argument| argument == "--target");
    let named = named.and_then(|at| arguments.get(at + 1));
    if let Some(target) = TARGETS
        .iter()
        .find(|target| Some(target.name) == named.map(String::as_str))
    {
        return run_target(target, (count, seed));
    }
    let cases = samples::cases();
    let mut chance = Chance::new(seed);
    let mut figures = Figures::default();
    let since = Instant::now();
    for done in 1..=count {
        let (case, bytes) = mutated(&cases, &mut chance);
        let start = spent(since);
        let read = read(&bytes, &case.hints);
        let took = spent(since).saturating_sub(start);
        let broken =
            beyond_bounds(&read).or_else(|| (took > LONGEST).then(|| format!("it took {took:?}")));
        if let Some(broken) = broken {
            println!(
                "seed {seed}, mutation {done} of {}: {broken}\n{}",
                case.name,
                String::from_utf8_lossy(&bytes)
            );
            return ExitCode::FAILURE;
        }
        figures.slowest = figures.slowest.max(took);
        figures.bytes += bytes.len() as u64;
        match read {
            Ok(document) => {
                figures.read += 1;
                figures.truncated += u64::from(document.truncated);
                figures.entries += document.entries.len() as u64;
            }
            Err(ParseError::Broken { .. }) => figures.broken += 1,
            Err(_) => figures.not_feeds += 1,
        }
        if done % STEP == 0 || done == count {
            figures.print(done, since);
        }
    }
    ExitCode::SUCCESS
}
