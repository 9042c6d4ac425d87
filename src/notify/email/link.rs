//! The connection to a mail server: what the SMTP library speaks through. What it hears was put right by `replies`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::stream::Stream;
use super::replies::Replies;

/// Read at a time.
const BUFFER: usize = 4_096;

/// What is spoken through. The library keeps the link; we keep this, to encrypt what is below it.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Option<Box<dyn Stream>>>>);

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    /// Takes what is below the link; whoever still speaks through it has lost the connection.
    pub(super) fn take(&self) -> Option<Box<dyn Stream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<T>(
        &self,
        work: impl FnOnce(Pin<&mut dyn Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stream.as_deref_mut() {
            Some(stream) => work(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

/// A connection for the library.
pub(super) struct Link {
    wire: Wire,
    peer: SocketAddr,
    replies: Replies,
    /// What was read and not handed on.
    read: Vec<u8>,
    handed: usize,
}

impl Link {
    pub(super) fn new(wire: &Wire, peer: SocketAddr) -> Self {
        Self {
            wire: wire.clone(),
            peer,
            replies: Replies::default(),
            read: Vec::new(),
            handed: 0,
        }
    }

    /// The same behind STARTTLS, where the server does not greet again although the library waits for it.
    pub(super) fn greeted(wire: &Wire, peer: SocketAddr) -> Self {
        Self {
            read: b"220 \r\n".to_vec(),
            ..Self::new(wire, peer)
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.peer).finish()
    }
}

impl AsyncTokioStream for Link {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.handed == self.read.len() {
            let mut bytes = [0; BUFFER];
            let mut fresh = ReadBuf::new(&mut bytes);
            ready!(self.wire.with(|stream| stream.poll_read(cx, &mut fresh)))?;
            self.handed = 0;
            if fresh.filled().is_empty() {
                self.read = self.replies.rest();
                break;
            }
            self.read = self.replies.read(fresh.filled())?;
        }
        let next = &self.read[self.handed..];
        let count = next.len().min(buf.remaining());
        buf.put_slice(&next[..count]);
        self.handed += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.wire.with(|stream| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.with(|stream| stream.poll_shutdown(cx))
    }
}
