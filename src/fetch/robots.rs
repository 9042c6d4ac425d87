//! robots.txt (RFC 9309): what a host lets programs fetch, read and remembered for a day.
//!
//! The file is fetched by `http` like everything else, under the same guard and pacing. Crawl delays, site maps
//! and other extensions are not read.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use memchr::{memchr_iter, memmem};
use tokio::time::Instant;
use url::Url;

use super::failure::Failure;
use super::http::Fetcher;
use super::settings::RobotsPolicy;
use crate::domain::feed::outcome::{FetchOutcome, FetchRequest, FetchResult, OutcomeKind, Wants};

/// What we are called in a robots.txt.
const TOKEN: &str = "bongsu";
/// Bytes that are read; the RFC asks for no less.
const LARGEST: usize = 500 << 10;
/// Rules that are read.
const MOST_RULES: usize = 10_000;
/// Of them, those with a `*`, each of which may have to look through a whole target.
const MOST_WILD: usize = 200;
/// Octets of a rule; a longer one says nothing.
const LONGEST_RULE: usize = 2_048;
/// Octets of a target that pieces behind a star are looked for in.
const SEARCHED: usize = 2_048;
/// Pieces between the stars of a rule; one with more says nothing.
const MOST_PIECES: usize = 16;
/// How long what a host said holds.
const KEPT: Duration = Duration::from_hours(24);
/// How long an answer that could not be had is not asked for again.
const KEPT_FAILURE: Duration = Duration::from_mins(10);
/// Hosts remembered.
const REMEMBERED: usize = 2_000;

/// What a robots.txt says to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// How many of them have a `*`.
    wild: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: Vec<u8>,
}

