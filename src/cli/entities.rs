//! `entities`: list, show, lint.
//!
//! Where there is a store, the mentions in it are counted; without one nothing is said of them. Lint shows the warnings of
//! `check` that are about entities, and what is doubtful about their names; what a mention is, the matcher decides.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::args::EntitiesCommand;
use super::context::{Context, Loaded, nearest};
use super::entries;
use super::exit::Failure;
use super::output::Output;
use crate::domain::id::EntityId;
use crate::domain::matching::name_doubts;
use crate::domain::rule::Entity;
use crate::store::entries::{self as stored, StoredEntry};
use crate::store::{Store, pictures};

/// How far back mentions are lately.
const LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Newest mentions that are shown.
const NEWEST: u32 = 5;

/// Runs an `entities` command.
pub fn entities(
    command: &EntitiesCommand,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let loaded = context.load()?;
    match command {
        EntitiesCommand::List => list(&loaded, context, out),
        EntitiesCommand::Show { id } => show(&loaded, id, context, out),
        EntitiesCommand::Lint => lint(&loaded, out),
    }
}

/// An entity's id; every entity of a checked config has one.
fn id(entity: &Entity) -> &str {
    entity.id.as_ref().map_or("", |id| id.as_str())
}

/// An entity as JSON.
fn facts(entity: &Entity) -> serde_json::Value {
    json!({
        "id": id(entity), "name": entity.name, "classes": entity.classes, "aliases": entity.aliases,
        "exact": entity.exact, "ambiguous": entity.ambiguous, "context": entity.context,
        "not_in": entity.not_in, "links": entity.links,
    })
}

/// Since when mentions are new ones.
fn lately(context: &Context) -> Timestamp {
    let now = context.clock.now();
    now.checked_sub(LATELY).unwrap_or(Timestamp::MIN)
}

/// The store to count in; none where there is none, or where it cannot be read now.
fn counted_in(loaded: &Loaded, context: &Context) -> Option<Store> {
    context.store_if_any(loaded).unwrap_or_else(|failure| {
        Output::note(&format!("mentions are not counted: {}", failure.message));
        None
    })
}

/// In how many stored entries each entity is mentioned, in all and lately.
fn counts(store: &Store, since: Timestamp) -> Result<HashMap<EntityId, [u64; 2]>, Failure> {
    let [all, late] = store.read_blocking(|conn| {
        let of = |since| stored::mention_counts(conn, since);
        Ok([of(Timestamp::MIN)?, of(since)?])
    })?;
    let mut counts: HashMap<EntityId, [u64; 2]> =
        all.into_iter().map(|(id, all)| (id, [all, 0])).collect();
    for (id, late) in late {
        counts.entry(id).or_default()[1] = late;
    }
    Ok(counts)
}

/// One line an entity.
fn list(loaded: &Loaded, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let entities = &loaded.config.definitions.entities;
    let counts = counted_in(loaded, context)
        .map(|store| counts(&store, lately(context)))
        .transpose()?;
    let count = |entity: &Entity| {
        let counts = counts.as_ref()?;
        Some(counts.get(entity.id.as_ref()?).copied().unwrap_or_default())
    };
    if !out.is_human() {
        let rows: Vec<_> = entities
            .iter()
            .map(|entity| {
                let mut row = facts(entity);
                row["mentions"] = json!(
                    count(entity).map(|[all, late]| json!({ "all": all, "last_30_days": late }))
                );
                row
            })
            .collect();
        return out.rows("entities", &rows);
    }
    let rows: Vec<Vec<String>> = entities
        .iter()
        .map(|entity| {
            let seen =
                count(entity).map_or_else(Vec::new, |seen| seen.map(|n| n.to_string()).into());
            let facts = [entity.classes.join(", "), entity.name.clone()];
            let mut row = vec![id(entity).to_owned(), entity.names().count().to_string()];
            row.extend(seen.into_iter().chain(facts));
            row
        })
        .collect();
    let head: &[&str] = match counts {
        Some(_) => &["ID", "NAMES", "MENTIONS", "IN 30 DAYS", "CLASSES", "NAME"],
        None => &["ID", "NAMES", "CLASSES", "NAME"],
    };
    out.table(head, &rows)
}

