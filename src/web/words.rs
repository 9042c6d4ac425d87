//! Every text of the pages, in English and in Korean, in one table: a missing one does not compile.
//!
//! Codes that the store keeps (reasons, outcomes, severities) are put into words here too. What comes as a sentence from the
//! domain, in English, has its meaning by code or kind in `diagnostics` and `conditions`.

pub mod conditions;
pub mod diagnostics;

use super::lang::Lang;

macro_rules! words {
    ($($id:ident = $en:literal, $ko:literal;)*) => {
        /// A text of the pages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum W { $($id),* }

        impl W {
            /// All of them.
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The text in a language.
            pub fn get(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$id, Lang::En) => $en, (Self::$id, Lang::Ko) => $ko,)*
                }
            }
        }
    };
}

words! {
    Overview = "Overview", "개요";
    Stories = "Stories", "기사 묶음";
    Story = "Story", "기사 묶음";
    Alerts = "Alerts", "알림";
    Alert = "Alert", "알림";
    Entries = "Entries", "기사";
    Entry = "Entry", "기사";
    Rules = "Rules", "규칙";
    Rule = "Rule", "규칙";
    Entities = "Entities", "개체";
    Entity = "Entity", "개체";
    Feeds = "Feeds", "피드";
    Feed = "Feed", "피드";
    Receivers = "Receivers", "수신처";
    Receiver = "Receiver", "수신처";
    System = "System", "시스템";
    Silences = "Silences", "음소거";
    InForce = "in force", "적용 중";
    NoSilence = "No silence is in force: every alert is told.", "적용 중인 음소거가 없습니다. 모든 알림을 보냅니다.";
    NewSilence = "New silence", "새 음소거";
    SilenceThis = "Silence", "음소거";
    TrySilence = "What would it hold?", "무엇을 붙잡는지 보기";
    SilenceHint = "What is left blank does not matter; what is filled in must all fit. Alerts are still kept: one message at the end lists what was held.", "비운 칸은 따지지 않고, 채운 칸은 모두 맞아야 합니다. 알림은 계속 기록되며, 끝날 때 붙잡은 것을 메시지 하나로 알려 줍니다.";
    Begins = "From", "시작";
    Ends = "Until", "끝";
    Lasts = "For", "기간";
    OrUntil = "or until", "또는 끝나는 때";
    HoldsNow = "Holds / held", "붙잡음 / 누계";
    Author = "Author", "작성자";
    Comment = "Comment", "메모";
    EndNow = "End", "끝내기";
    SendHeld = "send what it held", "붙잡은 것 보내기";
    MessagesWait = "Messages that wait", "기다리는 메시지";
    NoAlert = "Matches that raised no alert", "알림이 되지 않은 일치";
    SinceWhen = "Since", "언제부터";
    Size = "Size", "크기";
    Conditions = "What is wrong", "이상 상태";
    NoConditions = "No condition is firing.", "이상 상태가 없습니다.";
    Subject = "About", "대상";
    DiskFree = "free on the disk", "디스크 여유";
    Schema = "Schema", "스키마";
    SearchIndex = "Search index", "검색 색인";
    ToBeIndexed = "entries to be indexed", "건 색인 대기";
    Voices = "Told in their own words by", "저마다 쓴 매체";
    Edited = "What people changed", "사람이 바꾼 것";
    MergeWith = "Number of a story that is the same", "같은 기사 묶음의 번호";
    LedTo = "Led to", "결과";
    Whom = "To whom", "누구에게";
    AllMeant = "all it was meant for", "원래 받을 곳 모두";
    Help = "Help", "도움말";
    Settings = "Settings", "설정";
    SignIn = "Sign in", "로그인";
    SignOut = "Sign out", "로그아웃";
    Token = "Token", "토큰";
    TokenHint = "One of the tokens of [web] in the configuration.", "설정 파일 [web]에 적힌 토큰입니다.";
    WrongToken = "That is not a token of this desk.", "등록된 토큰이 아닙니다.";
    TooManyTries = "Too many tries. Wait a minute.", "시도가 너무 많습니다. 잠시 후 다시 하세요.";
    SkipToContent = "Skip to content", "본문으로 건너뛰기";
    Language = "Language", "언어";
    Theme = "Theme", "화면";
    Light = "Light", "밝게";
    Dark = "Dark", "어둡게";
    Auto = "As the system", "시스템 설정";
    TimeZone = "Time zone", "시간대";
    TimesIn = "Times in", "시각 기준:";
    Save = "Save", "저장";
    Search = "Search", "검색";
    Filter = "Filter", "거르기";
    All = "all", "전체";
    Older = "Older", "이전 항목";
    Newest = "Newest", "최신 항목";
    NothingHere = "Nothing here.", "항목이 없습니다.";
    NothingYet = "Nothing yet. Once feeds have been polled and a rule matches, it shows here.", "아직 없습니다. 피드를 읽고 규칙에 맞는 기사가 나오면 여기에 보입니다.";
    Time = "Time", "시각";
    Title = "Title", "제목";
    Severity = "Severity", "중요도";
    Reason = "Reason", "사유";
    State = "State", "상태";
    Why = "Why", "이유";
    When = "When", "언제";
    Who = "Who", "누가";
    What = "What", "무엇";
    Count = "Count", "수";
    Id = "Id", "식별자";
    Kind = "Kind", "종류";
    Origin = "Origin", "출처";
    OriginFile = "config file, read-only here", "설정 파일 (여기서는 읽기 전용)";
    OriginApi = "added here", "여기서 추가함";
    Query = "Query", "검색식";
    Classes = "Classes", "분류";
    Names = "Names", "이름";
    Tags = "Tags", "태그";
    Published = "Published", "발행";
    FirstSeen = "First seen", "처음 본 때";
    LastSeen = "Last seen", "마지막으로 본 때";
    Authors = "Authors", "글쓴이";
    Categories = "Categories", "분류 표시";
    Text = "Text", "본문";
    FullText = "Full text", "기사 전문";
    Evidence = "Why it matched", "맞은 근거";
    Deliveries = "Deliveries", "전달";
    Attempts = "Attempts", "시도";
    Answer = "Answer", "응답";
    Acknowledge = "Acknowledge", "확인함";
    Acknowledged = "Acknowledged", "확인됨";
    Useful = "Useful", "쓸모 있음";
    Noise = "Noise", "잡음";
    Mark = "Mark", "평가";
    Resend = "Send again", "다시 보내기";
    OpenOriginal = "Open the article", "원문 열기";
    SameStory = "Same story", "같은 기사 묶음";
    Explain = "Explain", "설명";
    ExplainAgainst = "Explain against rule", "규칙과 견주어 설명";
    Clause = "Clause", "절";
    Holds = "holds", "맞음";
    HoldsNot = "does not hold", "맞지 않음";
    Matches = "matches", "맞습니다";
    MatchesNot = "does not match", "맞지 않습니다";
    MatchedRules = "Rules it matched", "맞은 규칙";
    Held = "held back", "보류";
    Mentions = "Entities named", "언급된 개체";
    Revisions = "Earlier versions", "이전 판";
    LoadImages = "Load the publisher's images", "발행처 이미지 불러오기";
    ImagesOff = "Images are not loaded: publishers would see who reads.", "이미지는 불러오지 않습니다. 발행처가 읽는 사람을 알 수 있기 때문입니다.";
    HitsADay = "Hits a day", "하루 일치 수";
    AlertsADay = "Alerts a day, by rule", "하루 알림 수 (규칙별)";
    EntriesADay = "Entries a day", "하루 기사 수";
    EntriesOfDay = "entries in 24 hours", "24시간 기사";
    Last30Days = "last 30 days", "최근 30일";
    Precision = "Precision", "정밀도";
    PrecisionUnknown = "no marks yet", "아직 평가 없음";
    NoiseBy = "What brings the noise", "잡음의 원인";
    LastHit = "Last hit", "마지막 일치";
    ShareOfEntries = "Share of entries", "기사 중 비율";
    Workshop = "Workshop", "작업대";
    NewRule = "New rule", "새 규칙";
    EditRule = "Edit", "고치기";
    Backtest = "Backtest", "과거 기사로 시험";
    BacktestOver = "Days back", "거슬러 볼 일수";
    Tried = "entries tried", "시험한 기사";
    Matched = "matched", "일치";
    NewlyMatched = "Newly matched", "새로 맞는 기사";
    NoLonger = "No longer matched", "더는 맞지 않는 기사";
    Examples = "Examples", "예";
    SaveRule = "Save as a rule", "규칙으로 저장";
    CopyToml = "For a config file", "설정 파일용";
    QueryFine = "The query can be used.", "쓸 수 있는 검색식입니다.";
    DeleteRule = "Delete this rule", "이 규칙 지우기";
    SaveAsRule = "Make a rule of this search", "이 검색을 규칙으로";
    Enabled = "Enabled", "켜짐";
    Disabled = "switched off", "꺼짐";
    Notify = "Speaks", "알림 방식";
    Activity = "Activity", "활동";
    SeenTogether = "Seen together", "함께 언급됨";
    AddAlias = "Add a name", "이름 추가";
    AliasHint = "Another name by which texts call it; matched from now on.", "기사에서 부르는 다른 이름입니다. 지금부터 이 이름도 찾습니다.";
    Health = "Health", "상태";
    LastPolls = "Last polls", "최근 수집";
    NextPoll = "Next poll", "다음 수집";
    PollNow = "Poll now", "지금 수집";
    AddFeed = "Add a feed", "피드 추가";
    AddFeedHint = "Any address: of a feed, or of a page that names one.", "피드 주소나, 피드를 알려 주는 웹페이지 주소를 넣으세요.";
    Look = "Look", "살펴보기";
    Add = "Add", "추가";
    Remove = "Remove", "제거";
    ImportOpml = "Import a list", "목록 가져오기";
    ExportOpml = "Export as OPML", "OPML로 내보내기";
    Delay = "From publishing to polling", "발행에서 수집까지";
    EntriesLabel = "Entries", "기사";
    OfThisFeed = "Entries of this feed", "이 피드의 기사";
    FeedsFound = "Feeds found", "찾은 피드";
    NoFeedFound = "No feed was found there", "피드를 찾지 못했습니다";
    Preview = "Preview", "미리 보기";
    WhatToDo = "What to do", "할 일";
    Duration = "Took", "걸린 시간";
    Bytes = "Bytes", "바이트";
    New = "New", "새 기사";
    Outcome = "Outcome", "결과";
    Note = "Note", "비고";
    TestReceiver = "Send a test", "시험 보내기";
    LastSuccess = "Last success", "마지막 성공";
    LastError = "Last error", "마지막 오류";
    Default = "Default", "기본";
    From = "From", "부터";
    Until = "Until", "까지";
    Tasks = "Tasks", "작업";
    Store = "Store", "저장소";
    Changes = "Changes", "변경 기록";
    Version = "Version", "버전";
    AllWell = "The daemon does its work.", "데몬이 제 일을 하고 있습니다.";
    ExactCase = "as written, with its case", "대소문자까지 쓴 그대로";
    Started = "Started", "시작";
    Configured = "Configured", "설정";
    Reloaded = "Reloaded", "다시 읽음";
    LastDone = "Last done", "마지막 완료";
    AtLatest = "At the latest after", "늦어도";
    WouldGo = "Where an alert of now would go", "지금 알림이 가는 곳";
    ToldAtOnce = "at once", "바로";
    NotTold = "not told", "보내지 않음";
    OnlyFor = "only entries that match", "이 검색식에 맞는 기사만";
    PerhapsSilenced = "unless the query of a silence fits:", "음소거 검색식에 맞으면 보류:";
    ToNobody = "To nobody: the rule names no receiver, and none is a default one.", "아무 데도 가지 않습니다. 규칙에 수신처가 없고, 기본 수신처도 없습니다.";
    Trouble = "Something is wrong", "문제가 있습니다";
    Coverage = "Coverage", "수집 현황";
    FeedsRead = "feeds read in their interval", "제때 읽은 피드";
    OldestOwed = "oldest undelivered alert", "가장 오래 못 보낸 알림";
    OutputFeeds = "Subscribe", "구독";
    FeedKey = "Key of the output feeds", "출력 피드 열쇠";
    FeedKeyHint = "Readers that cannot send a token append ?key= to a feed's address. It opens nothing else.", "토큰을 보낼 수 없는 리더는 피드 주소에 ?key= 를 붙입니다. 다른 것은 열 수 없습니다.";
    SearchHint = "A query as in rules: words, \"phrases\", AND OR NOT, NEAR, @entity, #class, title:, lang:ko …", "규칙과 같은 검색식: 낱말, \"구\", AND OR NOT, NEAR, @개체, #분류, title:, lang:ko …";
    SearchStopped = "Searching stopped at its time limit; older entries may match too.", "시간 제한에서 검색을 멈췄습니다. 더 오래된 기사도 맞을 수 있습니다.";
    QueryUnfit = "The query cannot be used", "쓸 수 없는 검색식입니다";
    GoOn = "Go on searching", "계속 검색";
    ReadOnly = "Your token may look, not change.", "이 토큰은 보기만 할 수 있습니다.";
    Done = "Done.", "처리했습니다.";
    WrongValue = "What was asked for cannot be used", "요청한 값을 쓸 수 없습니다.";
    Forbidden = "That is not allowed", "허용되지 않습니다.";
    NothingThere = "There is nothing there", "그곳에는 아무것도 없습니다.";
    NotFromHere = "That cannot be done here", "여기서는 할 수 없습니다.";
    NoStore = "The store does not answer now", "지금 저장소가 응답하지 않습니다.";
    NotFound = "There is no such page.", "그런 페이지가 없습니다.";
    Error = "That did not work", "처리하지 못했습니다";
    Untold = "Nobody was told", "알린 곳 없음";
    AlertsOfStory = "Alerts", "알림";
    Timeline = "Timeline", "시간 흐름";
    Split = "Take out", "떼어 내기";
    Merge = "Make one", "하나로 묶기";
    Related = "Other stories of the same", "관련된 다른 묶음";
    SameStoryWhy = "Why the same story", "같은 묶음인 까닭";
    FewerFilters = "Clear filters", "조건 지우기";
    OnlyUnacked = "not acknowledged", "미확인만";
    OnlyDead = "with a delivery given up", "전달 포기가 있는 것";
    HeldMatches = "Held back", "보류된 일치";
    RecentAlerts = "Latest alerts", "최근 알림";
    RecentStories = "Latest stories", "최근 기사 묶음";
    Escape = "Keyboard", "키보드";
    Language_ = "Rule language", "규칙 언어";
    Fields = "Fields", "필드";
    SaveChanges = "Save changes", "변경 저장";
    Severities = "at least", "이상";
    Since = "Since", "부터";
    Url = "Address", "주소";
    ThemeHint = "Kept in this browser only.", "이 브라우저에만 저장됩니다.";
    Retired = "not configured any more", "더는 설정에 없음";
    Compare = "Compared with the saved rule", "저장된 규칙과 견줌";
}

