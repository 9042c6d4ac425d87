//! What is odd about a feed, and why it is not asked now: for `feeds list`, `feeds show` and `feeds poll`.
//!
//! Words only; what is odd is decided in `domain::feed::standing`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cli::output::Output;
use crate::daemon::poll::queue::Due;
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::{FeedState, standing, validators};
use crate::domain::id::FeedId;
use crate::store::feeds::FeedRow;
use crate::store::{self, StoreError};

/// What is odd about each feed, by its place in `rows`.
pub fn notes(rows: &[FeedRow], now: Timestamp) -> Vec<Option<String>> {
    let mut asked: BTreeMap<&str, Vec<&FeedId>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.feed.enabled) {
        let url = row.state.standing.moves.asked(&row.feed);
        asked.entry(url).or_default().push(&row.feed.id);
    }
    let note = |row: &FeedRow| {
        let same = asked
            .get(row.state.standing.moves.asked(&row.feed))
            .into_iter()
            .flatten();
        let others: Vec<&str> = same
            .filter(|id| ***id != row.feed.id)
            .map(|id| id.as_str())
            .collect();
        let twice = (!others.is_empty()).then(|| format!("the same feed as {}", others.join(", ")));
        let notes: Vec<String> = standing::note(&row.state, now)
            .into_iter()
            .chain(twice)
            .collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    };
    rows.iter().map(note).collect()
}

/// Those of `wanted` that may be asked now; the others are named, each with its reason.
pub fn allowed(
    conn: &store::Connection,
    wanted: &[FeedId],
    full: bool,
    now: Timestamp,
) -> Result<Vec<Due>, StoreError> {
    let mut due = Vec::new();
    for id in wanted {
        let Some(row) = store::feeds::get(conn, id)? else {
            continue;
        };
        match refusal(conn, &row, full, now)? {
            Some(why) => Output::note(&format!("{id}: not polled: {why}")),
            None => due.push(Due::of(&row)),
        }
    }
    Ok(due)
}

/// Why a feed is not asked now, not even by hand: its publisher or its host asked to be left alone, or the whole
/// document was asked for just now.
fn refusal(
    conn: &store::Connection,
    row: &FeedRow,
    full: bool,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let state = &row.state;
    let own = state.retry_after.filter(|_| waits(state, now));
    if let Some(until) = own {
        return Ok(Some(format!("its publisher asked to wait until {until}")));
    }
    if let Some(until) = store::hosts::bound_of(conn, row, now)? {
        return Ok(Some(format!("its host asked to wait until {until}")));
    }
    let again = validators::full_again(&state.standing.trust, now).filter(|_| full);
    Ok(again.map(|at| {
        format!("--full asked for the whole document within ten minutes, and may again at {at}; without --full it is polled now")
    }))
}

/// Whether the publisher asked to be left alone; nothing asks before, not even by hand.
fn waits(state: &FeedState, now: Timestamp) -> bool {
    state.last_outcome != Some(OutcomeKind::Gone)
        && state.retry_after.is_some_and(|until| until > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Feed;

    fn row(id: &str, url: &str, effective: Option<&str>) -> FeedRow {
        let mut state = FeedState::default();
        state.standing.moves.effective_url = effective.map(str::to_owned);
        FeedRow {
            feed: Feed::new(id.into(), url),
            state,
            configured: true,
            silent: false,
        }
    }

    #[test]
    fn feeds_that_come_to_be_asked_at_one_address_are_noted_as_doubles() {
        let new = "https://new.example/feed";
        let mut rows = [
            row("a", "https://a.example/feed", Some(new)),
            row("b", "https://b.example/feed", Some(new)),
            row("c", new, None),
            row("d", "https://d.example/feed", None),
        ];
        let notes = |rows: &[FeedRow]| notes(rows, Timestamp::UNIX_EPOCH);
        let said = notes(&rows);
        assert!(said[0].as_ref().unwrap().ends_with("the same feed as b, c"));
        assert_eq!(said[2].as_deref(), Some("the same feed as a, b"));
        assert_eq!(said[3], None);
        rows[2].feed.enabled = false;
        assert!(
            notes(&rows)[0]
                .as_ref()
                .unwrap()
                .ends_with("the same feed as b")
        );
    }
}
