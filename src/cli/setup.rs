//! From checked config to what the daemon works with: settings translated, rules compiled, receivers built.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::context::{Context, Loaded};
use super::environment;
use super::exit::Failure;
use crate::clock::Clock;
use crate::config::settings::{self, HeartbeatSettings, Listen, LogFormat};
use crate::config::{Config, Problem, Problems, derive_feed_id, lists, opml};
use crate::daemon::heartbeat::HeartbeatSetup;
use crate::daemon::pricing;
use crate::daemon::receivers::Receiver;
use crate::daemon::setup::{Access, AlertSettings, Setup, Token, WebsubSettings};
use crate::domain::alert::hours::{QuietHours, TimeOfDay};
use crate::domain::alert::manners::{Collects, Manner, Manners};
use crate::domain::feed::Feed;
use crate::domain::feed::market::Market;
use crate::domain::feed::schedule::Pace;
use crate::domain::id::{FeedId, ReceiverId};
use crate::domain::matching::{Frequencies, Place, RuleSet};
use crate::domain::rule::diagnostic::Level;
use crate::domain::rule::{Definitions, added};
use crate::domain::story::policy::Policy;
use crate::fetch::proxy::Proxies;
use crate::fetch::{Fetcher, user_agent};
use crate::notify;
use crate::notify::heartbeat::Heartbeat;
use crate::notify::settings::ReceiverConfig;
use crate::observe;
use crate::store::entries::{read_bulk, rows_since};
use crate::store::{self, Store, StoreError};
use crate::web::{Listing, Lists, WebSettings};

/// `[store]` as the store takes it.
pub fn store_settings(config: &Config) -> store::Settings {
    store::Settings {
        url: format!("sqlite:{}", config.store.path.display()),
        keep_entries: config.store.keep_entries.unwrap_or_default(),
        keep_alerts: config.store.keep_alerts.unwrap_or_default(),
    }
}

/// `[web]` as the web takes it.
pub fn web_settings(config: &Config) -> WebSettings {
    WebSettings {
        listen: match &config.web.listen {
            Listen::Off => String::new(),
            Listen::Tcp(address) => address.to_string(),
            Listen::Unix(path) => format!("unix:{}", path.display()),
        },
        lists: Lists {
            read: |bytes| {
                let listing = lists::read(&lists::decode(bytes));
                let feeds = listing.feeds.into_iter();
                Listing {
                    feeds: feeds
                        .map(|listed| Feed {
                            title: listed.title,
                            tags: listed.tags,
                            ..Feed::new(derive_feed_id(&listed.url), listed.url)
                        })
                        .collect(),
                    refused: listing
                        .refused
                        .into_iter()
                        .map(|refused| refused.why)
                        .collect(),
                }
            },
            write: |rows| opml::write("bongsu", rows.iter().map(|row| (&row.feed, &row.state))),
            id_of: derive_feed_id,
        },
    }
}

/// `[web]` as the daemon takes it.
fn access(web: &settings::WebSettings) -> Access {
    let tokens = web.tokens.iter().map(|token| Token {
        name: token.name.clone(),
        secret: token.secret.clone(),
        read_only: token.read_only,
    });
    Access {
        public_url: web.public_url.clone(),
        tokens: tokens.collect(),
    }
}

/// `[websub]` as the daemon takes it; none without an address to push to, or without anybody who listens there.
pub fn websub_settings(config: &Config) -> Option<WebsubSettings> {
    let websub = &config.websub;
    let base = websub
        .callback_url
        .as_ref()
        .or(config.web.public_url.as_ref())?;
    (websub.enabled && config.web.listen != Listen::Off).then(|| WebsubSettings {
        base: format!("{base}/websub/"),
        lease: websub.lease,
    })
}

/// Whether hubs were to push, and nobody would hear them.
pub fn has_deaf_callback(config: &Config) -> bool {
    let wished = config.websub.callback_url.is_some() || config.web.public_url.is_some();
    config.websub.enabled && wished && config.web.listen == Listen::Off
}

