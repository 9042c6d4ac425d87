//! What a command starts from: config, state, clock, environment; loaded when asked for, not before.
//!
//! The only place besides secrets in config that reads the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::args::{ColorWhen, Global};
use super::environment::{env, unreadable};
use super::exit::{Exit, Failure};
use super::output::wants_color;
use super::setup;
use crate::clock::Clock;
use crate::config::{self, Config, Problems, Where};
use crate::daemon::Shared;
use crate::domain::matching::{Place, RuleSet};
use crate::domain::rule::diagnostic::Level;
use crate::domain::rule::{Definitions, Rule, suggest};
use crate::notify::TerminalOutput;
use crate::store::{self, Store};

/// The flags of this run, and what they lead to.
#[derive(Clone, Debug)]
pub struct Context {
    config: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    color: ColorWhen,
    /// Diagnostics are JSON too.
    json: bool,
    /// Results are for machines: nothing but them goes to stdout.
    pub machine: bool,
    /// Log level asked for on the command line.
    pub level: Option<&'static str>,
    /// The wall clock.
    pub clock: Clock,
}

/// A config that is valid, its rules compiled.
pub struct Loaded {
    /// The config.
    pub config: Config,
    /// What is likely wrong.
    pub warnings: Problems,
}

impl Context {
    /// The context of a command line.
    pub fn new(global: &Global) -> Self {
        use std::io::IsTerminal as _;
        let human = global.format.map_or_else(
            || std::io::stdout().is_terminal(),
            |format| format == super::args::Format::Human,
        );
        let level = match (global.quiet, global.verbose) {
            (true, _) => Some("error"),
            (false, 0) => None,
            (false, 1) => Some("debug"),
            (false, _) => Some("trace"),
        };
        Self {
            config: global.config.clone(),
            state_dir: global.state_dir.clone(),
            color: global.color,
            json: global.format == Some(super::args::Format::Json),
            machine: !human,
            level,
            clock: Clock::System,
        }
    }

    /// Whether more is to be told than the result (`-v`).
    pub fn is_verbose(&self) -> bool {
        matches!(self.level, Some("debug" | "trace"))
    }

    /// Whether stderr is coloured.
    pub fn color_stderr(&self) -> bool {
        use std::io::IsTerminal as _;
        wants_color(self.color, std::io::stderr().is_terminal())
    }

    /// Where a new config is written: as the command says, else where config would be looked for first.
    pub fn new_config(&self, dir: Option<&Path>) -> Result<PathBuf, Failure> {
        if let Some(dir) = dir.or(self.config.as_deref()) {
            return Ok(dir.to_owned());
        }
        all_readable()?;
        let named = env("BONGSU_CONFIG").filter(|path| !path.is_empty());
        Ok(named.map_or_else(|| PathBuf::from("config"), PathBuf::from))
    }

    /// Where config is.
    pub fn config_path(&self) -> Result<PathBuf, Failure> {
        if self.config.is_none() {
            all_readable()?;
        }
        let here = std::env::current_dir().unwrap_or_default();
        config::find_config(self.config.as_deref(), &env, &here)
            .map_err(|error| Failure::config(error.to_string()))
    }

