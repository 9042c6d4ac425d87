//! A compact trie over folded characters and joints, walked from the places where a term may begin.
//!
//! One open hash table holds it: a place is found by (place of the parent, label), and where only one key is left below,
//! its rest lies in a row and is compared there. So a step costs about one look into memory, and a key of any length
//! takes a few places.

use super::pattern::{GAP, OPTIONAL};

/// No value, no parent.
const NONE: u32 = u32::MAX;

/// The parent of first characters: no place has this number.
const ROOT: u32 = u32::MAX - 1;

/// Bits of a label: a character, or one of the symbols between units.
const LABEL: u32 = 21;

/// Set where a child's label is `OPTIONAL`, is any symbol, and where there is a child at all.
const JOINS: u32 = 1 << LABEL;
const CROSSES: u32 = 2 << LABEL;
const GOES_ON: u32 = 4 << LABEL;

/// Longest rest of a key that is kept in a row; what is longer becomes steps first. Its length is in the high bits.
const REST: usize = 0xFF;
const LENGTH: u32 = 24;

/// Where a walk stands: a place, and how far into the rest of the only key below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    place: u32,
    /// The next of `rests`, and one past the last.
    rest: u32,
    end: u32,
    /// The key that ends where the rest ends.
    value: u32,
    /// Flags of the children.
    flags: u32,
}

impl State {
    /// Before the first character.
    pub(crate) const START: Self = Self {
        place: ROOT,
        rest: 0,
        end: 0,
        value: NONE,
        flags: GOES_ON,
    };

    /// The value of the key that ends here.
    #[inline]
    pub(crate) fn value(self) -> Option<u32> {
        (self.value != NONE && self.rest == self.end).then_some(self.value)
    }
}

/// A character behind a parent.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Its parent's place; `NONE` where the slot is vacant.
    parent: u32,
    /// The label in the low bits, above them the flags of the children, and how long the rest is.
    label: u32,
    /// The key that ends here, or with the rest.
    value: u32,
    /// What is left of the only key below, in `rests`. What has a rest has no children.
    rest: u32,
}

const VACANT: Slot = Slot {
    parent: NONE,
    label: NONE,
    value: NONE,
    rest: 0,
};

/// Sequences of labels, each with a number.
#[derive(Clone, Debug)]
pub(crate) struct Trie {
    /// A power of two of slots, at most half of them taken.
    slots: Vec<Slot>,
    rests: Vec<u32>,
}

/// A slot that is to be placed; its parent is the number of another draft.
struct Draft {
    parent: usize,
    slot: Slot,
}

impl Trie {
    /// Builds from keys that are sorted and distinct, with a value for each.
    pub(crate) fn new(keys: &[&[u32]], values: &[u32]) -> Self {
        let mut drafts: Vec<Draft> = Vec::with_capacity(2 * keys.len());
        let mut rests = Vec::new();
        let empty = usize::from(keys.first().is_some_and(|key| key.is_empty()));
        let mut open = vec![(usize::MAX, empty, keys.len(), 0)];
        while let Some((parent, mut from, to, depth)) = open.pop() {
            while from < to {
                let label = keys[from][depth];
                let same = keys[from..to].partition_point(|key| key[depth] <= label);
                let mut slot = Slot {
                    parent: ROOT,
                    label,
                    value: NONE,
                    rest: 0,
                };
                let mut below = from;
                let left = &keys[from][depth + 1..];
                if left.is_empty() || (same == 1 && left.len() <= REST) {
                    slot.value = values[from];
                    slot.rest = narrow(rests.len());
                    slot.label |= narrow(left.len()) << LENGTH;
                    rests.extend_from_slice(left);
                    below += 1;
                }
                if below < from + same {
                    open.push((drafts.len(), below, from + same, depth + 1));
                }
                if let Some(above) = drafts.get_mut(parent) {
                    above.slot.label |= flags_of(label);
                }
                drafts.push(Draft { parent, slot });
                from += same;
            }
        }
        rests.shrink_to_fit();
        Self {
            slots: placed(drafts),
            rests,
        }
    }

