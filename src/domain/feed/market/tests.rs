//! Prices of invented feeds.

use super::*;
use crate::domain::feed::rhythm::Rhythm;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn state(rate: f64) -> FeedState {
    FeedState {
        rate_count: rate * 21.0 - 0.5,
        rate_days: 14.0,
        etag: Some(Vec::new()),
        ..FeedState::default()
    }
}

fn pace(fairness: f64) -> Pace {
    Pace {
        fairness,
        ..Pace::default()
    }
}

/// Feeds, each on a host of its own.
fn census(rates: &[f64], pace: Pace) -> Census {
    let mut census = Census::new(pace, now());
    for (n, rate) in rates.iter().enumerate() {
        census.add(&format!("https://h{n}.example/feed"), None, &state(*rate));
    }
    census
}

/// Days between polls that the schedule itself would keep, within bounds.
fn interval(market: &Market, state: &FeedState, url: &str, pace: Pace) -> f64 {
    let pace = Pace {
        price: market.price(url),
        ..pace
    };
    let wish = price::wish(state, &pace, now());
    let span = wish.guard.map_or(wish.span, |guard| guard.min(wish.span));
    days(span.clamp(pace.min, pace.max))
}

#[test]
fn the_price_spends_the_budget() {
    let rates: Vec<f64> = (1..200).map(|n| 0.05 * f64::from(n)).collect();
    for fairness in [0.0, 0.5, 1.0] {
        let pace = pace(fairness);
        let market = Market::default().after(&census(&rates, pace), None);
        let spent: f64 = rates
            .iter()
            .map(|rate| {
                1.0 / (JITTER * interval(&market, &state(*rate), "https://h0.example/", pace))
            })
            .sum();
        assert!((spent / (24.0 * 199.0) - 1.0).abs() < 0.01, "{spent}");
    }
    assert_eq!(
        Market::default()
            .after(&census(&[], pace(0.5)), None)
            .price("https://a/"),
        None
    );
}

#[test]
fn delays_are_those_of_the_closed_forms() {
    // Wide bounds and no jitter: D̄ = Σλτ/2 / Σλ.
    let rates: Vec<f64> = (0..50).map(|n| 0.1 * 1.15_f64.powi(n)).collect();
    let (feeds, sum): (f64, f64) = (50.0, rates.iter().sum());
    let budget = 50.0 * 24.0;
    let mean = |interval: &dyn Fn(f64) -> f64| {
        let polls: f64 = rates.iter().map(|rate| 1.0 / interval(*rate)).sum();
        assert!((polls / budget - 1.0).abs() < 0.01, "{polls}");
        rates
            .iter()
            .map(|rate| rate * interval(*rate) / 2.0)
            .sum::<f64>()
            / sum
    };
    let uniform = mean(&|_| feeds / budget);
    let proportional = mean(&|rate| sum / (budget * rate));
    assert!((uniform - feeds / (2.0 * budget)).abs() < 1e-9);
    assert!(
        (proportional - uniform).abs() < 1e-9,
        "it buys nothing on the mean"
    );
    let wide = Pace {
        min: Duration::from_secs(1),
        max: Duration::from_hours(24 * 30),
        ..pace(0.0)
    };
    let market = Market::default().after(&census(&rates, wide), None);
    let price = market.price("https://h0.example/").unwrap();
    let root = mean(&|rate| (2.0 * price.cost / rate).sqrt() * JITTER);
    let roots: f64 = rates.iter().map(|rate| rate.sqrt()).sum();
    let closed = roots * roots / (2.0 * budget * sum);
    assert!((root / closed - 1.0).abs() < 0.01, "{root} {closed}");
    assert!(closed <= uniform, "Cauchy and Schwarz");
}

#[test]
fn a_crowded_host_pays_a_price_of_its_own_and_the_others_get_the_rest() {
    let pace = pace(0.0);
    let mut census = Census::new(pace, now());
    for n in 0..900 {
        census.add(
            &format!("https://many.example:8443/{n}"),
            None,
            &state(40.0),
        );
    }
    for n in 0..300 {
        census.add(&format!("https://h{n}.example/"), None, &state(1.0));
    }
    census.add("http://127.0.0.1:8080/feed", None, &state(5.0));
    let market = Market::default().after(&census, None);
    let crowded = market.price("https://u:p@MANY.example:8443/x?y").unwrap();
    let free = market.price("https://h1.example/").unwrap();
    assert!(
        crowded.crowd > 1.5 && (free.crowd - 1.0).abs() < 1e-9,
        "{crowded:?}"
    );
    let polls = |rate: f64, url: &str| 1.0 / (JITTER * interval(&market, &state(rate), url, pace));
    let at_host = 900.0 * polls(40.0, "https://many.example:8443/");
    let limit = HOST_SHARE * 86_400.0 / 2.0;
    assert!(
        (0.98..=1.001).contains(&(at_host / limit)),
        "{at_host} of {limit}"
    );
    let spent = at_host + 300.0 * polls(1.0, "https://h1.example/");
    assert!((spent / (1_201.0 * 24.0) - 1.0).abs() < 0.06, "{spent}");
}

