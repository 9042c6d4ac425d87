//! Portals and publishing systems under whose addresses one article stands in several spellings.
//!
//! A form is here only where the article's number is in the address and its meaning is known: what is left out is
//! the section, the rendering and the way in.

/// The one spelling of an article's address without its scheme; none where nothing is known of the host.
///
/// `host` is lower-case, without `www.` and the like; `pairs` are the parameters that are left.
pub(super) fn article<'a>(host: &str, path: &'a str, pairs: &[&'a str]) -> Option<String> {
    let parameter = |name: &str| {
        pairs
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .find(|(found, value)| found.eq_ignore_ascii_case(name) && is_id(value))
            .map(|(_, value)| value)
    };
    match host {
        host if is_within(host, "naver.com") => naver(host, path, parameter),
        host if is_within(host, "daum.net") => {
            let id = after(path, "/v/").or_else(|| parameter("newsid"))?;
            is_number(id, 14).then(|| format!("v.daum.net/v/{id}"))
        }
        host if is_within(host, "nate.com") => {
            let id = after(path, "/view/")?;
            is_number(id, 8).then(|| format!("news.nate.com/view/{id}"))
        }
        "yna.co.kr" | "yna.kr" => {
            let id = after(path, "/view/")
                .or_else(|| after(path, "/amp/view/"))
                .or_else(|| after(path, "/").filter(|_| host == "yna.kr"))?;
            is_number(id, 14).then(|| format!("yna.co.kr/view/{id}"))
        }
        "youtu.be" => after(path, "/").map(video),
        "youtube.com" if path == "/watch" => pairs
            .iter()
            .find_map(|pair| pair.strip_prefix("v="))
            .map(video),
        "youtube.com" => after(path, "/shorts/")
            .or_else(|| after(path, "/live/"))
            .map(video),
        "twitter.com" => Some(format!("x.com{path}")),
        _ => news_system(host, path, parameter),
    }
}

fn video(id: &str) -> String {
    format!("youtube.com/watch?v={id}")
}

/// `oid` is the paper, `aid` its article; the same pair in news, sports and entertainment.
fn naver<'a>(
    host: &str,
    path: &'a str,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    let news = host
        .split('.')
        .any(|label| matches!(label, "news" | "sports" | "entertain"));
    if !news {
        return None;
    }
    let (paper, article) =
        if let (Some(paper), Some(article)) = (parameter("oid"), parameter("aid")) {
            (paper, article)
        } else {
            let rest = path.split("/article/").nth(1)?;
            let rest = rest.strip_prefix("comment/").unwrap_or(rest);
            let mut parts = rest.split('/');
            (parts.next()?, parts.next()?)
        };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits(paper) && digits(article))
        .then(|| format!("n.news.naver.com/article/{paper}/{article}"))
}

/// The publishing system of most Korean papers: reading, printing and AMP pages of one `idxno`.
fn news_system<'a>(
    host: &str,
    path: &str,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    let (folder, page) = path.rsplit_once('/')?;
    let known = matches!(
        page.to_ascii_lowercase().as_str(),
        "articleview.html" | "articleviewamp.html" | "articleprint.html"
    );
    let number = parameter("idxno").filter(|_| known)?;
    Some(format!("{host}{folder}/articleView.html?idxno={number}"))
}

/// The first part of a path behind `prefix`.
fn after<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let id = path.strip_prefix(prefix)?.split('/').next()?;
    is_id(id).then_some(id)
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// An id with at least so many digits.
fn is_number(id: &str, digits: usize) -> bool {
    id.bytes().filter(u8::is_ascii_digit).count() >= digits
}