/// What the store has of an entity.
struct Seen {
    all: u64,
    late: u64,
    newest: Vec<StoredEntry>,
}

impl Seen {
    fn read(entity: &EntityId, store: &Store, since: Timestamp) -> Result<Self, Failure> {
        let (all, late, rows) = store.read_blocking(|conn| {
            let count = |since| pictures::mention_count(conn, entity, since);
            let newest = pictures::newest_mentions(conn, entity, None, NEWEST)?;
            Ok((count(Timestamp::MIN)?, count(since)?, newest))
        })?;
        let newest = entries::of_rows(store, &rows)?;
        Ok(Self { all, late, newest })
    }

    fn json(&self) -> Value {
        let newest: Vec<Value> = self.newest.iter().map(entries::brief).collect();
        json!({ "all": self.all, "last_30_days": self.late, "newest": newest })
    }

    fn print(&self, out: &mut Output) -> Result<(), Failure> {
        if self.all == 0 {
            return out.line("  mentions   none stored");
        }
        let (all, late) = (self.all, self.late);
        out.line(&format!(
            "  mentions   {all} entries, of them {late} in the last 30 days; the newest:"
        ))?;
        let mut lines = self.newest.iter().map(entries::in_short);
        lines.try_for_each(|text| out.line(&format!("    {text}")))
    }
}

/// One entity whole.
fn show(loaded: &Loaded, wanted: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let entities = &loaded.config.definitions.entities;
    let wanted = wanted.trim_start_matches('@');
    let Some(entity) = entities.iter().find(|entity| id(entity) == wanted) else {
        let near = nearest(wanted, entities.iter().map(id));
        return Err(Failure::new(format!("no entity `{wanted}`{near}")));
    };
    let seen = counted_in(loaded, context)
        .zip(entity.id.as_ref())
        .map(|(store, id)| Seen::read(id, &store, lately(context)))
        .transpose()?;
    if !out.is_human() {
        let mut value = facts(entity);
        value["mentions"] = json!(seen.as_ref().map(Seen::json));
        return out.json(&value);
    }
    print(entity, out)?;
    seen.map_or(Ok(()), |seen| seen.print(out))
}

/// An entity as defined, for people.
fn print(entity: &Entity, out: &mut Output) -> Result<(), Failure> {
    out.line(&format!("@{}  {}", id(entity), entity.name))?;
    let lists = [
        ("classes", &entity.classes),
        ("aliases", &entity.aliases),
        ("exact", &entity.exact),
        ("ambiguous", &entity.ambiguous),
        ("not in", &entity.not_in),
    ];
    for (name, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        out.line(&format!("  {name:<10} {}", values.join(" · ")))?;
    }
    if let Some(context) = &entity.context {
        out.line(&format!("  {:<10} {}", "context", context.trim()))?;
    }
    entity
        .links
        .iter()
        .try_for_each(|(name, value)| out.line(&format!("  {name:<10} {value}")))
}

/// The warnings about entities, then what is doubtful about their names.
fn lint(loaded: &Loaded, out: &mut Output) -> Result<(), Failure> {
    let mut about = loaded.warnings_about_entities();
    let config = &loaded.config;
    let doubts = name_doubts(&config.rules, &config.definitions);
    let doubts = loaded.warnings.located(&config.places, &doubts);
    about.extend(doubts.iter().map(|problem| doubts.line(problem)));
    if !out.is_human() {
        let rows: Vec<_> = about.iter().map(|text| json!({ "text": text })).collect();
        return out.rows("warnings", &rows);
    }
    about.iter().try_for_each(|text| out.line(text))?;
    out.line(&format!(
        "{} entities, {} warnings",
        config.definitions.entities.len(),
        about.len()
    ))
}
