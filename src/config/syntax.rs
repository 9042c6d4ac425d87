//! Syntax errors of a TOML file in our words: a line is told of once, and so is one mistake that makes many.
//!
//! The parser's own words stand only where there are none better. Values are not repeated: they may be secret.

use std::ops::Range;

use super::problem::Problem;
use super::source::Place;

/// What is said of the syntax of a file, and the byte from which on nothing else of it is to be trusted.
pub(super) struct Told {
    pub problems: Vec<Problem>,
    pub lost_from: Option<usize>,
}

/// All syntax errors of a file.
pub(super) fn told(
    file: usize,
    text: &str,
    errors: &[toml::de::Error],
    unclosed: Option<usize>,
) -> Told {
    let at = |span: Range<usize>| Place { file, span };
    let one = |span: Range<usize>, message: &str, help: &str| {
        Problem::error("C00", at(span), format!("this is not TOML: {message}")).help(help)
    };
    if let Some((span, message, help)) = other_format(text) {
        return Told {
            problems: vec![Problem::error("C00", at(span), message).help(help)],
            lost_from: Some(0),
        };
    }
    if let Some(open) = unclosed {
        return of_unclosed(file, text, errors, open);
    }
    let open = unclosed_list(text);
    let mut problems = Vec::new();
    let mut last = None;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = line_at(text, span.start).start;
        let known = open.is_some_and(|open| open < span.start) || is_told(text, &span, error);
        if !known && last.replace(line) != Some(line) {
            problems.push(problem(file, text, span, error.message()));
        }
    }
    problems.extend(open.map(|open| {
        let help = "close it with `]`, on its line or below its last element";
        one(open..open + 1, "this list is never closed", help)
    }));
    Told {
        problems,
        lost_from: open,
    }
}

/// What is said where a text is never closed: that, and what is wrong above it.
fn of_unclosed(file: usize, text: &str, errors: &[toml::de::Error], open: usize) -> Told {
    let mark = &text[open..open + 3];
    let start = line_at(text, open).start;
    let above = errors.iter().filter_map(|error| {
        let span = error.span().filter(|span| span.start < start)?;
        Some(problem(file, text, span, error.message()))
    });
    let place = Place {
        file,
        span: open..open + 3,
    };
    let message = format!("this is not TOML: this `{mark}` is never closed");
    let own = Problem::error("C00", place, message).help(format!(
        "close it with `{mark}` behind the last word of the text"
    ));
    Told {
        problems: above.chain([own]).collect(),
        lost_from: Some(open),
    }
}

/// `[[rule]]` below a `[[rule.test]]` that stands above all rules, which is told of where tables are read.
fn is_told(text: &str, span: &Range<usize>, error: &toml::de::Error) -> bool {
    let name = text.get(span.clone()).unwrap_or_default().trim();
    let headers = text[..span.start].lines().map(str::trim_start);
    let own = format!("[[{name}]]");
    let inner = format!("[[{name}.");
    error.message() == "duplicate key"
        && text[..span.start].ends_with("[[")
        && headers
            .clone()
            .find(|line| line.starts_with(&own) || line.starts_with(&inner))
            .is_some_and(|line| line.starts_with(&inner))
}

