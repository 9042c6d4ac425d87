//! What a condition of health comes to, in Korean, by its kind and by what it is about.
//!
//! The English words are the condition's own, as they were told to receivers: with the answer of a server, or the error of
//! a disk, they stand behind these.

use super::super::lang::Lang;
use crate::domain::health::Kind;

/// What is wrong and what to do, where the language is not the condition's own.
pub fn summary(kind: Kind, subject: &str, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    let said = match kind {
        Kind::Unreachable => {
            "대부분의 피드에 연결되지 않습니다. 네트워크, 이름 서버, 프록시를 살펴보세요"
        }
        Kind::FeedFailing => "피드를 계속 읽지 못합니다",
        Kind::NotAFeed => "피드 대신 웹페이지가 옵니다",
        Kind::FeedGone => "피드가 완전히 없어져 더는 읽지 않습니다. 주소를 고치거나 빼세요",
        Kind::FeedMoved => "피드가 완전히 옮겨졌습니다. 설정의 주소를 새 주소로 바꾸세요",
        Kind::FeedEmpty => "피드가 답하지만 기사가 하나도 없습니다. 옮겨졌는지 살펴보세요",
        Kind::FeedSilent => "피드가 답하지만 여느 때보다 오래 새 글이 없습니다",
        Kind::PollsBehind => {
            "수집이 늦어지고 있습니다. 피드가 concurrency에 비해 많거나 기계가 느립니다"
        }
        Kind::ReceiverFailing => "수신처가 아무것도 받지 않습니다",
        Kind::ReceiverGone => "수신처가 없어졌습니다. 설정을 고칠 때까지 보내지 않습니다",
        Kind::OutboxLate => "중요한 알림이 오래 기다리고 있습니다",
        Kind::DeadLetters => {
            "전달을 포기한 알림이 있습니다. 알림 목록에서 골라 다시 보낼 수 있습니다"
        }
        Kind::TemplateFailing => "서식에 오류가 있어 기본 문구로 보냅니다",
        Kind::StoreFailing => {
            "저장소에 오류가 있습니다. 동작하지 않는 동안에는 수집도 알림도 없습니다"
        }
        Kind::DiskFull => "저장소 디스크가 거의 찼습니다. 자리를 만드세요",
        Kind::ClockJumped => "시계가 바뀌었거나 기계가 잠들었습니다",
        Kind::ConfigRefused => "바뀐 설정을 받아들이지 않았습니다. bongsu check가 모두 보여 줍니다",
        Kind::RuleStopped => "설정이 바뀐 뒤로 규칙이 아무것도 맞지 않습니다",
        Kind::RuleBroad => "규칙이 하루 기사의 많은 부분에 맞습니다. 의도한 것인지 살펴보세요",
        Kind::RuleSilent => "규칙이 30일 동안 아무것도 맞지 않았습니다. 아직 필요한지 살펴보세요",
    };
    // About the machine there is one subject, which says nothing more.
    Some(match kind {
        Kind::FeedFailing
        | Kind::NotAFeed
        | Kind::FeedGone
        | Kind::FeedMoved
        | Kind::FeedEmpty
        | Kind::FeedSilent
        | Kind::ReceiverFailing
        | Kind::ReceiverGone
        | Kind::OutboxLate
        | Kind::DeadLetters
        | Kind::TemplateFailing
        | Kind::RuleStopped
        | Kind::RuleBroad
        | Kind::RuleSilent => format!("{subject}: {said}"),
        _ => said.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_in_korean_what_is_wrong_and_of_whom() {
        for kind in Kind::ALL {
            let said = summary(kind, "w7", Lang::Ko).unwrap();
            assert!(said.chars().any(|c| ('가'..='힣').contains(&c)), "{said}");
            assert!(summary(kind, "w7", Lang::En).is_none());
        }
        let said = summary(Kind::FeedGone, "w7", Lang::Ko).unwrap();
        assert!(said.starts_with("w7: 피드가"), "{said}");
    }
}
