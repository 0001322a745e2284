//! Programs that run to their end.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs a command to its end with this on its standard input; says what to do if it is not there.
#[track_caller]
pub fn run(command: &mut Command, input: impl AsRef<[u8]>) -> Output {
    let name = command.get_program().to_string_lossy().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{name} cannot run: {e}; tests/run installs what is needed"));
    // A program that refuses its arguments does not read; its answer tells.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    child.wait_with_output().unwrap()
}

/// What a command said on both outputs.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).to_string() + &String::from_utf8_lossy(&output.stderr)
}
