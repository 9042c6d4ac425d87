//! `entries`: search in the rule language, show, export.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::args::{EntriesCommand, EntryFilter};
use super::context::{self, Context};
use super::environment;
use super::exit::Failure;
use super::output::{Output, neutral};
use super::when;
use crate::domain::entry::page::State;
use crate::domain::entry::{Content, language};
use crate::domain::id::{FeedId, RuleId};
use crate::domain::matching::furniture::furniture;
use crate::store::entries::{self as stored, Cursor, Revision, StoredEntry};
use crate::store::gaps;
use crate::store::pages::{self, PageRow};
use crate::store::search::{Hunt, hunt};
use crate::store::{Store, StoreError};

/// Entries read from the store at a time.
const PAGE: u32 = 500;

/// Pieces around a text that are listed as not matched.
const MOST_FURNITURE: usize = 8;

/// Hits of a search without `--limit`.
const HITS: usize = 100;

/// Runs an `entries` command.
pub fn entries(
    command: &EntriesCommand,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    match command {
        EntriesCommand::Search { query, filter } => search(query, filter, context, out),
        EntriesCommand::Show { id } => show(id, context, out),
        EntriesCommand::Export { filter } => export(filter, context, out),
    }
}

/// The store's filter of what was asked for.
fn filter_of(
    asked: &EntryFilter,
    oldest_first: bool,
    context: &Context,
) -> Result<stored::EntryFilter, Failure> {
    let at = |text: &Option<String>| {
        text.as_deref()
            .map(|text| when::parse(text, context.clock.now(), &environment::zone()))
            .transpose()
    };
    Ok(stored::EntryFilter {
        feed: asked.feed.as_deref().map(FeedId::from),
        since: at(&asked.since)?,
        until: at(&asked.until)?,
        oldest_first,
    })
}

/// Calls `each` with every entry of the filter, a page at a time, until it says stop.
pub fn walk(
    store: &Store,
    filter: &stored::EntryFilter,
    mut each: impl FnMut(StoredEntry) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut after: Option<Cursor> = None;
    loop {
        let page = store.read_blocking(|conn| stored::page(conn, filter, after, PAGE))?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.cursor());
        for entry in page {
            if !each(entry)? {
                return Ok(());
            }
        }
    }
}

/// A feed's tags as config has them now.
pub fn tags<'c>(config: Option<&'c crate::config::Config>, feed: &str) -> &'c [String] {
    let feeds = config.map_or(&[][..], |config| config.feeds.as_slice());
    let own = feeds.iter().find(|own| own.id.as_str() == feed);
    own.map_or(&[][..], |own| own.tags.as_slice())
}

/// Entries that match: the last to come, those published last first.
fn search(
    query: &str,
    asked: &EntryFilter,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let rules = context.query_rules(query)?;
    // Only the feeds' tags come from config: a search works without one.
    let config = context.config_if_any();
    let store = context.any_store()?;
    let limit = asked.limit.unwrap_or(HITS);
    let filter = filter_of(asked, false, context)?;
    let wanted = Hunt {
        need: Some(rules.need(&RuleId::from(context::QUERY))),
        feed: filter.feed,
        since: filter.since,
        until: filter.until,
        ..Hunt::default()
    };
    let glance = rules.glance(&RuleId::from(context::QUERY));
    let mut found = Vec::new();
    store.read_blocking(|conn| {
        hunt(conn, &wanted, |entry| {
            if let Some(entry) = entry {
                let subject = entry.subject(tags(config.as_ref(), entry.feed));
                if glance.may_match(&subject)
                    && let Some(matches) = rules.evaluate(&subject).pop()
                {
                    let whole = stored::by_seq(conn, entry.seq)?;
                    found.extend(whole.map(|entry| (entry, matches.evidence)));
                }
            }
            Ok(found.len() < limit)
        })
    })?;
    found.truncate(limit);
    // The last to come, shown by when they were published.
    found.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.cursor()));
    out.begin_rows("entries")?;
    for (entry, evidence) in &found {
        if out.is_human() {
            line(entry, out)?;
        } else {
            let mut row = serde_json::to_value(entry.wire())
                .map_err(|error| Failure::new(error.to_string()))?;
            row["matches"] = json!(evidence);
            out.row(&row)?;
        }
    }
    out.end_rows()
}

