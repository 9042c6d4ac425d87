//! Doubts about rules beside one another and beside their filters: two that ask the same, a filter by language
//! that no term can meet.
//!
//! Only warnings; what makes a rule unusable is in `check`.

use std::collections::HashMap;

use super::super::id::FeedId;
use super::super::rule::ast::{Field, Kind, Node};
use super::super::rule::diagnostic::Diagnostic;
use super::super::rule::doubts::{property, slip};
use super::super::rule::parser::children;
use super::super::rule::{Definitions, FeedSelector, Rule, parse};
use super::check::Likeness;
use super::compile::Compiler;
use super::node::NodeId;
use super::script::{self, kind_of};
use super::set::RulePlan;
use super::{Place, Problem, RuleSet};

/// Looks at the rules that are matched.
pub(super) fn rules(compiler: &mut Compiler<'_>, plans: &[RulePlan]) {
    let definitions = compiler.definitions;
    let mut seen: HashMap<u64, Vec<(NodeId, &Rule)>> = HashMap::new();
    let mut likeness = Likeness::default();
    for (index, (rule, plan)) in definitions.rules.iter().zip(plans).enumerate() {
        let Some(clause) = plan.clause.as_ref().filter(|_| rule.enabled) else {
            continue;
        };
        let place = Place::RuleQuery(index);
        let same = seen.entry(likeness.of(compiler, clause.node)).or_default();
        let first = same.iter().find(|(node, other)| {
            filters_equal(other, rule) && compiler.mean_the_same(*node, clause.node)
        });
        if let Some((_, first)) = first {
            let message = format!("the rule `{}` asks for the same", first.id);
            let help = "leave one out, or give them different feeds or languages";
            let diagnostic = Diagnostic::warning("W26", clause.span(), message).help(help);
            compiler.report(place, diagnostic);
        } else {
            same.push((clause.node, rule));
        }
        for diagnostic in filter(rule, &definitions.feeds) {
            compiler.report(place, diagnostic);
        }
    }
}

fn filters_equal(one: &Rule, other: &Rule) -> bool {
    one.feeds == other.feeds && one.languages == other.languages
}

impl RuleSet {
    /// E34 where it is known that there are no feeds at all. Compiling alone takes an empty list for one that nobody
    /// knows, so that a query can be tried without a config.
    #[must_use]
    pub fn feeds_of_none(definitions: &Definitions) -> Vec<Problem> {
        let rules = definitions.rules.iter().enumerate();
        let rules = rules.map(|(at, rule)| (Place::RuleQuery(at), rule.query.as_str()));
        let macros = definitions.macros.iter().enumerate();
        let macros = macros.map(|(at, one)| (Place::MacroQuery(at), one.query.as_str()));
        let contexts = definitions.entities.iter().enumerate();
        let contexts = contexts
            .filter_map(|(at, one)| Some((Place::EntityContext(at), one.context.as_deref()?)));
        let mut out = Vec::new();
        for (place, text) in macros.chain(contexts).chain(rules) {
            if let Some(tree) = text.contains("feed").then(|| parse(text).0).flatten() {
                feeds_in(&tree, &mut |node| {
                    let message = "there are no feeds, so this one is unknown".to_owned();
                    let diagnostic = Diagnostic::error("E34", node.span.clone(), message)
                        .help("define the feed, or leave this out");
                    out.push(Problem { place, diagnostic });
                });
            }
        }
        out
    }
}

fn feeds_in(node: &Node, found: &mut impl FnMut(&Node)) {
    if let Kind::Field(Field::Feed, value) = &node.kind {
        return found(value);
    }
    for child in children(node) {
        feeds_in(child, found);
    }
}

/// W16: what the rule asks and what its `languages` and `feeds` let through.
fn filter(rule: &Rule, feeds: &[Feed]) -> Vec<Diagnostic> {
    let Some(tree) = parse(&rule.query).0 else {
        return Vec::new();
    };
    let mut out = tongues(&tree);
    out.extend(shut_out(rule, &tree, feeds));
    if rule.languages.is_empty() {
        return out;
    }
    let listed = rule.languages.join(", ");
    for language in &rule.languages {
        if let Some(right) = slip(language) {
            let message = format!("the rule looks at language `{language}`, which no entry has");
            let help = format!("write languages = [\"{right}\"]");
            out.push(Diagnostic::warning("W16", tree.span.clone(), message).help(help));
        }
    }
    for part in conjuncts(&tree) {
        let Some((Field::Lang, value)) = property(part) else {
            continue;
        };
        if !rule
            .languages
            .iter()
            .any(|one| primary(one) == primary(value))
        {
            let message =
                format!("the rule looks at {listed} alone, so it never matches lang:{value}");
            let help = "change `languages` of the rule, or leave this out";
            out.push(Diagnostic::warning("W16", part.span.clone(), message).help(help));
        }
    }
    if needs_hangul(&tree) && !rule.languages.iter().any(|one| primary(one) == "ko") {
        let message =
            format!("this needs Hangul in the text, and the rule looks at {listed} alone");
        let help = "change `languages` of the rule, or add terms in those languages";
        out.push(Diagnostic::warning("W16", tree.span.clone(), message).help(help));
    }
    out
}

