//! What the passes work with, finished and valid; a reload swaps it whole.
//!
//! Built by `cli` from config, so that nothing here reads a file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::heartbeat::HeartbeatSetup;
use super::receivers::Receiver;
use crate::domain::alert::hours::TimeOfDay;
use crate::domain::alert::manners::Manners;
use crate::domain::feed::Feed;
use crate::domain::feed::market::Market;
use crate::domain::feed::schedule::Pace;
use crate::domain::id::{FeedId, ReceiverId, RuleId};
use crate::domain::matching::RuleSet;
use crate::domain::rule::{Definitions, Rule};
use crate::domain::story::policy::Policy;
use crate::fetch::Fetch;
use crate::secret::Secret;
use crate::store;

/// Feeds, rules, receivers and settings of a running daemon or a command.
#[derive(Clone)]
pub struct Setup {
    /// The configured feeds, and those added through the API.
    pub feeds: BTreeMap<FeedId, Arc<Feed>>,
    /// Rules, entities and macros as defined.
    pub definitions: Definitions,
    /// The same, compiled.
    pub rules: Arc<RuleSet>,
    /// What receivers want only, compiled: rules that bear the receivers' ids.
    pub only: Arc<RuleSet>,
    /// Who can be told.
    pub receivers: Vec<Arc<Receiver>>,
    /// What talks to publishers.
    pub fetcher: Arc<dyn Fetch>,
    /// Whom the `User-Agent` names; validators hang on it.
    pub contact: String,
    /// Least time between two requests to one host.
    pub host_gap: Duration,
    /// How often feeds are polled.
    pub pace: Pace,
    /// What a poll costs at first.
    pub market: Market,
    /// What alerts depend on.
    pub alerts: AlertSettings,
    /// When and how alerts are told.
    pub manners: Arc<Manners>,
    /// Who is told of what is wrong with the system; empty: the default receivers.
    pub health_receivers: Vec<ReceiverId>,
    /// When they are told once a day that all is well; none: never.
    pub all_well: Option<TimeOfDay>,
    /// Whose clock is told that all is well; none: nobody's.
    pub heartbeat: Option<HeartbeatSetup>,
    /// What makes a story.
    pub story: Arc<Policy>,
    /// How long things are kept.
    pub keep: store::Settings,
    /// Where hubs can push to; none: no feed is pushed.
    pub websub: Option<WebsubSettings>,
    /// How people reach the web, and who may come in.
    pub access: Arc<Access>,
    /// How much is logged.
    pub log_level: String,
}

/// `[web]`, but for where it listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The address people reach it at: base of links in alerts; under https cookies are for https only.
    pub public_url: Option<String>,
    /// Who may come in; everybody on this machine where there are none.
    pub tokens: Vec<Token>,
}

/// A key to pages and API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Who holds it, for what is recorded.
    pub name: String,
    /// The key.
    pub secret: Secret,
    /// May look, not change.
    pub read_only: bool,
}

/// `[alerts]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// Entries published longer ago than this when first seen raise no alert.
    pub backlog: Duration,
    /// A delivery that still fails then is a dead letter.
    pub give_up: Duration,
}

/// `[websub]`, where there is an address to push to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebsubSettings {
    /// How callbacks begin, up to and with the slash before the token.
    pub base: String,
    /// How long a subscription is asked for.
    pub lease: Duration,
}

impl Setup {
    /// The rule of a match.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.definitions.rules.iter().find(|rule| rule.id == *id)
    }

    /// The receiver named so.
    #[must_use]
    pub fn receiver(&self, id: &str) -> Option<&Arc<Receiver>> {
        self.receivers
            .iter()
            .find(|receiver| receiver.config.id.as_str() == id)
    }

    /// How long a delivery to `receiver` is retried.
    #[must_use]
    pub fn give_up(&self, receiver: &ReceiverId) -> Duration {
        self.receiver(receiver.as_str())
            .and_then(|receiver| receiver.config.give_up)
            .unwrap_or(self.alerts.give_up)
    }
}
