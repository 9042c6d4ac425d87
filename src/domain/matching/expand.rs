//! Macros: how large they are with all that they use, and one compilation of each for all its uses.
//!
//! What a macro means in its own text is compiled and said in `compile`; here nothing new is said about it.

use std::collections::{BTreeSet, HashMap};

use super::super::rule::ast::{Kind, Node};
use super::clause::{Clause, Parts};
use super::compile::Compiler;
use super::node::Scope;
use super::query::{Query, Within};
use super::units::narrow;

/// Most parts of a query, each macro counted once.
const MAX_PARTS: usize = 40_000;

/// Most parts where a macro is counted each time it is used: evidence and explanations go through them. Rules of a desk
/// that is in thirty languages have come to more than 400,000.
const MAX_WHOLE: usize = 1_000_000;

/// Deepest nesting, macros expanded.
const MAX_DEPTH: usize = 700;

/// How large a query or macro is.
#[derive(Clone, Debug, Default)]
pub(super) struct Size {
    /// Parts of its own text; a macro is one.
    own: usize,
    /// Parts, those of a macro each time it is used.
    whole: usize,
    /// Deepest nesting.
    depth: usize,
    /// All macros in it.
    uses: BTreeSet<usize>,
}

/// A macro that is used in the same texts in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Use {
    index: usize,
    scope: Scope,
    early: bool,
}

/// What all macros of the definitions are as parts of others.
#[derive(Default)]
pub(super) struct Expansions {
    sizes: Vec<Size>,
    /// The clause of each, alone in its row; none where it cannot be used.
    known: HashMap<Use, Option<Parts>>,
}

impl Compiler<'_> {
    /// Measures the macros, `order` naming each behind those that it uses.
    pub(super) fn measure_macros(&mut self, order: &[usize]) {
        self.expansions.sizes = vec![Size::default(); self.macros.len()];
        for index in order {
            let tree = self.macros[*index].tree.as_deref();
            if let Some(size) = tree.map(|tree| self.size(tree)) {
                self.expansions.sizes[*index] = size;
            }
        }
    }

    /// How large a text is with the macros in it.
    fn size(&self, tree: &Node) -> Size {
        let mut out = Size::default();
        self.measure(tree, 1, &mut out);
        out
    }

    fn measure(&self, node: &Node, depth: usize, out: &mut Size) {
        out.own += 1;
        out.whole = out.whole.saturating_add(1);
        out.depth = out.depth.max(depth);
        match &node.kind {
            Kind::Or(parts) | Kind::And(parts) | Kind::AtLeastOf(_, parts) => {
                for part in parts {
                    self.measure(part, depth + 1, out);
                }
            }
            Kind::Not(inner) | Kind::Field(_, inner) | Kind::Count(_, inner) => {
                self.measure(inner, depth + 1, out);
            }
            Kind::Near(near) => {
                self.measure(&near.left, depth + 1, out);
                self.measure(&near.right, depth + 1, out);
            }
            Kind::Macro(name) => {
                if let Some(index) = self.macro_named(name) {
                    let size = &self.expansions.sizes[index];
                    out.whole = out.whole.saturating_add(size.whole);
                    out.depth = out.depth.max(depth.saturating_add(size.depth));
                    out.uses.extend(&size.uses);
                    out.uses.insert(index);
                }
            }
            _ => {}
        }
    }

    /// What is wrong with the size of a text, if it is too large.
    pub(super) fn too_large(&self, tree: &Node) -> Option<String> {
        let size = self.size(tree);
        let used = size.uses.iter();
        let parts: usize = size.own + used.map(|at| self.expansions.sizes[*at].own).sum::<usize>();
        if parts > MAX_PARTS {
            return Some(format!(
                "with its macros, each counted once, this has {parts} parts; {MAX_PARTS} are the most"
            ));
        }
        if size.whole > MAX_WHOLE {
            return Some(format!(
                "with its macros, counted wherever they are used, this has more than {MAX_WHOLE} parts"
            ));
        }
        (size.depth > MAX_DEPTH)
            .then(|| format!("with its macros, this is nested more than {MAX_DEPTH} deep"))
    }
}

impl Query<'_, '_> {
    /// The clause of a macro's use. What looks at texts is compiled once and shared; a value of `url:` or a property is
    /// so small that it is compiled in place, and what is wrong with it is said at the use.
    pub(super) fn expand(&mut self, node: &Node, name: &str) -> Option<Clause> {
        let Some(index) = self.compiler.macro_named(name) else {
            self.unknown(node, '$', name);
            return None;
        };
        self.compiler.used.macros.insert(index);
        if self.compiler.macros[index].cyclic {
            return None;
        }
        let parts = match self.within {
            Within::Texts(scope) => self.shared(index, scope)?,
            _ => self.in_place(node, index)?,
        };
        let meant = self.compiler.clauses.of(parts).first()?.node;
        Some(self.written(node, meant, parts))
    }

    fn shared(&mut self, index: usize, scope: Scope) -> Option<Parts> {
        let key = Use {
            index,
            scope,
            early: self.early,
        };
        if let Some(known) = self.compiler.expansions.known.get(&key) {
            return *known;
        }
        let tree = self.compiler.macros[index].tree.clone()?;
        let mut query = Query::new(self.compiler, self.place, narrow(index));
        query.within = self.within;
        query.early = self.early;
        // The macro says for itself what is wrong with it.
        query.quiet = true;
        let clause = query.clause(&tree);
        let parts = clause.map(|clause| self.compiler.clauses.put(&[clause]));
        self.compiler.expansions.known.insert(key, parts);
        parts
    }

    fn in_place(&mut self, node: &Node, index: usize) -> Option<Parts> {
        let tree = self.compiler.macros[index].tree.clone()?;
        let (source, outer, quiet) = (self.source, self.outer.clone(), self.quiet);
        self.source = narrow(index);
        self.outer.get_or_insert_with(|| node.span.clone());
        self.quiet |= self.compiler.macros[index].broken;
        let clause = self.clause(&tree);
        (self.source, self.outer, self.quiet) = (source, outer, quiet);
        clause.map(|clause| self.compiler.clauses.put(&[clause]))
    }
}
