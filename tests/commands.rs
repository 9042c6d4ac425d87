//! The commands from outside: files and pipes, exit codes, messages that fix mistakes.

mod support;

use support::desk::{Desk, bare, feed, ran};

const FEED: &str = r#"<rss version="2.0"><channel><title>Wire</title>
<item><guid isPermaLink="false">a</guid><title>K-9 howitzers for Norway</title><link>https://news.example/a</link>
<description>&lt;p&gt;First.&lt;/p&gt;&lt;p&gt;Second.&lt;/p&gt;</description>
<pubDate>Mon, 23 Nov 2026 10:02:00 +0900</pubDate></item></channel></rss>"#;

#[test]
fn parse_reads_a_pipe_and_prints_the_contracts_shape() {
    let rows = feed(
        bare(&["parse", "-", "--url", "https://news.example/feed"]),
        FEED,
    )
    .expect(0)
    .rows();
    assert_eq!(rows.len(), 1);
    let entry = &rows[0];
    assert_eq!(entry["title"], "K-9 howitzers for Norway");
    assert_eq!(entry["published"], "2026-11-23T01:02:00Z");
    assert!(entry["updated"].is_null(), "an RSS item has no such date");
    assert_eq!(entry["body"], "First.\n\nSecond.");
    assert_eq!(entry["feed_url"], "https://news.example/feed");
    assert!(
        entry["feed"].is_null() && entry["first_seen"].is_null() && entry["full_text"].is_null()
    );
    let again = feed(bare(&["parse", "--url", "https://news.example/feed"]), FEED)
        .expect(0)
        .rows();
    assert_eq!(
        again[0]["id"], entry["id"],
        "ids are stable, and a missing FILE is stdin"
    );
}

#[test]
fn parse_refuses_what_is_no_feed_and_says_what_it_is() {
    let html = feed(
        bare(&["parse"]),
        "<!doctype html><html><body>hello</body></html>",
    )
    .expect(1);
    assert!(html.err.contains("HTML"), "{}", html.err);
    feed(bare(&["parse"]), "").expect(1);
    ran(bare(&["parse", "/no/such/file"]).output().unwrap()).expect(1);
}

#[test]
fn match_needs_no_config_for_a_query() {
    let rows = "{\"title\":\"The K-9 fired\",\"note\":1}\n\n{\"id\":\"x\",\"title\":\"a dog\"}\n";
    let found = feed(bare(&["match", "--query", "K9"]), rows)
        .expect(0)
        .rows();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], "1");
    assert_eq!(found[0]["rule"], "query");
    assert_eq!(found[0]["note"], 1);
    assert_eq!(found[0]["matches"][0]["text"], "K-9");
    assert_eq!(
        (
            &found[0]["matches"][0]["start"],
            &found[0]["matches"][0]["end"]
        ),
        (&4.into(), &7.into())
    );
    let none = feed(bare(&["match", "--query", "nothing"]), rows).expect(0);
    assert_eq!(none.out, "", "no match is no failure");
}

/// Two rules: one by tag and language, one that everything passes.
const RULES: &str = r#"[[feed]]
id = "wire"
url = "https://news.example/wire"
tags = ["press"]
[[rule]]
id = "press"
query = "K9"
feeds = ["tag:press"]
languages = ["en"]
[[rule]]
id = "all"
query = "K9"
[[rule.test]]
title = "K9"
match = true
[[receiver]]
id = "screen"
kind = "terminal"
default = true
"#;

