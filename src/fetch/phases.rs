//! Where the time of an exchange goes: its turn, names, connections, the first byte, the body.
//!
//! A client hides its phases from who calls it, but not from its parts: the resolver and a layer around the
//! connector note their time in the exchange that they work for. Measures and decides nothing.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::domain::feed::outcome::Timings;

tokio::task_local! {
    /// The exchange that the work at hand is for.
    static EXCHANGE: Arc<Phases>;
}

/// A phase that is measured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Until it was the host's turn.
    Turn,
    /// Looking names up.
    Names,
    /// TCP, TLS, a proxy's handshake; not names.
    Connect,
    /// From the connection to the head of the answer.
    FirstByte,
    /// Reading and decoding the body.
    Body,
}

/// The phases of one exchange, all hops together, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Phases {
    spent: [AtomicU64; 5],
}

impl Phases {
    /// Runs `work`, whose parts note their time here.
    pub(super) async fn during<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        EXCHANGE.scope(Arc::clone(self), work).await
    }

    /// Adds `time` to `phase`.
    pub(super) fn add(&self, phase: Phase, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.spent[phase as usize].fetch_add(micros, Ordering::Relaxed);
    }

    /// The time of `phase` so far.
    pub(super) fn spent(&self, phase: Phase) -> Duration {
        Duration::from_micros(self.spent[phase as usize].load(Ordering::Relaxed))
    }

    /// Names and connections so far: what lies between a request and its leaving.
    pub(super) fn before_leaving(&self) -> Duration {
        self.spent(Phase::Names) + self.spent(Phase::Connect)
    }

    /// The sums, as facts.
    pub(super) fn timings(&self) -> Timings {
        let ms = |phase| u32::try_from(self.spent(phase).as_millis()).unwrap_or(u32::MAX);
        Timings {
            waited_ms: ms(Phase::Turn),
            dns_ms: ms(Phase::Names),
            connect_ms: ms(Phase::Connect),
            first_byte_ms: ms(Phase::FirstByte),
            body_ms: ms(Phase::Body),
        }
    }
}

/// Adds `time` to `phase` of the exchange at hand, if there is one.
pub(super) fn note(phase: Phase, time: Duration) {
    let _ = EXCHANGE.try_with(|phases| phases.add(phase, time));
}

/// The layer that measures connecting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured;

impl<S> Layer<S> for Measured {
    type Service = Connecting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Connecting { inner }
    }
}

/// A connector whose work is measured.
#[derive(Clone, Debug)]
pub(super) struct Connecting<S> {
    inner: S,
}

impl<S, R> Service<R> for Connecting<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let stopwatch = EXCHANGE.try_with(Stopwatch::start).ok();
        let connecting = self.inner.call(request);
        Box::pin(async move {
            let connected = connecting.await;
            drop(stopwatch);
            connected
        })
    }
}

/// Notes the time it lived as connecting, also where it is cut short; the names' time within is theirs.
struct Stopwatch {
    phases: Arc<Phases>,
    begun: Instant,
    names: Duration,
}

impl Stopwatch {
    fn start(phases: &Arc<Phases>) -> Self {
        Self {
            names: phases.spent(Phase::Names),
            phases: Arc::clone(phases),
            begun: Instant::now(),
        }
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let names = self.phases.spent(Phase::Names).saturating_sub(self.names);
        let rest = self.begun.elapsed().saturating_sub(names);
        self.phases.add(Phase::Connect, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Slow;

    impl Service<()> for Slow {
        type Response = ();
        type Error = ();
        type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), ()>> + Send + 'static>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                note(Phase::Names, Duration::from_millis(30));
                tokio::time::sleep(Duration::from_millis(70)).await;
                Ok(())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn names_and_connections_are_told_apart() {
        let phases = Arc::new(Phases::default());
        let mut service = Measured.layer(Slow);
        phases
            .during(async { service.call(()).await })
            .await
            .expect("it connects");
        let timings = phases.timings();
        assert_eq!((timings.dns_ms, timings.connect_ms), (30, 70));
        // Outside of any exchange nothing is measured, and nothing breaks.
        note(Phase::Body, Duration::from_secs(1));
        service.call(()).await.expect("it connects");
        assert_eq!(phases.timings(), timings);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_given_up_counts() {
        let phases = Arc::new(Phases::default());
        let mut service = Measured.layer(Slow);
        let work = async { service.call(()).await };
        let cut = tokio::time::timeout(Duration::from_millis(10), phases.during(work)).await;
        assert!(cut.is_err());
        assert_eq!(phases.timings().connect_ms, 10);
    }
}