/// A syntax error of TOML in our words where we have better ones.
fn problem(file: usize, text: &str, span: Range<usize>, message: &str) -> Problem {
    let place = Place {
        file,
        span: span.clone(),
    };
    if message == "duplicate key" {
        let name = text.get(span.clone()).unwrap_or_default();
        let problem = Problem::error("C05", place, format!("`{name}` is given twice"))
            .help("keep one of the two");
        return match first_of(text, &span) {
            Some(first) => problem.related(Place { file, span: first }, "first given here"),
            None => problem,
        };
    }
    if let Some((span, message, help)) = habit(text, &span, message) {
        let place = Place { file, span };
        return Problem::error("C00", place, format!("this is not TOML: {message}")).help(help);
    }
    let (message, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let problem = Problem::error("C00", place, format!("this is not TOML: {message}"));
    problem.help(repair(message, expected))
}

/// What to do about a syntax error; the parser's own words only where we have no better ones.
fn repair(message: &str, expected: &str) -> String {
    match (message, expected) {
        ("string values must be quoted", _) => {
            "put it in straight quotes: \"…\", or '…' where it holds double ones".to_owned()
        }
        ("unexpected key or value", _) => {
            "one `key = value` a line; a text that holds double quotes stands in single ones: '…'"
                .to_owned()
        }
        ("invalid basic string", "`\"`") => {
            "end the text with \" on its line; one of several lines stands between \"\"\" and \"\"\""
                .to_owned()
        }
        ("missing escaped value" | "invalid escape sequence", _) => {
            "write \\\\ for a backslash; a regex stands in single quotes: '/K\\d/'".to_owned()
        }
        (_, "" | "nothing") => "check quotes, brackets and equals signs of this line".to_owned(),
        (_, expected) => format!("write {expected}"),
    }
}

type Odd = (Range<usize>, String, String);

/// What people bring along from elsewhere: `url: "…"`, `enabled = yes`, a `;` at the end.
fn habit(text: &str, span: &Range<usize>, message: &str) -> Option<Odd> {
    let line = line_at(text, span.start);
    let written = &text[line.clone()];
    let (key, value) = written.split_once('=').unwrap_or((written, ""));
    let name = key.trim();
    let marked = text.get(span.clone()).unwrap_or_default();
    let (message, _) = message.split_once(", expected ").unwrap_or((message, ""));
    odd_space(text, &line, span)
        .or_else(|| instead_of_equals(written, line.start))
        .or_else(|| {
            let value = value.trim();
            let shouted = value.to_ascii_lowercase();
            let (message, help) = match message {
                "string values must be quoted" if value.is_empty() && written.contains('=') => (
                    "a value is missing here".to_owned(),
                    format!("write one, such as {name} = \"…\", or take the line out"),
                ),
                "string values must be quoted" if matches!(&*shouted, "yes" | "on") => {
                    (format!("`{value}` is no value"), "write true".to_owned())
                }
                "string values must be quoted" if matches!(&*shouted, "no" | "off") => {
                    (format!("`{value}` is no value"), "write false".to_owned())
                }
                "unexpected key or value" if text[span.start..].starts_with(';') => (
                    "`;` ends no line here".to_owned(),
                    "leave it out".to_owned(),
                ),
                "unexpected key or value" if value.starts_with('\'') && !value.contains('"') => (
                    "the single quote before it ends the text".to_owned(),
                    "put the whole text between double quotes: \"…\"; it may hold single ones then"
                        .to_owned(),
                ),
                _ if message.starts_with("invalid unquoted key") && !name.is_ascii() => (
                    format!("`{}` cannot be a key", shortened(marked, name)),
                    "keys are English words, such as url, id or query".to_owned(),
                ),
                _ => return None,
            };
            Some((span.clone(), message, help))
        })
}

fn shortened<'t>(marked: &'t str, name: &'t str) -> &'t str {
    let whole = if marked.is_empty() { name } else { marked };
    whole
        .char_indices()
        .nth(40)
        .map_or(whole, |(end, _)| &whole[..end])
}

/// A space that is none to TOML, at the beginning of a line or where it gives up.
fn odd_space(text: &str, line: &Range<usize>, span: &Range<usize>) -> Option<Odd> {
    let is_odd = |c: char| c.is_whitespace() && !matches!(c, ' ' | '\t' | '\n' | '\r');
    let places = [span.start, line.start];
    let (at, c) = places.into_iter().find_map(|at| {
        let rest = text.get(at..line.end.max(at))?;
        let begins = at + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        Some((
            begins,
            text[begins..].chars().next().filter(|c| is_odd(*c))?,
        ))
    })?;
    let name = match c {
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{3000}' => "a wide space",
        _ => "an unusual space",
    };
    let message = format!("{name} stands here (U+{:04X})", u32::from(c));
    let help = "write an ordinary space, or none".to_owned();
    Some((at..at + c.len_utf8(), message, help))
}

/// `url: "…"` and `id ＝ "…"`.
fn instead_of_equals(line: &str, start: usize) -> Option<Odd> {
    let name = line.trim_start();
    let lead = line.len() - name.len();
    let length = name
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .filter(|length| *length > 0)?;
    let (name, rest) = name.split_at(length);
    let sign = rest.trim_start();
    let c = sign
        .chars()
        .next()
        .filter(|c| matches!(c, ':' | '：' | '＝'))?;
    let at = start + lead + length + (rest.len() - sign.len());
    let message = format!("`{c}` stands where TOML has `=`");
    Some((
        at..at + c.len_utf8(),
        message,
        format!("write {name} = and the value"),
    ))
}

/// A file that is JSON or YAML as a whole, by its first line.
fn other_format(text: &str) -> Option<(Range<usize>, &'static str, &'static str)> {
    let mut at = 0;
    let first = text.split_inclusive('\n').find_map(|line| {
        let bare = line.trim();
        let begins = at + line.len() - line.trim_start().len();
        at += line.len();
        (!bare.is_empty() && !bare.starts_with('#')).then_some((begins, bare))
    });
    let (begins, line) = first?;
    let inside = line
        .strip_prefix('[')
        .map(|rest| rest.trim_start().to_owned() + text[at..].trim_start());
    if line.starts_with('{') || inside.is_some_and(|inside| inside.starts_with(['{', '"'])) {
        let help = "write [[feed]], and below it one `key = \"value\"` a line";
        return Some((begins..begins + 1, "this is JSON, and config is TOML", help));
    }
    let key = line.trim_start_matches("- ");
    let is_yaml = line == "---"
        || instead_of_equals(key, 0).is_some()
            && !text
                .lines()
                .any(|line| line.trim_start().starts_with('[') || line.contains(" = "));
    is_yaml.then(|| {
        let help = "write [[feed]], and below it one `key = \"value\"` a line, with = instead of :";
        (
            begins..begins + line.len(),
            "this is YAML, and config is TOML",
            help,
        )
    })
}

/// The bracket of a list that is still open where another key or table begins, or at the end.
fn unclosed_list(text: &str) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut in_value = false;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match c {
            '"' | '\'' => {
                at += string(rest, c);
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '=' => in_value = true,
            '[' if in_value => open.push(at),
            ']' => {
                open.pop();
            }
            '\n' if open.is_empty() => in_value = false,
            '\n' if begins_anew(&rest[1..]) => return open.first().copied(),
            _ => {}
        }
        at += c.len_utf8();
    }
    open.first().copied()
}

