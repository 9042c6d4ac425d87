//! How many requests of hubs are taken at once, and how many of them by one callback.
//!
//! Each may hold a document in memory, and whoever knows one callback may not keep the hubs of all others waiting.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests that are taken at once.
const MOST: usize = 16;

/// Of them, those of one callback: a push, and the next one that does not wait for its answer.
const MOST_OF_CALLBACK: usize = 2;

/// Who is being served, by the token of the callback.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<String, usize>>);

/// One request's place; given back when dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    turns: &'a Turns,
    token: String,
}

impl Turns {
    /// A place for a request to the callback `token`; none where there are too many.
    #[must_use]
    pub fn take(&self, token: &str) -> Option<Turn<'_>> {
        let mut all = self.all();
        let served: usize = all.values().sum();
        let own = all.get(token).copied().unwrap_or_default();
        if served >= MOST || own >= MOST_OF_CALLBACK {
            return None;
        }
        all.insert(token.to_owned(), own + 1);
        Some(Turn {
            turns: self,
            token: token.to_owned(),
        })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.all();
        if let Some(own) = all.get_mut(&self.token) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_has_its_share_and_all_have_theirs() {
        let turns = Turns::default();
        let one: Vec<_> = (0..5).filter_map(|_| turns.take("one")).collect();
        assert_eq!(one.len(), MOST_OF_CALLBACK);
        let names: Vec<String> = (0..MOST).map(|number| format!("other {number}")).collect();
        let others: Vec<_> = names.iter().filter_map(|name| turns.take(name)).collect();
        assert_eq!(others.len(), MOST - MOST_OF_CALLBACK);
        drop(one);
        assert!(turns.take("one").is_some());
        drop(others);
        assert!(turns.all().is_empty());
    }
}