/// `[log] format` as logging takes it.
pub fn log_format(format: LogFormat) -> observe::LogFormat {
    match format {
        LogFormat::Auto => observe::LogFormat::Auto,
        LogFormat::Human => observe::LogFormat::Human,
        LogFormat::Json => observe::LogFormat::Json,
        LogFormat::Journald => observe::LogFormat::Journald,
    }
}

/// Makes setups, the first one and one for each reload.
#[derive(Clone)]
pub struct Maker {
    state_dir: PathBuf,
    clock: Clock,
    terminal: notify::TerminalOutput,
    /// What the command line says, above config.
    level: Option<&'static str>,
}

impl Maker {
    /// A maker for the state folder of `context`.
    pub fn new(context: &Context) -> Result<Self, Failure> {
        Ok(Self {
            state_dir: context.state_dir()?,
            clock: context.clock.clone(),
            terminal: context.terminal(),
            level: context.level,
        })
    }

    /// What receivers are built with.
    fn notify_context(&self, config: &Config) -> notify::Context {
        let (proxy, no_proxy) = match &config.fetch.proxy {
            Proxies::Direct => (None, String::new()),
            Proxies::All(proxy) => (Some(proxy.clone()), String::new()),
            Proxies::System(system) => {
                let proxy = system.https.clone().or_else(|| system.http.clone());
                (proxy, system.except.clone())
            }
        };
        notify::Context {
            user_agent: user_agent(&config.fetch.contact),
            state_dir: self.state_dir.clone(),
            zone: environment::zone(),
            proxy,
            no_proxy,
            environment: environment::of_receivers(),
            terminal: self.terminal,
        }
    }

    /// Receivers that cannot be built, each at the key that is wrong.
    pub fn bad_receivers(&self, config: &Config) -> Vec<Problem> {
        let context = self.notify_context(config);
        let receivers = config.receivers.iter().enumerate();
        receivers
            .filter_map(|(index, receiver)| {
                let error = notify::build(receiver, &context).err()?;
                let place = config.places.receiver(index, error.key)?;
                Some(Problem::error("C41", place.clone(), error.message))
            })
            .collect()
    }

    /// Everything that only building finds wrong with a config that reads well, if anything.
    ///
    /// # Errors
    /// The problems.
    pub fn examine(&self, config: &Config) -> Result<(), Problems> {
        let problems = self.bad_receivers(config);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Problems::new(problems, Arc::clone(&config.sources)))
    }

    /// How polls are paced, and what one costs as far as the store tells.
    fn prices(&self, config: &Config, store: &Store) -> Result<(Pace, Market), StoreError> {
        let now = self.clock.now();
        store.read_blocking(|conn| {
            let pace = Pace {
                salt: store::feeds::salt(conn)?,
                ..config.fetch.pace()
            };
            let correction = store::status::note(conn, pricing::CORRECTION)?;
            let correction = correction.and_then(|note| note.value.parse().ok());
            let census = store::feeds::census(conn, pace, now)?;
            Ok((pace, Market::new(correction).after(&census, None)))
        })
    }

    /// Builds everything, the feeds that were added to `store` included.
    ///
    /// # Errors
    /// What cannot be built, and why; or the store's trouble, which is no fault of the config.
    pub fn make(&self, loaded: Loaded, store: &Store) -> Result<Setup, Failure> {
        let config = loaded.config;
        let agent = user_agent(&config.fetch.contact);
        let context = self.notify_context(&config);
        let receivers = config.receivers.iter().map(|receiver| {
            let notifier = notify::build(receiver, &context)
                .map_err(|error| format!("receiver `{}`: {error}", receiver.id))?;
            Ok(Arc::new(Receiver {
                config: receiver.clone(),
                notifier: Arc::from(notifier),
            }))
        });
        let receivers = receivers
            .collect::<Result<Vec<_>, String>>()
            .map_err(Failure::config)?;
        let manners = manners(&config, &context.zone);
        let fetcher = Fetcher::new(&config.fetch, &agent, self.clock.clone())
            .map_err(|error| Failure::config(error.to_string()))?;
        tell_special(&config.feeds);
        let (pace, market) = self.prices(&config, store)?;
        let (asked, added) = store.read_blocking(|conn| {
            Ok::<_, StoreError>((store::feeds::added(conn)?, store::definitions::added(conn)?))
        })?;
        let feeds = feeds(&config, asked);
        let (keep, websub) = (store_settings(&config), websub_settings(&config));
        let health_receivers = health_receivers(&config);
        let policy = Arc::new(story_policy(&config));
        let mut definitions = config.definitions;
        let rules = joined(&mut definitions, &added, config.rules);
        Ok(Setup {
            feeds,
            manners: Arc::new(manners.with(&definitions)),
            only: config.only.clone(),
            receivers,
            fetcher: Arc::new(fetcher),
            contact: config.fetch.contact.clone(),
            host_gap: config.fetch.per_host_interval,
            pace,
            market,
            alerts: AlertSettings {
                backlog: config.alerts.backlog,
                give_up: config.alerts.give_up,
            },
            health_receivers,
            all_well: all_well(&config.alerts, &context.zone),
            heartbeat: heartbeat(&config.heartbeat, &context).map_err(Failure::config)?,
            story: policy,
            keep,
            websub,
            access: Arc::new(access(&config.web)),
            log_level: self.level.unwrap_or(config.log.level.as_str()).to_owned(),
            rules: learnt(rules, store)?,
            definitions,
        })
    }
}

