//! A headless Chromium and one tab in it, driven over the DevTools protocol by pipe: JSON in, JSON out, a NUL behind
//! each.
//!
//! Commands are answered under their number; what comes in between are events, which are kept for who asks about them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pause;

/// How long the browser may take for anything: it starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Chromium with one tab, ended when dropped.
pub struct Chromium {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    last: u64,
    session: Option<String>,
    /// What happened in the tab, the oldest first.
    pub events: Vec<Value>,
    _profile: TempDir,
}

impl Chromium {
    /// Starts it with an empty tab.
    pub fn start() -> Chromium {
        let profile = tempfile::tempdir().unwrap();
        let mut child = spawn(&profile);
        let (commands, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (say, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0) {
                let Ok(message) = message else { return };
                let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if say.send(message).is_err() {
                    return;
                }
            }
        });
        let mut chromium =
            Chromium { child, commands, messages, last: 0, session: None, events: Vec::new(), _profile: profile };
        let target = chromium.command("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            chromium.command("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        chromium.session = attached["sessionId"].as_str().map(str::to_string);
        for domain in ["Page", "Runtime", "Network", "Log", "DOM"] {
            chromium.command(&format!("{domain}.enable"), json!({}));
        }
        chromium
    }

    /// Gives a command and waits for its answer; panics if it is refused.
    #[track_caller]
    pub fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.answer(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Gives a command and waits for its answer, which may be that it is refused.
    #[track_caller]
    fn answer(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("the browser listens");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left).unwrap_or_else(|_| panic!("{method}: no answer"));
            if message["id"] != self.last {
                self.events.push(message);
            } else if let Some(error) = message.get("error") {
                return Err(error.clone());
            } else {
                return Ok(message["result"].clone());
            }
        }
    }

    /// Loads an address and waits until it is there.
    #[track_caller]
    pub fn open(&mut self, address: &str) {
        let loaded = self.command("Page.navigate", json!({ "url": address }));
        assert!(loaded.get("errorText").is_none(), "{address}: {loaded}");
        self.wait_until("the page is there", "document.readyState == 'complete' && !!document.querySelector('main')");
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        self.evaluated(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    #[track_caller]
    fn evaluated(&mut self, expression: &str) -> Result<Value, Value> {
        let evaluate = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.answer("Runtime.evaluate", evaluate)?;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        Ok(answer["result"]["value"].clone())
    }

    /// The text of the first element that a selector finds, as people see it.
    #[track_caller]
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(selector)));
        text.as_str().expect("a text").to_string()
    }

    /// Looks at the page until an expression in it is true.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, expression: &str) {
        self.keep_until(what, expression, || {});
    }

    /// The same, and does something between two looks.
    #[track_caller]
    pub fn keep_until(&mut self, what: &str, expression: &str, mut meanwhile: impl FnMut()) {
        let start = Instant::now();
        // A page that is just being left refuses to answer; the one that follows is looked at next.
        while self.evaluated(expression) != Ok(json!(true)) {
            let page = "document.body?.innerText";
            assert!(start.elapsed() < PATIENCE, "in vain until {what}; the page says\n{:?}", self.evaluated(page));
            meanwhile();
            pause(Duration::from_millis(50));
        }
    }

    /// Presses Enter where the focus is.
    pub fn press_enter(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let key =
                json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
            self.command("Input.dispatchKeyEvent", key);
        }
    }

    /// Types where the focus is.
    pub fn insert(&mut self, text: &str) {
        self.command("Input.insertText", json!({ "text": text }));
    }

    /// Shows the page on a screen of this width, in `light` or `dark`.
    pub fn look(&mut self, width: u32, scheme: &str) {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", screen);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A PNG of the page, of at most this height.
    pub fn picture(&mut self, most: f64) -> Vec<u8> {
        let size = self.command("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let height = size["height"].as_f64().unwrap().min(most);
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1 });
        let picture = self.command("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip }));
        base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// Every address that was asked for.
    pub fn requests(&self) -> Vec<String> {
        let asked = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        asked.filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_string)).collect()
    }

    /// What the page or the browser complained about.
    pub fn complaints(&self) -> Vec<String> {
        let complains = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled") => true,
            Some("Log.entryAdded") => event["params"]["entry"]["level"] != "info",
            _ => false,
        };
        self.events.iter().filter(complains).map(|event| event["params"].to_string()).collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked to close, it takes its helpers along.
        let close = json!({ "id": self.last + 1, "method": "Browser.close" });
        let _ = self.commands.write_all(format!("{close}\0").as_bytes());
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            pause(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its commands come on file descriptor 3 and its answers go to 4.
fn spawn(profile: &TempDir) -> Child {
    let options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                   --disable-component-update --disable-sync --disable-dev-shm-usage --disable-lcd-text --hide-scrollbars \
                   --remote-debugging-pipe";
    let program = std::env::var("LEASH_TEST_CHROMIUM").unwrap_or_else(|_| "chromium".to_string());
    let profile = profile.path().display();
    let line = format!(
        "exec {program} {options} --user-data-dir={profile} about:blank 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1"
    );
    Command::new("sh")
        .args(["-c", &line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs")
}
