//! The command receiver with real programs.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bongsu::domain::alert::delivery::Attempt;
use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::Notifier;
use bongsu::notify::settings::ReceiverKind;

use super::{KEY, alert, class, fast_forward, notifier, outgoing};

fn command(argv: &[&str], state_dir: &Path) -> Box<dyn Notifier> {
    let kind = ReceiverKind::Command {
        argv: argv.iter().map(ToString::to_string).collect(),
        timeout: Duration::from_mins(1),
    };
    notifier(kind, state_dir)
}

/// Runs a shell script, written to a file, with the alert.
async fn run(script: &str, alert: WireAlert, state_dir: &Path) -> Attempt {
    fs::write(state_dir.join("script"), script).unwrap();
    command(&["/bin/sh", "script"], state_dir)
        .send(&outgoing(alert))
        .await
}

#[tokio::test]
async fn a_program_gets_the_alert_and_little_else() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("script"),
        "cat > stdin; env > env; pwd > pwd; printf '%s\\n' \"$@\" > argv; echo done; echo hm >&2",
    )
    .unwrap();
    let mut hostile = alert();
    hostile.entry.as_mut().unwrap().title =
        "K9 \"$(touch owned)\"; `touch owned`\0\nSECRET=y".into();
    let argv = ["/bin/sh", "script", "two words", "$HOME;'\"*", ""];
    let attempt = command(&argv, dir.path())
        .send(&outgoing(hostile.clone()))
        .await;
    assert_eq!(class(&attempt), ("delivered", String::new()));
    assert_eq!(
        (attempt.status, attempt.answer.as_str()),
        (Some(0), "done\nhm")
    );

    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let stdin = read("stdin");
    assert!(stdin.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<WireAlert>(&stdin).unwrap(), hostile);
    assert_eq!(read("argv"), "two words\n$HOME;'\"*\n\n");
    let here = dir.path().canonicalize().unwrap();
    assert_eq!(
        Path::new(read("pwd").trim_end()).canonicalize().unwrap(),
        here
    );

    let env = read("env");
    let mut names: Vec<&str> = env
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    // The shell's own.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "BONGSU_KEY",
            "BONGSU_RULE",
            "BONGSU_SEVERITY",
            "BONGSU_TITLE",
            "BONGSU_URL",
            "LANG",
            "PATH"
        ]
    );
    assert!(env.contains(&format!("BONGSU_KEY={KEY}\n")));
    assert!(
        env.contains("BONGSU_TITLE=K9 \"$(touch owned)\"; `touch owned`␀ SECRET=y\n"),
        "{env}"
    );
    assert!(env.contains("BONGSU_URL=https://example.org/a?x=1&y=2\n"));
    assert!(!dir.path().join("owned").exists());
}

#[tokio::test]
async fn exit_codes_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for (script, expected) in [
        ("exit 0", "delivered"),
        ("exit 75", "later"),
        ("exit 1", "later"),
        ("exit 64", "permanent"),
        ("exit 65", "permanent"),
        ("exit 78", "permanent"),
        ("kill -9 $$", "later"),
    ] {
        let attempt = run(script, alert(), dir.path()).await;
        assert_eq!(class(&attempt).0, expected, "{script}");
    }
}

#[tokio::test]
async fn what_cannot_start_waits_for_people() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("data"), "not a program").unwrap();
    for program in ["no-such-program-here", "./missing", "./data", "/"] {
        let attempt = command(&[program], dir.path())
            .send(&outgoing(alert()))
            .await;
        let (class, message) = class(&attempt);
        assert_eq!(class, "refused", "{program}: {message}");
        assert!(message.contains("cannot start"), "{message}");
    }
    let nowhere = command(&["sh", "-c", "true"], &dir.path().join("gone"));
    let (class, message) = class(&nowhere.send(&outgoing(alert())).await);
    assert_eq!(class, "refused");
    assert!(message.contains("state folder"), "{message}");
}

#[tokio::test]
async fn much_in_and_much_out_stop_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut large = alert();
    large.entry.as_mut().unwrap().body = "x".repeat(1 << 20);
    // Reads nothing of a megabyte; writes a megabyte.
    let script =
        "head -c 1000000 /dev/zero | tr '\\0' o; head -c 1000000 /dev/zero | tr '\\0' e >&2";
    let attempt = run(script, large, dir.path()).await;
    assert_eq!(class(&attempt).0, "delivered");
    assert!(attempt.answer.len() <= 2_048);
    assert!(attempt.answer.contains("ooo") && attempt.answer.contains("eee"));
}

/// A killed process takes a moment to go.
async fn wait_until_gone(pid: &str) {
    let start = std::time::Instant::now();
    while !is_gone(pid) {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{pid} is still there"
        );
        tokio::task::yield_now().await;
    }
}

/// True when the process is no more, or only waits to be collected.
fn is_gone(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.map_or(true, |stat| {
        stat.rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

#[tokio::test]
async fn what_hangs_and_ignores_term_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let script = "trap '' TERM\n(trap '' TERM; while :; do sleep 1000; done) &\n\
                  echo $! > child; echo $$ > self\nwhile :; do sleep 1000; done";
    let attempt = fast_forward(run(script, alert(), dir.path()), || {
        fs::read_to_string(path("self")).is_ok_and(|pid| pid.ends_with('\n'))
    })
    .await;
    assert_eq!(
        class(&attempt),
        ("later", "not done within 1m, ended".to_owned())
    );
    for name in ["self", "child"] {
        let pid = fs::read_to_string(path(name)).unwrap();
        wait_until_gone(&pid).await;
    }
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_ended_but_its_word_counts() {
    let dir = tempfile::tempdir().unwrap();
    let script = "sleep 1000 & echo $! > child; exit 0";
    let attempt = fast_forward(run(script, alert(), dir.path()), || {
        fs::read_to_string(dir.path().join("child")).is_ok_and(|pid| pid.ends_with('\n'))
    })
    .await;
    assert_eq!(class(&attempt).0, "delivered");
    let pid = fs::read_to_string(dir.path().join("child")).unwrap();
    wait_until_gone(&pid).await;
}

#[tokio::test]
async fn a_send_that_is_dropped_ends_its_program() {
    let dir = tempfile::tempdir().unwrap();
    let child = dir.path().join("child");
    {
        let mut sending = std::pin::pin!(run("echo $$ > child; sleep 1000", alert(), dir.path()));
        let ready = || fs::read_to_string(&child).is_ok_and(|pid| pid.ends_with('\n'));
        while !ready() {
            let nap = tokio::time::sleep(Duration::from_millis(5));
            tokio::select! { _ = &mut sending => panic!("ended"), () = nap => {} }
        }
    }
    let pid = fs::read_to_string(&child).unwrap();
    wait_until_gone(&pid).await;
}

#[test]
fn an_argv_without_a_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for argv in [vec![], vec![String::new()], vec!["a\0b".to_owned()]] {
        let kind = ReceiverKind::Command {
            argv,
            timeout: Duration::from_secs(1),
        };
        let error = bongsu::notify::build(&super::config(kind), &super::context(dir.path()));
        assert_eq!(error.err().unwrap().key, "argv");
    }
}