/// What was added through the web beside what files define, compiled with it.
fn joined(
    definitions: &mut Definitions,
    added: &store::definitions::Added,
    rules: Arc<RuleSet>,
) -> Arc<RuleSet> {
    if added.rules.is_empty() && added.aliases.is_empty() {
        return rules;
    }
    for hidden in added::join(definitions, &added.rules, &added.aliases) {
        tracing::warn!(
            rule = hidden,
            "rule `{hidden}` was added through the web and is in the config files too: the files' is used"
        );
    }
    let (rules, problems) = RuleSet::compile(definitions);
    for problem in &problems {
        if let Place::RuleQuery(index) = problem.place
            && problem.diagnostic.level == Level::Error
            && let Some(rule) = definitions.rules.get(index)
        {
            tracing::warn!(rule = %rule.id, "rule `{}`, added through the web, cannot be used any more: {}", rule.id, problem.diagnostic.message);
        }
    }
    Arc::new(rules)
}

/// Who hears that something is wrong with bongsu itself.
fn health_receivers(config: &Config) -> Vec<ReceiverId> {
    let named = config.alerts.health_receivers.iter();
    named
        .map(|text| ReceiverId::from(text.value.as_str()))
        .collect()
}

/// When it is said that all is well, in the machine's zone where no other is named; none: never.
fn all_well(alerts: &settings::AlertSettings, machine: &TimeZone) -> Option<TimeOfDay> {
    let (at, zone) = alerts.all_well.as_ref()?;
    let named = zone.as_ref().and_then(|name| TimeZone::get(name).ok());
    Some(TimeOfDay {
        at: *at,
        zone: named.unwrap_or_else(|| machine.clone()),
    })
}

/// When a digest comes of which config does not say when.
const DIGEST_AT: Time = jiff::civil::time(8, 0, 0, 0);

/// When and how alerts are told, in the machine's zone where no other is named.
pub fn manners(config: &Config, machine: &TimeZone) -> Manners {
    let of = |name: Option<&String>, default: &TimeZone| {
        let named = name.and_then(|name| TimeZone::get(name).ok());
        named.unwrap_or_else(|| default.clone())
    };
    let manner = |receiver: &ReceiverConfig| {
        let own = of(receiver.zone.as_ref(), machine);
        let (quiet, digest) = (&receiver.timing.quiet_hours, &receiver.timing.digest);
        Manner {
            quiet: quiet.as_ref().map(|quiet| QuietHours {
                from: quiet.from,
                to: quiet.to,
                zone: of(quiet.zone.as_ref(), &own),
                except: quiet.except,
            }),
            digest: TimeOfDay {
                at: digest.as_ref().map_or(DIGEST_AT, |digest| digest.at),
                zone: of(
                    digest.as_ref().and_then(|digest| digest.zone.as_ref()),
                    &own,
                ),
            },
            collects: digest.as_ref().map(|digest| Collects {
                except: digest.except,
                empty: digest.empty,
            }),
            give_up: receiver.give_up.unwrap_or(config.alerts.give_up),
            hears_acks: receiver.kind.hears_acks(),
        }
    };
    let receivers = config.receivers.iter();
    let receivers = receivers.map(|receiver| (receiver.id.clone(), manner(receiver)));
    Manners::new(
        receivers.collect(),
        &config.definitions,
        config.alerts.story_window,
    )
}

