//! Which message of a service began a story, so that later ones can be put under it.
//!
//! A help for the eye, kept in memory: after a restart a story's next message stands alone.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::domain::alert::wire::WireAlert;

/// The first messages of the newest stories.
#[derive(Debug, Default)]
pub(super) struct Threads(Mutex<VecDeque<(String, String)>>);

/// How many stories are remembered.
const STORIES: usize = 512;

impl Threads {
    /// The service's id of the story's first message.
    pub(super) fn of(&self, alert: &WireAlert) -> Option<String> {
        let story = story(alert)?;
        let threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = threads.iter().find(|(known, _)| *known == story);
        found.map(|(_, id)| id.clone())
    }

    /// Remembers a message as its story's first, unless there is one.
    pub(super) fn began(&self, alert: &WireAlert, id: &str) {
        let Some(story) = story(alert).filter(|_| !alert.test) else {
            return;
        };
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if id.is_empty() || threads.iter().any(|(known, _)| *known == story) {
            return;
        }
        if threads.len() == STORIES {
            threads.pop_front();
        }
        threads.push_back((story, id.to_owned()));
    }
}

/// What names the story of an alert beyond this store: its id and when it began; of a health alert, what is wrong.
pub(super) fn story(alert: &WireAlert) -> Option<String> {
    if let Some(story) = &alert.story {
        let first_seen = story.first_seen.as_millisecond();
        return Some(format!("story-{}-{first_seen}", story.id));
    }
    let health = alert.health.as_ref()?;
    Some(format!("health-{}-{}", health.kind, health.subject))
}

#[cfg(test)]
mod tests {
    use super::super::samples::samples;
    use super::*;

    #[test]
    fn later_messages_of_a_story_find_its_first() {
        let threads = Threads::default();
        let alert = samples().remove(0).alert;
        assert_eq!(threads.of(&alert), None);
        threads.began(&alert, "m1");
        threads.began(&alert, "m2");
        assert_eq!(threads.of(&alert).as_deref(), Some("m1"));
        let mut other = alert;
        other.story.as_mut().unwrap().id = "13".into();
        assert_eq!(threads.of(&other), None);
    }

    #[test]
    fn no_more_stories_are_remembered_than_that() {
        let threads = Threads::default();
        let mut alert = samples().remove(0).alert;
        for id in 0..=STORIES {
            alert.story.as_mut().unwrap().id = id.to_string();
            threads.began(&alert, "m");
        }
        alert.story.as_mut().unwrap().id = "0".into();
        assert_eq!(threads.of(&alert), None);
    }
}
