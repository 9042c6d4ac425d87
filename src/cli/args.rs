//! The command line as typed: names, flags, help and an example for each command.
//!
//! Parsing only; what a command does is in the file of its name.

mod number;
mod receivers;
mod silence;
mod stories;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::receivers::{ReceiversCommand, RouteArgs};
pub use self::silence::{SilenceAddArgs, SilenceCommand};
pub use self::stories::{StoriesCommand, StoriesListArgs};

/// Watches feeds and alerts people the moment an entry matches a rule.
#[derive(Debug, Parser)]
#[command(name = "bongsu", version, about, long_about = None, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Examples:\n  bongsu init                  write the shipped config to ./config\n  bongsu check                 \
    validate it\n  bongsu run                   the daemon\n\nExit codes: 0 done, 1 failed, 2 usage, 3 config, 4 store, \
    5 a daemon task ended unasked, 6 some feeds or deliveries failed in a --once run."
)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that stand before or after the command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Config folder or file.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help = "Config folder or file [default: $BONGSU_CONFIG, ./config, ~/.config/bongsu, /etc/bongsu]"
    )]
    pub config: Option<PathBuf>,
    /// State folder.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help = "State folder [default: $BONGSU_STATE_DIR, $STATE_DIRECTORY, ~/.local/state/bongsu]"
    )]
    pub state_dir: Option<PathBuf>,
    /// Output [default: human on a terminal, jsonl in a pipe where rows are printed]
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// More log lines; twice for all
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Fewer log lines: errors only; `match` prints only counts
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Colour
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto)]
    pub color: ColorWhen,
}

/// What to send again.
#[derive(Clone, Debug, Args)]
pub struct ResendArgs {
    /// Alert id
    #[arg(required_unless_present = "dead", conflicts_with = "dead", value_parser = number::alert)]
    pub id: Option<i64>,
    /// Only to this receiver
    #[arg(long)]
    pub receiver: Option<String>,
    /// Everything that was given up and not sent again since
    #[arg(long)]
    pub dead: bool,
    /// Given up at or after: a time, or an age such as 3d
    #[arg(long, requires = "dead")]
    pub since: Option<String>,
    /// Given up before
    #[arg(long, requires = "dead")]
    pub until: Option<String>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One object on one line
    Json,
    /// One object a row
    Jsonl,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the shipped config where there is none
    #[command(after_help = "Example: bongsu init /etc/bongsu")]
    Init(InitArgs),
    /// Run the daemon, or poll and deliver once
    #[command(after_help = "Examples:\n  bongsu run\n  bongsu run --once --format json")]
    Run(RunArgs),
    /// Validate everything and print a summary
    #[command(after_help = "Example: bongsu check --config /etc/bongsu")]
    Check,
    /// See, add, probe, import and poll feeds
    #[command(subcommand, after_help = "Example: bongsu feeds list --format json")]
    Feeds(FeedsCommand),
    /// Read a feed document and print its entries as jsonl
    #[command(
        after_help = "Example: curl -s https://example.org/feed | bongsu parse --url https://example.org/feed"
    )]
    Parse(ParseArgs),
    /// Match entries (jsonl) against the rules or one query
    #[command(
        after_help = "Example: bongsu parse feed.xml | bongsu match --query 'tender NEAR/5 howitzer*'"
    )]
    Match(MatchArgs),
    /// Search, show and export stored entries
    #[command(
        subcommand,
        after_help = "Example: bongsu entries search 'title:howitzer* lang:en' --since 7d"
    )]
    Entries(EntriesCommand),
    /// Say clause by clause why an entry matches a rule or does not
    #[command(after_help = "Example: bongsu explain 5f0c --rule deals")]
    Explain(ExplainArgs),
    /// List, show, backtest and test rules
    #[command(
        subcommand,
        after_help = "Example: bongsu rules backtest deals --since 90d"
    )]
    Rules(RulesCommand),
    /// List, show and lint entities
    #[command(subcommand, after_help = "Example: bongsu entities show ministry")]
    Entities(EntitiesCommand),
    /// List, show, acknowledge, mark and resend alerts
    #[command(subcommand, after_help = "Example: bongsu alerts list --since 1d")]
    Alerts(AlertsCommand),
    /// Hold alerts for a while
    #[command(
        subcommand,
        after_help = "Examples:\n  bongsu silence add --rule deals --for 2h --comment 'trade fair'\n  bongsu silence list"
    )]
    Silence(SilenceCommand),
    /// List and show stories, merge two, take an entry out of one
    #[command(subcommand, after_help = "Example: bongsu stories list --since 1d")]
    Stories(StoriesCommand),
    /// List and test receivers, ask who would be told
    #[command(subcommand, after_help = "Example: bongsu receivers test desk")]
    Receivers(ReceiversCommand),
    /// The daemon and the store at a glance
    #[command(after_help = "Example: bongsu status --format json")]
    Status,
    /// Back up, check and measure the store
    #[command(subcommand, after_help = "Example: bongsu db backup /backup/bongsu.db")]
    Db(DbCommand),
    /// Print shell completions
    #[command(after_help = "Example: bongsu completions bash > /etc/bash_completion.d/bongsu")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder
    #[command(after_help = "Example: bongsu man /usr/local/share/man/man1")]
    Man {
        /// The folder
        dir: PathBuf,
    },
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where to write.
    #[arg(help = "Where to write [default: --config, $BONGSU_CONFIG, ./config]")]
    pub dir: Option<PathBuf>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Poll what is due, deliver what is owed, print a summary, exit
    #[arg(long)]
    pub once: bool,
}