/// The `'''` or `"""` that lacks its other half: the first in whose text another table or key begins, else the last.
pub(super) fn unclosed_text(text: &str) -> Option<usize> {
    ["'''", "\"\"\""].into_iter().find_map(|mark| {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        let is_odd = lines.map(|line| line.matches(mark).count()).sum::<usize>() % 2 == 1;
        is_odd.then(|| opened(text, mark)).flatten()
    })
}

/// Where this mark opens a text that swallows what is below it.
fn opened(text: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    let mut last = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match c {
            '"' | '\'' => {
                let length = string(rest, c);
                let inner = &rest[..length];
                if inner.starts_with(mark) {
                    let mut below = inner.split('\n').skip(1);
                    if below.any(begins_anew) {
                        return Some(at);
                    }
                    last = Some(at);
                }
                at += length;
            }
            '#' => at += rest.find('\n').unwrap_or(rest.len()),
            _ => at += c.len_utf8(),
        }
    }
    last
}

/// The length of a string that begins here.
fn string(text: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let (open, close) = match text.strip_prefix(&triple) {
        Some(_) => (3, triple.as_str()),
        None => (1, &triple[..1]),
    };
    let mut escaped = false;
    for (at, c) in text[open..].char_indices() {
        let at = open + at;
        if !escaped && text[at..].starts_with(close) {
            return at + close.len();
        }
        if open == 1 && c == '\n' {
            return at;
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    text.len()
}

/// Whether the next line is a header or a key, neither of which can stand in a list.
fn begins_anew(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim();
    let is_name =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '"' | '\'');
    if let Some(header) = line.strip_prefix('[') {
        let name = header.trim_start_matches('[');
        let inner = name.split(']').next().unwrap_or_default();
        let named =
            inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner.chars().all(is_name);
        return named && (header.starts_with('[') || line.ends_with(']'));
    }
    let (key, rest) = line.split_once('=').unwrap_or(("", ""));
    let key = key.trim();
    !rest.is_empty()
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(is_name)
}

pub(super) fn line_at(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..end
}

/// The place of the header or key that stands again at `second`.
fn first_of(text: &str, second: &Range<usize>) -> Option<Range<usize>> {
    let line_start = line_at(text, second.start).start;
    let lead = &text[line_start..second.start];
    let name = text.get(second.clone())?;
    let is_header = lead.trim_start().starts_with('[');
    let mut start = 0;
    let mut found = None;
    for line in text[..line_start].split_inclusive('\n') {
        let bare = line.trim_start();
        if is_header
            && bare
                .trim_end()
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .map(str::trim)
                == Some(name)
        {
            found = found.or_else(|| {
                line.find(name)
                    .map(|at| start + at..start + at + name.len())
            });
        } else if !is_header {
            let key = bare.split('=').next().unwrap_or_default().trim();
            if bare.starts_with('[') {
                found = None;
            } else if key == name && found.is_none() {
                found = line
                    .find(name)
                    .map(|at| start + at..start + at + name.len());
            }
        }
        start += line.len();
    }
    found
}
