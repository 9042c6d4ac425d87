//! `check`: validates everything, runs the rules' own examples, and says what there is.

use std::path::Path;

use serde_json::json;

use super::context::{Context, Loaded};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::rows::Row;
use super::{common, context, explain, setup};
use crate::config::{self, Config, Problems};
use crate::domain::rule::{Rule, RuleTest};
use crate::fetch::{Fetcher, user_agent};
use crate::store;

/// Checks the config; exit 3 where anything is wrong.
pub fn check(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let path = context.config_path()?;
    let checked = checked(&path, context);
    let loaded = match checked {
        Ok(loaded) => loaded,
        Err(problems) => return Err(refuse(&problems, context, out)),
    };
    if !loaded.warnings.is_empty() && !out.is_json() {
        drop(context.tell(&loaded.warnings));
    }
    if !out.is_human_unless_asked() {
        return out.json(&json!({
            "ok": true, "feeds": loaded.config.feeds.len(), "rules": loaded.config.definitions.rules.len(),
            "entities": loaded.config.definitions.entities.len(), "macros": loaded.config.definitions.macros.len(),
            "receivers": loaded.config.receivers.len(), "tests": tests(&loaded),
            "errors": 0, "warnings": loaded.warnings.warnings(), "problems": loaded.warnings.to_json(),
        }));
    }
    out.line(&format!(
        "{}: {} feeds, {} rules ({} examples pass), {} entities, {} macros, {} receivers, {} warnings",
        loaded.config.path.display(),
        loaded.config.feeds.len(),
        loaded.config.definitions.rules.len(),
        tests(&loaded),
        loaded.config.definitions.entities.len(),
        loaded.config.definitions.macros.len(),
        loaded.config.receivers.len(),
        loaded.warnings.warnings()
    ))
}

/// Tells the problems: as JSON on stdout for machines that asked for it, as text on stderr for everybody.
fn refuse(problems: &Problems, context: &Context, out: &mut Output) -> Failure {
    if out.is_json() {
        let told = out.json(&json!({
            "ok": false, "errors": problems.errors(), "warnings": problems.warnings(), "problems": problems.to_json(),
        }));
        return told.err().unwrap_or_else(|| Failure::silent(Exit::Config));
    }
    let mut failure = context.tell(problems);
    failure.message = format!(
        "{} errors, {} warnings",
        problems.errors(),
        problems.warnings()
    );
    failure
}

/// Reads it all; also of a config that is refused, what is wrong with the receivers is told with the rest.
fn checked(path: &Path, context: &Context) -> Result<Loaded, Problems> {
    let config::Loaded {
        config,
        partial,
        problems,
    } = context::load(path);
    if let Some(config) = config {
        let warnings = problems;
        return examine(Loaded { config, warnings }, context);
    }
    // What could not be read is told where it stands, and not once more for what is missing then.
    let told = |found: &config::Problem| problems.iter().any(|known| known.at == found.at);
    let receivers = partial
        .iter()
        .flat_map(|partial| bad_receivers(partial, context));
    let more: Vec<_> = receivers.filter(|found| !told(found)).collect();
    Err(problems.with(more))
}

/// What only building and matching can find: receivers that cannot work, examples that fail.
fn examine(loaded: Loaded, context: &Context) -> Result<Loaded, Problems> {
    let found: Vec<config::Problem> = failed_tests(&loaded)
        .into_iter()
        .chain(bad_receivers(&loaded.config, context))
        .chain(no_client(&loaded, context))
        .chain(open_state(context))
        .chain(common::terms(&loaded, context).iter().cloned())
        .collect();
    let Loaded { config, warnings } = loaded;
    let warnings = warnings.with(found);
    if warnings.errors() > 0 {
        return Err(warnings);
    }
    Ok(Loaded { config, warnings })
}

/// How many examples the rules have.
fn tests(loaded: &Loaded) -> usize {
    loaded
        .config
        .definitions
        .rules
        .iter()
        .map(|rule| rule.tests.len())
        .sum()
}

/// Each example of a rule that does not come out as it says.
fn failed_tests(loaded: &Loaded) -> Vec<config::Problem> {
    let mut problems = Vec::new();
    for (index, rule) in loaded
        .config
        .definitions
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.enabled)
    {
        for (number, test) in rule.tests.iter().enumerate() {
            let place = loaded.config.places.rule_test(index, number);
            if matches(loaded, rule, test) != test.expect
                && let Some(place) = place
            {
                let row = row_of(loaded, test);
                let message = if test.expect {
                    let why = explain::in_the_way(loaded, &rule.id, &row);
                    format!("rule `{}` does not match this example ({why})", rule.id)
                } else {
                    let why = explain::what_matched(loaded, &rule.id, &row);
                    format!("rule `{}` matches this example ({why})", rule.id)
                };
                let help = "change the query or `match`";
                problems.push(config::Problem::error("C40", place.clone(), message).help(help));
            }
        }
    }
    problems
}

/// Whether a rule matches its example.
pub fn matches(loaded: &Loaded, rule: &Rule, test: &RuleTest) -> bool {
    let found = loaded
        .config
        .rules
        .evaluate(&row_of(loaded, test).subject());
    found.iter().any(|found| found.rule == rule.id)
}

/// An example as an entry.
fn row_of(loaded: &Loaded, test: &RuleTest) -> Row {
    Row {
        title: test.title.clone(),
        body: test.body.clone(),
        url: test.url.clone(),
        feed: test.feed.as_ref().map(ToString::to_string),
        language: test.language.clone(),
        ..Row::default()
    }
    .with_language()
    .with_feed(&loaded.config)
}

/// Receivers that cannot be built.
fn bad_receivers(config: &Config, context: &Context) -> Vec<config::Problem> {
    setup::Maker::new(context).map_or_else(|_| Vec::new(), |maker| maker.bad_receivers(config))
}

/// That others may put files where the store is.
fn open_state(context: &Context) -> Option<config::Problem> {
    let folder = context.state_dir().ok()?;
    let message = "others than its owner may write into this state folder";
    store::is_open_to_others(&folder).then(|| {
        let help = format!("chmod go-w {}", folder.display());
        config::Problem::file("C43", folder, message)
            .as_warning()
            .help(help)
    })
}

/// Why nothing could be fetched on this machine, whatever config says.
fn no_client(loaded: &Loaded, context: &Context) -> Option<config::Problem> {
    let fetch = &loaded.config.fetch;
    let error = Fetcher::new(fetch, &user_agent(&fetch.contact), context.clock.clone()).err()?;
    let path = loaded.config.path.clone();
    Some(config::Problem::file("C42", path, error.to_string()))
}
