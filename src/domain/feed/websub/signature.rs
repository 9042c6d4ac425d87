//! `X-Hub-Signature`: whether a pushed body comes from the hub that has our secret (`WebSub` 7.1).
//!
//! Compared in constant time. Whether an unsigned push may count is decided by the subscription.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// What a signature came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the hub's.
    Good,
    /// There is none, or none that can be read.
    Missing,
    /// Its method is unknown, or weaker than asked for.
    Weak,
    /// It is another's, or the body was changed.
    Forged,
}

/// Whether `header`, as sent, signs `body` with `secret`; `strict` takes nothing weaker than SHA-256.
#[must_use]
pub fn check(header: Option<&[u8]>, secret: &str, body: &[u8], strict: bool) -> Verdict {
    let text = header.and_then(|header| std::str::from_utf8(header).ok());
    let Some((method, digest)) = text.and_then(|text| text.trim().split_once('=')) else {
        return Verdict::Missing;
    };
    let Some(digest) = unhex(digest.trim()) else {
        return Verdict::Missing;
    };
    let key = secret.as_bytes();
    let good = match method.trim().to_ascii_lowercase().as_str() {
        "sha1" if !strict => signs::<Hmac<Sha1>>(key, body, &digest),
        "sha256" => signs::<Hmac<Sha256>>(key, body, &digest),
        "sha384" => signs::<Hmac<Sha384>>(key, body, &digest),
        "sha512" => signs::<Hmac<Sha512>>(key, body, &digest),
        _ => return Verdict::Weak,
    };
    if good { Verdict::Good } else { Verdict::Forged }
}

/// The whole digest must agree: a shorter one is none.
fn signs<M: Mac + KeyInit>(key: &[u8], body: &[u8], digest: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(digest).is_ok())
}

/// Bytes from hexadecimal digits, as many as the longest digest has.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 and RFC 2202, test case 2.
    const KEY: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SHA1: &str = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
    const SHA256: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn verdict(header: &str, strict: bool) -> Verdict {
        check(Some(header.as_bytes()), KEY, BODY, strict)
    }

    #[test]
    fn signatures_of_every_method_are_judged() {
        let sha384 = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649";
        let sha512 = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
        let other = SHA256.replace('5', "6");
        for (header, strict, verdict_) in [
            (format!("sha1={SHA1}"), false, Verdict::Good),
            (format!("sha1={SHA1}"), true, Verdict::Weak),
            (format!("sha256={SHA256}"), true, Verdict::Good),
            (
                format!(" SHA256 = {} ", SHA256.to_uppercase()),
                true,
                Verdict::Good,
            ),
            (format!("sha384={sha384}"), true, Verdict::Good),
            (format!("sha512={sha512}"), true, Verdict::Good),
            (format!("sha256={other}"), false, Verdict::Forged),
            (format!("sha256={SHA1}"), false, Verdict::Forged),
            (format!("sha256={}", &SHA256[..32]), false, Verdict::Forged),
            (format!("md5={SHA256}"), false, Verdict::Weak),
            (SHA256.to_owned(), false, Verdict::Missing),
            ("sha256=".to_owned(), false, Verdict::Missing),
            ("sha256=xyz!".to_owned(), false, Verdict::Missing),
            (String::new(), false, Verdict::Missing),
        ] {
            assert_eq!(verdict(&header, strict), verdict_, "{header}");
        }
        assert_eq!(check(None, KEY, BODY, false), Verdict::Missing);
        let changed = check(
            Some(format!("sha256={SHA256}").as_bytes()),
            KEY,
            b"other",
            true,
        );
        assert_eq!(changed, Verdict::Forged);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it_or_pass(header: Vec<u8>, digits in "(sha(1|256|384|512)=)?[0-9a-fA-F]{0,140}") {
            for header in [header.as_slice(), digits.as_bytes()] {
                proptest::prop_assert_ne!(check(Some(header), "secret", b"body", false), Verdict::Good);
            }
        }
    }
}
