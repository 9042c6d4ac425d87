//! Whether two entries tell the same news.
//!
//! First what contradicts: other names in the same place, another event, other figures, ordinals, dates, or members of a
//! guard class. Then what agrees, in the headline or in the text. Being alike is not enough where something contradicts.

use jiff::{SignedDuration, Timestamp};

use super::align::{Diff, diff};
use super::facts;
use super::policy::{Policy, may_be};
use super::sequel;
use super::signature::{Alphabet, Signature};
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// What two entries have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Nothing that shows.
    Different,
    /// The same people or things, another event, or one cannot tell.
    Related,
    /// The same news.
    Same,
}

/// The answer, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What they are to each other.
    pub relation: Relation,
    /// How alike they are, 0 to 1.
    pub score: f32,
    /// Why, in words.
    pub why: String,
}

/// Share of the shorter headline's weight that both have.
const CONTAINED: f32 = 0.70;
/// Share of the weight of both headlines together that both have: with [`CONTAINED`], and alone.
const ALIKE_TOO: f32 = 0.40;
const ALIKE: f32 = 0.50;
/// The same where more than [`SOON`] lies between: what follows up looks like what it follows.
const ALIKE_LATER: f32 = 0.65;
const SOON: SignedDuration = SignedDuration::from_hours(30);
/// Headlines that come again each day are copies only of what is as fresh.
const RECURRING: SignedDuration = SignedDuration::from_hours(12);
/// Names and other telling words that both headlines must have.
const ANCHORS: usize = 3;
/// Likeness from which on words in each other's place are other things.
const FRAME: f32 = 0.45;
/// The same, whatever else agrees.
const SAME_FRAME: f32 = 0.45;
/// Points from which on such words are other words for one thing.
const STRONG: f32 = 8.5;
/// Share of a text that shows it is another one under the same headline.
const OTHER_TEXT: f32 = 0.10;
/// Runs from which on that can be said.
const FEWEST_RUNS: usize = 12;
/// Share of the beginning of the shorter text: a follow-up copies the end.
const LEAD: f32 = 0.50;
/// Share of a text beside which words of the headline need not be the same.
const WITNESS: f32 = 0.50;
/// Likeness that makes two headlines worth a mention.
const RELATED: f32 = 0.35;
/// Between reports in two languages.
const ACROSS: SignedDuration = SignedDuration::from_hours(6);

impl Verdict {
    fn new(relation: Relation, score: f32, why: impl Into<String>) -> Self {
        Self {
            relation,
            score,
            why: why.into(),
        }
    }
}

/// Compares two entries; which of them comes first makes no difference. They are the same news where it holds of either
/// beside the other.
#[must_use]
pub fn compare(one: &Signature, other: &Signature, policy: &Policy) -> Verdict {
    let (first, second) = if one.order(other).is_le() {
        (one, other)
    } else {
        (other, one)
    };
    let verdict = judge(first, second, policy);
    if verdict.relation != Relation::Same {
        return verdict;
    }
    let back = judge(second, first, policy);
    if back.relation == Relation::Same {
        verdict
    } else {
        back
    }
}

fn judge(one: &Signature, other: &Signature, policy: &Policy) -> Verdict {
    if one.alphabet != other.alphabet {
        return across(one, other, policy);
    }
    if !one.title.is_empty() && one.title == other.title {
        return match same_title_apart(one, other, policy) {
            None => Verdict::new(Relation::Same, 1.0, "headline 1.00"),
            Some(why) => Verdict::new(Relation::Related, 1.0, why),
        };
    }
    let diff = diff(one, other);
    let apart = guarded(one, other, policy)
        .or_else(|| sequel::follows(one, other))
        .or_else(|| sequel::follows(other, one))
        .or_else(|| sequel::again(one, other))
        .or_else(|| sequel::other_side(one, other));
    if let Some(why) = apart {
        return related(&diff, why);
    }
    if let Ok(figure) = same_facts(&diff, one, other) {
        return Verdict::new(Relation::Same, diff.contained, format!("facts {figure}"));
    }
    if let Some(why) = told_apart(&diff).or_else(|| turned_round(one, other)) {
        return related(&diff, why);
    }
    match in_words(&diff, one, other) {
        Ok((score, how)) => Verdict::new(Relation::Same, score, format!("{how} {score:.2}")),
        Err(why) => related(&diff, why),
    }
}

/// Not the same news; with enough in common it is worth a mention.
fn related(diff: &Diff<'_>, why: String) -> Verdict {
    let relation = if diff.anchors >= 2 && diff.alike >= RELATED {
        Relation::Related
    } else {
        Relation::Different
    };
    Verdict::new(relation, diff.alike, why)
}

