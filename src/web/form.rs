//! Forms and parameters: name and value pairs, bounded, read the same way wherever they stand.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use url::form_urlencoded;

use super::problem::{Answer, Problem};

/// The largest form; rules and lists of feeds come this way.
const LARGEST: usize = 4 << 20;

/// Most pairs of a form or query.
const MOST: usize = 500;

/// The pairs of a form, of a query string, or of a JSON object.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

/// The fields that an endpoint knows; those that must be there end in `*`.
#[derive(Clone, Copy, Debug)]
pub struct Fields(pub &'static [&'static str]);

impl Fields {
    /// Each by name, and whether it must be there.
    pub fn each(self) -> impl Iterator<Item = (&'static str, bool)> {
        self.0.iter().map(|field| {
            let name = field.strip_suffix('*');
            (name.unwrap_or(field), name.is_some())
        })
    }

    /// Refuses what the endpoint does not know: it would be left out, and nobody the wiser.
    fn check(self, form: &Form) -> Answer<()> {
        let is_odd = |name: &str| self.each().all(|(field, _)| field != name);
        let Some((name, _)) = form.0.iter().find(|(name, _)| is_odd(name)) else {
            return Ok(());
        };
        let known: Vec<&str> = self.each().map(|(field, _)| field).collect();
        Err(Problem::parameter(
            name,
            format!("is not known here: this takes {}", known.join(", ")),
        ))
    }
}

impl Form {
    /// The pairs of an encoded text.
    pub fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).take(MOST);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    fn read_json(body: &[u8]) -> Answer<Self> {
        let wrong = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| wrong(format!("the body is not JSON: {error}")))?;
        Self::of_json(&value).ok_or_else(|| wrong("the body is not a JSON object".to_owned()))
    }

    /// The pairs of a JSON object; lists become several pairs.
    fn of_json(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let mut pairs = Vec::new();
        for (name, value) in object.iter().take(MOST) {
            let one = |value: &Value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            };
            let values: Vec<&Value> = match value {
                Value::Array(list) => list.iter().take(MOST).collect(),
                other => vec![other],
            };
            pairs.extend(
                values
                    .into_iter()
                    .filter_map(one)
                    .map(|text| (name.clone(), text)),
            );
        }
        Some(Self(pairs))
    }

    /// The first value of a name that is not blank.
    pub fn get<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut named = self.0.iter().filter(|(other, _)| other == name);
        named.find_map(|(_, value)| Some(value.trim()).filter(|value| !value.is_empty()))
    }

    /// Every value of a name that is not blank.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a name, taken apart at commas and spaces.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|value| value.split([',', ' ', '\n']))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether a box was ticked.
    pub fn has(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value, "0" | "false" | "no"))
    }

    /// The value of a name, or a problem that names it.
    pub fn required(&self, name: &str) -> Answer<&str> {
        self.get(name)
            .ok_or_else(|| Problem::parameter(name, "is missing"))
    }

    /// A whole number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Answer<Option<T>> {
        self.get(name)
            .map(str::parse)
            .transpose()
            .map_err(|_| Problem::parameter(name, "is not a whole number"))
    }

    /// An instant: RFC 3339, a day (from its midnight in `zone`), or a span back from now such as `7d` or `12h`.
    pub fn time(&self, name: &str, now: Timestamp, zone: &TimeZone) -> Answer<Option<Timestamp>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        instant(text, now, zone).map(Some).ok_or_else(|| {
            Problem::parameter(
                name,
                "is no time: write 2026-11-28, 2026-11-28T09:00:00Z, 7d or 12h",
            )
        })
    }

    /// The pairs again, with some left out or changed, as a query string.
    pub fn with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(name, value)| {
                !value.trim().is_empty() && changes.iter().all(|(changed, _)| changed != name)
            })
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let added = changes
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)));
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(kept.chain(added));
        out.finish()
    }
}

fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    // A day alone is its midnight.
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
        return zone.to_timestamp(civil).ok();
    }
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let hours = match unit {
        'h' => number,
        'd' => number.checked_mul(24)?,
        'w' => number.checked_mul(24 * 7)?,
        _ => return None,
    };
    // Further back than anybody was alive is no mistake worth telling.
    let hours = hours.clamp(0, 24 * 366 * 100);
    now.checked_sub(jiff::SignedDuration::from_hours(hours))
        .ok()
}

/// The query string of a request.
#[derive(Clone, Debug, Default)]
pub struct Asked(pub Form);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(Form::parse(
            parts.uri.query().unwrap_or_default().as_bytes(),
        )))
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let fields = request.extensions().get::<Fields>().copied();
        let kind = request
            .headers()
            .get(axum::http::header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = to_bytes(request.into_body(), LARGEST)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))?;
        let form = if kind.starts_with("application/json") {
            Self::read_json(&body)?
        } else {
            Self::parse(&body)
        };
        if let Some(fields) = fields {
            fields.check(&form)?;
        }
        Ok(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let seoul = TimeZone::get("Asia/Seoul").unwrap();
        for (text, expected) in [
            ("2026-11-28", Some("2026-11-27T15:00:00Z")),
            ("2026-11-28T09:30", Some("2026-11-28T00:30:00Z")),
            ("2026-11-20T01:02:03Z", Some("2026-11-20T01:02:03Z")),
            ("7d", Some("2026-11-21T12:00:00Z")),
            ("12h", Some("2026-11-28T00:00:00Z")),
            ("soon", None),
            ("", None),
            ("9223372036854775807w", None),
        ] {
            let told = instant(text, now, &seoul).map(|at| at.to_string());
            assert_eq!(told.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_json_object_is_read_like_a_form() {
        let form = Form::of_json(&serde_json::json!({ "a": [1, "x"], "b": null, "c": true }));
        let form = form.unwrap();
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "x"]);
        assert_eq!(form.get("b"), None);
        assert!(form.has("c"));
        assert_eq!(Form::parse(b"q=a+b&x=&p=2").with(&[("p", None)]), "q=a+b");
    }
}
