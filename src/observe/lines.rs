//! Log lines to stderr, which whoever should read it may have stopped reading: a pipe that is full, a terminal that was
//! halted. Lines are left out then, and counted; nothing else waits for them.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A pipe that takes anything takes this much (`PIPE_BUF`, pipe(7)).
const PART: usize = 4096;

/// How long the first line waits.
const PATIENCE: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
const NONE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Lines that were left out since one was written. One writes at a time, so that what is free stays free.
static LEFT_OUT: Mutex<u64> = Mutex::new(0);

/// Stderr for log lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stderr {
    /// Lines are JSON objects.
    pub json: bool,
}

impl Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut left_out = LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = if *left_out == 0 { PATIENCE } else { NONE };
        if !is_ready(patience) {
            *left_out += 1;
            return Ok(line.len());
        }
        let mut out = io::stderr();
        if *left_out > 0 {
            out.write_all(self.gap(*left_out).as_bytes())?;
            *left_out = 0;
        }
        for part in line.chunks(PART) {
            if !is_ready(PATIENCE) {
                *left_out += 1;
                break;
            }
            out.write_all(part)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stderr {
    fn gap(self, number: u64) -> String {
        let said = format!("{number} log lines were left out: nobody read them");
        if self.json {
            format!("{{\"level\":\"WARN\",\"message\":\"{said}\"}}\n")
        } else {
            format!("WARN {said}\n")
        }
    }
}

/// Whether stderr takes a part now. Where that cannot be told it is tried.
fn is_ready(patience: Timespec) -> bool {
    let stderr = io::stderr();
    let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
    !matches!(poll(&mut asked, Some(&patience)), Ok(0))
}
