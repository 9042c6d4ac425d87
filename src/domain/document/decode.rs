//! Bytes → text: which encoding a document is really in, whatever it says.
//!
//! The bytes are believed before the labels: a mark, valid UTF-8, the pattern of zero bytes; only then the XML
//! declaration, the header, and a guess. Characters that cannot be read stay local. No markup is looked at
//! beyond the declaration.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

mod plausible;
mod shifted;
mod twice;

/// So few bytes outside ASCII tell nothing against what a header says.
const FEW_ODD: usize = 16;
/// How many bytes a guess looks at.
const GUESS_FROM: usize = 4 << 20;

/// A document as text.
pub(super) struct Decoded<'a> {
    /// The text without byte order marks; control characters still in it.
    pub text: Cow<'a, str>,
    /// What was odd, in words.
    pub notes: Vec<String>,
}

/// What is known of a document besides its bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Labels<'a> {
    /// `Content-Type` as sent.
    pub content_type: Option<&'a str>,
    /// Country of the host or, failing that, of the language: `kr`. Lower-case ASCII.
    pub country: Option<&'a str>,
}

/// Decodes `bytes`; never fails, since every byte can at least be replaced.
pub(super) fn decode<'a>(bytes: &'a [u8], labels: Labels<'_>) -> Decoded<'a> {
    let mut decoded = marked(bytes)
        .or_else(|| wide(bytes))
        .or_else(|| shifted::decode(bytes, labels))
        .or_else(|| utf8(bytes, labels))
        .unwrap_or_else(|| legacy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), labels));
    if let Some((text, places)) = twice::undone(&decoded.text) {
        decoded.text = text.into();
        decoded.notes.push(twice::note(places));
    }
    decoded.text = match decoded.text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Cow::Owned(text) if text.starts_with('\u{feff}') => {
            Cow::Owned(text.trim_start_matches('\u{feff}').to_owned())
        }
        owned @ Cow::Owned(_) => owned,
    };
    decoded
}

/// Text that was encoded twice, read back where that is certain; none where there is none.
pub(super) fn undone(text: &str) -> Option<String> {
    twice::undone(text).map(|(text, _)| text)
}

/// A byte order mark that the bytes behind it bear out.
fn marked(bytes: &[u8]) -> Option<Decoded<'_>> {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) {
        return Some(utf32(&bytes[4..], u32::from_le_bytes, "UTF-32LE"));
    }
    if bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Some(utf32(&bytes[4..], u32::from_be_bytes, "UTF-32BE"));
    }
    let (encoding, length) = Encoding::for_bom(bytes)?;
    if encoding == UTF_8 {
        return utf8(&bytes[length..], Labels::default());
    }
    Some(by(encoding, &bytes[length..], Vec::new()))
}

/// UTF-16 and UTF-32 without a mark show in where the zero bytes of the markup stand.
fn wide(bytes: &[u8]) -> Option<Decoded<'_>> {
    let head = &bytes[..bytes.len().min(1024) & !3];
    if head.len() < 8 {
        return None;
    }
    let mut zeros = [0_usize; 4];
    for four in head.chunks_exact(4) {
        for (count, byte) in zeros.iter_mut().zip(four) {
            *count += usize::from(*byte == 0);
        }
    }
    let quarter = head.len() / 4;
    let most = |count: usize| count * 10 >= quarter * 9;
    let some = |count: usize| count * 10 >= quarter * 3;
    // No text of single bytes holds zeros; those of syllables like 가 stand in the other place.
    let (even, odd) = (zeros[0] + zeros[2], zeros[1] + zeros[3]);
    let rules = |many: usize, few: usize| many >= 4 && many * 20 >= head.len() && few * 3 <= many;
    let note = |name: &str| vec![format!("read as {name} by its zero bytes")];
    match zeros {
        [a, b, _, d] if most(a) && most(b) && !some(d) => {
            Some(utf32(bytes, u32::from_be_bytes, "UTF-32BE"))
        }
        [a, _, c, d] if most(c) && most(d) && !some(a) => {
            Some(utf32(bytes, u32::from_le_bytes, "UTF-32LE"))
        }
        _ if rules(even, odd) => Some(by(UTF_16BE, bytes, note("UTF-16BE"))),
        _ if rules(odd, even) => Some(by(UTF_16LE, bytes, note("UTF-16LE"))),
        _ => None,
    }
}

