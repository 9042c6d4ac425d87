use jiff::SignedDuration;

use super::*;
use crate::domain::id::FeedId;
use crate::secret::Secret;

fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

fn feed(url: &str) -> Feed {
    Feed {
        headers: [("X-Key".to_owned(), Secret::new("k"))].into(),
        ..Feed::new(FeedId::new("a"), url)
    }
}

fn watched() -> FeedState {
    FeedState {
        url: "https://a.example/feed".to_owned(),
        body_hash: Some(vec![1]),
        last_success: Some(at(-4)),
        entries: 20,
        ..FeedState::default()
    }
}

#[test]
fn only_a_whole_document_without_anything_known_is_a_gap() {
    let feed = feed("https://a.example/feed");
    let of = |old: &FeedState, whole: bool, counts| is_gap(old, &feed, whole, counts);
    assert!(of(&watched(), true, (20, 20)));
    assert!(of(&watched(), true, (1, 1)));
    assert!(!of(&watched(), true, (20, 19)), "one is known");
    assert!(!of(&watched(), true, (0, 0)), "nothing was shown");
    assert!(!of(&watched(), false, (20, 20)), "a delta, a push, a part");
    for (what, state) in [
        ("the feed is new", FeedState::default()),
        (
            "its address is new",
            FeedState {
                url: "https://b.example/".to_owned(),
                ..watched()
            },
        ),
        (
            "no document of this address was read",
            FeedState {
                body_hash: None,
                ..watched()
            },
        ),
        (
            "nothing is stored",
            FeedState {
                entries: 0,
                ..watched()
            },
        ),
    ] {
        assert!(!of(&state, true, (20, 20)), "{what}");
    }
}

fn links(prev_archive: Option<&str>, next: Option<&str>) -> Links {
    Links {
        prev_archive: prev_archive.map(str::to_owned),
        next: next.map(str::to_owned),
    }
}

#[test]
fn the_way_back_is_followed_until_it_ends() {
    let (archive, page) = ("https://a.example/2", "https://a.example/p?page=2");
    let both = links(Some(archive), Some(page));
    let visited = ["https://a.example/feed".to_owned()];
    let step = |links: &Links, way| next(links, way, &visited, (0, 10));
    let to = |url: &str, way| {
        Ok(Step {
            url: url.to_owned(),
            way,
        })
    };
    assert_eq!(step(&both, None), to(archive, Way::Archive));
    assert_eq!(step(&both, Some(Way::Archive)), to(archive, Way::Archive));
    assert_eq!(step(&both, Some(Way::Page)), to(page, Way::Page));
    assert_eq!(
        step(&links(None, Some(page)), Some(Way::Archive)),
        to(page, Way::Page)
    );
    assert_eq!(step(&Links::default(), None), Err(Stop::End));
    assert_eq!(
        step(&links(Some("https://a.example/feed#x"), None), None),
        Err(Stop::Circle)
    );
    assert_eq!(
        step(&links(Some("https://u:p@a.example/3"), None), None),
        to("https://a.example/3", Way::Archive)
    );
    assert!(matches!(
        step(&links(Some("http://a.example/2"), None), None),
        Err(Stop::Failed(why)) if why.contains("plain http")
    ));
    assert!(matches!(
        step(&links(Some("ftp://a.example/2"), None), None),
        Err(Stop::Failed(_))
    ));
    assert_eq!(next(&both, None, &visited, (10, 10)), Err(Stop::Most(10)));
}

#[test]
fn credentials_go_to_the_feeds_own_origin_only() {
    let feed = feed("https://u:p%40ss@a.example/feed");
    let own = request(&feed, "https://a.example/archive/1");
    assert_eq!(own.url, "https://u:p%40ss@a.example/archive/1");
    assert_eq!(own.headers.len(), 1);
    for other in [
        "https://b.example/1",
        "https://a.example:8443/1",
        "http://a.example/1",
    ] {
        let away = request(&feed, other);
        assert_eq!(away.url, other);
        assert!(away.headers.is_empty(), "{other}");
    }
    assert!(own.etag.is_none() && own.last_modified.is_none());
}

#[test]
fn passing_failures_are_tried_three_times() {
    use OutcomeKind::{HttpError, NetError, NotAFeed, RateLimited, Refused};
    for (kind, status, failures, again) in [
        (NetError, None, 1, true),
        (NetError, None, 2, true),
        (NetError, None, 3, false),
        (RateLimited, Some(429), 1, true),
        (HttpError, Some(503), 1, true),
        (HttpError, Some(404), 1, false),
        (NotAFeed, Some(200), 1, false),
        (Refused, None, 1, false),
    ] {
        assert_eq!(
            tries_again(kind, status, failures),
            again,
            "{kind:?} {failures}"
        );
    }
}

#[test]
fn what_may_be_missing_is_told_with_both_edges() {
    let edges = (Some(at(0)), Some(at(24)));
    let hourly: Vec<_> = (24..44).map(at).collect();
    // 24 expected, twice the root of it above.
    assert_eq!(may_have_missed(edges, Some(1.0), &hourly), Some(34));
    assert_eq!(may_have_missed(edges, Some(100.0), &[]), Some(120));
    assert_eq!(may_have_missed(edges, None, &[]), Some(1));
    assert_eq!(
        may_have_missed((Some(at(5)), Some(at(2))), None, &hourly),
        Some(1)
    );
    assert_eq!(may_have_missed((None, Some(at(2))), None, &hourly), None);
    assert_eq!(
        report(Some(34), edges),
        "up to 34 entries may have been missed between 2026-11-24T00:00:00Z and 2026-11-25T00:00:00Z"
    );
    assert!(report(Some(1), edges).starts_with("up to 1 entry may"));
    assert!(report(None, (None, None)).starts_with("entries may"));
}
