//! Stories from outside: copies fold, other events do not, and people can correct it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::fmt::Write as _;

use serde_json::Value;
use support::desk::Desk;
use support::http::{Reply, Server};

const WIRE: &str = "The maker of howitzers has signed a contract with the defence ministry in Bucharest for fifty-four \
    guns and their ammunition carriers, both sides said on Tuesday. The first battery is to be delivered in two years, \
    and half of the work is to be done in the country.";

/// An item: guid, title, body.
type Item<'a> = (&'a str, &'a str, &'a str);

fn rss(feed: &str, items: &[Item<'_>]) -> String {
    let date = jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S +0000")
        .to_string();
    let mut list = String::new();
    for (guid, title, body) in items {
        let _ = write!(
            list,
            "<item><guid isPermaLink=\"false\">{guid}</guid><link>https://{feed}.example/{guid}</link>\
             <title>{title}</title><description>{body}</description><pubDate>{date}</pubDate></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed {feed}</title>\
         <link>https://{feed}.example/</link>{list}</channel></rss>"
    )
}

/// A desk with feeds of different owners, rules and a webhook that takes everything.
struct World {
    server: Server,
    desk: Desk,
}

const RULES: &str = r#"
[[rule]]
id = "guns"
query = "K9 OR Krab"
[[rule]]
id = "bucharest"
query = "Romania OR 루마니아"
"#;

impl World {
    fn new(feeds: &[&str], rules: &str) -> Self {
        let server = Server::start();
        server.set("/hook", Reply::status(204));
        let mut config = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n[web]\nlisten = \"\"\n{rules}\n[[receiver]]\n\
             id = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/hook")
        );
        for feed in feeds {
            let url = server.url(&format!("/{feed}"));
            let _ = write!(
                config,
                "[[feed]]\nid = \"{feed}\"\nurl = \"{url}\"\nowner = \"{feed}\"\n"
            );
            server.set(&format!("/{feed}"), Reply::ok(rss(feed, &[])));
        }
        let desk = Desk::new(&config);
        Self { server, desk }
    }

    /// Publishes in one feed and polls it.
    fn publish(&self, feed: &str, items: &[Item<'_>]) -> Value {
        let path = format!("/{feed}");
        let reply = Reply::ok(rss(feed, items)).header("Content-Type", "application/rss+xml");
        self.server.set(&path, reply);
        self.desk
            .run(&["feeds", "poll", feed, "--format", "json"])
            .expect(0)
            .json()
    }

    /// What the receiver got.
    fn told(&self) -> Vec<Value> {
        let requests = self.server.requests().into_iter();
        requests
            .filter(|request| request.path() == "/hook")
            .map(|request| serde_json::from_slice(&request.body).unwrap())
            .collect()
    }

    /// Rule and title of each alert that the receiver got.
    fn titles(&self) -> Vec<String> {
        let told = self.told();
        let title = |alert: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{}: {}",
                text(&alert["rule"]["id"]),
                text(&alert["entry"]["title"])
            )
        };
        told.iter().map(title).collect()
    }

    fn stories(&self) -> Vec<Value> {
        self.desk.run(&["stories", "list"]).expect(0).rows()
    }

    fn story(&self, id: i64) -> Value {
        self.desk
            .run(&["stories", "show", &id.to_string(), "--format", "json"])
            .expect(0)
            .json()
    }
}

const GUNS: &str = "[[rule]]\nid = \"guns\"\nquery = \"K9\"\n";

#[test]
fn four_feeds_with_one_wire_text_are_one_alert() {
    let world = World::new(&["a", "b", "c", "d"], GUNS);
    let title = "Hanwha signs K9 howitzer deal with Romania";
    world.publish("a", &[("1", title, WIRE)]);
    world.publish(
        "b",
        &[(
            "1",
            "Hanwha inks K9 howitzer contract with Romania",
            &WIRE[..180],
        )],
    );
    world.publish(
        "c",
        &[(
            "1",
            "[속보] Hanwha signs K9 howitzer deal with Romania",
            WIRE,
        )],
    );
    world.publish(
        "d",
        &[(
            "1",
            "Hanwha signs K9 howitzer deal with Romania - The Daily News",
            WIRE,
        )],
    );
    assert_eq!(world.titles(), [format!("guns: {title}")]);
    let stories = world.stories();
    assert_eq!(stories.len(), 1, "{stories:?}");
    assert_eq!(stories[0]["entries"], 4);
    assert_eq!(stories[0]["folded"], 3);
    let story = world.story(stories[0]["id"].as_i64().unwrap());
    // All four have the wire's text: one voice.
    assert_eq!(story["owners"].as_array().unwrap().len(), 1, "{story}");
    assert_eq!(story["members"][0]["joined_by"], "first");
    assert_eq!(story["members"][1]["matches"][0]["held"], "folded");
}

