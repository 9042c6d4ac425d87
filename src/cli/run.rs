//! `run`: the daemon, or one round of it.

use std::ffi::OsString;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::RunArgs;
use super::context::{self, Context, Loaded};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::{environment, progress, setup};
use crate::daemon::control::Control;
use crate::daemon::once::{self, How, Summary};
use crate::daemon::poll::queue::Due;
use crate::daemon::reload::Loader;
use crate::daemon::run::Extra;
use crate::daemon::supervisor::Ending;
use crate::daemon::{self, Shared};
use crate::observe;
use crate::store::{self, Lock, StoreError};
use crate::web;

/// Runs the daemon, or one round with `--once`.
pub fn run(
    args: &RunArgs,
    early: Option<Early>,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let early = match early {
        _ if args.once => None,
        None => Some(listen()?),
        early => early,
    };
    let loaded = context.load()?;
    start_logging(context, &loaded, args.once);
    if !loaded.warnings.is_empty() && !args.once {
        tracing::warn!(
            warnings = loaded.warnings.warnings(),
            "the config has warnings: `bongsu check` shows them"
        );
    }
    if !args.once && setup::has_deaf_callback(&loaded.config) {
        tracing::warn!("WebSub is off, since [web] listen is: feeds are polled as usual");
    }
    if let Ok(folder) = context.state_dir()
        && store::is_open_to_others(&folder)
    {
        let folder = folder.display();
        tracing::warn!("others may write into the state folder {folder}: chmod go-w {folder}");
    }
    let web = setup::web_settings(&loaded.config);
    let (shared, lock) = context.own(loaded)?;
    let lock = Arc::new(lock);
    let exit = match early {
        None => Context::block_on(round(&shared, out))?,
        Some((runtime, hangup)) => {
            context::finish(runtime, serve(&shared, context, web, (hangup, &lock)))
        }
    };
    // Everything is committed: what the log still holds goes into the file before the lock goes.
    if let Err(error) = shared.store.checkpoint_blocking() {
        tracing::warn!(%error, "the store's log stays beside the file: {error}");
    }
    drop(lock);
    exit
}

/// A runtime, and SIGHUP as it hears it.
pub type Early = (Runtime, Signal);

/// Listens to SIGHUP before anything else is done, where the arguments may mean the daemon: a reload that is asked for
/// before config is read must not end the process.
pub fn listen_early(args: &[OsString]) -> Option<Early> {
    let daemon =
        args.iter().skip(1).any(|arg| arg == "run") && !args.iter().any(|arg| arg == "--once");
    daemon.then(listen).and_then(Result::ok)
}

/// A runtime, and SIGHUP as it hears it from now on.
fn listen() -> Result<Early, Failure> {
    let runtime = context::runtime()?;
    let hangup = {
        let _inside = runtime.enter();
        signal(SignalKind::hangup())
    };
    let hangup =
        hangup.map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))?;
    Ok((runtime, hangup))
}

/// Logs as config and flags say; a round by hand is quiet unless asked.
fn start_logging(context: &Context, loaded: &Loaded, once: bool) {
    let configured = if once {
        "error"
    } else {
        loaded.config.log.level.as_str()
    };
    let level = context.level.unwrap_or(configured);
    let under_systemd = environment::env("JOURNAL_STREAM").is_some();
    observe::start_logging(
        level,
        setup::log_format(loaded.config.log.format),
        under_systemd,
        context.color_stderr(),
    );
}

