//! Where the web listens: a socket that systemd passed, or what `[web] listen` says.
//!
//! Who may ask is the guard's business; only that a socket which others reach needs a token is said here too, because
//! config cannot know of a passed one.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// A unix socket is for its owner and group (SEC-5).
const MODE: u32 = 0o660;

/// A bound socket, not yet served.
#[derive(Debug)]
pub enum Socket {
    /// A TCP port.
    Tcp(TcpListener),
    /// A unix socket, with the file to remove at the end; none where systemd owns it.
    Unix(UnixListener, Option<PathBuf>),
}

impl Socket {
    /// Takes the socket that systemd passed, else binds what `listen` says; nothing when that is empty.
    ///
    /// # Errors
    /// A sentence that names the address and what to do.
    pub async fn open(listen: &str, has_token: bool) -> Result<Option<Self>, String> {
        match passed(has_token)? {
            Some(socket) => Ok(Some(socket)),
            None => Self::bind(listen).await,
        }
    }

    /// Whether only this machine reaches it.
    pub(super) fn is_near(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .is_ok_and(|address| address.ip().is_loopback()),
            Self::Unix(..) => true,
        }
    }

    /// The port that it listens at; none where it is a file.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Self::Unix(..) => None,
        }
    }

    async fn bind(listen: &str) -> Result<Option<Self>, String> {
        if listen.is_empty() {
            return Ok(None);
        }
        if let Some(path) = listen.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            let bound = bind_unix(&path).await;
            return bound
                .map(|listener| Some(Self::Unix(listener, Some(path))))
                .map_err(|error| {
                    format!(
                        "cannot listen on {listen}: {error}: choose another path in [web] listen"
                    )
                });
        }
        match TcpListener::bind(listen).await {
            Ok(listener) => Ok(Some(Self::Tcp(listener))),
            Err(error) => Err(format!(
                "cannot listen on {listen}: {error}: set another address in [web] listen, or \"\" to switch it off"
            )),
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        // A socket file that nobody listens on is left from a killed process.
        Ok(found) if found.file_type().is_socket() => {
            if UnixStream::connect(path).await.is_err() {
                std::fs::remove_file(path)?;
            }
        }
        Ok(_) => {
            return Err(io::Error::other(
                "there is a file of that name, and it is no socket",
            ));
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE))?;
    Ok(listener)
}

/// The first socket that was passed (`LISTEN_FDS`, `sd_listen_fds(3)`).
fn passed(has_token: bool) -> Result<Option<Socket>, String> {
    let mut passed = ListenFd::from_env();
    if passed.len() == 0 {
        return Ok(None);
    }
    let fault =
        |error: io::Error| format!("the socket that systemd passed cannot be used: {error}");
    if let Ok(Some(listener)) = passed.take_tcp_listener(0) {
        listener.set_nonblocking(true).map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        if !address.ip().is_loopback() && !has_token {
            return Err(format!(
                "others can reach {address}, which systemd passed, and there is no token: add token = {{ file = \"web-token\" }} to \
                 [web], or set ListenStream=127.0.0.1:{} in bongsu.socket",
                address.port()
            ));
        }
        return TcpListener::from_std(listener)
            .map(|listener| Some(Socket::Tcp(listener)))
            .map_err(fault);
    }
    match passed.take_unix_listener(0) {
        Ok(Some(listener)) => {
            listener.set_nonblocking(true).map_err(fault)?;
            UnixListener::from_std(listener).map(|listener| Some(Socket::Unix(listener, None))).map_err(fault)
        }
        Ok(None) => Ok(None),
        Err(_) => Err("the socket that systemd passed is neither TCP nor a unix stream: set ListenStream= in bongsu.socket".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_socket_that_nobody_listens_on_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, left) = ["file", "link", "left"]
            .map(|name| dir.path().join(name))
            .into();
        std::fs::write(&file, "notes").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        drop(UnixListener::bind(&left).unwrap());
        let bind = |path: &Path| {
            let listen = format!("unix:{}", path.display());
            async move { Socket::bind(&listen).await }
        };
        for path in [&file, &link] {
            let why = bind(path).await.unwrap_err();
            assert!(why.contains("no socket"), "{why}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "notes");
        assert!(link.is_symlink());
        let bound = bind(&left).await.unwrap();
        assert!(bound.is_some());
        assert!(bind(&left).await.is_err(), "somebody listens there");
    }
}
