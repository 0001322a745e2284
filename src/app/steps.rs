//! Which step of a migration a reload would skip. Sidecars in neighbouring phases may run side by side, others may not:
//! one that skips a phase could serve what the rest of the fleet has replaced.

use crate::config::problem::ConfigPlace;
use crate::config::{Config, Migrate, Origin, Phase, Problems, Route};

/// Tells each route that would skip a phase on its way from what is in force.
pub(super) fn check(next: &Config, in_force: &Config, origin: &Origin) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let routes = ConfigPlace::top(origin.file().and_then(|path| path.to_str()).unwrap_or_default()).key("routes", None);
    for route in &next.routes {
        if let Some((was, will_be)) = steps(route, next, in_force)
            && was.abs_diff(will_be) > 1
        {
            let towards = Phase::WAY[if was < will_be { was + 1 } else { was - 1 }];
            let (was, will_be) = (Phase::WAY[was], Phase::WAY[will_be]);
            let prefix = String::from_utf8_lossy(&route.prefix);
            let text = format!(
                "the route with prefix {prefix:?} would skip a phase from {was} to {will_be}, and others of the fleet may be \
                 in the one it skips; go to {towards} with all of them first, or restart leash if there are no others"
            );
            problems.add(&routes, text);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// How far the migration of a route has come on [`Phase::WAY`], and will have come, if both configurations speak of the
/// same one.
fn steps(route: &Route, next: &Config, in_force: &Config) -> Option<(usize, usize)> {
    let before = serving(in_force, &route.prefix)?;
    let migrate = route.migrate.map(|migrate| pools(&migrate, next));
    let (from, to) = migrate.or(before.migrate.map(|migrate| pools(&migrate, in_force)))?;
    Some((step(before, in_force, from, to)?, step(route, next, from, to)?))
}

/// The route that had the keys of this prefix.
fn serving<'c>(config: &'c Config, prefix: &[u8]) -> Option<&'c Route> {
    config.routes.iter().filter(|route| prefix.starts_with(&route.prefix)).max_by_key(|route| route.prefix.len())
}

fn pools<'c>(migrate: &Migrate, config: &'c Config) -> (&'c str, &'c str) {
    (&config.pools[migrate.from].name, &config.pools[migrate.to].name)
}

fn step(route: &Route, config: &Config, from: &str, to: &str) -> Option<usize> {
    match &route.migrate {
        Some(migrate) if pools(migrate, config) == (from, to) => Some(1 + migrate.phase as usize),
        Some(_) => None,
        None if config.end_of(route) == from => Some(0),
        None if config.end_of(route) == to => Some(Phase::WAY.len() - 1),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigSource;

    fn config(route: &str) -> Config {
        let pools = "pools: {a: {servers: [m0]}, b: {servers: [m1]}, c: {servers: [m2]}}";
        Config::parse("c.yaml", &format!("{pools}\nroutes: [{{prefix: '', pool: c}}, {{prefix: 'k:', {route}}}]"))
            .unwrap()
    }

    fn refused(from: &str, to: &str) -> Option<String> {
        let origin = Origin::of(ConfigSource::File("c.yaml".into()));
        check(&config(to), &config(from), &origin).err().map(|problems| problems.to_string())
    }

    #[test]
    fn only_a_neighbouring_phase_is_taken() {
        let stage = |number: usize| match number {
            0 => "pool: a".to_string(),
            4 => "pool: b".to_string(),
            _ => format!("migrate: {{from: a, to: b, phase: {}}}", Phase::WAY[number]),
        };
        for was in 0..5_usize {
            for will_be in 0..5 {
                let migrates = (1..4).contains(&was) || (1..4).contains(&will_be);
                let skips = migrates && was.abs_diff(will_be) > 1;
                assert_eq!(refused(&stage(was), &stage(will_be)).is_some(), skips, "{was} {will_be}");
            }
        }
        assert_eq!(
            refused(&stage(0), &stage(2)).unwrap(),
            "c.yaml: routes: the route with prefix \"k:\" would skip a phase from before to warm, and others of the fleet may \
             be in the one it skips; go to prepare with all of them first, or restart leash if there are no others"
        );
        assert!(refused(&stage(4), &stage(1)).unwrap().contains("go to drain with all of them first"));
    }

    #[test]
    fn other_migrations_are_not_compared() {
        let elsewhere = "migrate: {from: a, to: c, phase: warm}";
        assert_eq!(refused("migrate: {from: a, to: b, phase: prepare}", elsewhere), None);
        assert_eq!(refused("pool: b", elsewhere), None);
    }

    #[test]
    fn a_route_of_its_own_is_compared_with_the_one_that_had_its_keys() {
        let origin = Origin::of(ConfigSource::Embedded);
        let before = config("pool: c");
        let next = |phase| {
            let routes = format!(
                "routes: [{{prefix: '', pool: a}}, {{prefix: 'k:x', migrate: {{from: c, to: b, phase: {phase}}}}}]"
            );
            let pools = "pools: {a: {servers: [m0]}, b: {servers: [m1]}, c: {servers: [m2]}}";
            Config::parse("c.yaml", &format!("{pools}\n{routes}")).unwrap()
        };
        assert!(check(&next("prepare"), &before, &origin).is_ok());
        assert!(check(&next("drain"), &before, &origin).is_err());
    }
}
