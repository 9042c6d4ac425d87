//! Macros among the definitions: those that need themselves, and where one is used.

use std::ops::Range;

use super::super::super::rule::ast::{Kind, Node};
use super::super::super::rule::diagnostic::Diagnostic;
use super::super::super::rule::parser::children;
use super::super::super::rule::{Definitions, parse};
use super::super::compile::Compiler;
use super::super::{Place, RuleSet};

impl RuleSet {
    /// A place where a macro is used, so that what is wrong with it can be shown there too (MAT-66): rather in a rule.
    #[must_use]
    pub fn use_of_macro(definitions: &Definitions, id: &str) -> Option<(Place, Range<usize>)> {
        let rules = definitions.rules.iter().enumerate();
        let rules = rules.map(|(at, rule)| (Place::RuleQuery(at), rule.query.as_str()));
        let contexts = definitions.entities.iter().enumerate();
        let contexts = contexts
            .filter_map(|(at, one)| Some((Place::EntityContext(at), one.context.as_deref()?)));
        let macros = definitions.macros.iter().enumerate();
        let macros = macros
            .filter(|(_, one)| one.id != id)
            .map(|(at, one)| (Place::MacroQuery(at), one.query.as_str()));
        let sign = format!("${id}");
        rules
            .chain(contexts)
            .chain(macros)
            .find_map(|(place, text)| {
                let tree = text.contains(&sign).then(|| parse(text).0).flatten()?;
                let mut used = None;
                macros_in(&tree, &mut |name, span| {
                    if name == id {
                        used.get_or_insert(span);
                    }
                });
                Some((place, used?))
            })
    }
}

/// Marks macros that need themselves; the others in an order in which each comes behind those it needs.
pub(in super::super) fn macro_cycles(compiler: &mut Compiler<'_>) -> Vec<usize> {
    let needs: Vec<Vec<(usize, std::ops::Range<usize>)>> = compiler
        .macros
        .iter()
        .map(|plan| {
            let mut out = Vec::new();
            if let Some(tree) = &plan.tree {
                macros_in(tree, &mut |name, span| {
                    out.extend(compiler.macro_named(name).map(|at| (at, span)));
                });
            }
            out
        })
        .collect();
    for start in 0..needs.len() {
        let mut seen = vec![false; needs.len()];
        let mut stack: Vec<usize> = needs[start].iter().map(|(at, _)| *at).collect();
        while let Some(at) = stack.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                stack.extend(needs[at].iter().map(|(at, _)| *at));
            }
        }
        if !seen[start] {
            continue;
        }
        compiler.macros[start].cyclic = true;
        let id = &compiler.definitions.macros[start].id;
        let span = needs[start]
            .iter()
            .find(|(at, _)| *at == start || reaches(&needs, *at, start))
            .map_or(0..0, |(_, span)| span.clone());
        let diagnostic = Diagnostic::error("E33", span, format!("the macro ${id} needs itself"))
            .help("take the macro out of its own query");
        compiler.report(Place::MacroQuery(start), diagnostic);
    }
    let needs: Vec<Vec<usize>> = needs
        .iter()
        .map(|list| {
            let sound = list.iter().map(|(at, _)| *at);
            sound.filter(|at| !compiler.macros[*at].cyclic).collect()
        })
        .collect();
    let levels = super::levels(&needs);
    let mut order: Vec<usize> = (0..needs.len())
        .filter(|at| !compiler.macros[*at].cyclic)
        .collect();
    order.sort_by_key(|at| levels[*at]);
    order
}

fn reaches(needs: &[Vec<(usize, std::ops::Range<usize>)>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; needs.len()];
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            stack.extend(needs[at].iter().map(|(at, _)| *at));
        }
    }
    false
}

fn macros_in(node: &Node, found: &mut impl FnMut(&str, Range<usize>)) {
    if let Kind::Macro(name) = &node.kind {
        found(name, node.span.clone());
    }
    for child in children(node) {
        macros_in(child, found);
    }
}
