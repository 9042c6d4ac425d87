//! The command receiver: a program gets the alert as JSON on its stdin and answers with its exit code.
//!
//! No shell, a clean environment, its own process group that does not outlive the timeout. What the program
//! may do on the machine is the service manager's business.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::time::{Instant, sleep, timeout_at};

use super::mask::{KEPT, Mask};
use super::{BuildError, Context, Notifier, Outgoing, Sending, cut};
use crate::domain::alert::delivery::Attempt;
use crate::domain::alert::plain;
use crate::domain::alert::wire::WireAlert;

/// Runs one program for each alert.
pub(super) struct Command {
    program: PathBuf,
    arguments: Vec<String>,
    timeout: Duration,
    max_body: Option<u64>,
    state_dir: PathBuf,
    environment: Vec<(String, OsString)>,
}

/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether a group that got TERM is gone.
const LOOK: Duration = Duration::from_millis(50);
/// What is held of each output stream while it runs.
const OUTPUT: usize = 64 * 1024;
/// What a program sees of our environment.
const INHERITED: [&str; 3] = ["PATH", "HOME", "LANG"];
/// Where programs are looked for when we have no `PATH` ourselves.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl Command {
    /// Takes the argv as it is; a relative program with a `/` is below the state folder.
    pub(super) fn new(
        argv: &[String],
        timeout: Duration,
        max_body: Option<u64>,
        context: &Context,
    ) -> Result<Self, BuildError> {
        let wrong = |message: &str| BuildError::new("argv", message);
        let program = argv.first().filter(|program| !program.is_empty());
        let program = program
            .ok_or_else(|| wrong("names no program: write it as [\"program\", \"argument\"]"))?;
        if argv.iter().any(|argument| argument.contains('\0')) {
            return Err(wrong("holds a NUL character: take it out"));
        }
        let state_dir = std::path::absolute(&context.state_dir)
            .map_err(|error| wrong(&format!("no state folder to run in: {error}")))?;
        let program = if program.contains('/') {
            state_dir.join(program)
        } else {
            PathBuf::from(program)
        };
        let mut environment = context.environment.clone();
        environment.retain(|(name, _)| INHERITED.contains(&name.as_str()));
        if environment.iter().all(|(name, _)| name != "PATH") {
            environment.push(("PATH".to_owned(), PATH.into()));
        }
        Ok(Self {
            program,
            arguments: argv[1..].to_vec(),
            timeout,
            max_body,
            state_dir,
            environment,
        })
    }

    fn spawn(&self, alert: &WireAlert) -> io::Result<Child> {
        tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(facts(alert))
            .current_dir(&self.state_dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }

    async fn run(&self, outgoing: &Outgoing) -> Attempt {
        let mut child = match self.spawn(&outgoing.alert) {
            Ok(child) => child,
            Err(error) => return self.cannot_start(&error),
        };
        let mut group = Group::of(&child);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let ended = timeout_at(Instant::now() + self.timeout, async {
            let input = self.input(&outgoing.alert);
            let talk = async {
                tokio::join!(
                    feed(stdin, &input),
                    drain(stdout, &mut out),
                    drain(stderr, &mut err)
                )
            };
            tokio::join!(child.wait(), talk).0
        })
        .await;
        let attempt = match ended {
            Ok(Ok(status)) => {
                group.release();
                by_exit(status)
            }
            Ok(Err(error)) => Attempt::later(format!("cannot wait for it: {error}")),
            Err(_) => {
                // It may have ended itself and left others behind that hold its output open.
                let early = child.try_wait().ok().flatten();
                group.end(&mut child).await;
                early.map_or_else(|| self.timed_out(), by_exit)
            }
        };
        attempt.with_answer(answer(&out, &err))
    }

    fn input(&self, alert: &WireAlert) -> String {
        cut::json(alert, self.max_body) + "\n"
    }

    fn timed_out(&self) -> Attempt {
        let limit = crate::domain::units::format_duration(self.timeout);
        Attempt::later(format!("not done within {limit}, ended"))
    }

    /// What is missing or not allowed is repaired by people; a machine short of memory recovers.
    fn cannot_start(&self, error: &io::Error) -> Attempt {
        let program = self.program.display();
        if error.kind() == io::ErrorKind::NotFound && !self.state_dir.is_dir() {
            return Attempt::refused(format!("no state folder {}", self.state_dir.display()));
        }
        let message = format!("cannot start {program}: {error}");
        match error.kind() {
            io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {
                Attempt::later(message)
            }
            io::ErrorKind::ExecutableFileBusy => Attempt::later(message),
            _ => Attempt::refused(format!("{message}: check `argv` of this receiver")),
        }
    }
}