    /// Where `label` leads from `state`.
    #[inline]
    pub(crate) fn step(&self, state: State, label: u32) -> Option<State> {
        if state.rest < state.end {
            let is_next = self.rests[state.rest as usize] == label;
            return is_next.then_some(State {
                rest: state.rest + 1,
                ..state
            });
        }
        if state.flags & GOES_ON == 0 {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = first_place(state.place, label) & mask;
        loop {
            let slot = self.slots[at];
            if slot.parent == state.place && slot.label & ((1 << LABEL) - 1) == label {
                return Some(State {
                    place: narrow(at),
                    rest: slot.rest,
                    end: slot.rest + (slot.label >> LENGTH),
                    value: slot.value,
                    flags: slot.label,
                });
            }
            if slot.parent == NONE {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// What is left of the only key below a state, with its value; none where there may be several.
    #[inline]
    pub(crate) fn rest(&self, state: State) -> Option<(&[u32], u32)> {
        let left = state.rest as usize..state.end as usize;
        (!left.is_empty()).then(|| (&self.rests[left], state.value))
    }

    /// Whether `OPTIONAL` leads on.
    #[inline]
    pub(crate) fn joins(&self, state: State) -> bool {
        self.leads_on(state, JOINS, |label| label == OPTIONAL)
    }

    /// Whether any symbol between units leads on.
    #[inline]
    pub(crate) fn crosses(&self, state: State) -> bool {
        self.leads_on(state, CROSSES, is_symbol)
    }

    #[inline]
    fn leads_on(&self, state: State, flag: u32, wanted: impl Fn(u32) -> bool) -> bool {
        if state.rest < state.end {
            return wanted(self.rests[state.rest as usize]);
        }
        state.flags & flag != 0
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.slots) + size_of_val(&*self.rests)
    }
}

/// What a child under `label` is to its parent.
fn flags_of(label: u32) -> u32 {
    let mut flags = GOES_ON;
    if is_symbol(label) {
        flags |= CROSSES;
    }
    if label == OPTIONAL {
        flags |= JOINS;
    }
    flags
}

/// Whether a label stands for what is between units.
#[inline]
pub(crate) fn is_symbol(label: u32) -> bool {
    label >= GAP
}

/// The drafts in an open hash table; a parent comes before its children.
fn placed(drafts: Vec<Draft>) -> Vec<Slot> {
    let mut table = vec![VACANT; (2 * drafts.len()).next_power_of_two().max(2)];
    let mask = table.len() - 1;
    let mut places = Vec::with_capacity(drafts.len());
    for Draft { parent, mut slot } in drafts {
        slot.parent = places.get(parent).copied().unwrap_or(ROOT);
        let mut at = first_place(slot.parent, slot.label & ((1 << LABEL) - 1)) & mask;
        while table[at].parent != NONE {
            at = (at + 1) & mask;
        }
        table[at] = slot;
        places.push(narrow(at));
    }
    table
}

/// Where a label behind a parent is looked for first.
#[inline]
fn first_place(parent: u32, label: u32) -> usize {
    let key = u64::from(parent) << LABEL ^ u64::from(label);
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 32).unwrap_or_default()
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).expect("patterns are limited to a million")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_trie_finds_its_keys_and_no_other(
            keys in prop::collection::btree_set(prop::collection::vec(0u32..4, 1..9), 0..40),
            probes in prop::collection::vec(prop::collection::vec(0u32..5, 0..10), 0..40),
        ) {
            let list: Vec<&[u32]> = keys.iter().map(Vec::as_slice).collect();
            let values: Vec<u32> = (0..narrow(list.len())).collect();
            let trie = Trie::new(&list, &values);
            let look = |key: &[u32]| {
                key.iter()
                    .try_fold(State::START, |state, label| trie.step(state, *label))
                    .and_then(State::value)
            };
            for (index, key) in list.iter().enumerate() {
                prop_assert_eq!(look(key), Some(narrow(index)));
            }
            let keys: BTreeSet<&[u32]> = list.iter().copied().collect();
            for probe in &probes {
                prop_assert_eq!(look(probe).is_some(), keys.contains(probe.as_slice()));
            }
        }
    }
}
