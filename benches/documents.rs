//! The document reader beside plain feed-rs on well-formed UTF-8: what decoding, plain text, safe HTML and languages cost.
//!
//! `cargo bench --bench documents [-- MIB]`: feeds in four formats, a third Korean, read by both in turn in one run; the
//! least of several times counts. Then one feed at sizes up to MIB (16), whose time a megabyte must not grow. feed-rs is
//! used as it comes out of the box: no sanitiser, no plain text, no language. Not a test: times depend on the machine.
#![expect(clippy::print_stdout, reason = "a table is what this is for")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bongsu::domain::document::{self, Hints};

/// A ratio above this is a regression.
const BAR: f64 = 1.5;
const LATIN: &[&str] = &[
    "market", "tender", "harbour", "signal", "winter", "council", "bridge", "export", "turbine",
    "valley",
];
const KOREAN: &[&str] = &[
    "정부", "수출", "계약", "회의", "발표", "시장", "기술", "협력", "공급", "조선",
];

/// Words in an order that repeats late.
fn words(seed: usize, count: usize) -> String {
    let list = if seed.is_multiple_of(3) {
        KOREAN
    } else {
        LATIN
    };
    let mut out = String::new();
    for index in 0..count {
        let word = list[(seed * 7 + index * index * 3 + index) % list.len()];
        let _ = write!(out, "{word} ");
    }
    out.trim_end().to_owned()
}

fn html(seed: usize, length: usize) -> String {
    format!(
        "<p>{}</p><p>{} <a href=\"https://news.example.org/{seed}?a=1&amp;b=2\">{}</a></p>",
        words(seed, length),
        words(seed + 1, length / 2),
        words(seed + 2, 3)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn rss(entries: usize, length: usize) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Desk</title><link>https://news.example.org/</link>\n",
    );
    for seed in 0..entries {
        let _ = writeln!(
            out,
            "<item><title>{}</title><link>https://news.example.org/{seed}</link><guid isPermaLink=\"false\">n-{seed}</guid><pubDate>Mon, 23 Nov 2026 {:02}:{:02}:00 +0900</pubDate><dc:creator>{}</dc:creator><category>{}</category><description>{}</description></item>",
            words(seed, 8),
            seed % 24,
            seed % 60,
            words(seed, 2),
            words(seed, 1),
            escaped(&html(seed, length)),
        );
    }
    out.push_str("</channel></rss>");
    out
}

fn atom(entries: usize, length: usize) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Desk</title><id>tag:desk</id><updated>2026-11-23T00:00:00Z</updated>\n",
    );
    for seed in 0..entries {
        let _ = writeln!(
            out,
            "<entry><title>{}</title><link href=\"https://news.example.org/{seed}\"/><id>tag:news.example.org,2026:{seed}</id><published>2026-11-23T{:02}:00:00Z</published><updated>2026-11-23T{:02}:30:00Z</updated><author><name>{}</name></author><category term=\"{}\"/><content type=\"html\"><![CDATA[{}]]></content></entry>",
            words(seed, 8),
            seed % 24,
            seed % 24,
            words(seed, 2),
            words(seed, 1),
            html(seed, length),
        );
    }
    out.push_str("</feed>");
    out
}

fn rdf(entries: usize, length: usize) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"https://news.example.org/\"><title>Desk</title><link>https://news.example.org/</link><description>d</description></channel>\n",
    );
    for seed in 0..entries {
        let _ = writeln!(
            out,
            "<item rdf:about=\"https://news.example.org/{seed}\"><title>{}</title><link>https://news.example.org/{seed}</link><dc:date>2026-11-23T{:02}:00:00+09:00</dc:date><description>{}</description></item>",
            words(seed, 8),
            seed % 24,
            words(seed, length),
        );
    }
    out.push_str("</rdf:RDF>");
    out
}

fn json(entries: usize, length: usize) -> String {
    let items: Vec<serde_json::Value> = (0..entries)
        .map(|seed| {
            serde_json::json!({
                "id": format!("n-{seed}"), "url": format!("https://news.example.org/{seed}"), "title": words(seed, 8),
                "content_html": html(seed, length), "date_published": format!("2026-11-23T{:02}:00:00Z", seed % 24),
            })
        })
        .collect();
    serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "Desk", "items": items}).to_string()
}

/// The least time that `read` took, of as many as fit into a second, three at least.
fn least(mut read: impl FnMut() -> usize) -> Duration {
    let begun = Instant::now();
    let mut least = Duration::MAX;
    let mut runs = 0;
    while runs < 3 || begun.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        assert!(read() > 0, "nothing was read");
        least = least.min(start.elapsed());
        runs += 1;
    }
    least
}

fn ours(text: &str) -> usize {
    let hints = Hints {
        url: Some("https://news.example.org/rss.xml".to_owned()),
        ..Hints::default()
    };
    document::parse(text.as_bytes(), &hints).map_or(0, |document| document.entries.len())
}

fn theirs(text: &str) -> usize {
    feed_rs::parser::parse(text.as_bytes()).map_or(0, |feed| feed.entries.len())
}

fn main() {
    let mib: usize = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(16);
    println!("| feed | bytes | feed-rs | bongsu | ratio |");
    println!("|---|---|---|---|---|");
    let mut worst: f64 = 0.0;
    for (name, text) in [
        ("RSS, summaries", rss(40, 20)),
        ("RSS, articles", rss(40, 400)),
        ("Atom, summaries", atom(40, 20)),
        ("Atom, articles", atom(40, 400)),
        ("RSS 1.0", rdf(40, 30)),
        ("JSON Feed", json(40, 100)),
        ("RSS, 400 entries", rss(400, 100)),
    ] {
        let (theirs, ours) = (least(|| theirs(&text)), least(|| ours(&text)));
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        worst = worst.max(ratio);
        println!(
            "| {name} | {} | {theirs:?} | {ours:?} | {ratio:.2} |",
            text.len()
        );
    }
    println!("\nworst ratio {worst:.2}, bar {BAR}\n");
    println!("| MiB | feed-rs | bongsu | bongsu a MiB |");
    println!("|---|---|---|---|");
    for size in [1, 4, mib] {
        let text = rss(size * 256, 350);
        let (theirs, ours) = (least(|| theirs(&text)), least(|| ours(&text)));
        #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
        let size = text.len() as f64 / f64::from(1 << 20);
        println!(
            "| {size:.1} | {theirs:?} | {ours:?} | {:.1} ms |",
            ours.as_secs_f64() * 1e3 / size
        );
    }
}
