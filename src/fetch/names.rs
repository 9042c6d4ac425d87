//! Names to addresses: the system's resolver, asked off the async threads, and its answers for a while.
//!
//! Every use of a name within that while gets the same answer: the one that was judged is the one connected
//! to. The system tells no time to live, so answers are kept a minute and failures half of one. Which
//! addresses may be reached is the guard's.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::failure::own_want;
use super::guard::Guard;
use super::lock;
use super::phases::{self, Phase};

/// An answer is good for so long…
const KEPT: Duration = Duration::from_mins(1);

/// …and a failure for so long.
const FAILURE_KEPT: Duration = Duration::from_secs(30);

/// Names that are remembered at once.
const REMEMBERED: usize = 4_096;

/// Look-ups under way at once: each holds a thread, and a dead name server may hold it for half a minute.
const AT_ONCE: usize = 64;

/// Addresses kept of one answer; the guard lets fewer through.
const MOST_ADDRESSES: usize = 64;

/// Turns a name into addresses and may block; the system's resolver, or a test's own.
pub trait LookUp: Send + Sync + 'static {
    /// All addresses of `name`, ports 0.
    ///
    /// # Errors
    /// As `getaddrinfo` has them.
    fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver: hosts file, search domains and all.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookUp;

impl LookUp for SystemLookUp {
    fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok((name, 0).to_socket_addrs()?.take(MOST_ADDRESSES).collect())
    }
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// The name servers know no such name, or none with an address.
    #[error("no such host name: `{0}` is not known to the name servers")]
    Unknown(String),
    /// The name servers failed or could not be asked.
    #[error("the name `{name}` could not be looked up: {why}")]
    Failed {
        /// The name.
        name: String,
        /// In the resolver's words.
        why: String,
    },
    /// No answer within `timeout.connect`.
    #[error("the name `{0}` could not be looked up in time (`timeout.connect` in [fetch])")]
    TimedOut(String),
    /// This machine had nothing left to look names up with.
    #[error("{0}")]
    Lacking(&'static str),
}

impl NoAddress {
    /// What the resolver's `error` means; it tells its class by text alone.
    fn of(name: &str, error: &io::Error) -> Self {
        if let Some(lacking) = own_want(error) {
            return Self::Lacking(lacking);
        }
        let why = error.to_string();
        let words = why.to_ascii_lowercase();
        let unknown = [
            "not known",
            "does not resolve",
            "no address associated",
            "no usable address",
            "no such host",
        ];
        if unknown.iter().any(|word| words.contains(word)) {
            return Self::Unknown(name.to_owned());
        }
        let why = why
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(&why);
        Self::Failed {
            name: name.to_owned(),
            why: why.chars().take(200).collect(),
        }
    }
}

type Answer = Result<Arc<[SocketAddr]>, NoAddress>;

/// What is known of a name.
enum Entry {
    Known {
        answer: Answer,
        until: Instant,
    },
    /// A look-up is under way; it tells everyone who waits.
    Asked(watch::Receiver<Option<Answer>>),
}

/// Answers names. Clones share what they know.
#[derive(Clone)]
pub(super) struct Names {
    look_up: Arc<dyn LookUp>,
    table: Arc<Mutex<HashMap<String, Entry>>>,
    room: Arc<Semaphore>,
    /// How long anyone waits for an answer.
    limit: Duration,
}

impl Names {
    /// Names as `look_up` has them, waited for up to `limit`.
    pub(super) fn new(look_up: Arc<dyn LookUp>, limit: Duration) -> Self {
        Self {
            look_up,
            table: Arc::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            limit,
        }
    }

    /// The addresses of `name`: at least one.
    ///
    /// One look-up a name is under way at a time. One that outlasts `limit` goes on by itself, and its answer
    /// is there for the next poll.
    pub(super) async fn addresses(&self, name: &str) -> Answer {
        let begun = Instant::now();
        let key = name.trim_end_matches('.').to_ascii_lowercase();
        let answer = timeout(self.limit, self.ask(&key)).await;
        phases::note(Phase::Names, begun.elapsed());
        answer.unwrap_or(Err(NoAddress::TimedOut(key)))
    }

