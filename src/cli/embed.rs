//! The daemon's parts for a caller that brings its own clock: scenarios in which a month passes in seconds.
//!
//! Config and state are read as `run` reads them. Nothing is started here: which pass runs when is the caller's.

use std::path::Path;
use std::sync::Arc;

use super::args::{ColorWhen, Global};
use super::context::{self, Context};
use super::run;
use crate::clock::Clock;
use crate::daemon::reload::Loader;
use crate::daemon::{self, Shared};
use crate::store::Lock;

/// What `run` works with.
pub struct Parts {
    /// What the passes share; the store knows the configured feeds.
    pub shared: Arc<Shared>,
    /// Reads the config again, for a reload.
    pub loader: Arc<Loader>,
    /// While this is held nobody else polls.
    pub lock: Lock,
}

/// The parts over the config at `config` and the state in `state_dir`, their time told by `clock`.
///
/// # Errors
/// Text for people: what is wrong with the config, or why the store cannot be used.
pub async fn open(config: &Path, state_dir: &Path, clock: Clock) -> Result<Parts, String> {
    let mut context = Context::new(&Global {
        config: Some(config.to_owned()),
        state_dir: Some(state_dir.to_owned()),
        format: None,
        verbose: 0,
        quiet: true,
        color: ColorWhen::Never,
    });
    context.clock = clock;
    let config =
        context::read(config).map_err(|problems| problems.without_warnings().render(false))?;
    let (shared, lock) = context.own(config).map_err(|failure| failure.message)?;
    let loader = run::loader(&context, &shared).map_err(|failure| failure.message)?;
    daemon::sync(&shared, &shared.setup())
        .await
        .map_err(|error| error.to_string())?;
    Ok(Parts {
        shared,
        loader,
        lock,
    })
}
