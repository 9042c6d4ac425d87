//! `[[rule]]` and `[[rule.test]]`.

use crate::config::problem::Problem;
use crate::config::reader::{Cx, Table};
use crate::config::source::{Place, Text};
use crate::config::values;
use crate::domain::feed::Origin;
use crate::domain::id::{FeedId, ReceiverId, RuleId};
use crate::domain::rule::{Escalate, FeedSelector, Notify, Revisions, Rule, RuleTest, Severity};
use crate::domain::units;

pub(in crate::config) const RULE: &[&str] = &[
    "id",
    "title",
    "query",
    "severity",
    "receivers",
    "feeds",
    "languages",
    "notify",
    "revisions",
    "throttle",
    "escalate",
    "inhibit",
    "enabled",
    "test",
];

/// The severities, as words.
pub(in crate::config) const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// The most rules that keep one quiet.
const MOST_INHIBITORS: usize = 16;

/// Where the parts of a rule stand.
#[derive(Clone, Debug)]
pub(in crate::config) struct RulePlaces {
    pub id: Place,
    pub query: Text,
    pub receivers: Vec<Text>,
    pub feeds: Vec<Text>,
    pub inhibit: Vec<Text>,
    pub tests: Vec<Place>,
    /// The feed that each test names.
    pub test_feeds: Vec<Option<Text>>,
}

pub(in crate::config) fn rule(cx: &mut Cx, table: &Table) -> Option<(Rule, RulePlaces)> {
    let id = super::id(cx, table, "\"korean-arms-exports\"");
    let query = table.required_text(cx, "query", "'tank NEAR/5 export*'");
    let title = table.filled(cx, "title").map(|text| text.value);
    let severity = table
        .one_of(cx, "severity", &SEVERITIES, Severity::from_name)
        .unwrap_or_default();
    let receivers = table.texts(cx, "receivers");
    let feeds = table.texts(cx, "feeds");
    let languages = languages(cx, table);
    let notify = notify(cx, table);
    let revisions = revisions(cx, table);
    let throttle = table
        .get("throttle")
        .and_then(|item| item.parsed(cx, "a rate such as \"20/h\"", units::parse_rate));
    let inhibit = inhibit(cx, table);
    let escalate = escalate(cx, table);
    let enabled = table.bool(cx, "enabled").unwrap_or(true);
    let (tests, (test_places, test_feeds)): (Vec<_>, (Vec<_>, Vec<_>)) = table
        .tables(cx, "test", "[[rule.test]]", TEST)
        .iter()
        .filter_map(|table| test(cx, table))
        .unzip();
    let (id, place) = id?;
    let query = query?;
    let rule = Rule {
        title: title.unwrap_or_else(|| id.clone()),
        id: RuleId::new(id),
        query: query.value.clone(),
        severity,
        receivers: receivers
            .iter()
            .map(|text| ReceiverId::new(&*text.value))
            .collect(),
        feeds: feeds.iter().map(|text| selector(&text.value)).collect(),
        languages,
        notify,
        revisions,
        throttle,
        escalate,
        inhibit: inhibit
            .iter()
            .map(|text| RuleId::new(&*text.value))
            .collect(),
        enabled,
        tests,
        origin: Origin::File,
    };
    let places = RulePlaces {
        id: place,
        query,
        receivers,
        feeds,
        inhibit,
        tests: test_places,
        test_feeds,
    };
    Some((rule, places))
}

fn selector(text: &str) -> FeedSelector {
    match text.strip_prefix("tag:") {
        Some(tag) => FeedSelector::Tag(tag.trim().to_owned()),
        None => FeedSelector::Feed(FeedId::new(text)),
    }
}

/// Primary subtags in lower case.
fn languages(cx: &mut Cx, table: &Table) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    for text in table.texts(cx, "languages") {
        match values::language(&text.value) {
            Ok(tag) => {
                let primary = tag
                    .split('-')
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                if !languages.contains(&primary) {
                    languages.push(primary);
                }
            }
            Err(error) => {
                let (message, help) = error.rsplit_once(": ").unwrap_or((&error, ""));
                cx.push(Problem::error("C04", text.place, message).help(help));
            }
        }
    }
    languages
}

