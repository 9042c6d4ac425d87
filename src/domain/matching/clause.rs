//! The clauses of all queries in one list, those of a query side by side: who reads one reads the next from the same place in memory.
//!
//! Clauses follow the query as written, so that evidence and explanations can use its words. What they mean is in `node`.

use std::ops::Range;

use super::node::NodeId;
use super::units::narrow;

/// A part of a query as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    /// Which text it is written in.
    pub source: u32,
    start: u32,
    end: u32,
    /// What it means.
    pub node: NodeId,
    /// Its parts, in the order of the node's, which counts what an OF names twice once; a field or macro has one part with the same node. Those of a macro are
    /// shared by all its uses. A leaf has its text here instead.
    pub parts: Parts,
}

/// Clauses that stand in a row; or the number of a leaf's text, which many rules share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    from: u32,
    to: u32,
}

/// In the place of an end: there are no parts.
const LEAF: u32 = u32::MAX;

/// All clauses that are a part of another; the whole of a query is kept by whose it is.
#[derive(Debug, Default)]
pub(crate) struct Clauses(Vec<Clause>);

impl Clause {
    /// A clause written at `span` of a text.
    pub(crate) fn new(source: u32, span: &Range<usize>, node: NodeId, parts: Parts) -> Self {
        Self {
            source,
            start: narrow(span.start),
            end: narrow(span.end),
            node,
            parts,
        }
    }

    /// Where it is written.
    pub(crate) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether it is a term, a name or a test.
    #[inline]
    pub(crate) fn is_leaf(&self) -> bool {
        self.parts.to == LEAF
    }

    /// The number of the text, where it is a leaf.
    pub(crate) fn term(&self) -> Option<u32> {
        self.is_leaf().then_some(self.parts.from)
    }
}

impl Parts {
    /// None, but a text of this number.
    pub(crate) fn leaf(term: u32) -> Self {
        Self {
            from: term,
            to: LEAF,
        }
    }
}

impl Clauses {
    /// Puts clauses in a row.
    pub(crate) fn put(&mut self, parts: &[Clause]) -> Parts {
        let from = narrow(self.0.len());
        self.0.extend_from_slice(parts);
        Parts {
            from,
            to: narrow(self.0.len()),
        }
    }

    /// What stands in a row.
    #[inline]
    pub(crate) fn of(&self, parts: Parts) -> &[Clause] {
        let range = parts.from as usize..parts.to as usize;
        if parts.to == LEAF {
            &[]
        } else {
            &self.0[range]
        }
    }

    /// The one part of a clause that only wraps it: a field, a macro.
    #[inline]
    pub(crate) fn wrapped(&self, clause: &Clause) -> Option<&Clause> {
        match self.of(clause.parts) {
            [part] if part.node == clause.node => Some(part),
            _ => None,
        }
    }

    /// No more will be put.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }
}
