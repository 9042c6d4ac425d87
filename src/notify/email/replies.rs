//! A mail server's replies, line by line, as the SMTP library can read them (RFC 5321, 4.2).
//!
//! The library reads a line to its end however long that is, parses a reply anew with each of its lines, wants UTF-8 and a
//! space behind each code. A server may send none of these; what its code says must be heard all the same.
//! What replies mean is not known here.

use std::io;

/// Of a line so much is handed on; the RFC allows 512.
const LINE: usize = 512;

/// Lines of a reply that are handed on, its last besides. Servers offer some twenty extensions.
const LINES: usize = 64;

/// No honest reply is longer, in bytes.
const LONGEST: usize = 256 * 1024;

/// The reply that is being read.
#[derive(Default)]
pub(super) struct Replies {
    /// The line so far, as much of it as is handed on.
    line: Vec<u8>,
    /// Lines handed on.
    lines: usize,
    /// Bytes of the reply.
    bytes: usize,
}

impl Replies {
    /// What of these bytes may be handed on: whole lines.
    ///
    /// # Errors
    /// `InvalidData` where that is no reply, or one without an end.
    pub(super) fn read(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.bytes += 1;
            if self.bytes > LONGEST {
                return Err(wrong("the server's answer does not end".to_owned()));
            }
            match byte {
                b'\n' => self.end_line(&mut out)?,
                _ if self.line.len() < LINE => self.line.push(*byte),
                _ => {}
            }
        }
        Ok(out)
    }

    /// What is left where the connection ends.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        legible(&std::mem::take(self).line)
    }

    fn end_line(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let line = legible(&std::mem::take(&mut self.line));
        let line = line.trim_ascii_end();
        let (code, text) = line.split_at(line.len().min(3));
        let is_code = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
        if !is_code || !matches!(text.first(), None | Some(b' ' | b'-')) {
            let said: String = String::from_utf8_lossy(line).chars().take(80).collect();
            return Err(wrong(format!(
                "no mail server answers there; it said {said:?}"
            )));
        }
        let is_last = text.first() != Some(&b'-');
        if is_last || self.lines < LINES {
            out.extend(code);
            out.extend(if text.is_empty() { b" " } else { text });
            out.extend(b"\r\n");
        }
        self.lines += 1;
        if is_last {
            *self = Self::default();
        }
        Ok(())
    }
}

fn wrong(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// UTF-8, with a question mark for what is none, so that nothing grows.
fn legible(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.push(b'?');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[u8], cut: usize) -> io::Result<String> {
        let mut replies = Replies::default();
        let (one, two) = raw.split_at(cut);
        let got = [replies.read(one)?, replies.read(two)?, replies.rest()].concat();
        Ok(String::from_utf8(got).unwrap())
    }

    #[test]
    fn what_the_library_cannot_read_is_put_right_wherever_it_is_cut() {
        let korean = [&b"250 \xb8\xde\xc0\xcf"[..], b" ok\r\n"].concat();
        for (raw, complete) in [
            (&b"250\r\n"[..], "250 \r\n"),
            (b"250 \r\n", "250 \r\n"),
            (b"250 ok\r\n", "250 ok\r\n"),
            (b"250 ok\n", "250 ok\r\n"),
            (b"250-2.0.0\r\n250\r\n", "250-2.0.0\r\n250 \r\n"),
            (b"250-\r\n250 ok\r\n", "250-\r\n250 ok\r\n"),
            (b"220\r\n354\r\n", "220 \r\n354 \r\n"),
            ("250 메일\r\n".as_bytes(), "250 메일\r\n"),
            (&korean, "250 ???? ok\r\n"),
            (b"250 cut", "250 cut"),
        ] {
            for cut in 0..raw.len() {
                assert_eq!(read(raw, cut).unwrap(), complete, "{raw:?} at {cut}");
            }
        }
    }

    #[test]
    fn long_lines_and_many_are_cut_and_the_end_is_heard() {
        let line = format!("250 {}\r\n", "a".repeat(100_000));
        assert_eq!(read(line.as_bytes(), 7).unwrap().len(), LINE + 2);
        let many = "250-X\r\n".repeat(30_000) + "250 end\r\n";
        let read = read(many.as_bytes(), 7).unwrap();
        assert_eq!(read.lines().count(), LINES + 1);
        assert!(read.ends_with("250 end\r\n"));
    }

    #[test]
    fn what_is_no_reply_or_never_ends_is_refused() {
        let endless = "2".repeat(LONGEST + 1);
        let lines = "220-x\r\n".repeat(LONGEST / 7 + 1);
        for (raw, said) in [
            ("HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400 Bad Request"),
            ("+OK ready\r\n", "+OK"),
            ("2500\r\n", "2500"),
            ("25\r\n", "25"),
            ("\r\n", "it said \"\""),
            (&endless, "does not end"),
            (&lines, "does not end"),
        ] {
            let error = read(raw.as_bytes(), 1).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
