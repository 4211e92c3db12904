//! A real browser, driven through its DevTools protocol: JSON over two pipes, each message ended by a zero byte.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::PATIENCE;

/// What the shell calls a Chromium.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Words for expressions, so that they read well.
const WORDS: &str = "const find = (at) => document.querySelector(at);\
                     const text = (at) => find(at)?.textContent ?? '';";

/// A browser with one page. Dropped, it is killed.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one, if there is one on this machine; says so, if not.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests sees which one did not run")]
    pub(crate) fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there =
            |name: &&&str| std::env::split_paths(&path).any(|dir| dir.join(name).exists());
        let Some(name) = NAMES.iter().find(is_there) else {
            eprintln!("skipped: there is no Chromium here (Debian: apt-get install chromium)");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        let data = format!("--user-data-dir={}", profile.path().display());
        // The protocol's pipes are the files 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#])
            .arg(name)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe", &data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let (to, out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (told, from) = channel();
        let reader = thread::Builder::new().name("browser".into());
        reader
            .spawn(move || {
                for message in BufReader::new(out).split(0).map_while(Result::ok) {
                    let message = serde_json::from_slice(&message).expect("JSON");
                    if told.send(message).is_err() {
                        return;
                    }
                }
            })
            .expect("a thread starts");
        let (session, complaints) = (None, Vec::new());
        let mut browser =
            Self { child, to, from, session, asked: 0, complaints, _profile: profile };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, &json!({}));
        }
        Some(browser)
    }

    /// Sends a command, and gives its result.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).expect("the browser listens");
        self.to.write_all(&[0]).expect("the browser listens");
        loop {
            let said = self.from.recv_timeout(PATIENCE).expect("the browser answers");
            if said["id"] == self.asked {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
            self.hear(&said);
        }
    }

    /// Remembers what the page's own code did wrong, and what the browser did not let it do.
    fn hear(&mut self, event: &Value) {
        let is_complaint = event["method"] == "Runtime.exceptionThrown"
            || (event["method"] == "Log.entryAdded"
                && event["params"]["entry"]["level"] == "error");
        // That a value was refused is an answer that is asked for.
        let is_wanted = event.to_string().contains("status of 422");
        if is_complaint && !is_wanted {
            self.complaints.push(event.to_string());
        }
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.clone()
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.ask("Page.navigate", &json!({ "url": url }));
    }

    /// The value of an expression; nothing while the page is being replaced by another one.
    fn value(&mut self, expression: &str) -> Value {
        let expression = format!("{{ {WORDS} {expression} }}");
        let params = json!({ "expression": expression, "returnByValue": true });
        self.ask("Runtime.evaluate", &params)["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let end = std::time::Instant::now() + PATIENCE;
        while self.value(expression) != json!(true) {
            let shown = "document.body?.innerText";
            assert!(
                std::time::Instant::now() < end,
                "{expression} did not become so:\n{}",
                self.value(shown)
            );
            thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Clicks as a mouse would, in the middle of an element.
    pub(crate) fn click(&mut self, at: &str) {
        self.wait_for(&format!("find({at:?}) !== null"));
        let place = self.value(&format!(
            "find({at:?}).scrollIntoView({{ block: 'center' }}); const box = find({at:?}).getBoundingClientRect();\
             [box.x + box.width / 2, box.y + box.height / 2]"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let (x, y) = (&place[0], &place[1]);
            let params = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", &params);
        }
    }

    /// Replaces what stands in a field, as by typing.
    pub(crate) fn write(&mut self, at: &str, text: &str) {
        self.wait_for(&format!("find({at:?}) !== null"));
        self.value(&format!("find({at:?}).focus(); find({at:?}).select()"));
        self.ask("Input.insertText", &json!({ "text": text }));
    }

    /// Chooses one of few values.
    pub(crate) fn choose(&mut self, at: &str, value: &str) {
        self.wait_for(&format!("find({at:?}) !== null"));
        self.value(&format!("find({at:?}).value = {value:?}"));
        self.wait_for(&format!("find({at:?}).value === {value:?}"));
    }

    /// Keeps a picture of the whole page as a PNG, as it is on a screen of this width.
    pub(crate) fn picture(&mut self, width: u32, scheme: &str, path: &Path) {
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.ask("Emulation.setEmulatedMedia", &scheme);
        let size = |height: &Value| json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &size(&json!(800)));
        let height = self.value("document.documentElement.scrollHeight");
        self.ask("Emulation.setDeviceMetricsOverride", &size(&height));
        // The charts follow with the next snapshot.
        let drawn = "(() => { const svg = find('#hours'); return svg.getAttribute('viewBox')?.split(' ')[2] === String(svg.clientWidth); })()";
        self.wait_for(drawn);
        let picture = self.ask("Page.captureScreenshot", &json!({ "format": "png" }));
        fs::write(path, decoded(picture["data"].as_str().expect("a picture"))).expect("it is kept");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Of base 64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|byte| DIGITS.bytes().position(|digit| digit == byte))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let quads = digits.chunks(4).flat_map(|quad| {
        let bits = quad.iter().fold(0_u32, |bits, digit| (bits << 6) | u32::from(*digit))
            << (6 * (4 - quad.len()));
        bits.to_be_bytes()[1..quad.len()].to_vec()
    });
    quads.collect()
}
