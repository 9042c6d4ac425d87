//! Keeps the documents true: paths, links, commands, metrics, diagnostic codes and examples they name exist.
//!
//! It checks what can be checked by reading files or running the binary; whether the sentences are right is for
//! people.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PATH_ROOTS: [&str; 8] = [
    "src/",
    "tests/",
    "docs/",
    "config/",
    "systemd/",
    "benches/",
    ".ci/",
    "examples/",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document of the repository: path below the root, and text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ]
    .into_iter()
    .map(PathBuf::from)
    .collect();
    for entry in fs::read_dir(root().join("docs")).expect("docs/ exists") {
        let path = entry.expect("docs/ can be read").path();
        if path.extension().is_some_and(|ext| ext == "md") {
            paths.push(
                path.strip_prefix(root())
                    .expect("below the root")
                    .to_owned(),
            );
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = read(&path.to_string_lossy());
            (path, text)
        })
        .collect()
}

/// The fenced blocks of a document whose info string is `info`.
fn blocks(text: &str, info: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(rest)) => open = Some((rest.trim() == info, String::new())),
            (Some((wanted, block)), Some(_)) => {
                if *wanted {
                    found.push(std::mem::take(block));
                }
                open = None;
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn bongsu(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bongsu"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A command that does not read its input may have closed it already.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(stdin.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

fn refuse(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_two_front_pages_are_short() {
    for page in ["README.md", "ARCHITECTURE.md"] {
        let lines = read(page).lines().count();
        assert!(lines <= 200, "{page} has {lines} lines");
    }
}

#[test]
fn links_lead_somewhere() {
    let mut problems = Vec::new();
    for (path, text) in documents() {
        let folder = root()
            .join(&path)
            .parent()
            .expect("a file is in a folder")
            .to_owned();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty()
                && !file.contains("://")
                && !file.contains(':')
                && !folder.join(file).exists()
            {
                problems.push(format!("{}: {target} leads nowhere", path.display()));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn paths_in_backquotes_exist() {
    let mut problems = Vec::new();
    for (path, text) in documents() {
        for named in text.split('`').skip(1).step_by(2) {
            let plain = named
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if plain
                && PATH_ROOTS.iter().any(|start| named.starts_with(start))
                && !root().join(named).exists()
            {
                problems.push(format!("{}: {named} does not exist", path.display()));
            }
        }
    }
    refuse(&problems);
}

/// `bongsu feeds poll yonhap-en` gives `["feeds", "poll"]` when both are plain lower-case words.
fn subcommand(line: &str) -> Option<Vec<&str>> {
    let line = line
        .trim_start()
        .trim_start_matches("$ ")
        .trim_start_matches("sudo ");
    let rest = line
        .strip_prefix("bongsu ")
        .or_else(|| line.strip_prefix("cargo run --release -- "))?;
    let words = rest
        .split_whitespace()
        .skip_while({
            // `--config X` and the like may stand first.
            let mut value = false;
            move |word| {
                let skip = value || ["--config", "--state-dir", "--format"].contains(word);
                value = !value && skip;
                skip
            }
        })
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        .take(2)
        .collect::<Vec<_>>();
    (!words.is_empty()).then_some(words)
}

/// The first words of the lines below `Commands:` in a help text.
fn commands_of(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

#[test]
fn commands_in_examples_exist() {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, text) in documents() {
        for block in blocks(&text, "sh") {
            for words in block.lines().filter_map(subcommand) {
                seen.insert((
                    words.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    path.clone(),
                ));
            }
        }
    }
    assert!(
        seen.len() > 10,
        "the documents hold hardly any commands: {seen:?}"
    );
    for (words, path) in seen {
        let first = bongsu(&[&words[0], "--help"], "");
        let help = String::from_utf8_lossy(&first.stdout).into_owned();
        let below = commands_of(&help);
        let known = first.status.success()
            && (below.is_empty() || words.get(1).is_none_or(|w| below.contains(&w.as_str())));
        if !known {
            problems.push(format!(
                "{}: no command `bongsu {}`",
                path.display(),
                words.join(" ")
            ));
        }
    }
    refuse(&problems);
}

#[test]
fn every_command_is_documented_with_an_example() {
    let help = bongsu(&["--help"], "");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let page = read("docs/cli.md");
    let missing = commands_of(&help)
        .into_iter()
        .filter(|command| *command != "help" && !page.contains(&format!("bongsu {command}")))
        .map(|command| format!("docs/cli.md: no example of `bongsu {command}`"))
        .collect::<Vec<_>>();
    assert!(help.contains("Commands:"), "{help}");
    refuse(&missing);
}

/// The secrets that examples name, each of a form that passes.
fn write_secrets(folder: &Path) {
    let thirty = "a23456789012345678901234567890";
    let key = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        read("tests/fixtures/rsa-for-tests.base64").trim()
    );
    for (name, text) in [
        ("secret", "whsec_YSBzZWNyZXQgb2YgdGhlIGRvY3MsIDI0IGJ5dGVz"),
        (
            "webhook-secret",
            "whsec_YSBzZWNyZXQgb2YgdGhlIGRvY3MsIDI0IGJ5dGVz",
        ),
        ("smtp-password", "sesame"),
        ("broker-password", "sesame"),
        ("slack-url", "https://hooks.slack.com/services/T0/B0/x"),
        ("slack-token", "xoxb-x"),
        ("discord-url", "https://discord.com/api/webhooks/1/x"),
        ("telegram-token", "123456:AAx"),
        ("teams-url", "https://example.org/workflows/1?sig=x"),
        ("matrix-token", "syt_x"),
        ("mattermost-url", "https://chat.example.org/hooks/x"),
        ("ntfy-topic", "desk-x"),
        ("gotify-token", "Ax"),
        ("pushover-token", thirty),
        ("pushover-user", thirty),
        ("pagerduty-key", "a2345678901234567890123456789012"),
        ("opsgenie-key", "x"),
        ("jandi-url", "https://wh.jandi.com/connect-api/webhook/1/x"),
        ("dooray-url", "https://hook.dooray.com/services/1/2/x"),
        ("kakaowork-key", "x"),
        ("line-works-secret", "x"),
        ("line-works.key", &key),
        ("apprise-key", "desk"),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
}

#[test]
fn configurations_in_the_documents_pass_the_check() {
    let mut problems = Vec::new();
    for (path, text) in documents() {
        for (number, block) in blocks(&text, "toml check").iter().enumerate() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let file = folder.path().join("bongsu.toml");
            fs::write(&file, block).expect("written");
            write_secrets(folder.path());
            let done = bongsu(&["--config", &folder.path().to_string_lossy(), "check"], "");
            if !done.status.success() {
                let said = String::from_utf8_lossy(&done.stderr).into_owned();
                problems.push(format!("{} block {}: {said}", path.display(), number + 1));
            }
        }
    }
    refuse(&problems);
}

#[test]
fn queries_in_the_documents_parse() {
    let mut problems = Vec::new();
    for (path, text) in documents() {
        for query in blocks(&text, "query")
            .iter()
            .flat_map(|block| block.lines())
        {
            let names = query.contains(['@', '#', '$']);
            if query.trim().is_empty() || names {
                continue;
            }
            let done = bongsu(&["match", "--query", query], "");
            if !done.status.success() {
                problems.push(format!(
                    "{}: {query}\n{}",
                    path.display(),
                    String::from_utf8_lossy(&done.stderr)
                ));
            }
        }
    }
    refuse(&problems);
}

/// The words of `text` that start with `prefix` and go on in `[a-z0-9_]`.
fn words_with<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    text.match_indices(prefix)
        .filter(|(at, _)| {
            !text[..*at].ends_with(|c: char| c.is_alphanumeric() || "_-/".contains(c))
        })
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest
                .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
                .unwrap_or(rest.len());
            &rest[..end]
        })
        .filter(|word| word.len() > prefix.len())
        .collect()
}

#[test]
fn metrics_and_their_documents_agree() {
    let observe = read("src/observe.rs");
    let page = read("docs/operations.md");
    let made = words_with(&observe, "bongsu_");
    let told = words_with(&page, "bongsu_");
    let base = |name: &&str| {
        ["_bucket", "_sum", "_count"]
            .iter()
            .all(|end| !name.ends_with(end))
    };
    assert_eq!(
        made.into_iter().filter(base).collect::<BTreeSet<_>>(),
        told.into_iter().filter(base).collect::<BTreeSet<_>>(),
        "left: src/observe.rs, right: docs/operations.md"
    );
}

/// Codes such as `E07`, `W02` and `C20` in string literals below `folder`, tests aside.
fn codes_below(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("can be read") {
        let path = entry.expect("can be read").path();
        if path.is_dir() && !path.ends_with("tests") {
            codes_below(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).expect("UTF-8");
            into.extend(
                text.split('"')
                    .filter(|text| is_code(text))
                    .map(str::to_owned),
            );
        }
    }
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'W', 'C']).unwrap_or_default();
    digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Codes of queries stand on the page of rules, those of config on its page; neither page tells of others.
#[test]
fn diagnostic_codes_are_listed() {
    let mut made = BTreeSet::new();
    codes_below(&root().join("src"), &mut made);
    let (of_config, of_queries): (BTreeSet<_>, _) =
        made.into_iter().partition(|code| code.starts_with('C'));
    for (made, page) in [
        (of_queries, "docs/rules.md"),
        (of_config, "docs/configuration.md"),
    ] {
        let told: BTreeSet<String> = read(page)
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
            .filter(|text| is_code(text))
            .map(str::to_owned)
            .collect();
        assert_eq!(made, told, "left: src, right: {page}");
    }
}

/// Each line of the manifest has its reason, and no reason is left of a crate that went.
#[test]
fn each_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let named: BTreeSet<String> = ["dependencies", "dev-dependencies"]
        .iter()
        .flat_map(|table| manifest[*table].as_table().expect("a table").keys())
        .cloned()
        .collect();
    let told: BTreeSet<String> = read("docs/dependencies.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .filter(|name| *name != "crate")
        .map(str::to_owned)
        .collect();
    assert_eq!(named, told, "left: Cargo.toml, right: docs/dependencies.md");
}

/// The examples that people uncomment: each block of `# [[receiver]]` in the shipped config.
#[test]
fn commented_receivers_of_the_shipped_config_pass_the_check() {
    let text = read("config/receivers.toml");
    let mut examples = String::new();
    let mut inside = false;
    for line in text.lines() {
        let bare = line.strip_prefix("# ").filter(|_| !line.is_empty());
        inside = bare.is_some_and(|bare| inside || bare == "[[receiver]]");
        if let (true, Some(bare)) = (inside, bare) {
            examples.push_str(bare);
            examples.push('\n');
        }
    }
    assert!(examples.matches("[[receiver]]").count() >= 5, "{examples}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in [("receivers.toml", text.as_str()), ("more.toml", &examples)] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    write_secrets(folder.path());
    let done = Command::new(env!("CARGO_BIN_EXE_bongsu"))
        .args(["check", "--config"])
        .arg(folder.path())
        .env("CREDENTIALS_DIRECTORY", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}

/// Every setting of the shipped config, uncommented, is its default: a known key with a value that passes.
#[test]
fn commented_settings_of_the_shipped_config_pass_the_check() {
    let mut lines = Vec::new();
    for line in read("config/bongsu.toml").lines() {
        let setting = line
            .strip_prefix("# ")
            .filter(|bare| bare.contains(" = ") && !bare.starts_with(char::is_uppercase));
        // Tokens stand there twice, as examples of one way and the other.
        let token = ["token", "name", "secret", "read_only"];
        match setting {
            Some(bare) if !token.iter().any(|key| bare.starts_with(key)) => {
                lines.push(bare.to_owned());
            }
            Some(_) => {}
            None => lines.push(line.to_owned()),
        }
    }
    assert!(lines.len() > 40, "{lines:?}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let classes = "[[entity]]\nid = \"x\"\nname = \"Xylophone\"\nclasses = [\"foreign-country\", \
                   \"korean-weapon\", \"korean-defence-firm\"]\n";
    fs::write(folder.path().join("bongsu.toml"), lines.join("\n")).expect("written");
    fs::write(folder.path().join("entity.toml"), classes).expect("written");
    let done = bongsu(&["check", "--config", &folder.path().to_string_lossy()], "");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}
