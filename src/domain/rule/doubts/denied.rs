//! Exclusions that take too much: what is denied is part of what is asked for, or the other way round.

use std::collections::{BTreeMap, HashMap};

use super::super::ast::{Field, Kind, Node};
use super::super::chars::{Script, script};
use super::super::diagnostic::{Diagnostic, Findings};
use super::super::lint::same_text;

/// Phrases that are asked for and looked into for what is denied.
const PHRASES: usize = 50;

/// `Hanwha NOT "Hanwha Eagles"` denies entries that speak of both; `tanks NOT tank*` denies them all.
pub(super) fn too_much(parts: &[Node], found: &mut Findings) {
    let denied: Vec<&Node> = parts
        .iter()
        .filter_map(|part| match &part.kind {
            Kind::Not(inner) => Some(alternatives(inner)),
            _ => None,
        })
        .flatten()
        .collect();
    if denied.is_empty() {
        return;
    }
    let (mut any, mut each) = (Terms::default(), Terms::default());
    let mut asked = HashMap::new();
    let mut phrases = Vec::new();
    for part in parts {
        for one in alternatives(part) {
            any.add(one);
        }
        if let (Some(texts), inner) = fielded(part) {
            each.add(inner);
            asked.entry(same_text(inner)).or_insert((texts, part));
            if matches!(inner.kind, Kind::Phrase(..)) && phrases.len() < PHRASES {
                phrases.push((texts, part));
            }
        }
    }
    for denied in denied {
        wholly(denied, &asked, &phrases, found);
        match &denied.kind {
            Kind::Phrase(text, None) => phrase(text, denied, &any, found),
            Kind::Term(stem) => covered(stem, denied, &each, found),
            _ => {}
        }
    }
}

/// Texts that `title:` and its like look at, as bits of title, first paragraph and the rest; none for other fields.
fn fielded(node: &Node) -> (Option<u8>, &Node) {
    match &node.kind {
        Kind::Field(field, inner) => {
            let texts = match field {
                Field::Title => Some(1),
                Field::Lead => Some(3),
                Field::Body => Some(6),
                Field::Text => Some(7),
                _ => None,
            };
            (texts, inner)
        }
        Kind::Not(_) => (None, node),
        _ => (Some(7), node),
    }
}

/// `title:radar NOT radar`: where the title holds it, the text does; `"radar station" NOT radar`, and
/// `radar station NOT (radar station)`. What is written alike is told as an error.
fn wholly(
    denied: &Node,
    asked: &HashMap<String, (u8, &Node)>,
    phrases: &[(u8, &Node)],
    found: &mut Findings,
) {
    let (Some(texts), inner) = fielded(denied) else {
        return;
    };
    let covered = |(wanted, _): &&(u8, &Node)| wanted & !texts == 0;
    let known = |part: &Node| asked.get(&same_text(part)).filter(covered);
    let part = if let Kind::And(parts) = &inner.kind {
        let mut all = parts.iter().map(known);
        let first = all.next().flatten();
        first.filter(|_| all.all(|one| one.is_some()))
    } else {
        let mut longer = phrases.iter().filter(covered);
        known(inner).or_else(|| longer.find(|one| holds(one.1, inner)))
    };
    let Some((_, part)) = part.filter(|(_, part)| same_text(denied) != same_text(part)) else {
        return;
    };
    // `K9 howitzer` stands in `K9howitzer` too, where K9 is no word.
    let never = match inner.kind {
        Kind::Term(_) if same_text(inner) != same_text(fielded(part).1) => "hardly ever",
        _ => "never",
    };
    let message = format!("this denies all that the query asks for, so it {never} matches");
    found.push(
        Diagnostic::warning("W03", denied.span.clone(), message)
            .help("leave one of the two out, or write the field before the one that is not wanted")
            .related(part.span.clone(), "asked for here"),
    );
}

