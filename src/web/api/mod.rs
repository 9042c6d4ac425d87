//! `/api/v1`: the same as the pages, for programs. Every endpoint is a line of [`ENDPOINTS`], from which both the
//! routes and the served description are made.
//!
//! Handlers read and change through the functions that the pages use; here their results become JSON.

mod act;
mod read;

use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Extension, Router};

use super::App;
use super::form::Fields;
use super::problem::Problem;

/// An endpoint: what it is, and who answers.
pub struct Endpoint {
    /// `get`, `post`, `put` or `delete`.
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// What it is called in clients made from the description.
    pub name: &'static str,
    /// In words.
    pub summary: &'static str,
    /// Parameters of the query string.
    pub query: &'static [&'static str],
    /// Fields of the body; those with `*` must be there.
    pub body: Fields,
    /// The schema of the answer.
    pub answer: &'static str,
    route: fn() -> MethodRouter<App>,
}

const PAGED: &[&str] = &["after", "limit"];

macro_rules! endpoints {
    ($($method:ident $path:literal $name:literal $summary:literal query $query:expr, body $body:expr, $answer:literal => $handler:path;)*) => {
        /// Every endpoint.
        pub const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            method: stringify!($method), path: $path, name: $name, summary: $summary, query: $query, body: Fields($body),
            answer: $answer, route: || $method($handler),
        }),*];
    };
}