/// Codes of the store in words; a code that is not here is shown as it is.
const CODES: &[(&str, &str, &str)] = &[
    ("info", "info", "참고"),
    ("low", "low", "낮음"),
    ("medium", "medium", "보통"),
    ("high", "high", "높음"),
    ("critical", "critical", "긴급"),
    ("new-story", "new story", "새 기사 묶음"),
    ("new-entry", "new entry", "새 기사"),
    ("revision", "changed so that it matches", "고쳐진 뒤 일치"),
    ("escalation", "more owners carry it", "여러 매체로 확산"),
    ("digest", "digest", "모아 보기"),
    ("health", "health", "상태 이상"),
    ("resolved", "right again", "정상 회복"),
    ("acknowledged", "acknowledged", "확인됨"),
    (
        "backlog",
        "published long before it was seen",
        "오래전에 발행됨",
    ),
    (
        "folded",
        "a copy: its story was told",
        "이미 알린 기사의 사본",
    ),
    (
        "known",
        "the same content was told before",
        "같은 내용을 이미 알림",
    ),
    ("silenced", "silenced", "음소거됨"),
    (
        "throttled",
        "over the rule's throttle",
        "규칙의 한도를 넘음",
    ),
    (
        "inhibited",
        "another rule has told of it",
        "다른 규칙이 이미 알림",
    ),
    ("active", "active", "적용 중"),
    ("pending", "not yet", "시작 전"),
    ("over", "over", "끝남"),
    ("silent", "silent", "새 글 없음"),
    ("merge", "joined by people", "사람이 묶음"),
    ("split", "taken out by people", "사람이 떼어 냄"),
    ("held", "held", "보류"),
    ("due", "to be sent", "보낼 예정"),
    ("sending", "on its way", "보내는 중"),
    ("delivered", "delivered", "전달됨"),
    ("dead", "given up", "포기함"),
    ("cancelled", "not sent", "보내지 않음"),
    ("ok", "ok", "정상"),
    ("failing", "failing", "실패 중"),
    ("gone", "gone", "사라짐"),
    ("disabled", "switched off", "꺼짐"),
    ("new", "new", "새로 추가됨"),
    ("unreachable", "no network", "네트워크 없음"),
    ("feed-failing", "feed fails", "피드 실패"),
    ("not-a-feed", "page instead of a feed", "피드가 아님"),
    ("feed-gone", "feed gone", "피드 사라짐"),
    ("feed-moved", "feed moved", "피드 이사"),
    ("feed-empty", "feed empty", "빈 피드"),
    ("feed-silent", "feed silent", "피드 새 글 없음"),
    ("polls-behind", "polls late", "수집 지연"),
    ("receiver-failing", "receiver fails", "수신처 실패"),
    ("receiver-gone", "receiver gone", "수신처 사라짐"),
    ("outbox-late", "messages late", "메시지 지연"),
    ("dead-letters", "deliveries given up", "포기한 전달"),
    ("template-failing", "template failing", "서식 오류"),
    ("all-well", "all is well", "정상 작동"),
    ("store-failing", "store fails", "저장소 실패"),
    ("disk-full", "disk nearly full", "디스크 부족"),
    ("clock-jumped", "clock jumped", "시계 변동"),
    ("config-refused", "config refused", "설정 거부됨"),
    ("rule-stopped", "rule stopped matching", "규칙 일치 중단"),
    ("rule-broad", "rule too broad", "규칙이 너무 넓음"),
    ("rule-silent", "rule silent", "규칙 일치 없음"),
    ("useful", "useful", "쓸모 있음"),
    ("noise", "noise", "잡음"),
    ("story", "once a story", "기사 묶음마다 한 번"),
    ("entry", "once an entry", "기사마다"),
    ("first", "began it", "처음 기사"),
    ("url", "same address", "같은 주소"),
    ("title", "same title", "같은 제목"),
    ("headline", "headlines alike", "제목이 비슷함"),
    ("text", "one text stands in the other", "본문이 겹침"),
    ("entities", "the same people and things", "같은 사람과 대상"),
    ("not_modified", "not modified", "변경 없음"),
    ("ok_new", "new entries", "새 기사 있음"),
    ("ok_same", "nothing new", "새 기사 없음"),
    ("rate_limited", "asked to wait", "잠시 기다리라 함"),
    ("http_error", "refused by the server", "서버 오류 응답"),
    ("net_error", "not reached", "연결 실패"),
    ("tls_error", "bad certificate", "인증서 오류"),
    ("too_large", "too large", "너무 큼"),
    ("not_a_feed", "not a feed", "피드가 아님"),
    ("parse_error", "not readable", "읽을 수 없음"),
    ("redirect_error", "bad redirect", "잘못된 이동"),
    ("refused", "not allowed here", "접근 금지 주소"),
    ("offline", "this machine is offline", "오프라인"),
    ("later", "later", "나중에 다시"),
    ("permanent", "refused for good", "완전히 거절됨"),
    ("interval", "the configured interval", "설정된 주기"),
    ("learned", "its own rhythm", "피드의 흐름에 맞춤"),
    ("floor", "not more often", "가장 짧은 주기"),
    ("ceiling", "not less often", "가장 긴 주기"),
    ("gap", "something was missed", "빠진 기사가 있었음"),
    ("gap_guard", "so that nothing is missed", "빠뜨리지 않도록"),
    ("fresh", "fresh until then", "그때까지 유효하다 함"),
    ("ttl", "its ttl", "피드의 ttl"),
    (
        "skip",
        "its skipHours or skipDays",
        "피드의 skipHours, skipDays",
    ),
    ("retry_after", "its Retry-After", "Retry-After 요청"),
    ("back_off", "after failures", "실패 뒤 늦춤"),
    (
        "interrupted",
        "the last poll was cut off",
        "지난 수집이 끊김",
    ),
    ("pushed", "its hub pushes", "허브가 알려 줌"),
];

