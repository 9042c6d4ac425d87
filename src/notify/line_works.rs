//! LINE WORKS: a bot that writes to a channel or a member, with a token that it signs for itself (RFC 7523).
//!
//! The token is kept in memory and asked for again before it ends, or once after a 401.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use url::Url;

use super::http::answer::{Answer, classify};
use super::http::{Http, Request, below, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Where messages go, and who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineWorksSettings {
    /// The API; default: LINE WORKS'.
    pub api: Option<String>,
    /// The token server; default: LINE WORKS'.
    pub auth: Option<String>,
    /// The bot's number.
    pub bot: String,
    /// To whom.
    pub to: LineWorksTo,
    /// Of the app.
    pub client_id: String,
    /// Of the app.
    pub client_secret: Secret,
    /// `xxx.serviceaccount@domain`.
    pub service_account: String,
    /// PEM, as downloaded.
    pub private_key: Secret,
}

/// To whom a LINE WORKS bot writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineWorksTo {
    /// A channel's id.
    Channel(String),
    /// A member's id.
    User(String),
}

const API: &str = "https://www.worksapis.com/v1.0";
const AUTH: &str = "https://auth.worksmobile.com/oauth2/v2.0";
/// In characters.
const TEXT: usize = 2_000;
/// How long our own signature holds.
const ASSERTED: i64 = 30 * 60;
/// A token is renewed so long before it ends.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

struct LineWorks {
    messages: Url,
    tokens: Url,
    settings: LineWorksSettings,
    key: RsaKeyPair,
    voice: Voice,
    token: Mutex<Option<(Secret, Timestamp)>>,
}

/// Checks the settings.
pub(super) fn new(
    settings: &LineWorksSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let key = private_key(&settings.private_key)?;
    let api = parse_url("api", settings.api.as_deref().unwrap_or(API))?;
    let auth = parse_url("auth", settings.auth.as_deref().unwrap_or(AUTH))?;
    let (kind, id) = match &settings.to {
        LineWorksTo::Channel(id) => ("channels", id),
        LineWorksTo::User(id) => ("users", id),
    };
    let mut mask = Mask::default();
    mask.hide(settings.client_secret.expose());
    let http = Http::new(&api, mask, context)?;
    let line_works = LineWorks {
        messages: below(&api, &["bots", &settings.bot, kind, id, "messages"]),
        tokens: below(&auth, &["token"]),
        settings: settings.clone(),
        key,
        voice,
        token: Mutex::default(),
    };
    Ok(Box::new(Service::new(line_works, http)))
}

/// The key of a PEM text, PKCS #8 or PKCS #1.
fn private_key(pem: &Secret) -> Result<RsaKeyPair, BuildError> {
    let wrong = || {
        BuildError::new(
            "private_key",
            "is no RSA key in PEM: give the file as downloaded, { file = \"private.key\" }",
        )
    };
    let text = pem.expose();
    let (_, rest) = text.split_once("PRIVATE KEY-----").ok_or_else(wrong)?;
    let (body, _) = rest.split_once("-----END").ok_or_else(wrong)?;
    let base64: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let der = zeroize::Zeroizing::new(STANDARD.decode(base64).map_err(|_| wrong())?);
    if text.contains("BEGIN RSA PRIVATE KEY") {
        RsaKeyPair::from_der(&der).map_err(|_| wrong())
    } else {
        RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong())
    }
}

impl LineWorks {
    /// The signed claim to be who we are, for a token.
    fn assertion(&self, now: Timestamp) -> Option<String> {
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(&json!({ "alg": "RS256", "typ": "JWT" }));
        let now = now.as_second();
        let claims = part(&json!({
            "iss": self.settings.client_id, "sub": self.settings.service_account,
            "iat": now, "exp": now + ASSERTED,
        }));
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn token(&self, now: Timestamp) -> Option<Secret> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = token.as_ref()?;
        (*until > now).then(|| token.clone())
    }
}

impl Protocol for LineWorks {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self.voice.fitted(outgoing, shape, |message| {
            Style::Plain.whole(message).chars().count() <= TEXT
        });
        let body = json!({ "content": { "type": "text", "text": Style::Plain.whole(&message) } });
        let token = self
            .token(outgoing.sent_at)
            .unwrap_or_else(|| Secret::new("none"));
        Request::json(self.messages.clone(), &body).bearer(&token)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            201 => Verdict::Delivered,
            200 => Verdict::Later("answered 200, not 201: is `api` right?".to_owned()),
            404 => Verdict::Gone(
                "there is no such bot, channel or member: check `bot` and `channel` or `user`"
                    .to_owned(),
            ),
            _ => Verdict::ByStatus,
        }
    }

    fn before(&self, outgoing: &Outgoing, refusal: Option<&Answer>) -> Option<Request> {
        let needed = match refusal {
            None => self.token(outgoing.sent_at).is_none(),
            Some(answer) => answer.status == 401,
        };
        if !needed {
            return None;
        }
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("assertion", &self.assertion(outgoing.sent_at)?)
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("client_secret", self.settings.client_secret.expose())
            .append_pair("scope", "bot")
            .finish();
        let form_type = "application/x-www-form-urlencoded";
        Some(Request::post(self.tokens.clone(), form_type, form))
    }

    fn learn(&self, answer: &Answer, now: Timestamp) -> Result<(), Attempt> {
        let said = answer.json();
        let Some(token) = said["access_token"]
            .as_str()
            .filter(|_| answer.is_success())
        else {
            return Err(match answer.status {
                200..=299 => Attempt::later("the token server gave no token: is `auth` right?"),
                400 | 401 | 403 => Attempt::refused(
                    "the token server does not take us: check `client_id`, `client_secret`, `service_account` and `private_key`",
                ),
                _ => classify(answer, now),
            });
        };
        // A number, or a number in quotes.
        let lives = said["expires_in"].to_string();
        let lives = lives
            .trim_matches('"')
            .parse()
            .unwrap_or(3_600i64)
            .clamp(0, 86_400);
        let until = now
            .checked_add(SignedDuration::from_secs(lives) - EARLY)
            .unwrap_or(now);
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((
            Secret::new(token),
            until.max(now + SignedDuration::from_secs(60)),
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for wrong in [
            "",
            "sesame",
            "-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ] {
            let error = private_key(&Secret::new(wrong)).unwrap_err();
            assert_eq!(error.key, "private_key");
            assert!(!error.message.contains("sesame"));
        }
    }
}
