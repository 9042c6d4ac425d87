//! `entities`: list, show, lint.
//!
//! Lint shows the warnings of `check` that are about entities, and what is doubtful about their names; what a
//! mention is, the matcher decides.

use serde_json::json;

use super::args::EntitiesCommand;
use super::context::{Context, Loaded, nearest};
use super::exit::Failure;
use super::output::Output;
use crate::domain::matching::name_doubts;
use crate::domain::rule::Entity;

/// Runs an `entities` command.
pub fn entities(
    command: &EntitiesCommand,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let loaded = context.load()?;
    match command {
        EntitiesCommand::List => list(&loaded, out),
        EntitiesCommand::Show { id } => show(&loaded, id, out),
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

/// One line an entity.
fn list(loaded: &Loaded, out: &mut Output) -> Result<(), Failure> {
    let entities = &loaded.config.definitions.entities;
    if !out.is_human() {
        let rows: Vec<_> = entities.iter().map(facts).collect();
        return out.rows("entities", &rows);
    }
    let rows: Vec<Vec<String>> = entities
        .iter()
        .map(|entity| {
            let names = 1 + entity.aliases.len() + entity.exact.len() + entity.ambiguous.len();
            vec![
                id(entity).to_owned(),
                names.to_string(),
                entity.classes.join(", "),
                entity.name.clone(),
            ]
        })
        .collect();
    out.table(&["ID", "NAMES", "CLASSES", "NAME"], &rows)
}

/// One entity whole.
fn show(loaded: &Loaded, wanted: &str, out: &mut Output) -> Result<(), Failure> {
    let entities = &loaded.config.definitions.entities;
    let wanted = wanted.trim_start_matches('@');
    let Some(entity) = entities.iter().find(|entity| id(entity) == wanted) else {
        let near = nearest(wanted, entities.iter().map(id));
        return Err(Failure::new(format!("no entity `{wanted}`{near}")));
    };
    if !out.is_human() {
        return out.json(&facts(entity));
    }
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
