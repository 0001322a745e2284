//! Runs scripts of the tests, and other programs that end by themselves, each within a bound.

use std::ffi::OsStr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::repository::here;
use crate::wait_until;

/// How long one script may take.
const BOUND: Duration = Duration::from_secs(90);

/// A script of the repository, run by `program`.
pub fn script(program: impl AsRef<OsStr>, path: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(here(path)).env("NODE_PATH", here("target/node/node_modules"));
    command
}

/// A script for the Python in which `tests/run` installs the clients.
pub fn python(path: &str) -> Command {
    script(here("target/venv/bin/python"), path)
}

/// Runs it to its end and gives back what it said; panics with that unless it ended well.
#[track_caller]
pub fn passes(command: Command) -> String {
    let (told, complained) = both(command);
    told + &complained
}

/// The same, without what it said on standard error.
#[track_caller]
pub fn tells(command: Command) -> String {
    both(command).0
}

/// What it said on standard output, however it ended.
#[track_caller]
pub fn says(command: Command) -> String {
    String::from_utf8_lossy(&finish(command).stdout).to_string()
}

#[track_caller]
fn both(command: Command) -> (String, String) {
    let name = format!("{command:?}");
    let output = finish(command);
    let [told, complained] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).to_string());
    assert!(output.status.success(), "{name} failed ({}):\n{told}{complained}", output.status);
    (told, complained)
}

/// Runs it to its end within a bound; says what to do if it is not there.
fn finish(mut command: Command) -> Output {
    let name = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{name} cannot run: {e}; tests/run installs what is needed"));
    let readers = [child.stdout.take().map(read_all), child.stderr.take().map(read_all)];
    wait_for(&mut child, &name);
    let status = child.wait().unwrap();
    let [stdout, stderr] = readers.map(|reader| reader.unwrap().join().unwrap());
    Output { status, stdout, stderr }
}

fn wait_for(child: &mut Child, name: &str) {
    let start = Instant::now();
    wait_until(&format!("{name} ends"), BOUND + Duration::from_secs(1), || {
        if start.elapsed() > BOUND {
            let _ = child.kill();
        }
        child.try_wait().unwrap().is_some()
    });
}

fn read_all(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = from.read_to_end(&mut all);
        all
    })
}
