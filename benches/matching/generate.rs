//! Rules and entries made by a seeded generator: the same on every machine, about nothing in particular.
//!
//! Two sets. `shapes` is what desks write: names with aliases, alone, with context words, NEAR them, with a NOT, and a
//! few broad rules. `narrow` is AND of ORs over a large vocabulary, for the laws of growth.

use std::collections::BTreeSet;

/// A row of numbers from a seed (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut out = self.0;
        out = (out ^ (out >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        out = (out ^ (out >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        out ^ (out >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank below `end`, low ones more often: rank `r` is drawn with a weight of about `r^-exponent`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are below a few millions"
    )]
    pub fn zipf(&mut self, end: usize, exponent: f64) -> usize {
        let (n, u) = (end as f64, self.unit());
        let rank = if (exponent - 1.0).abs() < 1e-9 {
            n.powf(u)
        } else {
            let turn = 1.0 - exponent;
            ((n.powf(turn) - 1.0) * u + 1.0).powf(1.0 / turn)
        };
        (rank as usize).saturating_sub(1).min(end - 1)
    }
}

const LATIN: &str = "ka lo mi ren tas vor el du ban shi qua pre tor ni sel gar hu den os mar ti ul fen zo bri cal ves ik ath mun \
     pol gri stan wo jen dra";
const HANGUL: &str = "강 고 구 국 군 기 김 남 노 단 대 도 동 두 라 락 레 로 론 루 리 마 만 명 무 미 바 박 방 백 보 봉 부 북 비 사 산 상 \
     서 석 선 성 세 소 송 수 순 승 시 신 실 안 양 어 연 영 오 용 우 운 울 원 위 유 윤 은 의 이 인 일 임 자 장 재 전 정 제 조 종 주 준 \
     중 지 진 차 창 천 철 청 초 추 충 치 탄 태 통 판 평 포 표 풍 하 한 해 현 형 호 홍 화 환 황 회 훈 희";
const PARTICLES: [&str; 8] = ["의", "에서", "에", "은", "을", "도", "까지", "에서는"];

/// A word that was not there before.
fn coined(
    dice: &mut Dice,
    taken: &mut BTreeSet<String>,
    is_latin: bool,
    (shortest, longest): (usize, usize),
) -> String {
    let list: Vec<&str> = if is_latin { LATIN } else { HANGUL }
        .split_whitespace()
        .collect();
    let length = dice.between(shortest, longest);
    let mut word: String = (0..length).map(|_| list[dice.below(list.len())]).collect();
    // Short words run out: then a longer one will do.
    while !taken.insert(word.clone()) {
        word.push_str(list[dice.below(list.len())]);
    }
    word
}

/// Distinct words, half Latin and half Hangul in turn; the commoner the shorter.
fn vocabulary(dice: &mut Dice, taken: &mut BTreeSet<String>, count: usize) -> Vec<String> {
    (0..count)
        .map(|at| {
            let is_latin = at.is_multiple_of(2);
            let shortest = if is_latin { 1 } else { 2 };
            let longest = match at {
                0..200 => shortest,
                200..5_000 => shortest + 1,
                _ => shortest + 2 + usize::from(is_latin),
            };
            coined(dice, taken, is_latin, (shortest, longest))
        })
        .collect()
}

/// An entry.
pub struct Entry {
    pub title: String,
    pub body: String,
    pub language: &'static str,
}

/// Rules with the entries they are tried on.
pub struct Set {
    pub queries: Vec<String>,
    pub entries: Vec<Entry>,
    /// The literals of the queries, distinct, without wildcards.
    pub literals: Vec<String>,
}

/// Most names: a rule set may look for a million patterns and no more.
const NAMES: usize = 600_000;

/// Writes text in one of the two scripts.
struct Writer<'v> {
    words: &'v [String],
    exponent: f64,
    hangul: bool,
}

impl Writer<'_> {
    /// A word of this script, by frequency.
    fn word(&self, dice: &mut Dice) -> String {
        let pair = dice.zipf(self.words.len() / 2, self.exponent);
        let word = &self.words[2 * pair + usize::from(self.hangul)];
        if self.hangul && dice.below(10) < 6 {
            return format!("{word}{}", PARTICLES[dice.below(PARTICLES.len())]);
        }
        word.clone()
    }

    fn sentence(&self, dice: &mut Dice, length: usize, name: Option<&str>) -> String {
        let mut words: Vec<String> = (0..length).map(|_| self.word(dice)).collect();
        if let Some(name) = name {
            words.insert(dice.below(length + 1), capitals(name));
        }
        words[0] = capitals(&words[0]);
        words.join(" ")
    }
}

