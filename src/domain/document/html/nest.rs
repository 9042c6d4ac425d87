//! Where elements stand in safe HTML: what a start tag ends, and what it needs around it, so that a browser that reads
//! the HTML moves nothing.
//!
//! Everything is closed in order. A browser moves or ends an element by itself only where one stands in a paragraph, in
//! another of its kind, or in a table outside of its cells: there the tags are written that it would have put. What is
//! written for an element is in `write`.

use super::tags::{Place, Tag};

/// Open elements at most; deeper ones lose their tags.
const DEEPEST: usize = 48;

/// An element that is open.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub tag: &'static Tag,
    /// Its start tag, as written.
    pub start: (usize, usize),
}

/// HTML in the making: balanced at any time but for what is open.
#[derive(Default)]
pub(super) struct Nest {
    pub html: String,
    open: Vec<Open>,
}

/// Where an element may stand.
enum Room {
    /// Here; a link that ended with the paragraph around it comes back inside.
    Here(Option<Open>),
    Nowhere,
}

impl Nest {
    /// Room for some `length` bytes.
    pub(super) fn with_capacity(length: usize) -> Self {
        Self {
            html: String::with_capacity(length),
            open: Vec::new(),
        }
    }

    /// Writes the start tag of an element with these attributes, and its end where it holds nothing.
    pub(super) fn start(&mut self, tag: &'static Tag, attributes: &str, is_empty: bool) {
        let Room::Here(link) = self.make_room(tag) else {
            return;
        };
        if !tag.is_void() && self.is_too_deep(tag) {
            return;
        }
        let from = self.html.len();
        self.html.push('<');
        self.html.push_str(tag.name);
        self.html.push_str(attributes);
        self.html.push('>');
        if tag.is_void() {
            return;
        }
        self.open.push(Open {
            tag,
            start: (from, self.html.len()),
        });
        if is_empty {
            self.close_to(self.open.len() - 1);
        } else if let Some(link) = link.filter(|_| tag.holds_lines()) {
            // The link around a block goes on in it.
            let (from, to) = link.start;
            let at = self.html.len();
            self.html.extend_from_within(from..to);
            self.open.push(Open {
                start: (at, self.html.len()),
                ..link
            });
        }
    }

    /// Closes `tag` and what is open inside it, if it is open where its end tag reaches.
    pub(super) fn end(&mut self, tag: &Tag) {
        let from = match tag.place {
            Place::Table => 0,
            Place::Section | Place::Row | Place::Cell | Place::Caption => {
                self.last(0, &["table"]).map_or(0, |table| table + 1)
            }
            _ => self.scope(),
        };
        if let Some(found) = self.last(from, &[tag.name]) {
            self.close_to(found);
        }
    }

    /// Makes room for text that is more than white space.
    pub(super) fn before_text(&mut self) {
        self.need_cell();
    }

    /// True where only white space may stand: in a table, outside of its cells.
    pub(super) fn is_between_cells(&self) -> bool {
        self.open
            .last()
            .is_some_and(|top| matches!(top.tag.place, Place::Table | Place::Section | Place::Row))
    }

