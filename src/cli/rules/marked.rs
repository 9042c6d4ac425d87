//! `rules test --marked`: the alerts that people marked, replayed against the rules as they are now.
//!
//! Says which useful alerts would be lost and which noise stays or returns; writes them as a test file for
//! machines that have no store.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::context::{self, Context, Loaded};
use crate::cli::exit::{Exit, Failure};
use crate::cli::explain;
use crate::cli::output::{Output, neutral};
use crate::cli::rows::Row;
use crate::domain::entry::wire::WireEntry;
use crate::store::alerts::{self, Mark, MarkedAlert};

/// Marked alerts that are replayed, the newest marks.
const NEWEST: u32 = 10_000;

/// Keys of an entry that no rule looks at and a test file need not carry.
const NOT_MATCHED: [&str; 6] = [
    "feed_url",
    "guid",
    "updated",
    "first_seen",
    "body_html",
    "enclosures",
];

/// What becomes of a marked alert under some rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// Useful, and its rule matches.
    Kept,
    /// Useful, and only another rule matches.
    ByAnother,
    /// Useful, and nothing matches.
    Lost,
    /// Noise that its rule does not match.
    Silent,
    /// Noise that its rule matches.
    Stays,
}

/// One marked alert, replayed.
#[derive(Debug, Serialize)]
struct Replayed {
    alert: i64,
    entry: String,
    title: String,
    rule: String,
    marked: Mark,
    fate: Fate,
    /// Under the config that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Fate>,
    /// What stands in the way, or what matched.
    why: String,
}

impl Replayed {
    /// Whether this is what the command exits 1 for: a useful alert lost, or noise that had been silent.
    fn is_worse(&self) -> bool {
        match (self.fate, self.before) {
            (Fate::Lost, before) => before != Some(Fate::Lost),
            (Fate::Stays, before) => before == Some(Fate::Silent),
            _ => false,
        }
    }

    fn in_words(&self) -> &'static str {
        match self.fate {
            Fate::Kept => "useful, kept",
            Fate::ByAnother => "useful, kept by another rule only",
            Fate::Lost if self.is_worse() => "useful, LOST",
            Fate::Lost => "useful, lost before too",
            Fate::Silent => "noise, silent",
            Fate::Stays if self.is_worse() => "noise, BACK",
            Fate::Stays => "noise, stays",
        }
    }
}

/// What is asked of the marked alerts.
pub struct Ask<'a> {
    /// Another config to compare with.
    pub against: Option<&'a Path>,
    /// Where to write them as a test file instead; `-` is stdout.
    pub export: Option<&'a Path>,
}

