//! The configuration: any text is either understood or complained about, never both and never silently.

use leash::config::{Config, Problem};
use leash::protocol::MAX_KEY;

/// Whatever a file holds.
pub fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Config::parse("c.yaml", text) {
        Ok(config) => {
            is_usable(&config);
            is_shown_truly(&config);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            problems.iter().for_each(is_readable);
        }
    }
}

/// What the rest of leash relies on without looking again.
fn is_usable(config: &Config) {
    config.warnings.iter().for_each(is_readable);
    assert!(!config.listen.is_empty() && config.workers >= 1 && !config.routes.is_empty());
    for pool in &config.pools {
        let mut names: Vec<&str> = pool.servers.iter().map(|server| &*server.name).collect();
        names.sort_unstable();
        assert!(!names.is_empty() && names.windows(2).all(|two| two[0] != two[1]), "servers are told apart by name");
        assert!(pool.servers.iter().all(|server| server.weight >= 1));
        // Names and addresses stand in reply lines.
        let said = pool.servers.iter().flat_map(|server| [server.name.to_string(), server.address.to_string()]);
        assert!(said.chain([pool.name.to_string()]).all(|word| is_one_line(&word)), "a name that is not one line");
    }
    let prefixes: Vec<&[u8]> = config.routes.iter().map(|route| &*route.prefix).collect();
    assert!(prefixes.windows(2).all(|two| two[0].len() >= two[1].len()), "the longest prefix comes first");
    for (n, route) in config.routes.iter().enumerate() {
        assert!(route.pools().iter().all(|pool| *pool < config.pools.len()));
        assert!(route.pool().is_some() || route.queues().is_some_and(|queues| queues.directory().is_some()));
        assert!(!prefixes[..n].contains(&prefixes[n]), "a prefix has one route");
        let may_begin_a_key = |part: &[u8]| part.len() < MAX_KEY && part.iter().all(|&b| b > b' ' && b != 0x7f);
        assert!(may_begin_a_key(&route.prefix) && may_begin_a_key(&route.namespace));
    }
}

/// What the admin pages show is a configuration of the same meaning.
fn is_shown_truly(config: &Config) {
    let again = Config::parse("shown.json", &config.to_json().to_string());
    let again = again.unwrap_or_else(|problems| panic!("what is shown is refused: {problems}"));
    // Not the configurations themselves: a JSON map has no order, so the pools may change places.
    assert_eq!(again.to_json(), config.to_json());
}

/// A problem is one line that is safe to print.
fn is_readable(problem: &Problem) {
    let line = problem.to_string();
    assert!(!problem.text.is_empty() && is_one_line(&line), "{line:?}");
    assert!(line.len() < 4096, "a problem of {} bytes", line.len());
}

fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
