//! HTTP in: every route of the program on one page.
//!
//! Pages for people, the same under `/api/v1` for programs, feeds for readers, operations endpoints, and what hubs
//! call. The daemon's state is reached through `daemon::control` and nothing else.

mod ack;
mod alerts;
mod answer;
mod api;
mod assets;
mod chart;
mod connections;
mod entities;
mod entries;
mod events;
mod feeds;
mod form;
mod guard;
mod held;
mod help;
mod highlight;
mod lang;
mod layout;
mod openapi;
mod ops;
mod output;
mod overview;
mod pace;
mod problem;
mod receivers;
mod rules;
mod search;
mod session;
mod settings;
mod silences;
mod socket;
mod stories;
mod system;
mod turns;
mod view;
mod websub;
mod words;

pub use socket::Socket;

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::daemon::control::{Access, Control};
use crate::domain::feed::Feed;
use crate::domain::id::FeedId;
use crate::store::feeds::FeedRow;

/// Where to listen, and what config knows.
#[derive(Clone, Debug, Default)]
pub struct WebSettings {
    /// `host:port`, `unix:/path`, or empty for not at all.
    pub listen: String,
    /// How lists of feeds are read and written.
    pub lists: Lists,
}

/// What config knows of lists of feeds, handed over so that nobody imports config for it.
#[derive(Clone, Copy, Debug)]
pub struct Lists {
    /// Reads OPML, newsboat's `urls`, or one address a line.
    pub read: fn(&[u8]) -> Listing,
    /// Writes OPML.
    pub write: fn(&[FeedRow]) -> String,
    /// The id of a feed that was given none.
    pub id_of: fn(&str) -> FeedId,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            read: |_| Listing::default(),
            write: |_| String::new(),
            id_of: |url| FeedId::new(url),
        }
    }
}

/// The feeds of a list, and what could not be used of it.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The feeds, ids derived.
    pub feeds: Vec<Feed>,
    /// Why the others cannot be used.
    pub refused: Vec<String>,
}

/// What handlers share.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    control: Arc<Control>,
    door: guard::Door,
    /// What requests are held against, and of what it was made.
    guard: Mutex<(Arc<Access>, Arc<guard::Guard>)>,
    pace: pace::Pace,
    turns: turns::Turns,
    assets: assets::Assets,
    lists: Lists,
    /// Listeners to `/events`.
    listeners: Arc<tokio::sync::Semaphore>,
    /// The daemon is ending; streams end with it.
    stop: CancellationToken,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// What requests are held against: as config says now.
    fn guard(&self) -> Arc<guard::Guard> {
        let access = Arc::clone(&self.control.setup().access);
        let mut known = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&known.0, &access) {
            if *known.0 != *access {
                known.1 = Arc::new(guard::Guard::new(&self.door, &access));
                self.pace.begin_anew();
            }
            known.0 = access;
        }
        Arc::clone(&known.1)
    }
}

impl FromRef<App> for Arc<Control> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.control)
    }
}

/// Pages, and what their forms do.
fn pages() -> Router<App> {
    Router::new()
        .route("/", get(overview::page))
        .route("/stories", get(stories::list))
        .route("/stories/{id}", get(stories::one))
        .route("/stories/{id}/merge", post(stories::merge))
        .route("/entries/{id}/split", post(stories::split))
        .route("/alerts", get(alerts::list))
        .route("/alerts/held", get(held::list))
        .route("/alerts/{id}", get(alerts::one))
        .route("/alerts/{id}/ack", post(alerts::ack))
        .route("/alerts/{id}/mark", post(alerts::mark))
        .route("/alerts/{id}/resend", post(alerts::resend))
        .route("/entries", get(entries::list))
        .route("/entries/{id}", get(entries::one))
        .route("/rules", get(rules::list))
        .route("/rules/{id}", get(rules::one))
        .route("/rules/{id}/delete", post(rules::workshop::remove))
        .route(
            "/workshop",
            get(rules::workshop::page).post(rules::workshop::save),
        )
        .route("/entities", get(entities::list))
        .route("/entities/{id}", get(entities::one))
        .route("/entities/{id}/alias", post(entities::add_alias))
        .route("/feeds", get(feeds::list))
        .route("/feeds/add", get(feeds::add::page).post(feeds::add::save))
        .route("/feeds/import", post(feeds::add::import))
        .route("/feeds.opml", get(feeds::add::export))
        .route("/feeds/{id}", get(feeds::one))
        .route("/feeds/{id}/poll", post(feeds::poll_now))
        .route("/feeds/{id}/remove", post(feeds::remove))
        .route("/receivers", get(receivers::list))
        .route("/receivers/{id}/test", post(receivers::test))
        .route("/silences", get(silences::list).post(silences::add))
        .route("/silences/{id}/end", post(silences::end))
        .route("/system", get(system::page))
        .route("/help", get(help::page))
        .route("/settings", get(settings::page))
        .route("/login", get(session::page).post(session::log_in))
        .route("/logout", post(session::log_out))
        .route("/assets/{name}", get(assets::get))
}

/// What machines ask, and readers.
fn machines() -> Router<App> {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/events", get(events::stream))
        .route("/feeds/rules/{name}", get(output::rule))
        .route("/feeds/entities/{name}", get(output::entity))
        .route("/feeds/stories/{name}", get(output::story))
        .route("/feeds/search/{name}", get(output::search))
        .route("/websub/{token}", get(websub::verify).post(websub::push))
        .route("/a/{token}", get(ack::ask).post(ack::acknowledge))
}

/// Every route.
fn router(app: App) -> Router {
    pages()
        .merge(machines())
        .method_not_allowed_fallback(ops::not_allowed)
        .nest("/api/v1", api::router())
        .route("/api/openapi.json", get(openapi::document))
        .fallback(ops::not_found)
        .layer(from_fn_with_state(app.clone(), guard::check))
        .layer(from_fn_with_state(app.clone(), answer::finish))
        .with_state(app)
}

/// Serves until `stop`.
///
/// # Errors
/// When the socket has no address; a single connection's fault is none.
pub async fn serve(
    socket: Socket,
    control: Arc<Control>,
    settings: WebSettings,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let door = guard::Door {
        listen: settings.listen,
        is_near: socket.is_near(),
    };
    let access = Arc::clone(&control.setup().access);
    let guard = Arc::new(guard::Guard::new(&door, &access));
    let app = App(Arc::new(Inner {
        control,
        door,
        guard: Mutex::new((access, guard)),
        pace: pace::Pace::default(),
        turns: turns::Turns::default(),
        assets: assets::Assets::new(),
        lists: settings.lists,
        listeners: Arc::new(tokio::sync::Semaphore::new(events::MOST_LISTENERS)),
        stop: stop.clone(),
    }));
    Ok(connections::serve(socket, router(app), stop).await?)
}
