//! What an entry is written in, when neither config nor the document says, or the document says nonsense.
//!
//! The script is looked at first, which settles most; then words, endings and letters (`tables`) are counted. No
//! translation, no per-word languages, nothing learnt from other entries: the same text is always the same language.

mod score;
mod scripted;
mod scripts;
mod tables;

use scripts::{Letters, Script};

/// Bytes that are looked at: two sentences tell as much as a page.
pub const LOOK_AT: usize = 240;

/// Letters of a script that a declared language is not written in, which make the declaration void.
const FEWEST_LETTERS: usize = 24;

/// The language of a text (primary subtag) and how sure that is, from 0 to 1; none where it cannot be told.
///
/// Above 0.5 it is nearly always right; below, two related languages stand close, or hardly a word was known.
#[must_use]
pub fn detect(text: &str) -> Option<(String, f32)> {
    let text = &text[..text.floor_char_boundary(LOOK_AT)];
    let (language, confidence) = by_letters(text, &Letters::of(text))?;
    Some((language.to_owned(), confidence))
}

fn by_letters(text: &str, letters: &Letters) -> Option<(&'static str, f32)> {
    if let Some(found) = letters.east_asian() {
        return Some(found);
    }
    match letters.script()? {
        Script::Sole(code) => Some((code, 1.0)),
        script => score::likeliest(text, script),
    }
}

/// The language of an entry: as configured, else as the entry or its feed says, else as its text shows.
///
/// What a document says does not count where the script of the text rules it out: a blog's default of `en`
/// over Korean text, a Korean publisher's `ko` over its English service.
#[must_use]
pub fn resolve(
    configured: Option<&str>,
    entry: Option<&str>,
    channel: Option<&str>,
    text: &str,
) -> Option<String> {
    if let Some(tag) = configured.and_then(tag) {
        return Some(tag);
    }
    let text = &text[..text.floor_char_boundary(LOOK_AT)];
    let letters = Letters::of(text);
    let guess = || by_letters(text, &letters).map(|(language, _)| language.to_owned());
    let Some(said) = entry.and_then(tag).or_else(|| channel.and_then(tag)) else {
        return guess();
    };
    let primary = said.split('-').next().unwrap_or_default();
    let is_asian = matches!(primary, "ko" | "ja" | "zh");
    match letters.east_asian() {
        // Han alone may be any of the three.
        Some(("ja" | "zh", _)) if is_asian && letters.is_han_alone() => Some(said),
        Some((shown, _)) if shown != primary && letters.all >= 4 => Some(shown.to_owned()),
        None if is_ruled_out(primary, &letters) => guess(),
        _ => Some(said),
    }
}

/// Whether a text of other letters than Han, Hangul and kana is in a script that `language` is not written in.
fn is_ruled_out(language: &str, letters: &Letters) -> bool {
    let Some(shown) = letters.script().filter(|_| letters.all >= FEWEST_LETTERS) else {
        return false;
    };
    matches!(language, "ko" | "ja" | "zh")
        || scripts::only_script(language).is_some_and(|script| script != shown)
}

/// A language tag in the usual spelling: `ko_kr` → `ko-KR`; none where it is no tag.
#[must_use]
pub fn tag(text: &str) -> Option<String> {
    let text = text
        .trim()
        .split([',', ';', ' ', '.'])
        .next()
        .unwrap_or_default()
        .replace('_', "-");
    let mut parts = text.split('-').filter(|part| !part.is_empty());
    let primary = parts.next()?.to_ascii_lowercase();
    if !primary.bytes().all(|b| b.is_ascii_lowercase()) || text.len() > 35 {
        return None;
    }
    let primary = match primary.as_str() {
        "english" | "eng" => "en",
        "korean" | "kor" | "kr" => "ko",
        "japanese" | "jpn" | "jp" => "ja",
        "chinese" | "zho" | "chi" | "cn" => "zh",
        "und" | "mul" | "zxx" | "unknown" => return None,
        known if (2..=3).contains(&known.len()) => known,
        _ => return None,
    };
    let mut tag = primary.to_owned();
    for part in parts {
        if !part.bytes().all(|b| b.is_ascii_alphanumeric()) || part.len() > 8 {
            break;
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 if part.bytes().all(|b| b.is_ascii_alphabetic()) => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(tag)
}

#[cfg(test)]
mod tests;