fn utf32<'a>(bytes: &[u8], read: fn([u8; 4]) -> u32, name: &str) -> Decoded<'a> {
    let text = bytes
        .chunks_exact(4)
        .map(|four| read([four[0], four[1], four[2], four[3]]))
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>();
    Decoded {
        text: text.into(),
        notes: vec![format!("read as {name}")],
    }
}

/// Valid UTF-8, or UTF-8 with a few spoilt places.
fn utf8<'a>(bytes: &'a [u8], labels: Labels<'_>) -> Option<Decoded<'a>> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if is_doubtful(text) {
            let other = [declared(bytes), header_charset(labels)]
                .into_iter()
                .flatten()
                .filter_map(|label| encoding_named(&label))
                .find(|found| ![UTF_8, WINDOWS_1252, UTF_16LE, UTF_16BE].contains(found));
            let other = other
                .and_then(|found| found.decode_without_bom_handling_and_without_replacement(bytes));
            if let Some(text) = other {
                return Some(Decoded {
                    text,
                    notes: Vec::new(),
                });
            }
        }
        return Some(Decoded {
            text: text.into(),
            notes: Vec::new(),
        });
    }
    let (mut whole, mut spoilt) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        spoilt += usize::from(!chunk.invalid().is_empty());
    }
    (whole > spoilt || has_whole_stretches(bytes)).then(|| patched(bytes, labels, spoilt))
}

/// Whether as many stretches between tags are UTF-8 as are not: entries of two encodings in one document.
fn has_whole_stretches(bytes: &[u8]) -> bool {
    let (mut whole, mut foreign) = (0_usize, 0_usize);
    for stretch in stretches(bytes).filter(|stretch| !stretch.is_ascii()) {
        // Four letters of three bytes do not come about by chance.
        let is_whole = |text: &str| text.chars().filter(|c| c.len_utf8() >= 3).count() >= 4;
        if std::str::from_utf8(stretch).is_ok_and(is_whole) {
            whole += 1;
        } else if is_foreign(stretch) {
            foreign += 1;
        }
    }
    whole > 0 && whole >= foreign
}

/// So few letters outside ASCII, all of two bytes, that they may be an accident of another encoding.
fn is_doubtful(text: &str) -> bool {
    let mut count = 0;
    // Most documents are ASCII for long stretches.
    for chunk in text
        .as_bytes()
        .chunks(512)
        .filter(|chunk| !chunk.is_ascii())
    {
        for byte in chunk.iter().filter(|byte| **byte >= 0xc0) {
            count += 1;
            if count > 4 || *byte >= 0xe0 {
                return false;
            }
        }
    }
    count > 0
}

/// UTF-8 in which stretches between tags that are not are read in the likeliest other encoding.
fn patched<'a>(bytes: &[u8], labels: Labels<'_>, spoilt: usize) -> Decoded<'a> {
    let mut odd = Vec::new();
    for stretch in stretches(bytes).filter(|stretch| is_foreign(stretch)) {
        odd.extend_from_slice(stretch);
        odd.push(b' ');
    }
    let fallback = fallback(bytes, &odd, labels);
    let mut text = String::with_capacity(bytes.len());
    for stretch in stretches(bytes) {
        let other = is_foreign(stretch)
            .then(|| fallback.decode_without_bom_handling_and_without_replacement(stretch))
            .flatten();
        text.push_str(&other.unwrap_or_else(|| String::from_utf8_lossy(stretch)));
    }
    let places = if spoilt == 1 {
        "one place".to_owned()
    } else {
        format!("{spoilt} places")
    };
    Decoded {
        text: text.into(),
        notes: vec![format!("UTF-8 with spoilt characters in {places}")],
    }
}

