//! The connection to a mail server, with replies as the SMTP library reads them.
//!
//! RFC 5321 (4.2) lets a reply end behind its code; the library takes only one with a space there, and would send a mail
//! again that was taken. What replies mean is not known here.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::stream::Stream;

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
        if self.handed == self.read.len() {
            let mut bytes = [0; BUFFER];
            let mut fresh = ReadBuf::new(&mut bytes);
            ready!(self.wire.with(|stream| stream.poll_read(cx, &mut fresh)))?;
            self.read = self.replies.complete(fresh.filled());
            self.handed = 0;
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

/// Where in a line the bytes are.
#[derive(Default)]
struct Replies {
    column: usize,
    /// Something other than a digit stands in the line.
    text: bool,
}

impl Replies {
    /// The same bytes, with a space behind each code that ends its line.
    fn complete(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut complete = Vec::with_capacity(bytes.len() + 1);
        for byte in bytes {
            if matches!(byte, b'\r' | b'\n') && self.column == 3 && !self.text {
                complete.push(b' ');
                self.text = true;
            }
            complete.push(*byte);
            if *byte == b'\n' {
                *self = Self::default();
            } else {
                self.column = self.column.saturating_add(1);
                self.text |= !byte.is_ascii_digit();
            }
        }
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_ends_behind_its_code_gets_the_space_wherever_it_is_cut() {
        for (raw, complete) in [
            ("250\r\n", "250 \r\n"),
            ("250 \r\n", "250 \r\n"),
            ("250 ok\r\n", "250 ok\r\n"),
            ("250-2.0.0\r\n250\r\n", "250-2.0.0\r\n250 \r\n"),
            ("250-\r\n250 ok\r\n", "250-\r\n250 ok\r\n"),
            ("220\r\n354\r\n", "220 \r\n354 \r\n"),
            ("2500\r\n25\r\n\r\n", "2500\r\n25\r\n\r\n"),
            ("25a\r\n", "25a\r\n"),
            ("250\n", "250 \n"),
        ] {
            for cut in 0..raw.len() {
                let mut replies = Replies::default();
                let (one, two) = raw.as_bytes().split_at(cut);
                let got = [replies.complete(one), replies.complete(two)].concat();
                assert_eq!(String::from_utf8_lossy(&got), complete, "{raw:?} at {cut}");
            }
        }
    }
}
