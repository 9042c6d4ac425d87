//! What is wrong or doubtful about definitions as a whole: cycles, names that clash, queries that cannot work.
//!
//! Each check reports and, where something cannot be used, says so by its answer.

mod macros;
mod never;
mod same;
mod written;

use std::collections::BTreeMap;

use super::super::rule::diagnostic::Diagnostic;
use super::clause::Clause;
use super::compile::Compiler;
use super::node::{Expr, NodeId};
use super::pattern::{End, GAP, OPTIONAL, Pattern};
use super::set::Compiled;
use super::{AliasList, Place, Problem};

pub(super) use macros::macro_cycles;
pub(super) use never::contradictions;
pub(super) use same::{Likeness, repeated};
pub(super) use written::written;

/// A name of `not_in` must hold a name of the entity, or it blocks nothing (MAT-45).
pub(super) fn blockers(compiler: &mut Compiler<'_>, index: usize) {
    let entity = &compiler.definitions.entities[index];
    let names: Vec<Vec<u32>> = {
        let plan = &compiler.entities[index];
        let symbols = |id: &u32| compiler.patterns[*id as usize].symbols.clone();
        plan.patterns.iter().map(symbols).collect()
    };
    for (at, text) in entity.not_in.iter().enumerate() {
        let Ok(patterns) = super::pattern::term(text, &End::Closed) else {
            continue;
        };
        let holds = |pattern: &Pattern| {
            let wild = pattern.end != End::Closed;
            names.iter().any(|name| {
                contains(&pattern.symbols, name) || wild && name.starts_with(&pattern.symbols)
            })
        };
        if !patterns.iter().any(holds) {
            let message =
                format!("`{text}` holds no name of this entity, so it can never block one");
            let diagnostic = Diagnostic::error("E40", 0..text.len(), message)
                .help("write the longer name in which the alias stands");
            compiler.report(Place::EntityAlias(index, AliasList::NotIn, at), diagnostic);
        }
    }
}

/// W35: every name of the entity stands in `not_in` itself, so that no mention is left.
pub(super) fn silenced(compiler: &mut Compiler<'_>, index: usize) {
    let (plan, patterns) = (&compiler.entities[index], &compiler.patterns);
    let blocked = |name: &u32| {
        let name = &patterns[*name as usize];
        let mut blockers = plan.not_in.iter().map(|id| &patterns[*id as usize]);
        blockers.any(|blocker| covers(blocker, name))
    };
    if plan.not_in.is_empty() || plan.patterns.is_empty() || !plan.patterns.iter().all(blocked) {
        return;
    }
    let names = plan.patterns.iter().map(|id| &patterns[*id as usize]);
    let texts = &compiler.definitions.entities[index].not_in;
    let at = texts.iter().position(|text| {
        let found = super::pattern::term(text, &End::Closed).unwrap_or_default();
        names
            .clone()
            .any(|name| found.iter().any(|blocker| covers(blocker, name)))
    });
    let Some((at, text)) = at.and_then(|at| Some((at, texts.get(at)?))) else {
        return;
    };
    let message = format!(
        "`{text}` blocks the name of the entity itself, of which no other is left: it is never found"
    );
    let diagnostic = Diagnostic::warning("W35", 0..text.len(), message)
        .help("write the longer name inside which it is no mention, or leave it out");
    compiler.report(Place::EntityAlias(index, AliasList::NotIn, at), diagnostic);
}

/// Whether a blocker stands wherever a name does, over all of it.
fn covers(blocker: &Pattern, name: &Pattern) -> bool {
    if blocker.lookalike && !name.lookalike {
        return false;
    }
    let is_open = blocker.end == End::Open;
    if let Some(rest) = name.symbols.strip_prefix(&*blocker.symbols)
        && is_open
    {
        return rest.iter().all(|symbol| *symbol < GAP);
    }
    let same = plain(&blocker.symbols) == plain(&name.symbols)
        && blocker.symbols.len() >= name.symbols.len();
    same && (is_open || blocker.end == name.end)
}

/// Whether the symbols of a name stand in those of a longer one; what may be left out is left out of both.
fn contains(longer: &[u32], name: &[u32]) -> bool {
    let (longer, name) = (plain(longer), plain(name));
    !name.is_empty() && longer.windows(name.len()).any(|window| window == name)
}

/// Symbols without what may be left out.
fn plain(symbols: &[u32]) -> Vec<u32> {
    let kept = symbols.iter().copied();
    kept.filter(|symbol| *symbol != OPTIONAL).collect()
}

