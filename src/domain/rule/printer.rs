//! A tree back to text, in one canonical form: `parse(print(q))` is `q`, places aside.
//!
//! Shows people how a query was understood, so brackets stand wherever AND and OR meet.

use super::ast::{Kind, Node};
use super::chars::{is_double_quote, is_single_quote};
use super::parser::operator_name;

/// The query as understood.
#[must_use]
pub fn print(node: &Node) -> String {
    let mut out = String::new();
    write(node, Level::Or, &mut out);
    out
}

/// What may stand without brackets in a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    /// An operand of OR or AND.
    Operand,
    /// The operand of NOT, and the left one of NEAR.
    Near,
    Atom,
}

fn level(kind: &Kind) -> Level {
    match kind {
        Kind::Or(_) | Kind::And(_) => Level::Or,
        Kind::Not(_) => Level::Operand,
        Kind::Near(_) => Level::Near,
        _ => Level::Atom,
    }
}

fn write(node: &Node, place: Level, out: &mut String) {
    let brackets = level(&node.kind) < place;
    if brackets {
        out.push('(');
    }
    match &node.kind {
        Kind::Or(parts) => join(parts, " OR ", out),
        Kind::And(parts) => join(parts, " AND ", out),
        Kind::Not(inner) => {
            out.push_str("NOT ");
            write(inner, Level::Near, out);
        }
        Kind::Near(near) => {
            write(&near.left, Level::Near, out);
            out.push(' ');
            out.push_str(&operator_name(near.ordered, near.distance, near.negated));
            out.push(' ');
            write(&near.right, Level::Atom, out);
        }
        Kind::Field(field, inner) => {
            out.push_str(field.as_str());
            out.push(':');
            write(inner, Level::Atom, out);
        }
        Kind::AtLeastOf(count, parts) => {
            out.push_str(&count.to_string());
            out.push_str(" OF (");
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(part, Level::Or, out);
            }
            out.push(')');
        }
        Kind::Count(count, inner) => {
            out.push_str("ATLEAST/");
            out.push_str(&count.to_string());
            out.push(' ');
            write(inner, Level::Atom, out);
        }
        leaf => write_leaf(leaf, out),
    }
    if brackets {
        out.push(')');
    }
}

/// `a AND b`, but `a NOT b`, as people write it.
fn join(parts: &[Node], operator: &str, out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            let juxtaposed = operator == " AND " && matches!(part.kind, Kind::Not(_));
            out.push_str(if juxtaposed { " " } else { operator });
        }
        write(part, Level::Operand, out);
    }
}

fn write_leaf(kind: &Kind, out: &mut String) {
    match kind {
        Kind::Term(word) => out.push_str(word),
        Kind::Phrase(text, slop) => {
            quote(text, '"', is_double_quote, out);
            if let Some(words) = slop {
                out.push('~');
                out.push_str(&words.to_string());
            }
        }
        Kind::Verbatim(text) => quote(text, '\'', is_single_quote, out),
        Kind::Regex(source, ignore_case) => {
            out.push('/');
            write_regex(source, out);
            out.push_str(if *ignore_case { "/i" } else { "/" });
        }
        Kind::Entity(id) => out.extend(["@", id]),
        Kind::Class(id) => out.extend(["#", id]),
        Kind::Macro(id) => out.extend(["$", id]),
        _ => {}
    }
}

fn quote(text: &str, mark: char, is_quote: fn(char) -> bool, out: &mut String) {
    out.push(mark);
    for c in text.chars() {
        if c == '\\' || is_quote(c) && !super::chars::is_guillemet(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(mark);
}

fn write_regex(source: &str, out: &mut String) {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '/' => out.push_str("\\/"),
            c => out.push(c),
        }
    }
}
