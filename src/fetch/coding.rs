//! Content codings undone: gzip of any number of members, br, zstd, deflate in both readings, and labels that lie.
//!
//! Pure over bytes and bounded in output. Character sets are `domain::document`'s business.

use std::io::Read;

/// At most so many codings on top of each other.
const LAYERS: usize = 2;

/// More output than this for a byte of input is no document but a bomb…
const RATIO: usize = 500;

/// …once there is so much of it.
const RATIO_FROM: usize = 1 << 20;

/// With more output than this for a byte of input it is measured before it is kept.
const SUSPICIOUS: usize = 40;

/// A zstd frame may ask for a window of at most 2^23 bytes (RFC 8878 3.1.1.1.2 advises 8 MiB).
const ZSTD_WINDOW_LOG: u32 = 23;

/// Output is taken in pieces of so many bytes.
const PIECE: usize = 16 << 10;

/// What decoding gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The bytes; with a fault, those before it.
    pub(super) bytes: Vec<u8>,
    /// Why they are not all.
    pub(super) fault: Option<Fault>,
}

/// Why a body could not be decoded whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A bound was crossed.
    TooLarge(String),
    /// A coding nobody asked for.
    Unknown(String),
    /// The bytes end early or are not what they claim to be.
    Broken(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

/// Undoes what the `Content-Encoding` fields `labels` say, in reverse order, up to `max` bytes.
pub(super) fn decode(wire: Vec<u8>, labels: &[String], max: usize) -> Decoded {
    let codings = match codings(labels) {
        Ok(codings) => codings,
        Err(_) if is_plain(&wire) => Vec::new(),
        Err(fault) => return failed(fault),
    };
    let mut layers = 0;
    let mut bytes = wire;
    for coding in codings.into_iter().rev() {
        if is_mislabelled(coding, &bytes) {
            continue;
        }
        layers += 1;
        let decoded = undo(coding, &bytes, max);
        if decoded.fault.is_some() {
            return decoded;
        }
        bytes = decoded.bytes;
    }
    if layers < LAYERS && bytes.starts_with(&GZIP_MAGIC) {
        return undo(Coding::Gzip, &bytes, max);
    }
    if bytes.len() > max {
        return failed(too_large(max));
    }
    Decoded { bytes, fault: None }
}

/// The first bytes, at most `max`, of a document of which `wire` has come.
pub(super) fn peek(wire: &[u8], labels: &[String], max: usize) -> Vec<u8> {
    // A bomb in the first bytes is found when all are decoded; here it is only cut off.
    let mut bytes = decode_up_to(wire, labels, max);
    bytes.truncate(max);
    bytes
}

fn decode_up_to(wire: &[u8], labels: &[String], max: usize) -> Vec<u8> {
    let coding = match codings(labels).as_deref() {
        Ok([]) if wire.starts_with(&GZIP_MAGIC) => Coding::Gzip,
        Ok([coding]) if !is_mislabelled(*coding, wire) => *coding,
        Ok([] | [_]) => return wire.to_vec(),
        // Two layers are too rare to be looked into before they are whole.
        Ok(_) | Err(_) => return Vec::new(),
    };
    undo(coding, wire, max.saturating_add(PIECE)).bytes
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

fn codings(labels: &[String]) -> Result<Vec<Coding>, Fault> {
    let mut codings = Vec::new();
    for label in labels.iter().flat_map(|field| field.split(',')) {
        codings.push(match label.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "none" | "utf-8" | "utf8" | "chunked" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            "deflate" => Coding::Deflate,
            other => {
                let name: String = other.chars().take(40).collect();
                return Err(Fault::Unknown(format!(
                    "the body is encoded as `{}`, which was not asked for",
                    name.escape_default()
                )));
            }
        });
        if codings.len() > LAYERS {
            return Err(Fault::TooLarge(format!(
                "the body is encoded more than {LAYERS} times over"
            )));
        }
    }
    Ok(codings)
}

/// Whether the label says one thing and the first bytes another.
fn is_mislabelled(coding: Coding, bytes: &[u8]) -> bool {
    match coding {
        Coding::Gzip => !bytes.starts_with(&GZIP_MAGIC),
        // A frame, or a frame to be skipped.
        Coding::Zstd => !matches!(
            bytes,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
        ),
        // None of these bytes can begin a brotli or deflate stream of a document.
        Coding::Brotli | Coding::Deflate => {
            bytes.is_empty() || matches!(bytes[0], b'<' | b'{' | 0xef)
        }
    }
}

/// Whether the bytes read as markup or JSON as they are.
fn is_plain(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    matches!(bytes.trim_ascii_start().first(), Some(b'<' | b'{' | b'['))
}

fn undo(coding: Coding, wire: &[u8], max: usize) -> Decoded {
    let mut out = Out::new(wire, max, Mode::Wary);
    let mut fault = undo_into(coding, wire, &mut out);
    if out.suspicious {
        // Measured first, so that a bomb costs time and no memory.
        let mut measured = Out::new(wire, max, Mode::Measure);
        fault = undo_into(coding, wire, &mut measured);
        out = Out::new(wire, max, Mode::Keep);
        if !matches!(fault, Some(Fault::TooLarge(_))) {
            fault = undo_into(coding, wire, &mut out);
        }
    }
    if matches!(fault, Some(Fault::Broken(_))) && out.size == 0 && is_plain(wire) {
        return Decoded {
            bytes: wire.to_vec(),
            fault: None,
        };
    }
    Decoded {
        bytes: out.bytes,
        fault,
    }
}

fn undo_into(coding: Coding, wire: &[u8], out: &mut Out) -> Option<Fault> {
    match coding {
        Coding::Gzip => gunzip(wire, out),
        Coding::Brotli => pour(&mut brotli::Decompressor::new(wire, 4096), out),
        Coding::Zstd => unzstd(wire, out),
        Coding::Deflate => inflate(wire, out),
    }
}

/// All members; what follows the last whole one is ignored unless it is a member itself.
fn gunzip(wire: &[u8], out: &mut Out) -> Option<Fault> {
    let mut rest = wire;
    while rest.starts_with(&GZIP_MAGIC) {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        let fault = pour(&mut member, out);
        if fault.is_some() {
            return fault;
        }
        rest = member.into_inner();
    }
    None
}

fn unzstd(wire: &[u8], out: &mut Out) -> Option<Fault> {
    let decoder = zstd::stream::read::Decoder::with_buffer(wire).and_then(|mut decoder| {
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Ok(decoder)
    });
    match decoder {
        Ok(mut decoder) => pour(&mut decoder, out),
        Err(error) => Some(Fault::Broken(error.to_string())),
    }
}

/// `deflate` means zlib (RFC 9110 8.4.1.2); many servers send it bare.
fn inflate(wire: &[u8], out: &mut Out) -> Option<Fault> {
    let fault = pour(&mut flate2::bufread::ZlibDecoder::new(wire), out);
    if matches!(fault, Some(Fault::Broken(_))) && out.size == 0 {
        return pour(&mut flate2::bufread::DeflateDecoder::new(wire), out);
    }
    fault
}

/// What becomes of decoded bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Kept until there are suspiciously many.
    Wary,
    /// Counted only.
    Measure,
    /// Kept.
    Keep,
}

