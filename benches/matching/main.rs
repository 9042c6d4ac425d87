//! Rules against entries at five sizes, beside the scan for the same literals alone and beside trying every rule.
//!
//! `cargo bench --bench matching [-- SET…] [--rules N,N] [--entries N]`; sets are `shapes` and `narrow`, and `hostile` for fields of
//! 1 MiB that are meant to hurt, all or those named behind it. Each size runs in a process of its own, so that its peak
//! of memory is its own. Times are of the processor, best of three rounds, on one
//! thread. The table in `docs/matching.md` comes from here.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod generate;
mod hostile;

use std::fs;
use std::hint::black_box;
use std::process::Command;

use anyhow::Context as _;
use bongsu::domain::matching::{Frequencies, RuleSet, Subject};
use bongsu::domain::rule::{Definitions, Rule};
use generate::{Entry, Set};
use unicode_normalization::UnicodeNormalization;

/// The sizes of the table.
const SIZES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

/// Entries that naive evaluation is tried on at most, and rules times entries.
const NAIVE: usize = 500_000;

fn main() -> anyhow::Result<()> {
    let asked = Asked::of(std::env::args().skip(1))?;
    if let Some((set, rules)) = &asked.one {
        return one(set, *rules, asked.entries);
    }
    if let [first, fields @ ..] = &asked.sets[..]
        && first == "hostile"
    {
        return hostile(fields);
    }
    println!(
        "set\trules\tpatterns\tbuild s\tset MB\tpeak MB\tbytes/entry\tmatches/entry\tcandidates/entry\tscan us\tfold+scan us\twalk us\t\
         engine us\tengine/fold+scan\tentries/s\tquiet us\tnaive us\tedit ms\tlearn s\tguessed/learnt"
    );
    for set in &asked.sets {
        for rules in &asked.sizes {
            let status = Command::new(std::env::current_exe()?)
                .args([
                    "--one",
                    set,
                    &rules.to_string(),
                    "--entries",
                    &asked.entries.to_string(),
                ])
                .status()?;
            anyhow::ensure!(status.success(), "{set} {rules}: {status}");
        }
    }
    Ok(())
}

/// Hostile fields, or those that are named, the better of two rounds each.
fn hostile(fields: &[String]) -> anyhow::Result<()> {
    let timed = |work: &mut dyn FnMut()| {
        let mut best = f64::MAX;
        for _ in 0..2 {
            let start = processor()?;
            work();
            best = best.min(processor()? - start);
        }
        Ok(best)
    };
    for row in hostile::rows(fields, timed)? {
        println!("{row}");
    }
    Ok(())
}

/// The command line.
struct Asked {
    sets: Vec<String>,
    sizes: Vec<usize>,
    entries: usize,
    one: Option<(String, usize)>,
}

