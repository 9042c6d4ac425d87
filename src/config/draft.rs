//! Config while it is read: what stands where, so that what is given twice can be told with both places.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::compile::Compiled;
use super::lists::Listed;
use super::places::Places;
use super::problem::Problem;
use super::reader::Cx;
use super::settings::{
    AlertSettings, HeartbeatSettings, LogSettings, StoreSettings, WebSettings, WebsubSettings,
};
use super::source::{Place, Sources, Text};
use super::tables::entities::EntityPlaces;
use super::tables::receivers::ReceiverPlaces;
use super::tables::rules::RulePlaces;
use super::{Config, derive_feed_id};
use crate::domain::feed::websub::Terms;
use crate::domain::feed::{Feed, Origin};
use crate::domain::rule::{Definitions, Entity, Macro, Rule};
use crate::fetch::settings::FetchSettings;
use crate::notify::settings::ReceiverConfig;

/// What was read so far.
#[derive(Default)]
pub(super) struct Draft {
    pub store: StoreSettings,
    pub fetch: FetchSettings,
    pub alerts: AlertSettings,
    pub heartbeat: HeartbeatSettings,
    pub web: WebSettings,
    pub websub: WebsubSettings,
    pub log: LogSettings,
    pub feeds: Vec<(Feed, Place)>,
    pub entities: Vec<(Entity, EntityPlaces)>,
    pub macros: Vec<(Macro, Place, Text)>,
    pub rules: Vec<(Rule, RulePlaces)>,
    pub receivers: Vec<(ReceiverConfig, ReceiverPlaces)>,
    listed: Vec<(Listed, Place)>,
    broken: BTreeSet<(&'static str, String)>,
    /// The rest of a file could not be read: anything may stand there.
    pub is_cut: bool,
    /// Scalar tables and ids, and where each was given first.
    given: BTreeMap<(&'static str, String), Place>,
}

impl Draft {
    /// Notes that a scalar table stands here; false, with a problem, when it stood elsewhere.
    pub fn once(&mut self, cx: &mut Cx, table: &'static str, place: &Place) -> bool {
        self.first(cx, ("table", table), place)
    }

    /// Notes that an id is given here; false, with a problem, when it was given before.
    fn first(&mut self, cx: &mut Cx, (kind, id): (&'static str, &str), place: &Place) -> bool {
        let name = match kind {
            "table" => format!("[{id}]"),
            kind => format!("the {kind} \"{id}\""),
        };
        match self.given.get(&(kind, id.to_owned())) {
            None => {
                self.given.insert((kind, id.to_owned()), place.clone());
                true
            }
            Some(first) => {
                let position = cx.sources.position(first);
                let path = cx.sources.path(first.file).display().to_string();
                let problem = Problem::error(
                    "C05",
                    place.clone(),
                    format!(
                        "{name} is given twice, first at {path}:{}:{}",
                        position.line, position.column
                    ),
                );
                let help = if kind == "table" {
                    "join the two"
                } else {
                    "rename one, or take one out"
                };
                cx.push(
                    problem
                        .help(help)
                        .related(first.clone(), "first given here"),
                );
                false
            }
        }
    }

    /// Notes the id of a table that cannot be used, so that nobody is told it is not there.
    pub fn broken(&mut self, kind: &'static str, id: Option<&str>) {
        self.broken
            .insert((kind, id.unwrap_or_default().to_owned()));
    }

    /// True for an id of a table that cannot be used.
    pub fn is_broken(&self, kind: &'static str, id: &str) -> bool {
        self.is_cut || self.broken.contains(&(kind, id.to_owned()))
    }

    /// True when some table of a kind cannot be used.
    pub fn any_broken(&self, kind: &str) -> bool {
        self.is_cut || self.broken.iter().any(|(broken, _)| *broken == kind)
    }

    pub fn add_feed(&mut self, cx: &mut Cx, feed: Feed, place: Place) {
        if self.first(cx, ("feed", feed.id.as_str()), &place) {
            self.feeds.push((feed, place));
        }
    }

    /// Keeps a feed of a list until all tables are read: those know better.
    pub fn add_listed(&mut self, feed: Listed, place: Place) {
        self.listed.push((feed, place));
    }

    /// Adds the feeds of lists; one that is there already gives its tags to it.
    pub fn end_feeds(&mut self, cx: &mut Cx) {
        self.same_urls(cx);
        let mut by_url: BTreeMap<String, usize> = self
            .feeds
            .iter()
            .enumerate()
            .map(|(index, (feed, _))| (address(&feed.url), index))
            .collect();
        for (listed, place) in std::mem::take(&mut self.listed) {
            if let Some((feed, _)) = by_url
                .get(&address(&listed.url))
                .and_then(|index| self.feeds.get_mut(*index))
            {
                for tag in listed.tags {
                    if !feed.tags.contains(&tag) {
                        feed.tags.push(tag);
                    }
                }
                continue;
            }
            let feed = plain_feed(listed);
            by_url.insert(address(&feed.url), self.feeds.len());
            self.add_feed(cx, feed, place);
        }
    }

    /// Two feeds with one URL are polled twice, which nobody wants.
    fn same_urls(&self, cx: &mut Cx) {
        let mut seen: BTreeMap<String, (&Feed, &Place)> = BTreeMap::new();
        for (feed, place) in &self.feeds {
            let address = address(&feed.url);
            if let Some((first, first_place)) = seen.get(&address) {
                let message = format!("this feed has the same URL as \"{}\"", first.id);
                cx.push(
                    Problem::warning("C24", place.clone(), message)
                        .help("take one out: it is polled twice")
                        .related((*first_place).clone(), "the other one"),
                );
            } else {
                seen.insert(address, (feed, place));
            }
        }
    }

    pub fn add_entity(&mut self, cx: &mut Cx, entity: Entity, places: EntityPlaces) {
        let id = entity.id.as_ref().map_or("", |id| id.as_str()).to_owned();
        if self.first(cx, ("entity", &id), &places.id) {
            self.entities.push((entity, places));
        }
    }

    pub fn add_macro(&mut self, cx: &mut Cx, found: Macro, place: Place, query: Text) {
        if self.first(cx, ("macro", &found.id), &place) {
            self.macros.push((found, place, query));
        }
    }

    pub fn add_rule(&mut self, cx: &mut Cx, rule: Rule, places: RulePlaces) {
        if self.first(cx, ("rule", rule.id.as_str()), &places.id) {
            self.rules.push((rule, places));
        }
    }

    pub fn add_receiver(&mut self, cx: &mut Cx, receiver: ReceiverConfig, places: ReceiverPlaces) {
        if self.first(cx, ("receiver", receiver.id.as_str()), &places.id) {
            self.receivers.push((receiver, places));
        }
    }

    /// What rules are made of, and where it stands.
    pub fn definitions(&mut self) -> (Definitions, Places) {
        let (entities, entity_places) = std::mem::take(&mut self.entities).into_iter().unzip();
        let (rules, rule_places) = std::mem::take(&mut self.rules).into_iter().unzip();
        let (macros, macro_queries) = std::mem::take(&mut self.macros)
            .into_iter()
            .map(|(found, _, query)| (found, query))
            .unzip();
        let feeds = self.feeds.iter();
        let definitions = Definitions {
            rules,
            entities,
            macros,
            feeds: feeds
                .map(|(feed, _)| (feed.id.clone(), feed.tags.clone()))
                .collect(),
        };
        let places = Places {
            rules: rule_places,
            macros: macro_queries,
            entities: entity_places,
            receivers: self
                .receivers
                .iter()
                .map(|(_, places)| places.clone())
                .collect(),
        };
        (definitions, places)
    }

    /// The config, as far as it was read; the caller knows whether anything is wrong.
    pub fn finish(self, path: &Path, sources: Arc<Sources>, compiled: Compiled) -> Config {
        Config {
            path: path.to_owned(),
            sources,
            store: self.store,
            fetch: self.fetch,
            alerts: self.alerts,
            heartbeat: self.heartbeat,
            web: self.web,
            websub: self.websub,
            log: self.log,
            feeds: self.feeds.into_iter().map(|(feed, _)| feed).collect(),
            receivers: self
                .receivers
                .into_iter()
                .map(|(receiver, _)| receiver)
                .collect(),
            definitions: compiled.definitions,
            rules: Arc::new(compiled.rules),
            only: Arc::new(compiled.only),
            places: compiled.places,
        }
    }
}

/// A feed's address as it is asked for, however it is written.
fn address(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url.trim()) else {
        return url.to_owned();
    };
    parsed.set_fragment(None);
    let bare = parsed.host_str().and_then(|host| host.strip_suffix('.'));
    if let Some(bare) = bare.map(str::to_owned) {
        // A host without its dot is one still; where it is none, the address stays as it is.
        let _ = parsed.set_host(Some(&bare));
    }
    parsed.into()
}

fn plain_feed(listed: Listed) -> Feed {
    Feed {
        id: derive_feed_id(&listed.url),
        url: listed.url,
        title: listed.title,
        tags: listed.tags,
        interval: None,
        full_text: false,
        language: None,
        default_tz: None,
        owner: None,
        history: 0,
        headers: BTreeMap::new(),
        transport: None,
        enabled: true,
        origin: Origin::File,
        websub: Terms::default(),
    }
}
