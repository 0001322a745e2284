//! A real HTTP endpoint that makes values, Python's own server: what it answers is a small program of the test.

use std::fs;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{BOUND, listens, wait_until};

/// What stands around the test's `answer(self, path)`, which calls `self.say(status, body, headers)`.
const FRAME: &str = r#"
import os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

def note(at_once, path):
    os.write(notes, f"{at_once} {path}\n".encode())

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls, at_once, lock = 0, 0, threading.Lock()

    def do_GET(self):
        with Handler.lock:
            Handler.calls += 1
            Handler.at_once += 1
            self.call = Handler.calls
            note(Handler.at_once, self.path)
        try:
            answer(self, self.path)
        finally:
            with Handler.lock:
                Handler.at_once -= 1

    def say(self, status, body=b"", headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_):
        pass
"#;

/// A running endpoint.
pub struct Origin {
    child: Child,
    directory: TempDir,
    port: u16,
}

impl Origin {
    /// With the body of `def answer(self, path):`, in Python.
    pub fn start(answer: &str) -> Origin {
        Origin::start_at(answer, super::free_port())
    }

    /// The same at a port that was another endpoint's.
    pub fn start_at(answer: &str, port: u16) -> Origin {
        let body: String = answer.lines().map(|line| format!("    {line}\n")).collect();
        let end = format!("Server((\"127.0.0.1\", {port}), Handler).serve_forever()\n");
        let directory = tempfile::tempdir().unwrap();
        let (file, notes) = (directory.path().join("origin.py"), directory.path().join("calls"));
        let begin =
            format!("notes = os.open({:?}, os.O_CREAT | os.O_WRONLY | os.O_APPEND)", notes.display().to_string());
        fs::write(&file, format!("{FRAME}\n{begin}\ndef answer(self, path):\n{body}\n{end}")).unwrap();
        let child = Command::new("python3").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the endpoint listens", BOUND, || listens(port));
        Origin { child, directory, port }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.noted().len()
    }

    /// How many calls there were at once at most.
    pub fn most_at_once(&self) -> usize {
        self.noted().into_iter().map(|(at_once, _)| at_once).max().unwrap_or(0)
    }

    /// What it was asked for, in order, as it came; and what its program noted.
    pub fn paths(&self) -> Vec<String> {
        self.noted().into_iter().map(|(_, path)| path).collect()
    }

    /// Written down before the call is answered.
    fn noted(&self) -> Vec<(usize, String)> {
        let text = fs::read_to_string(self.directory.path().join("calls")).unwrap_or_default();
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let call =
            |line: &str| line.split_once(' ').map(|(at_once, path)| (at_once.parse().unwrap(), path.to_string()));
        whole.lines().filter_map(call).collect()
    }

    /// Ends it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.kill();
    }
}
