//! Connections: how many there are at once, and how long a head, a body and the rest between two requests may take.
//!
//! Descriptors are shared with polls and deliveries, so that strangers may not hold them all. What is asked is none of
//! its business.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::{BoxError, Router};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::Socket;

/// A head must be whole by then; so long a connection also stays open for the next one.
const HEAD: Duration = Duration::from_secs(15);

/// A body must be whole by then.
const BODY: Duration = Duration::from_mins(1);

/// Of the descriptors that the process may have, one in so many is for the web.
const SHARE: u64 = 4;

/// At least, and at most, so many connections.
const BOUNDS: (u64, u64) = (16, 512);

/// Connections of one address; loopback, where proxies are, has no such bound.
const MOST_OF_ADDRESS: usize = 32;

/// After a failure to accept.
const REST: Duration = Duration::from_secs(1);

/// What somebody is told for whom there is no room.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Serves until `stop`, and then what is under way.
///
/// # Errors
/// When the socket has no address.
pub async fn serve(socket: Socket, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let mut hall = Hall {
        router,
        seats: Seats::new(most(getrlimit(Resource::Nofile).current)),
        stop: stop.clone(),
        tasks: JoinSet::new(),
    };
    match socket {
        Socket::Tcp(listener) => {
            let address = listener.local_addr()?;
            tracing::info!(%address, "listening on http://{address}");
            while let Some((stream, from)) = hall.next(|| listener.accept()).await {
                hall.admit(stream, Some(from));
            }
        }
        Socket::Unix(listener, path) => {
            let shown = path.as_deref().unwrap_or(Path::new("of systemd")).display();
            tracing::info!(path = %shown, "listening on unix:{shown}");
            while let Some((stream, _)) = hall.next(|| listener.accept()).await {
                hall.admit(stream, None);
            }
            drop(listener);
            if let Some(path) = path {
                let _ = std::fs::remove_file(path);
            }
        }
    }
    while hall.tasks.join_next().await.is_some() {}
    Ok(())
}

/// How many connections there may be, of so many descriptors.
fn most(descriptors: Option<u64>) -> usize {
    let (least, most) = BOUNDS;
    let share = descriptors.map_or(most, |all| (all / SHARE).clamp(least, most));
    usize::try_from(share).unwrap_or(usize::MAX)
}

/// Where connections come in.
struct Hall {
    router: Router,
    seats: Seats,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Hall {
    /// The next connection; none when it is time to stop.
    async fn next<T, F>(&mut self, accept: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = std::io::Result<T>>,
    {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return None,
                Some(_) = self.tasks.join_next() => continue,
                accepted = accept() => accepted,
            };
            match accepted {
                Ok(accepted) => return Some(accepted),
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken: {error}");
                    sleep(REST).await;
                }
            }
        }
    }

    /// Gives `stream` a seat, or sends it away.
    fn admit<S>(&mut self, mut stream: S, from: Option<SocketAddr>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.seats.take(from.map(|from| from.ip().to_canonical())) {
            Some(seat) => {
                let (router, stop) = (self.router.clone(), self.stop.clone());
                self.tasks
                    .spawn(converse(stream, from, seat, (router, stop)));
            }
            None => {
                self.tasks.spawn(async move {
                    let _ = timeout(REST, stream.write_all(REFUSAL)).await;
                });
            }
        }
    }
}

/// Whether an error is about one connection and not about the socket.
fn is_of_one(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as K;
    let kinds = [
        K::ConnectionAborted,
        K::ConnectionRefused,
        K::ConnectionReset,
        K::Interrupted,
    ];
    kinds.contains(&error.kind())
}

