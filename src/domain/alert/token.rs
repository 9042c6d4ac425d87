//! One-tap links: a token that says which alert may be acknowledged, as whom and until when, and that we said so (DLV-82).
//!
//! The key is the caller's. A token is spent by nobody: to acknowledge twice does nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::domain::id::ReceiverId;

/// How long a link works.
pub const VALID: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The longest text that is looked at.
const LONGEST: usize = 512;

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The alert that is acknowledged.
    pub alert: i64,
    /// To whom the link was sent: who acknowledges.
    pub receiver: ReceiverId,
    /// Until when the link works.
    pub expires: Timestamp,
}

/// Why a link does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not ours.
    Forged,
    /// It was.
    Expired,
}

impl Ack {
    /// The link's token.
    #[must_use]
    pub fn token(&self, key: &[u8]) -> String {
        let said = self.said();
        let sign = mac(key, &said).finalize().into_bytes();
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(sign))
    }

    /// What a token says.
    ///
    /// # Errors
    /// When the token was not made with `key`, or is too old.
    pub fn read(token: &str, key: &[u8], now: Timestamp) -> Result<Self, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::Forged);
        }
        let (said, sign) = token.rsplit_once('.').ok_or(Refusal::Forged)?;
        let sign = URL_SAFE_NO_PAD.decode(sign).map_err(|_| Refusal::Forged)?;
        mac(key, said)
            .verify_slice(&sign)
            .map_err(|_| Refusal::Forged)?;
        let ack = Self::parse(said).ok_or(Refusal::Forged)?;
        if ack.expires < now {
            return Err(Refusal::Expired);
        }
        Ok(ack)
    }

    fn said(&self) -> String {
        format!(
            "ack.{}.{}.{}",
            self.alert,
            self.expires.as_second(),
            self.receiver
        )
    }

    fn parse(said: &str) -> Option<Self> {
        let mut parts = said.splitn(4, '.');
        if parts.next()? != "ack" {
            return None;
        }
        Some(Self {
            alert: parts.next()?.parse().ok()?,
            expires: Timestamp::from_second(parts.next()?.parse().ok()?).ok()?,
            receiver: ReceiverId::new(parts.next()?),
        })
    }
}

fn mac(key: &[u8], said: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(said.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn ack() -> Ack {
        Ack {
            alert: 17,
            receiver: ReceiverId::new("desk-2"),
            expires: now().checked_add(VALID).unwrap(),
        }
    }

    #[test]
    fn a_token_says_what_it_was_made_of_until_it_expires() {
        let token = ack().token(KEY);
        assert_eq!(Ack::read(&token, KEY, now()), Ok(ack()));
        assert_eq!(Ack::read(&token, KEY, ack().expires), Ok(ack()));
        let late = ack()
            .expires
            .checked_add(SignedDuration::from_secs(1))
            .unwrap();
        assert_eq!(Ack::read(&token, KEY, late), Err(Refusal::Expired));
        let url_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        assert!(token.chars().all(url_safe), "{token}");
    }

    #[test]
    fn a_token_changed_anywhere_is_refused() {
        let token = ack().token(KEY);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'9' { b'8' } else { b'9' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                Ack::read(&changed, KEY, now()),
                Err(Refusal::Forged),
                "{changed}"
            );
        }
        for text in [
            "",
            ".",
            "ack.1.2.desk",
            "ack.1.2.desk.",
            &"x".repeat(10_000),
        ] {
            assert_eq!(Ack::read(text, KEY, now()), Err(Refusal::Forged), "{text}");
        }
        assert_eq!(Ack::read(&token, b"another", now()), Err(Refusal::Forged));
    }
}