/// One entry on one line.
fn line(entry: &StoredEntry, out: &mut Output) -> Result<(), Failure> {
    out.line(&in_short(entry))
}

/// An entry on a line: the beginning of its id, when, its feed, its title.
pub fn in_short(entry: &StoredEntry) -> String {
    let at = time_of(entry).map_or_else(
        || "undated".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M").to_string(),
    );
    let feed = entry.entry.feed.as_ref().map_or("-", |feed| feed.as_str());
    format!(
        "{}  {at}  {feed}  {}",
        &entry.entry.id.as_str()[..12],
        neutral(&entry.entry.content.title)
    )
}

/// The same as JSON, with the whole id.
pub fn brief(entry: &StoredEntry) -> serde_json::Value {
    json!({
        "id": entry.entry.id, "feed": entry.entry.feed, "at": time_of(entry), "title": entry.entry.content.title,
    })
}

/// When an entry was published, or else first seen.
fn time_of(entry: &StoredEntry) -> Option<Timestamp> {
    entry.entry.content.published.or(entry.entry.first_seen)
}

/// The entries of some rows, in their order.
pub fn of_rows(store: &Store, rows: &[i64]) -> Result<Vec<StoredEntry>, Failure> {
    let found = store.read_blocking(|conn| {
        let each = rows.iter().map(|seq| stored::by_seq(conn, *seq));
        each.collect::<Result<Vec<_>, _>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// An entry by id, or by the beginning of one.
pub fn find(store: &Store, id: &str) -> Result<StoredEntry, Failure> {
    let mut found: Vec<StoredEntry> = store.read_blocking(|conn| stored::by_prefix(conn, id, 2))?;
    match (found.pop(), found.pop()) {
        (Some(entry), None) => Ok(entry),
        (Some(_), Some(_)) => Err(Failure::new(format!(
            "several entries begin with `{id}`: give more of the id"
        ))),
        _ => Err(Failure::new(format!(
            "no entry `{id}`: `bongsu entries search` finds them"
        ))),
    }
}

/// One entry whole, with its revisions and what its matches led to.
fn show(id: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.any_store()?;
    let entry = find(&store, id)?;
    let (matches, revisions, via, page) = store.read_blocking(|conn| {
        Ok::<_, StoreError>((
            stored::matches(conn, entry.seq)?,
            stored::revisions(conn, entry.seq)?,
            gaps::via(conn, entry.seq)?,
            pages::of_entry(conn, entry.seq)?,
        ))
    })?;
    if !out.is_human() {
        let mut value = json!(entry.wire());
        value["via"] = json!(via);
        value["page"] = json!(page);
        value["key"] = json!(entry.entry.key);
        value["revisions"] = json!(edits(&entry, &revisions));
        return out.json(&value);
    }
    let said = &entry.entry.content;
    out.line(&neutral(&said.title))?;
    let facts = [
        ("id", Some(entry.entry.id.to_string())),
        ("feed", entry.entry.feed.as_ref().map(ToString::to_string)),
        ("url", said.url.clone()),
        ("published", said.published.map(|at| at.to_string())),
        (
            "first seen",
            entry.entry.first_seen.map(|at| at.to_string()),
        ),
        ("language", language_of(said)),
        ("known by", Some(entry.entry.key.clone())),
        ("came via", via),
    ];
    for (name, value) in facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    {
        out.line(&format!("  {name:<11} {}", neutral(&value)))?;
    }
    if let Some(page) = &page {
        out.line(&format!("  page        {}", neutral(&in_words(page))))?;
    }
    for found in matches {
        let led = match (found.raised, found.held) {
            (Some(reason), _) => format!("alert, {}", reason.as_str()),
            (None, Some(held)) => format!("held, {}", held.as_str()),
            (None, None) => "nothing".to_owned(),
        };
        out.line(&format!("  rule        {}: {led}", found.rule))?;
    }
    for edit in edits(&entry, &revisions) {
        edit.tell(out)?;
    }
    texts(&entry, out)
}

/// The language, and what the text itself looks like with how sure that is.
fn language_of(said: &Content) -> Option<String> {
    let seen = language::detect(&format!("{}\n{}", said.title, said.body));
    let seen = seen.map(|(seen, sure)| format!("by its text {seen}, {:.0} % sure", sure * 100.0));
    match (&said.language, seen) {
        (Some(language), Some(seen)) => Some(format!("{language} ({seen})")),
        (Some(language), None) => Some(language.clone()),
        (None, seen) => seen,
    }
}

/// What a revision changed, short parts with what they were and became.
#[derive(Serialize)]
struct Edit<'a> {
    number: u32,
    at: Timestamp,
    changed: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Change<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> Change<'a> {
    fn of(before: Option<&'a str>, after: Option<&'a str>) -> Option<Self> {
        (before != after).then_some(Self { before, after })
    }
}

impl Edit<'_> {
    fn tell(&self, out: &mut Output) -> Result<(), Failure> {
        let changed = self.changed.join(", ");
        out.line(&format!("  changed     {changed} at {}", self.at))?;
        for (part, change) in [("title", &self.title), ("url", &self.url)] {
            let Some(change) = change else { continue };
            let said = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), neutral);
            let (before, after) = (said(change.before), said(change.after));
            out.line(&format!("              {part}: {before} -> {after}"))?;
        }
        Ok(())
    }
}

