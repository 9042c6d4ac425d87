//! The files of a config: which ones, in which order, and their text.
//!
//! Hidden files and folders are left out; links are followed, each folder once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::reader::Cx;

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
        Ok(_) => vec![path.to_owned()],
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
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(cx, &path, depth + 1, seen, files);
        } else if path.is_file()
            && path
                .extension()
                .is_some_and(|end| end == "toml" || end == "opml")
        {
            files.push(path);
        }
    }
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
    match fs::metadata(path) {
        Ok(data) if data.len() > LARGEST => {
            cx.push(
                Problem::file("C10", path.to_owned(), "this file is larger than 16 MiB")
                    .help("split it"),
            );
            None
        }
        Ok(_) => fs::read(path)
            .map_err(|error| cx.push(unreadable(path, &error)))
            .ok(),
        Err(error) => {
            cx.push(unreadable(path, &error));
            None
        }
    }
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
            let line = error.as_bytes()[..sound]
                .split(|byte| *byte == b'\n')
                .count();
            cx.push(
                Problem::file("C10", path.to_owned(), format!("line {line} is not UTF-8"))
                    .help("save the file as UTF-8"),
            );
            None
        }
    }
}