    async fn ask(&self, name: &str) -> Answer {
        loop {
            let mut answer = match self.known(name) {
                Some(Ok(answer)) => return answer,
                Some(Err(answer)) => answer,
                None => {
                    // The semaphore is never closed; were it, the look-up is merely not counted.
                    let room = Arc::clone(&self.room).acquire_owned().await.ok();
                    self.begin(name, room)
                }
            };
            if let Ok(answer) = answer.wait_for(Option::is_some).await
                && let Some(answer) = answer.clone()
            {
                return answer;
            }
            // The look-up ended without a word: it panicked. What it left is cleared away, and tried again.
            lock(&self.table).remove(name);
        }
    }

    /// What is known of `name`, or who will tell.
    fn known(&self, name: &str) -> Option<Result<Answer, watch::Receiver<Option<Answer>>>> {
        match lock(&self.table).get(name)? {
            Entry::Known { answer, until } if *until > Instant::now() => Some(Ok(answer.clone())),
            Entry::Known { .. } => None,
            Entry::Asked(answer) => Some(Err(answer.clone())),
        }
    }

    /// Begins a look-up, unless another has begun meanwhile.
    fn begin(
        &self,
        name: &str,
        room: Option<OwnedSemaphorePermit>,
    ) -> watch::Receiver<Option<Answer>> {
        let mut table = lock(&self.table);
        match table.get(name) {
            Some(Entry::Asked(answer)) => return answer.clone(),
            Some(Entry::Known { answer, until }) if *until > Instant::now() => {
                return watch::channel(Some(answer.clone())).1;
            }
            _ => {}
        }
        make_room(&mut table);
        let (teller, answer) = watch::channel(None);
        table.insert(name.to_owned(), Entry::Asked(answer.clone()));
        drop(table);
        let (names, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || {
            let found = names.look_up(&name);
            let kept = if found.is_ok() { KEPT } else { FAILURE_KEPT };
            let entry = Entry::Known {
                answer: found.clone(),
                until: Instant::now() + kept,
            };
            lock(&names.table).insert(name, entry);
            teller.send_replace(Some(found));
            drop(room);
        });
        answer
    }

    fn look_up(&self, name: &str) -> Answer {
        match self.look_up.look_up(name) {
            Ok(found) if found.is_empty() => Err(NoAddress::Unknown(name.to_owned())),
            Ok(found) => Ok(found.into()),
            Err(error) => Err(NoAddress::of(name, &error)),
        }
    }
}

/// Lets go of what is old; of everything that is not under way, if that is not enough.
fn make_room(table: &mut HashMap<String, Entry>) {
    if table.len() < REMEMBERED {
        return;
    }
    let now = Instant::now();
    table.retain(|_, entry| match entry {
        Entry::Known { until, .. } => *until > now,
        Entry::Asked(_) => true,
    });
    if table.len() >= REMEMBERED {
        table.retain(|_, entry| matches!(entry, Entry::Asked(_)));
    }
}

