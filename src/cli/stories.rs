//! `stories`: list, show, merge, split.
//!
//! What makes a story is decided while polls are recorded; here people look, and correct it.

use super::args::{StoriesCommand, StoriesListArgs};
use super::context::Context;
use super::exit::Failure;
use super::output::{Output, neutral};
use super::{entries, environment, when};
use crate::domain::id::RuleId;
use crate::store::stories::{self as stored, MemberRow, StoryDetail, StoryFilter};

/// Runs a `stories` command.
pub fn stories(
    command: &StoriesCommand,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    match command {
        StoriesCommand::List(args) => list(args, context, out),
        StoriesCommand::Show { id } => show(*id, context, out),
        StoriesCommand::Merge { one, other, by } => merge(
            (*one, *other),
            &environment::user(by.as_deref()),
            context,
            out,
        ),
        StoriesCommand::Split { entry, by } => {
            split(entry, &environment::user(by.as_deref()), context, out)
        }
    }
}

/// One line a story, the last begun first.
fn list(args: &StoriesListArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let since = args.since.as_deref();
    let since = since.map(|since| when::parse(since, context.clock.now(), &environment::zone()));
    let filter = StoryFilter {
        since: since.transpose()?,
        rule: args.rule.as_deref().map(RuleId::from),
        before: None,
    };
    let limit = u32::try_from(args.limit).unwrap_or(u32::MAX);
    let store = context.any_store()?;
    let rows = store.read_blocking(|conn| stored::list(conn, &filter, limit))?;
    if !out.is_human() {
        return out.rows("stories", &rows);
    }
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.first_seen.strftime("%Y-%m-%d %H:%M").to_string(),
                row.entries.to_string(),
                row.feeds.len().to_string(),
                row.alerts.to_string(),
                row.folded.to_string(),
                neutral(&row.title),
            ]
        })
        .collect();
    let head = [
        "ID",
        "BEGAN (UTC)",
        "ENTRIES",
        "FEEDS",
        "ALERTS",
        "FOLDED",
        "TITLE",
    ];
    out.table(&head, &table)
}

/// One story whole.
fn show(id: i64, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.any_store()?;
    let detail = store.read_blocking(|conn| stored::detail(conn, id))?;
    let detail = detail.ok_or_else(|| Failure::new(stored::Refused::NoStory(id).text()))?;
    if !out.is_human() {
        return out.json(&detail);
    }
    let row = &detail.row;
    out.line(&format!("story {}  {}", row.id, neutral(&row.title)))?;
    out.line(&format!(
        "  from {} to {}; {} entries of {} feeds",
        row.first_seen,
        row.last_seen,
        row.entries,
        row.feeds.len()
    ))?;
    let owners: Vec<String> = detail
        .owners
        .iter()
        .map(|voice| neutral(&voice.owner))
        .collect();
    out.line(&format!("  told by {}", owners.join(", ")))?;
    for member in &detail.members {
        show_member(member, out)?;
    }
    show_rest(&detail, out)
}

fn show_member(member: &MemberRow, out: &mut Output) -> Result<(), Failure> {
    out.line(&format!(
        "  entry {}  {}  {}",
        member.entry,
        member.feed,
        neutral(&member.title)
    ))?;
    out.line(&format!(
        "    joined by {} at {}",
        neutral(&member.joined_by),
        member.first_seen
    ))?;
    for found in &member.matches {
        let what = match (found.raised, found.held) {
            (Some(reason), _) => reason.as_str(),
            (None, Some(held)) => held.as_str(),
            (None, None) => "-",
        };
        let alert = found.alert.map(|alert| format!(", alert {alert}"));
        out.line(&format!(
            "    rule {}: {what}{}",
            found.rule,
            alert.unwrap_or_default()
        ))?;
    }
    Ok(())
}

fn show_rest(detail: &StoryDetail, out: &mut Output) -> Result<(), Failure> {
    for told in &detail.told {
        out.line(&format!(
            "  alert {}  {}  {}  {}",
            told.alert,
            told.created,
            told.reason.as_str(),
            told.rule
        ))?;
    }
    for related in &detail.related {
        out.line(&format!(
            "  related {}  {}  ({})",
            related.story,
            neutral(&related.title),
            neutral(&related.why)
        ))?;
    }
    for edit in &detail.edits {
        let entry = edit.entry.as_deref().map(|entry| format!(" entry {entry}"));
        out.line(&format!(
            "  {} of {} and {}{} by {} at {}",
            edit.what,
            edit.story,
            edit.other,
            entry.unwrap_or_default(),
            neutral(&edit.who),
            edit.at
        ))?;
    }
    Ok(())
}

/// Makes one story of two.
fn merge(
    stories: (i64, i64),
    who: &str,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let (who, now) = (who.to_owned(), context.clock.now());
    let store = context.any_store()?;
    let merged = store.write_blocking(move |tx| stored::merge(tx, stories, &who, now))?;
    let merged = merged.map_err(|refused| Failure::new(refused.text()))?;
    if out.is_human() {
        out.line(&format!(
            "story {} has the {} entries of story {} now; nobody was told",
            merged.story, merged.entries, merged.gone
        ))
    } else {
        out.json(&merged)
    }
}

/// Takes an entry out of its story.
fn split(entry: &str, who: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.any_store()?;
    let entry = entries::find(&store, entry)?.entry.id;
    let (who, now) = (who.to_owned(), context.clock.now());
    let split = store.write_blocking(move |tx| stored::split(tx, &entry, &who, now))?;
    let split = split.map_err(|refused| Failure::new(refused.text()))?;
    if out.is_human() {
        out.line(&format!(
            "the entry is story {} now, out of story {}; {} alerts are owed: a running daemon sends them within \
             seconds, else `bongsu run --once`",
            split.story,
            split.from,
            split.alerts.len()
        ))
    } else {
        out.json(&split)
    }
}
