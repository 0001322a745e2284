//! Written form -> checked form: defaults filled in, names resolved, nonsense refused. One file per part of the file.
//!
//! Every check adds its problems and goes on with a default in place of the wrong value, so that the rest is checked
//! too.

mod discover;
mod down;
mod entrance;
mod hash;
mod limits;
mod listen;
mod loader;
mod loader_url;
mod log;
mod migrate;
mod named;
mod own;
mod pools;
mod queues;
mod refresh;
mod routes;
mod setting;
mod tls;

use super::checked::{Config, PerServer, auto_workers};
use super::fields::Scalar;
use super::problem::{Problems, plain};
use super::units::COUNT;
use super::written::File;
use setting::{setting, switch, word};
use std::net::SocketAddr;

/// More worker threads than this are a slip of the hand.
const MAX_WORKERS: usize = 1024;

/// Checks a whole file. `problems` may hold those of reading it; the result counts only if none is left. `serves` tells
/// whether leash is to listen where the file says.
pub(super) fn check(file: &File, serves: bool, mut problems: Problems) -> Result<Config, Problems> {
    let mut warnings = Problems::default();
    let (listen, admin) = listen::check(file, &mut problems);
    let entrances = listen::entrances(file, &mut problems);
    let show_keys = switch(file.admin.as_ref().and_then(|admin| admin.show_keys.as_ref()), false, &mut problems);
    let admin_hosts = listen::admin_hosts(file, &mut problems);
    let workers = workers(file.workers.as_ref(), &mut problems);
    let pools = pools::check(file, &mut problems, &mut warnings);
    if serves {
        own::check(file, &listen, admin, &mut problems);
    }
    let spool = down::spool(&file.spool, &mut problems);
    let routes = routes::check(file, &pools, &mut problems, &mut warnings);
    let limits = limits::check(&file.limits, &pools, &mut problems);
    queues::within(file, &limits, &mut problems, &mut warnings);
    let log = log::check(&file.log, &mut problems);
    let per_server = word(file.metrics.per_server.as_ref(), PerServer::On, &PerServer::WORDS, &mut problems);
    if !problems.is_empty() {
        return Err(problems.sorted());
    }
    let warnings = warnings.into_sorted();
    Ok(Config {
        listen,
        entrances,
        admin,
        admin_hosts,
        show_keys,
        workers,
        pools,
        routes,
        limits,
        spool,
        log,
        per_server,
        value_files: file.files.clone(),
        warnings,
    })
}

/// Checks the admin address alone.
pub(super) fn check_admin(file: &File) -> Result<Option<SocketAddr>, Problems> {
    let mut problems = Problems::default();
    let admin = listen::admin(listen::address_of(file), &[], &mut problems);
    if problems.is_empty() { Ok(admin) } else { Err(problems) }
}

fn workers(written: Option<&Scalar>, problems: &mut Problems) -> usize {
    match written {
        Some(scalar) if scalar.text == "auto" => auto_workers(),
        Some(scalar) if scalar.text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            problems.add(&scalar.place, format!("{} is neither auto nor a number; write auto", plain(&scalar.text)));
            1
        }
        written => setting(&COUNT, written, auto_workers(), 1..=MAX_WORKERS, problems),
    }
}
