//! A terminal of its own for a command: `script` is its other end, and what is written to it is what somebody would
//! see.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::memcached::signal;
use super::{BOUND, wait_until};

/// A terminal with a command in it.
pub struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    seen: Arc<Mutex<vt100::Parser>>,
    directory: TempDir,
}

impl Terminal {
    /// 24 lines of 80 characters, and a shell that runs `command`, then says its exit code.
    pub fn run(command: &str) -> Terminal {
        let directory = tempfile::tempdir().unwrap();
        let story = format!(
            "stty rows 24 cols 80; stty -g > before; tty > tty; sh -c 'echo $$ > pid; exec {command}'; \
             echo \"exit code $?\"; stty -g > after; echo over"
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--flush", "--command", &story, "/dev/null"])
            .current_dir(directory.path())
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux runs");
        let keyboard = script.stdin.take().unwrap();
        let mut output = script.stdout.take().unwrap();
        let seen = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 0)));
        let sees = seen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                sees.lock().unwrap().process(&chunk[..count]);
            }
        });
        Terminal { script, keyboard, seen, directory }
    }

    /// What the screen shows.
    pub fn contents(&self) -> String {
        self.seen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.shows_what(text, |contents| contents.contains(text));
    }

    /// Waits until the screen is like this.
    #[track_caller]
    pub fn shows_what(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        wait_until(&format!("the terminal shows {what}"), BOUND * 6, || is_so(&self.contents()));
    }

    /// Presses these keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Changes its size.
    pub fn resize(&self, lines: u16, columns: u16) {
        self.seen.lock().unwrap().screen_mut().set_size(lines, columns);
        let [lines, columns] = [lines, columns].map(|n| n.to_string());
        let terminal = self.noted("tty");
        let done = Command::new("stty").args(["-F", &terminal, "rows", &lines, "cols", &columns]).status();
        assert!(done.unwrap().success(), "stty -F {terminal}");
    }

    /// Sends the command a signal.
    pub fn signal(&self, name: &str) {
        signal(self.noted("pid").parse().expect("the number of a process"), name);
    }

    /// The command ended with this exit code and left the terminal as it was.
    #[track_caller]
    pub fn is_given_back(&self, code: i32) {
        self.shows_what("that it is over", |contents| contents.lines().any(|line| line == "over"));
        let contents = self.contents();
        assert!(contents.contains(&format!("exit code {code}\n")), "{contents}");
        let seen = self.seen.lock().unwrap();
        assert!(!seen.screen().alternate_screen(), "the first screen is shown again");
        assert!(!seen.screen().hide_cursor(), "the cursor is shown again");
        assert_eq!(self.noted("after"), self.noted("before"), "the line is as it was");
    }

    fn noted(&self, what: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(what)).unwrap_or_default().trim().to_string()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the terminal shows\n{}", self.contents());
        }
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}
