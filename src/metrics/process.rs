//! What the kernel knows about this process, from `/proc/self`. Elsewhere than on Linux it knows nothing.

use std::fs;
use std::time::Duration;

/// The unit of times in `/proc/self/stat`: 100 a second on every Linux that Rust's standard library runs on.
const TICK: Duration = Duration::from_millis(10);

/// CPU, memory, files and threads of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessUsage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub system: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
    /// Virtual memory in bytes.
    pub virtual_size: u64,
    /// Open file descriptors.
    pub fds: u64,
    /// Threads.
    pub threads: u64,
}

impl ProcessUsage {
    /// Asks the kernel.
    pub fn read() -> Option<ProcessUsage> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        // The directory is open while it is listed.
        let fds = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as u64;
        ProcessUsage::parse(&stat, &status, fds)
    }

    fn parse(stat: &str, status: &str, fds: u64) -> Option<ProcessUsage> {
        // The second field is the program's name in parentheses and may hold anything, even spaces and parentheses.
        let after_name = &stat[stat.rfind(')')? + 1..];
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        Some(ProcessUsage {
            user: TICK * number(14)?,
            system: TICK * number(15)?,
            resident: kibibytes(status, "VmRSS:")? * 1024,
            virtual_size: kibibytes(status, "VmSize:")? * 1024,
            fds,
            threads: u64::from(number(20)?),
        })
    }
}

/// How many files this process may have open at once.
pub fn most_files() -> Option<u64> {
    most_files_in(&fs::read_to_string("/proc/self/limits").ok()?)
}

/// `None` also where there is no limit.
fn most_files_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat =
            "7 (a) b (c) S 1 7 7 0 -1 4194560 99 0 0 0 250 31 0 0 20 0 4 0 12345 1000000 512 18446744073709551615";
        let process = ProcessUsage::parse(stat, "Name:\tx\nVmSize:\t    4096 kB\nVmRSS:\t    2048 kB\n", 9);
        let expected = ProcessUsage {
            user: Duration::from_millis(2_500),
            system: Duration::from_millis(310),
            resident: 2_097_152,
            virtual_size: 4_194_304,
            fds: 9,
            threads: 4,
        };
        assert_eq!(process, Some(expected));
    }

    #[test]
    fn the_limit_of_open_files_is_the_soft_one() {
        let limits = |soft| {
            format!("Limit  Soft Limit  Hard Limit  Units\nMax open files            {soft}     4096     files\n")
        };
        assert_eq!(most_files_in(&limits("1024")), Some(1024));
        assert_eq!(most_files_in(&limits("unlimited")), None);
        assert_eq!(most_files_in(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_tells_about_this_very_process() {
        let process = ProcessUsage::read().expect("linux has /proc");
        assert!(process.resident > 100_000 && process.threads >= 1 && process.fds >= 3, "{process:?}");
    }
}