fn notify(cx: &mut Cx, table: &Table) -> Notify {
    let read = |word: &str| {
        Some(match word {
            "story" => Notify::Story,
            "entry" => Notify::Entry,
            "digest" => Notify::Digest,
            _ => return None,
        })
    };
    table
        .one_of(cx, "notify", &["story", "entry", "digest"], read)
        .unwrap_or_default()
}

fn revisions(cx: &mut Cx, table: &Table) -> Revisions {
    let read = |word: &str| {
        Some(match word {
            "first" => Revisions::First,
            "all" => Revisions::All,
            "none" => Revisions::None,
            _ => return None,
        })
    };
    table
        .one_of(cx, "revisions", &["first", "all", "none"], read)
        .unwrap_or_default()
}

fn escalate(cx: &mut Cx, table: &Table) -> Option<Escalate> {
    let item = table.get("escalate")?;
    let known = &["feeds", "within", "severity", "unacked", "remind"];
    let table = item.table(cx, "`escalate`", known)?;
    let feeds = table.integer(cx, "feeds", 2..=1_000);
    let within = table.span_of_time(cx, "within");
    let unacked = table.span_of_time(cx, "unacked");
    let severity = table.one_of(cx, "severity", &SEVERITIES, Severity::from_name);
    let remind = table.span_of_time(cx, "remind");
    if ["feeds", "unacked", "remind"]
        .iter()
        .all(|key| table.get(key).is_none())
    {
        table.missing(cx, "feeds", "3");
    }
    if table.get("severity").is_none() {
        table.missing(cx, "severity", "\"critical\"");
    }
    Some(Escalate {
        feeds: feeds.unwrap_or(u32::MAX),
        within: within.unwrap_or(std::time::Duration::from_hours(6)),
        severity: severity?,
        unacked,
        remind,
    })
}

/// `[{ by = "rule-a", same = "story" }]`: the rules named in it.
fn inhibit(cx: &mut Cx, table: &Table) -> Vec<Text> {
    let Some(item) = table.get("inhibit") else {
        return Vec::new();
    };
    let wanted = "a list such as [{ by = \"rule-a\", same = \"story\" }]";
    let items = item.list(cx, wanted);
    if items.len() > MOST_INHIBITORS {
        item.wrong(
            cx,
            format!("{} rules keep this one quiet", items.len()),
            format!("name {MOST_INHIBITORS} at most"),
        );
    }
    items
        .iter()
        .filter_map(|item| {
            let table = item.table(cx, "`inhibit`", &["by", "same"])?;
            table.one_of(cx, "same", &["story"], |word| {
                (word == "story").then_some(())
            });
            table.required_text(cx, "by", "\"rule-a\"")
        })
        .collect()
}

const TEST: &[&str] = &["title", "body", "language", "feed", "url", "match"];

fn test(cx: &mut Cx, table: &Table) -> Option<(RuleTest, (Place, Option<Text>))> {
    let title = table.text(cx, "title");
    let body = table.text(cx, "body");
    if table.get("title").is_none() && table.get("body").is_none() {
        table.missing(cx, "title", "\"한화에어로, 루마니아와 K9 계약\"");
    }
    let expect = table.bool(cx, "match");
    if table.get("match").is_none() {
        table.missing(cx, "match", "true");
    }
    let feed = table.filled(cx, "feed");
    let test = RuleTest {
        title: title.map(|text| text.value).unwrap_or_default(),
        body: body.map(|text| text.value).unwrap_or_default(),
        language: table
            .get("language")
            .and_then(|item| item.parsed(cx, "a code such as \"ko\"", values::language)),
        feed: feed.as_ref().map(|text| FeedId::new(&*text.value)),
        url: table.filled(cx, "url").map(|text| text.value),
        expect: expect?,
    };
    Some((test, (table.place(), feed)))
}
