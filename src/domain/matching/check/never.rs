//! Queries that can never match, for they deny what they ask for.

use std::collections::HashMap;

use super::super::super::rule::diagnostic::Diagnostic;
use super::super::Place;
use super::super::clause::Clause;
use super::super::compile::Compiler;
use super::super::node::{Expr, NodeId, Scope};

/// `a NOT a`, `a NOT NEAR/5 a`: never match; in a part that others stand beside, a warning. What is wrong inside a macro
/// is reported there.
pub(in super::super) fn contradictions(
    compiler: &mut Compiler<'_>,
    place: Place,
    clause: &Clause,
) -> bool {
    contradictions_in(compiler, place, clause, (clause.source, true))
}

fn contradictions_in(
    compiler: &mut Compiler<'_>,
    place: Place,
    clause: &Clause,
    (source, needed): (u32, bool),
) -> bool {
    let mut sound = true;
    let parts = compiler.clauses.of(clause.parts).to_vec();
    let mut tell = |compiler: &mut Compiler<'_>, part: &Clause, related: Option<&Clause>| {
        let mut diagnostic = if needed {
            sound = false;
            let message = "this denies what the query asks for, so it never matches";
            Diagnostic::error("E22", part.span(), message)
        } else {
            // What stands beside it, joined by OR, may match all the same.
            let message = "this denies what is asked for beside it, so this part never matches";
            Diagnostic::warning("W03", part.span(), message)
        };
        diagnostic = diagnostic.help("leave one of the two out");
        if let Some(asked) = related {
            diagnostic = diagnostic.related(asked.span(), "asked for here");
        }
        if part.source == source {
            compiler.report(place, diagnostic);
        }
    };
    if let Expr::And(_) = compiler.expr(clause.node)
        && compiler.clauses.wrapped(clause).is_none()
    {
        let wanted: HashMap<NodeId, &Clause> = parts.iter().map(|part| (part.node, part)).collect();
        for part in &parts {
            let denied = denied(compiler, part.node);
            let Some(asked) = denied.iter().find_map(|node| wanted.get(node)) else {
                continue;
            };
            tell(compiler, part, Some(asked));
        }
    }
    if let Expr::Near(pair) = compiler.expr(clause.node)
        && pair.counts_overlaps()
        && pair.left == pair.right
        && compiler.clauses.wrapped(clause).is_none()
    {
        tell(compiler, clause, None);
    }
    if clause.source == source {
        for diagnostic in of_its_class(compiler, clause) {
            compiler.report(place, diagnostic);
        }
    }
    let is_choice = matches!(
        compiler.expr(clause.node),
        Expr::Or(_) | Expr::Of(..) | Expr::Not(_)
    );
    for part in &parts {
        sound &= contradictions_in(compiler, place, part, (source, needed && !is_choice));
    }
    sound
}

/// What a NOT denies: the whole of it, then each alternative.
fn denied(compiler: &Compiler<'_>, node: NodeId) -> Vec<NodeId> {
    let Expr::Not(inner) = compiler.expr(node) else {
        return Vec::new();
    };
    let mut all = vec![*inner];
    if let Expr::Or(parts) = compiler.expr(*inner) {
        all.extend(parts.iter());
    }
    all
}

/// `@poland NOT #country`, where the entity is of the class: each mention of the one is a mention of the other.
fn of_its_class(compiler: &Compiler<'_>, clause: &Clause) -> Vec<Diagnostic> {
    let Expr::And(parts) = compiler.expr(clause.node) else {
        return Vec::new();
    };
    if compiler.clauses.wrapped(clause).is_some() {
        return Vec::new();
    }
    let mut needed = Vec::new();
    for part in parts {
        entities_needed(compiler, *part, &mut needed);
    }
    let mut out = Vec::new();
    for part in compiler.clauses.of(clause.parts) {
        for class in denied(compiler, part.node) {
            let Expr::Class(class, texts, _) = compiler.expr(class) else {
                continue;
            };
            let members = &compiler.members[*class as usize];
            let member = needed
                .iter()
                .find(|(entity, within)| members.contains(entity) && is_part(*within, *texts));
            if let Some((entity, _)) = member {
                let id = &compiler.entities[*entity as usize].id;
                let message = format!("@{id} is of this class, so this never matches");
                let help = "leave one of the two out";
                out.push(Diagnostic::warning("W03", part.span(), message).help(help));
            }
        }
    }
    out
}

/// The entities without which an expression never holds, with the texts in which they must stand.
fn entities_needed(compiler: &Compiler<'_>, node: NodeId, out: &mut Vec<(u32, Scope)>) {
    match compiler.expr(node) {
        Expr::Entity(entity, scope, _) => out.push((*entity, *scope)),
        Expr::And(parts) => {
            for part in parts {
                entities_needed(compiler, *part, out);
            }
        }
        Expr::Count(_, inner) => entities_needed(compiler, *inner, out),
        Expr::Near(pair) => {
            entities_needed(compiler, pair.left, out);
            if !pair.negated {
                entities_needed(compiler, pair.right, out);
            }
        }
        _ => {}
    }
}

/// Whether all texts of one scope are of the other.
fn is_part(inner: Scope, outer: Scope) -> bool {
    inner.parts & !outer.parts == 0 && (!outer.lead || inner.lead)
}
