//! Arguments of `stories`.

use clap::{Args, Subcommand};

use super::number;

/// `stories …`.
#[derive(Debug, Subcommand)]
pub enum StoriesCommand {
    /// Stories that some rule matches, the last begun first
    List(StoriesListArgs),
    /// One story: its entries with why each joined, what was told of it
    Show {
        /// Story id
        #[arg(value_parser = number::story)]
        id: i64,
    },
    /// Make one story of two; nobody is told
    Merge {
        /// Story id
        #[arg(value_parser = number::story)]
        one: i64,
        /// The other story's id
        #[arg(value_parser = number::story)]
        other: i64,
        /// Who [default: $USER]
        #[arg(long)]
        by: Option<String>,
    },
    /// Take an entry out of its story, and tell what folding held back
    Split {
        /// Entry id, or its beginning
        entry: String,
        /// Who [default: $USER]
        #[arg(long)]
        by: Option<String>,
    },
}

/// `stories list`.
#[derive(Debug, Args)]
pub struct StoriesListArgs {
    /// That went on at or after: a date, a time, or how long ago (7d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// That this rule matches
    #[arg(long)]
    pub rule: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}