/// Whether their texts or headlines are one in words: which, and how much; else what keeps them apart.
fn in_words(
    diff: &Diff<'_>,
    one: &Signature,
    other: &Signature,
) -> Result<(f32, &'static str), String> {
    let overlap = one.body.overlap(&other.body);
    if overlap.is_copy() && overlap.lead >= LEAD {
        let brief = overlap.is_brief;
        let event = brief.then(|| other_event(diff, false)).flatten();
        return match event.or_else(|| strangers(diff, one, other)) {
            None => Ok((overlap.share, "text")),
            Some(why) => Err(why),
        };
    }
    let witness = overlap.counts && overlap.share >= WITNESS && overlap.lead >= LEAD;
    if !witness && let Some(why) = facts::other_times(one, other) {
        return Err(why);
    }
    if let Some(why) = other_event(diff, witness) {
        return Err(why);
    }
    if !witness
        && let Some(why) = sequel::predicate(one, other).or_else(|| sequel::predicate(other, one))
    {
        return Err(why);
    }
    alike(diff, between(one, other), witness).map(|()| (diff.contained, "headline"))
}

/// Whether they agree fact by fact though not in words: the figure that shows it.
fn same_facts(diff: &Diff<'_>, one: &Signature, other: &Signature) -> Result<String, String> {
    if between(one, other) > SOON {
        return Err("too late".to_owned());
    }
    if diff.recurs {
        return facts::same_result(one, other).ok_or_else(|| "another result".to_owned());
    }
    if let Some(why) = turned_round(one, other) {
        return Err(why);
    }
    // In one frame it does not help that the texts know both names: `picks Hanwha over TKMS`, `picks TKMS over Hanwha`.
    if diff.alike >= SAME_FRAME
        && let Some(why) = rivals(diff, Token::is_name)
    {
        return Err(why);
    }
    let agreed = facts::agree(one, other)?;
    let needed = if diff.alike >= SAME_FRAME {
        f32::INFINITY
    } else {
        STRONG
    };
    match swapped(diff, one, other) {
        Some(why) if agreed.exact < 2 && agreed.points < needed => Err(why),
        _ => Ok(agreed.to_string()),
    }
}

/// Likeness from which on a sum in common is enough.
const EXACT: f32 = 0.75;

/// Time between two entries.
fn between(one: &Signature, other: &Signature) -> SignedDuration {
    apart(one.at, other.at)
}

fn apart(one: Timestamp, other: Timestamp) -> SignedDuration {
    one.duration_since(other).abs()
}

/// Why two entries of one title are different news all the same, if they are: members of a guard class, or a headline
/// that comes again and again over other texts.
#[must_use]
pub fn same_title_apart(one: &Signature, other: &Signature, policy: &Policy) -> Option<String> {
    let guard = guarded(one, other, policy);
    if guard.is_some() {
        return guard;
    }
    let overlap = one.body.overlap(&other.body);
    let diff = diff(one, other);
    let late = between(one, other) >= RECURRING;
    let other_text =
        one.body.len().min(other.body.len()) >= FEWEST_RUNS && overlap.share < OTHER_TEXT;
    if other_text && (diff.anchors < 2 || late) {
        return Some("the same headline over another text".to_owned());
    }
    if late
        && !overlap.is_copy()
        && let Some(why) = facts::other_whereabouts(one, other)
    {
        return Some(why);
    }
    let recurs = late && diff.recurs && !overlap.is_copy();
    recurs.then(|| "a headline that comes again each day".to_owned())
}

/// Members of a guard class: both name some, and not the same.
fn guarded(one: &Signature, other: &Signature, policy: &Policy) -> Option<String> {
    policy.guards().find_map(|(class, members)| {
        let of = |named: &std::collections::BTreeSet<String>| -> Vec<String> {
            named
                .iter()
                .filter(|entity| members.contains(*entity))
                .cloned()
                .collect()
        };
        let (here, there) = (of(&one.in_title), of(&other.in_title));
        let apart = if here.is_empty() || there.is_empty() {
            // Where a headline names none, its text speaks for it.
            let said = |title: &[String], named| {
                if title.is_empty() {
                    of(named)
                } else {
                    title.to_vec()
                }
            };
            let (ours, theirs) = (said(&here, &one.named), said(&there, &other.named));
            let shared = ours
                .iter()
                .any(|one| theirs.iter().any(|other| may_be(one, other)));
            !ours.is_empty() && !theirs.is_empty() && !shared
        } else {
            let within = |small: &[String], large: &[String]| {
                small
                    .iter()
                    .all(|one| large.iter().any(|other| may_be(one, other)))
            };
            !within(&here, &there) && !within(&there, &here)
        };
        apart.then(|| format!("guard {class}: {} / {}", here.join(" "), there.join(" ")))
    })
}

