//! `feeds`: list, show, add, remove, probe, discover, import, export, poll.

mod lookup;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::args::FeedsCommand;
use super::context::{Context, Loaded, nearest};
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use super::{progress, rows, run};
use crate::config::{derive_feed_id, lists, opml};
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::{Feed, FeedState, Origin};
use crate::domain::id::{self, FeedId};
use crate::store::feeds::FeedRow;
use crate::store::{self, Store, StoreError};

/// Runs a `feeds` command.
pub fn feeds(command: &FeedsCommand, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    match command {
        FeedsCommand::List => list(&loaded, context, out)?,
        FeedsCommand::Show { id } => show(&loaded, id, context, out)?,
        FeedsCommand::Add {
            url,
            id,
            title,
            tags,
        } => {
            let store = context.store_of(&loaded)?;
            let feed = new_feed(url, id.as_deref(), title.as_deref(), tags)?;
            let id = feed.id.clone();
            if !add(&loaded, &store, feed, context.clock.now())? {
                return Err(Failure::new(format!("feed `{id}` is there already")));
            }
            out.line(&format!(
                "Added {id}. It is polled at the next round (a running daemon: within seconds)."
            ))?;
        }
        FeedsCommand::Remove { id } => remove(&loaded, id, context, out)?,
        FeedsCommand::Probe { url } => return lookup::probe(&loaded, url, context, out),
        FeedsCommand::Discover { url } => return lookup::discover(&loaded, url, context, out),
        FeedsCommand::Import { file } => return import(&loaded, file, context, out),
        FeedsCommand::Export => {
            let rows = all(&loaded, &context.store_of(&loaded)?)?;
            out.line(opml::write("bongsu", rows.iter().map(|row| &row.feed)).trim_end())?;
        }
        FeedsCommand::Poll { ids, full } => return poll(loaded, ids, *full, context, out),
    }
    Ok(Exit::Done)
}

/// Every feed of config with what is known of it, and those that were added.
fn all(loaded: &Loaded, store: &Store) -> Result<Vec<FeedRow>, Failure> {
    let stored = store.read_blocking(store::feeds::list)?;
    let by_id: HashMap<&FeedId, &FeedRow> = stored.iter().map(|row| (&row.feed.id, row)).collect();
    let of_config: HashSet<&FeedId> = loaded.config.feeds.iter().map(|feed| &feed.id).collect();
    let configured = loaded.config.feeds.iter().map(|feed| {
        let known = by_id.get(&feed.id);
        let state = known
            .map(|row| row.state.clone())
            .filter(|state| state.url == feed.url)
            .unwrap_or_default();
        FeedRow {
            feed: feed.clone(),
            state,
            configured: true,
        }
    });
    let added = stored
        .iter()
        .filter(|row| row.feed.origin == Origin::Api && !of_config.contains(&row.feed.id));
    Ok(configured.chain(added.cloned()).collect())
}

/// The contract's facts of a feed.
fn facts(row: &FeedRow) -> serde_json::Value {
    let FeedRow { feed, state, .. } = row;
    json!({
        "id": feed.id, "url": feed.url, "title": feed.title.as_ref().or(state.title.as_ref()),
        "health": state.health(feed), "last_poll": state.last_poll, "next_poll": state.next_poll,
        "why_then": state.why_then, "last_error": state.last_error, "entries": state.entries,
        "origin": feed.origin, "tags": feed.tags, "language": feed.language.as_ref().or(state.language.as_ref()),
        "last_outcome": state.last_outcome, "failures": state.failures, "last_new": state.last_new,
        "enabled": feed.enabled,
    })
}

/// One line a feed.
fn list(loaded: &Loaded, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let rows = all(loaded, &context.store_of(loaded)?)?;
    if !out.is_human() {
        return out.rows("feeds", &rows.iter().map(facts).collect::<Vec<_>>());
    }
    let now = context.clock.now();
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let FeedRow { feed, state, .. } = row;
            let error = state.last_error.as_deref().unwrap_or("");
            vec![
                feed.id.to_string(),
                state.health(feed).as_str().to_owned(),
                state.entries.to_string(),
                state
                    .last_poll
                    .map_or_else(|| "never".to_owned(), |at| span(now, at)),
                state
                    .next_poll
                    .map_or_else(|| "-".to_owned(), |at| span(now, at)),
                neutral(error),
            ]
        })
        .collect();
    out.table(
        &["ID", "HEALTH", "ENTRIES", "LAST POLL", "NEXT POLL", "ERROR"],
        &table,
    )
}