fn capitals(text: &str) -> String {
    text.split(' ')
        .map(|word| {
            let mut chars = word.chars();
            let first: String = chars
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .collect();
            format!("{first}{}", chars.as_str())
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A term as it is written in a query.
fn quoted(term: &str) -> String {
    if term.contains(' ') {
        format!("\"{term}\"")
    } else {
        term.to_owned()
    }
}

fn any_of(terms: &[String]) -> String {
    let list: Vec<String> = terms.iter().map(|term| quoted(term)).collect();
    format!("({})", list.join(" OR "))
}

/// Names of one or two words that are no common words, half of them Hangul.
fn names(dice: &mut Dice, taken: &mut BTreeSet<String>, count: usize) -> Vec<String> {
    let parts: [Vec<String>; 2] = [true, false].map(|is_latin| {
        (0..6_000)
            .map(|_| coined(dice, taken, is_latin, (2, 3)))
            .collect()
    });
    let mut seen = BTreeSet::new();
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let is_latin = out.len() % 2 == 0;
        let own = &parts[usize::from(!is_latin)];
        let name = if dice.below(10) < 7 {
            format!(
                "{} {}",
                own[dice.below(3_000)],
                own[3_000 + dice.below(3_000)]
            )
        } else {
            coined(dice, taken, is_latin, (3, 5))
        };
        if seen.insert(name.clone()) {
            out.push(name);
        }
    }
    out
}

/// The set of shapes: of each 20 rules 8 are a name or an alias, 4 that and context words, 4 that NEAR/8 context words,
/// 3 that but not a common word, 1 two groups of middling words. Later rules watch rarer names.
pub fn shapes(rules: usize, entries: usize) -> Set {
    let mut dice = Dice::new(7);
    let mut taken = BTreeSet::new();
    let words = vocabulary(&mut dice, &mut taken, 24_000);
    let names = names(&mut dice, &mut taken, (2 * rules).clamp(2_000, NAMES));
    let entries = (0..entries)
        .map(|at| {
            let hangul = at % 2 == 1;
            let writer = Writer {
                words: &words,
                exponent: 1.0,
                hangul,
            };
            let mut name = || {
                let pair = dice.zipf(names.len() / 2, 1.0);
                names[2 * pair + usize::from(hangul)].clone()
            };
            let own = [name(), name(), name()];
            let length = dice.between(6, 10);
            let title = writer.sentence(&mut dice, length, Some(&own[0]));
            let body = (0..9).map(|part| {
                let length = dice.between(8, 24);
                writer.sentence(&mut dice, length, own.get(part + 1).map(String::as_str))
            });
            let body = format!("{}.", body.collect::<Vec<_>>().join(". "));
            Entry {
                title,
                body,
                language: if hangul { "ko" } else { "en" },
            }
        })
        .collect();
    let mut literals = BTreeSet::new();
    let queries = (0..rules)
        .map(|at| shape(at, &mut dice, &words, &names, &mut literals))
        .collect();
    Set {
        queries,
        entries,
        literals: literals.into_iter().collect(),
    }
}

fn shape(
    at: usize,
    dice: &mut Dice,
    words: &[String],
    names: &[String],
    literals: &mut BTreeSet<String>,
) -> String {
    let kind = at % 2;
    // The name of this number, and one as rare: where names run out they come again.
    let name = |at: usize| names[at % names.len()].clone();
    let who = [name(at), name(at + 2 * (names.len() / 4))];
    let mut word = |low: usize, high: usize| words[2 * dice.between(low, high) + kind].clone();
    let context: Vec<String> = (0..3).map(|_| word(50, 2_000)).collect();
    let stem: String = word(3_000, 9_000).chars().take(5).collect();
    let common = word(5, 60);
    let middling: Vec<Vec<String>> = (0..2)
        .map(|_| (0..3).map(|_| word(200, 2_000)).collect())
        .collect();
    let shape = at / 2 % 20;
    if shape < 19 {
        literals.extend(who.iter().cloned());
    }
    match shape {
        0..8 => any_of(&who),
        8..12 => {
            literals.extend(context.iter().cloned());
            literals.insert(stem.clone());
            let context = any_of(&context);
            format!("{} AND ({context} OR {stem}*)", any_of(&who))
        }
        12..16 => {
            literals.extend(context.iter().cloned());
            format!("{} NEAR/8 {}", any_of(&who), any_of(&context))
        }
        16..19 => {
            literals.insert(common.clone());
            format!("{} NOT {common}", any_of(&who))
        }
        _ => {
            literals.extend(middling.iter().flatten().cloned());
            format!("{} AND {}", any_of(&middling[0]), any_of(&middling[1]))
        }
    }
}

/// AND of two to four groups of one to five words out of 200,000; entries of 200 to 400 words.
pub fn narrow(rules: usize, entries: usize) -> Set {
    let mut dice = Dice::new(11);
    let words = vocabulary(&mut dice, &mut BTreeSet::new(), 200_000);
    let entries = (0..entries)
        .map(|at| {
            let hangul = at % 2 == 1;
            let writer = Writer {
                words: &words,
                exponent: 1.05,
                hangul,
            };
            let length = dice.between(6, 12);
            let title = writer.sentence(&mut dice, length, None);
            let sentences = dice.between(12, 25);
            let body = (0..sentences).map(|_| writer.sentence(&mut dice, 16, None));
            let body = format!("{}.", body.collect::<Vec<_>>().join(". "));
            Entry {
                title,
                body,
                language: if hangul { "ko" } else { "en" },
            }
        })
        .collect();
    let mut literals = BTreeSet::new();
    let queries = (0..rules)
        .map(|at| {
            let groups: Vec<String> = (0..dice.between(2, 4))
                .map(|_| {
                    let group: Vec<String> = (0..dice.between(1, 5))
                        .map(|_| {
                            let rank = 50 + dice.zipf(words.len() / 2 - 50, 0.25);
                            words[2 * rank + at % 2].clone()
                        })
                        .collect();
                    literals.extend(group.iter().cloned());
                    any_of(&group)
                })
                .collect();
            groups.join(" AND ")
        })
        .collect();
    Set {
        queries,
        entries,
        literals: literals.into_iter().collect(),
    }
}
