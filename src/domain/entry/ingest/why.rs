//! By what known entries are known again: the names of it, and its words. What proves what is in `evidence`.

/// By what a known entry was found under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The same key or address, spelt otherwise.
    Spelling,
    /// A key that it had before.
    FormerKey,
    /// Its link and its title.
    LinkAndTitle,
    /// Its link and its date.
    LinkAndDate,
    /// Its link and its text.
    LinkAndText,
    /// Its title and its text.
    TitleAndText,
    /// Its title, and its path on another host.
    TitleAndPath,
    /// Its title and its date.
    TitleAndDate,
    /// Its text and date; where it has no address at all, its text or the wording of it.
    Text,
    /// Its link alone: guids were added or left out, or most of the document moved.
    Link,
    /// Its title alone, when most of the document moved.
    Title,
    /// Its path on another host, with its date or when most of the document moved.
    Path,
    /// Another entry has its key now.
    Displaced,
}

impl Why {
    /// In words, for the history of polls.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Spelling => "another spelling of the same id or link",
            Self::FormerKey => "a former id",
            Self::LinkAndTitle => "link and title",
            Self::LinkAndDate => "link and date",
            Self::LinkAndText => "link and text",
            Self::TitleAndText => "title and text",
            Self::TitleAndPath => "title and path",
            Self::TitleAndDate => "title and date",
            Self::Text => "text",
            Self::Link => "link",
            Self::Title => "title",
            Self::Path => "path on another host",
            Self::Displaced => "the id names another entry now",
        }
    }
}
