//! What an HTML page is that came instead of a feed, in words a person can act on.
//!
//! Judged by its head and its first text, by phrases that such pages are known for; what is not recognised is
//! "an HTML page". Which feeds a page names is in `refuse`.

use std::fmt;

use super::scan::{Scanner, Token, attributes};
use super::{Candidate, html, only_feed};

/// How much of a page is looked at.
const SEARCHED: usize = 128 << 10;
/// How much of its text.
const MOST_TEXT: usize = 4 << 10;

/// A kind of page: its name, and what to do about it.
struct Kind {
    /// As in "this is …, not a feed".
    name: &'static str,
    /// What follows a colon.
    advice: &'static str,
    /// Marks in the source, lower case: scripts, classes and addresses that only such pages have.
    marks: &'static [&'static str],
    /// Beginnings of the title or the first heading, lower case.
    titles: &'static [&'static str],
    /// Phrases of the text, lower case; only counted on pages with little text.
    phrases: &'static [&'static str],
}

/// What an unrecognised page is called.
pub(super) const HTML: &str = "an HTML page";

/// What asks for a name and a password, whatever its words.
const LOG_IN: &str = "a log-in page";

const KINDS: &[Kind] = &[
    Kind {
        name: "a challenge that only a browser can solve",
        advice: "the publisher keeps programs out here; ask for access, or for another address of the feed",
        marks: &[
            "cdn-cgi/challenge-platform",
            "cf-chl-",
            "cf_chl_",
            "cf-browser-verification",
            "_incapsula_resource",
            "captcha-delivery.com",
            "px-captcha",
            "ddos-guard.net",
            "/.well-known/ddos-guard",
            "sucuri_cloudproxy_js",
            "awswafintegration",
            "aws-waf-token",
            "anubis_challenge",
            "hcaptcha.com/1/api.js",
        ],
        titles: &[
            "just a moment",
            "attention required",
            "checking your browser",
            "are you a robot",
            "robot check",
            "human verification",
            "verifying you are human",
            "making sure you're not a bot",
            "security check",
            "pardon our interruption",
            "ddos-guard",
            "captcha",
            "자동등록방지",
            "보안 확인",
        ],
        phrases: &[
            "verify you are human",
            "verify that you are human",
            "verify you are a human",
            "you are not a robot",
            "you're not a robot",
            "checking your browser",
            "complete the captcha",
            "unusual traffic from your",
            "enable javascript and cookies to continue",
            "로봇이 아닙니다",
            "비정상적인 접근",
            "자동등록방지",
        ],
    },
    Kind {
        name: LOG_IN,
        advice: "the feed needs credentials (`headers` of the feed), or its address has changed",
        marks: &[],
        titles: &[
            "log in",
            "login",
            "log on",
            "sign in",
            "signin",
            "anmelden",
            "connexion",
            "로그인",
            "ログイン",
            "登录",
        ],
        phrases: &[
            "you must be logged in",
            "please log in",
            "please sign in",
            "로그인이 필요",
            "로그인 후 이용",
        ],
    },
    Kind {
        name: "a page that says nothing is there (a 404 in disguise)",
        advice: "the feed's address has changed, or it has ended; what is stored stays",
        marks: &[],
        titles: &[
            "404",
            "error 404",
            "http 404",
            "not found",
            "page not found",
            "file not found",
            "page unavailable",
            "the page cannot be found",
            "seite nicht gefunden",
            "page introuvable",
            "페이지를 찾을 수 없",
            "존재하지 않는",
            "ページが見つかりません",
        ],
        phrases: &[
            "page not found",
            "page you requested could not be found",
            "page you are looking for",
            "page you were looking for",
            "page can't be found",
            "page cannot be found",
            "requested url was not found",
            "페이지를 찾을 수 없",
            "존재하지 않는 페이지",
            "요청하신 페이지",
            "삭제되었거나 변경",
        ],
    },
    Kind {
        name: "a parked domain",
        advice: "its owner has given it up: look for the publisher's new address",
        marks: &[
            "sedoparking.com",
            "parkingcrew.net",
            "bodis.com",
            "parking.godaddy",
            "img1.wsimg.com/parking",
            "dan.com/buy-domain",
            "hugedomains.com",
            "afternic.com/forsale",
            "namecheap.com/domains/parking",
        ],
        titles: &[
            "this domain is for sale",
            "domain for sale",
            "domain parked",
        ],
        phrases: &[
            "this domain is for sale",
            "domain may be for sale",
            "buy this domain",
            "this domain is parked",
            "domain has expired",
            "도메인이 만료",
        ],
    },
    Kind {
        name: "a maintenance page",
        advice: "the publisher is at work; it is asked again later",
        marks: &[],
        titles: &[
            "maintenance",
            "under maintenance",
            "site maintenance",
            "down for maintenance",
            "we'll be back",
            "서비스 점검",
            "시스템 점검",
            "점검 중",
        ],
        phrases: &[
            "down for maintenance",
            "scheduled maintenance",
            "undergoing maintenance",
            "be back soon",
            "서비스 점검",
            "시스템 점검",
            "점검 중입니다",
        ],
    },
    Kind {
        name: "a page that asks for consent",
        advice: "the publisher shows it before everything: look for another address of the feed",
        marks: &["consent.google.", "consent.yahoo.", "guce.oath.com"],
        titles: &["before you continue", "consent"],
        phrases: &["before you continue to"],
    },
    Kind {
        name: "a page that refuses access",
        advice: "the publisher keeps this address or this program out; ask for access",
        marks: &["errors.edgesuite.net"],
        titles: &[
            "access denied",
            "403",
            "forbidden",
            "access to this page has been denied",
            "blocked",
            "접근이 차단",
            "접근 거부",
        ],
        phrases: &[
            "you don't have permission to access",
            "access to this page has been denied",
            "your ip has been blocked",
            "sorry, you have been blocked",
            "접근이 차단",
            "접근 권한이 없",
        ],
    },
];

