//! Which tasks still make progress: each beats when it has looked at its work, and says how long it may rest.
//!
//! The watchdog and `/readyz` ask here. A live process that does nothing must be noticed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The last beat of each task.
#[derive(Debug, Default)]
pub struct Progress {
    beats: Mutex<BTreeMap<&'static str, Beat>>,
}

/// One task's last beat and the rest it asked for.
#[derive(Clone, Copy, Debug)]
struct Beat {
    at: Instant,
    rest: Duration,
}

impl Progress {
    /// `task` has looked at its work and will look again within `rest`.
    pub fn beat(&self, task: &'static str, rest: Duration) {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.insert(
            task,
            Beat {
                at: Instant::now(),
                rest,
            },
        );
    }

    /// Tasks that have rested longer than they said, with the age of their last beat.
    #[must_use]
    pub fn late(&self) -> Vec<(&'static str, Duration)> {
        self.ages()
            .into_iter()
            .filter(|(_, age, rest)| age > rest)
            .map(|(task, age, _)| (task, age))
            .collect()
    }

    /// Each task with the age of its last beat and the rest it asked for.
    #[must_use]
    pub fn ages(&self) -> Vec<(&'static str, Duration, Duration)> {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats
            .iter()
            .map(|(task, beat)| (*task, beat.at.elapsed(), beat.rest))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_late_when_it_rests_longer_than_it_said() {
        let progress = Progress::default();
        progress.beat("poll", Duration::from_mins(10));
        assert!(progress.late().is_empty());
        progress.beat("deliver", Duration::ZERO);
        while progress.late().is_empty() {}
        assert_eq!(progress.late()[0].0, "deliver");
        assert_eq!(progress.ages().len(), 2);
    }
}