/// Decoded bytes, and the bounds on them.
struct Out {
    bytes: Vec<u8>,
    size: usize,
    wire: usize,
    max: usize,
    mode: Mode,
    suspicious: bool,
}

impl Out {
    fn new(wire: &[u8], max: usize, mode: Mode) -> Self {
        Self {
            bytes: Vec::new(),
            size: 0,
            wire: wire.len(),
            max,
            mode,
            suspicious: false,
        }
    }

    fn take(&mut self, piece: &[u8]) -> Option<Fault> {
        self.size += piece.len();
        if self.size > self.max {
            return Some(too_large(self.max));
        }
        let is_beyond = |ratio: usize| self.size > RATIO_FROM && self.size / ratio > self.wire;
        if is_beyond(RATIO) {
            return Some(Fault::TooLarge(format!(
                "the body unpacks to more than {RATIO} times its size"
            )));
        }
        if self.mode == Mode::Wary && is_beyond(SUSPICIOUS) {
            self.suspicious = true;
            return Some(too_large(self.max));
        }
        if self.mode != Mode::Measure {
            self.bytes.extend_from_slice(piece);
        }
        None
    }
}

/// Reads all of `from` into `out`, as far as its bounds allow.
fn pour(from: &mut impl Read, out: &mut Out) -> Option<Fault> {
    let mut piece = [0; PIECE];
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => return None,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Some(Fault::Broken(error.to_string())),
        };
        let fault = out.take(&piece[..count]);
        if fault.is_some() {
            return fault;
        }
    }
}

fn too_large(max: usize) -> Fault {
    Fault::TooLarge(format!(
        "the document is larger than {max} bytes (`max_body` in [fetch])"
    ))
}