#[test]
fn the_same_deal_with_another_buyer_is_another_story() {
    let world = World::new(&["a", "b"], GUNS);
    world.publish(
        "a",
        &[("1", "Hanwha signs K9 howitzer deal with Romania", "")],
    );
    world.publish(
        "b",
        &[("1", "Hanwha signs K9 howitzer deal with Norway", "")],
    );
    assert_eq!(world.titles().len(), 2, "{:?}", world.titles());
    let stories = world.stories();
    assert_eq!(stories.len(), 2);
    let related = &world.story(stories[0]["id"].as_i64().unwrap())["related"];
    assert_eq!(related[0]["story"], stories[1]["id"], "{related}");
}

#[test]
fn guard_classes_tell_stories_apart_by_the_text_too() {
    let rules = format!(
        "[alerts]\nstory_guards = [\"buyer\"]\n[[entity]]\nid = \"romania\"\nname = \"Romania\"\nclasses = [\"buyer\"]\n\
         [[entity]]\nid = \"norway\"\nname = \"Norway\"\nclasses = [\"buyer\"]\n{GUNS}"
    );
    let world = World::new(&["a", "b"], &rules);
    world.publish(
        "a",
        &[(
            "1",
            "Hanwha signs K9 howitzer export deal",
            "The buyer is Romania.",
        )],
    );
    world.publish(
        "b",
        &[("1", "Hanwha signs K9 howitzer export deal with Norway", "")],
    );
    assert_eq!(world.titles().len(), 2, "{:?}", world.titles());
}

#[test]
fn a_copy_alerts_for_a_rule_that_has_not_told_the_story() {
    let world = World::new(&["a", "b"], RULES);
    world.publish(
        "a",
        &[("1", "Hanwha signs K9 howitzer deal in Bucharest", "")],
    );
    assert_eq!(world.titles().len(), 1);
    world.publish(
        "b",
        &[(
            "1",
            "Hanwha signs K9 howitzer deal in Bucharest",
            "It is with Romania.",
        )],
    );
    assert_eq!(
        world.titles()[1],
        "bucharest: Hanwha signs K9 howitzer deal in Bucharest"
    );
    assert_eq!(world.stories().len(), 1);
}

#[test]
fn what_was_folded_is_listed_in_the_next_message_of_the_story() {
    let rules = "[[rule]]\nid = \"guns\"\nquery = \"K9\"\nrevisions = \"all\"\n";
    let world = World::new(&["a", "b"], rules);
    world.publish(
        "a",
        &[("1", "Hanwha signs K9 howitzer deal with Romania", "Short.")],
    );
    world.publish(
        "b",
        &[("1", "Hanwha inks K9 howitzer deal with Romania", "")],
    );
    assert_eq!(world.told().len(), 1);
    assert!(world.told()[0]["story"].get("folded").is_none());
    // A revision of the first entry is the story's next message.
    world.publish(
        "a",
        &[(
            "1",
            "Hanwha signs K9 howitzer deal with Romania",
            "Longer: it is for fifty-four guns.",
        )],
    );
    let told = world.told();
    assert_eq!(told.len(), 2, "{told:?}");
    let folded = &told[1]["story"]["folded"];
    assert_eq!(folded.as_array().unwrap().len(), 1, "{folded}");
    assert_eq!(
        folded[0]["title"],
        "Hanwha inks K9 howitzer deal with Romania"
    );
    assert_eq!(folded[0]["feed"], "b");
}

