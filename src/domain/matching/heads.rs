//! Heads: what patterns begin with up to their first joint, found by the hash of a word's beginning.
//!
//! Most words of a text begin no pattern, and one look into a small filter says so. Only what passes is looked up, and
//! only what is found there goes on in the trie. Looks are taken many at a time, so that the memory of one is not waited
//! for before the next is asked for.

use std::hint::black_box;

use super::pattern::GAP;
use super::trie::{State, Trie};
use super::units::narrow;

/// No head.
const NONE: u32 = u32::MAX;

/// Bits of the filter for each head.
const SPARSE: usize = 16;

/// The hash of letters, one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadHash(u64);

impl HeadHash {
    /// With one letter more.
    #[inline]
    pub(crate) fn and(self, letter: u32) -> Self {
        Self((self.0.rotate_left(5) ^ u64::from(letter)).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The bits in a word of the filter.
    fn bits(self) -> u64 {
        1 << (self.0 >> 58) | 1 << (self.0 >> 52 & 63)
    }

    /// Where to look, and what tells apart.
    fn place(self) -> (usize, u32) {
        let mixed = self.0 ^ self.0 >> 29;
        let [low, high] = [mixed & 0xFFFF_FFFF, mixed >> 20 & 0xFFFF_FFFF];
        (
            usize::try_from(low).unwrap_or_default(),
            u32::try_from(high).unwrap_or_default(),
        )
    }
}

/// A beginning of a word that passed the filter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The unit it is in.
    pub unit: u32,
    /// Its first character, and one past its last.
    pub start: u32,
    pub end: u32,
    /// Where to look, and what tells apart.
    place: u32,
    tag: u32,
}

/// A head: what tells it apart, its letters, and where the trie goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    tag: u32,
    /// Its first letter, and how many; none where the place is vacant.
    letters: u32,
    length: u32,
    state: State,
}

const VACANT: Head = Head {
    tag: 0,
    letters: NONE,
    length: 0,
    state: State::START,
};

/// The heads of all patterns.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    filter: Vec<u64>,
    /// A power of two of places, at most half of them taken.
    table: Vec<Head>,
    letters: Vec<char>,
    /// Lengths, as bits, of heads that may end inside a word: what stands before a wildcard.
    open: u64,
}

impl Heads {
    /// Takes the keys of a trie, sorted, each with whether what it says ends in a wildcard.
    pub(crate) fn new<'k>(keys: impl Iterator<Item = (&'k [u32], bool)>, trie: &Trie) -> Self {
        let mut letters: Vec<char> = Vec::new();
        let mut list: Vec<Head> = Vec::new();
        let mut open = 0;
        let mut before: Option<&[u32]> = None;
        for (key, is_open) in keys {
            let length = key.iter().take_while(|symbol| **symbol < GAP).count();
            let head = &key[..length];
            if is_open && length == key.len() {
                open |= 1 << length.min(63);
            }
            if before.replace(head) == Some(head) {
                continue;
            }
            let state = head
                .iter()
                .try_fold(State::START, |state, letter| trie.step(state, *letter));
            if let Some(state) = state {
                let from = narrow(letters.len());
                letters.extend(head.iter().filter_map(|letter| char::from_u32(*letter)));
                list.push(Head {
                    letters: from,
                    length: narrow(length),
                    state,
                    ..VACANT
                });
            }
        }
        let mut out = Self {
            filter: vec![0; (SPARSE * list.len() / 64).next_power_of_two()],
            table: vec![VACANT; (2 * list.len()).next_power_of_two().max(2)],
            letters,
            open,
        };
        for head in list {
            out.put(head);
        }
        out
    }

    fn put(&mut self, mut head: Head) {
        let letters = self.letters_of(&head).iter();
        let hash = letters.fold(HeadHash::default(), |hash, c| hash.and(u32::from(*c)));
        let (mut at, tag) = hash.place();
        head.tag = tag;
        let word = at & (self.filter.len() - 1);
        self.filter[word] |= hash.bits();
        let mask = self.table.len() - 1;
        while self.table[at & mask].letters != NONE {
            at += 1;
        }
        self.table[at & mask] = head;
    }

    fn letters_of(&self, head: &Head) -> &[char] {
        &self.letters[head.letters as usize..(head.letters + head.length) as usize]
    }

    /// Whether a head of so many letters may be the beginning of a longer word.
    #[inline]
    pub(crate) fn may_end_inside(&self, length: u32) -> bool {
        self.open >> length.min(63) & 1 == 1
    }

    /// A look at the letters from `start` to `end` of a unit, if they may be a head.
    #[inline]
    pub(crate) fn look(&self, hash: HeadHash, unit: u32, start: u32, end: u32) -> Option<Look> {
        let (at, tag) = hash.place();
        let bits = hash.bits();
        let passes = self.filter[at & (self.filter.len() - 1)] & bits == bits;
        passes.then(|| Look {
            unit,
            start,
            end,
            place: narrow(at & (self.table.len() - 1)),
            tag,
        })
    }

    /// What stands where each of the looks goes first.
    pub(crate) fn fetch(&self, looks: &[Look], out: &mut Vec<Head>) {
        out.clear();
        out.extend(looks.iter().map(|look| self.table[look.place as usize]));
        // Asks for the letters of all before those of the first are compared.
        black_box(out.iter().fold(0, |sum, head| {
            let first = self.letters.get(head.letters as usize);
            sum ^ first.map_or(0, |letter| u32::from(*letter))
        }));
    }

    /// Where the trie stands behind the letters of a look, if they are a head.
    #[inline]
    pub(crate) fn settle(&self, look: Look, first: Head, letters: &[char]) -> Option<State> {
        let mask = self.table.len() - 1;
        let (mut at, mut head) = (look.place as usize, first);
        loop {
            if head.letters == NONE {
                return None;
            }
            if head.tag == look.tag && self.letters_of(&head) == letters {
                return Some(head.state);
            }
            at += 1;
            head = self.table[at & mask];
        }
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.filter) + size_of_val(&*self.table) + size_of_val(&*self.letters)
    }
}
