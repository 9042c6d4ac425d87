//! Features: what an entry can have that rules are filed under, all in one row of numbers.
//!
//! Patterns come first, by their own numbers; then entities, classes, pieces of regexes and URLs, properties, and tests
//! that nothing can stand in for.

use std::collections::HashMap;
use std::ops::Range;

use super::super::rule::ast::Field;
use super::evaluate::Run;
use super::literals::{Literals, of_regex};
use super::node::{Expr, NodeId, Property};
use super::units::narrow;

/// Something an entry may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// A hit of a pattern.
    Pattern(u32),
    /// A name of an entity.
    Entity(u32),
    /// A name of a member.
    Class(u32),
    /// A piece of text without which a regex fails.
    Piece(u32),
    /// The same in the URL.
    UrlPiece(u32),
    /// A property.
    Property(NodeId),
    /// An expression that must be tried on every entry.
    Test(NodeId),
}

/// The numbers of all features of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Features {
    patterns: u32,
    entities: u32,
    classes: u32,
    pub pieces: Literals,
    pub url_pieces: Literals,
    /// The pieces of each expression that has any, within `pieces` or `url_pieces`.
    by_node: HashMap<NodeId, Vec<u32>>,
    properties: Vec<NodeId>,
    property_ids: HashMap<(Field, String), u32>,
    /// Expressions to be tried on every entry.
    pub tests: Vec<NodeId>,
}

impl Features {
    /// Numbers everything that the expressions of a set speak of.
    pub(crate) fn new(sizes: [usize; 3], exprs: &[Expr], regexes: &[String]) -> Self {
        let [patterns, entities, classes] = sizes.map(narrow);
        let mut out = Self {
            patterns,
            entities,
            classes,
            ..Self::default()
        };
        let (mut pieces, mut url_pieces) = (Numbered::default(), Numbered::default());
        for (node, expr) in exprs.iter().enumerate() {
            let node = narrow(node);
            let found = match expr {
                Expr::Property(Property { field, value }) => {
                    let id = narrow(out.properties.len());
                    out.properties.push(node);
                    out.property_ids.insert((*field, value.clone()), id);
                    continue;
                }
                Expr::Regex(regex, _) => of_regex(&regexes[*regex as usize])
                    .map(|texts| texts.into_iter().map(|text| pieces.id(text)).collect()),
                Expr::UrlRegex(regex) => of_regex(&regexes[*regex as usize])
                    .map(|texts| texts.into_iter().map(|text| url_pieces.id(text)).collect()),
                Expr::Url(text) => Some(vec![url_pieces.id(super::literals::plain_letters(text))]),
                _ => continue,
            };
            match found {
                Some(ids) => drop(out.by_node.insert(node, ids)),
                None => out.tests.push(node),
            }
        }
        out.pieces = Literals::new(pieces.list);
        out.url_pieces = Literals::new(url_pieces.list);
        out
    }

    /// Where the features after the patterns begin, and where all end.
    fn starts(&self) -> [u32; 7] {
        let mut at = self.patterns;
        let mut next = |count: usize| {
            let from = at;
            at += narrow(count);
            from
        };
        [
            next(self.entities as usize),
            next(self.classes as usize),
            next(self.pieces.len()),
            next(self.url_pieces.len()),
            next(self.properties.len()),
            next(self.tests.len()),
            next(0),
        ]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.starts()[6] as usize
    }

    pub(crate) fn entity(&self, entity: u32) -> u32 {
        self.starts()[0] + entity
    }

    pub(crate) fn class(&self, class: u32) -> u32 {
        self.starts()[1] + class
    }

    /// The features of a leaf that is no term and no name, one of which it needs.
    pub(crate) fn of_leaf(&self, node: NodeId, expr: &Expr) -> Vec<u32> {
        let [_, _, pieces, url_pieces, properties, tests, _] = self.starts();
        if let Expr::Property(Property { field, value }) = expr {
            let id = self.property_ids.get(&(*field, value.clone()));
            return id.map(|id| properties + id).into_iter().collect();
        }
        let from = if matches!(expr, Expr::Regex(..)) {
            pieces
        } else {
            url_pieces
        };
        if let Some(ids) = self.by_node.get(&node) {
            return ids.iter().map(|id| from + id).collect();
        }
        let at = self.tests.partition_point(|test| *test < node);
        vec![tests + narrow(at)]
    }

    /// The pieces of text one of which a regex needs; none where no piece is sure.
    pub(crate) fn pieces_of(&self, regex: NodeId) -> Option<Vec<String>> {
        let ids = self.by_node.get(&regex)?;
        Some(
            ids.iter()
                .map(|id| self.pieces.get(*id).to_owned())
                .collect(),
        )
    }