#[test]
fn splitting_a_copy_out_tells_what_folding_held_back_once() {
    let world = World::new(&["a", "b"], GUNS);
    world.publish(
        "a",
        &[("1", "Hanwha signs K9 howitzer deal with Romania", "")],
    );
    world.publish(
        "b",
        &[("1", "Hanwha inks K9 howitzer deal with Romania", "")],
    );
    let story = world.story(world.stories()[0]["id"].as_i64().unwrap());
    let copy = story["members"][1]["entry"].as_str().unwrap().to_owned();
    let first = story["members"][0]["entry"].as_str().unwrap().to_owned();
    world.desk.run(&["stories", "split", &first]).expect(1);
    let split = world
        .desk
        .run(&["stories", "split", &copy, "--by", "kim", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(split["alerts"].as_array().unwrap().len(), 1, "{split}");
    world.desk.run(&["run", "--once"]).expect(0);
    assert_eq!(world.told().len(), 2);
    // Alone now, it cannot be split again, and nothing is told twice.
    world.desk.run(&["stories", "split", &copy]).expect(1);
    world.desk.run(&["run", "--once"]).expect(0);
    assert_eq!(world.told().len(), 2);
    let made = world.story(split["story"].as_i64().unwrap());
    assert_eq!(made["members"][0]["joined_by"], "split");
    assert_eq!(
        (&made["edits"][0]["who"], &made["edits"][0]["what"]),
        (&"kim".into(), &"split".into())
    );
    world.desk.run(&["db", "check"]).expect(0);
}

#[test]
fn merging_two_stories_tells_nobody() {
    let world = World::new(&["a", "b", "c"], GUNS);
    world.publish(
        "a",
        &[("1", "Hanwha signs K9 howitzer deal with Romania", "")],
    );
    world.publish(
        "b",
        &[(
            "1",
            "Bucharest gets its howitzers: K9 papers are through",
            "",
        )],
    );
    let ids: Vec<i64> = world
        .stories()
        .iter()
        .map(|story| story["id"].as_i64().unwrap())
        .collect();
    assert_eq!((ids.len(), world.told().len()), (2, 2));
    let (one, other) = (ids[0].to_string(), ids[1].to_string());
    let merged = world
        .desk
        .run(&["stories", "merge", &one, &other, "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(merged["gone"], ids[0].max(ids[1]));
    world.desk.run(&["stories", "merge", &one, &one]).expect(1);
    // A copy of either joins what is one story now.
    world.publish(
        "c",
        &[("1", "Hanwha inks K9 howitzer deal with Romania", "")],
    );
    assert_eq!(world.told().len(), 2);
    let story = world.story(ids[0].max(ids[1]));
    assert_eq!(story["id"], ids[0].min(ids[1]), "{story}");
    assert_eq!(story["entries"], 3);
    world.desk.run(&["db", "check"]).expect(0);
}

#[test]
fn two_languages_fold_only_where_that_is_switched_on() {
    let entities = "[[entity]]\nid = \"hanwha\"\nname = \"Hanwha\"\naliases = [\"한화\"]\nclasses = [\"firm\"]\n\
        [[entity]]\nid = \"k9\"\nname = \"K9\"\nclasses = [\"weapon\"]\n\
        [[entity]]\nid = \"romania\"\nname = \"Romania\"\naliases = [\"루마니아\"]\nclasses = [\"buyer\"]\n";
    for (across, alerts) in [(false, 2), (true, 1)] {
        let rules = format!(
            "[alerts]\nstory_guards = [\"buyer\", \"weapon\"]\nfold_across_languages = {across}\n{entities}{GUNS}"
        );
        let world = World::new(&["a", "b"], &rules);
        world.publish(
            "a",
            &[("1", "Hanwha signs K9 howitzer deal with Romania", "")],
        );
        world.publish("b", &[("1", "한화, 루마니아와 K9 자주포 계약 체결", "")]);
        assert_eq!(world.told().len(), alerts, "{across}");
        if !across {
            let stories = world.stories();
            let story = world.story(stories[0]["id"].as_i64().unwrap());
            assert_eq!(story["related"].as_array().unwrap().len(), 1, "{story}");
        }
    }
}
