//! The words around an alert, in the receiver's language, and times in the receiver's zone (DLV-72, DLV-73).
//!
//! Content stays in its own language. Korean labels avoid particles, so that no name needs a choice of one.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Reason;
use super::escalate::Step;
use crate::domain::rule::Severity;

/// The language of labels, times and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Language {
    /// The language spelt so in config, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "en" => Some(Self::En),
            "ko" => Some(Self::Ko),
            _ => None,
        }
    }
}

/// How a receiver wants to be spoken to.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language of labels.
    pub language: Language,
    /// The zone of times.
    pub zone: TimeZone,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [(&str, &str); 7] = [
    ("Mon", "월"),
    ("Tue", "화"),
    ("Wed", "수"),
    ("Thu", "목"),
    ("Fri", "금"),
    ("Sat", "토"),
    ("Sun", "일"),
];

impl Frame {
    fn pick<'a>(&self, en: &'a str, ko: &'a str) -> &'a str {
        match self.language {
            Language::En => en,
            Language::Ko => ko,
        }
    }

    fn say(&self, en: String, ko: String) -> String {
        match self.language {
            Language::En => en,
            Language::Ko => ko,
        }
    }

    /// `Tue 24 Nov 10:02 KST · 8 min ago`, `11월 24일(화) 10:02 KST · 8분 전`; the year where it is another.
    #[must_use]
    pub fn time(&self, at: Timestamp, now: Timestamp) -> String {
        let local = at.to_zoned_datetime(self.zone.clone());
        let other_year = local.year() != now.to_zoned_datetime(self.zone.clone()).year();
        let (year, month, day) = (local.year(), local.month(), local.day());
        let name = usize::try_from(local.weekday().to_monday_zero_offset())
            .map_or(("", ""), |day| DAYS[day.min(6)]);
        let clock = local.strftime("%H:%M %Z");
        let month_name = usize::try_from(month - 1).map_or("", |month| MONTHS[month.min(11)]);
        let when = match (self.language, other_year) {
            (Language::En, false) => format!("{} {day} {month_name} {clock}", name.0),
            (Language::En, true) => format!("{} {day} {month_name} {year} {clock}", name.0),
            (Language::Ko, false) => format!("{month}월 {day}일({}) {clock}", name.1),
            (Language::Ko, true) => format!("{year}년 {month}월 {day}일({}) {clock}", name.1),
        };
        match self.age(now.duration_since(at)) {
            Some(age) => format!("{when} · {age}"),
            None => when,
        }
    }

    /// How long ago: `just now`, `8 min ago`; nothing for what is still to come.
    fn age(&self, age: SignedDuration) -> Option<String> {
        let seconds = age.as_secs();
        if seconds < -60 {
            return None;
        }
        if seconds < 60 {
            return Some(self.pick("just now", "방금").to_owned());
        }
        let span = self.span(age);
        Some(self.say(format!("{span} ago"), format!("{span} 전")))
    }

    /// A length of time in its largest unit: `8 min`, `7 h`, `3 d`.
    #[must_use]
    pub fn span(&self, span: SignedDuration) -> String {
        let minutes = span.as_mins();
        let (count, en, ko) = match minutes {
            ..=59 => (minutes, "min", "분"),
            60..=2_879 => (minutes / 60, "h", "시간"),
            _ => (minutes / 1_440, "d", "일"),
        };
        self.say(format!("{count} {en}"), format!("{count}{ko}"))
    }

    /// Says that a message comes late since the receiver could not be reached.
    #[must_use]
    pub fn late(&self, by: SignedDuration) -> String {
        let span = self.span(by);
        self.say(
            format!("late by {span}: the receiver could not be reached"),
            format!("{span} 늦게 전달: 수신처 연결 불가"),
        )
    }

