//! Tokens to a tree, by recursive descent, with as many errors of one query as are worth saying.
//!
//! Precedence: brackets and `field:`, NEAR and BEFORE, NOT, AND (also by juxtaposition), OR. Names of
//! entities, classes and macros are not looked up here.

mod atoms;
mod recover;

use std::ops::Range;

use super::ast::{Distance, Field, Kind, Near, Node};
use super::chars::ends_word;
use super::diagnostic::{Diagnostic, Findings};
use super::lexer::{self, Lexeme, Token};
use super::{doubts, lint, print};

/// The longest query, in bytes.
pub const MAX_BYTES: usize = 64 << 10;

/// The most nodes of a query.
pub const MAX_NODES: usize = 20_000;

/// The deepest nesting of a query.
pub const MAX_DEPTH: usize = 64;

/// Reads a query. The tree is what could be understood, also next to errors, so that the names in it can be
/// checked in the same run; it means the query only when no diagnostic is an error.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut found = Findings::default();
    if text.len() > MAX_BYTES {
        let message = format!(
            "a query is at most 64 KiB, and this one has {} bytes",
            text.len()
        );
        found.push(
            Diagnostic::error("E01", 0..0, message)
                .help("split it, or move names into entities and classes"),
        );
        return (None, found.into_sorted());
    }
    let tokens = lexer::lex(text, &mut found);
    if tokens.is_empty() {
        if !found.has_errors() {
            found.push(
                Diagnostic::error("E02", 0..text.len(), "the query is empty")
                    .help("write a word, a \"phrase\", an @entity or a #class"),
            );
        }
        return (None, found.into_sorted());
    }
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
        nodes: 0,
        open: Vec::new(),
        stopped: false,
        listed: false,
        inside: 0,
        found: &mut found,
    };
    let node = parser.query();
    let whole = !parser.stopped && !parser.found.has_errors();
    if let Some(node) = &node {
        if height(node) > MAX_HEIGHT {
            let message = format!("brackets and operators nest more than {MAX_DEPTH} deep");
            found.push(Diagnostic::error("E21", node.span.clone(), message));
            return (None, found.into_sorted());
        }
        lint::check(node, &mut found);
    }
    lint::invisible(text, &mut found);
    if let Some(node) = node.as_ref().filter(|_| whole) {
        lint::warn(node, &mut found);
        doubts::warn(node, &mut found);
    }
    (node, found.into_sorted())
}

/// The highest tree: a level of brackets holds an OR, an AND, a NOT, a field and a chain of NEAR.
const MAX_HEIGHT: usize = 8 * MAX_DEPTH;

/// How many nodes stand above one another.
fn height(node: &Node) -> usize {
    1 + children(node).map(height).max().unwrap_or(0)
}

/// The nodes right below `node`.
pub(in crate::domain) fn children(node: &Node) -> impl Iterator<Item = &Node> {
    let (list, one, other): (&[Node], _, _) = match &node.kind {
        Kind::Or(parts) | Kind::And(parts) | Kind::AtLeastOf(_, parts) => (parts, None, None),
        Kind::Near(near) => (&[], Some(&near.left), Some(&near.right)),
        Kind::Not(inner) | Kind::Field(_, inner) | Kind::Count(_, inner) => {
            (&[], Some(inner.as_ref()), None)
        }
        _ => (&[], None, None),
    };
    list.iter().chain(one).chain(other)
}

