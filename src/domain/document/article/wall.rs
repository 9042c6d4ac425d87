//! What is no article though it has words: logins, cookie questions, puzzles, missing pages, notices of rights.
//!
//! Phrases in the languages of many publishers. A long text is judged by how often they come, never by one.

use url::Url;

use super::choose::weight;
use super::identity;

/// A page that wants to know whether a person reads it.
pub(super) const PUZZLE: &str = "a puzzle or a check of the browser stands before the article";
/// A page that says that there is none.
pub(super) const MISSING: &str = "the page says that the article is not there";
/// A login or a sale.
const LOGIN: &str = "a login or a subscription stands before the article";
/// A question about cookies.
const COOKIES: &str = "a question about cookies stands before the article";
/// Redirected to where nothing in particular stands.
const FRONT: &str = "the link leads to a front page, not to an article";

/// Text above which no single phrase proves anything.
const BRIEF: usize = 400;

/// Text above which it is an article, whatever it says.
const LONGEST: usize = 20_000;

const PUZZLES: &[&str] = &[
    "access denied",
    "are you a robot",
    "captcha",
    "checking your browser",
    "enable javascript",
    "javascript is disabled",
    "unusual traffic",
    "verify you are human",
    "verifying you are human",
    "자동등록방지",
    "자바스크립트를 활성화",
    "javascriptを有効",
    "włącz javascript",
    "تفعيل جافا سكريبت",
];

const ABSENT: &[&str] = &[
    "404 error",
    "404 not found",
    "page not found",
    "page you requested",
    "삭제된 기사",
    "존재하지 않는",
    "찾을 수 없습니다",
    "ページが見つかりません",
    "お探しのページ",
    "strona nie istnieje",
    "nie znaleziono strony",
    "الصفحة غير موجودة",
    "لم يتم العثور",
];

const LOGINS: &[&str] = &[
    "already a subscriber",
    "create an account",
    "log in",
    "login",
    "sign in",
    "sign up",
    "subscribe to continue",
    "subscribers only",
    "to continue reading",
    "구독자 전용",
    "로그인",
    "비밀번호",
    "유료 회원",
    "유료회원",
    "회원 전용",
    "회원가입",
    "ログイン",
    "会員限定",
    "有料会員",
    "会員登録",
    "zaloguj",
    "załóż konto",
    "dla subskrybentów",
    "تسجيل الدخول",
    "للمشتركين",
    "إنشاء حساب",
];

const COOKIE: &[&str] = &[
    "cookie",
    "쿠키",
    "クッキー",
    "ciasteczk",
    "ملفات تعريف الارتباط",
    "gdpr",
    "개인정보 수집",
];

/// What rights and advertisements say on a line of their own.
const RIGHTS: &[&str] = &[
    "all rights reserved",
    "copyright",
    "©",
    "ⓒ",
    "(c)",
    "무단 전재",
    "무단전재",
    "재배포 금지",
    "재배포금지",
    "저작권자",
    "無断転載",
    "無断複製",
    "無断での転載",
    "prawa zastrzeżone",
    "جميع الحقوق محفوظة",
];

/// Lines that say no more than this are none of the article's.
const LABELS: &[&str] = &[
    "ad",
    "ads",
    "advertisement",
    "advertising",
    "sponsored",
    "story continues below advertisement",
    "광고",
    "ad 광고",
    "広告",
    "スポンサーリンク",
    "reklama",
    "إعلان",
    "읽어주세요",
    "본문 듣기",
];

/// Paths that lead to a login or a consent page.
const GATES: &[&str] = &[
    "account",
    "accounts",
    "auth",
    "consent",
    "cookie-consent",
    "login",
    "login.do",
    "login.html",
    "login.php",
    "signin",
    "sign-in",
    "sso",
    "subscribe",
    "captcha",
];

/// What stands at the address to which the link led, where the address tells.
pub(super) fn of_address(linked: &str, found: &str) -> Option<&'static str> {
    let (linked, target) = (Url::parse(linked).ok()?, Url::parse(found).ok()?);
    if linked == target {
        return None;
    }
    let canonical = identity::canonical_url(found);
    if identity::is_front_page(&canonical) {
        return Some(FRONT);
    }
    let is_gate = |word: &str| GATES.contains(&word.to_ascii_lowercase().as_str());
    let path = target
        .path_segments()
        .is_some_and(|mut parts| parts.any(is_gate));
    let host = target
        .host_str()
        .and_then(|host| host.split('.').next())
        .is_some_and(is_gate);
    let moved = linked.path() != target.path() || linked.host_str() != target.host_str();
    ((path || host) && moved).then_some(LOGIN)
}

