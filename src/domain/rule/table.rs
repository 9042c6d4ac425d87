//! A rule as the table of a config file, with everything that a table can say; reading one is `config`'s business.

use std::fmt::Write as _;

use super::{Escalate, FeedSelector, Notify, Revisions, Rule, RuleTest};
use crate::domain::id::{FeedId, ReceiverId};
use crate::domain::units::format_duration;

/// The `[[rule]]` table that reads back as this rule.
#[must_use]
pub fn toml(rule: &Rule) -> String {
    let mut out = format!("[[rule]]\nid = {}\n", basic(rule.id.as_str()));
    if !rule.title.is_empty() && rule.title != rule.id.as_str() {
        line(&mut out, "title", &basic(&rule.title));
    }
    line(&mut out, "query", &query(&rule.query));
    line(&mut out, "severity", &basic(rule.severity.as_str()));
    let feeds: Vec<String> = rule.feeds.iter().map(FeedSelector::to_string).collect();
    let receivers: Vec<&str> = rule.receivers.iter().map(ReceiverId::as_str).collect();
    list(&mut out, "receivers", &receivers);
    list(&mut out, "feeds", &feeds);
    list(&mut out, "languages", &rule.languages);
    manners(&mut out, rule);
    if !rule.enabled {
        line(&mut out, "enabled", "false");
    }
    for one in &rule.tests {
        test(&mut out, one);
    }
    out
}

/// How it speaks; what goes without saying is not said.
fn manners(out: &mut String, rule: &Rule) {
    match rule.notify {
        Notify::Story => {}
        Notify::Entry => line(out, "notify", "\"entry\""),
        Notify::Digest => line(out, "notify", "\"digest\""),
    }
    match rule.revisions {
        Revisions::First => {}
        Revisions::All => line(out, "revisions", "\"all\""),
        Revisions::None => line(out, "revisions", "\"none\""),
    }
    if let Some(rate) = &rule.throttle {
        line(out, "throttle", &basic(&rate.to_string()));
    }
    if let Some(escalate) = &rule.escalate {
        line(out, "escalate", &escalation(escalate));
    }
    if !rule.inhibit.is_empty() {
        let by = rule.inhibit.iter();
        let by = by.map(|id| format!("{{ by = {}, same = \"story\" }}", basic(id.as_str())));
        let by: Vec<String> = by.collect();
        line(out, "inhibit", &format!("[{}]", by.join(", ")));
    }
}

fn escalation(escalate: &Escalate) -> String {
    let mut parts = Vec::new();
    // As it is read where no number of feeds is named.
    if escalate.feeds != u32::MAX {
        parts.push(format!("feeds = {}", escalate.feeds));
        let within = format_duration(escalate.within);
        parts.push(format!("within = {}", basic(&within)));
    }
    parts.push(format!("severity = {}", basic(escalate.severity.as_str())));
    if let Some(unacked) = escalate.unacked {
        parts.push(format!("unacked = {}", basic(&format_duration(unacked))));
    }
    if let Some(remind) = escalate.remind {
        parts.push(format!("remind = {}", basic(&format_duration(remind))));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn test(out: &mut String, test: &RuleTest) {
    out.push_str("[[rule.test]]\n");
    let texts = [
        ("title", Some(test.title.as_str())),
        ("body", Some(test.body.as_str())),
        ("language", test.language.as_deref()),
        ("feed", test.feed.as_ref().map(FeedId::as_str)),
        ("url", test.url.as_deref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            line(out, key, &basic(text));
        }
    }
    line(out, "match", if test.expect { "true" } else { "false" });
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn list(out: &mut String, key: &str, values: &[impl AsRef<str>]) {
    if !values.is_empty() {
        let quoted: Vec<String> = values.iter().map(|text| basic(text.as_ref())).collect();
        line(out, key, &format!("[{}]", quoted.join(", ")));
    }
}

/// A text between quotation marks.
fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A query as people write it in files: literal where it can be.
fn query(text: &str) -> String {
    let plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if !text.contains("'''") && !text.ends_with('\'') && text.chars().all(plain) {
        if text.contains(['\'', '\n']) {
            return format!("'''\n{text}'''");
        }
        return format!("'{text}'");
    }
    basic(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::rule::Severity;
    use crate::domain::units::parse_rate;

    #[test]
    fn everything_that_a_file_s_rule_says_is_in_its_table() {
        let rule = Rule {
            title: "Deals".to_owned(),
            revisions: Revisions::All,
            throttle: Some(parse_rate("20/h").unwrap()),
            escalate: Some(Escalate {
                feeds: 3,
                within: Duration::from_hours(6),
                severity: Severity::Critical,
                unacked: Some(Duration::from_mins(90)),
                remind: Some(Duration::from_mins(20)),
            }),
            inhibit: vec!["weather".into()],
            tests: vec![RuleTest {
                title: "수출 \"계약\"".to_owned(),
                language: Some("ko".to_owned()),
                expect: true,
                ..RuleTest::default()
            }],
            ..Rule::of_query("deals", "deal")
        };
        let table: toml::Table = toml(&rule).parse().unwrap();
        let read = &table["rule"][0];
        assert_eq!(read["revisions"].as_str(), Some("all"));
        assert_eq!(read["throttle"].as_str(), Some("20/h"));
        assert_eq!(read["escalate"]["feeds"].as_integer(), Some(3));
        assert_eq!(read["escalate"]["unacked"].as_str(), Some("90m"));
        assert_eq!(read["escalate"]["remind"].as_str(), Some("20m"));
        assert_eq!(read["inhibit"][0]["by"].as_str(), Some("weather"));
        assert_eq!(read["test"][0]["title"].as_str(), Some("수출 \"계약\""));
        assert_eq!(read["test"][0]["match"].as_bool(), Some(true));
    }
}
