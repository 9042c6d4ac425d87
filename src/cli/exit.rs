//! Exit codes, and the error that carries one to `main`.

use std::process::ExitCode;

/// How the process ends; listed in `--help` and the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The config is wrong.
    Config = 3,
    /// The store cannot be used.
    Store = 4,
    /// A daemon task ended unasked.
    TaskEnded = 5,
    /// Some feeds or deliveries failed in a `--once` run.
    SomeFailed = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed: the text is for people, the exit code for scripts.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do; empty when it has been printed already.
    pub message: String,
    /// Another bongsu owns the store.
    pub locked: bool,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
            locked: false,
        }
    }

    /// A mistake on the command line that clap could not see.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(message)
        }
    }

    /// A problem of the config.
    pub fn config(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Config,
            ..Self::new(message)
        }
    }

    /// A daemon task that ended unasked.
    pub fn task(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::TaskEnded,
            ..Self::new(message)
        }
    }

    /// An exit code whose reason has been printed.
    #[must_use]
    pub fn silent(exit: Exit) -> Self {
        Self {
            exit,
            ..Self::new("")
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader that has seen enough (`| head`) is not a failure worth a word.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::silent(Exit::Done);
        }
        Self::new(error.to_string())
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        let locked = matches!(error, crate::store::StoreError::Locked { .. });
        Self {
            exit: Exit::Store,
            message: error.to_string(),
            locked,
        }
    }
}
