//! A real Prometheus on a loopback port of its own that scrapes one leash, stopped when dropped. Not a test itself.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{BOUND, Client, Leash, free_port, wait_until};

/// A running Prometheus.
pub struct Prometheus {
    child: Child,
    address: String,
    directory: TempDir,
}

impl Prometheus {
    /// Scrapes `leash` and evaluates these files of rules every second.
    pub fn watch(leash: &Leash, rules: &[impl AsRef<Path>]) -> Prometheus {
        let directory = tempfile::tempdir().unwrap();
        let rules: Vec<&Path> = rules.iter().map(AsRef::as_ref).collect();
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": rules,
            "scrape_configs": [{
                "job_name": "shop/leash",
                "static_configs": [{ "targets": [leash.admin()], "labels": { "cluster": "c1", "namespace": "shop" } }],
            }],
        });
        fs::write(directory.path().join("prometheus.yml"), config.to_string()).unwrap();
        for _ in 0..5 {
            let mut started = Prometheus::start(&directory);
            let mut ended = false;
            wait_until("Prometheus is ready", 6 * BOUND, || {
                ended = started.0.try_wait().unwrap().is_some();
                ended || get(&started.1, "/-/ready").is_some_and(|answer| answer.contains("is Ready"))
            });
            if !ended {
                return Prometheus { child: started.0, address: started.1, directory };
            }
            let log = fs::read_to_string(directory.path().join("log")).unwrap();
            assert!(log.contains("address already in use"), "Prometheus ended:\n{log}");
        }
        panic!("no free port for Prometheus");
    }

    fn start(directory: &TempDir) -> (Child, String) {
        let address = format!("127.0.0.1:{}", free_port());
        let log = File::create(directory.path().join("log")).unwrap();
        let child = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("prometheus runs; if it is not installed, tests/run does that");
        (child, address)
    }

    /// The data of an answer of its API; panics with the error if there is one.
    #[track_caller]
    pub fn api(&self, path: &str) -> Value {
        let answer = get(&self.address, &format!("/api/v1/{path}")).expect("an answer");
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{path}: {e}: {answer}"));
        assert_eq!(answer["status"], "success", "{path}: {answer}");
        answer["data"].take()
    }

    /// What it finds: labels and value of each series. A scalar has no labels.
    #[track_caller]
    pub fn ask(&self, question: &str) -> Vec<(Value, f64)> {
        let data = self.api(&format!("query?query={}", escaped(question)));
        let number = |value: &Value| value[1].as_str().unwrap().parse::<f64>().unwrap();
        match data["resultType"].as_str() {
            Some("vector") => {
                let found = data["result"].as_array().unwrap().iter();
                found.map(|series| (series["metric"].clone(), number(&series["value"]))).collect()
            }
            _ => vec![(json!({}), number(&data["result"]))],
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            eprintln!("the log of Prometheus:\n{log}");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a page. HTTP 1.0, so that it comes in one piece.
fn get(address: &str, path: &str) -> Option<String> {
    let mut client = Client::try_connect(address).ok()?;
    client.send(format!("GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n"));
    let answer = String::from_utf8(client.read_to_end().ok()?).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string())
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}
