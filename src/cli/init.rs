//! `init`: writes the shipped config where there is none, and says what to edit next.
//!
//! The files are part of the binary; none that exists is ever overwritten. Written by root they are for a service
//! under another user: readable for all whatever the umask. They hold no secrets; those have files of their own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::args::InitArgs;
use super::exit::Failure;
use super::output::Output;

/// The shipped config: path below the config folder, and content.
pub const SHIPPED: &[(&str, &str)] = &[
    ("bongsu.toml", include_str!("../../config/bongsu.toml")),
    (
        "receivers.toml",
        include_str!("../../config/receivers.toml"),
    ),
    ("feeds.toml", include_str!("../../config/feeds.toml")),
    (
        "entities/buyers-and-rivals.toml",
        include_str!("../../config/entities/buyers-and-rivals.toml"),
    ),
    (
        "entities/countries.toml",
        include_str!("../../config/entities/countries.toml"),
    ),
    (
        "entities/korean-arms-exports.toml",
        include_str!("../../config/entities/korean-arms-exports.toml"),
    ),
    (
        "entities/korean-firms.toml",
        include_str!("../../config/entities/korean-firms.toml"),
    ),
    (
        "entities/korean-weapons.toml",
        include_str!("../../config/entities/korean-weapons.toml"),
    ),
    (
        "rules/korean-arms-exports/roles.toml",
        include_str!("../../config/rules/korean-arms-exports/roles.toml"),
    ),
    (
        "rules/korean-arms-exports/rules-business.toml",
        include_str!("../../config/rules/korean-arms-exports/rules-business.toml"),
    ),
    (
        "rules/korean-arms-exports/rules-policy.toml",
        include_str!("../../config/rules/korean-arms-exports/rules-policy.toml"),
    ),
    (
        "rules/korean-arms-exports/rules-trade.toml",
        include_str!("../../config/rules/korean-arms-exports/rules-trade.toml"),
    ),
    (
        "rules/korean-arms-exports/words-arms.toml",
        include_str!("../../config/rules/korean-arms-exports/words-arms.toml"),
    ),
    (
        "rules/korean-arms-exports/words-events.toml",
        include_str!("../../config/rules/korean-arms-exports/words-events.toml"),
    ),
    (
        "rules/korean-arms-exports/words-guards.toml",
        include_str!("../../config/rules/korean-arms-exports/words-guards.toml"),
    ),
    (
        "tests/korean-arms-exports.jsonl",
        include_str!("../../config/tests/korean-arms-exports.jsonl"),
    ),
];

/// Writes the shipped config into the folder.
pub fn init(args: &InitArgs, out: &mut Output) -> Result<(), Failure> {
    let dir = &args.dir;
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
