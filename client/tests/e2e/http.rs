//! Requests to a worker's page, as any program on the machine could make them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::process::PATIENCE;

/// The address of a page.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// `127.0.0.1:7655`.
    pub(crate) place: String,
    pub(crate) token: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Address {
    /// Of `http://127.0.0.1:7655/TOKEN/`.
    pub(crate) fn of(printed: &str) -> Self {
        let rest = printed.trim().strip_prefix("http://").expect("an address of a page");
        let (place, token) = rest.split_once('/').expect("an address with a token");
        let token = token.strip_suffix('/').expect("a folder").to_owned();
        Self { place: place.to_owned(), token }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}/", self.place, self.token)
    }

    pub(crate) fn get(&self, name: &str) -> Answer {
        self.ask("GET", &format!("/{}/{name}", self.token), "", "")
    }

    pub(crate) fn post(&self, name: &str, body: &str) -> Answer {
        self.ask("POST", &format!("/{}/{name}", self.token), "", body)
    }

    /// With more lines in the head, each ended by `\r\n`; a host among them replaces the right one.
    pub(crate) fn ask(&self, method: &str, path: &str, lines: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.place).expect("the page listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let host = if lines.contains("Host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.place)
        };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{host}{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        // Whoever is refused early does not read all of it.
        drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())));
        let mut text = Vec::new();
        drop(stream.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}
