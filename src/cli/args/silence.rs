//! Arguments of `silence`.

use clap::{ArgGroup, Args, Subcommand};

use super::number;

/// `silence …`.
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Hold alerts until an end; several matchers must all fit, one of each kind
    Add(Box<SilenceAddArgs>),
    /// Silences that hold or will hold, newest first
    List {
        /// Those that are over too
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// End a silence now
    End {
        /// Silence id
        #[arg(value_parser = number::silence)]
        id: i64,
        /// Who [default: $USER]
        #[arg(long)]
        by: Option<String>,
        /// Send what it held, instead of one message that lists it
        #[arg(long)]
        release: bool,
    },
}

/// `silence add`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("end").required(true).args(["lasts", "until"]))]
pub struct SilenceAddArgs {
    /// Alerts of this rule; may be repeated
    #[arg(long = "rule")]
    pub rules: Vec<String>,
    /// On entries that name this entity; may be repeated
    #[arg(long = "entity")]
    pub entities: Vec<String>,
    /// On entries of this feed, or about it; may be repeated
    #[arg(long = "feed")]
    pub feeds: Vec<String>,
    /// On entries of feeds with this tag; may be repeated
    #[arg(long = "tag")]
    pub tags: Vec<String>,
    /// Of this severity; may be repeated
    #[arg(long = "severity")]
    pub severities: Vec<String>,
    /// On entries that match this query
    #[arg(long, allow_hyphen_values = true)]
    pub query: Option<String>,
    /// For how long, at most a year
    #[arg(long = "for", value_name = "DURATION")]
    pub lasts: Option<String>,
    /// Until when
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// From when [default: now]
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// Who [default: $USER]
    #[arg(long)]
    pub by: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    pub comment: String,
    /// Say nothing at its end of what it held
    #[arg(long)]
    pub no_summary: bool,
    /// End this silence: the new one stands for it
    #[arg(long, value_name = "ID")]
    pub replace: Option<i64>,
    /// Show what it would hold now, and hold nothing
    #[arg(long)]
    pub dry_run: bool,
}