    /// The numbers of the tests.
    pub(crate) fn test_numbers(&self) -> Range<u32> {
        let [.., tests, end] = self.starts();
        tests..end
    }

    /// What a number means.
    pub(crate) fn get(&self, feature: u32) -> Feature {
        let [entities, classes, pieces, url_pieces, properties, tests, _] = self.starts();
        if feature < entities {
            Feature::Pattern(feature)
        } else if feature < classes {
            Feature::Entity(feature - entities)
        } else if feature < pieces {
            Feature::Class(feature - classes)
        } else if feature < url_pieces {
            Feature::Piece(feature - pieces)
        } else if feature < properties {
            Feature::UrlPiece(feature - url_pieces)
        } else if feature < tests {
            Feature::Property(self.properties[(feature - properties) as usize])
        } else {
            Feature::Test(self.tests[(feature - tests) as usize])
        }
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        let by_node: usize = self
            .by_node
            .values()
            .map(|ids| 64 + size_of_val(&**ids))
            .sum();
        let properties: usize = self
            .property_ids
            .keys()
            .map(|(_, value)| 72 + value.capacity())
            .sum();
        by_node
            + properties
            + self.pieces.memory()
            + self.url_pieces.memory()
            + size_of_val(&*self.properties)
            + size_of_val(&*self.tests)
    }
}

/// Texts that get numbers in the order they come.
#[derive(Default)]
struct Numbered {
    list: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Numbered {
    fn id(&mut self, text: String) -> u32 {
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = narrow(self.list.len());
        self.list.push(text.clone());
        self.ids.insert(text, id);
        id
    }
}

impl Run<'_, '_> {
    /// The features an entry has; some may come twice.
    pub(crate) fn features(&mut self) -> Vec<u32> {
        let mut out = Vec::with_capacity(self.hits.len() + 8);
        for hit in self.hits.iter() {
            if out.last() != Some(&hit.pattern) {
                out.push(hit.pattern);
            }
        }
        self.add_names(&mut out);
        self.add_pieces(&mut out);
        self.add_properties(&mut out);
        let set = self.set;
        let tests = set.features.starts()[5];
        for (at, test) in set.features.tests.iter().enumerate() {
            if self.holds(*test) {
                out.push(tests + narrow(at));
            }
        }
        out
    }

    /// Entities and classes behind the patterns among `out`.
    fn add_names(&self, out: &mut Vec<u32>) {
        if self.set.entities.is_empty() {
            return;
        }
        let mut entities: Vec<u32> = out
            .iter()
            .flat_map(|pattern| self.set.names_of(*pattern))
            .map(|(entity, _)| *entity)
            .collect();
        entities.sort_unstable();
        entities.dedup();
        for entity in entities {
            out.push(self.set.features.entity(entity));
            let classes = &self.set.entities[entity as usize].classes;
            out.extend(classes.iter().map(|class| self.set.features.class(*class)));
        }
    }

    fn add_pieces(&self, out: &mut Vec<u32>) {
        let features = &self.set.features;
        let [_, _, pieces, url_pieces, ..] = features.starts();
        let mut add = |from: u32, literals: &Literals, text: &str| {
            let mut found = Vec::new();
            literals.find(text, &mut found);
            found.sort_unstable();
            found.dedup();
            out.extend(found.into_iter().map(|id| from + id));
        };
        if features.pieces.len() > 0 {
            for zone in &self.text.zones {
                add(pieces, &features.pieces, &zone.text[..zone.limit]);
            }
        }
        if features.url_pieces.len() > 0
            && let Some(url) = self.subject.url
        {
            add(url_pieces, &features.url_pieces, url);
        }
    }

    fn add_properties(&self, out: &mut Vec<u32>) {
        let features = &self.set.features;
        if features.properties.is_empty() {
            return;
        }
        let from = features.starts()[4];
        let mut add = |field: Field, value: &str| {
            let id = features.property_ids.get(&(field, value.to_owned()));
            out.extend(id.map(|id| from + id));
        };
        let subject = self.subject;
        if let Some(feed) = subject.feed {
            add(Field::Feed, feed);
        }
        for tag in subject.tags {
            add(Field::Tag, tag);
        }
        if let Some(language) = subject.language {
            let language = language.replace('_', "-").to_ascii_lowercase();
            for end in ends(&language, '-') {
                add(Field::Lang, &language[end]);
            }
        }
        if let Some(host) = self.host() {
            let starts = host.match_indices('.').map(|(at, _)| at + 1);
            for start in std::iter::once(0).chain(starts) {
                add(Field::Host, &host[start..]);
            }
        }
    }
}

/// The beginnings of a text that end before a sign, and the whole.
fn ends(text: &str, sign: char) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(sign)
        .map(|(at, _)| 0..at)
        .chain(std::iter::once(0..text.len()))
}