    /// Where state is.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        if self.state_dir.is_none() {
            all_readable()?;
        }
        config::find_state(self.state_dir.as_deref(), &env).ok_or_else(|| {
            Failure::usage("no state folder: name one with --state-dir or $BONGSU_STATE_DIR (there is no $HOME either)")
        })
    }

    /// Reads and compiles the config, or tells every problem on stderr and fails with exit 3.
    pub fn load(&self) -> Result<Loaded, Failure> {
        let path = self.config_path()?;
        read(&path).map_err(|problems| self.tell(&problems))
    }

    /// Tells problems on stderr: as text, or as JSON with `--format json`.
    #[expect(clippy::print_stderr, reason = "diagnostics of config go to stderr")]
    pub fn tell(&self, problems: &Problems) -> Failure {
        if self.json {
            let told = serde_json::json!({
                "ok": problems.errors() == 0, "errors": problems.errors(), "warnings": problems.warnings(),
                "problems": problems.to_json(),
            });
            eprintln!("{told}");
        } else {
            eprint!("{}", problems.render(self.color_stderr()));
        }
        Failure::silent(Exit::Config)
    }

    /// One query as a rule set with the single rule [`QUERY`]. Only a query that names entities, classes,
    /// macros or feeds needs a config.
    pub fn query_rules(&self, query: &str) -> Result<RuleSet, Failure> {
        let needs_config = query.contains(['@', '#', '$']) || query.contains("feed:");
        let read = match self.config_path() {
            Ok(path) if needs_config => Some(read(&path).map_err(|problems| self.tell(&problems))?),
            // For the one warning that no feed has the tag.
            Ok(path) if query.contains("tag:") => read(&path).ok(),
            _ => None,
        };
        // A config without feeds knows that there are none; without a config any feed may be asked for.
        let no_feeds = read
            .as_ref()
            .is_some_and(|read| read.config.feeds.is_empty());
        let mut definitions =
            read.map_or_else(Definitions::default, |read| read.config.definitions);
        definitions.rules = vec![Rule::of_query(QUERY, query)];
        let (rules, mut problems) = RuleSet::compile(&definitions);
        if no_feeds {
            problems.extend(RuleSet::feeds_of_none(&definitions));
        }
        let of_query = problems
            .into_iter()
            .filter(|problem| problem.place == Place::RuleQuery(0));
        let problems = config::query_problems(query, of_query.map(|problem| problem.diagnostic));
        if problems.errors() > 0 {
            return Err(self.tell(&problems));
        }
        if !problems.is_empty() && self.level != Some("error") {
            drop(self.tell(&problems));
        }
        Ok(rules)
    }

    /// The config, where there is one that can be read: for what a query needs only feeds' tags and titles of.
    pub fn config_if_any(&self) -> Option<Config> {
        let path = self.config_path().ok()?;
        read(&path).ok().map(|loaded| loaded.config)
    }

    /// Opens the store for reading and short writes; no daemon is disturbed.
    pub fn open_store(&self, settings: &store::Settings) -> Result<Store, Failure> {
        Ok(Store::open(&self.state_dir()?, settings, self.clock.now())?)
    }

    /// Opens the store of a loaded config.
    pub fn store_of(&self, loaded: &Loaded) -> Result<Store, Failure> {
        self.open_store(&setup::store_settings(&loaded.config))
    }

    /// The store of a loaded config where there is one: looking makes none.
    pub fn store_if_any(&self, loaded: &Loaded) -> Result<Option<Store>, Failure> {
        let settings = setup::store_settings(&loaded.config);
        let Ok(folder) = self.state_dir() else {
            return Ok(None);
        };
        let path = store::database_path(&folder, &settings.url).map_err(Failure::config)?;
        if !is_there(&path)? {
            return Ok(None);
        }
        self.open_store(&settings).map(Some)
    }

    /// The store, whether or not config can be read: for `status` and `db`, which must work when it cannot.
    pub fn any_store(&self) -> Result<Store, Failure> {
        self.open_store(&self.any_store_settings())
    }

    /// Where that store is, or would be.
    pub fn store_path(&self) -> Result<PathBuf, Failure> {
        store::database_path(&self.state_dir()?, &self.any_store_settings().url)
            .map_err(Failure::config)
    }

    fn any_store_settings(&self) -> store::Settings {
        let path = self.config_path().ok();
        let config = path.and_then(|path| load(&path).config);
        config
            .as_ref()
            .map(setup::store_settings)
            .unwrap_or_default()
    }

    /// Everything a pass needs, with the store's lock: nobody else polls or delivers meanwhile.
    pub fn own(&self, loaded: Loaded) -> Result<(Arc<Shared>, store::Lock), Failure> {
        let maker = setup::Maker::new(self)?;
        maker
            .examine(&loaded.config)
            .map_err(|problems| self.tell(&problems))?;
        let store = self.store_of(&loaded)?;
        let lock = store.lock(self.clock.now())?;
        let setup = maker.make(loaded, &store)?;
        let owner = lock.owner().to_owned();
        Ok((
            Arc::new(Shared::new(store, owner, self.clock.clone(), setup)),
            lock,
        ))
    }

    /// Where the terminal receiver writes.
    pub fn terminal(&self) -> TerminalOutput {
        let colour = match self.color {
            ColorWhen::Auto => None,
            ColorWhen::Always => Some(true),
            ColorWhen::Never => Some(false),
        };
        TerminalOutput {
            to_stderr: self.machine,
            colour,
        }
    }

    /// Runs `work` to its end on a runtime.
    pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(finish(runtime()?, work))
    }
}

/// Refuses an environment that names folders in what is not text: another store would be taken in silence.
fn all_readable() -> Result<(), Failure> {
    unreadable().map_or(Ok(()), |name| {
        Err(Failure::usage(format!(
            "${name} is not UTF-8: name the folders with --config and --state-dir, or set it anew"
        )))
    })
}

/// A runtime with nothing to do yet.
pub fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))
}

/// Runs `work` to its end on a runtime, and ends that.
pub fn finish<T>(runtime: Runtime, work: impl Future<Output = T>) -> T {
    let done = runtime.block_on(work);
    // A look-up of a name may hang on its thread for minutes: nobody waits for it.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done
}

/// What the rule of a query of the command line is called.
pub const QUERY: &str = "query";

/// Whether there is a store; not being allowed to look is another thing than none.
pub fn is_there(path: &Path) -> Result<bool, Failure> {
    path.try_exists().map_err(|error| {
        Failure::new(format!(
            "cannot look at {}: {error}: run this as root, or as a user who may read that folder",
            path.display()
        ))
    })
}

/// Why there is nothing to show.
pub fn no_store(path: &Path) -> String {
    format!(
        "there is no store at {}: nothing has run with this state folder yet; name another with --state-dir (the \
         service's is /var/lib/bongsu)",
        path.display()
    )
}

/// Reads and compiles the config at `path`, with all that is wrong.
pub fn load(path: &Path) -> config::Loaded {
    config::load(path, &env)
}

/// Reads and compiles the config at `path`, where nothing is wrong with it.
pub fn read(path: &Path) -> Result<Loaded, Problems> {
    let loaded = load(path);
    match loaded.config {
        Some(config) => Ok(Loaded {
            config,
            warnings: loaded.problems,
        }),
        None => Err(loaded.problems),
    }
}

impl Loaded {
    /// The folder of the config.
    pub fn config_dir(&self) -> PathBuf {
        let path = &self.config.path;
        if path.is_dir() {
            path.clone()
        } else {
            path.parent().map(Path::to_owned).unwrap_or_default()
        }
    }

    /// The warnings that are about entities.
    pub fn warnings_about_entities(&self) -> Vec<String> {
        let about = |problem: &&config::Problem| {
            let of_name =
                matches!(&problem.at, Where::At(place) if self.config.places.is_of_entity(place));
            of_name || self.warnings.line(problem).contains("entit")
        };
        let warnings = self.warnings.iter();
        warnings
            .filter(|problem| problem.level == Level::Warning)
            .filter(about)
            .map(|problem| self.warnings.line(problem))
            .collect()
    }
}

/// `: did you mean …?`, where something is near enough.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    suggest::nearest(wanted, known)
        .map(|name| format!(": did you mean `{name}`?"))
        .unwrap_or_default()
}
