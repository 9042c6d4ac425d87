//! `completions` and `man`: what shells and `man` need, made from the same definitions as `--help`.

use std::io::Write as _;
use std::path::Path;

use clap::CommandFactory as _;

use super::args::Cli;
use super::exit::Failure;

/// Prints the completion script of `shell`.
pub fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    // Written whole afterwards: the generator panics where a reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bongsu", &mut script);
    std::io::stdout().write_all(&script).map_err(Failure::from)
}

/// Writes a page for the program and one for each command into `dir`.
pub fn man(dir: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(dir)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", dir.display())))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(|error| {
        Failure::new(format!(
            "cannot write manual pages to {}: {error}",
            dir.display()
        ))
    })
}
