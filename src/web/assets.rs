//! The style sheet and the script, in the binary, under names that change with what is in them.
//!
//! So they may be kept for ever, and pages name nothing that another server has.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::App;
use super::problem::Problem;
use crate::domain::alert::hex;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/script.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The names under which they are served.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The style sheet.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon.
    pub icon: String,
}

impl Assets {
    /// Names made of contents.
    pub fn new() -> Self {
        let named = |stem: &str, content: &str, ending: &str| {
            let hash = hex(&Sha256::digest(content)[..6]);
            format!("{stem}-{hash}.{ending}")
        };
        Self {
            style: named("style", STYLE, "css"),
            script: named("script", SCRIPT, "js"),
            icon: named("icon", ICON, "svg"),
        }
    }
}

/// `GET /assets/{name}`.
pub async fn get(State(app): State<App>, Path(name): Path<String>) -> Response {
    let assets = &app.assets;
    let (kind, content) = if name == assets.style {
        ("text/css; charset=utf-8", STYLE)
    } else if name == assets.script {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else if name == assets.icon {
        ("image/svg+xml", ICON)
    } else {
        return Problem::missing("asset", &name).into_response();
    };
    let keep = "public, max-age=31536000, immutable";
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)],
        content,
    )
        .into_response()
}
