//! One look at an address, and one message to a receiver: what people try before they rely on it.
//!
//! Nothing is stored. The look passes the guard like any poll.

use super::Control;
use crate::domain::alert::delivery::Attempt;
use crate::domain::document::{self, Candidate, Document};
use crate::domain::feed::outcome::{FetchRequest, FetchResult, HttpFacts};
use crate::domain::health::message;
use crate::notify::Outgoing;

/// What one look at an address showed.
#[derive(Debug)]
pub struct Look {
    /// What HTTP said.
    pub facts: HttpFacts,
    /// The feed that is there; else why there is none.
    pub found: Result<Box<Document>, String>,
    /// Feeds that the page names.
    pub named: Vec<Candidate>,
}

impl Control {
    /// Looks at an address once.
    pub async fn look(&self, url: &str) -> Look {
        let setup = self.setup();
        let request = FetchRequest {
            url: url.to_owned(),
            ..FetchRequest::default()
        };
        let outcome = setup.fetcher.fetch_in_place(&request).await.0;
        let nothing = |why: String, facts| Look {
            facts,
            found: Err(why),
            named: Vec::new(),
        };
        let body = match outcome.result {
            FetchResult::Fetched(body) => body,
            FetchResult::NotModified => {
                return nothing("304 to an unconditional request".to_owned(), outcome.facts);
            }
            FetchResult::Failed { message, .. } => return nothing(message, outcome.facts),
        };
        let hints = outcome.facts.hints(url, &body, self.now());
        let read = tokio::task::spawn_blocking(move || document::parse(&body.bytes, &hints)).await;
        match read {
            Ok(Ok(document)) => Look {
                facts: outcome.facts,
                found: Ok(Box::new(document)),
                named: Vec::new(),
            },
            Ok(Err(error)) => Look {
                facts: outcome.facts,
                named: error.candidates().to_vec(),
                found: Err(error.to_string()),
            },
            Err(_) => nothing("the document cannot be read".to_owned(), outcome.facts),
        }
    }

    /// Sends a marked message to a receiver now; none where there is no such receiver.
    pub async fn test_receiver(&self, id: &str) -> Option<Attempt> {
        let setup = self.setup();
        let receiver = setup.receiver(id)?.clone();
        let now = self.now();
        let outgoing = Outgoing {
            alert: message::test("web", now),
            sent_at: now,
            attempt: 1,
        };
        Some(receiver.notifier.send(&outgoing).await)
    }
}
