//! Marks from outside: alerts judged useful or noise, what they tell of a rule, and what a changed rule would lose.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::fmt::Write as _;

use serde_json::{Value, json};
use support::desk::Desk;
use support::http::{Reply, Server};

/// What was published, in the order of the alerts, and how it is judged.
const ITEMS: [(&str, &str); 5] = [
    ("Norway orders tanks in a record sale", "useful"),
    ("Tank sales double, maker says", "useful"),
    ("A tank museum reopens in Norway", "noise"),
    ("The tank museum and its shop", "noise"),
    ("Ship yard closes", "useful"),
];

const QUERY: &str = "(tank* NEAR/5 sale*) OR (tank* museum) OR ship";

/// A desk that has polled the items once, each of which raised an alert.
fn polled(server: &Server, rules: &str) -> Desk {
    polled_of(server, rules, &ITEMS.map(|(title, _)| title.to_owned()))
}

/// A desk that has polled entries with these titles.
fn polled_of(server: &Server, rules: &str, titles: &[String]) -> Desk {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mut list = String::new();
    for (index, title) in titles.iter().enumerate() {
        let _ = write!(
            list,
            "<item><guid isPermaLink=\"false\">{index}</guid><link>https://news.example/{index}</link>\
             <title>{title}</title><pubDate>{date}</pubDate></item>"
        );
    }
    let text = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title>{list}</channel></rss>"
    );
    server.on("/wire", move |_| {
        Reply::ok(text.clone()).header("Content-Type", "application/rss+xml")
    });
    let desk = Desk::new(&config(&server.url("/wire"), rules));
    desk.run(&["run", "--once"]).expect(0);
    desk
}

fn config(url: &str, rules: &str) -> String {
    format!(
        "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[web]\nlisten = \"\"\n[[feed]]\nid = \"wire\"\nurl = \"{url}\"\n\
         language = \"en\"\n{rules}"
    )
}

/// A rule `deals` that asks this.
fn rule(query: &str) -> String {
    format!("[[rule]]\nid = \"deals\"\nquery = '{query}'\nnotify = \"entry\"\n")
}