/// `feeds …`.
#[derive(Debug, Subcommand)]
pub enum FeedsCommand {
    /// All feeds with health, last and next poll, last error
    List,
    /// One feed with its state and last polls
    Show {
        /// Feed id
        id: String,
    },
    /// Add a feed to the store (config files stay as they are); of a page, the one feed that it names
    Add {
        /// The URL of the feed, or of a page that names it
        url: String,
        /// Its id [default: from the URL]
        #[arg(long)]
        id: Option<String>,
        /// Its title [default: the feed's own]
        #[arg(long)]
        title: Option<String>,
        /// A tag; may be repeated
        #[arg(long = "tag")]
        tags: Vec<String>,
        /// Add the URL as it is, without asking for it first
        #[arg(long)]
        unchecked: bool,
    },
    /// Remove a feed that was added with `add` or `import`
    Remove {
        /// Feed id
        id: String,
    },
    /// Fetch once and show HTTP facts, entries and matching rules; nothing is stored
    Probe {
        /// The feed's URL
        url: String,
    },
    /// Find the feeds of a page
    Discover {
        /// The page's URL
        url: String,
    },
    /// Add feeds from OPML, newsboat urls or a list of URLs
    Import {
        /// The file, or - for stdin
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Print all feeds as OPML
    Export,
    /// Poll now, due or not, conditionally; then deliver
    Poll {
        /// Feed ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// Ask for the whole document: send no validators
        #[arg(long)]
        full: bool,
    },
}

/// `parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// The document, or - for stdin
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// Where it came from: base of relative links, part of entry ids
    #[arg(long)]
    pub url: Option<String>,
    /// Its Content-Type
    #[arg(long)]
    pub content_type: Option<String>,
}

/// `match`.
#[derive(Debug, Args)]
pub struct MatchArgs {
    /// Entries as jsonl, or - for stdin
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// This query alone, as rule `query`
    #[arg(long, allow_hyphen_values = true)]
    pub query: Option<String>,
    /// Say clause by clause why each entry matches, or does not
    #[arg(long)]
    pub explain: bool,
}

/// Which entries.
#[derive(Clone, Debug, Default, Args)]
pub struct EntryFilter {
    /// First seen at or after: a date, a time, or how long ago (7d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// First seen before
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only this feed
    #[arg(long)]
    pub feed: Option<String>,
    /// At most so many
    #[arg(long)]
    pub limit: Option<usize>,
}

