//! How much memory `limits.memory: auto` means: a share of what the container may have, read off its cgroup.
//!
//! Version 2 and version 1 of cgroups, and each group above the own one, since the tightest counts. What the kernel
//! says is an argument, so that this is a function of texts.

use std::fs;

use super::checked::{Limits, Pool};

const MIB: usize = 1 << 20;
/// More than this is never taken unasked.
const MOST: usize = 1024 * MIB;
/// Version 1 says so, or a page less, where there is no limit.
const NO_LIMIT: usize = 1 << 62;

/// Reads a file of the kernel.
pub(super) type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What `auto` means here, beside stores of this size inside the process.
pub(super) fn auto_memory(pools: &[Pool], limits: &Limits) -> usize {
    let read = |path: &str| fs::read_to_string(path).ok();
    let embedded = pools.iter().filter(|pool| pool.is_embedded()).map(|pool| pool.embedded.max_bytes).sum();
    share(container_limit(&read), machine_memory(&read), embedded).max(limits.item_size)
}

/// Half of what is left beside stores inside the process: the other half is for the program itself, for what the
/// allocator keeps ready, and for sockets, which the kernel counts as the container's memory, too.
fn share(container: Option<usize>, machine: Option<usize>, embedded: usize) -> usize {
    let unlimited = Limits::default().memory;
    match container.into_iter().chain(machine).min() {
        Some(limit) if container == Some(limit) => (limit.saturating_sub(embedded) / 2).clamp(MIB, MOST),
        Some(machine) => unlimited.min(machine / 8).max(MIB),
        None => unlimited,
    }
}

/// The tightest limit of the process's cgroup and those above it.
fn container_limit(read: Read) -> Option<usize> {
    let groups = read("/proc/self/cgroup")?;
    groups.lines().filter_map(|line| limit_of(line, read)).min()
}

/// One line of `/proc/self/cgroup`: `NUMBER:CONTROLLERS:PATH`, without number and controllers in version 2.
fn limit_of(line: &str, read: Read) -> Option<usize> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, path) = (fields.next()?, fields.next()?);
    let is_memory = controllers.split(',').any(|controller| controller == "memory");
    let (root, file) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.max"),
        _ if is_memory => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return None,
    };
    // A container may be told a path that only its host knows; its own group is then mounted at the root.
    upwards(path).filter_map(|path| number(&read(&format!("{root}{path}/{file}"))?)).min()
}

/// `/a/b`, `/a` and the root, which is written as nothing.
fn upwards(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path.trim_end_matches('/')), |path| path.rfind('/').map(|at| &path[..at]))
}

fn machine_memory(read: Read) -> Option<usize> {
    let all = read("/proc/meminfo")?;
    let line = all.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok()?.checked_mul(1024)
}

/// `None` also for `max` and what version 1 says instead.
fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok().filter(|limit| *limit > 0 && *limit < NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(files: &[(&str, &str)]) -> Option<usize> {
        container_limit(&|path| files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.to_string()))
    }

    #[test]
    fn the_tightest_group_of_version_2_counts() {
        let own = ("/proc/self/cgroup", "0::/kubepods/pod1/leash\n");
        let groups = [
            own,
            ("/sys/fs/cgroup/kubepods/pod1/leash/memory.max", "max\n"),
            ("/sys/fs/cgroup/kubepods/pod1/memory.max", "402653184\n"),
            ("/sys/fs/cgroup/kubepods/memory.max", "16000000000\n"),
        ];
        assert_eq!(limit(&groups), Some(384 * MIB));
        assert_eq!(limit(&[own]), None, "no file, no limit");
        assert_eq!(limit(&[own, ("/sys/fs/cgroup/memory.max", "1048576\n")]), Some(MIB), "mounted at the root");
        assert_eq!(limit(&[("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "1048576\n")]), Some(MIB));
    }

    #[test]
    fn version_1_has_a_hierarchy_of_its_own_and_a_number_for_no_limit() {
        let own = ("/proc/self/cgroup", "11:cpu,cpuacct:/a\n4:memory:/docker/x\n0::/\n");
        let file = "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes";
        assert_eq!(limit(&[own, (file, "536870912\n")]), Some(512 * MIB));
        assert_eq!(limit(&[own, (file, "9223372036854771712\n")]), None);
        let root = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
        assert_eq!(limit(&[own, (file, "536870912\n"), (root, "268435456\n")]), Some(256 * MIB));
    }

    #[test]
    fn nonsense_is_no_limit() {
        for text in ["", "\n", "0::", "memory", "0:memory", "0::/a\0b", "4:memory:relative"] {
            assert_eq!(limit(&[("/proc/self/cgroup", text)]), None, "{text:?}");
        }
        for told in ["", "-1", "0", "max", "1e9", "99999999999999999999999"] {
            let files = [("/proc/self/cgroup", "0::/"), ("/sys/fs/cgroup/memory.max", told)];
            assert_eq!(limit(&files), None, "{told:?}");
        }
    }

    #[test]
    fn half_of_what_the_container_has_beside_its_stores_is_taken_but_never_too_much_unasked() {
        let gib = 1024 * MIB;
        assert_eq!(share(Some(384 * MIB), Some(64 * gib), 0), 192 * MIB);
        assert_eq!(share(Some(384 * MIB), Some(64 * gib), 64 * MIB), 160 * MIB);
        assert_eq!(share(Some(64 * gib), Some(128 * gib), 0), gib);
        assert_eq!(share(Some(MIB), Some(gib), 64 * MIB), MIB);
        assert_eq!(share(None, Some(64 * gib), 0), 256 * MIB);
        assert_eq!(share(None, Some(gib), 0), 128 * MIB);
        assert_eq!(share(Some(64 * gib), Some(gib), 0), 128 * MIB, "a limit above what there is limits nothing");
        assert_eq!(share(None, None, 0), 256 * MIB);
    }

    #[test]
    fn the_kernel_of_this_machine_is_understood() {
        let read = |path: &str| fs::read_to_string(path).ok();
        assert!(machine_memory(&read).is_none_or(|bytes| bytes > MIB));
        assert!(auto_memory(&[], &Limits::default()) >= MIB);
    }
}
