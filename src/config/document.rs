//! One file of config into the draft: TOML with all its syntax errors, or OPML as feeds.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::files;
use super::lists;
use super::problem::{Problem, Where};
use super::reader::{Cx, Table};
use super::source::Place;
use super::syntax;
use super::tables::{entities, feeds, receivers, rules, settings, web, websub};
use crate::domain::rule::suggest;

/// The tables of config, as keys.
const TABLES: [&str; 12] = [
    "store",
    "fetch",
    "alerts",
    "heartbeat",
    "web",
    "websub",
    "log",
    "feed",
    "entity",
    "macro",
    "rule",
    "receiver",
];

/// Reads a file into the draft.
pub(super) fn read(cx: &mut Cx, path: &Path, draft: &mut Draft) {
    let folder = path.parent().unwrap_or(Path::new(""));
    folder.clone_into(&mut cx.folder);
    if path.extension().is_some_and(|end| end == "opml") {
        if let Some(bytes) = files::bytes(cx, path) {
            opml(cx, path, &lists::decode(&bytes), draft);
        }
        return;
    }
    let Some(text) = files::text(cx, path) else {
        return;
    };
    let file = cx.sources.add(path.to_owned(), text.clone());
    let (document, errors) = DeTable::parse_recoverable(&text);
    let before = cx.problems.len();
    let unclosed = (!errors.is_empty())
        .then(|| syntax::unclosed_text(&text))
        .flatten();
    match unclosed {
        // The text swallows what is below it, and all tables there.
        Some(open) => {
            draft.is_cut = true;
            let above = &text[..syntax::line_at(&text, open).start];
            tables(cx, file, &DeTable::parse_recoverable(above).0, draft);
        }
        None => tables(cx, file, &document, draft),
    }
    if errors.is_empty() {
        return;
    }
    let told = syntax::told(file, &text, &errors, unclosed);
    let lost = told.lost_from.map(|at| cx.sources.line_of(file, at));
    forget_broken(cx, file, before, (&errors, lost));
    for problem in told.problems {
        cx.push(problem);
    }
}

/// A broken line makes a broken value: only the line is told, and nothing is missed that may stand there.
fn forget_broken(
    cx: &mut Cx,
    file: usize,
    before: usize,
    (errors, lost): (&[toml::de::Error], Option<usize>),
) {
    let sources = &cx.sources;
    let line = |start: usize| sources.line_of(file, start);
    let broken: Vec<usize> = errors
        .iter()
        .map(|error| line(error.span().map_or(0, |span| span.start)))
        .collect();
    let found = cx.problems.split_off(before);
    let sound = found.into_iter().filter(|problem| match &problem.at {
        Where::At(place) if place.file == file => {
            problem.code != "C02"
                && !place.span.is_empty()
                && !broken.contains(&line(place.span.start))
                && lost.is_none_or(|lost| line(place.span.start) < lost)
        }
        _ => true,
    });
    cx.problems.extend(sound);
}

fn tables(cx: &mut Cx, file: usize, document: &toml::Spanned<DeTable>, draft: &mut Draft) {
    let map = document.get_ref();
    for (key, value) in map {
        if !TABLES.contains(&key.get_ref().as_ref()) {
            let place = Place {
                file,
                span: key.span(),
            };
            unknown(cx, key.get_ref(), value.get_ref(), place);
        }
    }
    let root = Table::root(file, document.span(), map);
    scalars(cx, &root, draft);
    lists_of_tables(cx, &root, draft);
}

fn unknown(cx: &mut Cx, key: &str, value: &DeValue, place: Place) {
    let is_table = value.is_table()
        || value
            .as_array()
            .is_some_and(|array| array.iter().any(|value| value.get_ref().is_table()));
    let what = if is_table { "table" } else { "key" };
    let help = suggest::nearest(key, TABLES).map_or_else(
        || match what {
            "table" => format!("the tables are {}", super::reader::listed(&TABLES)),
            _ => "every key stands below a [table]".to_owned(),
        },
        |near| format!("did you mean `{near}`?"),
    );
    cx.push(Problem::error("C01", place, format!("there is no {what} `{key}`")).help(help));
}

