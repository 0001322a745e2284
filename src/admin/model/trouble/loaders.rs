//! Endpoints that do not give the values they are asked for.

use super::{MANY_ERRORS, NAMED, Trouble};
use crate::admin::model::{Overview, Process, ShownLoader, ShownRoute};
use crate::readable::percent;

type Loading<'o> = (&'o ShownRoute, &'o ShownLoader);

/// Those that are held back.
pub(super) fn held_back(overview: &Overview) -> Option<Trouble> {
    let held = all(overview, |loader| loader.is_held_back);
    let names = names(&held)?;
    let (loaders, fail) = if held.len() == 1 { ("loader", "fails and is") } else { ("loaders", "fail and are") };
    let text = format!(
        "The {loaders} of {names} {fail} asked only now and then. Keys without a value miss; stale values are served until \
         grace and fail_safe are over."
    );
    Some(Trouble::grave(text).with(reasons(&overview.process, &held)))
}

/// Those that fail, though not often enough to be held back.
pub(super) fn failing(overview: &Overview) -> Option<Trouble> {
    let failing = all(overview, |loader| !loader.is_held_back && share(loader) > MANY_ERRORS);
    let names = names(&failing)?;
    let worst = failing.iter().map(|(_, loader)| share(loader)).fold(0.0, f64::max);
    let text = match failing.len() {
        1 => format!("{} of the calls to the loader of {names} fail.", percent(worst)),
        _ => format!("Up to {} of the calls to the loaders of {names} fail.", percent(worst)),
    };
    Some(Trouble::slight(text).with(reasons(&overview.process, &failing)))
}

fn all(overview: &Overview, is: impl Fn(&ShownLoader) -> bool) -> Vec<Loading<'_>> {
    overview.loaders().into_iter().filter(|(_, loader)| is(loader)).collect()
}

fn share(loader: &ShownLoader) -> f64 {
    if loader.calls() > 0.0 { loader.failed() / loader.calls() } else { 0.0 }
}

fn names(loading: &[Loading<'_>]) -> Option<String> {
    super::listed(loading.iter().map(|(route, _)| route.name().to_string()))
}

/// Where and why, of the first of them.
fn reasons(process: &Process, loading: &[Loading<'_>]) -> Vec<String> {
    let known = loading.iter().filter_map(|(route, loader)| Some((route, loader, loader.failure.as_ref()?)));
    let told = known.map(|(route, loader, failure)| {
        format!("{} from {}: {}, {} ago", route.name(), loader.url, failure.why, process.age(failure.at))
    });
    told.take(NAMED).collect()
}
