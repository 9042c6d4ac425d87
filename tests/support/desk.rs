//! A desk in a temporary folder: config, state, and the real binary run against them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A config folder, a state folder, and the binary.
pub struct Desk {
    dir: TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// Standard output as a JSON value a line.
    pub fn rows(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            .collect()
    }

    /// The same, after making sure of the exit code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self
    }
}

impl Desk {
    /// A desk whose `bongsu.toml` holds `toml`.
    pub fn new(toml: &str) -> Self {
        let desk = Self::empty();
        desk.write("bongsu.toml", toml);
        desk
    }

    /// A desk without config.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().expect("the test's own files and processes work");
        std::fs::create_dir(dir.path().join("config"))
            .expect("the test's own files and processes work");
        Self { dir }
    }

    /// The folder of everything.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The config folder.
    pub fn config(&self) -> PathBuf {
        self.path().join("config")
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Writes a file of the config folder.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.config().join(name);
        std::fs::create_dir_all(
            path.parent()
                .expect("the test's own files and processes work"),
        )
        .expect("the test's own files and processes work");
        std::fs::write(path, text).expect("the test's own files and processes work");
    }

    /// The binary with this desk's folders and a clean environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(args);
        command.current_dir(self.path());
        command
            .arg("--config")
            .arg(self.config())
            .arg("--state-dir")
            .arg(self.state());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self
            .command(args)
            .stdin(Stdio::null())
            .output()
            .expect("the test's own files and processes work"))
    }

    /// Runs the binary with `input` on its stdin.
    pub fn pipe(&self, args: &[&str], input: &str) -> Ran {
        feed(self.command(args), input)
    }

    /// Starts the binary and leaves it running.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test's own files and processes work")
    }
}

/// The binary without a desk: no config, no state, a clean environment.
pub fn bare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bongsu"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .args(args);
    command
}

/// Runs `command` with `input` on its stdin.
pub fn feed(mut command: Command, input: &str) -> Ran {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test's own files and processes work");
    let mut stdin = child
        .stdin
        .take()
        .expect("the test's own files and processes work");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child
        .wait_with_output()
        .expect("the test's own files and processes work");
    let _ = writer.join();
    ran(output)
}

/// An output as text.
pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("the test's own files and processes work"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