#[test]
fn feeds_that_need_guarding_and_fixed_ones_crowd_a_host_too() {
    let pace = pace(0.5);
    let mut census = Census::new(pace, now());
    let mut wire = state(2_000.0);
    wire.rhythm.document = 20;
    for n in 0..200 {
        census.add(&format!("https://wires.example/{n}"), None, &wire);
        census.add(
            &format!("https://set.example/{n}"),
            Some(Duration::from_mins(5)),
            &wire,
        );
    }
    for n in 0..2_000 {
        census.add(
            &format!("https://young.example/{n}"),
            None,
            &FeedState::default(),
        );
    }
    let market = Market::default().after(&census, None);
    for url in ["https://wires.example/", "https://young.example/"] {
        assert!(market.price(url).unwrap().crowd > 1.2, "{url}");
    }
}

#[test]
fn what_is_really_sent_corrects_the_price() {
    let rates = vec![2.0; 100];
    let pace = pace(0.5);
    let census = census(&rates, pace);
    let mut market = Market::default().after(&census, None);
    let first = market.price("https://h0.example/").unwrap().cost;
    // Twice as much is sent as planned, whatever the price: after a while half as much is planned.
    for _ in 0..60 {
        let planned = market.planned(&census, market.cost.unwrap());
        let spent = (0..u32::MAX)
            .find(|count| f64::from(*count) >= planned * 2.0)
            .unwrap();
        market = market.after(&census, Some(spent));
    }
    assert!(
        (market.correction() - 2.0).abs() < 0.1,
        "{}",
        market.correction()
    );
    let planned = market.planned(&census, market.cost.unwrap());
    assert!((planned * 2.0 / 100.0 - 1.0).abs() < 0.06, "{planned}");
    assert!(market.price("https://h0.example/").unwrap().cost > first * 3.0);
    let silent = (0..1_000).fold(market, |market, _| market.after(&census, Some(0)));
    assert!((silent.correction() - 0.25).abs() < 1e-9, "bounded");
    assert!((Market::new(Some(f64::NAN)).correction() - 1.0).abs() < 1e-9);
}

#[test]
fn numbers_that_are_none_make_no_price_that_is_none() {
    let mut census = Census::new(pace(0.5), now());
    for bad in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let state = FeedState {
            rate_count: bad,
            rate_days: bad,
            rhythm: Rhythm {
                single: bad,
                matched: bad,
                judged: bad,
                document: 3,
                ..Rhythm::default()
            },
            ..FeedState::default()
        };
        census.add("https://a.example/", None, &state);
    }
    census.add("nonsense", None, &state(1.0));
    let market = Market::default().after(&census, Some(u32::MAX));
    let price = market.price("https://a.example/").unwrap();
    assert!(
        price.cost.is_finite() && price.crowd >= 1.0 && price.share >= 0.0,
        "{price:?}"
    );
}

#[test]
fn hosts_without_a_gap_have_no_bound() {
    for (url, host) in [
        ("https://A.example/x", Some("a.example")),
        ("https://a.example:8443?x", Some("a.example:8443")),
        ("http://user:secret@a.example/", Some("a.example")),
        ("http://[2001:db8::1]:80/", Some("[2001:db8::1]:80")),
        ("http://[::1]/", None),
        ("http://127.0.0.1:9/", None),
        ("http://192.168.1.9/", None),
        ("http://localhost:1/", None),
        ("file", None),
        ("http:///", None),
    ] {
        assert_eq!(host_of(url).as_deref(), host, "{url}");
    }
}

#[test]
fn the_last_hour_is_counted_in_whole_parts() {
    let mut spent = Spent::default();
    let at = |minutes: i64| now() + jiff::SignedDuration::from_mins(minutes);
    for minute in 0..60 {
        spent.add(1, at(minute));
        assert_eq!(spent.last_hour(at(minute)), None);
    }
    for minute in 60..130 {
        spent.add(2, at(minute));
    }
    // The part under way aside.
    assert_eq!(spent.last_hour(at(129)), Some(120));
    assert_eq!(spent.last_hour(at(75 + 60)), Some(120));
    assert_eq!(spent.last_hour(at(1_000)), Some(0));
    assert_eq!(
        spent.last_hour(at(-500)),
        None,
        "a clock set back begins afresh"
    );
}
