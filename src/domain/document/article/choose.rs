//! Which part of a page is its article: a container that says so, else where the text is densest.
//!
//! Text counts by letters; letters of scripts without small words (Hangul, Han, Kana) count double. Links count
//! against a part.

use std::cmp::Reverse;

use super::page::{Node, Page, What, is_block};
use super::words;

/// Text below which a block is no paragraph.
const PARAGRAPH: usize = 30;
/// Steps outwards from the densest element, where an article is cut into sections.
const MOST_STEPS: usize = 3;

/// How much text counts as.
pub(super) fn weight(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{1100}'..='\u{11ff}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}' => 2,
            c if c.is_alphanumeric() => 1,
            _ => 0,
        })
        .sum()
}

/// What is known of each node of a page.
pub(super) struct Map {
    /// It may be a part of the article.
    kept: Vec<bool>,
    /// Text in it.
    total: Vec<usize>,
    /// Of that, text of links.
    linked: Vec<usize>,
    /// Text in it that belongs to paragraphs.
    paragraphs: Vec<usize>,
    /// How much it looks like an article's container.
    score: Vec<usize>,
}

impl Map {
    /// Measures `page`; `strict` leaves out whatever is named like something around an article.
    pub(super) fn new(page: &Page<'_>, strict: bool) -> Self {
        let nodes = &page.nodes;
        let count = nodes.len();
        let mut map = Self {
            kept: vec![true; count],
            total: vec![0; count],
            linked: vec![0; count],
            paragraphs: vec![0; count],
            score: vec![0; count],
        };
        // A node stands behind its parent: one way for what comes from above, the other for what comes from below.
        let mut block = vec![0; count];
        let mut in_link = vec![false; count];
        let mut own = vec![0; count];
        for (index, node) in nodes.iter().enumerate().skip(1) {
            let parent = node.parent;
            map.kept[index] = map.kept[parent] && !is_left_out(node, strict);
            in_link[index] = in_link[parent] || node.name() == "a";
            block[index] = if is_block(node.name()) {
                index
            } else {
                block[parent]
            };
            if let (What::Text(text), true) = (&node.what, map.kept[index]) {
                map.total[index] = weight(text);
                if in_link[index] {
                    map.linked[index] = map.total[index];
                } else {
                    own[block[index]] += map.total[index];
                }
            }
        }
        for (index, node) in nodes.iter().enumerate().skip(1).rev() {
            let parent = node.parent;
            if own[index] >= PARAGRAPH {
                map.paragraphs[index] += own[index];
                map.credit(nodes, index, own[index]);
            }
            map.total[parent] += map.total[index];
            map.linked[parent] += map.linked[index];
            map.paragraphs[parent] += map.paragraphs[index];
        }
        map
    }

    /// Gives the elements around a paragraph their share of it.
    fn credit(&mut self, nodes: &[Node<'_>], paragraph: usize, weight: usize) {
        let parent = nodes[paragraph].parent;
        match nodes[paragraph].name() {
            "p" | "pre" | "blockquote" => {
                self.score[parent] += weight;
                self.score[nodes[parent].parent] += weight / 2;
            }
            "li" | "dt" | "dd" | "figcaption" | "caption" | "option" => {
                self.score[parent] += weight / 4;
            }
            // Text that stands in a container itself, lines parted by `<br>`.
            _ => {
                self.score[paragraph] += weight;
                self.score[parent] += weight / 2;
            }
        }
    }

    /// Text of a node that is no link.
    pub(super) fn plain(&self, node: usize) -> usize {
        self.total[node].saturating_sub(self.linked[node])
    }

    /// Whether a node may be a part of the article.
    pub(super) fn is_kept(&self, node: usize) -> bool {
        self.kept[node]
    }

    /// Whether more of a block inside `article` is links than not: lists of other articles.
    pub(super) fn is_links(&self, node: usize, article: usize) -> bool {
        self.linked[node] * 2 > self.total[node]
            && self.total[node] * 2 < self.total[article].max(1)
    }

    /// The element that is the article, if there is one.
    pub(super) fn article(&self, page: &Page<'_>) -> Option<usize> {
        let says_so = self
            .elements(page)
            .filter(|(index, raw)| self.plain(*index) > 0 && words::is_body(raw))
            .max_by_key(|(index, _)| (self.plain(*index), *index))
            .map(|(index, _)| index);
        let densest = self
            .elements(page)
            .map(|(index, _)| index)
            .filter(|index| self.score[*index] > 0)
            .max_by_key(|index| (self.worth(*index), Reverse(*index)))
            .map(|index| self.widened(page, index));
        match (says_so, densest) {
            (Some(says_so), Some(densest)) if self.plain(says_so) * 2 < self.plain(densest) => {
                Some(densest)
            }
            (Some(says_so), _) => Some(says_so),
            (None, densest) => densest,
        }
    }

    /// Elements that may be a part of the article, with their attributes.
    fn elements<'p>(&'p self, page: &'p Page<'_>) -> impl Iterator<Item = (usize, &'p str)> {
        let nodes = page.nodes.iter().enumerate();
        nodes.filter_map(|(index, node)| match node.what {
            What::Element(_, raw) if self.kept[index] => Some((index, raw)),
            _ => None,
        })
    }

    /// The score of a node, less its share of links.
    fn worth(&self, node: usize) -> usize {
        self.score[node] * self.plain(node) / self.total[node].max(1)
    }

    /// `node`, or an element around it that holds half as many paragraphs again and few links.
    fn widened(&self, page: &Page<'_>, mut node: usize) -> usize {
        let mut outer = node;
        for _ in 0..MOST_STEPS {
            outer = page.nodes[outer].parent;
            let more = self.paragraphs[outer] * 2 >= self.paragraphs[node] * 3;
            if more && self.linked[outer] * 4 < self.total[outer] {
                node = outer;
            }
        }
        node
    }
}

/// True for what is no part of any article.
fn is_left_out(node: &Node<'_>, strict: bool) -> bool {
    match &node.what {
        What::Text(_) => false,
        What::Element(name, raw) if strict => words::is_around(name, raw) && !words::is_body(raw),
        What::Element(name, _) => matches!(name.as_ref(), "nav" | "aside" | "footer"),
    }
}
