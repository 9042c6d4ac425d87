//! Doubts about the names of entities that people may want to hear when they ask: names inside other names, names
//! that are common words, spellings that are missing.
//!
//! For `entities lint`. Many are meant as they are, so `check` does not tell them.

use std::collections::{BTreeMap, HashSet};

use super::super::id::EntityId;
use super::super::rule::diagnostic::Diagnostic;
use super::super::rule::{Definitions, Entity, is_verbal_noun};
use super::script::{self, kind_of};
use super::{AliasList, Place, Problem, RuleSet, Subject};

mod words;

/// A name of an entity and where it stands.
type Name<'d> = (AliasList, usize, &'d str);

/// Everything doubtful about the names of all entities, in their order. `set` is what `definitions` compile to.
#[must_use]
pub fn name_doubts(set: &RuleSet, definitions: &Definitions) -> Vec<Problem> {
    let all: HashSet<&str> = definitions
        .entities
        .iter()
        .flat_map(names)
        .map(|(.., text)| text)
        .collect();
    let mut out = Vec::new();
    for (index, entity) in definitions.entities.iter().enumerate() {
        out.extend(inside(set, index, entity));
        let own: HashSet<&str> = names(entity).map(|(.., text)| text).collect();
        for (list, at, text) in names(entity) {
            let found = [
                folded(entity, list, text),
                common(entity, text),
                other_form(&own, text),
                joined(&all, &own, text),
                short(entity, text),
            ];
            let place = Place::EntityAlias(index, list, at);
            out.extend(
                found
                    .into_iter()
                    .flatten()
                    .map(|(code, message, help)| Problem {
                        place,
                        diagnostic: Diagnostic::warning(code, 0..text.len(), message).help(help),
                    }),
            );
        }
    }
    out
}

/// Code, message, help.
type Doubt = Option<(&'static str, String, String)>;

/// Each name once; what is ambiguous and stands in another list too stands there.
fn names(entity: &Entity) -> impl Iterator<Item = Name<'_>> {
    let name = std::iter::once((AliasList::Name, 0, entity.name.as_str()));
    let is_exact = entity.exact.contains(&entity.name);
    let known = |text: &String| {
        *text == entity.name || entity.aliases.contains(text) || entity.exact.contains(text)
    };
    name.filter(move |(.., text)| !text.is_empty() && !is_exact)
        .chain(numbered(AliasList::Aliases, &entity.aliases))
        .chain(numbered(AliasList::Exact, &entity.exact))
        .chain(
            numbered(AliasList::Ambiguous, &entity.ambiguous)
                .filter(move |(_, at, _)| !known(&entity.ambiguous[*at])),
        )
}

fn numbered(list: AliasList, texts: &[String]) -> impl Iterator<Item = Name<'_>> {
    texts
        .iter()
        .enumerate()
        .map(move |(at, text)| (list, at, text.as_str()))
}

/// Whether a name counts only in context.
fn is_ambiguous(entity: &Entity, text: &str) -> bool {
    let small = text.to_lowercase();
    let mut ambiguous = entity.ambiguous.iter();
    ambiguous.any(|other| other == text || other.to_lowercase() == small)
}