/// `[heartbeat]` as the daemon takes it; none without an address.
fn heartbeat(
    settings: &HeartbeatSettings,
    context: &notify::Context,
) -> Result<Option<HeartbeatSetup>, String> {
    let Some(url) = &settings.url else {
        return Ok(None);
    };
    let heartbeat =
        Heartbeat::new(url, context).map_err(|error| format!("[heartbeat]: {error}"))?;
    Ok(Some(HeartbeatSetup {
        heartbeat: Arc::new(heartbeat),
        every: settings.every,
        start_and_fail: settings.start_and_fail,
    }))
}

/// What makes a story, by `[alerts]` and the entities.
fn story_policy(config: &Config) -> Policy {
    let alerts = &config.alerts;
    let guards = alerts.story_guards.iter();
    let guards: Vec<String> = guards
        .map(|text| text.value.trim_start_matches('#').to_owned())
        .collect();
    Policy::new(
        alerts.story_window,
        alerts.fold_across_languages,
        &guards,
        &config.definitions.entities,
    )
}

/// Rules from which on it pays to look up what is rare.
const MANY_RULES: usize = 1_000;

/// Newest entries that are looked at for it.
const SAMPLE: i64 = 4_000;

/// Many rules are filed by how often their terms stand in the newest stored entries.
fn learnt(rules: Arc<RuleSet>, store: &Store) -> Result<Arc<RuleSet>, StoreError> {
    if rules.rule_count() < MANY_RULES {
        return Ok(rules);
    }
    let mut rules = Arc::unwrap_or_clone(rules);
    let mut seen = Frequencies::default();
    store.read_blocking(|conn| {
        let Some(rows) = rows_since(conn, Timestamp::MIN)? else {
            return Ok(());
        };
        let newest = *rows.start().max(&(rows.end() - SAMPLE))..=*rows.end();
        read_bulk(conn, newest, Timestamp::MIN, |entry| {
            rules.count(&entry.subject(&[]), &mut seen);
        })
    })?;
    rules.learn(&seen);
    Ok(Arc::new(rules))
}

/// What receivers of `config` are built with.
pub fn notify_context(config: &Config, context: &Context) -> Result<notify::Context, Failure> {
    Maker::new(context).map(|maker| maker.notify_context(config))
}

/// The configured feeds and those added to the store; a configured id wins.
fn feeds(config: &Config, added: Vec<Feed>) -> BTreeMap<FeedId, Arc<Feed>> {
    let added = added
        .into_iter()
        .map(|feed| (feed.id.clone(), Arc::new(feed)));
    let configured = config
        .feeds
        .iter()
        .map(|feed| (feed.id.clone(), Arc::new(feed.clone())));
    added.chain(configured).collect()
}

/// Says in the log which feeds are not verified, and which do not ask by our own name.
fn tell_special(feeds: &[Feed]) {
    for feed in feeds.iter().filter(|feed| feed.enabled) {
        let Some(own) = &feed.transport else { continue };
        if own.tls_insecure {
            tracing::warn!(feed = %feed.id, "{}: its server is not verified (tls_insecure): whoever is in between can read and change everything", feed.id);
        }
        if let Some(agent) = &own.user_agent {
            tracing::info!(feed = %feed.id, agent, "{} is asked as `{agent}` (user_agent)", feed.id);
        }
    }
}