/// What stretches that are not UTF-8 are in: what is declared, what goes with the letters of the rest, a guess.
fn fallback(bytes: &[u8], odd: &[u8], labels: Labels<'_>) -> &'static Encoding {
    let named = [declared(bytes), header_charset(labels)]
        .into_iter()
        .flatten()
        .filter_map(|label| encoding_named(&label))
        .filter(|found| ![UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1252].contains(found));
    let is_hangul = |chunk: std::str::Utf8Chunk<'_>| {
        chunk
            .valid()
            .contains(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
    };
    let korean = labels.country == Some("kr") || bytes.utf8_chunks().any(is_hangul);
    let fits = |encoding: &&'static Encoding| {
        encoding
            .decode_without_bom_handling_and_without_replacement(odd)
            .is_some()
    };
    named
        .chain(korean.then_some(EUC_KR))
        .find(fits)
        .unwrap_or_else(|| guess(odd, labels.country))
}

/// Tags and what stands between them: where an encoding may change.
fn stretches(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split_inclusive(|byte| *byte == b'>')
        .flat_map(|part| {
            let tag = part
                .iter()
                .position(|byte| *byte == b'<')
                .unwrap_or(part.len());
            let (before, tag) = part.split_at(tag);
            [before, tag]
        })
}

/// True where more is no UTF-8 than is: not a spoilt character but another encoding.
fn is_foreign(stretch: &[u8]) -> bool {
    if stretch.is_ascii() {
        return false;
    }
    let (mut whole, mut spoilt) = (0_usize, 0_usize);
    for chunk in stretch.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        spoilt += usize::from(!chunk.invalid().is_empty());
    }
    spoilt > whole
}

/// An encoding of one country: the declaration, the header, a guess; the first that fits, else the best.
fn legacy<'a>(bytes: &'a [u8], labels: Labels<'_>) -> Decoded<'a> {
    let usable = |label: String| {
        encoding_named(&label).filter(|found| ![UTF_8, UTF_16LE, UTF_16BE].contains(found))
    };
    let declaration = declared(bytes).and_then(usable);
    let header = header_charset(labels).and_then(usable);
    let guessed = guess(bytes, labels.country);
    let odd = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    // A server's default of ISO-8859-1 is no statement about the document; windows-1252 is nobody's default, but fits
    // any bytes.
    let is_asian = matches!(labels.country, Some("kr" | "jp" | "cn" | "tw" | "hk"));
    let is_meant = header_charset(labels).is_some_and(|label| label.ends_with("1252"))
        && (odd <= FEW_ODD && !is_asian || guessed.is_single_byte());
    let (header, default) = match header {
        Some(found) if found == WINDOWS_1252 && !is_meant => (None, Some(found)),
        other => (other, None),
    };
    let korean = (labels.country == Some("kr")).then_some(EUC_KR);
    let candidates = [
        declaration,
        header,
        korean,
        Some(guessed),
        default,
        Some(WINDOWS_1252),
    ];
    let mut best: Option<(usize, &'static Encoding)> = None;
    for encoding in candidates.into_iter().flatten() {
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        let spoilt = if had_errors {
            text.matches(char::REPLACEMENT_CHARACTER).count()
        } else {
            0
        };
        let is_named = [declaration, header].contains(&Some(encoding));
        if is_named && encoding != guessed && is_another(encoding, &text, guessed, bytes) {
            continue;
        }
        if spoilt == 0 || (spoilt * 20 < odd && is_named) {
            // What the publisher names may be spoilt in places and is still right.
            best = Some((spoilt, encoding));
            break;
        }
        if best.is_none_or(|(least, _)| spoilt < least) {
            best = Some((spoilt, encoding));
        }
    }
    let encoding = best.map_or(WINDOWS_1252, |(_, encoding)| encoding);
    by(encoding, bytes, note_of(encoding, declaration.or(header)))
}

/// Whether what was read by its label is no text in any language, and what is guessed is one.
fn is_another(
    named: &'static Encoding,
    text: &str,
    guessed: &'static Encoding,
    bytes: &[u8],
) -> bool {
    plausible::is_gibberish(named, text)
        && guessed
            .decode_without_bom_handling_and_without_replacement(bytes)
            .is_some_and(|text| !plausible::is_gibberish(guessed, &text))
}

/// Says so where the encoding is not the one that was named.
fn note_of(encoding: &'static Encoding, named: Option<&'static Encoding>) -> Vec<String> {
    if named == Some(encoding) {
        return Vec::new();
    }
    vec![format!("read as {}, which it did not say", encoding.name())]
}

fn by<'a>(encoding: &'static Encoding, bytes: &'a [u8], mut notes: Vec<String>) -> Decoded<'a> {
    let (text, spoilt) = encoding.decode_without_bom_handling(bytes);
    if spoilt {
        let count = text.matches(char::REPLACEMENT_CHARACTER).count();
        notes.push(format!(
            "{count} characters could not be read as {}",
            encoding.name()
        ));
    }
    Decoded { text, notes }
}

fn guess(bytes: &[u8], country: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(GUESS_FROM)], true);
    let country =
        country.filter(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    detector.guess(country.map(str::as_bytes), Utf8Detection::Deny)
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let start = head.find("<?xml")?;
    let declaration = &head[start..];
    let declaration = &declaration[..declaration.find('>').unwrap_or(declaration.len())];
    value_after(declaration, "encoding")
}

