//! `[[entity]]` and `[[macro]]`.

use std::collections::BTreeMap;

use crate::config::problem::Problem;
use crate::config::reader::{Cx, Item, Table};
use crate::config::source::{Place, Text};
use crate::config::values;
use crate::domain::id::EntityId;
use crate::domain::matching::AliasList;
use crate::domain::rule::{ContextWithin, Entity, Macro};

pub(in crate::config) const ENTITY: &[&str] = &[
    "id",
    "name",
    "classes",
    "aliases",
    "exact",
    "ambiguous",
    "context",
    "context_within",
    "not_in",
    "links",
];

/// Where the texts of an entity stand.
#[derive(Clone, Debug)]
pub(in crate::config) struct EntityPlaces {
    pub id: Place,
    pub context: Option<Text>,
    pub names: BTreeMap<(u8, usize), Text>,
}

impl EntityPlaces {
    /// The place of a name.
    pub fn name(&self, list: AliasList, element: usize) -> Option<&Text> {
        self.names.get(&(rank(list), element))
    }

    /// Whether a place lies in a name or in the context.
    pub fn holds(&self, place: &Place) -> bool {
        let mut texts = self.names.values().chain(&self.context);
        texts.any(|text| text.place.holds(place))
    }
}

fn rank(list: AliasList) -> u8 {
    match list {
        AliasList::Name => 0,
        AliasList::Aliases => 1,
        AliasList::Exact => 2,
        AliasList::Ambiguous => 3,
        AliasList::NotIn => 4,
    }
}

pub(in crate::config) fn entity(cx: &mut Cx, table: &Table) -> Option<(Entity, EntityPlaces)> {
    let id = super::id(cx, table, "\"hanwha-aerospace\"");
    let name = table.required_text(cx, "name", "\"Hanwha Aerospace\"");
    let mut names = BTreeMap::new();
    let mut list = |cx: &mut Cx, key: &str, list: AliasList| -> Vec<String> {
        let texts = names_of(cx, table, key);
        for (index, text) in texts.iter().enumerate() {
            names.insert((rank(list), index), text.clone());
        }
        texts.into_iter().map(|text| text.value).collect()
    };
    let aliases = list(cx, "aliases", AliasList::Aliases);
    let exact = list(cx, "exact", AliasList::Exact);
    let ambiguous = list(cx, "ambiguous", AliasList::Ambiguous);
    let not_in = list(cx, "not_in", AliasList::NotIn);
    let classes = classes(cx, table);
    let context = table.filled(cx, "context");
    let context_within = table
        .get("context_within")
        .and_then(|item| within(cx, &item))
        .unwrap_or_default();
    let links = links(cx, table);
    // Without the context that was meant its names are not what they are.
    if table.get("context").is_some_and(|item| !item.is_text()) {
        return None;
    }
    let (id, place) = id?;
    let name = name?;
    names.insert((rank(AliasList::Name), 0), name.clone());
    let entity = Entity {
        id: Some(EntityId::new(id)),
        name: name.value,
        classes,
        aliases,
        exact,
        ambiguous,
        context: context.as_ref().map(|text| text.value.clone()),
        context_within,
        not_in,
        links,
    };
    let places = EntityPlaces {
        id: place,
        context,
        names,
    };
    Some((entity, places))
}

/// A list of names; one that stands there twice is told.
fn names_of(cx: &mut Cx, table: &Table, key: &str) -> Vec<Text> {
    let texts = table.texts(cx, key);
    for (index, text) in texts.iter().enumerate() {
        if let Some(first) = texts[..index]
            .iter()
            .find(|first| first.value == text.value)
        {
            cx.push(
                Problem::warning(
                    "C23",
                    text.place.clone(),
                    format!("\"{}\" stands here twice", text.value),
                )
                .help("leave one out")
                .related(first.place.clone(), "first here"),
            );
        }
    }
    texts
}

/// Class names; a `#` before one is taken off.
fn classes(cx: &mut Cx, table: &Table) -> Vec<String> {
    let mut classes: Vec<String> = Vec::new();
    for text in table.texts(cx, "classes") {
        let class = text.value.trim_start_matches('#').to_owned();
        match values::id(&class) {
            Ok(class) if !classes.contains(&class) => classes.push(class),
            Ok(_) => {}
            Err(_) => cx.push(
                Problem::error("C04", text.place, format!("\"{class}\" cannot be a class"))
                    .help("use letters, digits, `-` and `_`, at most 100"),
            ),
        }
    }
    classes
}

/// What `context_within` may be.
const WITHIN: &str =
    "\"entry\", \"p\" (paragraph), \"s\" (sentence), or a number of words from 0 to 1000";

fn within(cx: &mut Cx, item: &Item) -> Option<ContextWithin> {
    if item.is_integer() {
        return item.integer(cx, 0..=1_000).map(ContextWithin::Words);
    }
    if !item.is_text() {
        item.wrong_type(cx, WITHIN);
        return None;
    }
    let word = item.text(cx)?.value;
    let found = match &*word {
        "entry" => Some(ContextWithin::Entry),
        "p" => Some(ContextWithin::Paragraph),
        "s" => Some(ContextWithin::Sentence),
        number => {
            let words = number.parse().ok().filter(|words| *words <= 1_000);
            words.map(ContextWithin::Words)
        }
    };
    if found.is_none() {
        let help = match &*word.to_lowercase() {
            "sentence" | "same sentence" => "write \"s\"".to_owned(),
            "paragraph" | "para" | "same paragraph" => "write \"p\"".to_owned(),
            "document" | "doc" | "text" | "anywhere" => "write \"entry\"".to_owned(),
            _ => format!("write {WITHIN}"),
        };
        item.wrong(cx, format!("`context_within` cannot be \"{word}\""), help);
    }
    found
}

fn links(cx: &mut Cx, table: &Table) -> BTreeMap<String, String> {
    let Some(table) = table
        .get("links")
        .and_then(|item| item.free_table(cx, "links = { wikidata = \"Q1\" }"))
    else {
        return BTreeMap::new();
    };
    let items = table.items();
    items
        .iter()
        .filter_map(|item| Some((item.key.clone(), item.text(cx)?.value)))
        .collect()
}

pub(in crate::config) const MACRO: &[&str] = &["id", "query"];

/// A macro with the places of its id and its query.
pub(in crate::config) fn macro_table(cx: &mut Cx, table: &Table) -> Option<(Macro, Place, Text)> {
    let id = super::id(cx, table, "\"export-words\"");
    let query = table.required_text(cx, "query", "'export* OR deliver*'");
    let (id, place) = id?;
    let query = query?;
    let found = Macro {
        id,
        query: query.value.clone(),
    };
    Some((found, place, query))
}
