//! `init`: writes the shipped config where there is none, and says what to edit next.
//!
//! The files are part of the binary; none that exists is ever overwritten. Written by root they are for a service
//! under another user: readable for all whatever the umask. They hold no secrets; those have files of their own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::exit::Failure;
use super::output::Output;

macro_rules! shipped {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../config/", $path)))),*]
    };
}

/// The shipped config: path below the config folder, and content. The marked entries come with it, so that who changes a
/// rule sees at once what that does.
pub const SHIPPED: &[(&str, &str)] = shipped![
    "bongsu.toml",
    "receivers.toml",
    "feeds.toml",
    "entities/buyers-and-rivals.toml",
    "entities/countries.toml",
    "entities/korean-arms-exports.toml",
    "entities/korean-firms.toml",
    "entities/korean-weapons.toml",
    "entities/more-countries.toml",
    "rules/korean-arms-exports/guards-world.toml",
    "rules/korean-arms-exports/roles-apart.toml",
    "rules/korean-arms-exports/roles-late.toml",
    "rules/korean-arms-exports/roles-wide.toml",
    "rules/korean-arms-exports/roles.toml",
    "rules/korean-arms-exports/rules-business.toml",
    "rules/korean-arms-exports/rules-policy.toml",
    "rules/korean-arms-exports/rules-trade.toml",
    "rules/korean-arms-exports/words-arms.toml",
    "rules/korean-arms-exports/words-cases.toml",
    "rules/korean-arms-exports/words-events.toml",
    "rules/korean-arms-exports/words-guards.toml",
    "tests/english.jsonl",
    "tests/korean-arms-exports.jsonl",
    "tests/korean.jsonl",
    "tests/more-languages.jsonl",
    "tests/other-languages.jsonl",
];

/// Writes the shipped config into the folder.
pub fn init(dir: &Path, out: &mut Output) -> Result<(), Failure> {
    let existing: Vec<&str> = SHIPPED
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| dir.join(path).exists())
        .collect();
    if !existing.is_empty() {
        return Err(Failure::new(format!(
            "{} already holds {}: nothing was written; choose another folder, or move these away",
            dir.display(),
            existing.join(", ")
        )));
    }
    let readable = rustix::process::geteuid().is_root();
    for (path, text) in SHIPPED {
        write(&dir.join(path), text, readable)?;
    }
    out.line(&format!(
        "Wrote {} files to {}.",
        SHIPPED.len(),
        dir.display()
    ))?;
    out.line("Next:")?;
    out.line(&format!(
        "  1. {}  say where alerts go (the terminal until then)",
        dir.join("receivers.toml").display()
    ))?;
    out.line(&format!(
        "  2. {}  add or remove feeds",
        dir.join("feeds.toml").display()
    ))?;
    out.line(&format!("  3. bongsu check --config {}", dir.display()))?;
    out.line(&format!("  4. bongsu run --config {}", dir.display()))
}

/// Writes one file with its folders; an existing file is never replaced.
fn write(path: &Path, text: &str, readable: bool) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| {
        let repair = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ": use sudo, or name a folder of your own",
            _ => "",
        };
        Failure::new(format!("cannot write {}: {error}{repair}", path.display()))
    };
    if let Some(parent) = path.parent() {
        make_folder(parent, readable).map_err(wrong)?;
    }
    let mut file = std::fs::File::create_new(path).map_err(wrong)?;
    if readable {
        file.set_permissions(Permissions::from_mode(0o644))
            .map_err(wrong)?;
    }
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(wrong)
}

/// Makes a folder and those above it that are missing; what is there keeps its mode.
fn make_folder(path: &Path, readable: bool) -> std::io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(parent, readable)?;
    }
    std::fs::create_dir(path)?;
    if readable {
        std::fs::set_permissions(path, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn every_file_of_the_shipped_folder_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut folders = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for file in std::fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(&root).unwrap();
                    found.push(below.to_str().unwrap().to_owned());
                }
            }
        }
        let mut shipped: Vec<&str> = SHIPPED.iter().map(|(path, _)| *path).collect();
        found.sort_unstable();
        shipped.sort_unstable();
        assert_eq!(found, shipped);
    }

    #[test]
    fn what_root_writes_can_be_read_by_the_service_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("etc");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        let file = closed.join("bongsu/rules/desk.toml");
        write(&file, "# a rule\n", true).unwrap();
        assert_eq!(mode(&file), 0o644);
        assert_eq!(mode(file.parent().unwrap()), 0o755);
        assert_eq!(mode(&closed.join("bongsu")), 0o755);
        assert_eq!(mode(&closed), 0o700);
        let again = write(&file, "other", true).unwrap_err();
        assert!(again.message.contains("desk.toml"), "{}", again.message);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# a rule\n");
    }
}