impl Robots {
    /// Reads a file: the groups that name us, else those of `*`.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(LARGEST)];
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let (mut ours, mut everyones) = (None, Self::default());
        let (mut for_us, mut for_all, mut in_rules) = (false, false, false);
        for line in text.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if in_rules {
                        (for_us, for_all, in_rules) = (false, false, false);
                    }
                    for_us |= names_us(value);
                    for_all |= value.starts_with('*');
                    if for_us {
                        // A group without rules lets us in, whatever is said to others.
                        ours.get_or_insert_with(Self::default);
                    }
                }
                "allow" | "disallow" => {
                    in_rules = true;
                    let rule = Rule {
                        allow: key == "allow",
                        pattern: normal(value),
                    };
                    if let (true, Some(ours)) = (for_us, &mut ours) {
                        ours.push(&rule);
                    }
                    if for_all {
                        everyones.push(&rule);
                    }
                }
                _ => {}
            }
        }
        ours.unwrap_or(everyones)
    }

    fn push(&mut self, rule: &Rule) {
        let stars = memchr_iter(b'*', &rule.pattern).count();
        // An empty rule says nothing.
        let says = (1..=LONGEST_RULE).contains(&rule.pattern.len()) && stars < MOST_PIECES;
        let has_room = self.rules.len() < MOST_RULES && (stars == 0 || self.wild < MOST_WILD);
        if says && has_room {
            self.wild += usize::from(stars > 0);
            self.rules.push(rule.clone());
        }
    }

    /// Whether `url` may be fetched: the longest rule that fits decides, of two alike the one that allows.
    ///
    /// No hop asks for a URL that is longer than 8 KiB, so that what is compared is bounded on both sides.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let mut target = url.path().to_owned();
        if target == "/robots.txt" {
            return true;
        }
        if let Some(query) = url.query() {
            target.push('?');
            target.push_str(query);
        }
        let target = normal(&target);
        let fitting = self
            .rules
            .iter()
            .filter(|rule| fits(&rule.pattern, &target));
        fitting
            .max_by_key(|rule| (rule.pattern.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

/// True where a line's product token is ours: letters, `-` and `_` up to anything else.
fn names_us(value: &str) -> bool {
    let end = value
        .find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_')
        .unwrap_or(value.len());
    value[..end].eq_ignore_ascii_case(TOKEN)
}

/// Octets as compared: what need not be escaped is not, what must be is, escapes in capitals.
fn normal(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let escape = |out: &mut Vec<u8>, byte: u8| out.extend(format!("%{byte:02X}").bytes());
    while let Some(byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|two| std::str::from_utf8(two).ok());
        let escaped = hex
            .filter(|_| *byte == b'%')
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match escaped {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => {
                out.push(plain);
            }
            Some(plain) => escape(&mut out, plain),
            None if byte.is_ascii_graphic() => out.push(*byte),
            None => escape(&mut out, *byte),
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

/// Whether `target` begins as `pattern` says: `*` is any run, `$` at its end is the end.
///
/// Each piece between stars is taken where it first fits, and found in linear time: a pattern takes as long as the
/// text is long, whatever stands in both.
fn fits(pattern: &[u8], target: &[u8]) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split(|byte| *byte == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = target.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&[u8]> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else {
        return !to_end || rest.is_empty();
    };
    let beyond = target.len().saturating_sub(SEARCHED);
    let near = |rest: &[u8]| rest.len().saturating_sub(beyond);
    for piece in between {
        let Some(at) = memmem::find(&rest[..near(rest)], piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    if to_end {
        rest.ends_with(last)
    } else {
        memmem::find(&rest[..near(rest)], last).is_some()
    }
}

/// What was last heard of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Its rules; none where it has no robots.txt.
    Rules(Arc<Robots>),
    /// Nothing could be had, and why: for now nothing is fetched.
    Nothing(String),
}

/// What hosts said, by origin.
#[derive(Debug, Default)]
pub(super) struct Memory {
    hosts: Mutex<HashMap<String, (Instant, Heard)>>,
}

impl Memory {
    /// What `origin` said, where that still holds.
    pub(super) fn recall(&self, origin: &str) -> Option<Heard> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, heard) = hosts.get(origin)?;
        (*until > Instant::now()).then(|| heard.clone())
    }

    /// Keeps what was heard of `origin`, and says what holds now: a host that cannot be reached keeps its old rules.
    pub(super) fn keep(&self, origin: &str, heard: Heard) -> Heard {
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts.get(origin).map(|(_, heard)| heard.clone());
        let (holds, heard) = match (heard, known) {
            (Heard::Nothing(_), Some(old @ Heard::Rules(_))) => (KEPT_FAILURE, old),
            (heard @ Heard::Nothing(_), _) => (KEPT_FAILURE, heard),
            (heard, _) => (KEPT, heard),
        };
        if hosts.len() >= REMEMBERED && !hosts.contains_key(origin) {
            hosts.retain(|_, (until, _)| *until > now);
            if hosts.len() >= REMEMBERED {
                hosts.clear();
            }
        }
        hosts.insert(origin.to_owned(), (now + holds, heard.clone()));
        heard
    }
}

/// Stands before requests that robots.txt rules.
#[derive(Debug)]
pub(super) struct Gate {
    policy: RobotsPolicy,
    memory: Memory,
}

impl Gate {
    pub(super) fn new(policy: RobotsPolicy) -> Self {
        Self {
            policy,
            memory: Memory::default(),
        }
    }

    /// Lets a request through that the robots.txt of its host allows, or that is not asked about.
    pub(super) async fn permits(
        &self,
        fetcher: &Fetcher,
        url: &Url,
        wants: Wants,
    ) -> Result<(), Failure> {
        let asks = match (self.policy, wants) {
            (RobotsPolicy::Off, _) | (_, Wants::Robots) | (RobotsPolicy::Pages, Wants::Feed) => {
                false
            }
            (RobotsPolicy::All, _) | (RobotsPolicy::Pages, Wants::Page) => true,
        };
        if !asks {
            return Ok(());
        }
        let origin = url.origin().ascii_serialization();
        let heard = match self.memory.recall(&origin) {
            Some(heard) => heard,
            None => self.memory.keep(&origin, hear(fetcher, &origin).await),
        };
        match heard {
            Heard::Rules(robots) if robots.allows(url) => Ok(()),
            Heard::Rules(_) => Err(Failure::new(
                OutcomeKind::Refused,
                format!("the robots.txt of {origin} does not allow it (`robots` in [fetch])"),
            )),
            Heard::Nothing(why) => Err(Failure::new(
                OutcomeKind::NetError,
                format!(
                    "the robots.txt of {origin} cannot be had, so nothing is fetched for now: {why}"
                ),
            )),
        }
    }
}

/// Asks a host for its robots.txt; boxed, since asking for a page is what asks for it.
fn hear<'a>(
    fetcher: &'a Fetcher,
    origin: &str,
) -> Pin<Box<dyn Future<Output = Heard> + Send + 'a>> {
    let request = FetchRequest {
        url: format!("{origin}/robots.txt"),
        wants: Wants::Robots,
        ..FetchRequest::default()
    };
    Box::pin(async move {
        let FetchOutcome { result, facts } = fetcher.fetch(&request).await;
        let rules = |bytes: &[u8]| Heard::Rules(Arc::new(Robots::parse(bytes)));
        match result {
            FetchResult::Fetched(body) => rules(&body.bytes),
            FetchResult::NotModified => rules(b""),
            FetchResult::Failed { kind, message, .. } => {
                if is_absent(kind, facts.status) {
                    rules(b"")
                } else {
                    Heard::Nothing(message)
                }
            }
        }
    })
}

/// Whether an answer says that there is no robots.txt, or an empty one. A 429 is about us, not about the file.
fn is_absent(kind: OutcomeKind, status: Option<u16>) -> bool {
    match kind {
        OutcomeKind::NotAFeed => matches!(status, Some(200..=299)),
        OutcomeKind::HttpError | OutcomeKind::Gone => matches!(status, Some(400..=499)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(file: &str, target: &str) -> bool {
        let url = Url::parse(&format!("https://h.example{target}")).unwrap();
        Robots::parse(file.as_bytes()).allows(&url)
    }

    #[test]
    fn the_longest_rule_that_fits_decides() {
        for (rules, target, allowed) in [
            ("", "/a", true),
            ("Disallow:", "/a", true),
            ("Disallow: /", "/a", false),
            ("Disallow: /", "/robots.txt", true),
            ("Disallow: /a", "/ab", false),
            ("Disallow: /a/", "/a", true),
            ("Disallow: /a\nAllow: /a/b", "/a/b/c", true),
            ("Allow: /a/b\nDisallow: /a", "/a/c", false),
            ("Disallow: /a\nAllow: /a", "/a", true),
            ("Disallow: /*.php$", "/x/y.php", false),
            ("Disallow: /*.php$", "/x/y.php?q", true),
            ("Disallow: /*.php", "/x/y.php?q", false),
            ("Disallow: /a*b*c", "/aXbYc/z", false),
            ("Disallow: /a*b*c", "/aXcYb", true),
            ("Disallow: *", "/a", false),
            ("Disallow: /*?", "/a?b=1", false),
            ("Disallow: /*?", "/a", true),
            ("Disallow: /a$", "/a", false),
            ("Disallow: /a$", "/ab", true),
            ("Disallow: /*a$", "/aba", false),
            ("Disallow: /A", "/a", true),
            ("Disallow: /%7Ex", "/~x", false),
            ("Disallow: /~x", "/%7ex", false),
            ("Disallow: /기사", "/%EA%B8%B0%EC%82%AC/1", false),
            ("Disallow: /%ea%b8%b0", "/기", false),
            ("Disallow: /a%2Fb", "/a/b", true),
            ("Disallow: /a # not b", "/a", false),
            ("Disallow : /a", "/a", false),
            ("Disallow /a", "/a", true),
        ] {
            let file = format!("User-agent: *\n{rules}\n");
            assert_eq!(allows(&file, target), allowed, "{rules} {target}");
        }
    }

    #[test]
    fn groups_that_name_us_replace_those_for_everyone() {
        for (file, allowed) in [
            (
                "User-agent: *\nDisallow: /\n\nUser-agent: bongsu\nAllow: /",
                true,
            ),
            (
                "User-agent: BongSu/2.0\nDisallow: /\n\nUser-agent: *\nAllow: /",
                false,
            ),
            ("User-agent: bongsubot\nDisallow: /", true),
            ("User-agent: other\nUser-agent: bongsu\nDisallow: /", false),
            ("User-agent: bongsu\nUser-agent: other\nDisallow: /", false),
            (
                "User-agent: other\nDisallow: /\nUser-agent: bongsu\nDisallow: /b",
                true,
            ),
            (
                "User-agent: bongsu\nDisallow: /b\n\nUser-agent: bongsu\nDisallow: /a",
                false,
            ),
            ("User-agent: bongsu\n\nUser-agent: *\nDisallow: /", false),
            (
                "User-agent: bongsu\nSitemap: https://h.example/x\nDisallow: /a",
                false,
            ),
            ("Disallow: /a", true),
            ("\u{feff}user-agent:*\r\ndisallow:/a\r\n", false),
            ("<html><body>User-agent: nobody here</body></html>", true),
        ] {
            assert_eq!(allows(file, "/a"), allowed, "{file}");
        }
    }

    #[test]
    fn what_lies_beyond_the_bound_is_not_read() {
        let filler = "#".repeat(LARGEST);
        assert!(allows(
            &format!("{filler}\nUser-agent: *\nDisallow: /"),
            "/a"
        ));
        let rule = |pattern: &str| format!("User-agent: *\nDisallow: {pattern}");
        for (pattern, read) in [
            (format!("/{}", "*a".repeat(MOST_PIECES - 1)), true),
            (format!("/{}", "*a".repeat(MOST_PIECES)), false),
            (format!("/{}", "a".repeat(LONGEST_RULE - 1)), true),
            (format!("/{}", "a".repeat(LONGEST_RULE)), false),
        ] {
            let target = format!("/{}", "a".repeat(LONGEST_RULE));
            assert_eq!(allows(&rule(&pattern), &target), !read, "{pattern}");
        }
        let far = format!("/{}/b", "a".repeat(SEARCHED));
        for (pattern, read) in [
            ("/*b", false),
            ("/*b$", true),
            ("/*a*b$", true),
            ("/*a*b", false),
        ] {
            assert_eq!(allows(&rule(pattern), &far), !read, "{pattern}");
        }
        let wild = format!("User-agent: *\n{}", "Disallow: /*x*y\n".repeat(MOST_WILD));
        assert!(allows(&format!("{wild}Disallow: /*b"), "/ab"));
        assert!(!allows(&format!("{wild}Disallow: /a"), "/ab"));
    }

    #[tokio::test(start_paused = true)]
    async fn rules_hold_a_day_and_outlive_a_host_that_is_away() {
        let memory = Memory::default();
        let rules = Heard::Rules(Arc::new(Robots::parse(b"User-agent: *\nDisallow: /")));
        let away = Heard::Nothing("HTTP 503".to_owned());
        assert_eq!(memory.recall("h"), None);
        assert_eq!(memory.keep("h", away.clone()), away);
        tokio::time::advance(KEPT_FAILURE).await;
        assert_eq!(memory.recall("h"), None);
        memory.keep("h", rules.clone());
        tokio::time::advance(KEPT / 2).await;
        assert_eq!(memory.recall("h"), Some(rules.clone()));
        tokio::time::advance(KEPT / 2).await;
        assert_eq!(memory.recall("h"), None);
        assert_eq!(memory.keep("h", away), rules);
    }
}
