//! Matrix: one event a message, its transaction id the key, so that a second try is no second message.
//!
//! A room that has not let the bot in is joined once; a room with encryption is refused when it is tested.

use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, check_header, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::thread::Threads;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixSettings {
    /// The homeserver.
    pub url: String,
    /// The bot's access token.
    pub token: Secret,
    /// `!id:server`.
    pub room: String,
    /// Whether messages are notices, which most clients do not ring for.
    pub notice: bool,
}

/// Both texts together, in bytes: less than half of what an event may hold.
const TEXTS: usize = 30_000;

struct Matrix {
    home: Url,
    settings: MatrixSettings,
    voice: Voice,
    threads: Threads,
}

/// Checks the settings.
pub(super) fn new(
    settings: &MatrixSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    check_header("token", &settings.token)?;
    if !settings.room.starts_with('!') {
        return Err(BuildError::new(
            "room",
            "is no room id: write what room settings show under Advanced, such as \"!abc:example.org\"",
        ));
    }
    let home = parse_url("url", &settings.url)?;
    let mut mask = Mask::default();
    mask.hide(settings.token.expose());
    let http = Http::new(&home, mask, context)?;
    let matrix = Matrix {
        home,
        settings: settings.clone(),
        voice,
        threads: Threads::default(),
    };
    Ok(Box::new(Service::new(matrix, http)))
}

impl Matrix {
    fn url(&self, segments: &[&str]) -> Url {
        let mut path = vec!["_matrix", "client", "v3", "rooms", &self.settings.room];
        path.extend(segments);
        below(&self.home, &path)
    }
}

impl Protocol for Matrix {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let html = |message: &_| Style::Html.whole(message).replace('\n', "<br>");
        let message = self.voice.fitted(outgoing, shape, |message| {
            message.to_text().len() + html(message).len() <= TEXTS
        });
        let kind = if self.settings.notice {
            "m.notice"
        } else {
            "m.text"
        };
        let mut body = json!({
            "msgtype": kind, "body": message.to_text(), "m.mentions": {},
        });
        if shape != Shape::Plain {
            body["format"] = "org.matrix.custom.html".into();
            body["formatted_body"] = html(&message).into();
        }
        if let Some(first) = self.threads.of(&outgoing.alert) {
            body["m.relates_to"] = json!({
                "rel_type": "m.thread", "event_id": first, "is_falling_back": true,
                "m.in_reply_to": { "event_id": first },
            });
        }
        // A smaller repeat is another event: the id of the whole one may have been taken.
        let part = match shape {
            Shape::Whole => "",
            Shape::Small => "-small",
            Shape::Plain => "-plain",
        };
        let id = format!("{}{part}", outgoing.alert.key);
        let mut request = Request::json(self.url(&["send", "m.room.message", &id]), &body);
        request.method = reqwest::Method::PUT;
        request.bearer(&self.settings.token)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        match (answer.status, said["errcode"].as_str().unwrap_or("")) {
            (200, _) if said["event_id"].is_string() => Verdict::Delivered,
            (200, _) => Verdict::Later("answered 200 without an event: is `url` right?".to_owned()),
            (_, "M_TOO_LARGE") => Verdict::TooLarge,
            (_, "M_LIMIT_EXCEEDED") => Verdict::Later("asks for fewer messages".to_owned()),
            (401, code) => Verdict::Refused(format!(
                "the token is not taken ({code}): log the bot in again and set `token`"
            )),
            (403, _) => {
                Verdict::Gone("the bot is not in the room and cannot join: invite it".to_owned())
            }
            (404, _) => Verdict::Gone(
                "there is no such room, or no homeserver there: check `room` and `url`".to_owned(),
            ),
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }

    /// Joins the room that refused the bot; before a test, asks whether the room is encrypted.
    fn before(&self, outgoing: &Outgoing, refusal: Option<&Answer>) -> Option<Request> {
        match refusal {
            Some(answer) if answer.status == 403 => {
                let join = Request::json(self.url(&["join"]), &json!({}));
                Some(join.bearer(&self.settings.token))
            }
            None if outgoing.alert.test => {
                let mut ask = Request::json(self.url(&["state", "m.room.encryption"]), &json!({}));
                ask.method = reqwest::Method::GET;
                ask.body.clear();
                Some(ask.bearer(&self.settings.token))
            }
            _ => None,
        }
    }

    fn learn(&self, answer: &Answer, _now: Timestamp) -> Result<(), Attempt> {
        if answer.json()["algorithm"].is_string() {
            return Err(Attempt::permanent(
                "the room is encrypted, and nobody could read what is sent in the clear: use a room without encryption",
            ));
        }
        Ok(())
    }

    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        if let Some(event) = answer.json()["event_id"].as_str() {
            self.threads.began(&outgoing.alert, event);
        }
    }
}
