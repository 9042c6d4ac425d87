//! Pieces: what of an entry's text an index keeps, and which pieces a query cannot match without.
//!
//! An index built of [`of_entry`] and asked with a [`Need`] gives every entry that can match, and some that cannot:
//! the query itself is tried on each. Words are kept whole; Hangul, Han and kana by two letters, since a term may
//! end inside a longer word; a short word and the number beside it once more as one (`K9`). A term of one letter finds
//! it where Hangul words begin, and anywhere in Han and kana. The language and the feed are pieces too.

use super::super::id::RuleId;
use super::super::rule::ast::Field;
use super::Subject;
use super::node::{Expr, NodeId, Property};
use super::pattern::{End, JOINT, Pattern};
use super::probe::primary_subtag;
use super::rule_set::RuleSet;
use super::script::{Kind, kind_of};
use super::set::Compiled;
use super::text::Text;

/// Longest piece, in letters; what is longer is cut.
const LONGEST: usize = 32;

/// Letters of a word, and digits of a number, that are joined.
const JOINED: usize = 5;

/// Most pieces of a need; a query of more is tried on every entry.
const MOST: usize = 4_000;

/// Parts of an `OF` that are asked for two by two.
const FEW: usize = 6;

/// What stands for a letter that is none, and before pieces that are no part of a text.
const MARK: char = 'ˑ';

/// All of an entry's fields.
const EVERY_PART: u8 = u8::MAX;

/// What an entry must have before a query can match it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing that an index knows of.
    Anything,
    /// It can match no entry.
    Nothing,
    /// This piece.
    Piece(String),
    /// A piece that begins so.
    Beginning(String),
    /// All of these.
    All(Vec<Need>),
    /// One of these.
    Any(Vec<Need>),
}

/// The pieces of an entry, each once, parted by spaces.
#[must_use]
pub fn of_entry(subject: &Subject<'_>) -> String {
    let text = Text::new(subject, EVERY_PART);
    let units = &text.units;
    let mut out: Vec<String> = Vec::with_capacity(units.list.len());
    out.extend(subject.language.map(language_piece));
    out.extend(subject.feed.map(feed_piece));
    let mut before: Option<(&[char], Kind)> = None;
    for unit in &units.list {
        let letters = &units.chars[unit.start as usize..unit.end as usize];
        if is_cut_small(unit.kind) {
            out.extend(letters.windows(2).map(piece));
            let alone = match unit.kind {
                Kind::Hangul => letters.get(..1).unwrap_or_default(),
                Kind::Dense => letters,
                _ => {
                    out.extend(letters.last().map(|last| piece(&[*last])));
                    &[]
                }
            };
            out.extend(alone.iter().map(|letter| piece(&[MARK, *letter])));
        } else {
            out.push(piece(letters));
        }
        if let Some((left, kind)) = before
            && unit.gap.is_joint()
            && let Some(joined) = joined((left, kind), (letters, unit.kind))
        {
            out.push(joined);
        }
        before = Some((letters, unit.kind));
    }
    out.sort_unstable();
    out.dedup();
    out.join(" ")
}

/// Whether a term may begin or end inside a unit.
fn is_cut_small(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Hangul | Kind::Dense | Kind::Arabic | Kind::Hebrew
    )
}

/// A short word and a short number as one piece.
fn joined(left: (&[char], Kind), right: (&[char], Kind)) -> Option<String> {
    let fits = |(letters, kind): (&[char], Kind)| letters.len() <= JOINED && !is_cut_small(kind);
    let differ = (left.1 == Kind::Digit) != (right.1 == Kind::Digit);
    (differ && fits(left) && fits(right)).then(|| piece(&[left.0, right.0].concat()))
}

/// Letters as an index keeps them: what is no letter or digit, as in `R&D`, is all the same.
fn piece(letters: &[char]) -> String {
    letters
        .iter()
        .take(LONGEST)
        .map(|c| if c.is_alphanumeric() { *c } else { MARK })
        .collect()
}