impl Notifier for Command {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.run(outgoing))
    }

    fn patience(&self) -> Duration {
        self.timeout + GRACE * 2
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.input(&outgoing.alert)
    }
}

/// The alert's main facts, for programs that read no JSON.
fn facts(alert: &WireAlert) -> [(&'static str, String); 5] {
    let entry = alert.entry.as_ref();
    let title = entry
        .map(|entry| entry.title.as_str())
        .or_else(|| alert.health.as_ref().map(|health| health.text.as_str()))
        .unwrap_or(&alert.rule.title);
    let url = entry
        .and_then(|entry| entry.url.as_deref())
        .or(alert.links.alert.as_deref())
        .and_then(plain::link);
    [
        ("BONGSU_KEY", plain::one_line(&alert.key, 200)),
        ("BONGSU_RULE", plain::one_line(&alert.rule.id, 200)),
        ("BONGSU_SEVERITY", alert.severity.as_str().to_owned()),
        ("BONGSU_TITLE", plain::one_line(title, 1_000)),
        ("BONGSU_URL", url.unwrap_or_default()),
    ]
}

/// From exit code to outcome: the codes of `sysexits.h`, as far as they tell (DLV 4.17).
fn by_exit(status: ExitStatus) -> Attempt {
    let Some(code) = status.code() else {
        use std::os::unix::process::ExitStatusExt as _;
        let signal = status.signal().unwrap_or(0);
        return Attempt::later(format!("ended by signal {signal}"));
    };
    let attempt = match code {
        0 => Attempt::delivered(),
        64 | 65 | 78 => {
            Attempt::permanent(format!("exit code {code}: it does not take this alert"))
        }
        code => Attempt::later(format!("exit code {code}")),
    };
    u16::try_from(code).map_or(attempt.clone(), |code| attempt.with_status(code))
}

/// Gives all input; a program that does not want it all is no error.
async fn feed(stdin: Option<ChildStdin>, input: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}

/// Reads to the end, so that the program never waits for us; holds only the beginning.
async fn drain(stream: Option<impl AsyncRead + Unpin>, held: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut chunk = [0; 4 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        let room = OUTPUT - held.len();
        held.extend_from_slice(&chunk[..count.min(room)]);
    }
}

/// What it said: half of the room for stdout, half for stderr.
fn answer(out: &[u8], err: &[u8]) -> String {
    let keep = |bytes| Mask::default().keep_up_to(bytes, KEPT / 2 - 1);
    let (out, err) = (keep(out), keep(err));
    match (out.is_empty(), err.is_empty()) {
        (false, false) => format!("{out}\n{err}"),
        _ => out + &err,
    }
}

/// The process group of a running program; killed when dropped, for a send that was cancelled.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// All ended by itself.
    fn release(&mut self) {
        self.0 = None;
    }

    /// TERM to all of it, and KILL to what is left after the grace.
    async fn end(&mut self, child: &mut Child) {
        let Some(group) = self.0 else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            // An ended child counts as part of its group until it is waited for.
            let _ = child.try_wait();
            if test_kill_process_group(group).is_err() {
                self.release();
                return;
            }
            sleep(LOOK).await;
        }
        // Not waited for here: what hangs in the kernel dies later, and the runtime collects it then.
        let _ = kill_process_group(group, Signal::KILL);
        self.release();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
