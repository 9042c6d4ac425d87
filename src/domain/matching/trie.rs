//! A compact trie over folded characters and joints, walked from the places where a term may begin.
//!
//! Children of a node lie side by side, sorted by label, so a node is three numbers and nothing is hashed.

/// No value.
const NONE: u32 = u32::MAX;

/// The root.
pub(crate) const ROOT: u32 = 0;

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Its first child.
    first: u32,
    /// How many children.
    count: u32,
    /// Its value.
    value: u32,
}

/// Sequences of labels, each with a number.
#[derive(Clone, Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    /// The label that leads to each node.
    labels: Vec<u32>,
}

impl Trie {
    /// Builds from keys that are sorted and distinct; the value of a key is its index.
    pub(crate) fn new(keys: &[&[u32]]) -> Self {
        let mut trie = Self {
            nodes: vec![Node {
                first: 0,
                count: 0,
                value: NONE,
            }],
            labels: vec![0],
        };
        // Breadth first, so that the children of a node come to lie side by side.
        let mut queue = std::collections::VecDeque::from([(ROOT as usize, 0, keys.len(), 0)]);
        while let Some((node, mut from, to, depth)) = queue.pop_front() {
            if from < to && keys[from].len() == depth {
                trie.nodes[node].value = narrow(from);
                from += 1;
            }
            trie.nodes[node].first = narrow(trie.nodes.len());
            while from < to {
                let label = keys[from][depth];
                let same = keys[from..to].partition_point(|key| key[depth] <= label);
                let child = trie.nodes.len();
                trie.nodes.push(Node {
                    first: 0,
                    count: 0,
                    value: NONE,
                });
                trie.labels.push(label);
                trie.nodes[node].count += 1;
                queue.push_back((child, from, from + same, depth + 1));
                from += same;
            }
        }
        trie
    }

    /// The child of `node` under `label`.
    pub(crate) fn child(&self, node: u32, label: u32) -> Option<u32> {
        let Node { first, count, .. } = self.nodes[node as usize];
        let labels = &self.labels[first as usize..(first + count) as usize];
        let at = match labels {
            [] => return None,
            [one] => (*one == label).then_some(0)?,
            _ => labels.binary_search(&label).ok()?,
        };
        Some(first + narrow(at))
    }

    /// The number of the key that ends at `node`.
    pub(crate) fn value(&self, node: u32) -> Option<usize> {
        let value = self.nodes[node as usize].value;
        (value != NONE).then_some(value as usize)
    }
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
            keys in prop::collection::btree_set(prop::collection::vec(0u32..4, 1..6), 0..40),
            probes in prop::collection::vec(prop::collection::vec(0u32..5, 0..7), 0..40),
        ) {
            let list: Vec<&[u32]> = keys.iter().map(Vec::as_slice).collect();
            let trie = Trie::new(&list);
            let look = |key: &[u32]| {
                key.iter()
                    .try_fold(ROOT, |node, label| trie.child(node, *label))
                    .and_then(|node| trie.value(node))
            };
            for (index, key) in list.iter().enumerate() {
                prop_assert_eq!(look(key), Some(index));
            }
            let keys: BTreeSet<&[u32]> = list.iter().copied().collect();
            for probe in &probes {
                prop_assert_eq!(look(probe).is_some(), keys.contains(probe.as_slice()));
            }
        }
    }
}
