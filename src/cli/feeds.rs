//! `feeds`: list, show, add, remove, probe, discover, import, export, poll.

mod add;
mod lookup;
mod pushes;
mod show;
mod standing;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::args::FeedsCommand;
use super::context::{Context, Loaded, nearest};
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use super::{rows, run};
use crate::config::{derive_feed_id, lists, opml};
use crate::daemon::once::How;
use crate::domain::feed::{Feed, Origin};
use crate::domain::id::{self, FeedId};
use crate::store::feeds::FeedRow;
use crate::store::{self, Store, StoreError};

/// Runs a `feeds` command.
pub fn feeds(command: &FeedsCommand, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    match command {
        FeedsCommand::List => show::list(&loaded, context, out)?,
        FeedsCommand::Show { id } => show::show(&loaded, id, context, out)?,
        FeedsCommand::Add {
            url,
            id,
            title,
            tags,
            unchecked,
        } => {
            let wanted = add::Wanted {
                url,
                id: id.as_deref(),
                title: title.as_deref(),
                tags,
                unchecked: *unchecked,
            };
            add::run(&loaded, &wanted, context, out)?;
        }
        FeedsCommand::Remove { id } => remove(&loaded, id, context, out)?,
        FeedsCommand::Probe { url } => return lookup::probe(&loaded, url, context, out),
        FeedsCommand::Discover { url } => return lookup::discover(&loaded, url, context, out),
        FeedsCommand::Import { file } => return import(&loaded, file, context, out),
        FeedsCommand::Export => {
            let rows = all(&loaded, &context.store_of(&loaded)?)?;
            out.line(
                opml::write("bongsu", rows.iter().map(|row| (&row.feed, &row.state))).trim_end(),
            )?;
        }
        FeedsCommand::Poll { ids, full } => return poll(loaded, ids, *full, context, out),
    }
    Ok(Exit::Done)
}

/// Every feed of config with what is known of it, and those that were added.
fn all(loaded: &Loaded, store: &Store) -> Result<Vec<FeedRow>, Failure> {
    Ok(merged(loaded, &store.read_blocking(store::feeds::list)?))
}

/// The same out of what the store has.
fn merged(loaded: &Loaded, stored: &[FeedRow]) -> Vec<FeedRow> {
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
            silent: known.is_some_and(|row| row.silent),
        }
    });
    let added = stored
        .iter()
        .filter(|row| row.feed.origin == Origin::Api && !of_config.contains(&row.feed.id));
    configured.chain(added.cloned()).collect()
}

/// A feed by id, or a failure that names the nearest.
fn find<'a>(rows: &'a [FeedRow], id: &str) -> Result<&'a FeedRow, Failure> {
    rows.iter()
        .find(|row| row.feed.id.as_str() == id)
        .ok_or_else(|| {
            let near = nearest(id, rows.iter().map(|row| row.feed.id.as_str()));
            Failure::new(format!("no feed `{id}`{near} (`bongsu feeds list`)"))
        })
}

/// Refuses what cannot be asked for.
fn check_address(url: &str) -> Result<(), Failure> {
    let parsed = url::Url::parse(url)
        .map_err(|_| Failure::usage(format!("`{url}` is no address: write https://host/path")))?;
    if matches!(parsed.scheme(), "http" | "https") {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "`{url}` is not an http or https URL"
        )))
    }
}

/// A feed to be added.
fn new_feed(
    url: &str,
    id: Option<&str>,
    title: Option<&str>,
    tags: &[String],
) -> Result<Feed, Failure> {
    check_address(url)?;
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
    let of_config = &loaded.config.feeds;
    let ids: HashSet<&str> = of_config.iter().map(|feed| feed.id.as_str()).collect();
    let urls: HashSet<&str> = of_config.iter().map(|feed| feed.url.as_str()).collect();
    let mut wanted = Vec::new();
    for listed in &listing.feeds {
        let feed = new_feed(&listed.url, None, listed.title.as_deref(), &listed.tags)?;
        if !ids.contains(feed.id.as_str()) && !urls.contains(feed.url.as_str()) {
            wanted.push(feed);
        }
    }
    let now = context.clock.now();
    // All of a list or none: in a transaction each, thousands would take a minute on a slow disk.
    let added = store.write_blocking(move |tx| {
        wanted.iter().try_fold(0_u64, |added, feed| {
            Ok(added + u64::from(store::feeds::add(tx, feed, now)?))
        })
    })?;
    let known = listing.feeds.len() as u64 - added;
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
    let of_config = loaded.config.feeds.iter().map(|feed| feed.id.as_str());
    let of_config: HashSet<&str> = of_config.collect();
    let mut others = ids.iter().filter(|id| !of_config.contains(id.as_str()));
    if let Some(first) = others.next() {
        let rows = all(&loaded, &context.store_of(&loaded)?)?;
        for id in std::iter::once(first).chain(others) {
            find(&rows, id)?;
        }
    }
    drop(of_config);
    let wanted: Vec<FeedId> = ids.iter().map(FeedId::new).collect();
    crate::observe::start_logging(
        context.level.unwrap_or("error"),
        crate::observe::LogFormat::Auto,
        false,
        context.color_stderr(),
    );
    let settings = super::setup::store_settings(&loaded.config);
    let (shared, _lock) = match context.own(loaded) {
        Ok(owned) => owned,
        Err(failure) if failure.locked => {
            return ask_daemon(&settings, &wanted, full, context, out);
        }
        Err(failure) => return Err(failure),
    };
    Context::block_on(async {
        crate::daemon::sync(&shared, &shared.setup()).await?;
        let now = shared.clock.now();
        let allowed = move |conn: &store::Connection| standing::allowed(conn, &wanted, full, now);
        let due = shared.store.read(allowed).await?;
        let how = if full { How::Full } else { How::ByHand };
        let summary = run::poll_and_deliver(&shared, due, how, out).await?;
        run::print(&summary, out)?;
        Ok(if summary.is_complete() {
            Exit::Done
        } else {
            Exit::SomeFailed
        })
    })?
}

/// Makes feeds due for the daemon that owns the store.
fn ask_daemon(
    settings: &store::Settings,
    ids: &[FeedId],
    full: bool,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let (store, now) = (context.open_store(settings)?, context.clock.now());
    let due = store.read_blocking(|conn| standing::allowed(conn, ids, full, now))?;
    let ids: Vec<FeedId> = due.into_iter().map(|due| due.id).collect();
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
