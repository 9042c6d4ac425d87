//! What came after: headlines that tell of more than the event that another entry tells of, or of another one like it.
//!
//! Each answers why the two are not the same news, or nothing; what else contradicts is `compare`'s business.

use super::facts;
use super::signature::{Alphabet, Signature};
use super::token::{Kind, Token};

/// Words that tell of one more of what there was before.
const AGAIN: &[&str] = &["again", "또", "재차", "연이틀"];

/// Whether one headline says that something happened once more and the other does not, over other texts.
pub(super) fn again(one: &Signature, other: &Signature) -> Option<String> {
    let says = |own: &Signature| {
        let words = own.title.split(' ');
        let mut words = words.filter(|word| AGAIN.contains(word));
        words.next().map(str::to_owned)
    };
    let ((Some(word), None) | (None, Some(word))) = (says(one), says(other)) else {
        return None;
    };
    let copied = one.body.overlap(&other.body).is_copy();
    (!copied).then(|| format!("only one of them says `{word}`"))
}

/// Words by which a headline's subject gets something for money, and by which it gives it.
const BUYS: &[&str] = &["buy", "buys", "bought", "purchases", "orders", "acquires"];
const SELLS: &[&str] = &["sell", "sells", "sold", "divests"];

/// Whether one headline says that somebody buys, and the other that the same one sells: both are deals.
pub(super) fn other_side(one: &Signature, other: &Signature) -> Option<String> {
    let first = |own: &Signature| own.tokens.first().map(|token| token.key.clone());
    let says =
        |own: &Signature, words: &[&str]| own.title.split(' ').any(|word| words.contains(&word));
    let only = |own: &Signature, words, not| says(own, words) && !says(own, not);
    let apart = only(one, BUYS, SELLS) && only(other, SELLS, BUYS)
        || only(one, SELLS, BUYS) && only(other, BUYS, SELLS);
    (apart && first(one) == first(other)).then(|| "one buys, the other sells".to_owned())
}

/// What one headline says happened after, or with, what the other tells, where the other knows nothing of it: `general
/// sworn in after soldiers seize power`.
pub(super) fn follows(one: &Signature, other: &Signature) -> Option<String> {
    // In Korean what follows the dots goes on.
    if one.alphabet != Alphabet::Latin {
        return None;
    }
    let done = |token: &&Token| match token.kind {
        Kind::Event(_) => true,
        Kind::Open => token.small,
        _ => false,
    };
    let (main, aside): (Vec<&Token>, Vec<&Token>) =
        one.tokens.iter().filter(done).partition(|token| token.main);
    let shared = aside
        .iter()
        .any(|token| token.kind.is_event() && other.tokens.iter().any(|their| token.equals(their)));
    let news = main.first()?;
    let apart = shared && !main.iter().any(|token| is_told(token, other));
    apart.then(|| format!("only one of them says `{}`", news.key))
}

/// What a headline says first that is done, where the other entry knows nothing of it.
pub(super) fn predicate(one: &Signature, other: &Signature) -> Option<String> {
    let says = |token: &&Token| token.main && token.kind.is_event() && token.key != "say";
    let first = one.tokens.iter().find(says)?;
    (one.alphabet == Alphabet::Latin && !is_told(first, other))
        .then(|| format!("only one of them says `{}`", first.key))
}

/// Whether an entry says this anywhere, in this form or another.
fn is_told(token: &Token, other: &Signature) -> bool {
    other.said().any(|their| facts::is_same(token, their))
}
