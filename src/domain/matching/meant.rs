//! What was meant by a name that is nothing, and by a word that stands where a value was meant.
//!
//! Looks at names, tags and feeds as defined; what a query means as it stands is in `query`.

use super::super::id::FeedId;
use super::super::rule::ast::{Field, Kind, Node};
use super::super::rule::diagnostic::Diagnostic;
use super::super::rule::doubts::property;
use super::super::rule::suggest::nearest;
use super::probe::small_letters;
use super::query::Query;

/// What stands before the names of entities, classes and macros, the code where one is unknown, and what it is called.
const SIGILS: [(char, &str, &str); 3] = [
    ('@', "E30", "entity"),
    ('#', "E31", "class"),
    ('$', "E32", "macro"),
];

impl Query<'_, '_> {
    pub(super) fn unknown(&mut self, node: &Node, sigil: char, name: &str) {
        let (_, code, what) = SIGILS
            .into_iter()
            .find(|(one, ..)| *one == sigil)
            .unwrap_or(SIGILS[0]);
        let help = self
            .name_meant(node, sigil, name)
            .unwrap_or_else(|| match sigil {
                '#' => format!(
                    "give it to an entity: classes = [\"{name}\"], or leave `#` out for the word"
                ),
                '$' if is_amount(name) => format!("define it, or quote an amount: \"${name}\""),
                _ => format!("define it, or leave `{sigil}` out for the word"),
            });
        let message = format!("unknown {what} {sigil}{name}");
        self.error(code, &node.span, &message, &help);
    }

    /// The name that was meant: the same behind another sigil before a like one behind this, and before a like one
    /// behind another.
    fn name_meant(&self, node: &Node, sigil: char, name: &str) -> Option<String> {
        let is_entity = sigil == '@';
        let whole = is_entity.then(|| self.compiler.entity_meant(self.source, &node.span));
        if let Some(id) = whole.flatten() {
            return Some(format!("write @{id}, since an id is one word"));
        }
        let others = || SIGILS.into_iter().filter(|(other, ..)| *other != sigil);
        if let Some((other, ..)) = others().find(|(other, ..)| self.is_named(*other, name)) {
            return Some(format!("did you mean {other}{name}?"));
        }
        if let Some(id) = is_entity.then(|| self.entity_called(name)).flatten() {
            return Some(format!("write @{id}, of which this is a name"));
        }
        if let Some(near) = self.near_name(sigil, name) {
            return Some(format!("did you mean {sigil}{near}?"));
        }
        if is_amount(name) {
            return None;
        }
        others().find_map(|(other, ..)| {
            let near = self.near_name(other, name)?;
            Some(format!("did you mean {other}{near}?"))
        })
    }

    fn is_named(&self, sigil: char, name: &str) -> bool {
        match sigil {
            '@' => self.compiler.entity(name).is_some(),
            '#' => self.compiler.class(name).is_some(),
            _ => self.compiler.macro_names().any(|one| one == name),
        }
    }

    fn near_name(&self, sigil: char, name: &str) -> Option<&str> {
        match sigil {
            '@' => nearest(name, self.compiler.entity_names()),
            '#' => nearest(name, self.compiler.class_names()),
            _ => nearest(name, self.compiler.macro_names()),
        }
    }

    /// The entity of which this is a name; `-` and `_` stand for blanks, which an id cannot hold.
    fn entity_called(&self, name: &str) -> Option<&str> {
        let wanted = small_letters(&name.replace(['-', '_'], " "));
        let is_it = |text: &String| small_letters(text).replace(['-', '_'], " ") == wanted;
        let entities = &self.compiler.definitions.entities;
        entities.iter().find_map(|entity| {
            entity
                .names()
                .any(is_it)
                .then_some(entity.id.as_ref()?.as_str())
        })
    }
}

/// `$6bn`: no name begins so.
fn is_amount(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
}

/// W39: `lang:ko OR ja`, where the second is a word that was meant as a value. Told once for the words of a row.
pub(super) fn bare_values(feeds: &[(FeedId, Vec<String>)], parts: &[Node]) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        at += 1;
        let Some((field, mut values)) = valued(last(part)) else {
            continue;
        };
        let mut bare = Vec::new();
        let mut span = None;
        while let Some((word, node)) = parts
            .get(at)
            .and_then(|next| value(first(next), field, feeds))
        {
            bare.push(word);
            span.get_or_insert_with(|| node.span.clone()).end = node.span.end;
            at += 1;
            // What is joined by AND to it is not of the row.
            if !matches!(parts[at - 1].kind, Kind::Term(_)) {
                break;
            }
        }
        let Some(span) = span else { continue };
        let name = field.as_str();
        let message = match bare.as_slice() {
            [word] => format!("`{word}` is looked for as a word: `{name}:` ends before OR"),
            _ => format!("these are looked for as words: `{name}:` ends before OR"),
        };
        values.append(&mut bare);
        let help = format!("write {name}:({})", values.join(" OR "));
        out.push(Diagnostic::warning("W39", span, message).help(help));
    }
    out
}

/// The field and the values of `lang:ko`, of `lang:(ko OR ja)`.
fn valued(node: &Node) -> Option<(Field, Vec<&str>)> {
    if let Some((field, value)) = property(node) {
        return Some((field, vec![value]));
    }
    let Kind::Field(field, inner) = &node.kind else {
        return None;
    };
    let Kind::Or(parts) = &inner.kind else {
        return None;
    };
    let words = parts.iter().map(|part| match &part.kind {
        Kind::Term(word) => Some(word.as_str()),
        _ => None,
    });
    field
        .is_property()
        .then_some((*field, words.collect::<Option<_>>()?))
}

/// The word, where it is a value of the field.
fn value<'n>(
    node: &'n Node,
    field: Field,
    feeds: &[(FeedId, Vec<String>)],
) -> Option<(&'n str, &'n Node)> {
    let Kind::Term(word) = &node.kind else {
        return None;
    };
    let is_value = match field {
        Field::Lang => is_language(word),
        Field::Tag => feeds.iter().any(|(_, tags)| tags.contains(word)),
        Field::Feed => feeds.iter().any(|(id, _)| id.as_str() == word),
        _ => false,
    };
    is_value.then_some((word.as_str(), node))
}

/// The part of an AND without brackets, or of a NOT, that stands last.
fn last(node: &Node) -> &Node {
    match &node.kind {
        Kind::And(parts) if is_open(node, parts) => parts.last().map_or(node, last),
        Kind::Not(inner) => last(inner),
        _ => node,
    }
}

fn first(node: &Node) -> &Node {
    match &node.kind {
        Kind::And(parts) if is_open(node, parts) => parts.first().map_or(node, first),
        _ => node,
    }
}

/// No brackets stand around the parts.
fn is_open(node: &Node, parts: &[Node]) -> bool {
    parts
        .first()
        .is_some_and(|part| part.span.start == node.span.start)
}

/// Whether a word is the code of a language, alone or with a script or a country behind it.
fn is_language(word: &str) -> bool {
    let code = word.split(['-', '_']).next().unwrap_or_default();
    code.len() == 2 && CODES.split(' ').any(|known| known == code)
}

/// Languages that are published in, by the codes of ISO 639-1.
const CODES: &str = "af am ar az be bg bn bs ca cs cy da de dz el en es et eu fa fi fo fr ga gl gu ha he hi hr hu \
    hy id ig is it ja ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro \
    ru rw sd si sk sl so sq sr sv sw ta te tg th ti tk tl tr tt ug uk ur uz vi xh yo zh zu";
