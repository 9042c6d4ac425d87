//! HTTP in: every route of the program on one page.
//!
//! Operations endpoints, and what hubs call; pages and API join here. The daemon's state is reached through
//! `daemon::control` and nothing else.

mod ack;
mod guard;
mod ops;
mod websub;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use crate::daemon::control::Control;
use crate::secret::Secret;

/// Where to listen, and who may ask.
#[derive(Clone, Debug, Default)]
pub struct WebSettings {
    /// `host:port`, `unix:/path`, or empty for not at all.
    pub listen: String,
    /// Tokens; `/metrics` asks for one when there is any.
    pub tokens: Vec<Secret>,
}

/// A bound socket, not yet served.
#[derive(Debug)]
pub enum Socket {
    /// A TCP port.
    Tcp(tokio::net::TcpListener),
    /// A unix socket, with the file to remove at the end.
    Unix(tokio::net::UnixListener, PathBuf),
}

impl Socket {
    /// Binds what `listen` says; nothing when it is empty.
    ///
    /// # Errors
    /// A sentence that names the address and what to do.
    pub async fn bind(listen: &str) -> Result<Option<Self>, String> {
        if listen.is_empty() {
            return Ok(None);
        }
        if let Some(path) = listen.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            // A socket file that nobody listens on is left from a killed process.
            if path.exists() && tokio::net::UnixStream::connect(&path).await.is_err() {
                let _ = std::fs::remove_file(&path);
            }
            return match tokio::net::UnixListener::bind(&path) {
                Ok(listener) => Ok(Some(Self::Unix(listener, path))),
                Err(error) => Err(format!(
                    "cannot listen on {listen}: {error}: choose another path in [web] listen"
                )),
            };
        }
        match tokio::net::TcpListener::bind(listen).await {
            Ok(listener) => Ok(Some(Self::Tcp(listener))),
            Err(error) => Err(format!(
                "cannot listen on {listen}: {error}: set another address in [web] listen, or \"\" to switch it off"
            )),
        }
    }
}

/// Every route.
fn router(control: Arc<Control>, settings: &WebSettings) -> Router {
    let guard = guard::Guard::new(settings);
    Router::new()
        .route("/", get(ops::root))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .route("/websub/{token}", get(websub::verify).post(websub::push))
        .route("/a/{token}", get(ack::ask).post(ack::acknowledge))
        .fallback(ops::not_found)
        .layer(axum::middleware::from_fn(move |request, next| {
            guard::check(guard.clone(), request, next)
        }))
        .with_state(control)
}

/// Serves until `stop`.
///
/// # Errors
/// When the socket fails; a single connection's fault is not one.
pub async fn serve(
    socket: Socket,
    control: Arc<Control>,
    settings: WebSettings,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let router = router(control, &settings);
    let stopped = async move { stop.cancelled().await };
    match socket {
        Socket::Tcp(listener) => {
            let address = listener.local_addr()?;
            tracing::info!(%address, "listening on http://{address}");
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await?;
        }
        Socket::Unix(listener, path) => {
            tracing::info!(path = %path.display(), "listening on unix:{}", path.display());
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await?;
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(())
}