/// What a page says of itself: title, headings and the beginning of its text, lower case.
#[derive(Default)]
struct Said {
    titles: Vec<String>,
    text: String,
    asks_password: bool,
    /// There is more text than a page of these kinds has.
    is_long: bool,
}

/// Whether `what` is the name of a kind of page.
pub(super) fn is_kind(what: &str) -> bool {
    KINDS.iter().any(|kind| kind.name == what)
}

/// What to call `page`.
pub(super) fn name(page: &str) -> &'static str {
    let page = &page[..page.floor_char_boundary(SEARCHED)];
    let said = read(page);
    let source = page.to_ascii_lowercase();
    let marked = |kind: &&Kind| kind.marks.iter().any(|mark| source.contains(mark));
    if let Some(kind) = KINDS.iter().find(|kind| !said.is_long && marked(kind)) {
        return kind.name;
    }
    let titled = |kind: &&Kind| {
        let begins = |title: &String| kind.titles.iter().any(|known| begins_with(title, known));
        said.titles.iter().any(begins)
    };
    if let Some(kind) = KINDS.iter().find(titled) {
        return kind.name;
    }
    if said.is_long {
        return HTML;
    }
    let told = |kind: &&Kind| kind.phrases.iter().any(|phrase| said.text.contains(phrase));
    match KINDS.iter().find(told) {
        Some(kind) => kind.name,
        None if said.asks_password => LOG_IN,
        None => HTML,
    }
}