/// W07: one name, two entities, and at least one of them without context.
pub(super) fn shared_names(compiler: &mut Compiler<'_>) {
    let mut owners: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for (pattern, name) in &compiler.names {
        owners.entry(*pattern).or_default().push(*name);
    }
    let mut found = Vec::new();
    for names in owners.values() {
        let (first, first_alias) = names[0];
        for (entity, alias) in names.iter().skip(1) {
            let plans = &compiler.entities;
            let (one, other) = (&plans[first as usize], &plans[*entity as usize]);
            let both_ambiguous = one.aliases[first_alias as usize].ambiguous
                && other.aliases[*alias as usize].ambiguous;
            if first == *entity || both_ambiguous {
                continue;
            }
            let text = other.aliases[*alias as usize].text.clone();
            let message = format!("`{text}` is a name of @{} too", one.id);
            let Some(place) = alias_place(compiler, *entity as usize, &text) else {
                continue;
            };
            found.push((
                place,
                Diagnostic::warning("W07", 0..text.len(), message).help(
                    "both are mentioned wherever it stands; make it ambiguous, with a context",
                ),
            ));
        }
    }
    for (place, diagnostic) in found {
        compiler.report(place, diagnostic);
    }
}

/// In which list of an entity a name stands.
fn alias_place(compiler: &Compiler<'_>, index: usize, text: &str) -> Option<Place> {
    let entity = &compiler.definitions.entities[index];
    if entity.name == text {
        return Some(Place::EntityAlias(index, AliasList::Name, 0));
    }
    [
        (AliasList::Aliases, &entity.aliases),
        (AliasList::Exact, &entity.exact),
        (AliasList::Ambiguous, &entity.ambiguous),
    ]
    .into_iter()
    .find_map(|(list, texts)| {
        let at = texts.iter().position(|other| other == text)?;
        Some(Place::EntityAlias(index, list, at))
    })
}

/// W20: ambiguous names without a context.
pub(super) fn no_context(compiler: &mut Compiler<'_>, index: usize) {
    let Some(text) = compiler.definitions.entities[index].ambiguous.first() else {
        return;
    };
    let message = format!("`{text}` is ambiguous, and the entity has no context");
    let diagnostic = Diagnostic::warning("W20", 0..text.len(), message)
        .help("add context = '…', or it counts only beside another name of the entity");
    let place = Place::EntityAlias(index, AliasList::Ambiguous, 0);
    compiler.report(place, diagnostic);
}

/// W37: a context that no name asks for.
pub(super) fn idle_context(compiler: &mut Compiler<'_>, index: usize, context: &str) {
    if !compiler.definitions.entities[index].ambiguous.is_empty() {
        return;
    }
    let message = "no name of the entity is ambiguous, so its context does nothing";
    let diagnostic = Diagnostic::warning("W37", 0..context.len(), message)
        .help("list in `ambiguous` the names that need it, or leave it out");
    compiler.report(Place::EntityContext(index), diagnostic);
}

/// A context must be necessary, and have a place in the text (MAT-46).
pub(super) fn context(compiler: &mut Compiler<'_>, place: Place, clause: &Clause) -> bool {
    if !necessary(compiler, place, clause) {
        return false;
    }
    if has_text(compiler, clause.node) {
        return true;
    }
    let diagnostic =
        Diagnostic::error("E39", clause.span(), "a context cannot be a property alone")
            .help("add words that stand beside the name");
    compiler.report(place, diagnostic);
    false
}

fn has_text(compiler: &Compiler<'_>, node: NodeId) -> bool {
    match compiler.expr(node) {
        Expr::Or(parts) | Expr::And(parts) | Expr::Of(_, parts) => {
            parts.iter().any(|part| has_text(compiler, *part))
        }
        Expr::Not(_) | Expr::Property(_) | Expr::Url(_) | Expr::UrlRegex(_) => false,
        _ => true,
    }
}

/// Contexts that need themselves, or too many others in a row.
pub(super) fn context_cycles(compiler: &mut Compiler<'_>, most: usize) {
    let mut needs: Vec<Vec<usize>> = compiler
        .needs
        .iter()
        .map(|needs| needs.iter().map(|entity| *entity as usize).collect())
        .collect();
    let mut wrong: Vec<(usize, String)> = Vec::new();
    let levels = levels(&needs);
    let mut backwards = vec![Vec::new(); needs.len()];
    for (from, list) in needs.iter().enumerate() {
        for &to in list {
            if levels[from].is_none() && levels[to].is_none() {
                backwards[to].push(from);
            }
        }
    }
    let behind = self::levels(&backwards);
    for at in 0..needs.len() {
        if levels[at].is_none() && behind[at].is_none() {
            let id = &compiler.entities[at].id;
            wrong.push((at, format!("the context of @{id} needs @{id} itself")));
            needs[at].clear();
        }
    }
    for (at, level) in self::levels(&needs).into_iter().enumerate() {
        if level.is_none_or(|level| level > most) {
            let id = &compiler.entities[at].id;
            let message = format!("the context of @{id} needs more than {most} others in a row");
            wrong.push((at, message));
        }
    }
    for (index, message) in wrong {
        compiler.entities[index].context = None;
        let text = compiler.definitions.entities[index].context.as_ref();
        let length = text.map_or(0, String::len);
        let diagnostic =
            Diagnostic::error("E39", 0..length, message).help("write words instead of the entity");
        compiler.report(Place::EntityContext(index), diagnostic);
    }
}