    /// Whether an element of this name is open.
    pub(super) fn is_inside(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.tag.name == name)
    }

    /// The whole, closed.
    pub(super) fn finish(mut self) -> String {
        self.close_to(0);
        self.html
    }

    /// Ends what the start of an element ends, and begins what it needs.
    fn make_room(&mut self, tag: &Tag) -> Room {
        match tag.place {
            Place::Caption | Place::Section | Place::Row | Place::Cell => {
                if self.make_room_in_table(tag) {
                    return Room::Here(None);
                }
                return Room::Nowhere;
            }
            _ => self.need_cell(),
        }
        match tag.place {
            Place::Anchor => {
                let scope = self.scope();
                if let Some(outer) = self.last(scope, &["a"]) {
                    if self.last(outer, LISTS).is_some() {
                        return Room::Nowhere;
                    }
                    self.close_to(outer);
                }
            }
            Place::Reading => self.end_readings(),
            Place::Item => self.end_sibling(&["li"]),
            Place::Term => self.end_sibling(&["dt", "dd"]),
            _ => {}
        }
        if !tag.ends_paragraph() {
            return Room::Here(None);
        }
        let link = self.end_paragraph();
        if tag.place == Place::Heading
            && let Some(top) = self.open.last()
            && top.tag.place == Place::Heading
        {
            self.close_to(self.open.len() - 1);
        }
        Room::Here(link)
    }

    /// The same for what stands in tables only: the rows and cells that were left out are begun.
    fn make_room_in_table(&mut self, tag: &Tag) -> bool {
        let Some(table) = self.last(0, &["table"]) else {
            return false;
        };
        let inside = table + 1;
        let section = self.last(inside, SECTIONS).map(|at| at + 1);
        match tag.place {
            Place::Row => {
                self.close_to(section.unwrap_or(inside));
                if section.is_none() {
                    self.begin("tbody");
                }
            }
            Place::Cell => {
                let row = self.last(inside, &["tr"]).map(|at| at + 1);
                self.close_to(row.or(section).unwrap_or(inside));
                if section.is_none() && row.is_none() {
                    self.begin("tbody");
                }
                if row.is_none() {
                    self.begin("tr");
                }
            }
            _ => self.close_to(inside),
        }
        true
    }

    /// Begins a cell where something stands in a table outside of any.
    fn need_cell(&mut self) {
        if !self.is_between_cells() {
            return;
        }
        if let Some(cell) = Tag::named("td")
            && self.make_room_in_table(cell)
        {
            self.begin("td");
        }
    }

    fn begin(&mut self, name: &str) {
        let Some(tag) = Tag::named(name) else { return };
        let from = self.html.len();
        self.html.push('<');
        self.html.push_str(tag.name);
        self.html.push('>');
        let start = (from, self.html.len());
        self.open.push(Open { tag, start });
    }

    /// Tables leave room for the rows and cells in them.
    fn is_too_deep(&self, tag: &Tag) -> bool {
        match tag.place {
            Place::Table => self.open.len() + 4 > DEEPEST,
            Place::Section | Place::Row | Place::Cell | Place::Caption => false,
            _ => self.open.len() >= DEEPEST,
        }
    }

    /// Where the innermost table or cell begins: end tags reach no further out.
    fn scope(&self) -> usize {
        let outer = self.open.iter().rposition(|open| {
            matches!(open.tag.place, Place::Table | Place::Cell | Place::Caption)
        });
        outer.map_or(0, |at| at + 1)
    }

    /// The innermost open element of one of these names, not further out than `from`.
    fn last(&self, from: usize, names: &[&str]) -> Option<usize> {
        let found = self.open[from..]
            .iter()
            .rposition(|open| names.contains(&open.tag.name));
        found.map(|at| from + at)
    }

    /// Ends the paragraph that is open, if one is; the link that ends with it.
    fn end_paragraph(&mut self) -> Option<Open> {
        let paragraph = self.last(self.scope(), &["p"])?;
        let link = self.last(paragraph, &["a"]).map(|at| self.open[at]);
        self.close_to(paragraph);
        link
    }

    /// Ends the item that is open, unless a list or table lies between.
    fn end_sibling(&mut self, names: &[&str]) {
        let from = self.last(0, LISTS).unwrap_or(0).max(self.scope());
        if let Some(found) = self.last(from, names) {
            self.close_to(found);
        }
    }

    /// Ends what a reading beside a word ends, where there is a word.
    fn end_readings(&mut self) {
        if self.last(self.scope(), &["ruby"]).is_none() {
            return;
        }
        while let Some(top) = self.open.last()
            && matches!(top.tag.name, "rt" | "rp" | "p" | "li" | "dt" | "dd")
        {
            self.close_to(self.open.len() - 1);
        }
    }

    fn close_to(&mut self, length: usize) {
        while self.open.len() > length
            && let Some(open) = self.open.pop()
        {
            self.html.push_str("</");
            self.html.push_str(open.tag.name);
            self.html.push('>');
        }
    }
}

const LISTS: &[&str] = &["ul", "ol", "dl", "table"];
const SECTIONS: &[&str] = &["thead", "tbody", "tfoot"];

#[cfg(test)]
mod tests;
