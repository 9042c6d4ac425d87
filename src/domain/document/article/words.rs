//! What names of classes and ids say of an element: the article's own text, or what stands around it.
//!
//! Publishers' habits in many countries; no publisher is named. What is only likely is weighed in `choose`.

use super::page::attribute;

/// Ids and classes, letters and digits only, that hold an article's text and nothing above it.
const BODIES: &[&str] = &[
    "ampwparticlecontent",
    "amparticlebody",
    "artbody",
    "articlebody",
    "articlebodycontent",
    "articlebodycontents",
    "articlebodytext",
    "articlecontent",
    "articlecontents",
    "articlestory",
    "articletext",
    "articletxt",
    "articleview",
    "articleviewcontentdiv",
    "arttext",
    "arttxt",
    "bodytext",
    "cntview",
    "contentarticle",
    "contentbody",
    "dicarea",
    "entrycontent",
    "harmonycontainer",
    "maintext",
    "newsbody",
    "newsbodyarea",
    "newscontent",
    "newscontents",
    "newsctarticle",
    "newstext",
    "newstxt",
    "postbody",
    "postcontent",
    "storybody",
    "storycontent",
    "storynews",
    "storytext",
    "textbody",
    "viewcontent",
    "viewtext",
    "viewtxt",
];

/// Words of names that stand around an article, whatever else the name says.
const AROUND: &[&str] = &[
    "ad",
    "adbox",
    "ads",
    "adsense",
    "adv",
    "advert",
    "advertise",
    "advertisement",
    "advertising",
    "banner",
    "blind",
    "bnr",
    "breadcrumb",
    "breadcrumbs",
    "cmt",
    "comment",
    "commentlist",
    "comments",
    "consent",
    "cookie",
    "cookies",
    "copyright",
    "disqus",
    "footer",
    "gdpr",
    "gnb",
    "journalist",
    "livere",
    "lnb",
    "login",
    "menu",
    "modal",
    "nav",
    "navi",
    "navigation",
    "newsletter",
    "outbrain",
    "pager",
    "pagination",
    "paging",
    "popular",
    "popup",
    "promo",
    "promotion",
    "ranking",
    "rcmd",
    "recommend",
    "recommendation",
    "recommended",
    "reklama",
    "relate",
    "related",
    "relation",
    "replies",
    "reply",
    "reporter",
    "share",
    "sharing",
    "sidebar",
    "signin",
    "skip",
    "snb",
    "sns",
    "social",
    "sponsor",
    "sponsored",
    "sronly",
    "subscribe",
    "subscription",
    "taboola",
    "toolbar",
    "trending",
];

/// Words that stand around an article unless the name also says that it is one.
const LIKELY_AROUND: &[&str] = &[
    "best", "bottom", "btn", "button", "byline", "copy", "foot", "hot", "keyword", "keywords",
    "layer", "more", "rank", "side", "tag", "tags", "tools", "top", "util", "widget",
];

/// Parts of run-together names: `newsrelatedlist`.
const PARTS: &[&str] = &[
    "adsbygoogle",
    "advert",
    "breadcrumb",
    "copyright",
    "newsletter",
    "outbrain",
    "ranking",
    "recommend",
    "related",
    "sidebar",
    "sponsor",
    "taboola",
];

/// Words that say an article.
const TEXT: &[&str] = &[
    "article", "body", "content", "contents", "main", "story", "text", "txt",
];

/// Roles of what stands around.
const ROLES: &[&str] = &[
    "alertdialog",
    "banner",
    "complementary",
    "contentinfo",
    "dialog",
    "navigation",
    "search",
];

/// True for an element that says it holds the article's text.
pub(super) fn is_body(raw: &str) -> bool {
    if raw.is_empty() {
        return false;
    }
    let says = |name| {
        attribute(raw, name).is_some_and(|value| {
            value
                .split_whitespace()
                .any(|word| word.eq_ignore_ascii_case("articlebody"))
        })
    };
    let named = |name| {
        attribute(raw, name).is_some_and(|value| {
            value.split_whitespace().any(|word| {
                let plain: String = word
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .map(|c| c.to_ascii_lowercase())
                    .collect();
                BODIES.contains(&plain.as_str())
            })
        })
    };
    says("itemprop") || says("property") || named("id") || named("class")
}

