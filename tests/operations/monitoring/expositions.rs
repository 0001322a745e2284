//! Both ways of writing metrics, read by the parsers of those who wrote the formats, and packed for who asks for that.

use std::process::Command;

use support::command::{errors, run};
use support::repository::here;
use support::{Client, Leash};

use super::files::promtool;
use super::traffic::Traffic;

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";

/// Reads OpenMetrics as Prometheus' own client library does, and prints the type and the samples of each family.
const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation.endswith('.'), family
    print(family.type, family.name, *sorted({sample.name for sample in family.samples}))
";

/// Head and body of an answer.
fn ask(leash: &Leash, headers: &str) -> (String, Vec<u8>) {
    let mut client = Client::connect(leash.admin());
    client.send(format!("GET /metrics HTTP/1.0\r\nHost: leash\r\n{headers}\r\n"));
    let answer = client.read_to_end().expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
}

fn read(text: &[u8]) -> Vec<String> {
    let mut python = Command::new(here("target/venv/bin/python"));
    let output = run(python.args(["-c", READ]), std::str::from_utf8(text).unwrap());
    assert!(output.status.success(), "{}", errors(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn metrics_are_written_as_they_are_asked_for_and_parsers_take_them() {
    let mut traffic = Traffic::new();
    traffic.round();
    let (head, text) = ask(&traffic.leash, "");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(head.contains("vary: accept, accept-encoding") && !head.contains("content-encoding"), "{head}");
    promtool(&["check", "metrics"], std::str::from_utf8(&text).unwrap());

    let (head, text) = ask(&traffic.leash, &format!("Accept: {OPEN_METRICS}\r\n"));
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    let families = read(&text);
    for family in [
        "counter leash_requests leash_requests_total",
        "counter process_cpu_seconds process_cpu_seconds_total",
        "gauge process_start_time_seconds process_start_time_seconds",
        "histogram leash_request_duration_seconds leash_request_duration_seconds_bucket \
         leash_request_duration_seconds_count leash_request_duration_seconds_sum",
        "summary leash_upstream_request_seconds leash_upstream_request_seconds_count leash_upstream_request_seconds_sum",
    ] {
        assert!(families.iter().any(|known| known == family), "no {family} in\n{}", families.join("\n"));
    }
}

#[test]
fn metrics_are_packed_for_those_who_take_gzip() {
    let mut traffic = Traffic::new();
    // Once clients were answered, all workers count.
    traffic.round();
    let (plain, text) = ask(&traffic.leash, "Accept-Encoding: gzip;q=0, identity\r\n");
    let (head, packed) = ask(&traffic.leash, "Accept-Encoding: br, gzip\r\n");
    assert!(!plain.contains("content-encoding") && head.contains("content-encoding: gzip"), "{plain}\n{head}");
    assert!(packed.len() * 4 < text.len(), "{} bytes of {}", packed.len(), text.len());
    let unpack = "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(bytes.fromhex(sys.stdin.read())))";
    let hex: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    let output = run(Command::new(here("target/venv/bin/python")).args(["-c", unpack]), &hex);
    let names = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8(text.to_vec()).unwrap();
        text.lines().filter(|line| line.starts_with("# TYPE ")).map(str::to_string).collect()
    };
    assert_eq!(names(&output.stdout), names(&text));
}