/// What the page is instead of an article.
pub(super) fn of_page(title: &str, text: &str, has_password: bool) -> Option<&'static str> {
    let size = weight(text);
    if size > LONGEST {
        return None;
    }
    let lower = text.to_lowercase();
    let brief = size < BRIEF;
    let count = |phrases: &[&str]| -> usize {
        phrases
            .iter()
            .map(|phrase| lower.matches(phrase).count())
            .sum()
    };
    let names = |text: &str, phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    let title = title.to_lowercase();
    // One in so much text is what an article about the matter has at most.
    let often = |found: usize| found >= 2 && found * 120 > size;
    if brief && (names(&lower, PUZZLES) || names(&title, PUZZLES)) {
        return Some(PUZZLE);
    }
    if brief && (names(&lower, ABSENT) || names(&title, ABSENT)) {
        return Some(MISSING);
    }
    let cookies = count(COOKIE);
    if often(cookies) || (brief && cookies > 0) {
        return Some(COOKIES);
    }
    let logins = count(LOGINS);
    if often(logins) || (brief && logins > 0) || (has_password && size < BRIEF / 2) {
        return Some(LOGIN);
    }
    None
}

/// True for a line that is a notice: rights, an address of the reporter, a label of an advertisement.
pub(super) fn is_notice(line: &str) -> bool {
    let size = weight(line);
    if size > 240 {
        return false;
    }
    let lower = line.trim().to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    LABELS.contains(&bare)
        || (size < 160 && RIGHTS.iter().any(|right| lower.contains(right)))
        || (size < 80 && is_address(&lower))
}

/// A line with a mail address: who wrote it.
fn is_address(line: &str) -> bool {
    line.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && host.is_ascii() && !host.starts_with('.')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_gates_and_front_pages() {
        for (linked, found, wall) in [
            ("https://n.example/a/1", "https://n.example/a/1", None),
            (
                "https://n.example/a/1",
                "https://www.n.example/a/1?ref=x",
                None,
            ),
            ("https://n.example/a/1", "https://n.example/", Some(FRONT)),
            (
                "https://n.example/a/1",
                "https://n.example/login?next=/a/1",
                Some(LOGIN),
            ),
            (
                "https://n.example/a/1",
                "https://consent.n.example/v2?continue=x",
                Some(LOGIN),
            ),
            (
                "https://n.example/login/1",
                "https://n.example/login/1",
                None,
            ),
        ] {
            assert_eq!(of_address(linked, found), wall, "{found}");
        }
    }

    #[test]
    fn notices_are_lines_of_their_own() {
        for (line, notice) in [
            ("<저작권자(c) 뉴스, 무단 전재-재배포 금지>", true),
            ("홍길동 기자 hong@daily.example", true),
            ("ADVERTISEMENT", true),
            ("[광고]", true),
            ("© 2026 The Paper", true),
            (
                "문의는 desk@daily.example 로 보내면 된다고 회사 쪽이 밝혔으며 접수는 이달 말까지 이어지고 결과는 다음 달 초에 개별적으로 통보될 예정이라고 한다",
                false,
            ),
            ("광고 시장이 커졌다.", false),
            ("The company signed the contract.", false),
        ] {
            assert_eq!(is_notice(line), notice, "{line}");
        }
    }

    #[test]
    fn an_article_about_logins_is_an_article() {
        let sentence =
            "The ministry of trade published the figures of the last quarter on Monday. ";
        let long = format!("{} Readers log in with one account.", sentence.repeat(12));
        assert_eq!(of_page("Figures", &long, true), None);
        assert_eq!(of_page("Figures", "Log in to read on.", false), Some(LOGIN));
        assert_eq!(
            of_page(
                "Just a moment",
                "Checking your browser before you go on.",
                false
            ),
            Some(PUZZLE)
        );
        assert_eq!(
            of_page("Page not found", "Try the search.", false),
            Some(MISSING)
        );
        let consent =
            "We and our partners store cookies. You may refuse cookies here. Cookies help us. "
                .repeat(8);
        assert_eq!(of_page("The Paper", &consent, false), Some(COOKIES));
    }
}