/// Whether a phrase that is asked for has the denied term among its words: as a word of its own wherever the phrase
/// stands, which Hangul, and letters before a number, need not be.
fn holds(asked: &Node, denied: &Node) -> bool {
    let (_, asked) = fielded(asked);
    let (Kind::Phrase(phrase, _), Kind::Term(term)) = (&asked.kind, &denied.kind) else {
        return false;
    };
    let spaced = |text: &str| {
        text.chars().all(|c| {
            let spaced = matches!(
                script(c),
                Some(Script::Latin | Script::Cyrillic | Script::Greek)
            );
            spaced || !c.is_alphabetic()
        })
    };
    let is_digit = |c: Option<char>| c.is_some_and(char::is_numeric);
    let all: Vec<&str> = words(phrase).collect();
    let joint = |left: &str, right: &str| {
        !is_digit(left.chars().next_back()) && is_digit(right.chars().next())
    };
    spaced(phrase)
        && words(term).count() == 1
        && all.iter().enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).map(|at| all[at]);
            let joined = before.is_some_and(|before| joint(before, word))
                || all.get(at + 1).is_some_and(|next| joint(word, next));
            !joined && fits(word, term)
        })
}

/// The parts of an OR, or the node alone.
fn alternatives(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::Or(list) => list,
        _ => std::slice::from_ref(node),
    }
}

/// Terms that are asked for, by their small letters; sorted, so that a stem finds what begins with it.
#[derive(Default)]
struct Terms<'n>(BTreeMap<String, (&'n str, &'n Node)>);

impl<'n> Terms<'n> {
    fn add(&mut self, node: &'n Node) {
        if let Kind::Term(word) = &node.kind {
            self.0.entry(word.to_lowercase()).or_insert((word, node));
        }
    }

    /// The term that finds this word.
    fn finding(&self, word: &str) -> Option<&'n str> {
        let small = word.to_lowercase();
        let stems = small.char_indices().map(|(at, c)| at + c.len_utf8());
        let mut spellings =
            std::iter::once(small.clone()).chain(stems.map(|end| format!("{}*", &small[..end])));
        let found = spellings.find_map(|spelling| self.0.get(&spelling));
        found.map(|(term, _)| *term)
    }

    /// A term that begins with this stem and is not the stem itself.
    fn beginning(&self, stem: &str) -> Option<&'n Node> {
        let small = stem.to_lowercase();
        let mut from = self.0.range(small.clone()..);
        let longer = from.find(|(term, _)| **term != format!("{small}*"))?;
        longer.0.starts_with(&small).then_some(longer.1.1)
    }
}

/// A phrase that is denied and holds a term that is asked for, and more.
fn phrase(text: &str, denied: &Node, wanted: &Terms<'_>, found: &mut Findings) {
    let Some(term) = words(text).find_map(|word| wanted.finding(word)) else {
        return;
    };
    let rest: Vec<&str> = words(text).filter(|word| !fits(word, term)).collect();
    if rest.is_empty() {
        return;
    }
    let message = format!(
        "this denies every entry that holds it, also those that speak of `{term}` elsewhere"
    );
    let help = format!(
        "write {term} NOT NEAR/0 {} to leave out only those places, or not_in of an entity",
        quoted(&rest)
    );
    found.push(Diagnostic::warning("W27", denied.span.clone(), message).help(help));
}

/// A denied stem that covers what is asked for.
fn covered(stem: &str, denied: &Node, asked: &Terms<'_>, found: &mut Findings) {
    let stem = stem
        .strip_suffix('*')
        .filter(|stem| words(stem).eq([*stem]));
    let Some(asked) = stem.and_then(|stem| asked.beginning(stem)) else {
        return;
    };
    let message = "this denies all that the query asks for, so it never matches";
    found.push(
        Diagnostic::warning("W03", denied.span.clone(), message)
            .help("leave one of the two out, or write which words are not wanted")
            .related(asked.span.clone(), "asked for here"),
    );
}

fn fits(word: &str, term: &str) -> bool {
    let (word, term) = (word.to_lowercase(), term.to_lowercase());
    match term.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => word == term,
    }
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '*' && c != '?')
        .filter(|word| !word.is_empty())
}

fn quoted(words: &[&str]) -> String {
    match words {
        [one] => (*one).to_owned(),
        _ => format!("\"{}\"", words.join(" ")),
    }
}