fn header_charset(labels: Labels<'_>) -> Option<String> {
    value_after(labels.content_type?, "charset")
}

/// The value of `name = value`, quotes of any kind aside.
fn value_after(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let after = lower[lower.find(name)? + name.len()..]
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let value = after.trim_start_matches(['"', '\'']);
    let end = value
        .find(['"', '\'', ';', '?', ',', ' '])
        .unwrap_or(value.len());
    let value = value[..end].trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The encoding that a label means, among the names in use beyond the registered ones.
pub(super) fn encoding_named(label: &str) -> Option<&'static Encoding> {
    let label = label
        .trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c))
        .to_ascii_lowercase();
    let plain: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = match plain.as_str() {
        "cp949" | "ms949" | "xcp949" | "xms949" | "windows949" | "xwindows949" | "uhc" | "xuhc"
        | "euckr" | "xeuckr" | "ksc56011987" | "ksc56011992" | "ksc5601" | "ksx1001" | "korean"
        | "5601" | "949" => "euc-kr",
        "cp932" | "ms932" | "windows932" | "windows31j" | "xsjis" | "sjis" | "shiftjis"
        | "xmscp932" => "shift_jis",
        "eucjp" | "xeucjp" | "ujis" => "euc-jp",
        "gb2312" | "gb18030" | "gbk" | "cp936" | "ms936" | "xgbk" | "euccn" | "xeuccn" => "gb18030",
        "cp950" | "ms950" | "big5" | "xbig5" | "big5hkscs" | "big5eten" => "big5",
        "utf8" | "unicode11utf8" | "utf8n" | "xutf8" | "utf8mb4" => "utf-8",
        "win1250" | "cp1250" => "windows-1250",
        "win1251" | "cp1251" => "windows-1251",
        "win1252" | "cp1252" | "latin1" | "iso88591" | "usascii" | "ascii" => "windows-1252",
        "win1254" | "cp1254" => "windows-1254",
        "koi8" | "koi8ru" => "koi8-r",
        _ => label.as_str(),
    };
    Encoding::for_label(known.as_bytes())
        .filter(|found| !["replacement", "x-user-defined"].contains(&found.name()))
}

#[cfg(test)]
mod tests;
