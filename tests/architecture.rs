//! Holds the house in shape: who may import whom, what a layer may not touch, how long a file may be.
//!
//! It reads the source as text. What the compiler and clippy hold already (function length, unsafe, the wall
//! clock) is not repeated here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The base imports nothing of ours, and all may import it.
const BASE: [&str; 3] = ["clock", "secret", "observe"];

/// Which layers a layer may import, the base and itself aside. `cli` sees all.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("clock", &[]),
    ("secret", &[]),
    ("observe", &[]),
    ("domain", &[]),
    ("fetch", &["domain"]),
    ("notify", &["domain"]),
    ("store", &["domain"]),
    ("config", &["domain", "fetch", "notify", "store"]),
    ("daemon", &["domain", "fetch", "notify", "store"]),
    ("web", &["domain", "store", "daemon"]),
];

/// What may stand in some layers only: a text, where it is at home, and why.
const AT_HOME: [(&str, &[&str], &str); 18] = [
    (
        "rusqlite",
        &["store"],
        "SQL lives in the store; passes hand it closures over its transaction",
    ),
    ("\"select ", &["store"], "SQL lives in the store"),
    ("\"insert ", &["store"], "SQL lives in the store"),
    ("\"update ", &["store"], "SQL lives in the store"),
    ("\"delete from ", &["store"], "SQL lives in the store"),
    ("\"pragma ", &["store"], "SQL lives in the store"),
    ("reqwest", &["fetch", "notify"], "only these two talk HTTP"),
    ("lettre", &["notify"], "only receivers get mail"),
    (
        "feed_rs",
        &["domain/document"],
        "the parser can be replaced",
    ),
    (
        "anyhow",
        &["daemon", "web/mod.rs"],
        "a layer's errors have types; tasks end with any",
    ),
    ("axum", &["web"], "routes are on one page"),
    ("clap", &["cli"], "arguments are the command line's"),
    ("tokio::spawn", &[], "tasks belong to the supervisor"),
    (
        "std::env::",
        &["cli/environment.rs", "cli/context.rs", "main.rs"],
        "the environment is an input, read at the edge",
    ),
    (
        "println!",
        &[],
        "results go through the output of a command",
    ),
    ("eprintln!", &["cli"], "only commands print"),
    ("unsafe ", &[], "there is none"),
    ("todo!", &[], "nothing is left for later in silence"),
];

/// What the pure core may not name at all.
const NOT_IN_DOMAIN: [&str; 10] = [
    "tokio::",
    "async fn",
    ".await",
    "std::fs",
    "std::net",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "static mut",
    "thread_rng",
];

const MAX_LINES: usize = 500;

/// A source file: its path below `src`, its text, and its text without tests and comments.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    fn layer(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules lie between the crate and this file's own, itself counted: as many `super` reach the crate.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") {
            parts - 1
        } else {
            parts
        }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("testing/")
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// The text up to the tests, without comments. A module for tests stands last in its file, by habit.
fn code_of(text: &str) -> String {
    let end = text
        .find("\n#[cfg(test)]\nmod tests {")
        .unwrap_or(text.len());
    text[..end]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            Source {
                path: path
                    .strip_prefix(&root)
                    .expect("below src")
                    .to_string_lossy()
                    .replace('\\', "/"),
                code: code_of(&text),
                text,
            }
        })
        .collect()
}

/// The first names after each `prefix` in `code`: `crate::store::Store` gives `store`.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    code.match_indices(prefix)
        .filter(|(at, _)| {
            !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
        })
        .map(|(at, _)| {
            let rest = &code[at + prefix.len()..];
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

fn refuse(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn layers_import_only_what_lies_below_them() {
    let table: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    let mut problems = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let layer = source.layer();
        let Some(allowed) = table.get(layer) else {
            assert!(
                ["cli", "lib", "main"].contains(&layer),
                "{}: a layer unknown to this test",
                source.path
            );
            continue;
        };
        for target in names_after(&source.code, "crate::") {
            let fine = target == layer
                || allowed.contains(&target)
                || (BASE.contains(&target) && !BASE.contains(&layer));
            if !fine {
                problems.push(format!(
                    "{}: {layer} may not import {target:?}",
                    source.path
                ));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn no_import_hides_an_edge() {
    let mut problems = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (hidden, why) in [("crate::{", "one line an import"), ("crate::*", "name it")] {
            if source.code.contains(hidden) {
                problems.push(format!("{}: `{hidden}`: {why}", source.path));
            }
        }
        let out = "super::".repeat(source.depth());
        if !["lib", "main"].contains(&source.layer()) && source.code.contains(&out) {
            problems.push(format!(
                "{}: `{out}` is the crate here: write crate::…",
                source.path
            ));
        }
    }
    refuse(&problems);
}

#[test]
fn web_sees_the_daemon_only_through_its_control() {
    let mut problems = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.layer() == "web" && !source.is_test())
    {
        for part in names_after(&source.code, "crate::daemon::") {
            if part != "control" {
                problems.push(format!(
                    "{}: web may use daemon::control, not daemon::{part}",
                    source.path
                ));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn things_stay_where_they_are_at_home() {
    let mut problems = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (text, homes, why) in AT_HOME {
            let at_home = homes
                .iter()
                .any(|home| source.path == *home || source.path.starts_with(&format!("{home}/")));
            let standing_alone = source.code.match_indices(text).any(|(at, _)| {
                !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || "_\"-`".contains(c))
            });
            if standing_alone && !at_home {
                problems.push(format!(
                    "{}: `{}` is not at home here: {why}",
                    source.path,
                    text.trim()
                ));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn the_core_is_pure() {
    let mut problems = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.layer() == "domain" && !source.is_test())
    {
        for text in NOT_IN_DOMAIN {
            if source.code.contains(text) {
                problems.push(format!("{}: `{text}` in the pure core", source.path));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn each_file_is_short_and_says_what_it_is_for() {
    let mut problems = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//! ") && !source.is_test() {
            problems.push(format!("{}: opens without `//!`", source.path));
        }
        let end = source
            .text
            .find("\n#[cfg(test)]\nmod tests {")
            .unwrap_or(source.text.len());
        let lines = source.text[..end].lines().count();
        if lines > MAX_LINES && !source.is_test() {
            problems.push(format!(
                "{}: {lines} lines without its tests, {MAX_LINES} allowed",
                source.path
            ));
        }
    }
    refuse(&problems);
}
