//! What reads bytes of strangers, besides documents: samples of each to be mutated, and what must hold whatever comes.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bongsu::config;
use bongsu::domain::document::{self, Hints};
use bongsu::domain::feed::freshness::{self, CacheHeaders};
use bongsu::domain::feed::websub::{links, signature};
use bongsu::domain::matching::{RuleSet, Subject};
use bongsu::domain::rule::{Definitions, Rule, parse, print};
use bongsu::fetch;
use jiff::Timestamp;

/// A reader, what it usually reads, and what is wrong with how it took some bytes.
pub struct Target {
    pub name: &'static str,
    pub samples: &'static [&'static [u8]],
    pub judge: fn(&[u8]) -> Result<(), String>,
}

/// All of them.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "rules",
        samples: QUERIES,
        judge: query,
    },
    Target {
        name: "config",
        samples: CONFIGS,
        judge: settings,
    },
    Target {
        name: "headers",
        samples: HEADERS,
        judge: headers,
    },
    Target {
        name: "dates",
        samples: DATES,
        judge: date,
    },
    Target {
        name: "codings",
        samples: CODED,
        judge: coding,
    },
];

const QUERIES: &[&[u8]] = &[
    b"(tank* OR \"main battle tank\"~2) AND NOT (museum OR \"scale model\")",
    "폴란드 NEAR/5 (수출 OR 계약 OR \"K2 전차\") -훈련".as_bytes(),
    b"title:(alpha NEAR/s beta) OR lead:\"gamma delta\" OR body:omega?",
    b"/\\bK-?(9|2)\\b/i AND language:ko AND feed:(yonhap OR reuters*)",
    b"alpha BEFORE/3 beta NEAR/p gamma ATLEAST/2(one, two, three)",
    b"url:\"example.org/news\" AND tag:wire AND NOT author:smith",
    "«Гром» OR „żółw” OR “smart” OR 「戦車」".as_bytes(),
];

const CONFIGS: &[&[u8]] = &[
    b"[[feed]]\nid = \"a\"\nurl = \"https://example.org/feed\"\ntags = [\"x\", \"y\"]\ninterval = \"15m\"\n",
    b"[[rule]]\nid = \"r\"\nquery = '''\nalpha\n  AND (beta OR gamma)\n'''\nseverity = \"high\"\nescalate = { owners = 3, severity = \"critical\" }\n",
    b"[[entity]]\nid = \"acme\"\nclass = \"firm\"\naliases = [\"Acme\", \"Acme Corp*\"]\nambiguous = [{ alias = \"AC\", context = [\"arms\"] }]\n",
    b"[[receiver]]\nid = \"hook\"\nkind = \"webhook\"\nurl = { env = \"HOOK\" }\ndefault = true\nquiet_hours = { from = \"22:00\", to = \"07:00\", zone = \"Asia/Seoul\" }\n",
    b"[fetch]\nbudget = 24\nmin_interval = \"5m\"\nallow_networks = [\"127.0.0.0/8\"]\n[alerts]\nbacklog = \"24h\"\n[web]\nlisten = \"127.0.0.1:8080\"\n",
    b"[macros]\ngoods = \"(tank* OR howitzer*)\"\n[[rule]]\nid = \"m\"\nquery = \"$goods NEAR/s $missing\"\n",
];

/// A header's value a line, in the order in which [`headers`] takes them.
const HEADERS: &[&[u8]] = &[
    b"max-age=600, stale-while-revalidate=30\nWed, 21 Oct 2026 07:28:00 GMT\nWed, 21 Oct 2026 07:18:00 GMT\n30\nAccept, *\n120\n<https://hub.example/>; rel=\"hub\", <https://example.org/feed>; rel=self\nsha256=00ff",
    b"no-cache, private=\"set-cookie\"\nWednesday, 21-Oct-26 07:28:00 GMT\nWed Oct 21 07:28:00 2026\n-1\n*\nWed, 21 Oct 2026 09:00:00 GMT\n<a>;rel=\"hub self\";title*=UTF-8''x\nsha1=zz",
    b"s-maxage=99999999999999999999, max-age=\"10\"\n0\n\n\n\n1e9\n<>;;;rel=hub,,<\nsha512=",
];