#[test]
fn a_row_has_the_tags_of_its_feed_and_the_language_of_its_text() {
    let desk = Desk::new(RULES);
    for (row, rules) in [
        (
            r#"{"title":"K9 howitzers for the army of Norway","feed":"wire"}"#,
            2,
        ),
        (
            r#"{"title":"K9 howitzers for the army of Norway","feed":"other"}"#,
            1,
        ),
        (r#"{"title":"K9 howitzers for the army of Norway"}"#, 2),
        (r#"{"title":"K9 자주포 수출","feed":"wire"}"#, 1),
        (r#"{"title":"K9","language":"en-GB"}"#, 2),
    ] {
        let found = desk.pipe(&["match"], row).expect(0).rows();
        assert_eq!(found.len(), rules, "{row}");
    }
}

#[test]
fn what_check_says_of_tags_and_names_is_said_where_they_are_tried() {
    let desk = Desk::new(&format!(
        "{RULES}[[entity]]\nid = \"n\"\nname = \"NVIDIA\"\naliases = [\"A; B\"]\n"
    ));
    let row = "{\"title\":\"x\"}\n";
    let tried = desk
        .pipe(&["match", "--query", "tag:pres K9"], row)
        .expect(0);
    assert!(
        tried.err.contains("did you mean tag:press?"),
        "{}",
        tried.err
    );
    let lint = desk.run(&["entities", "lint"]).expect(0);
    assert!(lint.out.contains("W36"), "{}", lint.out);
}

#[test]
fn json_is_one_object_and_jsonl_one_a_row() {
    let desk = Desk::new(RULES);
    let rows = "{\"title\":\"K9\"}\n{\"title\":\"K9 again\"}\n";
    let one = desk.pipe(&["match", "--format", "json"], rows).expect(0);
    assert_eq!(one.json()["matches"].as_array().unwrap().len(), 2);
    let none = desk.pipe(&["match", "--format", "json"], "").expect(0);
    assert_eq!(none.json(), serde_json::json!({ "matches": [] }));
    let many = desk.pipe(&["match", "--format", "jsonl"], rows).expect(0);
    assert_eq!(many.rows().len(), 2);
    let export = desk.run(&["entries", "export", "--format", "json"]);
    assert_eq!(
        export.expect(0).json(),
        serde_json::json!({ "entries": [] })
    );
}

#[test]
fn rules_are_tested_on_their_own_examples_and_on_files() {
    let desk = Desk::new(RULES);
    let own = desk.run(&["rules", "test", "--format", "json"]).expect(0);
    assert_eq!(own.json()["rules"]["all"]["hits"], 1);
    desk.write("tests/a.jsonl", "{\"title\":\"K2\",\"expect\":[\"all\"]}\n");
    let both = desk.run(&["rules", "test", "--format", "json"]).expect(1);
    assert_eq!(both.json()["rules"]["all"]["misses"], 1);
}

#[test]
fn an_example_that_fails_says_why() {
    let desk = Desk::new(
        "[[rule]]\nid = \"a\"\nquery = 'vaccin* AND (approv* OR licen*)'\nlanguages = [\"en\"]\n\
         [[rule.test]]\ntitle = \"Vaccine makers meet in Geneva\"\nmatch = true\n\
         [[rule.test]]\ntitle = \"Vaccine approved\"\nlanguage = \"fr\"\nmatch = true\n\
         [[rule.test]]\ntitle = \"Vaccine approved at last by the agency\"\nmatch = false\n",
    );
    let told = desk.run(&["check"]).expect(3).err;
    for why in [
        "bongsu.toml:5:1: rule `a` does not match this example ((approv* OR licen*) does not hold): change",
        "does not match this example (the rule looks at language en, and the language of the entry is fr): change",
        "rule `a` matches this example (approv* “approved”, vaccin* “Vaccine”): change the query or `match` [C40]",
    ] {
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn lines_of_a_test_file_that_cannot_be_used_are_told_with_their_places() {
    let desk = Desk::new(RULES);
    desk.write(
        "tests/a.jsonl",
        "{\"titel\":\"WHO approves\",\"expect\":[]}\n\
         {\"title\":\"fine\",\"id\":\"x\",\"note\":\"why\",\"lang\":\"en\",\"kind\":\"hit\",\"source\":1,\"published\":null,\"expect\":[]}\n\
         {\"id\":\"a\",\"title\":\" \",\"expect\":[]}\n\
         {\"title\":\"K2\",\"language\":\"korean\",\"expect\":[]}\n\
         {\"title\":\"K2\",\"language\":\"klingonese\",\"expect\":[]}\n\
         {\"title\":\"K2\",\"expect\":[\"alll\"]}\n\
         {\"title\":\"K2\"}\n{\n\
         {\"title\":\"K2\",\"mood\":1,\"titel\":1,\"expect\":[\"all\"]}\n",
    );
    let ran = desk.run(&["rules", "test"]).expect(1);
    let told: Vec<&str> = ran
        .err
        .lines()
        .filter_map(|line| line.split_once("a.jsonl:").map(|(_, told)| told))
        .collect();
    let not_json = told.iter().position(|line| line.starts_with("8: not JSON"));
    assert_eq!(not_json, Some(6), "{told:?}");
    let mut others = told;
    others.remove(6);
    assert_eq!(
        others,
        [
            "1: there is no key `titel`: did you mean `title`?",
            "3: there is no text: write a `title` or a `body`",
            "4: no entry has the language `korean`: did you mean `ko`?",
            "5: `klingonese` is not a language: write a code such as \"en\", \"ko\" or \"zh-Hant\"",
            "6: `expect` names `alll`, which is no rule: did you mean `all`?",
            "7: `expect` is missing: a list of rule ids, or []",
        ]
    );
    assert_eq!(ran.out, "");
}

#[test]
fn marked_entries_are_scored_by_language_whichever_rule_told_them() {
    let desk =
        Desk::new("[[rule]]\nid = \"a\"\nquery = 'tank*'\n[[rule]]\nid = \"b\"\nquery = 'gun*'\n");
    desk.write(
        "tests/a.jsonl",
        "{\"title\":\"tanks\",\"language\":\"en\",\"expect\":[\"b\"]}\n{\"title\":\"guns\",\"language\":\"de\",\"expect\":[]}\n",
    );
    let told = desk
        .run(&["rules", "test", "--format", "json"])
        .expect(1)
        .json();
    assert_eq!(told["languages"]["en"]["hits"], 1);
    assert_eq!(told["languages"]["de"]["false_alarms"], 1);
    assert_eq!(told["rules"]["b"]["misses"], 1);
}

#[test]
fn warnings_are_text_on_stderr_and_problems_json_where_asked() {
    let desk = Desk::new("[[rule]]\nid = \"a\"\nquery = \"K2 and Poland\"\n");
    let warned = desk.run(&["check"]).expect(0);
    assert!(
        warned.err.contains("bongsu.toml:3:13: warning"),
        "{}",
        warned.err
    );
    assert!(warned.out.contains("1 rules"), "{}", warned.out);
    let desk = Desk::new("[[rule]]\nid = \"a\"\nquery = \"(K2\"\n");
    let wrong = desk.run(&["rules", "list", "--format", "json"]).expect(3);
    let told: serde_json::Value = serde_json::from_str(&wrong.err).unwrap();
    let problems = told["problems"].as_array().unwrap();
    assert!(
        problems
            .iter()
            .any(|problem| problem["line"] == 3 && problem["column"] == 10)
    );
}

#[test]
fn match_explains_entries_that_match_and_those_that_do_not() {
    let rows = "{\"id\":\"a\",\"title\":\"K9 tanks\"}\n{\"id\":\"b\",\"title\":\"K9 dogs\"}\n";
    let query = ["match", "--query", "K9 AND tank*", "--explain"];
    let why = feed(bare(&query), rows).expect(0).rows();
    let told = why
        .iter()
        .map(|row| (row["entry"].as_str(), row["matches"].as_bool()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(Some("a"), Some(true)), (Some("b"), Some(false))]
    );
    let parts = why[1]["explanation"]["parts"].as_array().unwrap();
    let holding: Vec<_> = parts.iter().map(|part| part["holds"].as_bool()).collect();
    assert_eq!(holding, [Some(true), Some(false)]);
    let human = feed(bare(&[&query[..], &["--format", "human"]].concat()), rows).expect(0);
    assert!(
        human.out.contains("b  query: does not match"),
        "{}",
        human.out
    );
}

#[test]
fn match_prints_only_counts_when_quiet() {
    let rows = "{\"title\":\"K9\"}\n{\"title\":\"K9\"}\n{\"title\":\"x\"}\n";
    let counts = feed(bare(&["match", "--query", "K9", "--quiet"]), rows)
        .expect(0)
        .json();
    assert_eq!(
        (&counts["entries"], &counts["matched"]),
        (&3.into(), &2.into())
    );
}

#[test]
fn a_bad_query_points_at_the_character() {
    let wrong = feed(bare(&["match", "--query", "(K2 OR"]), "").expect(3);
    assert!(
        wrong.err.contains("(K2 OR") && wrong.err.contains('^'),
        "{}",
        wrong.err
    );
    feed(bare(&["match", "--query", "NOT K2"]), "").expect(3);
    feed(bare(&["match", "--query", "@nobody"]), "").expect(3);
}

#[test]
fn a_row_that_is_not_json_is_named() {
    let wrong = feed(
        bare(&["match", "--query", "K9"]),
        "{\"title\":\"K9\"}\nnonsense\n",
    )
    .expect(1);
    assert!(wrong.err.contains("line 2"), "{}", wrong.err);
}

/// Eight mistakes of eight kinds.
const MISTAKES: &str = r#"[fetch]
min_interval = "soon"
concurency = 3
[[feed]]
url = "not a url"
[[feed]]
id = "a"
url = "https://news.example/a"
[[feed]]
id = "a"
url = "https://news.example/b"
[[rule]]
id = "one"
query = "(K2 OR"
[[rule]]
id = "two"
query = "@nobody NEAR/5 K2"
severity = "urgent"
receivers = ["nowhere"]
[alerts]
backlog = 24
[[receiver]]
id = "hook"
kind = "webhook"
url = "https://hook.example/"
secret = "short"
"#;

#[test]
fn check_reports_every_mistake_at_its_place() {
    let desk = Desk::new(MISTAKES);
    let found = desk.run(&["check"]).expect(3);
    let places = [
        "bongsu.toml:2:16:",  // soon
        "bongsu.toml:3:1:",   // concurency
        "bongsu.toml:5:7:",   // not a url
        "bongsu.toml:10:6:",  // a twice
        "bongsu.toml:14:",    // open bracket
        "bongsu.toml:17:10:", // @nobody
        "bongsu.toml:18:12:", // urgent
        "bongsu.toml:19:14:", // nowhere
        "bongsu.toml:21:11:", // a number is no duration
        "bongsu.toml:26:10:", // a secret that is none
    ];
    for place in places {
        assert!(
            found.err.contains(place),
            "{place} is missing in:\n{}",
            found.err
        );
    }
    assert!(
        found.err.contains("concurrency"),
        "the nearest key is named:\n{}",
        found.err
    );
    assert!(found.err.contains('^'), "{}", found.err);
}

#[test]
fn whoever_runs_is_told_of_each_receiver_that_cannot_work_at_its_place() {
    let desk = Desk::new(
        "[[receiver]]\nid = \"a\"\nkind = \"webhook\"\nurl = \"https://hook.example/\"\nsecret = \"short\"\n\
         [[receiver]]\nid = \"b\"\nkind = \"webhook\"\nurl = \"https://hook.example/\"\nsecret = \"short\"\n",
    );
    for args in [&["check"][..], &["run", "--once"], &["run"]] {
        let found = desk.run(args).expect(3);
        for place in ["bongsu.toml:5:10: ", "bongsu.toml:10:10: "] {
            assert!(found.err.contains(place), "{args:?}: {}", found.err);
        }
        assert!(found.err.contains("[C41]"), "{args:?}: {}", found.err);
    }
    assert!(!desk.state().exists(), "nothing was begun");
}

#[test]
fn a_machine_without_root_certificates_is_told_in_one_line() {
    let desk = Desk::new("[[feed]]\nurl = \"https://feeds.example/\"\n");
    for args in [&["check"][..], &["run", "--once"]] {
        let mut command = desk.command(args);
        // Where certificates are looked for is an input like any other.
        command
            .env("SSL_CERT_FILE", desk.path().join("nowhere.pem"))
            .env("SSL_CERT_DIR", desk.path().join("nowhere"));
        let found = ran(command.output().expect("it runs"));
        assert_ne!(found.code, 0, "{args:?}");
        let told = found
            .err
            .matches("no root certificates on this machine")
            .count();
        assert_eq!(told, 1, "{args:?}: {}", found.err);
        assert!(found.err.contains("ca-certificates"), "{}", found.err);
    }
}

#[test]
fn init_writes_a_config_that_checks_and_never_overwrites() {
    let desk = Desk::empty();
    let dir = desk.path().join("fresh");
    let dir = dir.to_str().unwrap();
    ran(bare(&["init", dir]).output().unwrap()).expect(0);
    let checked = ran(bare(&["check", "--config", dir]).output().unwrap()).expect(0);
    assert!(checked.out.contains("feeds"), "{}", checked.out);
    let again = ran(bare(&["init", dir]).output().unwrap()).expect(1);
    assert!(again.err.contains("nothing was written"), "{}", again.err);
    // Without a folder it is written where the next command looks.
    let flag = desk.path().join("flag");
    ran(bare(&["init", "--config", flag.to_str().unwrap()])
        .output()
        .unwrap())
    .expect(0);
    assert!(flag.join("bongsu.toml").is_file());
    let named = desk.path().join("named");
    let mut command = bare(&["init"]);
    command.env("BONGSU_CONFIG", &named);
    ran(command.output().unwrap()).expect(0);
    assert!(named.join("bongsu.toml").is_file());
}

/// Taking the default instead would be another store, or another config.
#[test]
fn a_folder_in_the_environment_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    for name in ["BONGSU_STATE_DIR", "STATE_DIRECTORY", "BONGSU_CONFIG"] {
        let mut command = bare(&["entries", "search", "K9"]);
        command.env(name, std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
        let refused = ran(command.output().unwrap()).expect(2);
        assert!(refused.err.contains(name), "{}", refused.err);
    }
}

#[test]
fn usage_config_and_store_have_their_exit_codes() {
    ran(bare(&["fly"]).output().unwrap()).expect(2);
    ran(bare(&["--help"]).output().unwrap()).expect(0);
    let desk = Desk::empty();
    desk.run(&["run", "--once"]).expect(3);
    let desk = Desk::new("");
    std::fs::create_dir(desk.state()).unwrap();
    std::fs::write(
        desk.state().join("bongsu.db"),
        "this is a diary, not a database, and it is long enough\n".repeat(40),
    )
    .unwrap();
    let foreign = desk.run(&["status"]).expect(4);
    assert!(foreign.err.contains("bongsu.db"), "{}", foreign.err);
    let kept = std::fs::read_to_string(desk.state().join("bongsu.db")).unwrap();
    assert!(
        kept.starts_with("this is a diary"),
        "a foreign file is left as it is"
    );
}

#[test]
fn a_state_folder_that_others_may_write_into_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new("[web]\nlisten = \"\"\n");
    std::fs::create_dir(desk.state()).unwrap();
    for (mode, warned) in [(0o777, true), (0o770, true), (0o755, false)] {
        std::fs::set_permissions(desk.state(), std::fs::Permissions::from_mode(mode)).unwrap();
        let checked = desk.run(&["check"]).expect(0);
        assert_eq!(checked.err.contains("C43"), warned, "{mode:o}: {checked:?}");
    }
}

#[test]
fn looking_makes_no_store_and_says_where_there_is_none() {
    let desk = Desk::empty();
    let status = desk.run(&["status"]).expect(0);
    assert!(status.out.contains("\"running\":false"), "{}", status.out);
    let human = desk.run(&["status", "--format", "human"]).expect(0);
    assert!(human.out.contains("--state-dir"), "{}", human.out);
    let backup = desk.path().join("backup.db");
    for command in [
        ["db", "check"].as_slice(),
        &["db", "backup", backup.to_str().unwrap()],
    ] {
        let done = desk.run(command).expect(4);
        assert!(done.err.contains("there is no store"), "{}", done.err);
    }
    assert!(!desk.state().join("bongsu.db").exists() && !backup.exists());
}

#[test]
fn a_backup_is_restored_and_what_was_there_is_set_aside() {
    let desk = Desk::new("");
    let copy = desk.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    desk.run(&["run", "--once"]).expect(0);
    desk.run(&["db", "backup", copy]).expect(0);
    let done = desk.run(&["db", "restore", copy]).expect(0);
    assert!(done.out.contains(".before-"), "{}", done.out);
    desk.run(&["db", "check"]).expect(0);
    let none = desk.run(&["db", "restore", "nowhere.db"]).expect(4);
    assert!(none.err.contains("nowhere.db"), "{}", none.err);
}

#[test]
fn every_command_has_an_example_in_its_help() {
    for command in [
        "init",
        "run",
        "check",
        "feeds",
        "parse",
        "match",
        "entries",
        "explain",
        "rules",
        "entities",
        "alerts",
        "receivers",
        "status",
        "db",
        "completions",
        "man",
    ] {
        let help = ran(bare(&[command, "--help"]).output().unwrap()).expect(0);
        assert!(help.out.contains("Example"), "{command}");
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let bash = ran(bare(&["completions", "bash"]).output().unwrap()).expect(0);
    assert!(bash.out.contains("_bongsu"));
    let desk = Desk::empty();
    let dir = desk.path().join("man");
    ran(bare(&["man", dir.to_str().unwrap()]).output().unwrap()).expect(0);
    assert!(dir.join("bongsu.1").exists());
}

#[test]
fn a_list_of_feeds_is_imported_once_and_what_cannot_be_used_is_named() {
    let desk = Desk::new("[[feed]]\nid = \"own\"\nurl = \"https://own.example/feed\"\n");
    let opml = r#"<opml version="2.0"><body><outline text="wires">
        <outline type="rss" text="연합뉴스" xmlUrl="https://wire.example/ko.xml"/>
        <outline type="rss" text="again" xmlUrl="https://wire.example/ko.xml"/>
        <outline type="rss" text="ours" xmlUrl="https://own.example/feed"/>
        <outline type="rss" text="bad" xmlUrl="javascript:alert(1)"/>
        </outline></body></opml>"#;
    let import = |list: &str| desk.pipe(&["feeds", "import", "-"], list).expect(0).json();
    let first = import(opml);
    assert_eq!(
        (&first["added"], &first["known"]),
        (&1.into(), &2.into()),
        "{first}"
    );
    let refused = first["refused"].to_string();
    assert!(refused.contains("javascript"), "{refused}");
    let again = import(opml);
    assert_eq!((&again["added"], &again["known"]), (&0.into(), &3.into()));
    let urls = import("https://wire.example/en.xml \"wire\" \"~Wire, in English\"\n");
    assert_eq!(urls["added"], 1, "{urls}");

    let rows = desk.run(&["feeds", "list"]).expect(0).rows();
    let told = |id: &str| rows.iter().find(|row| row["url"] == id).cloned();
    let korean = told("https://wire.example/ko.xml").unwrap();
    assert_eq!(
        (&korean["title"], &korean["origin"]),
        (&"연합뉴스".into(), &"api".into())
    );
    assert_eq!(korean["tags"], serde_json::json!(["wires"]));
    assert!(told("https://wire.example/en.xml").is_some());
    assert_eq!(rows.len(), 3);
}