impl Asked {
    fn of(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut out = Self {
            sets: Vec::new(),
            sizes: SIZES.to_vec(),
            entries: 20_000,
            one: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().context("a value is missing");
            match word.as_str() {
                "--rules" => {
                    let list = value()?;
                    out.sizes = list.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--entries" => out.entries = value()?.parse()?,
                "--one" => out.one = Some((value()?, value()?.parse()?)),
                // Cargo adds it.
                "--bench" => {}
                _ => out.sets.push(word),
            }
        }
        if out.sets.is_empty() {
            out.sets = vec!["shapes".to_owned(), "narrow".to_owned()];
        }
        Ok(out)
    }
}

type Automaton = daachorse::DoubleArrayAhoCorasick<u32>;

/// Measures one size and prints its row.
fn one(name: &str, rules: usize, entries: usize) -> anyhow::Result<()> {
    let Set {
        queries,
        entries,
        literals,
    } = match name {
        "shapes" => generate::shapes(rules, entries),
        "narrow" => generate::narrow(rules, entries),
        other => anyhow::bail!("no set {other}"),
    };
    let folded: Vec<String> = literals.iter().map(|text| text.to_lowercase()).collect();
    let automaton = Automaton::new(&folded).map_err(|error| anyhow::anyhow!("{error}"))?;
    drop((literals, folded));
    let built = Built::new(&queries, &entries)?;
    let costs = Costs::of(&built.set, &automaton, &entries)?;
    let naive = tried(
        &built.set,
        &entries[..(NAIVE / rules).clamp(10, entries.len())],
    )?;
    let each = |measure: &dyn Fn(&Entry) -> usize| {
        as_f64(entries.iter().map(measure).sum()) / as_f64(entries.len())
    };
    let set = &built.set;
    println!(
        "{name}\t{rules}\t{}\t{:.2}\t{:.1}\t{:.0}\t{:.0}\t{:.2}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.2}\t{:.0}\t{:.1}\t\
         {naive:.0}\t{:.1}\t{:.2}\t{:.2}",
        set.pattern_count(),
        built.build,
        as_f64(set.memory()) / 1e6,
        built.peak,
        each(&|entry| entry.title.len() + entry.body.len()),
        each(&|entry| set.matching(&subject(entry)).len()),
        each(&|entry| set.candidate_count(&subject(entry))),
        costs.scan,
        costs.floor,
        costs.walk,
        costs.engine,
        costs.engine / costs.floor,
        1e6 / costs.engine,
        costs.quiet,
        built.edit,
        built.learn,
        as_f64(built.guessed) / as_f64(few_candidates(set, &entries).max(1)),
    );
    Ok(())
}

/// A rule set that has learnt, and what that took.
struct Built {
    set: RuleSet,
    /// Seconds.
    build: f64,
    learn: f64,
    /// Milliseconds.
    edit: f64,
    /// MB on top of what was there before.
    peak: f64,
    /// Rules that were looked at before anything was learnt.
    guessed: usize,
}

impl Built {
    fn new(queries: &[String], entries: &[Entry]) -> anyhow::Result<Self> {
        let rules = queries.iter().enumerate();
        let definitions = Definitions {
            rules: rules
                .map(|(at, query)| Rule::of_query(&format!("r{at:06}"), query))
                .collect(),
            ..Definitions::default()
        };
        let before = memory("VmRSS")?;
        let start = processor()?;
        let (mut set, problems) = RuleSet::compile(&definitions);
        let build = (processor()? - start) / 1e6;
        let is_whole = set.rule_count() == queries.len();
        anyhow::ensure!(is_whole, "{:?}", problems.first());
        drop(problems);
        let peak = memory("VmHWM")? - before;
        let start = processor()?;
        let change = Rule::of_query("r000001", "\"new name\" NEAR/5 (contract OR 계약)");
        let (edited, _) = set.with_rule(&definitions, &change);
        let edit = (processor()? - start) / 1e3;
        anyhow::ensure!(edited.rule_count() == queries.len(), "an edit loses rules");
        // What is held by another set does not learn.
        drop(edited);
        let guessed = few_candidates(&set, entries);
        let start = processor()?;
        let mut seen = Frequencies::default();
        for entry in entries.iter().take(4_000) {
            set.count(&subject(entry), &mut seen);
        }
        set.learn(&seen);
        let learn = (processor()? - start) / 1e6;
        Ok(Self {
            set,
            build,
            learn,
            edit,
            peak,
            guessed,
        })
    }
}

/// Microseconds an entry, the best of three rounds.
struct Costs {
    /// Of the text in small ASCII letters.
    scan: f64,
    /// With the text folded as Unicode says.
    floor: f64,
    walk: f64,
    quiet: f64,
    engine: f64,
}

impl Costs {
    fn of(set: &RuleSet, automaton: &Automaton, entries: &[Entry]) -> anyhow::Result<Self> {
        let mut out = Self {
            scan: f64::MAX,
            floor: f64::MAX,
            walk: f64::MAX,
            quiet: f64::MAX,
            engine: f64::MAX,
        };
        let mut text = String::new();
        for _ in 0..3 {
            out.scan = out.scan.min(timed(entries, |entry| {
                small(entry, &mut text);
                black_box(scanned(automaton, &text));
            })?);
            out.floor = out.floor.min(timed(entries, |entry| {
                folded(entry, &mut text);
                black_box(scanned(automaton, &text));
            })?);
            out.walk = out.walk.min(timed(entries, |entry| {
                black_box(set.hit_count(&subject(entry)));
            })?);
            out.quiet = out.quiet.min(timed(entries, |entry| {
                black_box(set.matching(&subject(entry)));
            })?);
            out.engine = out.engine.min(timed(entries, |entry| {
                black_box(set.evaluate(&subject(entry)));
            })?);
        }
        Ok(out)
    }
}

/// Microseconds an entry where every rule is tried; it must find the same.
fn tried(set: &RuleSet, entries: &[Entry]) -> anyhow::Result<f64> {
    let mut expected = 0;
    let naive = timed(entries, |entry| {
        expected += set.matching_unfiled(&subject(entry)).len();
    })?;
    let each = entries
        .iter()
        .map(|entry| set.evaluate(&subject(entry)).len());
    let found: usize = each.sum();
    anyhow::ensure!(
        found == expected,
        "filing finds {found}, trying every rule {expected}"
    );
    Ok(naive)
}

/// Rules that are looked at, over the last thousand entries.
fn few_candidates(set: &RuleSet, entries: &[Entry]) -> usize {
    let last = &entries[entries.len().saturating_sub(1_000)..];
    last.iter()
        .map(|entry| set.candidate_count(&subject(entry)))
        .sum()
}

fn subject(entry: &Entry) -> Subject<'_> {
    Subject {
        title: &entry.title,
        body: &entry.body,
        language: Some(entry.language),
        ..Subject::default()
    }
}

/// An entry in small letters, as far as they are ASCII.
fn small(entry: &Entry, text: &mut String) {
    text.clear();
    text.push_str(&entry.title);
    text.push('\n');
    text.push_str(&entry.body);
    text.make_ascii_lowercase();
}

/// An entry in small letters of one form, as a library does it.
fn folded(entry: &Entry, text: &mut String) {
    text.clear();
    let letters = entry.title.chars().chain(['\n']).chain(entry.body.chars());
    text.extend(letters.nfkc().flat_map(char::to_lowercase));
}

/// Every literal that stands at word boundaries.
fn scanned(automaton: &Automaton, text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    automaton
        .find_overlapping_iter(text)
        .filter(|found| {
            let (start, end) = (found.start(), found.end());
            !(is_letter(end) || start > 0 && is_letter(start - 1))
        })
        .count()
}

/// Microseconds of the processor an entry.
fn timed(entries: &[Entry], mut work: impl FnMut(&Entry)) -> anyhow::Result<f64> {
    let start = processor()?;
    entries.iter().for_each(&mut work);
    Ok((processor()? - start) / as_f64(entries.len()))
}

/// Microseconds this thread has run.
fn processor() -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text
        .split_whitespace()
        .next()
        .context("schedstat is empty")?;
    Ok(nanoseconds.parse::<f64>()? / 1e3)
}

/// MB of a line of `/proc/self/status`.
fn memory(key: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .context("no such line")?;
    let kilobytes = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    Ok(kilobytes.trim().parse::<f64>()? / 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