/// How far a time is from now: `5m ago`, `in 12m`.
fn span(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let amount = seconds.unsigned_abs();
    let text = match amount {
        0..60 => format!("{amount}s"),
        60..3_600 => format!("{}m", amount / 60),
        3_600..172_800 => format!("{}h", amount / 3_600),
        _ => format!("{}d", amount / 86_400),
    };
    if seconds > 0 {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

/// A feed by id, or a failure that names the nearest.
fn find<'a>(rows: &'a [FeedRow], id: &str) -> Result<&'a FeedRow, Failure> {
    rows.iter()
        .find(|row| row.feed.id.as_str() == id)
        .ok_or_else(|| {
            let near = nearest(id, rows.iter().map(|row| row.feed.id.as_str()));
            Failure::new(format!("no feed `{id}`{near}"))
        })
}

/// One feed with its last polls.
fn show(loaded: &Loaded, id: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.store_of(loaded)?;
    let rows = all(loaded, &store)?;
    let row = find(&rows, id)?;
    let polls = store.read_blocking(|conn| store::feeds::history(conn, &row.feed.id, 20))?;
    let mut value = facts(row);
    value["polls"] =
        serde_json::to_value(&polls).map_err(|error| Failure::new(error.to_string()))?;
    if !out.is_human() {
        return out.json(&value);
    }
    for (name, value) in value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "polls")
    {
        let text = value.as_str().map_or_else(|| value.to_string(), neutral);
        out.line(&format!("{name:<13} {text}"))?;
    }
    let table: Vec<Vec<String>> = polls
        .iter()
        .map(|poll| {
            let note = poll.note.as_deref().map(neutral).unwrap_or_default();
            let status = poll
                .status
                .map_or_else(|| "-".to_owned(), |status| status.to_string());
            let took = format!("{} ms", poll.duration_ms);
            vec![
                poll.at.to_string(),
                poll.outcome.as_str().to_owned(),
                status,
                took,
                poll.new.to_string(),
                note,
            ]
        })
        .collect();
    out.line("")?;
    out.table(
        &["POLL", "OUTCOME", "STATUS", "TOOK", "NEW", "NOTE"],
        &table,
    )
}

/// A feed to be added.
fn new_feed(
    url: &str,
    id: Option<&str>,
    title: Option<&str>,
    tags: &[String],
) -> Result<Feed, Failure> {
    let parsed = url::Url::parse(url)
        .map_err(|error| Failure::usage(format!("`{url}` is not a URL: {error}")))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(Failure::usage(format!(
            "`{url}` is not an http or https URL"
        )));
    }
    let id = id.map_or_else(|| derive_feed_id(url), FeedId::new);
    if !id::is_valid(id.as_str()) {
        return Err(Failure::usage(format!(
            "`{id}` is no id: use letters, digits, - and _"
        )));
    }
    Ok(Feed {
        title: title.map(str::to_owned),
        tags: tags.to_vec(),
        origin: Origin::Api,
        ..Feed::new(id, url)
    })
}

/// Adds a feed to the store; false where config or the store has it.
fn add(loaded: &Loaded, store: &Store, feed: Feed, now: Timestamp) -> Result<bool, Failure> {
    let taken = |known: &Feed| known.id == feed.id || known.url == feed.url;
    if loaded.config.feeds.iter().any(taken) {
        return Ok(false);
    }
    Ok(store.write_blocking(move |tx| store::feeds::add(tx, &feed, now))?)
}

/// Removes a feed that was added; one of config is named with its place.
fn remove(loaded: &Loaded, id: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    if loaded
        .config
        .feeds
        .iter()
        .any(|feed| feed.id.as_str() == id)
    {
        let text = format!(
            "feed `{id}` is in the config files: remove it there, or set `enabled = false`"
        );
        return Err(Failure::new(text));
    }
    let (store, feed) = (context.store_of(loaded)?, FeedId::from(id));
    if !store.write_blocking(move |tx| store::feeds::remove(tx, &feed))? {
        let rows = all(loaded, &store)?;
        find(&rows, id)?;
    }
    out.line(&format!("Removed {id}. Its entries and alerts stay."))
}

