//! SIGHUP: the new config is checked whole, then put in force at once; or refused, and the old one stays.
//!
//! The loader comes from `cli`; polls and sends under way end with the setup they began with.

use std::sync::Arc;

use super::setup::Setup;
use super::{Shared, systemd};
use crate::domain::id::ReceiverId;
use crate::observe;
use crate::store::{self, StoreError, outbox};

/// Makes the next setup from what config says now. The error is text for people, several lines long.
pub type Loader = dyn Fn() -> Result<Setup, String> + Send + Sync;

/// Reloads once; never fails: a refused config is logged, recorded, and shown in the status line.
pub async fn reload(shared: &Arc<Shared>, loader: &Arc<Loader>) {
    systemd::reloading();
    let _alone = shared.changing.lock().await;
    let load = Arc::clone(loader);
    let made = tokio::task::spawn_blocking(move || load())
        .await
        .unwrap_or_else(|panic| Err(panic.to_string()));
    let applied = match made {
        Ok(setup) => apply(shared, setup).await,
        Err(problems) => Err(problems),
    };
    let now = shared.clock.now();
    let (result, record) = match applied {
        Ok(()) => {
            tracing::info!("config reloaded");
            shared.set_trouble("config", None);
            ("applied", format!("applied at {now}"))
        }
        Err(problems) => {
            let first = problems.lines().next().unwrap_or("").to_owned();
            tracing::error!(
                problems,
                "config refused, the old one stays in force: {first}"
            );
            shared.set_trouble(
                "config",
                Some(format!(
                    "reload refused, the old config stays in force: {first}"
                )),
            );
            ("refused", format!("refused at {now}: {problems}"))
        }
    };
    shared
        .metrics
        .add(observe::RELOADS, &[("result", result)], 1.0);
    super::remember(shared, "reload", record).await;
    super::remember(shared, "status", shared.status_line()).await;
    systemd::ready(&shared.status_line());
}

/// Tells the store which feeds and receivers there are now, then swaps.
async fn apply(shared: &Arc<Shared>, setup: Setup) -> Result<(), String> {
    super::sync(shared, &setup)
        .await
        .map_err(|error| error.to_string())?;
    speak_again(shared, &setup)
        .await
        .map_err(|error| error.to_string())?;
    observe::set_level(&setup.log_level);
    shared.replace_setup(setup);
    Ok(())
}

/// Whoever is configured otherwise than before, a replaced token included, is spoken to at once.
async fn speak_again(shared: &Shared, setup: &Setup) -> Result<(), StoreError> {
    let before = shared.setup();
    let changed: Vec<ReceiverId> = setup
        .receivers
        .iter()
        .map(|receiver| &receiver.config)
        .filter(|config| {
            let known = before.receiver(config.id.as_str());
            known.is_some_and(|known| known.config != **config)
        })
        .map(|config| config.id.clone())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let now = shared.clock.now();
    let begin = move |tx: &store::Transaction<'_>| {
        changed
            .iter()
            .try_for_each(|receiver| outbox::begin_anew(tx, receiver, now))
    };
    shared.store.write(begin).await
}
