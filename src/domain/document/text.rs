//! Elements → titles and bodies: which of the ways to write text a feed meant.
//!
//! Atom says it in `type`; RSS does not, and its text is taken as HTML wherever it holds a tag or a reference.

use std::borrow::Cow;

use base64::Engine;
use url::Url;

use super::LONGEST_TEXT;
use super::entities::push_escaped;
use super::html::{self, Rendered};
use super::links;
use super::tree::{Element, Node};

/// How an element's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Text: brackets mean themselves.
    Plain,
    /// Escaped HTML, or text that may be HTML.
    Html,
    /// Elements of its own.
    Markup,
    /// Base64 of text or HTML.
    Base64,
    /// Pictures and the like: nothing to read.
    Binary,
}

/// A title, a label or a name: one line of plain text.
pub(super) fn line(element: &Element<'_>, base: Option<&Url>) -> String {
    match form(element) {
        Form::Plain => html::plain_line(&element.text()),
        Form::Base64 => html::line(&unpack(&element.text()), base),
        Form::Markup if is_escaped(element) => html::marked_up_line(&source(element, base), base),
        Form::Html | Form::Markup | Form::Binary => html::line(&source(element, base), base),
    }
}

/// A body in both forms; relative addresses in it are resolved.
pub(super) fn body(element: &Element<'_>, base: Option<&Url>) -> Rendered {
    let base = links::base(element.attribute("xml:base"), base);
    let base = base.as_deref();
    match form(element) {
        Form::Plain => html::render_plain(&element.text()),
        Form::Base64 => html::render(&unpack(&element.text()), base),
        Form::Binary => Rendered::default(),
        Form::Html | Form::Markup => {
            let source = source(element, base);
            let rendered = html::render(&source, base);
            // Escaped twice: nothing was marked up, and the reading shows tags or references.
            let again = html::has_markup(&rendered.text) || html::has_reference(&rendered.text);
            if again && !html::has_markup(&source) {
                html::render(&rendered.text, base)
            } else {
                rendered
            }
        }
    }
}

/// What `type` and `mode` say, checked against what the element holds.
fn form(element: &Element<'_>) -> Form {
    if element.elements().next().is_some() {
        return Form::Markup;
    }
    if element.attributes.is_empty() {
        return Form::Html;
    }
    let kind = element
        .attribute("type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let mode = element
        .attribute("mode")
        .unwrap_or_default()
        .to_ascii_lowercase();
    match (mode.as_str(), kind) {
        ("base64", _) => Form::Base64,
        ("escaped", "text/plain") | (_, "text" | "text/plain" | "plain") => Form::Plain,
        (
            _,
            ""
            | "html"
            | "text/html"
            | "xhtml"
            | "application/xhtml+xml"
            | "application/xml"
            | "text/xml",
        ) => {
            let atom_text = kind.is_empty() && mode == "xml";
            if atom_text { Form::Plain } else { Form::Html }
        }
        (_, kind) if kind.starts_with("text/") || kind.ends_with("xml") || !kind.contains('/') => {
            Form::Html
        }
        _ => binary(&element.text()),
    }
}

/// An unlikely type: base64 of text where it is that, nothing where it is a picture, else text is text.
fn binary(text: &str) -> Form {
    let is_packed = |b: u8| b.is_ascii_alphanumeric() || b"+/=\r\n\t ".contains(&b);
    if text.trim().is_empty() {
        return Form::Binary;
    }
    if !text.bytes().all(is_packed) || text.trim().contains(' ') {
        return Form::Html;
    }
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .unwrap_or_default();
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| {
        !text.is_empty() && !text.contains(|c: char| c.is_control() && !c.is_whitespace())
    });
    if is_text { Form::Base64 } else { Form::Binary }
}

fn unpack(text: &str) -> String {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD
        .decode(packed)
        .map_or_else(
            |_| text.to_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
}

/// The HTML inside an element: its text as it is, or its elements written out.
fn source<'a>(element: &'a Element<'_>, base: Option<&Url>) -> Cow<'a, str> {
    if element.elements().next().is_none() {
        return element.text();
    }
    let mut out = String::new();
    write_inside(&mut out, element, base, is_escaped(element));
    Cow::Owned(out)
}

/// Whether text beside an element's elements is text, not HTML itself.
fn is_escaped(element: &Element<'_>) -> bool {
    let kind = element.attribute("type").unwrap_or_default();
    kind.contains("xml")
        || kind.contains("xhtml")
        || element.elements().any(|e| e.name.starts_with("xhtml:"))
}

/// Writes what an element holds; text is escaped where it is text beside markup, not HTML itself.
fn write_inside(out: &mut String, element: &Element<'_>, base: Option<&Url>, escape: bool) {
    for node in &element.children {
        if out.len() > LONGEST_TEXT {
            return;
        }
        match node {
            Node::Text(text) if escape => push_escaped(out, text),
            Node::Text(text) => out.push_str(text),
            Node::Element(inner) => write_element(out, inner, base, escape),
        }
    }
}

fn write_element(out: &mut String, element: &Element<'_>, base: Option<&Url>, escape: bool) {
    let own = element
        .attribute("xml:base")
        .map(|raw| links::base(Some(raw), base));
    let base = own.as_ref().map_or(base, Option::as_deref);
    if element.name.starts_with("rdf:") {
        // A frame around what is meant: `rdf:li` is no item of a list.
        write_inside(out, element, base, escape);
        return;
    }
    let name = element.name.rsplit(':').next().unwrap_or_default();
    out.push('<');
    out.push_str(name);
    for (key, value) in &element.attributes {
        out.push(' ');
        out.push_str(key);
        out.push_str("=\"");
        let resolved = matches!(&**key, "href" | "src" | "cite")
            .then(|| {
                own.as_ref()
                    .and_then(|own| links::absolute(value, own.as_deref()))
            })
            .flatten();
        push_escaped(out, resolved.as_deref().unwrap_or(value));
        out.push('"');
    }
    out.push('>');
    if super::names::is_void(name) {
        return;
    }
    write_inside(out, element, base, escape);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