/// Answers what comes by one connection.
async fn converse<S>(
    stream: S,
    from: Option<SocketAddr>,
    seat: Seat,
    (router, stop): (Router, CancellationToken),
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let busy = seat.busy();
        let mut request = request.map(|body| Body::new(InTime::new(body)));
        if let Some(from) = from {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        let answer = router.clone().call(request);
        async move {
            let answer: Response = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| Held { body, _busy: busy }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut is_ending = false;
    loop {
        tokio::select! {
            // Its failures are those of whoever asked.
            _ = &mut connection => return,
            () = seat.leave.notified() => return,
            () = stop.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Who is connected.
#[derive(Clone)]
struct Seats {
    most: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    /// By number, the oldest first.
    taken: BTreeMap<u64, Taken>,
    last: u64,
    told: Option<Instant>,
    refused: u64,
}

/// A connection as the table knows it.
struct Taken {
    from: Option<IpAddr>,
    /// Requests that are being answered.
    busy: usize,
    leave: Arc<Notify>,
}

/// A connection's own hold on its place.
struct Seat {
    number: u64,
    seats: Seats,
    /// It has to make room for another.
    leave: Arc<Notify>,
}

impl Seats {
    fn new(most: usize) -> Self {
        Self {
            most,
            table: Arc::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of `from`: where there is none, that of the oldest which waits for a request.
    fn take(&self, from: Option<IpAddr>) -> Option<Seat> {
        let mut table = self.table();
        let bounded = from.filter(|ip| !ip.is_loopback());
        let of_same = |taken: &Taken| taken.from == from;
        let has_room = bounded.is_none()
            || table.taken.values().filter(|taken| of_same(taken)).count() < MOST_OF_ADDRESS
            || table.dismiss(of_same);
        if !has_room || table.taken.len() >= self.most && !table.dismiss(|_| true) {
            table.refuse();
            return None;
        }
        table.last += 1;
        let number = table.last;
        let leave = Arc::new(Notify::new());
        let taken = Taken {
            from,
            busy: 0,
            leave: Arc::clone(&leave),
        };
        table.taken.insert(number, taken);
        Some(Seat {
            number,
            seats: self.clone(),
            leave,
        })
    }
}

impl Table {
    /// Closes the oldest of `those` that is not being answered; false where there is none.
    fn dismiss(&mut self, those: impl Fn(&Taken) -> bool) -> bool {
        let mut idle = self.taken.iter().filter(|(_, taken)| taken.busy == 0);
        let Some(number) = idle
            .find(|(_, taken)| those(taken))
            .map(|(number, _)| *number)
        else {
            return false;
        };
        if let Some(taken) = self.taken.remove(&number) {
            taken.leave.notify_one();
        }
        true
    }

    /// Says once a minute that somebody was sent away.
    fn refuse(&mut self) {
        self.refused += 1;
        if self
            .told
            .is_none_or(|told| told.elapsed() >= Duration::from_mins(1))
        {
            let refused = std::mem::take(&mut self.refused);
            tracing::warn!(
                refused,
                "too many connections to the web: {refused} got 503"
            );
            self.told = Some(Instant::now());
        }
    }
}

impl Seat {
    /// Notes that a request is being answered, until what is given back is dropped.
    fn busy(&self) -> Busy {
        let busy = Busy {
            number: self.number,
            seats: self.seats.clone(),
        };
        busy.change(1);
        busy
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.table().taken.remove(&self.number);
    }
}

/// An answer under way.
struct Busy {
    number: u64,
    seats: Seats,
}

impl Busy {
    fn change(&self, by: isize) {
        if let Some(taken) = self.seats.table().taken.get_mut(&self.number) {
            taken.busy = taken.busy.saturating_add_signed(by);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.change(-1);
    }
}

/// The body of a request, which has to come in time.
struct InTime {
    body: Incoming,
    end: Pin<Box<Sleep>>,
}

impl InTime {
    fn new(body: Incoming) -> Self {
        Self {
            body,
            end: Box::pin(sleep(BODY)),
        }
    }
}

impl HttpBody for InTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from))),
            Poll::Pending if self.end.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Some(Err("the body did not come in time".into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, until whose end its connection is busy.
struct Held {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    use super::*;

    #[test]
    fn polls_keep_most_descriptors() {
        for (descriptors, expected) in [
            (Some(20), 16),
            (Some(256), 64),
            (Some(1_024), 256),
            (Some(1 << 20), 512),
            (None, 512),
        ] {
            assert_eq!(most(descriptors), expected, "{descriptors:?}");
        }
    }

    #[test]
    fn the_oldest_that_waits_makes_room_and_nobody_who_is_answered() {
        let seats = Seats::new(3);
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        let (first, second, third) = (seats.take(here), seats.take(None), seats.take(here));
        let busy = first.as_ref().unwrap().busy();
        let fourth = seats.take(here).unwrap();
        assert_eq!(
            seats.table().taken.keys().copied().collect::<Vec<_>>(),
            [1, 3, 4]
        );
        let all = (third.as_ref().unwrap().busy(), fourth.busy());
        assert!(seats.take(here).is_none());
        drop((busy, all));
        assert!(seats.take(here).is_some());
        drop((first, second, third, fourth));
        assert!(seats.table().taken.is_empty());
    }

    #[test]
    fn an_address_has_its_share_and_loopback_all_of_it() {
        let seats = Seats::new(4 * MOST_OF_ADDRESS);
        let keep = |ip: [u8; 4]| {
            let taken = (0..2 * MOST_OF_ADDRESS).map(|_| {
                let seat = seats.take(Some(IpAddr::from(ip)))?;
                let busy = seat.busy();
                Some((seat, busy))
            });
            taken.flatten().collect::<Vec<_>>()
        };
        assert_eq!(keep([192, 0, 2, 1]).len(), MOST_OF_ADDRESS);
        assert_eq!(keep([127, 0, 0, 1]).len(), 2 * MOST_OF_ADDRESS);
    }

    /// Opens a connection, whose time is that of the test, and sends `request`.
    async fn connected(request: &str) -> (DuplexStream, JoinSet<()>) {
        let (mut client, server) = duplex(1 << 16);
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/take", post(|_: String| async { "taken" }));
        let seat = Seats::new(1).take(None).unwrap();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(converse(server, None, seat, (router, stop)));
        client.write_all(request.as_bytes()).await.unwrap();
        (client, tasks)
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_half_a_body_and_silence_are_not_waited_for_long() {
        let begun = Instant::now();
        for (request, answer, within) in [
            ("", "", HEAD),
            ("GET / HTTP/1.1\r\nHost: x\r\nX-Half: ", "", HEAD),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200", HEAD),
            (
                "POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
                "HTTP/1.1 400",
                BODY,
            ),
        ] {
            let (mut client, _tasks) = connected(request).await;
            let mut told = String::new();
            let end = timeout(within * 2, client.read_to_string(&mut told)).await;
            assert!(end.is_ok(), "it is still open after {request:?}");
            assert!(told.starts_with(answer), "{request:?}: {told}");
        }
        assert!(begun.elapsed() >= 3 * HEAD + BODY);
    }
}
