//! Who is let in: only who names this machine as the host, no other site as the origin, and the token.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Names of this machine, as browsers write them.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

const HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // The address has the token in it.
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Knows the port and the token.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    hosts: [String; 3],
    /// Digests are compared in a time that says nothing of the token.
    token: blake3::Hash,
}

impl Guard {
    pub(super) fn new(port: u16, token: &str) -> Self {
        let hosts = NAMES.map(|name| format!("{name}:{port}"));
        Self { hosts, token: blake3::hash(token.as_bytes()) }
    }

    /// Why a request is not answered, if it is not.
    fn refuses(&self, headers: &HeaderMap, path: &str) -> Option<&'static str> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let is_ours = |host: &str| self.hosts.iter().any(|ours| ours == host);
        if !text(HOST).is_some_and(is_ours) {
            return Some("this page is at 127.0.0.1 only");
        }
        let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(is_ours);
        if !text(ORIGIN).is_none_or(is_own) {
            return Some("another site may not speak to this page");
        }
        let token = path.split('/').nth(1).unwrap_or_default();
        let is_known = blake3::hash(token.as_bytes()) == self.token;
        (!is_known)
            .then_some("this is not the page's address: `manyhands worker page` says what is")
    }
}

/// Lets a request through, or not; every answer has the headers that keep the page to itself.
pub(super) async fn watch(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(request.headers(), request.uri().path()) {
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(host: &str, origin: Option<&str>, path: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        Guard::new(7655, "secret").refuses(&headers, path).is_some()
    }

    #[test]
    fn the_owner_is_let_in_by_any_name_of_this_machine() {
        for host in ["127.0.0.1:7655", "localhost:7655", "[::1]:7655"] {
            assert!(!refuses(host, None, "/secret/"));
            assert!(!refuses(host, Some(&format!("http://{host}")), "/secret/wish"));
        }
    }

    #[test]
    fn whoever_lacks_the_token_is_not() {
        for path in ["/", "", "/Secret/", "/secre/", "/secrets/", "//secret/", "/live"] {
            assert!(refuses("127.0.0.1:7655", None, path), "{path}");
        }
    }

    #[test]
    fn other_sites_are_not_whatever_they_know() {
        for host in
            ["evil.example:7655", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:7655"]
        {
            assert!(refuses(host, None, "/secret/"), "{host}");
        }
        for origin in
            ["http://evil.example", "https://127.0.0.1:7655", "null", "http://127.0.0.1:8000"]
        {
            assert!(refuses("127.0.0.1:7655", Some(origin), "/secret/wish"), "{origin}");
        }
        let nameless = Guard::new(7655, "secret").refuses(&HeaderMap::new(), "/secret/");
        assert!(nameless.is_some());
    }
}
