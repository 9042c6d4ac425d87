//! From the tree of a query to clauses and expressions, with what needs the definitions to be checked.
//!
//! What the text alone tells has been said by the parser, and is not said again.

use std::ops::Range;

use super::super::rule::ast::{Field, Kind, Near, Node};
use super::super::rule::diagnostic::Diagnostic;
use super::super::rule::suggest::nearest;
use super::Place;
use super::clause::{Clause, Parts};
use super::compile::Compiler;
use super::meant;
use super::node::{Between, Expr, NodeId, Pair, Property, Scope};
use super::numbers::Numbers;
use super::pattern::{End, Unfit, term, verbatim, wildcard, without_question_marks};
use super::probe::small_letters;

/// What the field around a node makes of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Within {
    Texts(Scope),
    Url,
    Property(Field),
}

/// The compilation of one query.
pub(super) struct Query<'c, 'd> {
    pub compiler: &'c mut Compiler<'d>,
    /// Which text problems are about.
    pub place: Place,
    /// Which source clauses are written in.
    pub source: u32,
    /// Nothing is reported: it is a macro that reports for itself.
    pub quiet: bool,
    /// The text has errors already: of more errors only unknown names are worth saying.
    pub names_only: bool,
    /// Inside an entity's context.
    pub early: bool,
    pub within: Within,
    /// The place in the query of the outermost macro that is being compiled in place.
    pub outer: Option<Range<usize>>,
}

impl<'c, 'd> Query<'c, 'd> {
    pub(super) fn new(compiler: &'c mut Compiler<'d>, place: Place, source: u32) -> Self {
        Self {
            compiler,
            place,
            source,
            quiet: false,
            names_only: false,
            early: false,
            within: Within::Texts(Scope::text()),
            outer: None,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.quiet {
            self.compiler.report(self.place, diagnostic);
        }
    }

    /// Reports at a node; inside a macro at the macro's use.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: &str,
        help: &str,
    ) {
        if self.names_only && !matches!(code, "E30" | "E31" | "E32" | "E34") {
            return;
        }
        let span = self.outer.clone().unwrap_or_else(|| span.clone());
        self.report(Diagnostic::error(code, span, message).help(help));
    }

    /// Compiles a whole text; none when it cannot be used, which has been said.
    pub(super) fn whole_text(&mut self, tree: &Node) -> Option<Clause> {
        if let Some(message) = self.compiler.too_large(tree) {
            self.error("E38", &tree.span, &message, "split it, or use classes");
            return None;
        }
        self.clause(tree)
    }

    /// Compiles a node; none when it cannot be used, which has been said.
    pub(super) fn clause(&mut self, node: &Node) -> Option<Clause> {
        match &node.kind {
            Kind::Or(parts) => {
                for doubt in meant::bare_values(&self.compiler.definitions.feeds, parts) {
                    self.report(doubt);
                }
                self.list(node, parts, Expr::Or)
            }
            Kind::And(parts) => self.list(node, parts, Expr::And),
            Kind::AtLeastOf(count, parts) => {
                let clauses = self.clauses(parts)?;
                let ids = clauses.iter().map(|clause| clause.node);
                let ids = self.compiler.different(ids);
                self.whole(node, Expr::Of(*count, ids), &clauses)
            }
            Kind::Not(inner) => self.around(node, inner, Expr::Not),
            Kind::Count(count, inner) => self.count(node, *count, inner),
            Kind::Near(near) => self.near(node, near),
            Kind::Field(field, inner) => self.field(node, *field, inner),
            Kind::Macro(name) => self.expand(node, name),
            Kind::Entity(name) => {
                let found = self.compiler.entity(name);
                if let Some(entity) = found {
                    self.compiler.used.entities.insert(entity);
                } else {
                    self.unknown(node, '@', name);
                }
                let scope = self.texts(node, "an entity")?;
                self.leaf(node, Expr::Entity(found?, scope, self.early))
            }
            Kind::Class(name) => {
                let found = self.compiler.class(name);
                if let Some(class) = found {
                    self.compiler.used.classes.insert(class);
                } else {
                    self.unknown(node, '#', name);
                }
                let scope = self.texts(node, "a class")?;
                self.leaf(node, Expr::Class(found?, scope, self.early))
            }
            Kind::Term(text) | Kind::Phrase(text, None) => self.words(node, text),
            Kind::Phrase(text, Some(slop)) => self.slop(node, text, *slop),
            Kind::Verbatim(text) => self.verbatim(node, text),
            Kind::Regex(source, ignore_case) => self.regex(node, source, *ignore_case),
        }
    }

