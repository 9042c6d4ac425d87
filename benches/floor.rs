//! The floor of a poll: reqwest, feed-rs and rusqlite in a bare loop, nothing else. What this stack costs without us.
//!
//! `floor URLS DATABASE PARALLEL`: fetches each URL conditionally, stores the entries of each changed document in one
//! transaction. No rules, no politeness, no sanitising, no identity beyond the id. Not a test: see `benches/poll`.

use std::io::Read;
use std::sync::Arc;

use anyhow::Context as _;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

const SCHEMA: &str = "
    pragma journal_mode = wal; pragma synchronous = full;
    create table if not exists feed (url text primary key, etag text) strict;
    create table if not exists entry (id text primary key, feed text, title text, link text, body text) strict;";

/// One feed: request, inflate, parse, store.
async fn poll(
    client: reqwest::Client,
    store: Arc<Mutex<Connection>>,
    url: String,
) -> anyhow::Result<()> {
    let etag: Option<String> = store
        .lock()
        .await
        .query_row("select etag from feed where url = ?1", [&url], |row| {
            row.get(0)
        })
        .optional()?;
    let mut request = client.get(&url).header(ACCEPT_ENCODING, "gzip");
    if let Some(etag) = etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    let response = request.send().await?.error_for_status()?;
    if response.status() == StatusCode::NOT_MODIFIED {
        return Ok(());
    }
    let etag = response
        .headers()
        .get(ETAG)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let packed = response.headers().get(CONTENT_ENCODING).is_some();
    let body = response.bytes().await?;
    let feed = tokio::task::spawn_blocking(move || {
        let mut plain = Vec::new();
        if packed {
            flate2::read::MultiGzDecoder::new(&body[..]).read_to_end(&mut plain)?;
        } else {
            plain.extend_from_slice(&body);
        }
        anyhow::Ok(feed_rs::parser::parse(&plain[..])?)
    })
    .await??;
    let mut store = store.lock().await;
    let transaction = store.transaction()?;
    {
        let mut insert = transaction
            .prepare_cached("insert or ignore into entry values (?1, ?2, ?3, ?4, ?5)")?;
        for entry in feed.entries {
            let title = entry.title.map(|text| text.content);
            let body = entry
                .summary
                .map(|text| text.content)
                .or(entry.content.and_then(|content| content.body));
            let link = entry.links.into_iter().next().map(|link| link.href);
            insert.execute(params![entry.id, url, title, link, body])?;
        }
        transaction.execute(
            "insert or replace into feed values (?1, ?2)",
            params![url, etag],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let (Some(urls), Some(database)) = (arguments.next(), arguments.next()) else {
        // `cargo bench` without arguments: there is nothing to measure.
        return Ok(());
    };
    let parallel = arguments
        .next()
        .map_or(Ok(64), |text| text.parse())
        .context("PARALLEL is a number")?;
    // Without it the client cannot be built, although nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let store = Connection::open(database)?;
    store.execute_batch(SCHEMA)?;
    let store = Arc::new(Mutex::new(store));
    let slots = Arc::new(Semaphore::new(parallel));
    let mut polls = JoinSet::new();
    for url in std::fs::read_to_string(urls)?.lines() {
        let (client, store, slots, url) = (
            client.clone(),
            Arc::clone(&store),
            Arc::clone(&slots),
            url.to_owned(),
        );
        polls.spawn(async move {
            let _slot = slots.acquire_owned().await?;
            poll(client, store, url).await
        });
    }
    while let Some(ended) = polls.join_next().await {
        ended??;
    }
    Ok(())
}