    /// The severity as a word.
    #[must_use]
    pub fn severity(&self, severity: Severity) -> &'static str {
        match (self.language, severity) {
            (Language::En, severity) => severity.as_str(),
            (Language::Ko, Severity::Info) => "참고",
            (Language::Ko, Severity::Low) => "낮음",
            (Language::Ko, Severity::Medium) => "보통",
            (Language::Ko, Severity::High) => "높음",
            (Language::Ko, Severity::Critical) => "긴급",
        }
    }

    /// A remark on an alert's reason, where it is not just news.
    #[must_use]
    pub fn remark(&self, reason: Reason, step: Option<Step>) -> Option<String> {
        let text = match reason {
            Reason::Revision => Some(self.pick("changed entry", "수정된 기사")),
            Reason::Acknowledged => Some(self.pick("acknowledged", "확인됨")),
            Reason::Escalation => match step {
                Some(Step::Owners) => Some(self.pick("more sources carry it", "여러 매체 보도")),
                Some(Step::Unacked) => {
                    Some(self.pick("nobody has acknowledged it", "확인한 사람 없음"))
                }
                Some(Step::Remind(nth)) => return Some(self.reminder(nth)),
                // A story whose beginning has moved since.
                None => Some(self.pick("told again", "다시 알림")),
            },
            Reason::NewStory
            | Reason::NewEntry
            | Reason::Digest
            | Reason::Health
            | Reason::Resolved => None,
        };
        text.map(str::to_owned)
    }

    fn reminder(&self, nth: u8) -> String {
        self.say(
            format!("reminder {nth}: nobody has acknowledged it"),
            format!("재알림 {nth}: 확인한 사람 없음"),
        )
    }

    /// `+3 feeds`.
    #[must_use]
    pub fn more_feeds(&self, count: usize) -> String {
        let feeds = if count == 1 { "feed" } else { "feeds" };
        self.say(format!("+{count} {feeds}"), format!("+{count} 매체"))
    }

    /// `first seen …`.
    #[must_use]
    pub fn first_seen(&self, at: Timestamp, now: Timestamp) -> String {
        let time = self.time(at, now);
        self.say(format!("first seen: {time}"), format!("수집: {time}"))
    }

    /// `matched: …`.
    #[must_use]
    pub fn matched(&self, terms: &str) -> String {
        self.say(format!("matched: {terms}"), format!("일치: {terms}"))
    }

    /// Another rule's alert in the same message: `also matched: …`.
    #[must_use]
    pub fn also(&self, what: &str) -> String {
        self.say(
            format!("also matched: {what}"),
            format!("함께 일치: {what}"),
        )
    }

    /// A copy that was held back: `same story: …`.
    #[must_use]
    pub fn folded(&self, what: &str) -> String {
        self.say(format!("same story: {what}"), format!("같은 소식: {what}"))
    }

    /// The title of a digest.
    #[must_use]
    pub fn digest(&self, count: usize, rule: &str) -> String {
        let alerts = if count == 1 { "alert" } else { "alerts" };
        self.say(
            format!("{count} {alerts} · {rule}"),
            format!("알림 {count}건 · {rule}"),
        )
    }

    /// What a digest leaves out.
    #[must_use]
    pub fn and_more(&self, count: usize) -> String {
        self.say(
            format!("… and {count} more"),
            format!("… 그 밖에 {count}건"),
        )
    }

    /// The title of a resolved condition.
    #[must_use]
    pub fn resolved(&self, text: &str) -> String {
        self.say(format!("resolved: {text}"), format!("해결됨: {text}"))
    }

    /// The mark of a message that only tests the way.
    #[must_use]
    pub fn test(&self) -> &str {
        self.pick("[test]", "[시험]")
    }

    /// The title of an entry that has none.
    #[must_use]
    pub fn untitled(&self) -> &str {
        self.pick("(no title)", "(제목 없음)")
    }

    /// The label of the link to the article.
    #[must_use]
    pub fn article(&self) -> &str {
        self.pick("Article", "기사")
    }

    /// The label of the link to the alert.
    #[must_use]
    pub fn alert(&self) -> &str {
        self.pick("Alert", "알림")
    }

    /// The label of the link that acknowledges the alert.
    #[must_use]
    pub fn acknowledge(&self) -> &str {
        self.pick("Acknowledge", "확인")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn frame(language: Language, zone: &str) -> Frame {
        Frame {
            language,
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    #[test]
    fn times_have_zone_and_age() {
        let en = frame(Language::En, "Asia/Seoul");
        let ko = frame(Language::Ko, "Asia/Seoul");
        let published = at("2026-11-24T01:02:00Z");
        for (now, english, korean) in [
            (
                "2026-11-24T01:10:00Z",
                "Tue 24 Nov 10:02 KST · 8 min ago",
                "11월 24일(화) 10:02 KST · 8분 전",
            ),
            (
                "2026-11-24T01:02:05Z",
                "Tue 24 Nov 10:02 KST · just now",
                "11월 24일(화) 10:02 KST · 방금",
            ),
            (
                "2026-11-25T03:02:05Z",
                "Tue 24 Nov 10:02 KST · 26 h ago",
                "11월 24일(화) 10:02 KST · 26시간 전",
            ),
            (
                "2027-01-24T01:02:00Z",
                "Tue 24 Nov 2026 10:02 KST · 61 d ago",
                "2026년 11월 24일(화) 10:02 KST · 61일 전",
            ),
            (
                "2026-11-23T01:02:00Z",
                "Tue 24 Nov 10:02 KST",
                "11월 24일(화) 10:02 KST",
            ),
        ] {
            assert_eq!(en.time(published, at(now)), english);
            assert_eq!(ko.time(published, at(now)), korean);
        }
    }

    #[test]
    fn a_zone_with_summer_time_says_which() {
        let berlin = frame(Language::En, "Europe/Berlin");
        let now = at("2026-10-25T01:30:00Z");
        assert!(
            berlin
                .time(at("2026-10-25T00:30:00Z"), now)
                .contains("02:30 CEST")
        );
        assert!(
            berlin
                .time(at("2026-10-25T01:30:00Z"), now)
                .contains("02:30 CET")
        );
    }
}
