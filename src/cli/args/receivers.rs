//! Arguments of `receivers`.

use clap::{Args, Subcommand};

/// `receivers …`.
#[derive(Debug, Subcommand)]
pub enum ReceiversCommand {
    /// All receivers
    List,
    /// Send a marked message on the real path and show the answer
    Test {
        /// Receiver id
        id: String,
    },
    /// Who would be told, when, and why
    Route(RouteArgs),
}

/// `receivers route`.
#[derive(Debug, Args)]
pub struct RouteArgs {
    /// Rule id
    #[arg(long)]
    pub rule: String,
    /// Severity [default: the rule's]
    #[arg(long)]
    pub severity: Option<String>,
    /// When [default: now]
    #[arg(long)]
    pub at: Option<String>,
    /// Of an entry of this feed
    #[arg(long)]
    pub feed: Option<String>,
    /// That names this entity; may be repeated
    #[arg(long = "entity")]
    pub entities: Vec<String>,
}