/// Adds the feeds of a list; what cannot be used is named.
fn import(
    loaded: &Loaded,
    file: &Path,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    rows::open(file)?
        .take(lists::LARGEST as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() > lists::LARGEST {
        return Err(Failure::new(format!(
            "the list is larger than {} MiB",
            lists::LARGEST >> 20
        )));
    }
    let listing = lists::read(&lists::decode(&bytes));
    let store = context.store_of(loaded)?;
    let bar = progress::bar(listing.feeds.len() as u64, "importing", out.is_human());
    let (mut added, mut known) = (0_u64, 0_u64);
    for listed in &listing.feeds {
        let feed = new_feed(&listed.url, None, listed.title.as_deref(), &listed.tags)?;
        if add(loaded, &store, feed, context.clock.now())? {
            added += 1;
        } else {
            known += 1;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let refused: Vec<&str> = listing
        .refused
        .iter()
        .map(|refused| refused.why.as_str())
        .collect();
    if out.is_human() {
        refused
            .iter()
            .try_for_each(|why| out.line(&format!("not imported: {}", neutral(why))))?;
        out.line(&format!(
            "{added} feeds added, {known} known already, {} not usable",
            refused.len()
        ))?;
    } else {
        out.json(&json!({ "added": added, "known": known, "refused": refused }))?;
    }
    Ok(if added + known == 0 && !refused.is_empty() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Polls feeds now; where a daemon runs, it is asked to.
fn poll(
    loaded: Loaded,
    ids: &[String],
    full: bool,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let store = context.store_of(&loaded)?;
    let rows = all(&loaded, &store)?;
    let known: HashSet<&str> = rows.iter().map(|row| row.feed.id.as_str()).collect();
    let wanted = ids
        .iter()
        .map(|id| match known.get(id.as_str()) {
            Some(_) => Ok(FeedId::new(id.as_str())),
            None => find(&rows, id).map(|row| row.feed.id.clone()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    drop(known);
    drop((rows, store));
    crate::observe::start_logging(
        context.level.unwrap_or("error"),
        crate::observe::LogFormat::Auto,
        false,
        context.color_stderr(),
    );
    let settings = super::setup::store_settings(&loaded.config);
    let (shared, _lock) = match context.own(loaded) {
        Ok(owned) => owned,
        Err(failure) if failure.locked => return ask_daemon(&settings, wanted, full, context, out),
        Err(failure) => return Err(failure),
    };
    Context::block_on(async {
        crate::daemon::sync(&shared, &shared.setup()).await?;
        let (setup, now) = (shared.setup(), shared.clock.now());
        let mut feeds = Vec::new();
        let known = shared.store.read(move |conn| {
            let states = wanted.into_iter().map(|id| {
                let state = store::feeds::state(conn, &id)?.unwrap_or_default();
                Ok((id, state))
            });
            states.collect::<Result<Vec<_>, StoreError>>()
        });
        for (id, state) in known.await? {
            let feed = setup.feeds.get(&id).cloned();
            match feed.filter(|_| !waits(&state, now)) {
                Some(feed) => feeds.push(feed),
                None => Output::note(&format!(
                    "{id}: not polled: its publisher asked to wait until {}",
                    wait(&state)
                )),
            }
        }
        let summary = run::poll_and_deliver(&shared, feeds, full, out).await?;
        run::print(&summary, out)?;
        Ok(if summary.is_complete() {
            Exit::Done
        } else {
            Exit::SomeFailed
        })
    })?
}

/// Whether the publisher asked to be left alone; nothing asks before, not even by hand.
fn waits(state: &FeedState, now: Timestamp) -> bool {
    state.last_outcome != Some(OutcomeKind::Gone)
        && state.retry_after.is_some_and(|until| until > now)
}

/// Until when.
fn wait(state: &FeedState) -> String {
    state
        .retry_after
        .map_or_else(|| "later".to_owned(), |at| at.to_string())
}

/// Makes feeds due for the daemon that owns the store.
fn ask_daemon(
    settings: &store::Settings,
    ids: Vec<FeedId>,
    full: bool,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let (store, now) = (context.open_store(settings)?, context.clock.now());
    let asked = ids.len();
    store.write_blocking(move |tx| -> Result<(), StoreError> {
        ids.iter()
            .try_for_each(|id| store::feeds::ask(tx, id, full, now).map(drop))
    })?;
    let text = format!(
        "a daemon runs on this store: {asked} feeds are due now, it polls them within seconds"
    );
    if out.is_human() {
        out.line(&text)?;
    } else {
        out.json(&json!({ "asked": asked, "note": text }))?;
    }
    Ok(Exit::Done)
}