/// `entries …`.
#[derive(Debug, Subcommand)]
pub enum EntriesCommand {
    /// Entries that match a query, newest first
    Search {
        /// A query in the rule language
        query: String,
        /// Which entries
        #[command(flatten)]
        filter: EntryFilter,
    },
    /// One entry whole
    Show {
        /// Entry id, or its beginning
        id: String,
    },
    /// Entries as jsonl, oldest first
    Export {
        /// Which entries
        #[command(flatten)]
        filter: EntryFilter,
    },
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Entry id, or its beginning
    pub entry: String,
    /// Only this rule
    #[arg(long)]
    pub rule: Option<String>,
}

/// `rules …`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// All rules
    List,
    /// One rule with its query in canonical form
    Show {
        /// Rule id
        id: String,
    },
    /// What a rule or query would have matched among stored entries
    Backtest {
        /// Rule id
        rule: Option<String>,
        /// A query instead; with a rule id, compared to the saved rule
        #[arg(long, allow_hyphen_values = true)]
        query: Option<String>,
        /// How far back
        #[arg(long, default_value = "90d")]
        since: String,
    },
    /// Score the rules on marked entries (jsonl with `expect`)
    Test {
        /// The file [default: tests/*.jsonl of the config folder]
        file: Option<PathBuf>,
        /// Replay the alerts that were marked instead; exit 1 where a useful one would be lost
        #[arg(long, conflicts_with = "file")]
        marked: bool,
        /// Compare with this other config: exit 1 only for what it does better
        #[arg(long, value_name = "PATH", requires = "marked")]
        against: Option<PathBuf>,
        /// Write them as jsonl for `rules test FILE`, or - for stdout
        #[arg(
            long,
            value_name = "FILE",
            requires = "marked",
            conflicts_with = "against"
        )]
        export: Option<PathBuf>,
    },
}

/// `entities …`.
#[derive(Debug, Subcommand)]
pub enum EntitiesCommand {
    /// All entities
    List,
    /// One entity with its names
    Show {
        /// Entity id
        id: String,
    },
    /// Collisions and other likely mistakes
    Lint,
}

/// `alerts …`.
#[derive(Debug, Subcommand)]
pub enum AlertsCommand {
    /// Alerts, newest first
    List(AlertsListArgs),
    /// One alert with evidence, deliveries and attempts
    Show {
        /// Alert id
        #[arg(value_parser = number::alert)]
        id: i64,
    },
    /// Acknowledge
    Ack {
        /// Alert id
        #[arg(value_parser = number::alert)]
        id: i64,
        /// Who [default: $USER]
        #[arg(long)]
        by: Option<String>,
    },
    /// Say whether it was useful
    Mark {
        /// Alert id
        #[arg(value_parser = number::alert)]
        id: i64,
        /// Verdict
        verdict: Verdict,
    },
    /// Send again, with keys of their own: one alert, or what was given up
    Resend(ResendArgs),
    /// Print the message an entry would send
    Preview {
        /// Entry id, or its beginning
        entry: String,
        /// Receiver id
        #[arg(long)]
        receiver: String,
        /// Rule id [default: the first that matches]
        #[arg(long)]
        rule: Option<String>,
    },
}

/// `alerts list`.
#[derive(Debug, Args)]
pub struct AlertsListArgs {
    /// Created at or after
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only this rule
    #[arg(long)]
    pub rule: Option<String>,
    /// Only those with a dead delivery
    #[arg(long)]
    pub dead: bool,
    /// Matches that raised no alert, and messages that wait, with the reason
    #[arg(long)]
    pub held: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}

/// Whether an alert was worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// Worth having
    Useful,
    /// Not worth having
    Noise,
}

/// `db …`.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Copy the store while it is in use; the copy is checked
    Backup {
        /// The copy
        file: PathBuf,
    },
    /// Make a copy the store; what was there is set aside
    Restore {
        /// The copy
        file: PathBuf,
    },
    /// Integrity, foreign keys, and our own invariants
    Check,
    /// Rows and sizes
    Stats,
}