/// W29: another entity is mentioned inside a name; told of each other entity once, at the first such name.
fn inside(set: &RuleSet, index: usize, entity: &Entity) -> Vec<Problem> {
    let mut found: BTreeMap<EntityId, (Name<'_>, String, u32)> = BTreeMap::new();
    for name in names(entity) {
        let text = name.2.trim_end_matches('*');
        let subject = Subject {
            title: text,
            ..Subject::default()
        };
        let others: BTreeMap<EntityId, String> = set
            .mentions(&subject)
            .into_iter()
            .filter(|mention| Some(&mention.entity) != entity.id.as_ref())
            .filter(|mention| mention.evidence.text.len() < text.len())
            .map(|mention| (mention.entity, mention.evidence.text.into()))
            .collect();
        for (id, part) in others {
            found.entry(id).or_insert((name, part, 0)).2 += 1;
        }
    }
    let told = found.into_iter().map(|(id, ((list, at, text), part, count))| {
        let more = match count {
            1 => String::new(),
            _ => format!("; so it is in {count} names of this entity"),
        };
        let message = format!("`{part}` in it is a name of @{id}, mentioned wherever this stands{more}");
        let help = format!("if that is not meant, give both a class in common, or put the longer names into `not_in` of @{id}");
        Problem {
            place: Place::EntityAlias(index, list, at),
            diagnostic: Diagnostic::warning("W29", 0..text.len(), message).help(help),
        }
    });
    told.collect()
}

/// W30: capitals that are matched as a small word too.
fn folded(entity: &Entity, list: AliasList, text: &str) -> Doubt {
    let is_short = (2..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_uppercase());
    let is_folded = matches!(
        list,
        AliasList::Aliases | AliasList::Ambiguous | AliasList::Name
    );
    if !is_short || !is_folded || is_ambiguous(entity, text) {
        return None;
    }
    Some((
        "W30",
        format!(
            "`{text}` also finds `{}`: names in this list are folded",
            text.to_lowercase()
        ),
        "put it into `exact`".to_owned(),
    ))
}

/// W30: an ordinary word.
fn common(entity: &Entity, text: &str) -> Doubt {
    if is_ambiguous(entity, text) {
        return None;
    }
    let small = text.to_lowercase();
    let is_exact = entity.exact.iter().any(|exact| exact == text);
    let meaning = words::KOREAN.iter().find(|(word, _)| *word == small);
    let meaning = if let Some((_, meaning)) = meaning {
        format!(" ({meaning})")
    } else if is_verbal_noun(&small) || !is_exact && words::ENGLISH.contains(&small.as_str()) {
        String::new()
    } else {
        return None;
    };
    Some((
        "W30",
        format!("`{text}` is an ordinary word too{meaning}"),
        "list it in `ambiguous`, with a context".to_owned(),
    ))
}

/// W31: Han in one form only.
fn other_form(own: &HashSet<&str>, text: &str) -> Doubt {
    if !words::is_han(text) || words::is_japanese(text) {
        return None;
    }
    let forms = [words::traditional(text), words::simplified(text)];
    let missing = forms
        .iter()
        .find(|form| *form != text && !own.contains(form.as_str()))?;
    Some((
        "W31",
        format!("`{missing}`, the same in other Han forms, is no name of the entity"),
        "add it: forms of Han characters are not folded".to_owned(),
    ))
}

/// W14: Hangul written in one piece though a part of it is a name, so that the spelling with a space is missed.
fn joined(all: &HashSet<&str>, own: &HashSet<&str>, text: &str) -> Doubt {
    if !text
        .chars()
        .all(|c| kind_of(c) == Some(script::Kind::Hangul))
    {
        return None;
    }
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let inner = cuts
        .get(2..cuts.len().saturating_sub(1))
        .unwrap_or_default();
    inner.iter().find_map(|&at| {
        let (left, right) = text.split_at(at);
        let spaced = format!("{left} {right}");
        let is_cut = all.contains(left) || all.contains(right);
        (is_cut && !own.contains(spaced.as_str())).then(|| {
            (
                "W14",
                format!("`{text}` does not find `{spaced}`, and a part of it is a name"),
                format!("write `{spaced}`: it finds both spellings"),
            )
        })
    })
}

/// W04: one syllable or letter.
fn short(entity: &Entity, text: &str) -> Doubt {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    let (one, None) = (letters.next()?, letters.next()) else {
        return None;
    };
    let kind = kind_of(one)?;
    if kind == script::Kind::Dense || is_ambiguous(entity, text) {
        return None;
    }
    Some((
        "W04",
        format!("`{text}` is short and will match much"),
        "list it in `ambiguous`, with a context".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(id: &str, name: &str, class: &str, aliases: &str) -> Entity {
        let aliases = aliases.split('|').filter(|one| !one.is_empty());
        Entity {
            id: Some(id.into()),
            name: name.to_owned(),
            classes: vec![class.to_owned()],
            aliases: aliases.map(str::to_owned).collect(),
            ..Entity::default()
        }
    }

    fn doubts(entities: Vec<Entity>) -> Vec<(usize, AliasList, usize, &'static str)> {
        let definitions = Definitions {
            entities,
            ..Definitions::default()
        };
        let (set, _) = RuleSet::compile(&definitions);
        let found = name_doubts(&set, &definitions);
        found
            .into_iter()
            .map(|one| match one.place {
                Place::EntityAlias(index, list, at) => (index, list, at, one.diagnostic.code),
                place => panic!("{place:?}"),
            })
            .collect()
    }

    #[test]
    fn a_name_inside_a_name_of_another_class_is_told() {
        let land = || entity("land", "Norland", "country", "");
        let firm = |classes: &str| entity("firm", "Firm Works", classes, "Firm Norland Branch");
        assert_eq!(
            doubts(vec![land(), firm("maker")]),
            [(1, AliasList::Aliases, 0, "W29")]
        );
        let twice = Entity {
            exact: vec!["Norland Firm".to_owned()],
            ..firm("maker")
        };
        assert_eq!(
            doubts(vec![land(), twice]),
            [(1, AliasList::Aliases, 0, "W29")],
            "once for each other entity"
        );
        assert_eq!(
            doubts(vec![land(), firm("country")]),
            [],
            "the longer one wins"
        );
        let blocked = Entity {
            not_in: vec!["Firm Norland Branch".to_owned()],
            ..land()
        };
        assert_eq!(doubts(vec![blocked, firm("maker")]), []);
    }

    #[test]
    fn single_names_are_looked_at() {
        let with = |aliases: &str, ambiguous: &str, exact: &str| {
            let list = |text: &str| -> Vec<String> {
                text.split('|')
                    .filter(|one| !one.is_empty())
                    .map(str::to_owned)
                    .collect()
            };
            let one = Entity {
                ambiguous: list(ambiguous),
                exact: list(exact),
                ..entity("one", "Onewordia", "maker", aliases)
            };
            let found = doubts(vec![one]);
            found
                .into_iter()
                .map(|(_, list, at, code)| (list, at, code))
                .collect::<Vec<_>>()
        };
        let alias = |code| vec![(AliasList::Aliases, 0, code)];
        assert_eq!(with("KAI", "", ""), alias("W30"));
        assert_eq!(with("", "", "KAI"), []);
        assert_eq!(with("KAI", "KAI", ""), []);
        assert_eq!(with("Target", "", ""), alias("W30"));
        assert_eq!(
            with("", "", "Target"),
            [],
            "a capital tells it from the word"
        );
        assert_eq!(with("인도", "", ""), alias("W30"));
        assert_eq!(with("", "인도", ""), []);
        assert_eq!(with("韩国", "", ""), alias("W31"));
        assert_eq!(with("韩国|韓國", "", ""), []);
        assert_eq!(with("日本", "", ""), []);
        assert_eq!(
            with("韓国軍総司令", "", ""),
            [],
            "a Japanese spelling stands for itself"
        );
        assert_eq!(with("함", "", ""), alias("W04"));
        assert_eq!(with("한빛조선소", "", ""), []);
        assert_eq!(with("한빛조선소|조선소", "", ""), alias("W14"));
        assert_eq!(with("한빛 조선소|조선소|한빛조선소", "", ""), []);
    }
}