/// What a client resolves with: names, and the guard that judges each answer.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) names: Names,
    pub(super) guard: Guard,
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let judged = self.clone();
        Box::pin(async move {
            let found = judged.names.addresses(name.as_str()).await?;
            let kept = judged.guard.admit(name.as_str(), found.iter().copied())?;
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Counts what it is asked, and answers what the name says.
    #[derive(Default)]
    struct Stub {
        asked: AtomicUsize,
    }

    impl LookUp for Stub {
        fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let error = |text: &str| {
                Err(io::Error::other(format!(
                    "failed to lookup address information: {text}"
                )))
            };
            match name {
                "nowhere.example" => error("Name or service not known"),
                "failing.example" => error("Temporary failure in name resolution"),
                "empty.example" => Ok(Vec::new()),
                _ => Ok(vec![
                    format!("8.8.8.{number}:0").parse().expect("an address"),
                ]),
            }
        }
    }

    fn names(stub: &Arc<Stub>) -> Names {
        let stub: Arc<dyn LookUp> = Arc::<Stub>::clone(stub);
        Names::new(stub, Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_a_minute_and_failures_half_of_one() {
        for (name, kept) in [("a.example", 60), ("nowhere.example", 30)] {
            let stub = Arc::new(Stub::default());
            let names = names(&stub);
            let first = names.addresses(name).await;
            tokio::time::advance(Duration::from_secs(kept - 1)).await;
            assert_eq!(names.addresses(name).await, first, "{name}");
            assert_eq!(
                names.addresses(&format!("{}.", name.to_uppercase())).await,
                first
            );
            assert_eq!(stub.asked.load(Ordering::SeqCst), 1, "{name}");
            tokio::time::advance(Duration::from_secs(2)).await;
            drop(names.addresses(name).await);
            assert_eq!(stub.asked.load(Ordering::SeqCst), 2, "{name}");
        }
    }

    #[tokio::test]
    async fn failures_are_told_apart() {
        let stub = Arc::new(Stub::default());
        let names = names(&stub);
        for (name, words) in [
            ("nowhere.example", "no such host name"),
            ("empty.example", "no such host name"),
            ("failing.example", "Temporary failure in name resolution"),
        ] {
            let error = names.addresses(name).await.unwrap_err().to_string();
            assert!(error.contains(words) && error.contains(name), "{error}");
        }
    }

    /// Answers when told to, `slow` names only.
    struct Held {
        asked: AtomicUsize,
        release: Mutex<mpsc::Receiver<()>>,
    }

    impl LookUp for Held {
        fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if name.starts_with("slow") {
                let _ = lock(&self.release).recv();
            }
            Ok(vec!["8.8.8.8:0".parse().expect("an address")])
        }
    }

    #[tokio::test]
    async fn one_look_up_a_name_and_a_slow_one_delays_no_other() {
        let (release, held) = mpsc::channel();
        let held = Arc::new(Held {
            asked: AtomicUsize::new(0),
            release: Mutex::new(held),
        });
        let look_up: Arc<dyn LookUp> = Arc::<Held>::clone(&held);
        let hasty = Names::new(look_up, Duration::from_millis(50));
        let (first, second) = tokio::join!(
            hasty.addresses("slow.example"),
            hasty.addresses("slow.example")
        );
        let late = Err(NoAddress::TimedOut("slow.example".to_owned()));
        assert_eq!((&first, &second), (&late, &late));
        assert_eq!(held.asked.load(Ordering::SeqCst), 1);
        let patient = Names {
            limit: Duration::from_mins(1),
            ..hasty
        };
        assert!(patient.addresses("quick.example").await.is_ok());
        release.send(()).expect("it waits");
        assert!(patient.addresses("slow.example").await.is_ok());
        assert_eq!(held.asked.load(Ordering::SeqCst), 2, "slow, quick");
    }

    #[tokio::test]
    async fn a_look_up_that_panics_is_tried_again() {
        struct Panics(AtomicUsize);
        impl LookUp for Panics {
            fn look_up(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
                assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "meant to panic");
                Ok(vec!["8.8.8.8:0".parse().expect("an address")])
            }
        }
        let look_up = Arc::new(Panics(AtomicUsize::new(0)));
        let names = Names::new(look_up, Duration::from_mins(1));
        assert!(names.addresses("a.example").await.is_ok());
    }

    #[test]
    fn without_descriptors_no_name_is_to_blame() {
        let error = io::Error::from(rustix::io::Errno::MFILE);
        let told = NoAddress::of("a.example", &error);
        assert!(matches!(told, NoAddress::Lacking(_)), "{told}");
    }

    #[tokio::test]
    async fn the_table_is_bounded() {
        let stub = Arc::new(Stub::default());
        let names = names(&stub);
        for n in 0..REMEMBERED + 10 {
            lock(&names.table).insert(
                format!("h{n}.example"),
                Entry::Known {
                    answer: Err(NoAddress::Unknown(String::new())),
                    until: Instant::now() + KEPT,
                },
            );
        }
        drop(names.addresses("new.example").await);
        assert!(lock(&names.table).len() <= REMEMBERED);
    }
}
