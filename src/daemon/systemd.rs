//! What systemd is told: ready, reloading, stopping, a status line, and that there is progress.
//!
//! Without `NOTIFY_SOCKET` every call does nothing. What counts as progress is `progress`'s business.

use sd_notify::NotifyState;

/// Start-up is over.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
}

/// A reload has begun; `ready` ends it. The stamp is what `Type=notify-reload` compares.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(stamp) => tell(&[NotifyState::Reloading, stamp]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The process is going away.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Feeds the watchdog.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the watchdog wants to be fed: half of what systemd allows.
#[must_use]
pub fn watchdog_interval() -> Option<std::time::Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// One line, whatever the text holds: a newline would start another assignment.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Sends, and says so in the log when systemd's socket does not take it.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot reach systemd's notify socket: {error}");
    }
}
