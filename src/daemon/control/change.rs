//! What people change through the web: rules, names, feeds. Stored and put in force at once, or refused whole.
//!
//! Config files are never written. A change and a reload wait for one another.

use std::sync::Arc;

use super::Control;
use crate::daemon::setup::Setup;
use crate::domain::feed::{Feed, Origin};
use crate::domain::id::{FeedId, RuleId};
use crate::domain::matching::{Place, RuleSet};
use crate::domain::rule::added::{AddedAlias, AddedRule, join};
use crate::domain::rule::diagnostic::{Diagnostic, Level};
use crate::domain::rule::{Definitions, Rule};
use crate::store::{self, StoreError, changes, definitions};

/// Changed rules from which on all are compiled anew.
const MANY_EDITS: usize = 32;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A query cannot be used.
    #[error("the query cannot be used")]
    Query(Vec<Diagnostic>),
    /// It is a config file's.
    #[error("it is in the config files, and changed there")]
    OfFile,
    /// There is no such thing.
    #[error("there is no such thing")]
    Unknown,
    /// It is there already.
    #[error("it is there already")]
    Known,
    /// What is wrong with it.
    #[error("{0}")]
    Wrong(String),
}

/// What a query says of itself: problems, with those of its names, and the rule compiled.
#[derive(Debug)]
pub struct Tried {
    /// What is wrong or doubtful, in the order of the text.
    pub problems: Vec<Diagnostic>,
    /// The rule `(tried)` alone, with all entities and macros.
    pub rules: RuleSet,
}

/// What a query is called while it is tried; no rule can be called so.
pub const TRIED: &str = "(tried)";

/// Compiles queries as the only rules beside the entities and macros of `setup`.
#[must_use]
pub fn try_rules(setup: &Setup, rules: Vec<Rule>) -> Tried {
    let only = Definitions {
        rules,
        entities: setup.definitions.entities.clone(),
        macros: setup.definitions.macros.clone(),
        feeds: setup.definitions.feeds.clone(),
    };
    let (rules, problems) = RuleSet::compile(&only);
    let own = problems
        .into_iter()
        .filter(|problem| problem.place == Place::RuleQuery(0));
    Tried {
        problems: own.map(|problem| problem.diagnostic).collect(),
        rules,
    }
}

/// [`try_rules`] of one, on a thread where it may take its time.
pub async fn compiled(setup: &Arc<Setup>, rule: Rule) -> Tried {
    let setup = Arc::clone(setup);
    aside(move || try_rules(&setup, vec![rule])).await
}

/// Compiling takes up to seconds, and those who answer have no time for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// A query as a rule to be tried.
#[must_use]
pub fn tried_rule(query: &str) -> Rule {
    Rule::of_query(TRIED, query)
}

/// Whether anything of it cannot be used.
#[must_use]
pub fn has_errors(problems: &[Diagnostic]) -> bool {
    problems.iter().any(|found| found.level == Level::Error)
}

impl Control {
    /// Puts a changed setup in force, with manners that know its rules and names.
    fn put_in_force(&self, mut next: Setup) {
        next.manners = Arc::new(next.manners.with(&next.definitions));
        self.shared.replace_setup(next);
    }

    /// Saves a rule and puts it in force.
    ///
    /// # Errors
    /// What is wrong with it, or that a config file has it.
    pub async fn save_rule(&self, rule: AddedRule, who: &str) -> Result<(), Refusal> {
        if !crate::domain::id::is_valid(&rule.id) {
            return Err(Refusal::Wrong(format!(
                "`{}` is no id: use letters, digits, - and _",
                rule.id
            )));
        }
        let _alone = self.shared.changing.lock().await;
        let setup = self.setup();
        if setup
            .rule(&RuleId::new(&rule.id))
            .is_some_and(|known| known.origin == Origin::File)
        {
            return Err(Refusal::OfFile);
        }
        let wanted = rule.receivers.iter();
        if let Some(unknown) = wanted.clone().find(|id| setup.receiver(id).is_none()) {
            return Err(Refusal::Wrong(format!("there is no receiver `{unknown}`")));
        }
        let (before, wanted) = (Arc::clone(&setup), rule.rule());
        let next = aside(move || with_rule(&before, &wanted)).await;
        let next = next.map_err(Refusal::Query)?;
        let (who, now) = (who.to_owned(), self.now());
        self.shared
            .store
            .write(move |tx| {
                definitions::save_rule(tx, &rule, &who, now)?;
                changes::note(tx, &who, ("rule.save", &rule.id), Some(&rule.query), now)
            })
            .await?;
        self.put_in_force(next);
        Ok(())
    }

    /// Takes an added rule away.
    ///
    /// # Errors
    /// Where there is none, or a config file has it.
    pub async fn remove_rule(&self, id: &RuleId, who: &str) -> Result<(), Refusal> {
        let _alone = self.shared.changing.lock().await;
        let setup = self.setup();
        match setup.rule(id) {
            None => return Err(Refusal::Unknown),
            Some(rule) if rule.origin == Origin::File => return Err(Refusal::OfFile),
            Some(_) => {}
        }
        let mut next = (*setup).clone();
        next.definitions.rules.retain(|rule| rule.id != *id);
        next.rules = Arc::new(setup.rules.without_rule(&next.definitions, id));
        let (name, who, now) = (id.to_string(), who.to_owned(), self.now());
        self.shared
            .store
            .write(move |tx| {
                definitions::remove_rule(tx, &name)?;
                changes::note(tx, &who, ("rule.remove", &name), None, now)
            })
            .await?;
        self.put_in_force(next);
        Ok(())
    }