fn marked(what: &str, name: &str) -> String {
    let name = name.chars().map(|c| c.to_ascii_lowercase());
    let letters: Vec<char> = [MARK].into_iter().chain(what.chars()).chain(name).collect();
    piece(&letters)
}

fn language_piece(tag: &str) -> String {
    marked("in", primary_subtag(tag))
}

fn feed_piece(feed: &str) -> String {
    marked("of", feed)
}

impl RuleSet {
    /// What an entry must have before a rule of this set can match it.
    #[must_use]
    pub fn need(&self, rule: &RuleId) -> Need {
        let Some((set, plan)) = self.holder(rule) else {
            return Need::Nothing;
        };
        let Some(clause) = &plan.clause else {
            return Need::Nothing;
        };
        let need = simple(need_of(set, clause.node));
        if need.size() > MOST {
            return Need::Anything;
        }
        need
    }
}

impl Need {
    /// What an entry of a language has.
    #[must_use]
    pub fn of_language(tag: &str) -> Self {
        Self::Piece(language_piece(tag))
    }

    /// Both this and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        simple(Self::All(vec![self, other]))
    }

    /// How many pieces it names.
    fn size(&self) -> usize {
        match self {
            Self::Anything | Self::Nothing => 0,
            Self::Piece(_) | Self::Beginning(_) => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
        }
    }
}

fn need_of(set: &Compiled, node: NodeId) -> Need {
    let all = |parts: &[NodeId]| Need::All(parts.iter().map(|part| need_of(set, *part)).collect());
    let any = |parts: &[NodeId]| Need::Any(parts.iter().map(|part| need_of(set, *part)).collect());
    match set.expr(node) {
        Expr::Never => Need::Nothing,
        Expr::Leaf(patterns, _) => any_pattern(set, patterns),
        Expr::Entity(entity, ..) => any_pattern(set, &set.entities[*entity as usize].patterns),
        Expr::Class(class, ..) => {
            let members = set.members(*class).iter();
            let named =
                members.map(|member| any_pattern(set, &set.entities[*member as usize].patterns));
            Need::Any(named.collect())
        }
        Expr::Sequence(parts, _) | Expr::And(parts) => all(parts),
        Expr::Of(count, parts) if *count > 0 && *count as usize >= parts.len() => all(parts),
        Expr::Of(2.., parts) if parts.len() <= FEW => two_of(set, parts),
        Expr::Of(1.., parts) | Expr::Or(parts) => any(parts),
        Expr::Count(1.., inner) => need_of(set, *inner),
        Expr::Near(pair) if pair.negated => need_of(set, pair.left),
        Expr::Near(pair) => all(&[pair.left, pair.right]),
        Expr::Property(Property { field, value }) => match field {
            Field::Lang => Need::of_language(value),
            Field::Feed => Need::Piece(feed_piece(value)),
            _ => Need::Anything,
        },
        Expr::Of(0, _)
        | Expr::Count(0, _)
        | Expr::Not(_)
        | Expr::Regex(..)
        | Expr::UrlRegex(_)
        | Expr::Url(_) => Need::Anything,
    }
}

/// Two of these at least, whichever.
fn two_of(set: &Compiled, parts: &[NodeId]) -> Need {
    let needs: Vec<Need> = parts.iter().map(|part| need_of(set, *part)).collect();
    let pairs = needs.iter().enumerate().flat_map(|(index, one)| {
        let rest = needs[index + 1..].iter();
        rest.map(|other| Need::All(vec![one.clone(), other.clone()]))
    });
    Need::Any(pairs.collect())
}

fn any_pattern(set: &Compiled, patterns: &[u32]) -> Need {
    let each = patterns
        .iter()
        .map(|pattern| need_of_pattern(set.patterns.get(*pattern)));
    Need::Any(each.collect())
}