/// What contradicts however much the texts have in common: figures, ordinals, dates, turns of the news.
fn told_apart(diff: &Diff<'_>) -> Option<String> {
    let (left, right) = (&diff.left, &diff.right);
    for one in left {
        for other in right {
            let contradicts = match (&one.kind, &other.kind) {
                (Kind::Number(one), Kind::Number(other)) => one.contradicts(other),
                (Kind::Ordinal(one), Kind::Ordinal(other))
                | (Kind::Date(one), Kind::Date(other)) => one == other,
                _ => false,
            };
            if contradicts && !diff.agrees_in(&one.kind) {
                return Some(format!("{} / {}", one.key, other.key));
            }
        }
    }
    let turn = left
        .iter()
        .chain(right)
        .find(|token| token.kind == Kind::Event(Weight::Turn));
    turn.map(|token| format!("only one of them says `{}`", token.key))
}

/// Names that only one headline has and that the other's text does not know either, on both sides.
fn strangers(diff: &Diff<'_>, one: &Signature, other: &Signature) -> Option<String> {
    let unknown = |tokens: &[&Token], reader: &Signature| {
        let stranger = tokens
            .iter()
            .find(|token| token.is_name() && !reader.knows(token));
        stranger.map(|token| token.key.clone())
    };
    let here = unknown(&diff.left, other)?;
    let there = unknown(&diff.right, one)?;
    Some(format!("{here} / {there}"))
}

/// What makes two headlines of one frame two events: a name, an event, a word in the other's place.
fn other_event(diff: &Diff<'_>, witness: bool) -> Option<String> {
    if let Some(why) = rivals(diff, Token::is_name) {
        return Some(why);
    }
    if witness {
        return None;
    }
    let event = |token: &&&Token| token.main && token.kind == Kind::Event(Weight::Event);
    let both = || diff.left.iter().chain(&diff.right);
    if let Some(event) = both().find(event) {
        return Some(format!("only one of them says `{}`", event.key));
    }
    if let Some(ordinal) = both()
        .find(|token| token.is_later_one())
        .filter(|_| !diff.figure)
    {
        return Some(format!("only one of them says number {}", ordinal.key));
    }
    // One sum, and other things for it: two carriers, four tankers.
    if let Some(why) = rivals(diff, counted) {
        return Some(why);
    }
    // `four container ships`, `a landing ship`: what only one counts, under other words.
    let word = |token: &&&Token| token.kind == Kind::Open;
    if both().any(|token| counted(token))
        && let (Some(one), Some(other)) =
            (diff.left.iter().find(word), diff.right.iter().find(word))
    {
        return Some(format!("{} / {}", one.key, other.key));
    }
    // A common figure beside common names leaves room for other words, where case tells that they are no names.
    let small = |tokens: &[&Token]| {
        tokens
            .iter()
            .all(|token| token.kind != Kind::Open || token.small)
    };
    // Where no verb is known, any word may be one.
    let figures = diff.figure && diff.names >= 1 && diff.anchors >= ANCHORS && diff.told;
    if figures && small(&diff.left) && small(&diff.right) {
        return None;
    }
    let open = |token: &Token| token.is_name() || token.kind == Kind::Open;
    rivals(diff, open)
        .or_else(|| rivals(diff, Token::is_count))
        .or_else(|| other_verb(diff))
}

/// A number of things, and no measure.
fn counted(token: &Token) -> bool {
    token.is_count() && !facts::is_measure(token)
}

/// Words in each other's place in headlines that are one but for them, unknown to either text.
fn swapped(diff: &Diff<'_>, one: &Signature, other: &Signature) -> Option<String> {
    if diff.alike < FRAME {
        return None;
    }
    let word = |token: &Token| token.is_name() || token.kind == Kind::Open && !token.small;
    // Of one sum, `80 engines` or `spares and LAH engines` is bought.
    let telling = |token: &&&Token| word(token) || counted(token);
    let here = diff.left.iter().filter(telling);
    let here: Vec<_> = here.filter(|token| !other.tells(token)).collect();
    let there = diff.right.iter().filter(telling);
    let there: Vec<_> = there.filter(|token| !one.tells(token)).collect();
    let mut pairs = here
        .iter()
        .flat_map(|one| there.iter().map(move |other| (one, other)));
    pairs
        .find(|(one, other)| (word(one) || word(other)) && diff.are_rivals(one, other))
        .map(|(one, other)| format!("{} / {}", one.key, other.key))
}

/// A name, or what may be one, that only one headline has, and one that only the other has.
fn rivals(diff: &Diff<'_>, is: fn(&Token) -> bool) -> Option<String> {
    let right = || diff.right.iter().filter(|token| is(token));
    let left = diff.left.iter().filter(|token| is(token));
    left.flat_map(|one| right().map(move |other| (one, other)))
        .find(|(one, other)| (one.main || other.main) && diff.are_rivals(one, other))
        .map(|(one, other)| format!("{} / {}", one.key, other.key))
}

