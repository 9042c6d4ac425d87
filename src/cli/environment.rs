//! What the process was started with: environment variables and the machine's zone. Read here and in nobody else's file.

use std::ffi::OsString;

use jiff::tz::TimeZone;

/// Reads an environment variable; what is not UTF-8 is not there.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where cli reads the environment"
)]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where folders are is said by these; one that cannot be read must not lead to another store.
const FOLDERS: [&str; 6] = [
    "BONGSU_CONFIG",
    "BONGSU_STATE_DIR",
    "STATE_DIRECTORY",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "HOME",
];

/// The first variable about folders that is set, and to what is not UTF-8.
pub fn unreadable() -> Option<&'static str> {
    let is_text = |name: &&str| std::env::var_os(name).is_none_or(|value| value.to_str().is_some());
    FOLDERS.into_iter().find(|name| !is_text(name))
}

/// What commands of receivers may see of our environment.
pub fn of_receivers() -> Vec<(String, OsString)> {
    ["PATH", "HOME", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var_os(name).map(|value| (name.to_owned(), value)))
        .collect()
}

/// The machine's zone.
pub fn zone() -> TimeZone {
    TimeZone::system()
}

/// Who does what is recorded by name: `by` as given, else the user of this machine.
pub fn user(by: Option<&str>) -> String {
    by.map(str::to_owned)
        .or_else(|| env("USER"))
        .unwrap_or_else(|| "someone".to_owned())
}