/// The pieces of a pattern, all of which are necessary.
fn need_of_pattern(pattern: &Pattern) -> Need {
    let is_open = matches!(pattern.end, End::Open | End::Glob(_));
    let mut units: Vec<(Vec<char>, Option<u32>)> = vec![(Vec::new(), None)];
    for symbol in &pattern.symbols {
        match (char::from_u32(*symbol), units.last_mut()) {
            (Some(letter), Some((letters, _))) => letters.push(letter),
            (None, _) => units.push((Vec::new(), Some(*symbol))),
            _ => {}
        }
    }
    let last = units.len() - 1;
    let mut parts = Vec::new();
    let mut before: Option<(&[char], Kind)> = None;
    for (index, (letters, joint)) in units.iter().enumerate() {
        let Some(kind) = letters.first().and_then(|first| kind_of(*first)) else {
            before = None;
            continue;
        };
        let ends_open = is_open && index == last;
        let one = |text: String| {
            if ends_open || text.chars().count() >= LONGEST {
                Need::Beginning(text)
            } else {
                Need::Piece(text)
            }
        };
        let pair = before
            .filter(|_| *joint == Some(JOINT) && !ends_open)
            .and_then(|before| joined(before, (letters, kind)));
        if is_cut_small(kind) {
            parts.extend(need_of_one(letters, kind, index == 0));
            parts.extend(letters.windows(2).map(|two| Need::Piece(piece(two))));
        } else if let Some(pair) = pair {
            // The pair is rarer than its first part, and says that too.
            let left = before.map(|(letters, _)| Need::Piece(piece(letters)));
            parts.pop_if(|last| Some(&*last) == left.as_ref());
            parts.push(Need::Piece(pair));
        } else {
            parts.push(one(piece(letters)));
        }
        before = Some((letters, kind));
    }
    Need::All(parts)
}

/// What a unit of one letter needs. Behind another a Hangul letter may stand inside a word: then the others have to do.
fn need_of_one(letters: &[char], kind: Kind, is_first: bool) -> Option<Need> {
    let [letter] = letters else {
        return None;
    };
    match kind {
        Kind::Hangul if !is_first => None,
        Kind::Hangul | Kind::Dense => Some(Need::Piece(piece(&[MARK, *letter]))),
        _ => Some(Need::Beginning(piece(letters))),
    }
}

/// Without what says nothing, and flat where it can be.
fn simple(need: Need) -> Need {
    match need {
        Need::All(parts) => {
            let mut kept = Vec::new();
            for part in parts.into_iter().map(simple) {
                match part {
                    Need::Anything => {}
                    Need::Nothing => return Need::Nothing,
                    Need::All(inner) => kept.extend(inner),
                    part => kept.push(part),
                }
            }
            one_or(kept, Need::Anything, Need::All)
        }
        Need::Any(parts) => {
            let mut kept = Vec::new();
            for part in parts.into_iter().map(simple) {
                match part {
                    Need::Nothing => {}
                    Need::Anything => return Need::Anything,
                    Need::Any(inner) => kept.extend(inner),
                    part => kept.push(part),
                }
            }
            one_or(kept, Need::Nothing, Need::Any)
        }
        need => need,
    }
}

