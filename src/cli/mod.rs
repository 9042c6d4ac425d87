//! Arguments in, exit code out: one file a command.
//!
//! Commands load what they need, call the domain or the daemon, and print. They decide nothing that the daemon
//! would decide otherwise.

mod alerts;
mod args;
mod check;
mod common;
mod complete;
mod context;
mod db;
pub mod embed;
mod entities;
mod entries;
mod environment;
mod exit;
mod explain;
mod feeds;
mod init;
mod matching;
mod output;
mod parse;
mod progress;
mod receivers;
mod route;
mod rows;
mod rules;
mod run;
mod setup;
mod silence;
mod status;
mod stories;
mod when;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Cli, Command};
use self::context::Context;
use self::exit::{Exit, Failure};
use self::output::Output;

/// Runs the command line and says how the process ends.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let early = run::listen_early(&args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, but not to people.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let _ = error.print();
            return exit.into();
        }
    };
    let mut out = Output::new(&cli.global);
    let ended = dispatch(&cli, early, &mut out).and_then(|exit| out.flush().map(|()| exit));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let _ = out.flush();
            complain(&failure);
            failure.exit.into()
        }
    }
}

/// Each command in its file.
fn dispatch(cli: &Cli, early: Option<run::Early>, out: &mut Output) -> Result<Exit, Failure> {
    let mut context = Context::new(&cli.global);
    if let Command::Run(args) = &cli.command {
        // The daemon prints no results: unless asked, stdout is the terminal receiver's, pipe or not.
        context.machine &= args.once || cli.global.format.is_some();
    }
    match &cli.command {
        Command::Init(args) => init::init(&context.new_config(args.dir.as_deref())?, out)?,
        Command::Run(args) => return run::run(args, early, &context, out),
        Command::Check => check::check(&context, out)?,
        Command::Feeds(command) => return feeds::feeds(command, &context, out),
        Command::Parse(args) => parse::parse(args, &context.clock, out)?,
        Command::Match(args) => matching::run(args, &cli.global, &context, out)?,
        Command::Entries(command) => entries::entries(command, &context, out)?,
        Command::Explain(args) => explain::explain(args, &context, out)?,
        Command::Rules(command) => return rules::rules(command, &context, out),
        Command::Entities(command) => entities::entities(command, &context, out)?,
        Command::Alerts(command) => return alerts::alerts(command, &context, out),
        Command::Silence(command) => return silence::silence(command, &context, out),
        Command::Stories(command) => stories::stories(command, &context, out)?,
        Command::Receivers(command) => return receivers::receivers(command, &context, out),
        Command::Status => status::status(&context, out)?,
        Command::Db(command) => return db::db(command, &context, out),
        Command::Completions { shell } => complete::completions(*shell)?,
        Command::Man { dir } => complete::man(dir)?,
    }
    Ok(Exit::Done)
}

/// Says on stderr what went wrong.
#[expect(
    clippy::print_stderr,
    reason = "the one place where a command's failure is told"
)]
fn complain(failure: &Failure) {
    if !failure.message.is_empty() {
        eprintln!("bongsu: {}", failure.message);
    }
}