/// What to do about too deep or too large a query.
const TOO_MUCH: &str = "split the query, or move parts of it into macros or classes";

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    nodes: usize,
    /// The brackets that are open, by token span.
    open: Vec<Range<usize>>,
    /// A limit was passed: nothing more is read.
    stopped: bool,
    /// A comma out of place was told of, or why all of them are.
    listed: bool,
    /// Brackets that are never closed and stand right inside another such one, which is told of.
    inside: usize,
    found: &'a mut Findings,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Lexeme> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn peek_at(&self, ahead: usize) -> Option<&Lexeme> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    /// The place of the next token, or the end.
    fn here(&self) -> Range<usize> {
        self.tokens
            .get(self.at)
            .map_or(self.text.len()..self.text.len(), |token| token.span.clone())
    }

    /// Takes the next token; the caller has peeked.
    fn take(&mut self) -> Token {
        let token = self.tokens.get_mut(self.at).map(|token| Token {
            kind: std::mem::replace(&mut token.kind, Lexeme::Bad),
            span: token.span.clone(),
        });
        self.at += 1;
        token.unwrap_or(Token {
            kind: Lexeme::Bad,
            span: self.text.len()..self.text.len(),
        })
    }

    fn error(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found
            .push(Diagnostic::error(code, span, message).help(help));
    }

    /// A comma where no list is: told once, since the next ones are of the same list.
    fn comma(&mut self, span: Range<usize>, help: &str) {
        if self.found.is_listed(&span) {
            return;
        }
        if !std::mem::replace(&mut self.listed, true) {
            let message = "a comma stands only between the parts of `2 OF (a, b)`";
            self.error("E16", span, message, help);
        }
    }

    /// What was meant by a comma: `lang:ko,en` is a list of values.
    fn comma_meant(&self, comma: usize) -> String {
        let before = self.text[..comma].split_whitespace().next_back();
        let listed = before
            .and_then(|word| word.trim_start_matches(['(', '-']).split_once(':'))
            .filter(|(_, value)| value.chars().all(char::is_alphanumeric))
            .and_then(|(name, value)| Some((Field::from_name(name)?, value)));
        match listed {
            Some((field, value)) => {
                let next = self.text[comma..]
                    .trim_start_matches([',', '，', ' '])
                    .split(ends_word)
                    .next();
                let next = next.filter(|next| !next.is_empty()).unwrap_or("b");
                format!("write {}:({value} OR {next})", field.as_str())
            }
            None => "write OR or AND, or quote the words if it belongs to them".to_owned(),
        }
    }

    fn too_deep(&mut self, span: Range<usize>) {
        let message = format!("brackets and operators nest at most {MAX_DEPTH} deep");
        let innermost = self.open.last().map_or(0, |open| open.end);
        let between = self.text.get(innermost..span.start).unwrap_or("-");
        let help = if self.open.len() >= MAX_DEPTH && between.trim().is_empty() {
            "leave out the brackets that hold nothing but brackets"
        } else {
            TOO_MUCH
        };
        self.stop_with(span, message, help);
    }

    fn stop(&mut self, span: Range<usize>, message: String) {
        self.stop_with(span, message, TOO_MUCH);
    }

    fn stop_with(&mut self, span: Range<usize>, message: String, help: &str) {
        if !self.stopped {
            self.error("E21", span, message, help);
        }
        self.stopped = true;
        self.at = self.tokens.len();
        self.open.clear();
    }

    fn node(&mut self, kind: Kind, span: Range<usize>) -> Option<Node> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.stop(span, format!("a query has at most {MAX_NODES} parts"));
            return None;
        }
        Some(Node { kind, span })
    }

    /// The whole text.
    fn query(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.or());
            let span = self.here();
            match self.peek() {
                Some(Lexeme::Close) => {
                    self.error(
                        "E07",
                        span,
                        "no bracket is open here",
                        "leave this one out, or open it where it belongs",
                    );
                }
                Some(Lexeme::Comma) => {
                    let help = self.comma_meant(span.start);
                    self.comma(span, &help);
                }
                _ => break,
            }
            self.at += 1;
            if !parts.is_empty() {
                self.join_on();
            }
        }
        self.group(parts, Kind::And)
    }

    /// Behind a bracket too much an operator still joins what stands on its sides.
    fn join_on(&mut self) {
        let at = self.at;
        self.skip_operators();
        if !self.starts_unary() {
            self.at = at;
        }
    }

    fn or(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        let mut mixed: Vec<Range<usize>> = Vec::new();
        let mut count = 0;
        loop {
            self.no_left_operand();
            if self.starts_unary() {
                let (node, joined) = self.and();
                count += 1;
                if let Some(node) = node {
                    if joined > 1 {
                        mixed.push(node.span.clone());
                    }
                    parts.push(node);
                }
            }
            if self.peek() != Some(&Lexeme::Or) {
                break;
            }
            let operator = self.take();
            self.needs_right("OR", operator.span);
        }
        let node = self.group(parts, Kind::Or)?;
        let grouped = self.found.is_grouped(self.text, &node.span);
        if let (Some(span), true) = (mixed.first(), count > 1 && !grouped) {
            let read = shortened(&print(&node));
            self.found.push(
                Diagnostic::warning(
                    "W02",
                    span.clone(),
                    "AND and OR stand side by side, and AND binds tighter",
                )
                .help(format!("it is read as {read}: write the brackets you mean")),
            );
        }
        Some(node)
    }

    /// An AND chain and how many operands it had.
    fn and(&mut self) -> (Option<Node>, usize) {
        let mut parts = Vec::new();
        let mut count = 0;
        loop {
            if self.starts_unary() {
                parts.extend(self.unary());
                count += 1;
            } else if self.peek() == Some(&Lexeme::And) {
                let operator = self.take();
                self.needs_right("AND", operator.span);
            } else if matches!(self.peek(), Some(Lexeme::Near { .. })) {
                self.no_left_operand();
            } else {
                break;
            }
        }
        (self.group(parts, Kind::And), count)
    }

    /// One part as it is, several as one node; a group in a group of its own kind is one group.
    fn group(&mut self, mut parts: Vec<Node>, kind: fn(Vec<Node>) -> Kind) -> Option<Node> {
        if parts.len() <= 1 {
            return parts.pop();
        }
        let span = spanned(&parts);
        let same = std::mem::discriminant(&kind(Vec::new()));
        let flat = parts.into_iter().flat_map(|part| {
            if std::mem::discriminant(&part.kind) != same {
                return vec![part];
            }
            match part.kind {
                Kind::And(inner) | Kind::Or(inner) => inner,
                _ => Vec::new(),
            }
        });
        let flat = flat.collect();
        self.node(kind(flat), span)
    }

    fn unary(&mut self) -> Option<Node> {
        if self.peek() != Some(&Lexeme::Not) {
            return self.near();
        }
        let not = self.take();
        if let Some(number) = self.negative(&not.span) {
            self.error(
                "E14",
                not.span.start..number.end,
                "the number before OF must be 1 or more",
                "write 2 OF (a, b, c), or NOT and a blank to deny the list",
            );
            return self.near();
        }
        while self.peek() == Some(&Lexeme::Not) && !self.near_follows() {
            let second = self.take();
            self.error("E19", second.span, "NOT stands here twice", "write it once");
        }
        if self.near_follows() || !self.starts_atom() {
            self.needs_right("NOT", not.span);
            return None;
        }
        let inner = self.near()?;
        let span = not.span.start..inner.span.end;
        self.node(Kind::Not(Box::new(inner)), span)
    }

    fn near(&mut self) -> Option<Node> {
        let mut left = self.atom();
        let mut chain = 0;
        while self.near_follows() {
            let negated = self.peek() == Some(&Lexeme::Not);
            let first = self.here();
            if negated {
                self.at += 1;
            }
            let operator = self.take();
            let Lexeme::Near { ordered, distance } = operator.kind else {
                break;
            };
            chain += 1;
            if self.depth + chain > MAX_DEPTH {
                self.stop(
                    first,
                    format!("a chain of NEAR has at most {MAX_DEPTH} links"),
                );
                return None;
            }
            let name = operator_name(ordered, distance, negated);
            let right = self.near_operand(&name, first.start..operator.span.end);
            left = match (left, right) {
                (Some(left), Some(right)) => {
                    let span = left.span.start..right.span.end;
                    let near = Near {
                        left,
                        right,
                        distance,
                        ordered,
                        negated,
                    };
                    self.node(Kind::Near(Box::new(near)), span)
                }
                (left, right) => left.or(right),
            };
        }
        left
    }

    fn near_operand(&mut self, name: &str, operator: Range<usize>) -> Option<Node> {
        if self.peek() == Some(&Lexeme::Not) && !self.near_follows() {
            let not = self.take();
            let help = if name.starts_with("NOT") {
                "NOT stands before the operator already; leave this one out".to_owned()
            } else {
                format!(
                    "write NOT {name} for a word with none of the other that near, or move NOT out of the pair"
                )
            };
            self.error("E17", not.span, "NOT cannot stand inside NEAR", help);
        }
        if self.starts_atom() {
            return self.atom();
        }
        self.needs_right(name.split('/').next().unwrap_or(name), operator);
        None
    }

    fn atom(&mut self) -> Option<Node> {
        self.depth += 1;
        let node = if self.depth > MAX_DEPTH {
            let span = self.here();
            self.too_deep(span);
            None
        } else {
            self.atom_inside()
        };
        self.depth -= 1;
        node
    }
}

/// From the first part's start to the last one's end.
fn spanned(parts: &[Node]) -> Range<usize> {
    let start = parts.first().map_or(0, |part| part.span.start);
    let end = parts.last().map_or(0, |part| part.span.end);
    start..end.max(start)
}

/// `NOT NEAR/5`, as written.
pub(super) fn operator_name(ordered: bool, distance: Distance, negated: bool) -> String {
    let not = if negated { "NOT " } else { "" };
    let name = if ordered { "BEFORE" } else { "NEAR" };
    match distance {
        Distance::Words(words) => format!("{not}{name}/{words}"),
        Distance::Sentence => format!("{not}{name}/s"),
        Distance::Paragraph => format!("{not}{name}/p"),
    }
}

fn example(field: Field) -> String {
    let value = match field {
        Field::Host => "example.org",
        Field::Feed => "feed-id",
        Field::Tag => "wire",
        Field::Lang => "ko",
        _ => "word",
    };
    format!("{}:{value}", field.as_str())
}

/// At most 200 characters, in backticks.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests;
