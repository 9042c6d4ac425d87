//! Text in, checked value out, every problem at once.
//!
//! [`load`] reads a folder or file of TOML and OPML into a [`Config`] that is complete and valid, or says all
//! that is wrong, each with its place. It starts nothing, reaches nothing and keeps nothing; what a setting
//! does is told beside the code that it configures.

mod compile;
mod document;
mod draft;
mod feed_id;
mod files;
mod find;
pub mod lists;
mod literal;
pub mod opml;
mod places;
mod problem;
mod query;
mod reader;
mod refer;
mod render;
mod secrets;
pub mod settings;
mod source;
mod syntax;
mod tables;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use feed_id::derive_feed_id;
pub use find::{NotFound, find_config, find_state};
pub use places::Places;
pub use problem::{Problem, Problems, Where};
pub use query::query_problems;
pub use source::{Place, Position, Sources, Text};
pub use values::language;

use crate::domain::feed::Feed;
use crate::domain::matching::{self, RuleSet};
use crate::domain::rule::Definitions;
use crate::fetch::settings::FetchSettings;
use crate::notify::settings::ReceiverConfig;
use draft::Draft;
use reader::Cx;
use settings::{
    AlertSettings, HeartbeatSettings, LogSettings, StoreSettings, WebSettings, WebsubSettings,
};

/// A config that is complete and valid.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder or file it was read from.
    pub path: PathBuf,
    /// The files it was read from.
    pub sources: Arc<Sources>,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[fetch]`.
    pub fetch: FetchSettings,
    /// `[alerts]`.
    pub alerts: AlertSettings,
    /// `[heartbeat]`.
    pub heartbeat: HeartbeatSettings,
    /// `[web]`.
    pub web: WebSettings,
    /// `[websub]`.
    pub websub: WebsubSettings,
    /// `[log]`.
    pub log: LogSettings,
    /// The feeds, disabled ones too.
    pub feeds: Vec<Feed>,
    /// Rules, entities, macros, and the feeds as rules see them.
    pub definitions: Definitions,
    /// The rules, compiled.
    pub rules: Arc<RuleSet>,
    /// What receivers want only, compiled: rules that bear the receivers' ids.
    pub only: Arc<RuleSet>,
    /// The receivers.
    pub receivers: Vec<ReceiverConfig>,
    /// Where the texts of the definitions stand.
    pub places: Places,
}

/// What came of reading a config.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The config, unless there are errors.
    pub config: Option<Config>,
    /// What could be read of it where there are: to look for what else is wrong, and for nothing else.
    pub partial: Option<Config>,
    /// What is wrong or likely wrong.
    pub problems: Problems,
}

/// Reads the folder or file at `path`; `env` answers environment variables, for secrets.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let mut cx = Cx {
        sources: Sources::default(),
        problems: Vec::new(),
        env,
        folder: PathBuf::new(),
        plain_secrets: BTreeMap::new(),
    };
    let mut draft = Draft::default();
    for file in files::list(&mut cx, path) {
        document::read(&mut cx, &file, &mut draft);
    }
    draft.end_feeds(&mut cx);
    refer::check(&mut cx, &draft);
    let compiled = compile::compile(&mut cx, &mut draft);
    open_files(&mut cx);

    let sources = Arc::new(cx.sources);
    let problems = Problems::new(cx.problems, Arc::clone(&sources));
    let read = draft.finish(path, sources, compiled);
    let (config, partial) = if problems.errors() == 0 {
        (Some(read), None)
    } else {
        (None, Some(read))
    };
    Loaded {
        config,
        partial,
        problems,
    }
}

/// Warns of files that everyone can read although a secret stands in them.
fn open_files(cx: &mut Cx) {
    for (file, place) in cx.plain_secrets.clone() {
        let path = cx.sources.path(file).to_owned();
        if secrets::is_open(&path) {
            let message = "this file holds a secret, and everyone on this machine can read it";
            let help = format!(
                "chmod 600 {}, or move the secret into a file of its own",
                path.display()
            );
            cx.push(Problem::warning("C21", place, message).help(help));
        }
    }
}

impl Config {
    /// A problem of the compiled definitions as a problem of config, at its place in the files.
    #[must_use]
    pub fn locate(&self, problem: &matching::Problem) -> Problem {
        self.places.locate(&self.sources, problem)
    }
}

#[cfg(test)]
mod tests;
