//! A list of numbers that is mostly short, kept in place instead of on the heap: patterns of a term, parts of an expression.
//!
//! With many rules each list on the heap is a place in memory that nothing else is near. Not for lists that are changed.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::slice::Iter;

/// Most numbers kept in place: with its length a list is as large as a box and a word.
const HERE: usize = 5;

/// Numbers that do not change.
#[derive(Clone, Debug)]
pub(crate) struct Numbers(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Here { length: u8, numbers: [u32; HERE] },
    Heap(Box<[u32]>),
}

impl Numbers {
    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        match &self.0 {
            Kept::Here { .. } => 0,
            Kept::Heap(numbers) => size_of_val(&**numbers),
        }
    }
}

impl Deref for Numbers {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        match &self.0 {
            Kept::Here { length, numbers } => &numbers[..usize::from(*length)],
            Kept::Heap(numbers) => numbers,
        }
    }
}

impl From<&[u32]> for Numbers {
    fn from(list: &[u32]) -> Self {
        let mut numbers = [0; HERE];
        let kept = match (numbers.get_mut(..list.len()), u8::try_from(list.len())) {
            (Some(here), Ok(length)) => {
                here.copy_from_slice(list);
                Kept::Here { length, numbers }
            }
            _ => Kept::Heap(list.into()),
        };
        Self(kept)
    }
}

impl From<Vec<u32>> for Numbers {
    fn from(list: Vec<u32>) -> Self {
        list.as_slice().into()
    }
}

impl FromIterator<u32> for Numbers {
    fn from_iter<I: IntoIterator<Item = u32>>(list: I) -> Self {
        list.into_iter().collect::<Vec<u32>>().into()
    }
}

impl<'n> IntoIterator for &'n Numbers {
    type Item = &'n u32;
    type IntoIter = Iter<'n, u32>;

    fn into_iter(self) -> Iter<'n, u32> {
        self.iter()
    }
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Numbers {}

impl Hash for Numbers {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self[..].hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_kept_whole_and_compare_as_lists() {
        let list: Vec<u32> = (7..20).collect();
        for length in 0..list.len() {
            let numbers = Numbers::from(&list[..length]);
            assert_eq!(numbers[..], list[..length]);
            assert_eq!(numbers, list.iter().copied().take(length).collect());
            assert_ne!(numbers, Numbers::from(&list[..=length]));
            assert_eq!(numbers.memory() > 0, length > HERE);
        }
    }
}
