//! File descriptors: as many as the process may have, shared out before any is taken, so that clients do not take those
//! that servers, the admin address and files need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// For the event loops, the log, and files that are read now and then.
const FILES: usize = 32;
/// For the event loop of each worker.
const EACH_WORKER: usize = 4;
/// For each server, beside one connection a worker: its probe, its replay and its spool's file.
const EACH_SERVER: usize = 3;
/// For each directory of queues: its files that are open at once, its lock, and the directory itself.
const EACH_DIRECTORY: usize = 66;
/// Of the descriptors there are, the part that places at the admin address may take, and how many that is at most.
const ADMIN_PART: usize = 16;
const MOST_ADMIN: usize = 128;
/// The part that clients have however many servers there are.
const CLIENTS_PART: usize = 4;

/// Raises the soft limit of the process to its hard limit, and returns it; `None` if there is no limit.
pub(crate) fn raise() -> Option<usize> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // An error changes nothing: the limit is read anew below.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    usize::try_from(getrlimit(Resource::Nofile).current?).ok()
}

/// The places at the admin address when there are `all` descriptors.
pub(crate) fn admin_places(all: Option<usize>) -> usize {
    all.map_or(MOST_ADMIN, |all| (all / ADMIN_PART).clamp(1, MOST_ADMIN))
}

/// Lets `config` allow no more clients than `all` descriptors are enough for. Whether it would have.
pub(crate) fn fit(config: &mut Config, all: Option<usize>) -> bool {
    let Some(all) = all else { return false };
    let servers: usize = config.pools.iter().map(|pool| pool.servers.len()).sum();
    let directories = config.routes.iter().filter(|route| route.queues().is_some_and(|it| it.directory().is_some()));
    let files = FILES + EACH_DIRECTORY * directories.count();
    let kept =
        files + EACH_WORKER * config.workers + (config.workers + EACH_SERVER) * servers + admin_places(Some(all));
    let most = all.saturating_sub(kept).max(all / CLIENTS_PART).max(1);
    let wanted = config.limits.connections;
    if wanted <= most {
        return false;
    }
    tracing::warn!(
        wanted,
        descriptors = all,
        kept,
        most,
        "too few file descriptors for limits.connections, raise LimitNOFILE"
    );
    config.limits.connections = most;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(connections: usize) -> Config {
        let text = format!("workers: 2\npools: {{p: {{servers: [a, b]}}}}\nlimits: {{connections: {connections}}}");
        Config::parse("c.yaml", &text).unwrap()
    }

    #[test]
    fn clients_have_what_the_others_do_not_need() {
        let fitted = |all| {
            let mut config = config(1024);
            let is_cut = fit(&mut config, all);
            (is_cut, config.limits.connections)
        };
        assert_eq!(fitted(None), (false, 1024));
        assert_eq!(fitted(Some(4096)), (false, 1024));
        assert_eq!(fitted(Some(1024)), (true, 1024 - 32 - 8 - 10 - 64));
        assert_eq!(fitted(Some(64)), (true, 16), "a quarter, however little that is");
        let mut holder = Config::parse("c.yaml", "workers: 2\nroutes: [{prefix: '', queue: {dir: /q}}]").unwrap();
        assert!(fit(&mut holder, Some(1024)));
        assert_eq!(holder.limits.connections, 1024 - 32 - 66 - 8 - 64);
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let all = raise();
        assert_eq!(all, getrlimit(Resource::Nofile).maximum.and_then(|most| usize::try_from(most).ok()));
    }
}