    /// Adds a name to an entity, of config files or not; matched from now on.
    ///
    /// # Errors
    /// Where there is no such entity, or the name cannot be used.
    pub async fn add_alias(&self, alias: AddedAlias, who: &str) -> Result<(), Refusal> {
        let _alone = self.shared.changing.lock().await;
        let setup = self.setup();
        let known = |entity: &crate::domain::rule::Entity| {
            entity
                .id
                .as_ref()
                .is_some_and(|id| id.as_str() == alias.entity)
        };
        if !setup.definitions.entities.iter().any(known) {
            return Err(Refusal::Unknown);
        }
        let mut next = (*setup).clone();
        join(&mut next.definitions, &[], std::slice::from_ref(&alias));
        let (rules, problems) = RuleSet::compile(&next.definitions);
        let of_name = problems.iter().find(|problem| {
            matches!(problem.place, Place::EntityAlias(..))
                && problem.diagnostic.level == Level::Error
        });
        if let Some(problem) = of_name {
            return Err(Refusal::Wrong(problem.diagnostic.message.clone()));
        }
        next.rules = Arc::new(rules);
        let (who, now) = (who.to_owned(), self.now());
        self.shared
            .store
            .write(move |tx| {
                definitions::save_alias(tx, &alias, &who, now)?;
                let what = ("entity.alias", alias.entity.as_str());
                changes::note(tx, &who, what, Some(&alias.alias), now)
            })
            .await?;
        self.put_in_force(next);
        Ok(())
    }

    /// Adds feeds, and says how many were new; they are polled at once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_feeds(&self, feeds: Vec<Feed>, who: &str) -> Result<usize, Refusal> {
        let _alone = self.shared.changing.lock().await;
        let setup = self.setup();
        let mut next = (*setup).clone();
        let mut fresh: Vec<Feed> = Vec::new();
        let mut urls: std::collections::HashSet<String> =
            setup.feeds.values().map(|feed| feed.url.clone()).collect();
        for mut feed in feeds {
            feed.origin = Origin::Api;
            if next.feeds.contains_key(&feed.id) || !urls.insert(feed.url.clone()) {
                continue;
            }
            let known = (feed.id.clone(), feed.tags.clone());
            next.definitions.feeds.push(known);
            next.feeds.insert(feed.id.clone(), Arc::new(feed.clone()));
            fresh.push(feed);
        }
        let (number, who, now) = (fresh.len(), who.to_owned(), self.now());
        self.shared
            .store
            .write(move |tx| {
                for feed in &fresh {
                    store::feeds::add(tx, feed, now)?;
                    changes::note(
                        tx,
                        &who,
                        ("feed.add", feed.id.as_str()),
                        Some(&feed.url),
                        now,
                    )?;
                }
                Ok(())
            })
            .await?;
        self.put_in_force(next);
        Ok(number)
    }

    /// Lets go of an added feed; its entries stay.
    ///
    /// # Errors
    /// Where there is none, or a config file has it.
    pub async fn remove_feed(&self, id: &FeedId, who: &str) -> Result<(), Refusal> {
        let _alone = self.shared.changing.lock().await;
        let setup = self.setup();
        match setup.feeds.get(id) {
            None => return Err(Refusal::Unknown),
            Some(feed) if feed.origin == Origin::File => return Err(Refusal::OfFile),
            Some(_) => {}
        }
        let mut next = (*setup).clone();
        next.feeds.remove(id);
        next.definitions.feeds.retain(|(known, _)| known != id);
        let (id, who, now) = (id.clone(), who.to_owned(), self.now());
        self.shared
            .store
            .write(move |tx| {
                store::feeds::remove(tx, &id)?;
                changes::note(tx, &who, ("feed.remove", id.as_str()), None, now)
            })
            .await?;
        self.put_in_force(next);
        Ok(())
    }
}

/// The setup with a rule changed or added; or what is wrong with its query.
fn with_rule(setup: &Setup, rule: &Rule) -> Result<Setup, Vec<Diagnostic>> {
    let mut next = setup.clone();
    let rules = &mut next.definitions.rules;
    match rules.iter_mut().find(|known| known.id == rule.id) {
        Some(known) => *known = rule.clone(),
        None => rules.push(rule.clone()),
    }
    let (edited, problems) = setup.rules.with_rule(&next.definitions, rule);
    let problems: Vec<Diagnostic> = problems
        .into_iter()
        .map(|problem| problem.diagnostic)
        .collect();
    if has_errors(&problems) {
        return Err(problems);
    }
    next.rules = if edited.edit_count() > MANY_EDITS {
        Arc::new(RuleSet::compile(&next.definitions).0)
    } else {
        Arc::new(edited)
    };
    Ok(next)
}
