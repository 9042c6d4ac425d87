//! The webhook receiver: the alert's JSON in a POST, signed after Standard Webhooks.
//!
//! Status table, limits and waits are in `http`.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderValue};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::http::{Poster, TIMEOUT};
use super::{BuildError, Notifier, Outgoing, Sending, cut};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Posts alerts to one URL.
pub(super) struct Webhook {
    poster: Poster,
    keys: Vec<Zeroizing<Vec<u8>>>,
    max_body: Option<u64>,
}

/// To what the entry's texts are cut after a 413, when they are longer.
const TRIMMED: usize = 8 * 1024;

/// Secrets from elsewhere come with and without the `=` at their end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Webhook {
    /// Checks the secrets; the first is the newest.
    pub(super) fn new(
        mut poster: Poster,
        secrets: &[Secret],
        max_body: Option<u64>,
    ) -> Result<Self, BuildError> {
        for secret in secrets {
            poster.hide(secret);
        }
        Ok(Self {
            poster,
            keys: secrets.iter().map(key).collect::<Result<_, _>>()?,
            max_body,
        })
    }

    async fn post(&self, outgoing: &Outgoing, body: String) -> Attempt {
        let timestamp = outgoing.sent_at.as_second().to_string();
        let id = &outgoing.alert.key;
        let mut headers = HeaderMap::new();
        let signatures = sign(&self.keys, id, &timestamp, &body);
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signatures),
        ] {
            if value.is_empty() {
                continue;
            }
            match HeaderValue::from_str(value) {
                Ok(value) => headers.insert(name, value),
                Err(_) => {
                    return Attempt::permanent(format!("`{name}` cannot be sent as a header"));
                }
            };
        }
        self.poster.post(headers, body, outgoing.sent_at).await
    }

    async fn post_or_trim(&self, outgoing: &Outgoing) -> Attempt {
        let body = cut::json(&outgoing.alert, self.max_body);
        let attempt = self.post(outgoing, body).await;
        let sent = cut::longest(&outgoing.alert)
            .min(usize::try_from(self.max_body.unwrap_or(u64::MAX)).unwrap_or(usize::MAX));
        if attempt.status != Some(413) || sent == 0 {
            return attempt;
        }
        let smaller = TRIMMED.min(sent / 2) as u64;
        self.post(outgoing, cut::json(&outgoing.alert, Some(smaller)))
            .await
    }
}

impl Notifier for Webhook {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.post_or_trim(outgoing))
    }

    fn patience(&self) -> Duration {
        // The whole and, after a 413, the trimmed message.
        TIMEOUT * 2
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        cut::json(&outgoing.alert, self.max_body)
    }
}

/// The key of a secret: what follows `whsec_` is base64, anything else is the key itself.
fn key(secret: &Secret) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    let text = secret.expose();
    let bytes = match text.strip_prefix("whsec_") {
        Some(encoded) => LENIENT.decode(encoded).map_err(|_| {
            BuildError::new(
                "secret",
                "what follows `whsec_` is not base64: copy it again",
            )
        })?,
        None => text.as_bytes().to_vec(),
    };
    if bytes.is_empty() {
        return Err(BuildError::new(
            "secret",
            "is empty: leave the key out to send unsigned",
        ));
    }
    Ok(Zeroizing::new(bytes))
}

/// `v1,BASE64` for each key, parted by spaces, over `id.timestamp.body`.
fn sign(keys: &[Zeroizing<Vec<u8>>], id: &str, timestamp: &str, body: &str) -> String {
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
            for part in [id, ".", timestamp, ".", body] {
                mac.update(part.as_bytes());
            }
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification's own libraries.
        let key = key(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        assert_eq!(
            sign(
                &[key],
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                "{\"test\": 2432232314}"
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn secrets_are_decoded_taken_as_they_are_or_refused() {
        assert_eq!(*key(&Secret::new("plain")).unwrap(), b"plain");
        assert_eq!(*key(&Secret::new("whsec_cGxhaW4=")).unwrap(), b"plain");
        assert_eq!(*key(&Secret::new("whsec_cGxhaW4")).unwrap(), b"plain");
        for wrong in ["", "whsec_", "whsec_not base64!"] {
            assert_eq!(key(&Secret::new(wrong)).unwrap_err().key, "secret");
        }
    }
}