endpoints! {
    get "/overview" "overview" "How the desk is doing, the last stories and alerts" query &[], body &[], "Object" => read::overview;
    get "/stories" "listStories" "Stories: those that raised alerts, or all" query &["of", "after", "limit"], body &[], "StoryList" => read::stories;
    get "/stories/{id}" "getStory" "A story with its entries and alerts" query &[], body &[], "Object" => read::story;
    post "/stories/{id}/merge" "mergeStories" "Makes one story of two, the older of which stays" query &[], body &["other*"], "Object" => act::merge;
    post "/entries/{id}/split" "splitEntry" "Takes an entry out of its story and raises what folding held back" query &[], body &[], "Object" => act::split;
    get "/alerts" "listAlerts" "Alerts, newest first" query &["rule", "feed", "severity", "since", "until", "unacked", "dead", "after", "limit"], body &[], "AlertList" => read::alerts;
    get "/alerts/{id}" "getAlert" "An alert as it is sent, with its deliveries" query &[], body &[], "Object" => read::alert;
    post "/alerts/{id}/ack" "acknowledgeAlert" "Notes that somebody has seen it; the first to say so stays" query &[], body &[], "Object" => act::ack;
    post "/alerts/{id}/mark" "markAlert" "Notes whether it was worth it: useful or noise" query &[], body &["mark*"], "Object" => act::mark;
    post "/alerts/{id}/resend" "resendAlert" "Owes it once more, to one receiver or to all it was meant for" query &[], body &["receiver"], "Object" => act::resend;
    get "/held" "listHeld" "Matches that raised no alert, and why" query &["rule", "held", "since", "after", "limit"], body &[], "List" => read::held;
    get "/waiting" "listWaiting" "Messages that wait: held by a silence, a throttle, quiet hours or for a digest" query &["rule", "since", "limit"], body &[], "List" => read::waiting;
    get "/silences" "listSilences" "Silences in force and to come; with all those that are over too" query &["all"], body &[], "SilenceList" => read::silences;
    post "/silences" "addSilence" "Begins a silence; what is named must all fit" query &[], body &["rule", "entity", "feed", "tag", "severity", "query", "for", "until", "author", "comment", "no_summary"], "Object" => act::silence;
    post "/silences/try" "trySilence" "What such a silence would hold now, and would have held in the last week" query &[], body &["rule", "entity", "feed", "tag", "severity", "query", "for", "until", "author", "comment", "no_summary"], "Object" => act::try_silence;
    post "/silences/{id}/end" "endSilence" "Ends it; with release what it held is sent" query &[], body &["release"], "Object" => act::end_silence;
    get "/conditions" "listConditions" "What is wrong with feeds, receivers, rules and the machine, as people were told" query &[], body &[], "List" => read::conditions;
    get "/entries" "searchEntries" "Entries, the last to come first; q is a query in the rule language" query &["q", "feed", "in", "rule", "entity", "since", "until", "after", "limit"], body &[], "EntryList" => read::entries;
    get "/entries/{id}" "getEntry" "An entry with its matches, mentions and earlier versions" query &[], body &[], "Entry" => read::entry;
    get "/entries/{id}/explain" "explainEntry" "Why a rule matches it or not, clause by clause" query &["rule"], body &[], "Object" => read::explain;
    get "/rules" "listRules" "Rules with hits and marks" query &[], body &[], "RuleList" => read::rules;
    get "/rules/{id}" "getRule" "A rule with its hits a day and what marks say" query &[], body &[], "Rule" => read::rule;
    get "/rules/{id}/route" "routeRule" "Who would be told of an alert of it now, when, and why then" query &["severity", "feed", "entity"], body &[], "List" => read::route;
    put "/rules/{id}" "putRule" "Saves a rule; the same again changes nothing. Those of config files are read-only" query &[], body &["query*", "title", "severity", "receivers", "feeds", "languages", "notify", "enabled"], "Rule" => act::put_rule;
    delete "/rules/{id}" "deleteRule" "Takes an added rule away" query &[], body &[], "Object" => act::delete_rule;
    get "/check" "checkQuery" "What is wrong or doubtful about a query, at its characters" query &["query"], body &[], "Object" => read::check;
    get "/backtest" "backtestQuery" "What a query would have hit; with a rule, what it changes" query &["query", "rule", "days"], body &[], "Object" => read::backtest;
    get "/complete" "complete" "Names, classes, macros, fields and feeds that begin so" query &["q"], body &[], "List" => read::complete;
    get "/entities" "listEntities" "Entities with how often they were named" query &[], body &[], "List" => read::entities;
    get "/entities/{id}" "getEntity" "An entity with its activity and whom it is named with" query &[], body &[], "Object" => read::entity;
    post "/entities/{id}/aliases" "addAlias" "Adds a name by which texts call it" query &[], body &["alias*", "exact"], "Object" => act::add_alias;
    get "/feeds" "listFeeds" "Feeds with their health" query &[], body &[], "FeedList" => read::feeds;
    post "/feeds" "addFeed" "Adds a feed; 200 where it is there already" query &[], body &["url*", "id", "title", "tags"], "Feed" => act::add_feed;
    get "/feeds/{id}" "getFeed" "A feed with its last polls and delays" query &[], body &[], "Feed" => read::feed;
    delete "/feeds/{id}" "deleteFeed" "Lets go of an added feed; its entries stay" query &[], body &[], "Object" => act::delete_feed;
    post "/feeds/{id}/poll" "pollFeed" "Makes it due now; a publisher's Retry-After stands" query &[], body &[], "Object" => act::poll_feed;
    post "/discover" "discoverFeeds" "One look at an address: the feed that is there, or those that its page names" query &[], body &["url*"], "Object" => act::discover;
    post "/import" "importFeeds" "Adds the feeds of an OPML list, of newsboat's urls, or of one address a line" query &[], body &["list*"], "Object" => act::import;
    get "/receivers" "listReceivers" "Receivers with how they are doing; no secrets" query &[], body &[], "List" => read::receivers;
    post "/receivers/{id}/test" "testReceiver" "Sends a marked message on the real path" query &[], body &[], "Object" => act::test_receiver;
    get "/changes" "listChanges" "What people changed: who, what, when" query PAGED, body &[], "List" => read::changes;
    get "/system" "system" "Tasks, readiness, conditions, versions, sizes" query &[], body &[], "Object" => read::system;
}

/// The routes of [`ENDPOINTS`].
pub fn router() -> Router<App> {
    let routes = ENDPOINTS.iter().fold(Router::new(), |router, endpoint| {
        let fields = Extension(endpoint.body);
        router.route(endpoint.path, (endpoint.route)().layer(fields))
    });
    routes
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
}

async fn nothing() -> Problem {
    Problem::new(
        axum::http::StatusCode::NOT_FOUND,
        "there is no such endpoint; /api/openapi.json lists them",
    )
}

async fn not_allowed() -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "this endpoint takes other methods; /api/openapi.json lists them",
    )
}