/// Polls what is due, delivers what is owed, prints the summary.
async fn round(shared: &Arc<Shared>, out: &mut Output) -> Result<Exit, Failure> {
    daemon::sync(shared, &shared.setup()).await?;
    let due = daemon::poll::due(shared, shared.clock.now()).await?;
    let summary = poll_and_deliver(shared, due, How::Due, out).await?;
    print(&summary, out)?;
    daemon::index::some(shared).await?;
    Ok(if summary.is_complete() {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// Polls these with a bar, reads the pages that are due, then tries every delivery that is owed.
pub async fn poll_and_deliver(
    shared: &Arc<Shared>,
    due: Vec<Due>,
    how: How,
    out: &Output,
) -> Result<Summary, StoreError> {
    let bar = progress::bar(due.len() as u64, "polling", out.is_human());
    let mut summary = once::poll_all(shared, due, how, |_| bar.inc(1)).await?;
    bar.finish_and_clear();
    once::read_pages(shared, &mut summary.alerts).await?;
    let began = shared.clock.now();
    summary.deliveries = once::deliver_all(shared, began).await?;
    if daemon::health::look(shared).await? > 0 {
        let told = once::deliver_all(shared, began).await?;
        summary.deliveries.sent += told.sent;
        summary.deliveries.failed += told.failed;
        summary.deliveries.pending = told.pending;
        summary.deliveries.held = told.held;
    }
    Ok(summary)
}

/// The summary, as the contract fixes it or as people read it.
pub fn print(summary: &Summary, out: &mut Output) -> Result<(), Failure> {
    if !out.is_human() {
        return out.json(summary);
    }
    let Summary {
        feeds,
        entries,
        alerts,
        deliveries,
    } = summary;
    out.line(&format!(
        "feeds       {} of {} polled: {} ok, {} not modified, {} failed",
        feeds.polled, feeds.total, feeds.ok, feeds.not_modified, feeds.failed
    ))?;
    out.line(&format!(
        "entries     {} new, {} revised",
        entries.new, entries.revised
    ))?;
    let held: Vec<String> = alerts
        .held
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let held = if held.is_empty() {
        String::new()
    } else {
        format!("; held: {}", held.join(", "))
    };
    out.line(&format!("alerts      {} new{held}", alerts.new))?;
    out.line(&format!(
        "deliveries  {} sent, {} pending, {} failed, {} held",
        deliveries.sent, deliveries.pending, deliveries.failed, deliveries.held
    ))?;
    if feeds.waiting > 0 {
        out.line(&format!(
            "            {} not polled: their hosts asked to wait",
            feeds.waiting
        ))?;
    }
    if feeds.failed > 0 {
        out.line("`bongsu feeds list` shows what failed and why")?;
    }
    Ok(())
}

/// The daemon with its web, until it ends.
async fn serve(
    shared: &Arc<Shared>,
    context: &Context,
    settings: web::WebSettings,
    (hangup, lock): (Signal, &Arc<Lock>),
) -> Result<Exit, Failure> {
    let has_token = !shared.setup().access.tokens.is_empty();
    let socket = web::Socket::open(&settings.listen, has_token)
        .await
        .map_err(Failure::new)?;
    if let Some(port) = socket.as_ref().and_then(web::Socket::port) {
        let _ = shared.own_port.set(port);
    }
    let web = socket.map(|socket| {
        let control = Arc::new(Control::new(Arc::clone(shared)));
        Box::new(move |stop| {
            Box::pin(web::serve(socket, control, settings, stop)) as daemon::run::futures_task::Task
        }) as Extra
    });
    let loader = loader(context, shared)?;
    let ending = daemon::run::run(Arc::clone(shared), loader, web, hangup, Arc::clone(lock))
        .await
        .map_err(|error| match error.downcast::<StoreError>() {
            Ok(error) => Failure::from(error),
            Err(error) => Failure::new(format!("{error:#}")),
        })?;
    Ok(match ending {
        Ending::Asked => Exit::Done,
        Ending::CutOff(tasks) => {
            tracing::warn!(
                ?tasks,
                "cut off while stopping; what was under way is repeated at the next start"
            );
            Exit::Done
        }
        Ending::TaskEnded { task, why } => {
            tracing::error!(task, why, "task {task} ended unasked: {why}");
            return Err(Failure::task(format!("task {task} ended unasked: {why}")));
        }
    })
}

/// What SIGHUP calls: reads the same config path again, whole.
pub(super) fn loader(context: &Context, shared: &Arc<Shared>) -> Result<Arc<Loader>, Failure> {
    let (path, maker, store) = (
        context.config_path()?,
        setup::Maker::new(context)?,
        shared.store.clone(),
    );
    Ok(Arc::new(move || {
        let loaded =
            context::read(&path).map_err(|problems| problems.without_warnings().render(false))?;
        maker
            .examine(&loaded.config)
            .map_err(|problems| problems.render(false))?;
        maker
            .make(loaded, &store)
            .map_err(|failure| failure.message)
    }))
}