/// Replays or exports the marked alerts; exit 1 where a useful one is lost or noise returns.
pub fn test(ask: &Ask<'_>, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    let against = ask
        .against
        .map(|path| context::read(path).map_err(|found| context.tell(&found)));
    let against = against.transpose()?;
    let marked = match context.store_if_any(&loaded)? {
        Some(store) => store.read_blocking(|conn| alerts::marked(conn, None, NEWEST))?,
        None => Vec::new(),
    };
    if marked.is_empty() {
        Output::note("no alert is marked yet: bongsu alerts mark ID useful|noise");
    }
    let marked = last_words(marked);
    if let Some(file) = ask.export {
        return export(file, &marked, &loaded, out).map(|()| Exit::Done);
    }
    let replayed: Vec<Replayed> = marked
        .iter()
        .map(|alert| replay(alert, &loaded, against.as_ref()))
        .collect();
    print(&replayed, out)?;
    Ok(if replayed.iter().any(Replayed::is_worse) {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Of several alerts of a rule on the same text the one that was marked last.
fn last_words(marked: Vec<MarkedAlert>) -> Vec<MarkedAlert> {
    let mut seen = HashSet::new();
    let mut out: Vec<MarkedAlert> = marked
        .into_iter()
        .filter(|alert| seen.insert((alert.rule.clone(), text_of(&alert.entry))))
        .collect();
    out.sort_by_key(|alert| alert.alert);
    out
}

/// What tells the texts of one entry apart.
fn text_of(entry: &WireEntry) -> (String, String, String, Option<String>) {
    (
        entry.id.clone(),
        entry.title.clone(),
        entry.body.clone(),
        entry.full_text.clone(),
    )
}

/// An entry of the store as a row to be matched, with the tags that config gives its feed.
pub fn row_of(entry: &WireEntry, loaded: &Loaded) -> Row {
    Row {
        id: entry.id.clone(),
        title: entry.title.clone(),
        body: entry.body.clone(),
        full_text: entry.full_text.clone(),
        url: entry.url.clone(),
        feed: entry.feed.clone(),
        language: entry.language.clone(),
        authors: entry.authors.clone(),
        categories: entry.categories.clone(),
        ..Row::default()
    }
    .with_language()
    .with_feed(&loaded.config)
}

/// The rules that match an entry.
fn matching(entry: &WireEntry, loaded: &Loaded) -> BTreeSet<String> {
    let row = row_of(entry, loaded);
    let found = loaded.config.rules.evaluate(&row.subject());
    found.into_iter().map(|one| one.rule.to_string()).collect()
}

fn fate(alert: &MarkedAlert, matched: &BTreeSet<String>) -> Fate {
    match (alert.mark, matched.contains(alert.rule.as_str())) {
        (Mark::Useful, true) => Fate::Kept,
        (Mark::Useful, false) if matched.is_empty() => Fate::Lost,
        (Mark::Useful, false) => Fate::ByAnother,
        (Mark::Noise, true) => Fate::Stays,
        (Mark::Noise, false) => Fate::Silent,
    }
}

fn replay(alert: &MarkedAlert, loaded: &Loaded, against: Option<&Loaded>) -> Replayed {
    let matched = matching(&alert.entry, loaded);
    let fate = fate(alert, &matched);
    let why = match fate {
        Fate::Lost => in_the_way(alert, loaded),
        Fate::ByAnother => {
            let others: Vec<String> = matched.into_iter().collect();
            format!(
                "{}; {} matches",
                in_the_way(alert, loaded),
                others.join(", ")
            )
        }
        Fate::Stays => explain::what_matched(loaded, &alert.rule, &row_of(&alert.entry, loaded)),
        Fate::Kept | Fate::Silent => String::new(),
    };
    Replayed {
        alert: alert.alert,
        entry: alert.entry.id.clone(),
        title: alert.entry.title.clone(),
        rule: alert.rule.to_string(),
        marked: alert.mark,
        fate,
        before: against.map(|before| self::fate(alert, &matching(&alert.entry, before))),
        why,
    }
}

/// Why the rule of an alert no longer matches.
fn in_the_way(alert: &MarkedAlert, loaded: &Loaded) -> String {
    let rules = &loaded.config.definitions.rules;
    match rules.iter().find(|rule| rule.id == alert.rule) {
        None => return "there is no such rule now".to_owned(),
        Some(rule) if !rule.enabled => return "the rule is switched off".to_owned(),
        Some(_) => {}
    }
    explain::in_the_way(loaded, &alert.rule, &row_of(&alert.entry, loaded))
}

/// Counts of a rule by what became of its alerts.
fn by_rule(replayed: &[Replayed]) -> BTreeMap<&str, BTreeMap<Fate, u64>> {
    let mut out: BTreeMap<&str, BTreeMap<Fate, u64>> = BTreeMap::new();
    for one in replayed {
        *out.entry(&one.rule)
            .or_default()
            .entry(one.fate)
            .or_default() += 1;
    }
    out
}

/// The columns of the table, and the keys of the counts.
const FATES: [(Fate, &str, &str); 5] = [
    (Fate::Kept, "kept", "KEPT"),
    (Fate::ByAnother, "by_another", "BY ANOTHER"),
    (Fate::Lost, "lost", "LOST"),
    (Fate::Silent, "silent", "NOISE SILENT"),
    (Fate::Stays, "stays", "NOISE STAYS"),
];

/// What changed for the worse first, then what is noise still, then counts by rule.
fn print(replayed: &[Replayed], out: &mut Output) -> Result<(), Failure> {
    let rules = by_rule(replayed);
    let mut told: Vec<&Replayed> = replayed
        .iter()
        .filter(|one| !matches!(one.fate, Fate::Kept | Fate::Silent))
        .collect();
    told.sort_by_key(|one| (!one.is_worse(), one.fate != Fate::Lost));
    if !out.is_human() {
        let counts = |of: &BTreeMap<Fate, u64>| -> Value {
            let all = FATES.iter();
            all.map(|(fate, key, _)| ((*key).to_owned(), json!(of.get(fate).unwrap_or(&0))))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let rules: BTreeMap<&str, Value> = rules.iter().map(|(id, of)| (*id, counts(of))).collect();
        let worse = replayed.iter().filter(|one| one.is_worse()).count();
        return out.json(&json!({
            "marked": replayed.len(), "worse": worse, "rules": rules, "alerts": told,
        }));
    }
    for one in told {
        out.line(&format!(
            "alert {} of {}: {}: {}",
            one.alert,
            one.rule,
            one.in_words(),
            neutral(&one.title)
        ))?;
        out.line(&format!("    {}", neutral(&one.why)))?;
    }
    let table: Vec<Vec<String>> = rules
        .iter()
        .map(|(rule, of)| {
            let counts = FATES.iter().map(|(fate, ..)| of.get(fate).unwrap_or(&0));
            std::iter::once((*rule).to_owned())
                .chain(counts.map(ToString::to_string))
                .collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("RULE")
        .chain(FATES.iter().map(|(_, _, head)| *head))
        .collect();
    out.table(&head, &table)?;
    out.line(&format!("{} marked alerts", replayed.len()))
}

/// Writes the marked alerts as rows of a test file, one a text, in the order of the alerts.
fn export(
    file: &Path,
    marked: &[MarkedAlert],
    loaded: &Loaded,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut groups: Vec<Vec<&MarkedAlert>> = Vec::new();
    let mut known = HashMap::new();
    for alert in marked {
        let at = *known.entry(text_of(&alert.entry)).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(alert);
    }
    let mut lines = Vec::new();
    for group in &groups {
        lines.extend(test_row(group, loaded)?);
    }
    if file == Path::new("-") {
        return lines.iter().try_for_each(|line| out.line(line));
    }
    let count = lines.len();
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    std::fs::write(file, text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
    let told = format!("{count} entries written to {}", file.display());
    if out.is_human() {
        out.line(&told)
    } else {
        out.json(&json!({ "entries": count, "file": file.display().to_string() }))
    }
}

/// One text with what its marks expect; none where no rule of it exists any more.
fn test_row(marks: &[&MarkedAlert], loaded: &Loaded) -> Result<Option<String>, Failure> {
    let rules = &loaded.config.definitions.rules;
    let known: Vec<&&MarkedAlert> = marks
        .iter()
        .filter(|mark| rules.iter().any(|rule| rule.id == mark.rule))
        .collect();
    let Some(first) = known.first() else {
        return Ok(None);
    };
    let mut row =
        serde_json::to_value(&first.entry).map_err(|error| Failure::new(error.to_string()))?;
    if let Some(row) = row.as_object_mut() {
        row.retain(|key, value| !value.is_null() && !NOT_MATCHED.contains(&key.as_str()));
    }
    let matched = matching(&first.entry, loaded);
    let of = |fate: &dyn Fn(&MarkedAlert) -> bool| -> Vec<&str> {
        let chosen = known.iter().filter(|mark| fate(mark));
        chosen.map(|mark| mark.rule.as_str()).collect()
    };
    row["expect"] = json!(of(&|mark| mark.mark == Mark::Useful));
    row["about"] = json!(of(&|_| true));
    let tolerated = of(&|mark| fate(mark, &matched) == Fate::Stays);
    if !tolerated.is_empty() {
        row["tolerate"] = json!(tolerated);
    }
    row["alerts"] = json!(known.iter().map(|mark| mark.alert).collect::<Vec<_>>());
    Ok(Some(row.to_string()))
}
