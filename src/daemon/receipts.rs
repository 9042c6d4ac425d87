//! Emergencies that ring at a service until somebody takes them there: whoever does acknowledges the alert (DLV-39).
//!
//! It asks while they ring and notes the answer; what an acknowledgement stops is `timing`'s business.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::receivers::Receiver;
use super::{LONGEST_REST, Shared};
use crate::domain::id::ReceiverId;
use crate::notify::settings::ReceiverKind;
use crate::store::{StoreError, alerts, outbox};

/// Between two looks; the service asks for no more than one in five seconds of each message.
const REST: Duration = Duration::from_secs(20);
/// How long they ring, and a little more.
const RINGS: SignedDuration = SignedDuration::from_mins(65);
/// Messages asked about in a look.
const MOST: u32 = 20;

/// Asks until stopped.
///
/// # Errors
/// None that ends it.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        match round(&shared).await {
            Ok(_) => shared.store_serves("receipts"),
            Err(error) => {
                tracing::error!(%error, "who took an emergency is not noted, for the store: {error}");
                shared.store_fails("receipts", &error);
            }
        }
        shared.progress.beat("receipts", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(REST) => {}
        }
    }
}

/// Looks once; how many alerts were taken.
///
/// # Errors
/// When the store fails.
pub async fn round(shared: &Shared) -> Result<u32, StoreError> {
    let mut taken = 0;
    for receiver in &shared.setup().receivers {
        if rings(receiver) {
            taken += ask(shared, receiver).await?;
        }
    }
    if taken > 0 {
        shared.timing_nudge.notify_one();
    }
    Ok(taken)
}

/// Whether its service rings until somebody answers.
fn rings(receiver: &Receiver) -> bool {
    matches!(&receiver.config.kind, ReceiverKind::Pushover(settings) if settings.emergency)
}

async fn ask(shared: &Shared, receiver: &Receiver) -> Result<u32, StoreError> {
    let (id, now) = (receiver.config.id.clone(), shared.clock.now());
    let since = now.checked_sub(RINGS).unwrap_or(now);
    let ringing = shared
        .store
        .read(move |conn| outbox::ringing(conn, &id, since, MOST))
        .await?;
    let mut taken = 0;
    for (alert, answer) in ringing {
        let Some(asking) = receiver.notifier.taken(&answer) else {
            continue;
        };
        match asking.await {
            Ok(None) => {}
            Ok(Some(device)) => {
                let who = who(&receiver.config.id, &device);
                let acked = shared
                    .store
                    .write(move |tx| alerts::ack(tx, alert, &who, now));
                taken += u32::from(acked.await?);
            }
            Err(attempt) => {
                let why = attempt.outcome.message().unwrap_or_default();
                tracing::warn!(receiver = %receiver.config.id, alert, why, "who took alert {alert} is not known: {why}");
                // The next would not be answered either.
                break;
            }
        }
    }
    Ok(taken)
}

/// Who has taken it, as people read it.
fn who(receiver: &ReceiverId, device: &str) -> String {
    let device = device.trim();
    if device.is_empty() {
        receiver.to_string()
    } else {
        format!("{receiver} ({device})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::sample::{now, owe_as, receiver, setup, shared};
    use crate::domain::alert::delivery::Attempt;
    use crate::domain::rule::Severity;
    use crate::notify::settings::{PushoverSettings, ReceiverConfig};
    use crate::notify::{Asking, Notifier, Outgoing, Sending};
    use crate::secret::Secret;

    /// Takes every message, and says that what it answered `taken` to was taken.
    struct Rings;

    impl Notifier for Rings {
        fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
            Box::pin(async { Attempt::delivered().with_answer(outgoing.alert.key.clone()) })
        }

        fn patience(&self) -> Duration {
            Duration::from_secs(1)
        }

        fn preview(&self, _: &Outgoing) -> String {
            String::new()
        }

        fn taken<'a>(&'a self, answer: &'a str) -> Option<Asking<'a>> {
            Some(Box::pin(async move {
                Ok((answer == "taken").then(|| "phone".to_owned()))
            }))
        }
    }

    fn ringing() -> Arc<Receiver> {
        let plain = receiver("oncall", Attempt::delivered);
        let kind = ReceiverKind::Pushover(PushoverSettings {
            api: None,
            token: Secret::new("t".repeat(30)),
            user: Secret::new("u".repeat(30)),
            device: None,
            emergency: true,
        });
        Arc::new(Receiver {
            config: ReceiverConfig {
                kind,
                ..plain.config.clone()
            },
            notifier: Arc::new(Rings),
        })
    }

    #[tokio::test]
    async fn what_is_taken_at_the_service_is_acknowledged_and_nothing_else() {
        let (_dir, shared) = shared(setup(&[], vec![ringing()])).await;
        for (key, severity) in [
            ("taken", Severity::Critical),
            ("rings", Severity::Critical),
            ("silent", Severity::High),
        ] {
            owe_as(&shared, "oncall", key, severity).await;
        }
        crate::daemon::once::deliver_all(&shared, now())
            .await
            .unwrap();
        assert_eq!(round(&shared).await.unwrap(), 1);
        assert_eq!(round(&shared).await.unwrap(), 0, "it is asked no more");
        let rows = shared
            .store
            .read(|conn| alerts::list(conn, &alerts::AlertFilter::default(), 9))
            .await
            .unwrap();
        let seen: Vec<Option<String>> = rows.into_iter().map(|row| row.acked_by).collect();
        let seen: Vec<String> = seen.into_iter().flatten().collect();
        assert_eq!(seen, ["oncall (phone)"]);
        shared.clock.set(now() + SignedDuration::from_hours(2));
        assert_eq!(
            round(&shared).await.unwrap(),
            0,
            "what rings no more is not asked about"
        );
    }
}