/// The tables that stand once.
fn scalars(cx: &mut Cx, root: &Table, draft: &mut Draft) {
    let open = |cx: &mut Cx, key: &'static str, known: &[&str], draft: &mut Draft| {
        let item = root.get(key)?;
        if item.is_list() {
            item.wrong(
                cx,
                format!("`{key}` stands once"),
                format!("write [{key}], with one bracket"),
            );
            return None;
        }
        let table = item.table(cx, &format!("[{key}]"), known)?;
        draft.once(cx, key, &table.place()).then_some(table)
    };
    if let Some(table) = open(cx, "store", settings::STORE, draft) {
        draft.store = settings::store(cx, &table);
    }
    if let Some(table) = open(cx, "fetch", settings::FETCH, draft) {
        draft.fetch = settings::fetch(cx, &table);
    }
    if let Some(table) = open(cx, "alerts", settings::ALERTS, draft) {
        draft.alerts = settings::alerts(cx, &table);
    }
    if let Some(table) = open(cx, "heartbeat", settings::HEARTBEAT, draft) {
        draft.heartbeat = settings::heartbeat(cx, &table);
    }
    if let Some(table) = open(cx, "web", web::WEB, draft) {
        draft.web = web::web(cx, &table);
    }
    if let Some(table) = open(cx, "websub", websub::WEBSUB, draft) {
        draft.websub = websub::websub(cx, &table);
    }
    if let Some(table) = open(cx, "log", settings::LOG, draft) {
        draft.log = settings::log(cx, &table);
    }
}

/// The tables that stand as often as one likes.
fn lists_of_tables(cx: &mut Cx, root: &Table, draft: &mut Draft) {
    for table in root.tables(cx, "feed", "[[feed]]", feeds::FEED) {
        if let Some((feed, place)) = feeds::feed(cx, &table) {
            draft.add_feed(cx, feed, place);
        } else {
            draft.broken("feed", table.peek("id"));
        }
    }
    for table in root.tables(cx, "entity", "[[entity]]", entities::ENTITY) {
        if let Some((entity, places)) = entities::entity(cx, &table) {
            draft.add_entity(cx, entity, places);
        } else {
            draft.broken("entity", table.peek("id"));
        }
    }
    for table in root.tables(cx, "macro", "[[macro]]", entities::MACRO) {
        if let Some((found, place, query)) = entities::macro_table(cx, &table) {
            draft.add_macro(cx, found, place, query);
        } else {
            draft.broken("macro", table.peek("id"));
        }
    }
    for table in root.tables(cx, "rule", "[[rule]]", rules::RULE) {
        if let Some((rule, places)) = rules::rule(cx, &table) {
            draft.add_rule(cx, rule, places);
        } else {
            draft.broken("rule", table.peek("id"));
        }
    }
    for table in root.tables_unchecked(cx, "receiver", "[[receiver]]") {
        if let Some((receiver, places)) = receivers::receiver(cx, &table) {
            draft.add_receiver(cx, receiver, places);
        } else {
            draft.broken("receiver", table.peek("id"));
        }
    }
}

/// The feeds of an OPML file.
fn opml(cx: &mut Cx, path: &Path, text: &str, draft: &mut Draft) {
    let file = cx.sources.add(path.to_owned(), text.to_owned());
    let found = lists::read(text);
    for part in found.refused {
        let place = Place {
            file,
            span: part.span,
        };
        cx.push(Problem::error("C06", place, part.why).help("correct it or take the line out"));
    }
    for feed in found.feeds {
        let place = Place {
            file,
            span: feed.span.clone(),
        };
        draft.add_listed(feed, place);
    }
}