/// An event that only one says, and a word of which nothing is known that only the other says: it may be another event.
fn other_verb(diff: &Diff<'_>) -> Option<String> {
    let mild = |token: &&&Token| token.main && token.kind == Kind::Event(Weight::Mild);
    let word = |token: &&&Token| token.main && token.kind == Kind::Open;
    for (one, other) in [(&diff.left, &diff.right), (&diff.right, &diff.left)] {
        if let (Some(event), Some(word)) = (one.iter().find(mild), other.iter().find(word)) {
            return Some(format!("{} / {}", event.key, word.key));
        }
    }
    // `signs` and `starts`: what is done with one thing.
    let done = |token: &&&Token| mild(token) && !matches!(token.key.as_str(), "say" | "over");
    let (one, other) = (diff.left.iter().find(done)?, diff.right.iter().find(done)?);
    Some(format!("{} / {}", one.key, other.key))
}

/// Who is preferred to whom: the same names the other way round are other news.
fn turned_round(one: &Signature, other: &Signature) -> Option<String> {
    let (here, there) = (one.behind_pivot()?, other.behind_pivot()?);
    let is = |one: &Token, other: &Token| one.equals(other) || one.resembles(other);
    let named = |token: &Token, all: &[Token]| all.iter().any(|other| is(token, other));
    let turned = !is(here, there) && named(here, &other.tokens) && named(there, &one.tokens);
    turned.then(|| format!("over {} / over {}", here.key, there.key))
}

/// Whether two headlines in which nothing contradicts have enough in common.
fn alike(diff: &Diff<'_>, apart: SignedDuration, witness: bool) -> Result<(), String> {
    let anchors = if diff.anchors == 0 {
        0
    } else {
        diff.anchors + diff.events.min(2)
    };
    let exact = diff.sum && diff.anchors >= 1 && diff.alike >= EXACT;
    if anchors < ANCHORS && !(anchors == 2 && diff.figure) && !exact {
        return Err(format!(
            "only {} words in common that tell anything",
            diff.anchors
        ));
    }
    if apart >= RECURRING && diff.recurs && !witness {
        return Err("a headline that comes again each day".to_owned());
    }
    let enough = if apart > SOON && !witness && !diff.figure {
        diff.alike >= ALIKE_LATER
    } else {
        diff.alike >= ALIKE || diff.contained >= CONTAINED && diff.alike >= ALIKE_TOO
    };
    if enough {
        Ok(())
    } else {
        Err(format!("headline {:.2}", diff.contained))
    }
}

/// Two languages: only entities, figures and time can agree (DLV-54).
fn across(one: &Signature, other: &Signature, policy: &Policy) -> Verdict {
    let latin = |signature: &Signature| signature.alphabet == Alphabet::Latin;
    let shared: Vec<&String> = one.named.intersection(&other.named).collect();
    let in_titles = one.in_title.intersection(&other.in_title).count();
    let guarded_by = shared.iter().any(|entity| policy.is_guard(entity));
    if shared.len() < 2 || !guarded_by || (!latin(one) && !latin(other) && in_titles == 0) {
        return Verdict::new(Relation::Different, 0.0, "another language");
    }
    let related = |why: String| Verdict::new(Relation::Related, 0.5, why);
    if let Some(why) = guarded(one, other, policy) {
        return related(why);
    }
    if between(one, other) > ACROSS {
        return related("another language, hours apart".to_owned());
    }
    let diff = diff(one, other);
    let strong = |token: &&&Token| {
        matches!(token.kind, Kind::Event(Weight::Turn | Weight::Event)) && token.main
    };
    if let Some(why) = told_apart(&diff) {
        return related(why);
    }
    if let Some(event) = diff.left.iter().chain(&diff.right).find(strong) {
        return related(format!("only one of them says `{}`", event.key));
    }
    let figures = |tokens: &[&Token]| {
        tokens.iter().any(|token| {
            matches!(&token.kind, Kind::Number(figure) if !figure.is_money())
                || matches!(token.kind, Kind::Ordinal(_))
        })
    };
    if figures(&diff.left) || figures(&diff.right) {
        return related("other figures".to_owned());
    }
    if in_titles < 2 || !policy.across {
        let names: Vec<&str> = shared.iter().map(|entity| entity.as_str()).collect();
        return related(format!("entities {}", names.join(" ")));
    }
    let names: Vec<&String> = one.in_title.intersection(&other.in_title).collect();
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    Verdict::new(Relation::Same, 0.8, format!("entities {}", names.join(" ")))
}