const DATES: &[&[u8]] = &[
    b"Tue, 24 Nov 2026 09:05:00 +0900",
    b"2026-11-24T09:05:00.123Z",
    "2026년 11월 24일 오전 9:05".as_bytes(),
    "2026年11月24日(火) 9時05分".as_bytes(),
    "wt., 24 lis 2026 09:05:00 CET".as_bytes(),
    "الثلاثاء 24 نوفمبر 2026".as_bytes(),
    b"24/11/26 9:05 PM",
    b"1795000000",
    b"November 24th, 2026 at 9:05 p.m. KST",
];

const CODED: &[&[u8]] = &[
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00",
    b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15",
    b"\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00\x68\x65\x6c\x6c\x6f\x5c\x68\x3f\x1e",
    b"\x0b\x02\x80\x68\x65\x6c\x6c\x6f\x03",
];

/// What parses prints to what parses to the same, and a rule of it can be tried.
fn query(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let (node, problems) = parse(&text);
    let text_length = text.len();
    if let Some(beyond) = problems
        .iter()
        .find(|problem| problem.span.end > text_length)
    {
        return Err(format!("a place beyond the text: {beyond:?}"));
    }
    let Some(node) = node.filter(|_| problems.is_empty()) else {
        return Ok(());
    };
    let printed = print(&node);
    let again = parse(&printed).0.map(|node| print(&node));
    if again.as_deref() != Some(&printed) {
        return Err(format!("printed as {printed}, and that as {again:?}"));
    }
    let definitions = Definitions {
        rules: vec![Rule::of_query("r", &text)],
        ..Definitions::default()
    };
    let (rules, _) = RuleSet::compile(&definitions);
    let subject = Subject {
        title: "Alpha beta: K9 폴란드 수출 계약, “smart” gamma",
        body: &text,
        ..Subject::default()
    };
    black_box(rules.evaluate(&subject));
    Ok(())
}

/// Folder for the config under test; its own for each process.
fn settings(bytes: &[u8]) -> Result<(), String> {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let name = format!("bongsu-mutated-{}-{turn}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).map_err(|error| error.to_string())?;
    let loaded = config::load(&path, &|name| {
        (name == "HOOK").then(|| "http://127.0.0.1/".to_owned())
    });
    let shown = loaded.problems.render(false);
    std::fs::remove_file(&path).map_err(|error| error.to_string())?;
    if loaded.config.is_none() && shown.trim().is_empty() {
        return Err("refused without a word".to_owned());
    }
    Ok(())
}

fn headers(bytes: &[u8]) -> Result<(), String> {
    let now = Timestamp::from_second(1_795_000_000).map_err(|error| error.to_string())?;
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let line = |number: usize| lines.get(number).copied();
    let values = CacheHeaders {
        cache_control: line(0).into_iter().collect(),
        expires: line(1),
        date: line(2),
        age: line(3),
        vary: line(4).into_iter().collect(),
    };
    let fresh = freshness::fresh_for(&values, now, Duration::from_secs(1));
    if fresh.is_some_and(|fresh| fresh.is_zero()) {
        return Err("fresh for no time".to_owned());
    }
    black_box(freshness::retry_after(
        line(5).unwrap_or_default(),
        line(2),
        now,
    ));
    let hub = String::from_utf8_lossy(line(6).unwrap_or_default()).into_owned();
    black_box(links::read(&[hub], Some("https://example.org/feed")));
    black_box(signature::check(line(7), "secret", b"body", true));
    Ok(())
}

/// A date of any writing is none or one that the store can keep.
fn date(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes).replace("]]>", "");
    let document = format!(
        "<rss version=\"2.0\"><channel><title>x</title><item><title>x</title><guid>1</guid><pubDate><![CDATA[{text}]]></pubDate></item></channel></rss>"
    );
    let read = document::parse(document.as_bytes(), &Hints::default());
    let dated = read.map_err(|error| error.to_string());
    for entry in dated.iter().flat_map(|document| &document.entries) {
        if let Some(at) = entry.published
            && !(-10_000..10_000).contains(&at.strftime("%Y").to_string().parse().unwrap_or(99_999))
        {
            return Err(format!("{at}"));
        }
    }
    Ok(())
}

/// A coded body is refused or within its bound.
fn coding(bytes: &[u8]) -> Result<(), String> {
    const MOST: u64 = 1 << 20;
    for label in ["gzip", "deflate", "zstd", "br"] {
        let decoded = fetch::websub::decode(bytes.to_vec(), &[label.to_owned()], MOST);
        if decoded.is_ok_and(|decoded| decoded.len() as u64 > MOST) {
            return Err(format!("{label} passed its bound"));
        }
    }
    Ok(())
}
