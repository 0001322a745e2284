//! What cannot change while leash runs: where it listens, how many threads it has, where its files are, the shape of
//! its log.
//!
//! A reload that asks for that is not refused, as all else it asks for may be urgent. It is told which of it waits for
//! a restart, and goes on with what is in force.

use crate::config::Config;

/// Puts what cannot change back to what is in force. Which of it the configuration wanted otherwise.
pub(super) fn keep_fixed(config: &mut Config, in_force: &Config) -> Vec<&'static str> {
    let mut waiting = Vec::new();
    if config.listen != in_force.listen {
        // Who may come in is said of each listener.
        config.entrances.clone_from(&in_force.entrances);
    }
    keep("listen", &mut config.listen, &in_force.listen, &mut waiting);
    keep("admin", &mut config.admin, &in_force.admin, &mut waiting);
    keep("workers", &mut config.workers, &in_force.workers, &mut waiting);
    keep("spool.dir", &mut config.spool.dir, &in_force.spool.dir, &mut waiting);
    keep("log.format", &mut config.log.format, &in_force.log.format, &mut waiting);
    waiting
}

fn keep<T: Clone + PartialEq>(name: &'static str, wanted: &mut T, in_force: &T, waiting: &mut Vec<&'static str>) {
    if wanted != in_force {
        wanted.clone_from(in_force);
        waiting.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_restart_is_named_and_stays_as_it_is() {
        let parse = |text: &str| Config::parse("c.yaml", &format!("pools: {{p: {{servers: [m]}}}}\n{text}")).unwrap();
        let in_force = parse("workers: 2");
        let mut config =
            parse("workers: 3\nadmin: off\nlisten: [{unix: /l}]\nspool: {dir: /s}\nlog: {format: json, level: debug}");
        assert_eq!(keep_fixed(&mut config, &in_force), ["listen", "admin", "workers", "spool.dir", "log.format"]);
        assert_eq!((config.workers, config.admin, &config.listen), (2, in_force.admin, &in_force.listen));
        assert_eq!(config.log.level, "debug", "the rest is as asked for");
        assert_eq!(keep_fixed(&mut config, &in_force), [""; 0]);
    }
}