/// The edits of an entry, oldest first.
fn edits<'a>(entry: &'a StoredEntry, revisions: &'a [Revision]) -> Vec<Edit<'a>> {
    let said = &entry.entry.content;
    let now = (said.title.as_str(), said.url.as_deref());
    let then = |revision: &'a Revision| {
        let content = &revision.content;
        (content.title.as_str(), content.url.as_deref())
    };
    let after = revisions.iter().skip(1).map(then).chain([now]);
    revisions
        .iter()
        .zip(after)
        .map(|(revision, after)| {
            let before = then(revision);
            Edit {
                number: revision.number + 1,
                at: revision.replaced,
                changed: &revision.changed,
                title: Change::of(Some(before.0), Some(after.0)),
                url: Change::of(before.1, after.1),
            }
        })
        .collect()
}

/// What an entry says, and its article where that was read.
fn texts(entry: &StoredEntry, out: &mut Output) -> Result<(), Failure> {
    let lines =
        |text: &str, out: &mut Output| text.lines().try_for_each(|line| out.line(&neutral(line)));
    out.line("")?;
    lines(&entry.entry.content.body, out)?;
    let body = &entry.entry.content.body;
    for range in furniture(body).into_iter().take(MOST_FURNITURE) {
        out.line(&format!("  not matched {}", neutral(body[range].trim())))?;
    }
    let Some(article) = &entry.entry.full_text else {
        return Ok(());
    };
    out.line("")?;
    out.line("Full text:")?;
    lines(article, out)
}

/// Where the page of an entry stands.
fn in_words(page: &PageRow) -> String {
    let state = page.state.as_str();
    let tries = match page.attempts {
        0 => String::new(),
        1 => ", tried once".to_owned(),
        tries => format!(", tried {tries} times"),
    };
    let next = page.due.filter(|_| page.state == State::Due);
    let next = next.map_or_else(String::new, |at| format!(", next at {at}"));
    let why = page.last_error.as_deref();
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("{state}{tries}{next}{why}")
}

/// Entries as the contract writes them, oldest first.
fn export(asked: &EntryFilter, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.any_store()?;
    let filter = filter_of(asked, true, context)?;
    let mut left = asked.limit.unwrap_or(usize::MAX);
    out.begin_rows("entries")?;
    walk(&store, &filter, |entry| {
        if left == 0 {
            return Ok(false);
        }
        left -= 1;
        out.row(&entry.wire()).map(|()| true)
    })?;
    out.end_rows()
}
