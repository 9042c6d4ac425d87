//! Where config and state are: flag, environment, the usual folders, in the order that PRODUCT promises.
//!
//! It looks whether paths exist and reads nothing.

use std::path::{Path, PathBuf};

/// The file that makes `./config` a config folder.
const MARK: &str = "bongsu.toml";

/// No config was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no config was found: {}: run `bongsu init`, or name one with --config", .looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
pub struct NotFound {
    /// Where it was looked for.
    pub looked: Vec<PathBuf>,
}

/// The config folder or file: the flag, `$BONGSU_CONFIG`, `./config`, `$XDG_CONFIG_HOME/bongsu`, `/etc/bongsu`.
pub fn find_config(
    flag: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
    here: &Path,
) -> Result<PathBuf, NotFound> {
    if let Some(path) = flag {
        return Ok(path.to_owned());
    }
    if let Some(path) = filled(env, "BONGSU_CONFIG") {
        return Ok(PathBuf::from(path));
    }
    let nearby = here.join("config");
    if nearby.join(MARK).is_file() {
        return Ok(PathBuf::from("config"));
    }
    let mut looked = vec![nearby.join(MARK)];
    let usual = base(env, "XDG_CONFIG_HOME", ".config").map(|base| base.join("bongsu"));
    for path in usual.into_iter().chain([PathBuf::from("/etc/bongsu")]) {
        if path.is_dir() {
            return Ok(path);
        }
        looked.push(path);
    }
    Err(NotFound { looked })
}

/// The state folder: the flag, `$BONGSU_STATE_DIR`, `$STATE_DIRECTORY`, `$XDG_STATE_HOME/bongsu`,
/// `~/.local/state/bongsu`; none where not even a home is known.
#[must_use]
pub fn find_state(flag: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(path) = flag {
        return Some(path.to_owned());
    }
    if let Some(path) = filled(env, "BONGSU_STATE_DIR") {
        return Some(PathBuf::from(path));
    }
    // systemd may pass several, parted by colons; the first is ours.
    if let Some(paths) = filled(env, "STATE_DIRECTORY") {
        let first = paths.split(':').next().unwrap_or_default();
        return Some(PathBuf::from(first));
    }
    base(env, "XDG_STATE_HOME", ".local/state").map(|base| base.join("bongsu"))
}

/// A base folder of the XDG specification: the variable where it is absolute, else below the home.
fn base(env: &dyn Fn(&str) -> Option<String>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = filled(env, variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    named.or_else(|| filled(env, "HOME").map(|home| Path::new(&home).join(below_home)))
}

fn filled(env: &dyn Fn(&str) -> Option<String>, variable: &str) -> Option<String> {
    env(variable).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_there_wins() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let env = |name: &str| (name == "HOME").then(|| home.clone());
        let nothing = |_: &str| None;
        let here = folder.path();

        let missing = find_config(None, &env, here).unwrap_err();
        assert!(missing.to_string().contains(".config/bongsu"), "{missing}");
        std::fs::create_dir_all(here.join(".config/bongsu")).unwrap();
        assert_eq!(
            find_config(None, &env, here).unwrap(),
            here.join(".config/bongsu")
        );
        std::fs::create_dir_all(here.join("config")).unwrap();
        assert_eq!(
            find_config(None, &env, here).unwrap(),
            here.join(".config/bongsu")
        );
        std::fs::write(here.join("config/bongsu.toml"), "").unwrap();
        assert_eq!(find_config(None, &env, here).unwrap(), Path::new("config"));
        let named = |name: &str| (name == "BONGSU_CONFIG").then(|| "/x".to_owned());
        assert_eq!(find_config(None, &named, here).unwrap(), Path::new("/x"));
        assert_eq!(
            find_config(Some(Path::new("y")), &named, here).unwrap(),
            Path::new("y")
        );

        assert_eq!(find_state(None, &nothing), None);
        assert_eq!(
            find_state(None, &env).unwrap(),
            here.join(".local/state/bongsu")
        );
        let systemd =
            |name: &str| (name == "STATE_DIRECTORY").then(|| "/var/lib/a:/var/lib/b".to_owned());
        assert_eq!(find_state(None, &systemd).unwrap(), Path::new("/var/lib/a"));
        assert_eq!(
            find_state(Some(Path::new("s")), &systemd).unwrap(),
            Path::new("s")
        );
    }
}
