//! Rules and names that people add beside those of config files, in the form they are kept in, and how they join them.
//!
//! A file's rule wins over an added one of its id: files are what their owner can read.

use serde::{Deserialize, Serialize};

use super::{Definitions, FeedSelector, Notify, Rule, Severity};
use crate::domain::feed::Origin;

/// A rule as added: what the workshop knows of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedRule {
    /// Stable name.
    pub id: String,
    /// For people; empty: the id.
    #[serde(default)]
    pub title: String,
    /// The query as written.
    pub query: String,
    /// How much a match matters.
    #[serde(default)]
    pub severity: Severity,
    /// Who is told; empty: the defaults.
    #[serde(default)]
    pub receivers: Vec<String>,
    /// Which feeds it looks at (`id`, `tag:x`); empty: all.
    #[serde(default)]
    pub feeds: Vec<String>,
    /// Which languages it looks at; empty: all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// One alert a story, an entry, or a digest.
    #[serde(default)]
    pub notify: Notify,
    /// A disabled rule is kept and never matched.
    pub enabled: bool,
}

/// A name of an entity as added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedAlias {
    /// The entity's id.
    pub entity: String,
    /// The name.
    pub alias: String,
    /// Matched with case as written.
    #[serde(default)]
    pub exact: bool,
}

impl AddedRule {
    /// The rule as matching takes it.
    #[must_use]
    pub fn rule(&self) -> Rule {
        let title = if self.title.is_empty() {
            self.id.clone()
        } else {
            self.title.clone()
        };
        let selector = |text: &String| match text.strip_prefix("tag:") {
            Some(tag) => FeedSelector::Tag(tag.to_owned()),
            None => FeedSelector::Feed(text.as_str().into()),
        };
        Rule {
            title,
            severity: self.severity,
            receivers: self.receivers.iter().map(|id| id.as_str().into()).collect(),
            feeds: self.feeds.iter().map(selector).collect(),
            languages: self.languages.clone(),
            notify: self.notify,
            enabled: self.enabled,
            origin: Origin::Api,
            ..Rule::of_query(&self.id, &self.query)
        }
    }

    /// A saved rule with what is edited here changed, and all else of it kept.
    #[must_use]
    pub fn over(&self, saved: &Rule) -> Rule {
        let edited = self.rule();
        Rule {
            revisions: saved.revisions,
            throttle: saved.throttle,
            escalate: saved.escalate.clone(),
            inhibit: saved.inhibit.clone(),
            tests: saved.tests.clone(),
            ..edited
        }
    }

    /// A rule in this form, with what the form has room for.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id.to_string(),
            title: rule.title.clone(),
            query: rule.query.clone(),
            severity: rule.severity,
            receivers: rule.receivers.iter().map(ToString::to_string).collect(),
            feeds: rule.feeds.iter().map(FeedSelector::to_string).collect(),
            languages: rule.languages.clone(),
            notify: rule.notify,
            enabled: rule.enabled,
        }
    }
}

/// Joins what was added to what files define; gives back the ids of added rules that a file has too.
pub fn join(
    definitions: &mut Definitions,
    rules: &[AddedRule],
    aliases: &[AddedAlias],
) -> Vec<String> {
    let mut hidden = Vec::new();
    for added in rules {
        if definitions
            .rules
            .iter()
            .any(|rule| rule.id.as_str() == added.id)
        {
            hidden.push(added.id.clone());
        } else {
            definitions.rules.push(added.rule());
        }
    }
    for added in aliases {
        let mut entities = definitions.entities.iter_mut();
        let entity = entities.find(|entity| {
            entity
                .id
                .as_ref()
                .is_some_and(|id| id.as_str() == added.entity)
        });
        if let Some(entity) = entity {
            let list = if added.exact {
                &mut entity.exact
            } else {
                &mut entity.aliases
            };
            if !list.contains(&added.alias) {
                list.push(added.alias.clone());
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_rule_wins_and_names_join_their_entity() {
        let mut definitions = Definitions {
            rules: vec![Rule::of_query("a", "x")],
            entities: vec![super::super::Entity {
                id: Some("acme".into()),
                ..super::super::Entity::default()
            }],
            ..Definitions::default()
        };
        let rule = |id: &str| AddedRule {
            id: id.to_owned(),
            query: "y".to_owned(),
            enabled: true,
            ..AddedRule::default()
        };
        let alias = AddedAlias {
            entity: "acme".to_owned(),
            alias: "Acme Corp".to_owned(),
            exact: false,
        };
        let hidden = join(
            &mut definitions,
            &[rule("a"), rule("b")],
            &[alias.clone(), alias],
        );
        assert_eq!(hidden, ["a"]);
        assert_eq!(definitions.rules.len(), 2);
        assert_eq!(definitions.rules[1].origin, Origin::Api);
        assert_eq!(definitions.entities[0].aliases, ["Acme Corp"]);
    }

    #[test]
    fn a_rule_is_written_so_that_toml_reads_it_back() {
        for query in ["K2 NEAR/s 수출", "it's \"a\"", "a\nb'''c", "x'", "tab\u{7}"] {
            let rule = AddedRule {
                id: "r".to_owned(),
                title: "A \"title\" \\".to_owned(),
                query: query.to_owned(),
                feeds: vec!["tag:wire".to_owned()],
                enabled: false,
                ..AddedRule::default()
            };
            let table: toml::Table = super::super::table::toml(&rule.rule()).parse().unwrap();
            let read = &table["rule"][0];
            assert_eq!(read["query"].as_str(), Some(query));
            assert_eq!(read["title"].as_str(), Some("A \"title\" \\"));
            assert_eq!(read["enabled"].as_bool(), Some(false));
            assert_eq!(AddedRule::of(&rule.rule()), rule);
        }
    }
}
