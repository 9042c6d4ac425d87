//! Polls as they end with a network, without one, and behind a portal.

use super::*;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

fn down(why: Unreached) -> Sign {
    Sign::Unreached(why)
}

fn told(host: &str, sign: Sign, seconds: i64) -> Told {
    Told {
        host: host.to_owned(),
        at: at(seconds),
        sign,
        fit: true,
    }
}

/// What the last of these polls leads to, where there are `hosts`.
fn run(polls: &[Told], hosts: usize) -> (Watch, Verdict) {
    let mut watch = Watch::default();
    let mut last = Verdict::AsBefore;
    for told in polls {
        last = watch.note(told.clone(), hosts);
    }
    (watch, last)
}

fn failures(count: usize, every: i64) -> Vec<Told> {
    let refused = down(Unreached::NoConnection);
    (0..count)
        .map(|n| {
            told(
                &format!("h{n}"),
                refused.clone(),
                i64::try_from(n).unwrap() * every,
            )
        })
        .collect()
}

#[test]
fn five_hosts_that_fail_while_none_answers_are_our_own_trouble() {
    use Verdict::{AsBefore, WentOffline};
    let gone = down(Unreached::NoNames);
    assert_eq!(run(&failures(4, 1), 100).1, AsBefore);
    assert_eq!(run(&failures(5, 1), 100).1, WentOffline);
    assert_eq!(
        run(&failures(5, 120), 100).1,
        WentOffline,
        "a few feeds, seldom asked"
    );
    assert_eq!(run(&failures(5, 300), 100).1, AsBefore, "too long ago");
    let same_host: Vec<Told> = (0..9).map(|n| told("h", gone.clone(), n)).collect();
    assert_eq!(run(&same_host, 100).1, AsBefore);
    let mut sick = failures(6, 1);
    sick.iter_mut().take(2).for_each(|told| told.fit = false);
    assert_eq!(
        run(&sick, 100).1,
        AsBefore,
        "those that failed before say nothing"
    );
    let mut answered = failures(9, 1);
    answered.insert(4, told("well", Sign::Answered, 4));
    assert_eq!(run(&answered, 100).1, AsBefore, "somebody answers");
    let mut later = failures(3, 1);
    later.push(told("well", Sign::Answered, 3));
    later.extend(failures(5, 1).into_iter().map(|mut told| {
        told.at += SignedDuration::from_secs(60);
        told
    }));
    assert_eq!(run(&later, 100).1, WentOffline, "it was well a minute ago");
    let silent: Vec<Told> = failures(9, 1)
        .into_iter()
        .map(|told| Told {
            sign: Sign::Silent,
            ..told
        })
        .collect();
    assert_eq!(run(&silent, 100).1, AsBefore);
}

#[test]
fn of_a_few_hosts_all_must_fail_and_in_our_own_way() {
    use Unreached::{NoConnection, NoNames, NoRoute, NoSuchName};
    for (whys, hosts, expected) in [
        (&[NoNames][..], 1, true),
        (&[NoRoute], 1, true),
        (&[NoSuchName], 1, false),
        (&[NoConnection], 1, false),
        (&[NoSuchName, NoSuchName], 2, true),
        (&[NoNames, NoConnection], 2, false),
        (&[NoNames, NoRoute], 3, false),
        (&[NoNames, NoRoute, NoSuchName, NoNames], 4, true),
    ] {
        let polls: Vec<Told> = whys
            .iter()
            .enumerate()
            .map(|(n, why)| told(&format!("h{n}"), down(*why), 0))
            .collect();
        assert_eq!(
            run(&polls, hosts).1 == Verdict::WentOffline,
            expected,
            "{whys:?} of {hosts}"
        );
    }
}

#[test]
fn a_round_that_ends_judges_by_those_it_asked() {
    let polls = [
        told("a", down(Unreached::NoNames), 0),
        told("b", down(Unreached::NoRoute), 1),
    ];
    let (mut watch, last) = run(&polls, 50);
    assert_eq!(last, Verdict::AsBefore);
    assert_eq!(watch.close(at(2)), Verdict::WentOffline);
    assert_eq!(
        Watch::default().close(at(2)),
        Verdict::AsBefore,
        "nobody was asked"
    );
    let (mut watch, _) = run(&[told("a", Sign::Answered, 0), polls[0].clone()], 50);
    assert_eq!(watch.close(at(2)), Verdict::AsBefore);
}

#[test]
fn an_answer_ends_it_and_who_was_blamed_once_is_no_evidence_again() {
    let (mut watch, _) = run(&failures(5, 1), 100);
    assert_eq!(watch.offline_since(), Some(at(4)));
    assert_eq!(
        watch.note(told("h9", down(Unreached::NoNames), 60), 100),
        Verdict::AsBefore,
        "said once"
    );
    assert_eq!(
        watch.note(told("h8", Sign::Answered, 70), 100),
        Verdict::CameBack
    );
    assert_eq!(watch.offline_since(), None);
    assert!(watch.suspects("h0") && !watch.suspects("h8"));
    for told in failures(5, 1) {
        let again = Told {
            at: at(200),
            ..told
        };
        assert_eq!(
            watch.note(again, 100),
            Verdict::AsBefore,
            "these five are down by themselves"
        );
    }
    for told in failures(5, 1) {
        watch.note(
            Told {
                at: at(300),
                sign: Sign::Answered,
                ..told
            },
            100,
        );
    }
    assert!(!watch.suspects("h0"), "it has answered");
    let mut last = Verdict::AsBefore;
    for told in failures(5, 1) {
        last = watch.note(
            Told {
                at: at(400),
                ..told
            },
            100,
        );
    }
    assert_eq!(last, Verdict::WentOffline, "they had answered in between");
}

#[test]
fn one_page_in_place_of_many_feeds_is_a_portal() {
    use Verdict::{AsBefore, CameBack, WentOffline};
    let page = |n: usize, page: &str| told(&format!("h{n}"), Sign::Page(page.to_owned()), 1);
    let pages = |count: usize| (0..count).map(|n| page(n, "portal")).collect::<Vec<_>>();
    assert_eq!(run(&pages(4), 100).1, AsBefore);
    assert_eq!(run(&pages(5), 100).1, WentOffline);
    let different: Vec<Told> = (0..9).map(|n| page(n, &format!("own{n}"))).collect();
    assert_eq!(run(&different, 100).1, AsBefore, "each its own page");
    let well = |count: usize| (100..100 + count).map(|n| told(&format!("h{n}"), Sign::Answered, 0));
    for (others, expected) in [(11, WentOffline), (12, AsBefore)] {
        let polls: Vec<Told> = well(others).chain(pages(5)).collect();
        assert_eq!(run(&polls, 100).1, expected, "five of {}", others + 5);
    }
    let (mut watch, _) = run(&pages(5), 100);
    assert_eq!(watch.note(page(7, "portal"), 100), AsBefore);
    assert!(watch.offline_since().is_some());
    assert_eq!(watch.note(told("h7", Sign::Answered, 90), 100), CameBack);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut watch = Watch::default();
    for n in 0..REMEMBERED + 10 {
        watch.note(
            Told {
                fit: false,
                ..told(&format!("h{n}"), down(Unreached::NoNames), 0)
            },
            100_000,
        );
    }
    assert_eq!(watch.window.len(), REMEMBERED);
    assert!(
        Watch::remembers(at(0), at(600))
            && !Watch::remembers(at(0), at(601))
            && !Watch::remembers(at(9_999), at(0))
    );
}