/// How long the longest chain of needs is; none for what is in a cycle or needs one.
fn levels(needs: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (from, list) in needs.iter().enumerate() {
        for &to in list {
            needed_by[to].push(from);
        }
    }
    let mut levels = vec![0; needs.len()];
    let mut done = vec![false; needs.len()];
    let mut ready: Vec<usize> = (0..needs.len()).filter(|at| waiting[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        done[at] = true;
        for &user in &needed_by[at] {
            levels[user] = levels[user].max(levels[at] + 1);
            waiting[user] -= 1;
            if waiting[user] == 0 {
                ready.push(user);
            }
        }
    }
    levels
        .into_iter()
        .zip(done)
        .map(|(level, done)| done.then_some(level))
        .collect()
}

/// A query that could match an entry that holds nothing of it is refused, and the branch shown (MAT-32).
pub(super) fn necessary(compiler: &mut Compiler<'_>, place: Place, clause: &Clause) -> bool {
    let Some(branch) = free_branch(compiler, clause).copied() else {
        return true;
    };
    let whole = branch.span() == clause.span() && branch.source == clause.source;
    let message = if whole {
        "this matches every entry that does not hold it"
    } else {
        "this branch matches every entry that does not hold it"
    };
    let span = if branch.source == clause.source {
        branch.span()
    } else {
        clause.span()
    };
    let written = compiler.source_text(clause.source).get(span.clone());
    let help = match written.filter(|written| whole && written.len() < 50) {
        Some(written) => {
            format!("write before it what must be there, such as tank* {written}")
        }
        None => "join it with AND to something that must be there".to_owned(),
    };
    let diagnostic = Diagnostic::error("E35", span, message).help(help);
    compiler.report(place, diagnostic);
    false
}

/// The innermost part on account of which nothing is necessary.
fn free_branch<'c>(compiler: &'c Compiler<'_>, clause: &'c Clause) -> Option<&'c Clause> {
    if let Some(inner) = compiler.clauses.wrapped(clause) {
        return free_branch(compiler, inner);
    }
    let parts = compiler.clauses.of(clause.parts);
    match compiler.expr(clause.node) {
        Expr::Not(_) => Some(clause),
        Expr::Or(_) => parts.iter().find_map(|part| free_branch(compiler, part)),
        Expr::And(_) => {
            let free: Vec<_> = parts
                .iter()
                .map_while(|part| free_branch(compiler, part))
                .collect();
            (free.len() == parts.len()).then_some(clause)
        }
        Expr::Of(count, _) => {
            let free: Vec<_> = parts
                .iter()
                .filter_map(|part| free_branch(compiler, part))
                .collect();
            (free.len() >= *count as usize)
                .then(|| free.first().copied())
                .flatten()
        }
        _ => None,
    }
}

/// W08: entities and macros that no query speaks of. Without rules nothing can be said.
pub(super) fn unused(compiler: &mut Compiler<'_>) {
    let definitions = compiler.definitions;
    if definitions.rules.is_empty() {
        return;
    }
    for index in 0..definitions.entities.len() {
        let id = super::units::narrow(index);
        let named = compiler.used.entities.contains(&id);
        let by_class = compiler.entities[index]
            .classes
            .iter()
            .any(|class| compiler.used.classes.contains(class));
        if named || by_class {
            continue;
        }
        let name = &definitions.entities[index].name;
        let message = format!(
            "no query speaks of @{} or of a class of it",
            compiler.entities[index].id
        );
        let diagnostic = Diagnostic::warning("W08", 0..name.len(), message)
            .help("use it in a rule, or take it out");
        compiler.report(Place::EntityAlias(index, AliasList::Name, 0), diagnostic);
    }
    for (index, definition) in definitions.macros.iter().enumerate() {
        if compiler.used.macros.contains(&index) {
            continue;
        }
        let message = format!("no query uses ${}", definition.id);
        let diagnostic = Diagnostic::warning("W08", 0..definition.query.len(), message)
            .help("use it in a rule, or take it out");
        compiler.report(Place::MacroQuery(index), diagnostic);
    }
}

/// W12: rules that nothing in an entry rules out, where the parser has not said it of a regex.
pub(super) fn tried_always(set: &Compiled, problems: &mut Vec<Problem>) {
    for index in set.postings.always(set) {
        let place = Place::RuleQuery(index as usize);
        let known = problems
            .iter()
            .any(|problem| problem.place == place && problem.diagnostic.code == "W12");
        let clause = set.rules[index as usize].clause.as_ref();
        let Some(clause) = clause.filter(|_| !known) else {
            continue;
        };
        let message = "this rule is tried on every entry: nothing in it must occur as text";
        let diagnostic = Diagnostic::warning("W12", clause.span(), message)
            .help("join it with AND to a word, or give its regex letters that must occur");
        problems.push(Problem { place, diagnostic });
    }
}