/// Marks each alert as `ITEMS` says; the title of each alert by its id.
fn mark(desk: &Desk) -> Vec<(i64, String)> {
    let rows = desk.run(&["alerts", "list"]).expect(0).rows();
    assert_eq!(rows.len(), ITEMS.len());
    let alerts: Vec<(i64, String)> = rows
        .iter()
        .map(|row| {
            (
                row["id"].as_i64().unwrap(),
                row["title"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for (id, title) in &alerts {
        let (_, verdict) = ITEMS.iter().find(|(item, _)| item == title).unwrap();
        desk.run(&["alerts", "mark", &id.to_string(), verdict])
            .expect(0);
    }
    alerts
}

/// The alerts that the replay tells of: title, fate.
fn told(replay: &Value) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = replay["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("title"), text("fate"))
        })
        .collect();
    out.sort();
    out
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

#[test]
fn a_backtest_names_its_entries_so_that_they_can_be_explained() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    let tried = desk
        .run(&["rules", "backtest", "deals", "--query", "ship"])
        .expect(0)
        .json();
    let one = &tried["examples"][0];
    assert_eq!(
        (&one["feed"], &one["title"]),
        (&json!("wire"), &json!("Ship yard closes"))
    );
    assert!(one["at"].is_string(), "{one}");
    let id = one["id"].as_str().unwrap();
    desk.run(&["explain", id, "--rule", "deals"]).expect(0);
    assert_eq!(tried["difference"]["no_longer"][0]["feed"], "wire");
    let told = desk
        .run(&[
            "rules", "backtest", "deals", "--query", "ship", "--format", "human",
        ])
        .expect(0)
        .out;
    let line = told
        .lines()
        .find(|line| line.contains("Ship yard"))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(id.starts_with(words[0]), "{line}");
    assert_eq!(words[3], "wire", "{line}");
    desk.run(&["explain", words[0]]).expect(0);
}

#[test]
fn entities_show_their_mentions_where_there_is_a_store() {
    let entities = "[[entity]]\nid = \"norway\"\nname = \"Norway\"\n[[entity]]\nid = \"peru\"\nname = \"Peru\"\n";
    let rules = format!("{}{entities}", rule("@norway OR @peru OR ship"));
    let server = Server::start();
    let desk = polled(&server, &rules);
    let list = desk.run(&["entities", "list"]).expect(0).rows();
    assert_eq!(list[0]["mentions"], json!({ "all": 2, "last_30_days": 2 }));
    assert_eq!(list[1]["mentions"], json!({ "all": 0, "last_30_days": 0 }));
    let one = desk.run(&["entities", "show", "norway"]).expect(0).json();
    assert_eq!(one["mentions"]["all"], 2);
    let newest = one["mentions"]["newest"].as_array().unwrap();
    assert_eq!(newest.len(), 2);
    desk.run(&["entries", "show", newest[0]["id"].as_str().unwrap()])
        .expect(0);
    let human = |id: &str| {
        let args = ["entities", "show", id, "--format", "human"];
        desk.run(&args).expect(0).out
    };
    let told = human("norway");
    assert!(
        told.contains("2 entries, of them 2 in the last 30 days"),
        "{told}"
    );
    assert!(told.contains("wire  Norway orders tanks"), "{told}");
    assert!(human("peru").contains("none stored"));
    let table = desk
        .run(&["entities", "list", "--format", "human"])
        .expect(0)
        .out;
    assert!(table.contains("MENTIONS"), "{table}");
    let bare = Desk::new(&rules);
    let rows = bare.run(&["entities", "list"]).expect(0).rows();
    assert_eq!(rows[0]["mentions"], Value::Null);
    let one = bare.run(&["entities", "show", "peru"]).expect(0).json();
    assert_eq!(one["mentions"], Value::Null);
    assert!(!bare.state().exists(), "looking makes no store");
}

#[test]
fn a_rule_shows_its_precision_and_what_brought_the_noise() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    let unmarked = desk
        .run(&["rules", "show", "deals", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(unmarked["feedback"]["alerts"], 5);
    assert!(
        unmarked["feedback"]["precision"].is_null(),
        "nothing is judged yet"
    );
    mark(&desk);
    let shown = desk
        .run(&["rules", "show", "deals", "--format", "json"])
        .expect(0)
        .json();
    let feedback = &shown["feedback"];
    assert_eq!(
        (
            &feedback["useful"],
            &feedback["noise"],
            &feedback["precision"]
        ),
        (&json!(3), &json!(2), &json!(0.6))
    );
    assert_eq!(
        feedback["terms"][0],
        json!({ "what": "museum", "hits": 2, "useful": 0, "noise": 2 })
    );
    assert_eq!(
        feedback["clauses"][0],
        json!({ "what": "(tank* museum)", "hits": 2, "useful": 0, "noise": 2 })
    );
    let matches = &shown["matches"];
    assert_eq!(
        (&matches["all"], &matches["last_90_days"]),
        (&json!(5), &json!(5))
    );
    assert_eq!(
        matches["terms"][0],
        json!({ "what": "tank*", "hits": 4, "useful": 0, "noise": 0 })
    );
    let human = desk
        .run(&["rules", "show", "deals", "--format", "human"])
        .expect(0);
    assert!(
        human
            .out
            .contains("5 of 5 alerts: 3 useful, 2 noise, precision 0.60"),
        "{}",
        human.out
    );
    assert!(human.out.contains("(tank* museum)"), "{}", human.out);
}

#[test]
fn the_last_mark_of_an_alert_counts() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    let (id, _) = mark(&desk).remove(0);
    for (verdict, useful) in [("useful", 3), ("noise", 2)] {
        let title = &desk
            .run(&["alerts", "show", &id.to_string(), "--format", "json"])
            .expect(0)
            .json();
        assert_eq!(title["alert"]["entry"]["title"], "Ship yard closes");
        desk.run(&["alerts", "mark", &id.to_string(), verdict])
            .expect(0);
        let shown = desk
            .run(&["rules", "show", "deals", "--format", "json"])
            .expect(0)
            .json();
        assert_eq!(shown["feedback"]["useful"], useful);
    }
    desk.run(&["alerts", "mark", "999", "noise"]).expect(1);
}

#[test]
fn a_change_that_loses_a_useful_alert_fails_and_says_which_clause_is_in_the_way() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    mark(&desk);
    let replay = ["rules", "test", "--marked", "--format", "json"];
    let as_it_was = desk.run(&replay).expect(0).json();
    assert_eq!(
        (&as_it_was["marked"], &as_it_was["worse"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(
        told(&as_it_was),
        pairs(&[
            ("A tank museum reopens in Norway", "stays"),
            ("The tank museum and its shop", "stays")
        ])
    );
    desk.write(
        "bongsu.toml",
        &config(
            &server.url("/wire"),
            &rule("tank* NEAR/5 sale* NEAR/9 Norway"),
        ),
    );
    let changed = desk.run(&replay).expect(1).json();
    assert_eq!(
        told(&changed),
        pairs(&[
            ("Ship yard closes", "lost"),
            ("Tank sales double, maker says", "lost")
        ])
    );
    assert_eq!(
        changed["rules"]["deals"],
        json!({ "kept": 1, "by_another": 0, "lost": 2, "silent": 2, "stays": 0 })
    );
    let lost = changed["alerts"].as_array().unwrap();
    let why = |title: &str| {
        let one = lost.iter().find(|one| one["title"] == title).unwrap();
        one["why"].as_str().unwrap().to_owned()
    };
    assert!(
        why("Tank sales double, maker says").contains("Norway"),
        "{lost:?}"
    );
    let human = desk
        .run(&["rules", "test", "--marked", "--format", "human"])
        .expect(1);
    assert!(
        human.out.contains("useful, LOST: Ship yard closes"),
        "{}",
        human.out
    );
}

#[test]
fn a_useful_alert_that_another_rule_raises_is_not_lost() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    mark(&desk);
    let split = "[[rule]]\nid = \"ships\"\nquery = 'ship'\n";
    let rules = rule("tank* NEAR/5 sale*") + split;
    desk.write("bongsu.toml", &config(&server.url("/wire"), &rules));
    let replay = desk
        .run(&["rules", "test", "--marked", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(told(&replay), pairs(&[("Ship yard closes", "by_another")]));
    // A rule that is gone has lost what only it would have raised.
    desk.write("bongsu.toml", &config(&server.url("/wire"), split));
    let gone = desk
        .run(&["rules", "test", "--marked", "--format", "json"])
        .expect(1)
        .json();
    assert_eq!(gone["rules"]["deals"]["lost"], 2);
    assert_eq!(gone["alerts"][0]["why"], "there is no such rule now");
}

#[test]
fn noise_that_had_been_silenced_and_returns_fails_against_the_config_before() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    mark(&desk);
    // Before: the museum is out, and so is the ship. Now the museum is back.
    desk.write(
        "bongsu.toml",
        &config(&server.url("/wire"), &rule("tank* OR shop")),
    );
    let before = Desk::new(&config(&server.url("/wire"), &rule("tank* NEAR/5 sale*")));
    let path = before.config();
    let args = [
        "rules",
        "test",
        "--marked",
        "--against",
        path.to_str().unwrap(),
        "--format",
        "json",
    ];
    let worse = desk.run(&args).expect(1).json();
    assert_eq!(worse["worse"], 2, "the ship was lost before too: {worse}");
    let back = worse["alerts"].as_array().unwrap();
    let backs: Vec<_> = back
        .iter()
        .filter(|one| one["before"] == "silent")
        .collect();
    assert_eq!(backs.len(), 2);
    assert!(
        backs[0]["why"].as_str().unwrap().contains("tank*"),
        "{backs:?}"
    );
    desk.write(
        "bongsu.toml",
        &config(&server.url("/wire"), &rule("tank* sale*")),
    );
    desk.run(&args).expect(0);
}

#[test]
fn marked_alerts_become_a_test_file_that_needs_no_store() {
    let server = Server::start();
    let desk = polled(&server, &rule(QUERY));
    mark(&desk);
    let all = "[[rule]]\nid = \"all\"\nquery = 'tank* OR ship'\n";
    let with = |query: &str| config(&server.url("/wire"), &(rule(query) + all));
    // One of the two noises is gone already, the other is known to stay.
    desk.write(
        "bongsu.toml",
        &with("(tank* NEAR/5 sale*) OR (tank* museum Norway) OR ship"),
    );
    let file = desk.config().join("tests/marked.jsonl");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let export = [
        "rules",
        "test",
        "--marked",
        "--export",
        file.to_str().unwrap(),
    ];
    assert_eq!(desk.run(&export).expect(0).json()["entries"], 5);
    let rows = std::fs::read_to_string(&file).unwrap();
    let noise: Value = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap())
        .find(|row| row["title"] == "A tank museum reopens in Norway")
        .unwrap();
    assert_eq!(
        (&noise["expect"], &noise["about"], &noise["tolerate"]),
        (&json!([]), &json!(["deals"]), &json!(["deals"]))
    );
    let elsewhere = |query: &str, code: i32| {
        let other = Desk::new(&with(query));
        other.write("tests/marked.jsonl", &rows);
        let tested = other
            .run(&["rules", "test", "--format", "json"])
            .expect(code)
            .json();
        assert!(!other.state().exists(), "a test needs no store");
        tested
    };
    let as_is = elsewhere("(tank* NEAR/5 sale*) OR (tank* museum Norway) OR ship", 0);
    assert_eq!(as_is["rows"], 5);
    assert_eq!(
        as_is["rules"]["deals"],
        json!({ "hits": 3, "false_alarms": 1, "misses": 0 })
    );
    assert!(
        as_is["rules"]["all"].is_null(),
        "nothing was said of other rules"
    );
    let back = elsewhere(QUERY, 1);
    assert_eq!(back["wrong"][0]["title"], "The tank museum and its shop");
    assert_eq!(back["wrong"].as_array().unwrap().len(), 1);
    let lost = elsewhere("tank* NEAR/5 sale*", 1);
    assert_eq!(lost["wrong"][0]["kind"], "miss");
    let piped = desk
        .run(&["rules", "test", "--marked", "--export", "-"])
        .expect(0);
    assert_eq!(piped.rows().len(), 5);
}

#[test]
fn without_marks_there_is_nothing_to_lose_and_no_store_is_made() {
    let desk = Desk::new(&config("https://news.example/", &rule("ship")));
    let shown = desk
        .run(&["rules", "show", "deals", "--format", "json"])
        .expect(0)
        .json();
    assert!(shown["feedback"].is_null());
    let replay = desk.run(&["rules", "test", "--marked"]).expect(0);
    assert_eq!(replay.json()["marked"], 0);
    assert!(replay.err.contains("alerts mark"), "{}", replay.err);
    assert!(!desk.state().exists());
    desk.run(&["rules", "test", "--export", "x.jsonl"])
        .expect(2);
    desk.pipe(
        &["rules", "test", "-"],
        "{\"title\":\"ship\",\"expect\":[],\"about\":3}",
    )
    .expect(1);
}

#[test]
fn check_warns_of_terms_that_stand_in_much_of_what_is_stored() {
    let server = Server::start();
    let titles: Vec<String> = (0..210)
        .map(|number| match number % 7 {
            0 => format!("Tank number {number} sold"),
            _ => format!("Story number {number} told"),
        })
        .collect();
    let desk = polled_of(&server, &rule("shipyard"), &titles);
    let checked = |query: &str| {
        desk.write("bongsu.toml", &config(&server.url("/wire"), &rule(query)));
        desk.run(&["check"]).expect(0).err
    };
    assert!(!checked("shipyard").contains("[W11]"));
    let alone = checked("tank* OR shipyard");
    assert!(
        alone.contains("`tank*` stands in 14 % of the last 210 entries"),
        "{alone}"
    );
    assert!(alone.contains("bongsu.toml:11:10: warning"), "{alone}");
    assert!(
        !checked("tank* sold").contains("[W11]"),
        "a term that narrows"
    );
    let beside = checked("shipyard number");
    assert!(beside.contains("`number` stands in 100 %"), "{beside}");
}