/// True for an element that stands around an article: navigation, advertisements, comments, what is hidden.
pub(super) fn is_around(name: &str, raw: &str) -> bool {
    if matches!(
        name,
        "nav" | "aside" | "footer" | "header" | "menu" | "button" | "dialog"
    ) || [
        "amp-ad",
        "amp-sidebar",
        "amp-embed",
        "amp-social",
        "amp-consent",
        "amp-user",
    ]
    .iter()
    .any(|start| name.starts_with(start))
    {
        return true;
    }
    if raw.is_empty() {
        return false;
    }
    if is_hidden(raw) || attribute(raw, "role").is_some_and(|role| ROLES.contains(&role.as_str())) {
        return true;
    }
    if matches!(name, "article" | "main") {
        return false;
    }
    let mut words = Vec::new();
    for value in ["id", "class"]
        .into_iter()
        .filter_map(|key| attribute(raw, key))
    {
        push_words(&value, &mut words);
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(AROUND)
        || words
            .iter()
            .any(|word| PARTS.iter().any(|part| word.contains(part)))
        || (has(LIKELY_AROUND) && !has(TEXT))
}

/// What no reader sees.
fn is_hidden(raw: &str) -> bool {
    let style = attribute(raw, "style")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    style.contains("display:none")
        || attribute(raw, "hidden").is_some()
        || attribute(raw, "aria-hidden").is_some_and(|value| value == "true")
}

/// The words of a name, lower case, numbers at their end dropped: `relNews_ad01` is `rel`, `news`, `ad`.
fn push_words(name: &str, words: &mut Vec<String>) {
    let mut word = String::new();
    let mut close = |word: &mut String| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if !bare.is_empty() && words.len() < 64 {
            words.push(bare.to_ascii_lowercase());
        }
        word.clear();
    };
    let mut before = ' ';
    for c in name.chars().take(400) {
        if !c.is_ascii_alphanumeric() || (before.is_ascii_lowercase() && c.is_ascii_uppercase()) {
            close(&mut word);
        }
        if c.is_ascii_alphanumeric() {
            word.push(c);
        }
        before = c;
    }
    close(&mut word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let mut words = Vec::new();
        push_words("relNews_ad01 articleBodyContents", &mut words);
        assert_eq!(words, ["rel", "news", "ad", "article", "body", "contents"]);
    }

    #[test]
    fn names_tell_the_article_from_what_stands_around_it() {
        for (name, raw, body, around) in [
            ("div", "id=\"article_body\"", true, false),
            ("div", "class=\"article_txt\"", true, false),
            ("div", "id=articleBodyContents", true, false),
            ("div", "class='x' itemprop=\"articleBody\"", true, false),
            ("div", "id=\"article-view-content-div\"", true, false),
            ("article", "class=\"story-news article\"", true, false),
            ("div", "class=\"article_relation\"", false, true),
            ("div", "class=\"newsrelatedlist\"", false, true),
            ("div", "id=\"view_ad01\"", false, true),
            ("div", "class=\"header-load\"", false, false),
            ("div", "class=\"commentary\"", false, false),
            ("div", "class=\"comment_area\"", false, true),
            ("div", "class=\"main side\"", false, false),
            ("div", "class=\"side\"", false, true),
            ("div", "style=\"color:red; display : none\"", false, true),
            ("div", "role=\"navigation\"", false, true),
            (
                "article",
                "class=\"post tag-trade category-ads\"",
                false,
                false,
            ),
            ("amp-ad", "", false, true),
            ("div", "", false, false),
        ] {
            assert_eq!(
                (is_body(raw), is_around(name, raw)),
                (body, around),
                "{name} {raw}"
            );
        }
    }
}
