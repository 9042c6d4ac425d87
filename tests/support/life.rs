//! A daemon under test: started, asked over HTTP, signalled, and waited for with a deadline, never by a fixed sleep.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, WaitOptions};
use serde_json::Value;

use super::desk::Desk;

/// Longer than anything here takes on a machine with more to do than this test.
const PATIENCE: Duration = Duration::from_secs(25);

/// Looks until `found` gives something; panics with `what` when it never does.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "never seen: {what}");
        std::thread::park_timeout(Duration::from_millis(15));
    }
}

/// A port of loopback that nobody listens on, below those that systems hand out (RFC 6335 section 6; Linux from 32768).
///
/// One of those would be lost twice over: to another test that asks for any port before the daemon has bound it,
/// and to whoever looks whether it answers yet, since a connection may be given the very port that it is to reach
/// and then talks to itself.
pub fn free_port() -> u16 {
    const PORTS: std::ops::Range<u32> = 12_000..32_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(101);
    for _ in PORTS {
        let next = first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + next % (PORTS.end - PORTS.start);
        let port = u16::try_from(port).expect("the highest has five digits");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port of loopback is free")
}

/// Sends `signal` to a process.
pub fn signal(pid: u32, signal: Signal) {
    rustix::process::kill_process(number(pid), signal).expect("it may be signalled");
}

/// A process's number as the system takes it.
fn number(pid: u32) -> Pid {
    let raw = i32::try_from(pid).ok();
    raw.and_then(Pid::from_raw).expect("a process has a number")
}

/// Stops a child of ours in its tracks; when this returns, none of its threads runs.
pub fn freeze(pid: u32) {
    signal(pid, Signal::STOP);
    let stopped = rustix::process::waitpid(Some(number(pid)), WaitOptions::UNTRACED);
    assert!(
        stopped
            .expect("it is our child")
            .is_some_and(|(_, status)| status.stopped()),
        "it did not stop"
    );
}

/// `bongsu run` on `desk`, to which its standard input is passed as the socket to listen on.
pub fn passing(desk: &Desk) -> Command {
    after(desk, "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1")
}

/// `bongsu run` on `desk`, in the place of a shell that has done `first`.
pub fn after(desk: &Desk, first: &str) -> Command {
    let wanted = desk.command(&["run"]);
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{first} exec \"$@\""), "sh"])
        .arg(wanted.get_program())
        .args(wanted.get_args());
    for (name, value) in wanted.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// A running `bongsu run`; killed when dropped.
pub struct Daemon {
    child: Child,
    port: u16,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Daemon {
    /// Starts the daemon of `desk`, which listens on `port`, and waits until it answers.
    pub fn start(desk: &Desk, port: u16) -> Self {
        Self::start_with(desk.command(&["run"]), port)
    }

    /// The same of a command that was prepared further.
    pub fn start_with(command: Command, port: u16) -> Self {
        Self::start_on(command, port, Stdio::null())
    }

    /// The daemon of `desk` with `listener` passed as systemd passes sockets.
    pub fn start_passed(desk: &Desk, listener: TcpListener) -> Self {
        let port = listener.local_addr().expect("it is bound").port();
        Self::start_on(passing(desk), port, OwnedFd::from(listener).into())
    }

    fn start_on(mut command: Command, port: u16, stdin: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let log = Arc::<Mutex<String>>::default();
        let out = child.stdout.take().map(|pipe| collect(pipe, &log));
        let err = child.stderr.take().map(|pipe| collect(pipe, &log));
        let mut daemon = Self {
            child,
            port,
            log,
            readers: out.into_iter().chain(err).collect(),
        };
        let end = Instant::now() + PATIENCE;
        while http(daemon.port, "/healthz").is_none_or(|(status, _)| status != 200) {
            let ended = daemon.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "ended with {ended:?}: {}", daemon.log());
            assert!(Instant::now() < end, "it never answers: {}", daemon.log());
            std::thread::park_timeout(Duration::from_millis(15));
        }
        daemon
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no reader panicked").clone()
    }

    /// Asks it for a page.
    pub fn get(&self, path: &str) -> (u16, String) {
        http(self.port, path).unwrap_or_else(|| panic!("no answer: {}", self.log()))
    }

    /// What `/readyz` says: the status, and the reasons in one text.
    pub fn ready(&self) -> (u16, String) {
        let (status, body) = self.get("/readyz");
        let body: Value = serde_json::from_str(&body).expect("it is JSON");
        (status, body["reasons"].to_string())
    }

    /// Sends it a signal.
    pub fn signal(&self, which: Signal) {
        signal(self.pid(), which);
    }

    /// Waits for its end: the exit code (-1 when a signal ended it), how long it took, and all it printed.
    pub fn end(mut self) -> (i32, Duration, String) {
        let began = Instant::now();
        let status = wait_for("the daemon's end", || {
            self.child.try_wait().expect("it is our child")
        });
        let took = began.elapsed();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        (status.code().unwrap_or(-1), took, self.log())
    }

    /// Asks it to end, and makes sure that it does so in order.
    pub fn stop(self) -> (Duration, String) {
        self.signal(Signal::TERM);
        let (code, took, log) = self.end();
        assert_eq!(code, 0, "{log}");
        (took, log)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what comes from a pipe.
fn collect(mut pipe: impl Read + Send + 'static, log: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut some = [0; 4096];
        while let Ok(count) = pipe.read(&mut some) {
            if count == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&some[..count]);
            log.lock().expect("no reader panicked").push_str(&text);
        }
    })
}

/// `GET path` from loopback; none while nobody answers.
pub fn http(port: u16, path: &str) -> Option<(u16, String)> {
    http_as(port, path, &format!("127.0.0.1:{port}"))
}

/// The same with any Host.
pub fn http_as(port: u16, path: &str, host: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
