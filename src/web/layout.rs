//! The frame of every page: navigation, the switches, what keys do; and the small parts that pages share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::lang::Lang;
use super::problem::Problem;
use super::view::View;
use super::words::W;
use crate::domain::rule::Severity;

/// The pages of the navigation: address, name, and the second key after `g`.
const NAV: [(&str, W, &str); 11] = [
    ("/", W::Overview, "o"),
    ("/stories", W::Stories, "s"),
    ("/alerts", W::Alerts, "a"),
    ("/entries", W::Entries, "e"),
    ("/rules", W::Rules, "r"),
    ("/entities", W::Entities, "n"),
    ("/feeds", W::Feeds, "f"),
    ("/receivers", W::Receivers, "c"),
    ("/silences", W::Silences, "i"),
    ("/system", W::System, "y"),
    ("/help", W::Help, "h"),
];

/// Longest query string that is kept when the language is switched.
const LONGEST_KEPT: usize = 2_000;

/// A whole page.
pub fn page(view: &View, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(view.lang.code()) data-theme=[view.theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · bongsu" }
                link rel="stylesheet" href={ "/assets/" (view.assets.style) };
                link rel="icon" type="image/svg+xml" href={ "/assets/" (view.assets.icon) };
                script src={ "/assets/" (view.assets.script) } defer {}
            }
            body {
                a.skip href="#main" { (view.t(W::SkipToContent)) }
                (bar(view))
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    @if view.asked.has("done") { p.good role="status" { (view.t(W::Done)) } }
                    (body)
                }
                (foot(view))
            }
        }
    }
}

fn bar(view: &View) -> Markup {
    let is_here = |href: &str| match href {
        "/" => view.path == "/",
        href => view.path == href || view.path.starts_with(&format!("{href}/")),
    };
    html! {
        header.bar {
            a.brand href="/" { "bongsu" @if view.troubled { span.dot title=(view.t(W::Trouble)) { "!" } } }
            nav aria-label="bongsu" {
                @for (href, word, key) in NAV {
                    a href=(href) data-key=(key) aria-current=[is_here(href).then_some("page")] { (view.t(word)) }
                }
            }
            form.find method="get" action="/entries" role="search" {
                input type="search" name="q" aria-label=(view.t(W::Search)) placeholder=(view.t(W::Search)) data-search;
            }
        }
    }
}

fn foot(view: &View) -> Markup {
    let other = match view.lang {
        Lang::En => (Lang::Ko, "한국어"),
        Lang::Ko => (Lang::En, "English"),
    };
    // What was searched for and filtered stays.
    let here = match view.asked.with(&[("lang", None), ("done", None)]) {
        query if query.is_empty() || query.len() > LONGEST_KEPT => view.path.clone(),
        query => format!("{}?{query}", view.path),
    };
    html! {
        footer {
            span { (view.t(W::TimesIn)) " " (view.zone_name()) }
            a href={ "/settings?lang=" (other.0.code()) "&next=" (encoded(&here)) } lang=(other.0.code()) hreflang=(other.0.code()) { (other.1) }
            a href={ "/settings" } { (view.t(W::Settings)) }
            a href="/help#keys" { (view.t(W::Escape)) " ?" }
            @if let Some(who) = &view.who {
                span { (who.name) }
                @if who.read_only { span.faint { (view.t(W::ReadOnly)) } }
                @if who.by_session {
                    form method="post" action="/logout" { button.link { (view.t(W::SignOut)) } }
                }
            }
            span.faint { "bongsu " (env!("CARGO_PKG_VERSION")) }
        }
    }
}

/// A path as part of a query string.
pub fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A problem as a page.
pub fn problem(view: &View, problem: &Problem) -> Markup {
    let body = html! {
        p.bad role="alert" { (view.said(None, &problem.detail)) }
        @if !problem.faults.is_empty() {
            ul {
                @for fault in problem.faults.iter().skip(1) {
                    li { (fault["message"].as_str().unwrap_or_default()) }
                }
            }
        }
        p { a href="/" { (view.t(W::Overview)) } }
    };
    let title = if problem.status == axum::http::StatusCode::NOT_FOUND {
        W::NotFound
    } else {
        W::Error
    };
    page(view, view.t(title), &body)
}

/// A severity, by colour and by word.
pub fn severity(view: &View, severity: Severity) -> Markup {
    let name = severity.as_str();
    html! { span class={ "sev " (name) } { (view.code(name)) } }
}

/// Where something stands, by colour and by word.
pub fn state(view: &View, state: &str) -> Markup {
    let class = match state {
        "ok" | "delivered" | "resolved" | "useful" | "not_modified" => "good",
        "failing" | "dead" | "gone" | "noise" => "bad",
        "due" | "sending" | "held" | "active" | "pending" | "silent" => "wait",
        _ => "plain",
    };
    html! { span class={ "state " (class) } { (view.code(state)) } }
}

/// An address of a publisher: opened without telling where from.
pub fn outward(url: Option<&str>, text: &str) -> Markup {
    let web = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    html! {
        @if let Some(url) = web { a href=(url) rel="noopener noreferrer nofollow" target="_blank" { (text) } } @else { (text) }
    }
}

/// A way out to the publisher's page behind a title, never parted from its last word.
pub fn arrow(view: &View, url: Option<&str>) -> Markup {
    let web = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    html! {
        @if let Some(url) = web { "\u{a0}" a href=(url) rel="noopener noreferrer nofollow" target="_blank" aria-label=(view.t(W::OpenOriginal)) { "↗" } }
    }
}

/// HTML that was sanitised at ingest, and once more here since it may be older than today's list.
pub fn foreign_html(html: &str, with_images: bool) -> Markup {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank");
    if !with_images {
        cleaner.rm_tags(["img"]);
    }
    PreEscaped(cleaner.clean(html).to_string())
}

/// A form of one button.
pub fn button(view: &View, action: &str, pairs: &[(&str, &str)], word: W) -> Markup {
    html! {
        @if view.may_change() {
            form.inline method="post" action=(action) {
                @for (name, value) in pairs { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="next" value=(view.path);
                button { (view.t(word)) }
            }
        }
    }
}

/// A link to the next page of a list, where there is one, and back to its beginning.
pub fn pager(view: &View, next: Option<&str>) -> Markup {
    let is_first = view.asked.get("after").is_none();
    html! {
        @if next.is_some() || !is_first {
            nav.pager aria-label="pages" {
                @if !is_first {
                    a href={ "?" (view.asked.with(&[("after", None)])) } rel="first" { "« " (view.t(W::Newest)) }
                }
                @if let Some(next) = next {
                    a href={ "?" (view.asked.with(&[("after", Some(next))])) } rel="next" data-next { (view.t(W::Older)) " »" }
                }
            }
        }
    }
}

/// A number with thousands apart.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_publishers_write_stays_text() {
        let told = outward(Some("javascript:alert(1)"), "<b>x</b>").into_string();
        assert_eq!(told, "&lt;b&gt;x&lt;/b&gt;");
        let told = foreign_html(
            "<p onclick=x>a<img src=http://x/y><script>z</script><a href=javascript:x>b</a></p>",
            false,
        )
        .into_string();
        for bad in ["img", "script", "onclick", "javascript"] {
            assert!(!told.contains(bad), "{told}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(number(12), "12");
    }
}
