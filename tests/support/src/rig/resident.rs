//! How much memory a process holds, and at most held.

use std::fs;

/// Resident memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    pub now: u64,
    pub peak: u64,
}

impl Resident {
    #[track_caller]
    pub fn of(pid: u32) -> Resident {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
        let read = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of it");
            line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
        };
        Resident { now: read("VmRSS:"), peak: read("VmHWM:") }
    }

    /// What it holds now is the most it held from now on.
    #[track_caller]
    pub fn forget_peak(pid: u32) {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the kernel forgets the peak");
    }
}

impl std::fmt::Display for Resident {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} MiB, at most {} MiB", self.now >> 20, self.peak >> 20)
    }
}
