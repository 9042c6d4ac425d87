//! The files of a config: which ones, in which order, and their text.
//!
//! Hidden files and folders are left out; links are followed, each folder once.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::problem::Problem;
use super::reader::Cx;
use super::source::Place;

/// The most files of a config.
const MOST: usize = 10_000;

/// The deepest folder that is looked into.
const DEEPEST: usize = 16;

/// The largest file of a config.
const LARGEST: u64 = 16 << 20;

/// The files of a config folder in sorted order, or the one file that was named.
pub(super) fn list(cx: &mut Cx, path: &Path) -> Vec<PathBuf> {
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => {
            let mut files = Vec::new();
            let before = cx.problems.len();
            walk(cx, path, 0, &mut BTreeSet::new(), &mut files);
            if files.len() > MOST {
                let message = format!("there are more than {MOST} files here");
                cx.push(
                    Problem::file("C10", path.to_owned(), message)
                        .help("name the config folder itself, not one above it"),
                );
                files.clear();
            } else if files.is_empty() && cx.problems.len() == before {
                cx.push(
                    Problem::file("C10", path.to_owned(), "this folder holds no *.toml")
                        .help("run `bongsu init`, or name another folder"),
                );
            }
            files
        }
        Ok(data) if data.is_file() => vec![path.to_owned()],
        Ok(_) => {
            cx.push(
                Problem::file(
                    "C10",
                    path.to_owned(),
                    "this is neither a file nor a folder",
                )
                .help("name another with --config"),
            );
            Vec::new()
        }
        Err(error) => {
            cx.push(
                Problem::file(
                    "C10",
                    path.to_owned(),
                    format!("the config cannot be read: {error}"),
                )
                .help("run `bongsu init`, or name another with --config"),
            );
            Vec::new()
        }
    }
}

fn walk(
    cx: &mut Cx,
    folder: &Path,
    depth: usize,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) {
    let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    if depth > DEEPEST || files.len() > MOST || !seen.insert(real) {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            cx.push(unreadable(folder, &error));
            return;
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => cx.push(unreadable(folder, &error)),
        }
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let ours = path
            .extension()
            .is_some_and(|end| end == "toml" || end == "opml");
        match fs::metadata(&path) {
            Ok(data) if data.is_dir() => walk(cx, &path, depth + 1, seen, files),
            Ok(data) if ours && data.is_file() => files.push(path),
            Ok(_) if ours => cx.push(
                Problem::file("C10", path, "this is neither a file nor a folder")
                    .help("put a file there, or give it another name"),
            ),
            Ok(_) => {}
            // It may be what brings the receivers: without it the config is not the one that was meant.
            Err(error) => cx.push(lost(path, &error)),
        }
    }
}

/// A link that leads nowhere, or what vanished while it was looked at.
fn lost(path: PathBuf, error: &std::io::Error) -> Problem {
    let message = match fs::read_link(&path) {
        Ok(to) => format!("this link leads to {}: {error}", to.display()),
        Err(_) => format!("this cannot be read: {error}"),
    };
    Problem::file("C10", path, message).help("put back what it leads to, or remove the link")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::file(
        "C10",
        path.to_owned(),
        format!("this cannot be read: {error}"),
    )
    .help("let the user that bongsu runs as read it")
}

/// The bytes of a file.
pub(super) fn bytes(cx: &mut Cx, path: &Path) -> Option<Vec<u8>> {
    let problem = match at_most(path, LARGEST) {
        Ok(Some(bytes)) => return Some(bytes),
        Ok(None) => Problem::file("C10", path.to_owned(), "this file is larger than 16 MiB")
            .help("split it"),
        Err(error) => unreadable(path, &error),
    };
    cx.push(problem);
    None
}

/// What a file holds, unless it is larger. What is no file is not read: a pipe would hold up whoever reads config, also on a
/// reload, and give its text once; a device has no end.
fn at_most(path: &Path, largest: u64) -> std::io::Result<Option<Vec<u8>>> {
    let file = fs::OpenOptions::new()
        .read(true)
        // Opening a pipe waits for its writer otherwise.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= largest).then_some(bytes))
}

/// The text of a file that config names, `largest` KiB of it.
pub(super) fn named(path: &Path, largest: u64) -> Result<String, String> {
    let bytes = at_most(path, largest << 10)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("it is larger than {largest} KiB"))?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// The text of a TOML file; what is not UTF-8 is shown where it begins.
pub(super) fn text(cx: &mut Cx, path: &Path) -> Option<String> {
    let bytes = bytes(cx, path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Some(
            text.strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text),
        ),
        Err(error) => {
            let sound = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let file = cx.sources.add(path.to_owned(), text);
            let span = sound..sound + char::REPLACEMENT_CHARACTER.len_utf8();
            let message = "what stands here is not UTF-8";
            cx.push(
                Problem::error("C10", Place { file, span }, message).help("save the file as UTF-8"),
            );
            None
        }
    }
}