/// A feed and its tags.
type Feed = (FeedId, Vec<String>);

/// `feed:x` and `tag:y` of feeds that the rule's own `feeds` let nothing through of.
fn shut_out(rule: &Rule, tree: &Node, feeds: &[Feed]) -> Vec<Diagnostic> {
    if rule.feeds.is_empty() {
        return Vec::new();
    }
    let has = |(_, tags): &Feed, tag: &str| tags.iter().any(|own| own == tag);
    let is_of = |id: &str, tag: &str| {
        let feed = feeds.iter().find(|(own, _)| own.as_str() == id);
        feed.is_none_or(|feed| has(feed, tag))
    };
    let admitted = |id: &str| {
        rule.feeds.iter().any(|selector| match selector {
            FeedSelector::Feed(own) => own.as_str() == id,
            FeedSelector::Tag(tag) => is_of(id, tag),
        })
    };
    // What tags a feed has is known of those that are defined.
    let tagged = |wanted: &str| {
        rule.feeds.iter().any(|selector| match selector {
            FeedSelector::Feed(id) => is_of(id.as_str(), wanted),
            FeedSelector::Tag(tag) => {
                let mut of_it = feeds.iter().filter(|feed| has(feed, tag));
                tag == wanted || feeds.is_empty() || of_it.any(|feed| has(feed, wanted))
            }
        })
    };
    let listed: Vec<String> = rule.feeds.iter().map(ToString::to_string).collect();
    let listed = listed.join(", ");
    let mut out = Vec::new();
    for part in conjuncts(tree) {
        for (field, name, passes) in [
            (Field::Feed, "feed", &admitted as &dyn Fn(&str) -> bool),
            (Field::Tag, "tag", &tagged),
        ] {
            let values = values(part, field);
            if values.is_empty() || values.iter().any(|value| passes(value)) {
                continue;
            }
            let values = values.join(", ");
            let message =
                format!("the rule looks at {listed} alone, so it never matches {name}:{values}");
            let help = "change `feeds` of the rule, or leave this out";
            out.push(Diagnostic::warning("W16", part.span.clone(), message).help(help));
        }
    }
    out
}

/// `lang:en 한화`: parts of one list that ask for a language, and for letters that it is not written in.
fn tongues(node: &Node) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if let Kind::And(parts) = &node.kind {
        let asked = parts.iter().find(|part| !languages(part).is_empty());
        let asked = asked.filter(|part| languages(part).iter().all(|tag| primary(tag) != "ko"));
        let korean = parts.iter().find(|part| needs_hangul(part));
        if let (Some(asked), Some(korean)) = (asked, korean) {
            let listed = languages(asked).join(", ");
            let message =
                format!("this needs Hangul in the text, and the query looks at {listed} alone");
            let help = "leave out the language, or add terms in it";
            out.push(
                Diagnostic::warning("W16", korean.span.clone(), message)
                    .help(help)
                    .related(asked.span.clone(), "asked for here"),
            );
        }
    }
    for child in children(node) {
        out.extend(tongues(child));
    }
    out
}

/// The languages that a part asks for.
fn languages(part: &Node) -> Vec<&str> {
    values(part, Field::Lang)
}

/// The values that a part asks for: of `lang:en`, of `lang:(en OR pl)`.
fn values(part: &Node, wanted: Field) -> Vec<&str> {
    let Kind::Field(field, inner) = &part.kind else {
        return Vec::new();
    };
    if *field != wanted {
        return Vec::new();
    }
    let values = match &inner.kind {
        Kind::Or(values) => values.as_slice(),
        _ => std::slice::from_ref(&**inner),
    };
    values
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Term(text) | Kind::Phrase(text, None) | Kind::Verbatim(text) => {
                Some(text.as_str())
            }
            _ => None,
        })
        .collect()
}

