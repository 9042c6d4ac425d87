//! What single characters mean in a query: quotes, dashes, what is not seen, which script.
//!
//! Only what lexing and its warnings need; folding for matching is in `domain::matching`.

/// ASCII for full-width ASCII, everything else as it is.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(c) - 0xfee0).map_or(c, char::from),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// A hyphen or dash of any kind.
pub(super) fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// A double quote that opens or closes a phrase; guillemets are their own family.
pub(super) fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '″' | '\u{ff02}') || is_guillemet(c)
}

/// `«` or `»`.
pub(super) fn is_guillemet(c: char) -> bool {
    matches!(c, '«' | '»')
}

/// A single quote that opens or closes a verbatim.
pub(super) fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’' | '‚' | '‛' | '\u{ff07}')
}

/// A character that nobody sees and that folding removes; control characters too.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
    ) || (c.is_control() && !c.is_whitespace())
}

/// Ends a bare word, whatever it holds.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(plain(c), '(' | ')' | ',') || is_double_quote(c)
}

/// The scripts that warnings tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Hangul,
    Han,
    Other,
}

/// The script of a letter; none for anything else.
pub(super) fn script(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    Some(match u32::from(c) {
        0x41..=0x24f | 0x1e00..=0x1eff | 0xff21..=0xff5a => Script::Latin,
        0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
        0x400..=0x52f => Script::Cyrillic,
        0x1100..=0x11ff | 0x3131..=0x318e | 0xa960..=0xa97f | 0xac00..=0xd7ff => Script::Hangul,
        0x2e80..=0x2fdf
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0x20000..=0x323af => Script::Han,
        _ => Script::Other,
    })
}
