//! Since when each route has been in its phase, as far as this process knows.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::config::{Config, Phase};
use crate::snapshot::prefix_of;

/// The routes that migrate.
#[derive(Default)]
pub(super) struct Phases(HashMap<String, (Phase, Instant)>);

impl Phases {
    /// Looks at what is in force; whether a phase has begun. Called often enough that none comes and goes unseen.
    pub(super) fn note(&mut self, now: Instant, config: &Config) -> bool {
        let migrating =
            config.routes.iter().filter_map(|route| Some((prefix_of(route), route.migrate.as_ref()?.phase)));
        let since = |(prefix, phase): (String, Phase)| match self.0.get(&prefix) {
            Some(known) if known.0 == phase => (prefix, *known),
            _ => (prefix, (phase, now)),
        };
        self.0 = migrating.map(since).collect();
        self.0.values().any(|(_, begun)| *begun == now)
    }

    /// How long the route with this prefix has been in its phase, at least.
    pub(super) fn stayed(&self, now: Instant, prefix: &str) -> Duration {
        self.0.get(prefix).map_or(Duration::ZERO, |(_, since)| now.saturating_duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_lasts_until_the_next_one_whatever_is_reloaded_meanwhile() {
        let config = |phase: &str| {
            let pools = "pools: {a: {servers: [m0]}, b: {servers: [m1]}}";
            let routes = format!("routes: [{{prefix: 'c:', migrate: {{from: a, to: b, phase: {phase}}}}}]");
            Config::parse("c.yaml", &format!("{pools}\n{routes}\n")).unwrap()
        };
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut phases = Phases::default();
        assert!(phases.note(start, &config("prepare")));
        assert!(!phases.note(start + second, &config("prepare")));
        assert_eq!(phases.stayed(start + second * 3, "c:"), second * 3);
        assert!(phases.note(start + second * 4, &config("warm")));
        assert_eq!(phases.stayed(start + second * 5, "c:"), second);
        assert!(!phases.note(start + second * 6, &Config::embedded_default()));
        assert_eq!(phases.stayed(start + second * 7, "c:"), Duration::ZERO);
    }
}