/// Whether a title begins with these words, or a part of it behind a dash does.
fn begins_with(title: &str, known: &str) -> bool {
    title.split(['|', '-', '–', '—', ':', '·']).any(|part| {
        let rest = part.trim().strip_prefix(known);
        // `404` is no prefix of `4040 Main Street`.
        rest.is_some_and(|rest| {
            !known.is_ascii() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    })
}

/// Reads what `page` says.
fn read(page: &str) -> Said {
    let mut scanner = Scanner::new(page);
    let mut said = Said::default();
    let mut inside: Option<String> = None;
    while let Some(token) = scanner.next(None) {
        match token {
            Token::Start {
                name,
                attributes: tag,
                empty,
            } => match name.to_ascii_lowercase().as_str() {
                code @ ("script" | "style") if !empty => scanner.skip_code(code),
                "title" | "h1" if !empty => inside = Some(String::new()),
                "input" => said.asks_password |= is_password(tag),
                _ => {}
            },
            Token::End(name) => {
                if matches!(name.to_ascii_lowercase().as_str(), "title" | "h1")
                    && let Some(title) = inside.take()
                {
                    said.titles.push(html::plain_line(&title).to_lowercase());
                }
            }
            Token::Text(text) | Token::Cdata(text) => {
                if let Some(title) = &mut inside {
                    title.push_str(text);
                }
                said.add(text);
            }
        }
        if said.is_long && said.titles.len() >= 2 {
            break;
        }
    }
    said.text = said.text.to_lowercase().replace('’', "'");
    said
}

impl Said {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.is_long {
            return;
        }
        self.text.push_str(&html::plain_line(text));
        self.text.push(' ');
        self.is_long = self.text.len() > MOST_TEXT;
    }
}

fn is_password(tag: &str) -> bool {
    attributes(tag).any(|(name, value)| {
        name.eq_ignore_ascii_case("type") && value.eq_ignore_ascii_case("password")
    })
}

/// What to do about `what`, or about the feeds that it names; nothing where nobody knows.
pub(super) fn write_advice(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    feeds: &[Candidate],
) -> fmt::Result {
    if let Some(only) = only_feed(feeds) {
        return write!(f, "; it names one: write `url = \"{}\"`", only.url);
    }
    if !feeds.is_empty() {
        let urls: Vec<&str> = feeds.iter().map(|feed| feed.url.as_str()).collect();
        return write!(f, "; it names {}", urls.join(", "));
    }
    let kind = KINDS.iter().find(|kind| kind.name == what);
    match kind.map(|kind| kind.advice) {
        Some(advice) => write!(f, ": {advice}"),
        None if what == HTML => f.write_str(": look for the address of its feed"),
        None if what.starts_with("an error message") => {
            f.write_str(": the publisher's server failed, or the address is wrong")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_by_what_they_say() {
        let challenge = "a challenge that only a browser can solve";
        let missing = "a page that says nothing is there (a 404 in disguise)";
        for (page, expected) in [
            ("<title>Just a moment...</title>", challenge),
            (
                "<html><title>News</title><script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate/x\"></script>",
                challenge,
            ),
            (
                "<body><h1>One more step</h1><p>Please complete the CAPTCHA.</p>",
                challenge,
            ),
            ("<body>로봇이 아닙니다</body>", challenge),
            (
                "<title>Sign in – Agency</title><form><input type=text></form>",
                LOG_IN,
            ),
            (
                "<title>Agency</title><form><input name=p TYPE='password'></form>",
                LOG_IN,
            ),
            ("<title>국방부 - 로그인</title>", LOG_IN),
            ("<title>404 Not Found</title>", missing),
            (
                "<title>The Daily | Page not found</title><body><nav>Home</nav>",
                missing,
            ),
            (
                "<title>알림</title><p>요청하신 페이지를 찾을 수 없습니다.",
                missing,
            ),
            (
                "<title>news.example</title><script src=\"https://sedoparking.com/x\"></script>",
                "a parked domain",
            ),
            (
                "<title>x</title>This domain is for sale!",
                "a parked domain",
            ),
            ("<title>Down for maintenance</title>", "a maintenance page"),
            ("<title>시스템 점검 안내</title>", "a maintenance page"),
            (
                "<title>Before you continue</title>",
                "a page that asks for consent",
            ),
            (
                "<title>Access Denied</title>You don't have permission to access \"/rss\"",
                "a page that refuses access",
            ),
            ("<title>4040 Main Street</title><p>Our street.", HTML),
            ("<title>News of the day</title><p>All the news.", HTML),
            ("<title>Captchas and why we hate them", HTML),
            ("", HTML),
        ] {
            assert_eq!(name(page), expected, "{page}");
        }
    }

    #[test]
    fn words_inside_a_long_article_name_nothing() {
        let page = format!(
            "<title>Courts</title><p>{}</p><p>Please log in. Page not found.</p>",
            "The judge said so. ".repeat(400)
        );
        assert_eq!(name(&page), HTML);
        let front = format!(
            "<title>Daily</title><form><input type=password></form><p>{}</p>",
            "News of all kinds. ".repeat(400)
        );
        assert_eq!(name(&front), HTML, "a front page with a log-in box");
    }
}
