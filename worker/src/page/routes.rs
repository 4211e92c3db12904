//! What is answered to whom the guard let in.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use serde::Serialize;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::WatchStream;

use super::guard::{self, Guard};
use super::preferences::{CHANGES_MAX, NotChanged, Preferences};
use crate::config::form::Wrong;
use crate::control::{Asked, Desk, Request};

/// Longest body of a request, and longest wait for it.
const BODY_BYTES_MAX: usize = 64 << 10;
const BODY_WAIT: Duration = Duration::from_secs(5);

/// What every answer is made from.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) desk: Desk,
    pub(super) preferences: Arc<Preferences>,
}

/// Files, and the kind of each.
const HTML: (&str, &str) = ("text/html; charset=utf-8", include_str!("page.html"));
const CSS: (&str, &str) = ("text/css; charset=utf-8", include_str!("page.css"));
const JS: (&str, &str) = ("text/javascript; charset=utf-8", include_str!("page.js"));
const CHARTS: (&str, &str) = ("text/javascript; charset=utf-8", include_str!("charts.js"));
const FORM: (&str, &str) = ("text/javascript; charset=utf-8", include_str!("form.js"));
const WORDS: (&str, &str) = ("text/javascript; charset=utf-8", include_str!("words.js"));
const ICON: (&str, &str) = ("image/svg+xml", include_str!("icon.svg"));

/// All that there is. The first part of each path is the token.
pub(super) fn router(site: Site, guard: Guard) -> Router {
    Router::new()
        .route("/{token}/", get(|| async { file(HTML) }))
        .route("/{token}/page.css", get(|| async { file(CSS) }))
        .route("/{token}/page.js", get(|| async { file(JS) }))
        .route("/{token}/charts.js", get(|| async { file(CHARTS) }))
        .route("/{token}/form.js", get(|| async { file(FORM) }))
        .route("/{token}/icon.svg", get(|| async { file(ICON) }))
        .route("/{token}/words.js", get(|| async { file(WORDS) }))
        .route("/{token}/snapshot", get(snapshot))
        .route("/{token}/live", get(live))
        .route("/{token}/wish", axum::routing::post(wish))
        .route("/{token}/preferences", get(preferences).post(change))
        .layer(middleware::from_fn_with_state(guard, guard::watch))
        .with_state(site)
}

fn file((kind, text): (&'static str, &'static str)) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    // Plain texts and numbers can always be written.
    let text = serde_json::to_string(value).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

fn wrong(status: StatusCode, field: Option<String>, message: impl Into<String>) -> Response {
    json(status, &Wrong { field, message: message.into() })
}

fn ending() -> Response {
    wrong(StatusCode::SERVICE_UNAVAILABLE, None, "the worker is about to end")
}

async fn snapshot(State(site): State<Site>) -> Response {
    match site.desk.ask(Asked::Request(Request::Snapshot)).await {
        Some(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        None => ending(),
    }
}

/// Snapshots as server-sent events, for as long as somebody listens.
async fn live(State(site): State<Site>) -> Response {
    let Some(snapshots) = site.desk.watch().await else { return ending() };
    let events = WatchStream::from_changes(snapshots)
        .map(|snapshot| Ok::<_, Infallible>(Event::default().data(&*snapshot)));
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// `pause`, `resume`, `snooze MS` or `finish`.
async fn wish(State(site): State<Site>, body: Body) -> Response {
    let text = match text(body).await {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    match text.parse() {
        Ok(request @ Request::Wish(_)) => match site.desk.ask(Asked::Request(request)).await {
            Some(answer) => answer.into_response(),
            None => ending(),
        },
        Ok(_) | Err(_) => {
            let message = "write pause, resume, snooze MS or finish";
            wrong(StatusCode::UNPROCESSABLE_ENTITY, None, message)
        }
    }
}

async fn preferences(State(site): State<Site>) -> Response {
    match site.preferences.shown() {
        Ok(shown) => json(StatusCode::OK, &shown),
        Err(why) => not_changed(why),
    }
}

/// New values by field, as a JSON object of texts.
async fn change(State(site): State<Site>, body: Body) -> Response {
    let text = match text(body).await {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    let changes: BTreeMap<String, String> = match serde_json::from_str(&text) {
        Ok(changes) => changes,
        Err(error) => return wrong(StatusCode::BAD_REQUEST, None, error.to_string()),
    };
    if changes.len() > CHANGES_MAX {
        let message = format!("at most {CHANGES_MAX} changes at once");
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, None, message);
    }
    let owner = match site.preferences.change(&changes).await {
        Ok(owner) => owner,
        Err(why) => return not_changed(why),
    };
    match site.desk.ask(Asked::Adopt(Box::new(owner))).await {
        Some(_) => preferences(State(site)).await,
        None => ending(),
    }
}

fn not_changed(why: NotChanged) -> Response {
    match why {
        NotChanged::Wrong(found) => json(StatusCode::UNPROCESSABLE_ENTITY, &found),
        NotChanged::File(message) => wrong(StatusCode::INTERNAL_SERVER_ERROR, None, message),
    }
}

/// The body of a request, which is a short text.
async fn text(body: Body) -> Result<String, Response> {
    let late = |_elapsed| wrong(StatusCode::REQUEST_TIMEOUT, None, "the request did not come");
    let bytes = timeout(BODY_WAIT, to_bytes(body, BODY_BYTES_MAX)).await.map_err(late)?;
    let long = |_error| {
        let message = format!("at most {BODY_BYTES_MAX} bytes are taken");
        wrong(StatusCode::PAYLOAD_TOO_LARGE, None, message)
    };
    let not_text = |_error| wrong(StatusCode::BAD_REQUEST, None, "this is not text");
    String::from_utf8(bytes.map_err(long)?.to_vec()).map_err(not_text)
}
