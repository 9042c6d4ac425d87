//! An entry's address and title in their one spelling, made once for all that is made of them: keys, the hash of its
//! content, what stories are joined by.
//!
//! What the spelling is stands in `address` and `title`.

use super::{Content, address, alternates_by, edit, is_front_page, page, title};

/// The address and title of one entry as they are compared.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The page, and the place within it; none without an address.
    place: Option<String>,
    /// The canonical URL of the page; none without an address.
    page: Option<String>,
    /// The title, folded.
    title: String,
}

impl Spelling {
    /// Of what an entry says.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        let written = page(content);
        let (place, page) = match written.map(|written| (written, address::spelt(written))) {
            None => (None, None),
            Some((written, None)) => {
                let bare = written.trim().to_owned();
                (Some(bare.clone()), Some(bare))
            }
            Some((_, Some(spelt))) => (Some(spelt.place()), Some(spelt.canonical())),
        };
        Self {
            place,
            page,
            title: title::fold(&content.title),
        }
    }

    /// See [`content_hash`](super::content_hash).
    #[must_use]
    pub fn content_hash(&self, content: &Content) -> [u8; 32] {
        edit::hash_at(content, self.place.as_deref())
    }

    /// See [`alternates`](super::alternates).
    #[must_use]
    pub fn alternates(&self, key: &str, content: &Content) -> Vec<String> {
        alternates_by(key, content, (self.place.as_deref(), &self.title))
    }

    /// See [`title_key`](super::title_key).
    #[must_use]
    pub fn title_key(&self, content: &Content, publisher: Option<&str>) -> Option<String> {
        title::key_of(&content.title, &self.title, publisher)
    }

    /// The canonical URL of a page that is the entry's alone, as far as an address shows.
    #[must_use]
    pub fn into_own_page(self) -> Option<String> {
        self.page.filter(|page| !is_front_page(page))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{alternates, canonical_url, content_hash, title_key};
    use super::*;

    proptest! {
        #[test]
        fn made_once_all_is_as_made_each_time(
            url in proptest::option::of("(https?://(www\\.)?a\\.example/(x/)?[a-z]{0,3}(\\?b=1&utm_source=x)?(#p)?|urn:x| y )"),
            guid in proptest::option::of("(https://a\\.example/[a-z]{0,2}|n[0-9])"),
            title in "([ a-zA-Z가-힣-]){0,24}( - Daily)?",
        ) {
            let content = Content { guid, url, title, ..Content::default() };
            let spelling = Spelling::of(&content);
            prop_assert_eq!(spelling.content_hash(&content), content_hash(&content));
            for key in ["g:n1", "h:1", "l://a.example/x"] {
                prop_assert_eq!(spelling.alternates(key, &content), alternates(key, &content));
            }
            prop_assert_eq!(spelling.title_key(&content, Some("Daily")), title_key(&content.title, Some("Daily")));
            let page = page(&content).map(canonical_url).filter(|page| !is_front_page(page));
            prop_assert_eq!(spelling.into_own_page(), page);
        }
    }
}