/// A code in words.
pub fn code(code: &str, lang: Lang) -> &str {
    CODES
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or(code, |(_, en, ko)| match lang {
            Lang::En => en,
            Lang::Ko => ko,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::schedule::Why;

    #[test]
    fn every_reason_for_the_next_poll_is_put_into_words() {
        for why in [
            Why::New,
            Why::Interval,
            Why::Learned,
            Why::Floor,
            Why::Ceiling,
            Why::Gap,
            Why::GapGuard,
            Why::Fresh,
            Why::Ttl,
            Why::Skip,
            Why::RetryAfter,
            Why::BackOff,
            Why::Interrupted,
            Why::Gone,
            Why::Pushed,
            Why::Offline,
        ] {
            let spelt = serde_json::to_value(why).unwrap();
            let spelt = spelt.as_str().unwrap();
            assert_ne!(code(spelt, Lang::Ko), spelt);
        }
    }

    #[test]
    fn every_text_is_there_in_both_languages_and_korean_is_korean() {
        for word in W::ALL {
            assert!(!word.get(Lang::En).is_empty(), "{word:?}");
            let korean = word.get(Lang::Ko);
            assert!(
                korean.chars().any(|c| ('가'..='힣').contains(&c)),
                "{word:?}: {korean}"
            );
        }
        for (code, _, korean) in CODES {
            assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(code("new-story", Lang::Ko), "새 기사 묶음");
        assert_eq!(code("something", Lang::Ko), "something");
    }
}
