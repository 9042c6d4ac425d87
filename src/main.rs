//! Arguments in, exit code out.

use std::process::ExitCode;

/// The system's own keeps what long work freed in pieces: a daemon seems to grow for hours.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bongsu::cli::main(std::env::args_os())
}