fn one_or(mut parts: Vec<Need>, none: Need, many: fn(Vec<Need>) -> Need) -> Need {
    parts.sort_unstable();
    parts.dedup();
    match parts.len() {
        0 => none,
        1 => parts.pop().unwrap_or(none),
        _ => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(query: &str) -> RuleSet {
        RuleSet::of_query("q", query)
    }

    fn has(pieces: &str, need: &Need) -> bool {
        let mut each = pieces.split(' ');
        match need {
            Need::Anything => true,
            Need::Nothing => false,
            Need::Piece(piece) => each.any(|own| own == piece),
            Need::Beginning(piece) => each.any(|own| own.starts_with(piece.as_str())),
            Need::All(parts) => parts.iter().all(|part| has(pieces, part)),
            Need::Any(parts) => parts.iter().any(|part| has(pieces, part)),
        }
    }

    const TITLES: [&str; 23] = [
        "한화에어로스페이스, 루마니아에 K9 자주포 수출 계약",
        "Hanwha Aerospace signs K-9 howitzer deal with Romania",
        "폴란드 K2전차 2차 계약 협상",
        "U.S. Navy eyes Korean shipyards, R&D fund of $3.5bn",
        "US navy eyes shipyards",
        "韓国のK2戦車、ポーランドへ輸出",
        "천궁-II 이라크 수출",
        "KM-SAM Block 2 export to Iraq",
        "LIG넥스원 신궁 인도네시아",
        "L I G 넥스원",
        "군 당국 훈련",
        "Ф-16 和 FA-50 전투기",
        "КМН-12 и К2",
        "Café au lait, naïve coöperation",
        "방산 수출 급증…현대로템 강세",
        "대한민국 방위산업",
        "T-50i trainer; T50 jets; t 50",
        "한화 에어로 스페이스",
        "Poland's second K2 contract worth 6.5 billion",
        "السعودية تشتري",
        "تصدير الرقائق للصين",
        "강이 넘치고 남쪽 강은 얼었다, 수출강",
        "中国海军 vs 日本の船",
    ];

    const QUERIES: [&str; 36] = [
        "수출",
        "K9",
        "K-9 howitzer",
        "K2 AND Poland",
        "폴란드 OR Romania",
        "한*",
        "군",
        "howit*",
        "K2*",
        "\"K9 자주포\"",
        "R&D",
        "U.S.",
        "US",
        "천궁-II",
        "천궁2",
        "\"LIG넥스원\"",
        "輸出",
        "戦車",
        "F-16",
        "FA50",
        "cafe naive",
        "한화에어로스페이스",
        "T50",
        "수출 NEAR/s 계약",
        "2 OF (K2, Poland, Iraq)",
        "k?2",
        "강",
        "남*",
        "\"수출 강\"",
        "中",
        "\"日本 船\"",
        "lang:ko 강",
        "الصين",
        "الصي*",
        "السعودية",
        "feed:Some-feed K9",
    ];

    #[test]
    fn no_match_is_lost() {
        let mut matches = 0;
        for query in QUERIES {
            let set = set(query);
            let need = set.need(&"q".into());
            for title in TITLES {
                let subject = Subject {
                    title,
                    body: "계약 was signed in 2026.",
                    language: Some("ko-KR"),
                    feed: Some("Some-feed"),
                    ..Subject::default()
                };
                if !set.evaluate(&subject).is_empty() {
                    matches += 1;
                    let pieces = of_entry(&subject);
                    assert!(has(&pieces, &need), "{query}: {title}: {need:?}: {pieces}");
                }
            }
        }
        assert!(matches > 20, "{matches}");
    }

    #[test]
    fn a_need_says_what_is_necessary() {
        for (query, expected) in [
            ("a NOT b", Need::Piece("a".into())),
            ("lang:ko", Need::Piece("ˑinko".into())),
            ("lang:zh-Hant", Need::Piece("ˑinzh".into())),
            ("feed:a-b", Need::Piece("ˑofaˑb".into())),
            ("tag:x", Need::Anything),
            ("강", Need::Piece("ˑ강".into())),
            ("\"수출 강\"", Need::Piece("수출".into())),
            ("/x+/", Need::Anything),
            ("수출", Need::Piece("수출".into())),
            ("K9", Need::Piece("k9".into())),
            ("tank*", Need::Beginning("tank".into())),
            (
                "2 OF (a1, b, c)",
                Need::Any(vec![
                    Need::All(vec![Need::Piece("a1".into()), Need::Piece("b".into())]),
                    Need::All(vec![Need::Piece("a1".into()), Need::Piece("c".into())]),
                    Need::All(vec![Need::Piece("b".into()), Need::Piece("c".into())]),
                ]),
            ),
            (
                "에어로 lang:ko",
                Need::All(vec![
                    Need::Piece("ˑinko".into()),
                    Need::Piece("어로".into()),
                    Need::Piece("에어".into()),
                ]),
            ),
        ] {
            assert_eq!(set(query).need(&"q".into()), expected, "{query}");
        }
    }
}
