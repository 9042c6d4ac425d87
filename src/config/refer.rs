//! What names something elsewhere: receivers, feeds and tags of rules.
//!
//! Names inside queries (entities, classes, macros) are looked up in `compile`.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::problem::Problem;
use super::reader::Cx;
use super::settings::Listen;
use super::source::Text;
use crate::domain::rule::suggest;

/// Hubs cannot push to a daemon that does not listen.
fn deaf(cx: &mut Cx, draft: &Draft) {
    let websub = &draft.websub;
    if let (true, Listen::Off, Some(place)) = (websub.enabled, &draft.web.listen, &websub.place) {
        let problem = Problem::warning(
            "C29",
            place.clone(),
            "no hub can reach `callback_url`: [web] listen is switched off",
        );
        cx.push(problem.help("give [web] an address to listen on, or take `callback_url` out"));
    }
}

/// Checks that what rules name is there.
pub(super) fn check(cx: &mut Cx, draft: &Draft) {
    let receivers = draft
        .receivers
        .iter()
        .map(|(receiver, _)| receiver.id.as_str());
    let receivers: BTreeSet<&str> = receivers.collect();
    let feeds: BTreeSet<&str> = draft
        .feeds
        .iter()
        .map(|(feed, _)| feed.id.as_str())
        .collect();
    let tags = draft.feeds.iter().flat_map(|(feed, _)| &feed.tags);
    let tags: BTreeSet<&str> = tags.map(String::as_str).collect();
    let rules: BTreeSet<&str> = draft
        .rules
        .iter()
        .map(|(rule, _)| rule.id.as_str())
        .collect();
    idle(cx, draft, &receivers);
    circles(cx, draft);
    for text in &draft.alerts.health_receivers {
        known(cx, draft, text, ("receiver", &receivers));
    }
    deaf(cx, draft);
    guards(cx, draft);
    // A receiver with a mistake may be the default one.
    let has_default = draft.any_broken("receiver")
        || draft.receivers.iter().any(|(receiver, _)| receiver.default);
    for (rule, places) in &draft.rules {
        for text in &places.receivers {
            known(cx, draft, text, ("receiver", &receivers));
        }
        for text in &places.inhibit {
            known(cx, draft, text, ("rule", &rules));
        }
        if places.receivers.is_empty() && !has_default && rule.enabled {
            let message = format!("nobody is told of \"{}\"", rule.id);
            let problem = Problem::warning("C25", places.id.clone(), message);
            cx.push(problem.help("give it receivers = [\"…\"], or a receiver default = true"));
        }
        for text in places
            .feeds
            .iter()
            .chain(places.test_feeds.iter().flatten())
        {
            selected(cx, draft, text, (&feeds, &tags));
        }
    }
}

/// A feed or `tag:…` of a rule.
fn selected(
    cx: &mut Cx,
    draft: &Draft,
    text: &Text,
    (feeds, tags): (&BTreeSet<&str>, &BTreeSet<&str>),
) {
    match text.value.strip_prefix("tag:") {
        None if tags.contains(&*text.value)
            && !draft.is_broken("feed", &text.value)
            && !feeds.contains(&*text.value) =>
        {
            let message = format!("there is no feed \"{0}\", and \"{0}\" is a tag", text.value);
            let help = format!("did you mean \"tag:{}\"?", text.value);
            cx.push(Problem::error("C07", text.place.clone(), message).help(help));
        }
        None => known(cx, draft, text, ("feed", feeds)),
        Some(tag) if tags.contains(tag.trim()) || draft.is_cut => {}
        Some(tag) => {
            let message = format!("no feed has the tag \"{tag}\"");
            let help = suggest::nearest(tag, tags.iter().copied()).map_or_else(
                || "tag a feed so, or leave it out".to_owned(),
                |near| format!("did you mean \"tag:{near}\"?"),
            );
            cx.push(Problem::warning("C26", text.place.clone(), message).help(help));
        }
    }
}

/// Classes that tell stories apart: a misspelt one would do so of none.
fn guards(cx: &mut Cx, draft: &Draft) {
    let classes = draft
        .entities
        .iter()
        .flat_map(|(entity, _)| &entity.classes);
    let classes: BTreeSet<&str> = classes.map(String::as_str).collect();
    for text in &draft.alerts.story_guards {
        let class = text.value.trim_start_matches('#');
        if classes.contains(class) || draft.any_broken("entity") {
            continue;
        }
        let help = suggest::nearest(class, classes.iter().copied()).map_or_else(
            || "give the class to an entity, or leave it out".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        let message = format!("no entity has the class \"{class}\"");
        cx.push(Problem::error("C07", text.place.clone(), message).help(help));
    }
}

/// Rules that keep each other quiet: which of them speaks would hang on their order.
fn circles(cx: &mut Cx, draft: &Draft) {
    let by_id: BTreeMap<&str, &[Text]> = draft
        .rules
        .iter()
        .map(|(rule, places)| (rule.id.as_str(), places.inhibit.as_slice()))
        .collect();
    for (rule, places) in &draft.rules {
        let mut reached: Vec<&str> = Vec::new();
        let mut next: Vec<&str> = vec![rule.id.as_str()];
        while let Some(id) = next.pop() {
            for text in by_id.get(id).copied().unwrap_or_default() {
                if !reached.contains(&text.value.as_str()) {
                    reached.push(&text.value);
                    next.push(&text.value);
                }
            }
        }
        if reached.contains(&rule.id.as_str()) {
            let message = format!("\"{}\" keeps itself quiet", rule.id);
            cx.push(
                Problem::error("C30", places.id.clone(), message)
                    .help("take it out of `inhibit`, there or in a rule that it names"),
            );
        }
    }
}

/// Receivers that nothing is ever sent to: uncommented and left without `default = true`.
fn idle(cx: &mut Cx, draft: &Draft, receivers: &BTreeSet<&str>) {
    if draft.rules.is_empty() || draft.any_broken("rule") {
        return;
    }
    let named: BTreeSet<&str> = draft
        .rules
        .iter()
        .flat_map(|(_, places)| &places.receivers)
        .chain(&draft.alerts.health_receivers)
        .map(|text| text.value.as_str())
        .collect();
    // A misspelt name is told of already, and may have meant any of them.
    if !named.is_subset(receivers) {
        return;
    }
    for (receiver, places) in &draft.receivers {
        if !receiver.default && !named.contains(receiver.id.as_str()) {
            let message = format!("\"{}\" is told of nothing: no rule names it", receiver.id);
            cx.push(
                Problem::warning("C27", places.id.clone(), message)
                    .help("give it default = true, or name it in the `receivers` of a rule"),
            );
        }
    }
}

fn known(cx: &mut Cx, draft: &Draft, text: &Text, (what, names): (&'static str, &BTreeSet<&str>)) {
    if names.contains(text.value.as_str()) || draft.is_broken(what, &text.value) {
        return;
    }
    let help = suggest::nearest(&text.value, names.iter().copied()).map_or_else(
        || format!("add a [[{what}]] with this id, or leave it out"),
        |near| format!("did you mean \"{near}\"?"),
    );
    cx.push(
        Problem::error(
            "C07",
            text.place.clone(),
            format!("there is no {what} \"{}\"", text.value),
        )
        .help(help),
    );
}