    fn leaf(&mut self, node: &Node, expr: Expr) -> Option<Clause> {
        let meant = self.compiler.intern(expr);
        self.leaf_of(node, meant)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "every way of compiling a node ends here"
    )]
    fn whole(&mut self, node: &Node, expr: Expr, parts: &[Clause]) -> Option<Clause> {
        let meant = self.compiler.intern(expr);
        let parts = self.compiler.clauses.put(parts);
        Some(self.written(node, meant, parts))
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "every way of compiling a leaf ends here"
    )]
    fn leaf_of(&mut self, node: &Node, meant: NodeId) -> Option<Clause> {
        let term = self.compiler.term(self.source, &node.span);
        Some(self.written(node, meant, Parts::leaf(term)))
    }

    /// A clause as it is written.
    pub(super) fn written(&self, node: &Node, meant: NodeId, parts: Parts) -> Clause {
        Clause::new(self.source, &node.span, meant, parts)
    }

    /// The texts a leaf looks at; an error where a field wants no such leaf.
    fn texts(&mut self, node: &Node, what: &str) -> Option<Scope> {
        let field = match self.within {
            Within::Texts(scope) => {
                self.compiler.parts |= scope.parts;
                return Some(scope);
            }
            Within::Url => Field::Url,
            Within::Property(field) => field,
        };
        let message = format!("`{}:` cannot be {what}", field.as_str());
        self.error("E36", &node.span, &message, "write a word or a \"phrase\"");
        None
    }

    fn list(
        &mut self,
        node: &Node,
        parts: &[Node],
        expr: impl FnOnce(Numbers) -> Expr,
    ) -> Option<Clause> {
        let clauses = self.clauses(parts)?;
        let ids = clauses.iter().map(|clause| clause.node).collect();
        self.whole(node, expr(ids), &clauses)
    }

    /// All of them, so that whatever is wrong with any is said.
    fn clauses(&mut self, parts: &[Node]) -> Option<Vec<Clause>> {
        let clauses: Vec<Option<Clause>> = parts.iter().map(|part| self.clause(part)).collect();
        clauses.into_iter().collect()
    }

    fn around(
        &mut self,
        node: &Node,
        inner: &Node,
        expr: impl FnOnce(NodeId) -> Expr,
    ) -> Option<Clause> {
        let clause = self.clause(inner)?;
        self.whole(node, expr(clause.node), &[clause])
    }

    fn count(&mut self, node: &Node, count: u32, inner: &Node) -> Option<Clause> {
        let clause = self.clause(inner)?;
        if !self.compiler.is_simple(clause.node) {
            self.error(
                "E18",
                &inner.span,
                "ATLEAST can only count what has occurrences",
                "count a word, a \"phrase\", an @entity, or several joined by OR",
            );
            return None;
        }
        self.whole(node, Expr::Count(count, clause.node), &[clause])
    }

    fn near(&mut self, node: &Node, near: &Near) -> Option<Clause> {
        let (left, right) = (self.clause(&near.left), self.clause(&near.right));
        let (left, right) = (left?, right?);
        for (operand, part) in [(&left, &near.left), (&right, &near.right)] {
            if !self.compiler.has_places(operand.node) {
                self.error(
                    "E17",
                    &part.span,
                    "NOT, ATLEAST and properties have no place in the text, so nothing can be near them",
                    "join them with AND, outside of the pair",
                );
                return None;
            }
        }
        let simple = [&left, &right].map(|clause| self.compiler.is_simple(clause.node));
        if simple == [false, false] {
            self.error(
                "E41",
                &node.span,
                "AND stands on both sides of NEAR",
                "write two NEARs joined by AND",
            );
            return None;
        }
        if near.negated && !simple[0] {
            self.error(
                "E41",
                &near.left.span,
                "AND stands on the left of NOT NEAR, which keeps single occurrences",
                "write one NOT NEAR for each part",
            );
            return None;
        }
        let pair = Pair {
            left: left.node,
            right: right.node,
            distance: near.distance,
            ordered: near.ordered,
            negated: near.negated,
        };
        self.whole(node, Expr::Near(pair), &[left, right])
    }

    fn field(&mut self, node: &Node, field: Field, inner: &Node) -> Option<Clause> {
        let before = self.within;
        self.within = match Scope::of(field) {
            Some(scope) => Within::Texts(scope),
            None if field == Field::Url => Within::Url,
            None => Within::Property(field),
        };
        let clause = self.clause(inner);
        self.within = before;
        let clause = clause?;
        let parts = self.compiler.clauses.put(&[clause]);
        Some(self.written(node, clause.node, parts))
    }

    /// A term or a phrase without slop, or the value of a field that is no text.
    fn words(&mut self, node: &Node, text: &str) -> Option<Clause> {
        match self.within {
            Within::Texts(scope) => {
                self.compiler.parts |= scope.parts;
                let found = match node.kind {
                    Kind::Term(_) => self.phrase(text, scope),
                    _ => self.phrase(&without_question_marks(text), scope),
                };
                self.fit(node, text, found)
            }
            Within::Url => self.leaf(node, Expr::Url(small_letters(text))),
            Within::Property(field) => self.property(node, field, text),
        }
    }

    /// The expression of a phrase: one pattern, or a row of words where one inside has a wildcard.
    fn phrase(&mut self, text: &str, scope: Scope) -> Result<NodeId, Unfit> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let inner = words.len().saturating_sub(1);
        if words[..inner].iter().all(|word| wildcard(word).is_none()) {
            let patterns = term(text, &End::Closed)?;
            return Ok(self.compiler.leaf(patterns, scope));
        }
        self.row(&words, scope, Between::Separators, &End::Whole)
    }

    /// Words in order; all but the last end as `end` says.
    fn row(
        &mut self,
        words: &[&str],
        scope: Scope,
        between: Between,
        end: &End,
    ) -> Result<NodeId, Unfit> {
        let mut parts = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let end = if index + 1 == words.len() {
                &End::Closed
            } else {
                end
            };
            match term(word, end) {
                Ok(patterns) => parts.push(self.compiler.leaf(patterns, scope)),
                Err(Unfit::Empty) => {}
                Err(unfit) => return Err(unfit),
            }
        }
        match parts.as_slice() {
            [] => Err(Unfit::Empty),
            [one] => Ok(*one),
            _ => Ok(self.compiler.intern(Expr::Sequence(parts.into(), between))),
        }
    }

    /// `"…"~n`: the phrase itself, or its words with others between.
    fn slop(&mut self, node: &Node, text: &str, slop: u32) -> Option<Clause> {
        let scope = self.texts(node, "a phrase with `~`")?;
        let clean = without_question_marks(text);
        let words: Vec<&str> = clean.split_whitespace().collect();
        let found = self.phrase(&clean, scope).and_then(|plain| {
            let row = self.row(&words, scope, Between::Words(slop), &End::Closed)?;
            Ok(if plain == row {
                plain
            } else {
                self.compiler.intern(Expr::Or([plain, row][..].into()))
            })
        });
        self.fit(node, text, found)
    }

    /// The clause of a term, or what is wrong with it.
    fn fit(&mut self, node: &Node, text: &str, found: Result<NodeId, Unfit>) -> Option<Clause> {
        let (message, help) = match found {
            Ok(id) => return self.leaf_of(node, id),
            // The parser has warned.
            Err(Unfit::Empty) => return self.leaf(node, Expr::Never),
            Err(Unfit::LeadingWildcard) => (
                "a word cannot begin with a wildcard".to_owned(),
                "write the variants, joined by OR, or a regex",
            ),
            Err(Unfit::ShortWildcard) => (
                format!(
                    "`{text}` is too short: two letters or digits (one Hangul or Han) must stand before `*`"
                ),
                "write more of the word",
            ),
            Err(Unfit::WildcardAcrossWords) => (
                "a wildcard stays within one word".to_owned(),
                "write a phrase with one word after the other",
            ),
        };
        self.error("E05", &node.span, &message, help);
        None
    }

    fn verbatim(&mut self, node: &Node, text: &str) -> Option<Clause> {
        match self.within {
            Within::Texts(scope) => {
                self.compiler.parts |= scope.parts;
                let patterns = verbatim(text);
                if patterns.is_empty() {
                    return self.regex(node, &regex::escape(text), false);
                }
                let id = self.compiler.leaf(patterns, scope);
                self.fit(node, text, Ok(id))
            }
            _ => self.words(node, text),
        }
    }

    fn regex(&mut self, node: &Node, source: &str, ignore_case: bool) -> Option<Clause> {
        let scope = match self.within {
            Within::Url => None,
            _ => Some(self.texts(node, "a regex")?),
        };
        let id = match self.compiler.regex(source, ignore_case) {
            Ok(id) => id,
            Err(message) => {
                let help = "the syntax is that of the `regex` crate; at most 1 MiB compiled";
                self.error("E37", &node.span, &message, help);
                return None;
            }
        };
        let expr = match scope {
            Some(scope) => Expr::Regex(id, scope),
            None => Expr::UrlRegex(id),
        };
        self.leaf(node, expr)
    }

    fn property(&mut self, node: &Node, field: Field, text: &str) -> Option<Clause> {
        let value = match field {
            Field::Host => {
                let text = text.trim_end_matches('.');
                url::Host::parse(text)
                    .map_or_else(|_| text.to_ascii_lowercase(), |host| host.to_string())
            }
            Field::Lang => text.replace('_', "-").to_ascii_lowercase(),
            _ => text.to_owned(),
        };
        let feeds = &self.compiler.definitions.feeds;
        if field == Field::Feed
            && !feeds.is_empty()
            && feeds.iter().all(|(id, _)| id.as_str() != value)
        {
            let near = nearest(&value, feeds.iter().map(|(id, _)| id.as_str()));
            let help = near.map_or_else(
                || "write the id of a feed".to_owned(),
                |near| format!("did you mean feed:{near}?"),
            );
            self.error("E34", &node.span, &format!("unknown feed {value}"), &help);
            return None;
        }
        if field == Field::Tag
            && !feeds.is_empty()
            && !feeds.iter().any(|(_, tags)| tags.contains(&value))
        {
            let message = format!("no feed has the tag `{value}`, so this never matches");
            let near = nearest(
                &value,
                feeds.iter().flat_map(|(_, tags)| tags).map(String::as_str),
            );
            let help = near.map_or_else(
                || "give the tag to a feed".to_owned(),
                |near| format!("did you mean tag:{near}?"),
            );
            self.report(Diagnostic::warning("W03", node.span.clone(), message).help(help));
        }
        self.leaf(node, Expr::Property(Property { field, value }))
    }
}
