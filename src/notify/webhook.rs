//! The webhook receiver: the alert's JSON, or what a template makes of it, signed after Standard Webhooks.
//!
//! Status table, limits and waits are in `http`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use sha2::Sha256;
use url::Url;
use zeroize::Zeroizing;

use super::http::answer::classify;
use super::http::{Http, Request, TIMEOUT, after, parse_headers, parse_url};
use super::mask::Mask;
use super::samples::samples;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing, Sending, cut};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Where alerts go, and how they are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to; may hold a token.
    pub url: Secret,
    /// Each gives a signature; two while one is replaced by the other.
    pub secrets: Vec<Secret>,
    /// Extra request headers.
    pub headers: BTreeMap<String, Secret>,
    /// PUT instead of POST.
    pub put: bool,
}

/// Posts alerts to one URL.
pub(super) struct Webhook {
    http: Http,
    url: Url,
    method: Method,
    headers: HeaderMap,
    keys: Vec<Zeroizing<Vec<u8>>>,
    max_body: Option<u64>,
    voice: Voice,
}

/// To what the entry's texts are cut after a 413, when they are longer.
const TRIMMED: usize = 8 * 1024;

/// How long a key is, in bytes.
const KEY: RangeInclusive<usize> = 24..=64;

/// Secrets from elsewhere come with and without the `=` at their end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Webhook {
    /// Checks URL, headers, secrets, of which the first is the newest, and the body's template.
    pub(super) fn new(
        settings: &WebhookSettings,
        max_body: Option<u64>,
        voice: Voice,
        context: &Context,
    ) -> Result<Self, BuildError> {
        let url = parse_url("url", settings.url.expose())?;
        let mut mask = Mask::default();
        mask.hide_url(&url);
        for value in settings.headers.values() {
            mask.hide_header(value.expose());
        }
        for secret in &settings.secrets {
            mask.hide(secret.expose());
        }
        let headers = parse_headers(&settings.headers)?;
        let webhook = Self {
            http: Http::new(&url, mask, context)?,
            url,
            method: if settings.put {
                Method::PUT
            } else {
                Method::POST
            },
            headers,
            keys: settings.secrets.iter().map(key).collect::<Result<_, _>>()?,
            max_body,
            voice,
        };
        webhook.check_template()?;
        Ok(webhook)
    }

    /// A body of a template's is JSON, unless a header says otherwise.
    fn check_template(&self) -> Result<(), BuildError> {
        if self.headers.contains_key("content-type") {
            return Ok(());
        }
        for outgoing in samples() {
            let Some(body) = self.voice.raw_body(&outgoing) else {
                return Ok(());
            };
            if let Err(error) = serde_json::from_str::<serde_json::Value>(&body) {
                let reason = outgoing.alert.reason.as_str();
                return Err(BuildError::new(
                    "body",
                    format!(
                        "makes no JSON for an alert of reason `{reason}` ({error}): put texts in by {{{{ … | tojson }}}}, or say \
                         what it is by headers = {{ Content-Type = \"…\" }}"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn body(&self, outgoing: &Outgoing, max: Option<u64>) -> String {
        self.voice
            .raw_body(outgoing)
            .unwrap_or_else(|| cut::json(&outgoing.alert, max))
    }

    /// The request, signed.
    fn request(&self, outgoing: &Outgoing, body: String) -> Result<Request, Attempt> {
        let timestamp = outgoing.sent_at.as_second().to_string();
        let id = &outgoing.alert.key;
        let signatures = sign(&self.keys, id, &timestamp, &body);
        let mut request = Request::post(self.url.clone(), "application/json", body);
        request.method = self.method.clone();
        for (name, value) in &self.headers {
            request.headers.insert(name, value.clone());
        }
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signatures),
        ] {
            if value.is_empty() {
                continue;
            }
            let value = HeaderValue::from_str(value)
                .map_err(|_| Attempt::permanent(format!("`{name}` cannot be sent as a header")))?;
            request.headers.insert(name, value);
        }
        Ok(request)
    }

    async fn send_once(&self, outgoing: &Outgoing, body: String) -> Result<Attempt, Attempt> {
        let start = Instant::now();
        let answer = self.http.ask(self.request(outgoing, body)?).await?;
        let now = after(outgoing.sent_at, start.elapsed());
        Ok(self.http.note(classify(&answer, now), &answer))
    }

    async fn post_or_trim(&self, outgoing: &Outgoing) -> Result<Attempt, Attempt> {
        let attempt = self
            .send_once(outgoing, self.body(outgoing, self.max_body))
            .await?;
        let sent = cut::longest(&outgoing.alert)
            .min(usize::try_from(self.max_body.unwrap_or(u64::MAX)).unwrap_or(usize::MAX));
        if attempt.status != Some(413) || sent == 0 {
            return Ok(attempt);
        }
        let smaller = TRIMMED.min(sent / 2) as u64;
        let trimmed = Outgoing {
            alert: cut::cut(&outgoing.alert, smaller),
            ..outgoing.clone()
        };
        let body = self.body(&trimmed, None);
        if body.len() >= self.body(outgoing, self.max_body).len() {
            // A template that does not use what was cut.
            return Ok(attempt);
        }
        self.send_once(&trimmed, body).await
    }
}

impl Notifier for Webhook {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            let attempt = self.post_or_trim(outgoing).await;
            attempt.unwrap_or_else(|attempt| attempt)
        })
    }

    fn patience(&self) -> Duration {
        // The whole and, after a 413, the trimmed message.
        TIMEOUT * 2
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        match self.request(outgoing, self.body(outgoing, self.max_body)) {
            Ok(request) => self.http.show(&request),
            Err(attempt) => attempt.outcome.message().unwrap_or("").to_owned(),
        }
    }
}

/// The key of a secret: `whsec_` and base64 of 24 to 64 bytes. Of another text each receiving library makes another key.
fn key(secret: &Secret) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    let wrong = |what: String| {
        let help = "`echo \"whsec_$(openssl rand -base64 32)\"` makes one; leave the key out to send unsigned";
        BuildError::new("secret", format!("{what}: {help}"))
    };
    let encoded = secret.expose().strip_prefix("whsec_");
    let encoded = encoded.ok_or_else(|| wrong("does not begin with `whsec_`".to_owned()))?;
    let bytes = LENIENT
        .decode(encoded)
        .map(Zeroizing::new)
        .map_err(|_| wrong("what follows `whsec_` is not base64, copy it again".to_owned()))?;
    if !KEY.contains(&bytes.len()) {
        let what = format!(
            "is a key of {} bytes, {} to {} are wanted",
            bytes.len(),
            KEY.start(),
            KEY.end()
        );
        return Err(wrong(what));
    }
    Ok(bytes)
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
    fn secrets_are_decoded_or_refused() {
        let of = |count: usize| format!("whsec_{}", STANDARD.encode(vec![b'x'; count]));
        for count in [24, 25, 64] {
            for text in [of(count), of(count).trim_end_matches('=').to_owned()] {
                assert_eq!(*key(&Secret::new(text)).unwrap(), vec![b'x'; count]);
            }
        }
        let bare = of(24).replace("whsec_", "");
        for wrong in [
            "",
            "plain",
            &bare,
            "whsec_",
            "whsec_not base64!",
            &of(23),
            &of(65),
        ] {
            let refused = key(&Secret::new(wrong)).unwrap_err();
            assert_eq!(refused.key, "secret");
            assert!(
                wrong.len() < 8 || !refused.message.contains(wrong),
                "{refused}"
            );
        }
    }
}
