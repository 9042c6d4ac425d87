//! Names of entities that stand in an entry and do not count, or nearly stand there.

use super::super::super::rule::ContextWithin;
use super::super::super::rule::ast::Distance;
use super::super::evaluate::Run;
use super::super::mention::Named;
use super::super::node::Scope;
use super::super::text::Span;

/// Most steps, names times words of the text, that are taken to find letters of a name.
const STEPS: usize = 5_000_000;

/// Most letters that a Latin word may have more than a name that is told of.
const MORE: usize = 3;

impl Run<'_, '_> {
    /// What is told of a class: names that stand there first, whoever of it they are of.
    pub(super) fn miss_class(&mut self, members: &[u32], scope: Scope) -> Option<String> {
        let named = members
            .iter()
            .find_map(|member| self.miss_named(*member, scope));
        named.or_else(|| {
            members.iter().find_map(|member| {
                let note = self.miss_letters(&[*member], members.len(), false)?;
                let id = &self.set.entities[*member as usize].id;
                Some(format!("{note} (@{id})"))
            })
        })
    }

    pub(super) fn miss_entity(&mut self, entity: u32, scope: Scope) -> Option<String> {
        self.miss_named(entity, scope)
            .or_else(|| {
                self.unread(scope, |run| {
                    run.named().iter().any(|one| one.entity == entity)
                })
            })
            .or_else(|| self.miss_letters(&[entity], 1, true))
    }

    /// Letters of a name that are no hit.
    fn miss_letters(&self, entities: &[u32], of: usize, inside: bool) -> Option<String> {
        let patterns = entities
            .iter()
            .flat_map(|entity| &self.set.entities[*entity as usize].patterns);
        let units = self.text.units.list.len().max(1);
        let mut within = None;
        for id in patterns.take(STEPS / units / of) {
            let pattern = self.set.patterns.get(*id);
            let Some(mut seen) = self.miss_pattern(pattern, None) else {
                continue;
            };
            if seen.note.ends_with(" seen") {
                seen.note
                    .push_str(": the name does not match inside a longer word");
            }
            let letters = pattern.symbols.len() + MORE;
            let long = seen.note.split(' ').next().unwrap_or_default();
            let far = long.is_ascii() && long.len() > letters;
            if seen.begins && !far {
                return Some(seen.note);
            }
            if inside && !seen.begins && !long.is_ascii() {
                within.get_or_insert(seen.note);
            }
        }
        within
    }

    /// Where the context of an entity stands, if it does, and how near it must be.
    fn miss_context(&mut self, entity: u32, named: &[Named]) -> String {
        let not_met = "context not met".to_owned();
        let plan = &self.set.entities[entity as usize];
        let distance = match plan.within {
            ContextWithin::Entry => return not_met,
            ContextWithin::Paragraph => Distance::Paragraph,
            ContextWithin::Sentence => Distance::Sentence,
            ContextWithin::Words(most) => Distance::Words(most),
        };
        let Some(context) = plan.context.filter(|context| self.holds(*context)) else {
            return not_met;
        };
        let mut support = Vec::new();
        self.support(context, &mut support);
        let anchors: Vec<Span> = named.iter().map(|named| named.span).collect();
        let closest = self.closest(&anchors, &support, false);
        format!("{not_met}: {}", self.far(&closest, distance))
    }

    /// Names of an entity that stand in the entry and do not count.
    fn miss_named(&mut self, entity: u32, scope: Scope) -> Option<String> {
        let named = self.named();
        let own: Vec<_> = named
            .iter()
            .filter(|named| named.entity == entity)
            .collect();
        let first = *own.first()?;
        let plan = &self.set.entities[entity as usize];
        let alias = &plan.aliases[first.alias as usize].text;
        let times = own.len();
        let unblocked = self.unblocked(entity);
        if unblocked.is_empty() {
            let blocker = plan
                .not_in
                .iter()
                .flat_map(|pattern| self.hits.of(*pattern))
                .find(|hit| hit.span.covers(first.span))?;
            return Some(format!(
                "{alias} ×{times}, inside {}",
                self.around(blocker.span)
            ));
        }
        if self.licensed_of(entity).is_empty() {
            let far = self.miss_context(entity, &unblocked);
            return Some(format!("{alias} ×{times}, {far}"));
        }
        let settled = self.mentions_of(entity, false);
        if let Some(found) = settled.first() {
            return Some(self.found_elsewhere(found.span, scope));
        }
        let all = self.mentions();
        let outer = all.iter().find(|outer| {
            outer.entity != entity
                && outer.span.covers(first.span)
                && self.set.compete(outer.entity, entity)
        })?;
        let id = &self.set.entities[outer.entity as usize].id;
        Some(format!(
            "{alias} ×{times}, inside {} (@{id})",
            self.around(outer.span)
        ))
    }
}
