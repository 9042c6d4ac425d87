//! Definitions and entries that tests share.

use crate::domain::feed::Origin;
use crate::domain::matching::{Problem, RuleSet, Subject};
use crate::domain::rule::diagnostic::Level;
use crate::domain::rule::{Definitions, Entity, Macro, Notify, Revisions, Rule, Severity};

/// A rule with a query and nothing else.
pub fn rule(id: &str, query: &str) -> Rule {
    Rule {
        id: id.into(),
        title: id.to_owned(),
        query: query.to_owned(),
        severity: Severity::Medium,
        receivers: Vec::new(),
        feeds: Vec::new(),
        languages: Vec::new(),
        notify: Notify::default(),
        revisions: Revisions::default(),
        throttle: None,
        escalate: None,
        inhibit: Vec::new(),
        enabled: true,
        tests: Vec::new(),
        origin: Origin::File,
    }
}

fn list(text: &str) -> Vec<String> {
    text.split('|')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// An entity: id, name, classes and aliases parted by `|`.
pub fn entity(id: &str, name: &str, classes: &str, aliases: &str) -> Entity {
    Entity {
        id: Some(id.into()),
        name: name.to_owned(),
        classes: list(classes),
        aliases: list(aliases),
        ..Entity::default()
    }
}

/// The entities and macros of the acceptance tables.
pub fn definitions() -> Definitions {
    let hanwha = Entity {
        ambiguous: list("Hanwha|한화"),
        context: Some("방산 OR defence OR 자주포".to_owned()),
        not_in: list("Hanwha Eagles|한화 이글스|한화생명"),
        ..entity("hanwha", "Hanwha Group", "company", "")
    };
    let kai = Entity {
        exact: list("KAI"),
        ambiguous: list("KAI"),
        context: Some("FA-50 OR aircraft OR 전투기".to_owned()),
        not_in: list("PT KAI"),
        ..entity(
            "kai",
            "Korea Aerospace Industries",
            "company|korean-defence-firm",
            "",
        )
    };
    let india = Entity {
        ambiguous: list("인도"),
        context: Some("모디 OR 뉴델리".to_owned()),
        ..entity("india", "India", "country", "")
    };
    let query = |id: &str, query: &str| Macro {
        id: id.to_owned(),
        query: query.to_owned(),
    };
    Definitions {
        rules: Vec::new(),
        entities: vec![
            entity(
                "hanwha-aerospace",
                "Hanwha Aerospace",
                "company|korean-defence-firm",
                "한화 에어로스페이스|한화 에어로",
            ),
            hanwha,
            kai,
            entity("poland", "Poland", "country", "Polish|폴란드|Polsk*"),
            entity("pgz", "Polish Armaments Group", "company", ""),
            entity("cheongung", "Cheongung", "korean-weapon", "천궁-II|KM-SAM"),
            india,
        ],
        macros: vec![
            query("export", "export* OR deliver* OR 수출* OR 공급*"),
            query("loop", "x1 OR $loop"),
        ],
        feeds: vec![("yonhap-en".into(), vec!["wire".to_owned()])],
    }
}

/// One rule, id `q`, with the sample entities; its errors.
pub fn compiled(query: &str) -> (RuleSet, Vec<Problem>) {
    let mut definitions = definitions();
    definitions.rules.push(rule("q", query));
    let (set, problems) = RuleSet::compile(&definitions);
    let own = problems
        .into_iter()
        .filter(|problem| matches!(problem.place, crate::domain::matching::Place::RuleQuery(_)))
        .collect();
    (set, own)
}

/// Whether there is an error among problems.
pub fn has_error(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.diagnostic.level == Level::Error)
}

/// An entry that owns its fields.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub title: String,
    pub body: String,
    pub full_text: Option<String>,
    pub url: Option<String>,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    pub feed: Option<String>,
    pub tags: Vec<String>,
    pub feed_title: Option<String>,
    pub language: Option<String>,
}

impl Sample {
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            title: &self.title,
            body: &self.body,
            full_text: self.full_text.as_deref(),
            url: self.url.as_deref(),
            authors: &self.authors,
            categories: &self.categories,
            feed: self.feed.as_deref(),
            tags: &self.tags,
            feed_title: self.feed_title.as_deref(),
            language: self.language.as_deref(),
        }
    }

    /// The stored text that evidence is about.
    pub fn stored(&self, field: &str, index: Option<usize>) -> &str {
        let at = index.unwrap_or_default();
        match field {
            "title" => &self.title,
            "body" => &self.body,
            "full_text" => self.full_text.as_deref().unwrap_or_default(),
            "url" => self.url.as_deref().unwrap_or_default(),
            "authors" => &self.authors[at],
            "categories" => &self.categories[at],
            other => panic!("no field {other}"),
        }
    }
}