fn primary(tag: &str) -> String {
    tag.split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn conjuncts(tree: &Node) -> Vec<&Node> {
    match &tree.kind {
        Kind::And(parts) => parts.iter().collect(),
        _ => vec![tree],
    }
}

/// Whether a text without Hangul can never match.
fn needs_hangul(node: &Node) -> bool {
    match &node.kind {
        Kind::Term(text) | Kind::Phrase(text, _) | Kind::Verbatim(text) => text
            .chars()
            .any(|c| kind_of(c) == Some(script::Kind::Hangul)),
        Kind::Or(parts) => parts.iter().all(needs_hangul),
        Kind::And(parts) => parts.iter().any(needs_hangul),
        Kind::AtLeastOf(count, parts) => {
            let others = parts.iter().filter(|part| !needs_hangul(part)).count();
            usize::try_from(*count).is_ok_and(|count| others < count)
        }
        Kind::Near(near) => needs_hangul(&near.left) || !near.negated && needs_hangul(&near.right),
        Kind::Field(Field::Title | Field::Lead | Field::Body | Field::Text, inner)
        | Kind::Count(_, inner) => needs_hangul(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::matching::{Place, RuleSet};
    use crate::domain::rule::{Definitions, FeedSelector, Rule};

    fn warned(rules: Vec<Rule>) -> Vec<(usize, &'static str)> {
        let definitions = Definitions {
            rules,
            ..Definitions::default()
        };
        let (_, problems) = RuleSet::compile(&definitions);
        problems
            .into_iter()
            .map(|one| match one.place {
                Place::RuleQuery(index) => (index, one.diagnostic.code),
                place => panic!("{place:?}"),
            })
            .collect()
    }

    #[test]
    fn rules_that_ask_the_same_are_warned_of() {
        let of = |id: &str, query: &str| Rule::of_query(id, query);
        let wire = Rule {
            feeds: vec![FeedSelector::Feed("wire".into())],
            ..of("d", "K-2 Poland")
        };
        let off = Rule {
            enabled: false,
            ..of("e", "K2 Poland")
        };
        let rules = vec![
            of("a", "K2 AND Poland"),
            of("b", "(K-2 poland)"),
            of("c", "K2 OR Poland"),
            wire,
            off,
            of("f", "Poland OR K-2"),
            of("g", "(Poland OR K2) AND (dose OR vaccine)"),
            of("h", "(vaccine OR dose) AND (K2 OR poland)"),
            of("i", "dose NEAR/5 vaccine"),
            of("j", "vaccine BEFORE/5 dose"),
            of("k", "dose BEFORE/5 vaccine"),
        ];
        assert_eq!(warned(rules), [(1, "W26"), (5, "W26"), (7, "W26")]);
    }

    #[test]
    fn feeds_that_the_filter_shuts_out_are_warned_of() {
        let feed = |id: &str| FeedSelector::Feed(id.into());
        let tag = |tag: &str| FeedSelector::Tag(tag.to_owned());
        let known = vec![
            ("a".into(), vec!["wire".to_owned()]),
            ("b".into(), vec!["blog".to_owned(), "ko".to_owned()]),
        ];
        for (query, selectors, wanted) in [
            ("feed:a K2", vec![feed("b")], &["W16"][..]),
            ("feed:a K2", vec![feed("b"), feed("a")], &[]),
            ("feed:(a OR b) K2", vec![feed("b")], &[]),
            ("feed:a K2", vec![tag("blog")], &["W16"]),
            ("feed:b K2", vec![tag("blog")], &[]),
            ("tag:wire K2", vec![feed("b")], &["W16"]),
            ("tag:blog K2", vec![feed("b")], &[]),
            ("tag:wire K2", vec![tag("blog")], &["W16"]),
            ("tag:ko K2", vec![tag("blog")], &[]),
            ("K2 NOT feed:a", vec![feed("b")], &[]),
            ("K2 OR (feed:a K9)", vec![feed("b")], &[]),
            ("feed:a K2", vec![], &[]),
        ] {
            let rule = Rule {
                feeds: selectors,
                ..Rule::of_query("r", query)
            };
            let definitions = Definitions {
                rules: vec![rule],
                feeds: known.clone(),
                ..Definitions::default()
            };
            let (_, problems) = RuleSet::compile(&definitions);
            let codes: Vec<&str> = problems.iter().map(|one| one.diagnostic.code).collect();
            assert_eq!(codes, wanted, "{query}");
        }
    }

    #[test]
    fn a_filter_that_no_term_can_meet_is_warned_of() {
        for (query, languages, codes) in [
            ("수출*", &["en"][..], &["W16"][..]),
            ("수출* OR 계약* NEAR/5 전차", &["en", "pl"], &["W16"]),
            ("수출* K2", &["en"], &["W16"]),
            ("수출* OR K2", &["en"], &[]),
            ("2 OF (수출*, 계약*, K2)", &["en"], &["W16"]),
            ("수출* OR @kai", &["en"], &["E30"]),
            ("수출*", &["ko-KR"], &[]),
            ("lang:ko K2", &["en"], &["W16"]),
            ("lang:en-GB K2", &["en"], &[]),
            ("K2", &["kr"], &["W16"]),
            ("K2 NOT 수출*", &["en"], &[]),
            ("lang:en 한화", &[], &["W16"]),
            (
                "K2 OR (lang:(en OR pl) deal*) OR (lang:en 한화*)",
                &[],
                &["W16"],
            ),
            ("lang:(en OR ko) 한화", &[], &[]),
            ("lang:en (한화 OR Hanwha)", &[], &[]),
            ("lang:en NOT 한화", &[], &[]),
        ] {
            let rule = Rule {
                languages: languages.iter().map(|&one| one.to_owned()).collect(),
                ..Rule::of_query("a", query)
            };
            let mut found: Vec<_> = warned(vec![rule])
                .into_iter()
                .map(|(_, code)| code)
                .collect();
            found.retain(|code| *code != "W02");
            assert_eq!(found, codes, "{query}");
        }
    }
}
