//! The file receiver on real files.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};
use std::path::Path;

use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::Notifier;
use bongsu::notify::settings::ReceiverKind;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{alert, class, notifier, outgoing};

fn file(path: &str, state_dir: &Path) -> Box<dyn Notifier> {
    notifier(ReceiverKind::File { path: path.into() }, state_dir)
}

async fn send(notifier: &dyn Notifier) -> (&'static str, String) {
    class(&notifier.send(&outgoing(alert())).await)
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "half a line: {text:?}");
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn alerts_are_private_lines_that_survive_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = file("log/alerts.jsonl", dir.path());
    for _ in 0..2 {
        assert_eq!(send(&*receiver).await.0, "delivered");
    }
    let path = dir.path().join("log/alerts.jsonl");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let written = lines(&path);
    assert_eq!(written.len(), 2);
    assert_eq!(
        serde_json::from_str::<WireAlert>(&written[1]).unwrap(),
        alert()
    );

    fs::rename(&path, dir.path().join("log/alerts.1")).unwrap();
    assert_eq!(send(&*receiver).await.0, "delivered");
    assert_eq!(lines(&path).len(), 1);
}

#[tokio::test]
async fn a_line_cut_short_by_a_crash_spoils_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    fs::write(&path, "{\"type\":\"al").unwrap();
    assert_eq!(send(&*file("a.jsonl", dir.path())).await.0, "delivered");
    let written = lines(&path);
    assert_eq!(written.len(), 2);
    assert!(serde_json::from_str::<WireAlert>(&written[1]).is_ok());
}

#[tokio::test]
async fn a_full_disk_is_later_and_leaves_no_half_line() {
    // Files of this process may not grow beyond a megabyte for a moment: a write that crosses the limit is
    // cut short, as on a full disk.
    const LIMIT: u64 = 1 << 20;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let mut before = vec![b'x'; usize::try_from(LIMIT).unwrap() - 21];
    before.push(b'\n');
    fs::write(&path, &before).unwrap();
    let receiver = file("a.jsonl", dir.path());

    let old = getrlimit(Resource::Fsize);
    let limited = Rlimit {
        current: Some(LIMIT),
        ..old
    };
    setrlimit(Resource::Fsize, limited).unwrap();
    let (class, message) = send(&*receiver).await;
    setrlimit(Resource::Fsize, old).unwrap();
    assert_eq!(class, "later", "{message}");
    assert_eq!(fs::read(&path).unwrap(), before);

    assert_eq!(send(&*receiver).await.0, "delivered");
    assert_eq!(lines(&path).len(), 2);

    let full = file("/dev/full", dir.path());
    assert_eq!(send(&*full).await.0, "later");
}

#[tokio::test]
async fn a_pipe_takes_alerts_while_somebody_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let receiver = file("pipe", dir.path());
    let (class, message) = send(&*receiver).await;
    assert_eq!(class, "later", "{message}");
    assert!(message.contains("nobody reads"), "{message}");

    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut reader = fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(&pipe)
        .unwrap();
    assert_eq!(send(&*receiver).await.0, "delivered");
    let mut line = vec![0; 64 << 10];
    let read = reader.read(&mut line).unwrap();
    assert!(line[..read].ends_with(b"}\n"));
}

#[tokio::test]
async fn what_people_must_repair_is_refused_with_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("elsewhere/a.jsonl");
    let state = dir.path().join("state");
    fs::create_dir_all(state.join("folder")).unwrap();
    for path in [missing.to_str().unwrap(), "folder"] {
        let (class, message) = send(&*file(path, &state)).await;
        assert_eq!(class, "refused", "{path}: {message}");
        assert!(message.contains(path), "{message}");
    }
}
