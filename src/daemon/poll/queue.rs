//! Due polls that wait for their host, and whose turn it is: one a host, the longest overdue first.
//!
//! A host with thousands of due feeds has one of them under way and delays nobody else; what it holds back stays a
//! row in the store, where a publisher's wait can still move it. The operator's own hosts are asked all at once.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use jiff::Timestamp;

use crate::domain::feed::limits;
use crate::domain::id::FeedId;
use crate::fetch::guard;
use crate::store::feeds::FeedRow;

/// A poll that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The feed.
    pub id: FeedId,
    /// The host that it asks first.
    pub host: String,
    /// Since when; none: it was never polled.
    pub at: Option<Timestamp>,
    /// No other poll waited for the host when this one began.
    pub alone: bool,
}

impl Due {
    /// The poll of `row`.
    #[must_use]
    pub fn of(row: &FeedRow) -> Self {
        let host = limits::hosts_of(&row.feed, &row.state).into_iter().next();
        Self {
            // A URL without a host fails by itself and holds up nobody.
            host: host.unwrap_or_else(|| row.feed.id.to_string()),
            id: row.feed.id.clone(),
            at: row.state.next_poll,
            alone: false,
        }
    }
}

/// Polls that wait.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: HashMap<String, VecDeque<Due>>,
    /// Hosts whose next poll may begin, by when it was due.
    ready: BTreeSet<(Option<Timestamp>, String)>,
    busy: HashSet<String>,
    /// Hosts that are the operator's own, as polls have shown.
    open: HashSet<String>,
}

impl Queue {
    /// Replaces what waits by `due`; what is under way stays so.
    pub fn fill(&mut self, due: Vec<Due>) {
        self.waiting.clear();
        self.ready.clear();
        for due in due {
            self.waiting
                .entry(due.host.clone())
                .or_default()
                .push_back(due);
        }
        let hosts: Vec<String> = self.waiting.keys().cloned().collect();
        for host in hosts {
            self.make_ready(host);
        }
    }

    /// The next poll that may begin; its host is busy until [`Queue::free`].
    pub fn pop(&mut self) -> Option<Due> {
        let (_, host) = self.ready.pop_first()?;
        let polls = self.waiting.get_mut(&host)?;
        let mut due = polls.pop_front()?;
        due.alone = polls.is_empty();
        self.take(host);
        Some(due)
    }

    /// The poll of least `rank` among those that may begin, the operator's own hosts aside.
    pub fn pick<R: Ord>(&mut self, rank: impl Fn(&Due) -> R) -> Option<Due> {
        let ready = self
            .ready
            .iter()
            .map(|(_, host)| host)
            .filter(|host| !self.is_open(host));
        let waiting = ready.filter_map(|host| self.waiting.get(host)).flatten();
        let due = waiting.min_by_key(|due| rank(due))?.clone();
        let polls = self.waiting.get_mut(&due.host)?;
        self.ready.remove(&(polls.front()?.at, due.host.clone()));
        polls.retain(|other| other.id != due.id);
        self.take(due.host.clone());
        Some(due)
    }

    /// A poll of `host` has ended, or did not begin after all; `open`: the host is the operator's own.
    pub fn free(&mut self, host: &str, open: bool) {
        if open {
            self.open.insert(host.to_owned());
        }
        self.busy.remove(host);
        self.make_ready(host.to_owned());
    }

    /// Frees the hosts of those `picked` that are not among the `begun`; says how many those were.
    pub fn free_rest(&mut self, picked: &[Due], begun: &HashSet<&FeedId>) -> u64 {
        let mut count = 0;
        for due in picked.iter().filter(|due| !begun.contains(&due.id)) {
            self.free(&due.host, false);
            count += 1;
        }
        count
    }

    /// Whether `host` may be asked any number of times at once.
    #[must_use]
    pub fn is_open(&self, host: &str) -> bool {
        is_private(host) || self.open.contains(host)
    }

    fn take(&mut self, host: String) {
        if self.is_open(&host) {
            self.make_ready(host);
        } else {
            self.busy.insert(host);
        }
    }

    fn make_ready(&mut self, host: String) {
        if self.busy.contains(&host) {
            return;
        }
        match self.waiting.get(&host).map(VecDeque::front) {
            Some(Some(first)) => drop(self.ready.insert((first.at, host))),
            Some(None) => drop(self.waiting.remove(&host)),
            None => {}
        }
    }
}

/// Whether a host, with or without a port, spells out an address that is not public.
#[must_use]
pub fn is_private(host: &str) -> bool {
    let bare = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let local = name == "localhost" || name.ends_with(".localhost");
    local
        || bare(host)
            .or_else(|_| bare(name))
            .is_ok_and(|ip| !guard::is_public(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(id: &str, host: &str, at: i64) -> Due {
        Due {
            id: id.into(),
            host: host.to_owned(),
            at: Timestamp::from_second(at).ok(),
            alone: false,
        }
    }

    fn ids(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop())
            .map(|due| due.id.to_string())
            .collect()
    }

    #[test]
    fn a_host_with_thousands_of_due_feeds_delays_no_other() {
        let mut queue = Queue::default();
        let big = (0..5_000).map(|n| due(&format!("big-{n}"), "big.example", n));
        queue.fill(big.chain([due("late", "other.example", 9_999)]).collect());
        let first = [queue.pop(), queue.pop()].map(Option::unwrap);
        assert_eq!(
            first.each_ref().map(|due| due.id.as_str()),
            ["big-0", "late"]
        );
        assert_eq!(first.map(|due| due.alone), [false, true]);
        queue.free("big.example", false);
        assert_eq!(ids(&mut queue), ["big-1"]);
    }

    #[test]
    fn a_new_look_leaves_busy_hosts_busy() {
        let mut queue = Queue::default();
        queue.fill(vec![due("a", "h.example", 1)]);
        assert_eq!(ids(&mut queue), ["a"]);
        queue.fill(vec![due("b", "h.example", 1), due("c", "i.example", 2)]);
        assert_eq!(ids(&mut queue), ["c"]);
        queue.free("h.example", false);
        assert_eq!(ids(&mut queue), ["b"]);
    }

    #[test]
    fn the_operators_own_hosts_are_asked_all_at_once() {
        let mut queue = Queue::default();
        let own = ["127.0.0.1:80", "[::1]:8080", "localhost", "10.0.0.7"];
        assert!(
            own.iter().all(|host| is_private(host))
                && !is_private("192.0.3.1")
                && !is_private("h.example:81")
        );
        queue.fill(vec![
            due("a", "127.0.0.1:80", 1),
            due("b", "127.0.0.1:80", 2),
            due("c", "nas.example", 3),
            due("d", "nas.example", 4),
        ]);
        assert_eq!(ids(&mut queue), ["a", "b", "c"]);
        queue.free("nas.example", true);
        queue.fill(vec![due("d", "nas.example", 4), due("e", "nas.example", 5)]);
        assert_eq!(ids(&mut queue), ["d", "e"]);
    }

    #[test]
    fn one_is_picked_among_those_that_may_begin() {
        let mut queue = Queue::default();
        queue.fill(vec![
            due("a", "h.example", 1),
            due("b", "h.example", 2),
            due("c", "127.0.0.1", 3),
        ]);
        let picked = queue.pick(|due| std::cmp::Reverse(due.id.clone()));
        assert_eq!(picked.unwrap().id.as_str(), "b");
        assert_eq!(queue.pick(|due| due.id.clone()), None, "the host is busy");
        queue.free("h.example", false);
        assert_eq!(ids(&mut queue), ["a", "c"]);
    }
}
