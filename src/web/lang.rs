//! Which language people read, and every text of the pages in both.
//!
//! What feeds say is never translated. Words are in `words`; here is how one is chosen.

use axum::http::HeaderMap;
use axum::http::header;

/// The languages of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Lang {
    /// BCP 47.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// The language of a code, `ko-KR` too.
    pub fn from_code(code: &str) -> Option<Self> {
        let primary = code.trim().split('-').next().unwrap_or_default();
        [Self::En, Self::Ko]
            .into_iter()
            .find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// What a browser prefers (RFC 9110 12.5.4); the first of equal weight wins.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut best: Option<(Self, f32)> = None;
        for part in accepted.split(',').take(20) {
            let (code, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest
                .trim()
                .strip_prefix("q=")
                .and_then(|weight| weight.parse().ok())
                .unwrap_or(1.0);
            if let Some(lang) = Self::from_code(code)
                && weight > 0.0
                && best.is_none_or(|(_, other)| weight > other)
            {
                best = Some((lang, weight));
            }
        }
        best.map_or(Self::En, |(lang, _)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_first_choice_wins() {
        for (accepted, expected) in [
            ("ko-KR,ko;q=0.9,en;q=0.8", Lang::Ko),
            ("en-GB,ko;q=0.9", Lang::En),
            ("de,ko;q=0.3,en;q=0.2", Lang::Ko),
            ("fr", Lang::En),
            ("", Lang::En),
            ("ko;q=0", Lang::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Lang::of_headers(&headers), expected, "{accepted}");
        }
    }
}