fn failed(fault: Fault) -> Decoded {
    Decoded {
        bytes: Vec::new(),
        fault: Some(fault),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const MAX: usize = 16 << 20;
    const TEXT: &[u8] = "<rss><title>속보</title></rss>".as_bytes();

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4096, 5, 22)
            .write_all(bytes)
            .unwrap();
        out
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn run(wire: Vec<u8>, label: &str) -> Decoded {
        decode(wire, &[label.to_owned()], MAX)
    }

    #[test]
    fn every_label_and_lie_gives_the_document() {
        let two_members = [gzip(&TEXT[..10]), gzip(&TEXT[10..])].concat();
        let trailing = [gzip(TEXT), b"\0\0garbage".to_vec()].concat();
        for (name, wire, label) in [
            ("none", TEXT.to_vec(), ""),
            ("identity", TEXT.to_vec(), "identity"),
            ("a charset", TEXT.to_vec(), "UTF-8"),
            ("gzip", gzip(TEXT), "gzip"),
            ("GZIP", gzip(TEXT), "GZIP"),
            ("x-gzip", gzip(TEXT), "x-gzip"),
            ("two layers", gzip(&gzip(TEXT)), "gzip, gzip"),
            ("two layers, one named", gzip(&gzip(TEXT)), "gzip"),
            ("members", two_members, "gzip"),
            ("trailing garbage", trailing, "gzip"),
            ("gzip unlabelled", gzip(TEXT), ""),
            ("gzip label on plain", TEXT.to_vec(), "gzip"),
            ("br", brotli(TEXT), "br"),
            ("br label on plain", TEXT.to_vec(), "br"),
            ("zstd", zstd(TEXT), "zstd"),
            (
                "zstd frames",
                [zstd(&TEXT[..9]), zstd(&TEXT[9..])].concat(),
                "zstd",
            ),
            ("zstd label on plain", TEXT.to_vec(), "zstd"),
            ("zlib", zlib(TEXT), "deflate"),
            ("raw", raw_deflate(TEXT), "deflate"),
            ("deflate label on plain", TEXT.to_vec(), "deflate"),
            ("br in gzip", gzip(&brotli(TEXT)), "br, gzip"),
            ("unknown label on plain", TEXT.to_vec(), "x-shout"),
        ] {
            let decoded = run(wire, label);
            assert_eq!(decoded.fault, None, "{name}");
            assert_eq!(decoded.bytes, TEXT, "{name}");
        }
    }

    #[test]
    fn short_bodies_give_what_came() {
        let long: Vec<u8> = (0..40_000u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        for (label, whole) in [
            ("gzip", gzip(&long)),
            ("br", brotli(&long)),
            ("zstd", zstd(&long)),
            ("deflate", zlib(&long)),
        ] {
            let decoded = run(whole[..whole.len() * 3 / 4].to_vec(), label);
            assert!(matches!(decoded.fault, Some(Fault::Broken(_))), "{label}");
            assert!(
                label == "zstd" || (!decoded.bytes.is_empty() && long.starts_with(&decoded.bytes)),
                "{label}"
            );
        }
    }

    #[test]
    fn the_first_bytes_of_what_has_come_can_be_seen() {
        let long: Vec<u8> = (0..40_000u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        for (label, whole) in [
            ("", long.clone()),
            ("gzip", gzip(&long)),
            ("", gzip(&long)),
            ("br", brotli(&long)),
            ("deflate", zlib(&long)),
            ("gzip", long.clone()),
        ] {
            let head = peek(&whole[..whole.len() / 2], &[label.to_owned()], 1_000);
            assert!(!head.is_empty() && long.starts_with(&head), "{label}");
            assert!(head.len() <= 1_000, "{label}");
        }
        assert!(peek(&gzip(&gzip(&long)), &["gzip, gzip".to_owned()], 1_000).is_empty());
    }

    #[test]
    fn bombs_stop_at_the_bound() {
        let zeros = vec![0; 40 << 20];
        for (label, wire) in [
            ("gzip", gzip(&zeros)),
            ("gzip, gzip", gzip(&gzip(&zeros))),
            ("br", brotli(&zeros)),
            ("zstd", zstd(&zeros)),
            ("deflate", zlib(&zeros)),
        ] {
            let decoded = run(wire, label);
            assert!(matches!(decoded.fault, Some(Fault::TooLarge(_))), "{label}");
            assert!(decoded.bytes.len() <= MAX, "{label}");
        }
        assert!(matches!(
            run(vec![b'x'; MAX + 1], "").fault,
            Some(Fault::TooLarge(_))
        ));
    }

    #[test]
    fn strange_labels_on_strange_bytes_are_named() {
        assert!(matches!(
            run(b"\x01\x02".to_vec(), "compress").fault,
            Some(Fault::Unknown(_))
        ));
        assert!(matches!(
            run(b"\x01\x02".to_vec(), "gzip, gzip, gzip").fault,
            Some(Fault::TooLarge(_))
        ));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(wire: Vec<u8>, label in "(gzip|br|zstd|deflate|x|,| ){0,4}") {
            let decoded = decode(wire, &[label], 1 << 16);
            proptest::prop_assert!(decoded.bytes.len() <= 1 << 16);
        }
    }
}
