//! The `leash` command: reads what it was asked, does it, and says with its exit code how that went.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use leash::commands::check;
use leash::commands::cli::{
    self, Check, CliCommand, Demo, EXIT_CONFIG, EXIT_UNAVAILABLE, Environment, Healthcheck, Queue, RouteArgs, Top, Warm,
};
use leash::commands::queue::{self, QueueError};
use leash::commands::warm::{WarmError, WarmRefusal};
use leash::commands::{healthcheck, top};
use leash::config::{Config, schema};
use leash::discovery::find_now;
use leash::explain::words::{in_json, in_words};
use leash::explain::{Destination, Explainer, look_from_outside};
use leash::snapshot::Snapshot;
use leash::{app, logging};

/// What a flood of requests took is given back when it is over.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = cli::parse();
    let environment = Environment::of_this_process();
    match &args.command {
        Some(CliCommand::Completions { shell }) => return print(|to| cli::completions(*shell, to)),
        Some(CliCommand::Config { .. }) => return print(|to| to.extend(format!("{:#}\n", schema()).bytes())),
        // Writing to memory does not fail.
        Some(CliCommand::Man(man)) => return print(|to| drop(man.write(to))),
        Some(CliCommand::Healthcheck(asked)) => return check_health(asked, &environment),
        Some(CliCommand::Top(top)) => return show_top(top, &environment),
        Some(CliCommand::Demo(demo)) => return show_demo(demo),
        Some(CliCommand::Warm(warm)) => return copy_ahead(warm),
        Some(CliCommand::Check(files)) => return check_files(files),
        Some(CliCommand::Queue(queue)) => return see_to_queues(queue, &environment),
        _ => {}
    }
    // Before the file is read: what is written to it from now on is another configuration.
    let origin = cli::origin(&args, &environment);
    let reloader = app::Reloader::new(origin.clone());
    let is_route = matches!(args.command, Some(CliCommand::Route(_)));
    let config = match if is_route { origin.look() } else { origin.load() } {
        Ok(config) => config,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(EXIT_CONFIG as u8);
        }
    };
    match &args.command {
        Some(CliCommand::Route(route)) => show_routes(config, route),
        _ => serve(config, reloader),
    }
}

fn print(write: impl FnOnce(&mut Vec<u8>)) -> ExitCode {
    let mut text = Vec::new();
    write(&mut text);
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(&text);
    ExitCode::SUCCESS
}

fn show_demo(demo: &Demo) -> ExitCode {
    let plan = match demo.plan() {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("leash: {why}");
            return ExitCode::from(cli::EXIT_USAGE as u8);
        }
    };
    match leash::commands::demo::run(&plan) {
        Ok(report) => {
            // A reader that has seen enough is no failure.
            let _ = writeln!(io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("leash: {error}");
            ExitCode::FAILURE
        }
    }
}

fn copy_ahead(warm: &Warm) -> ExitCode {
    let order = match warm.order() {
        Ok(order) => order,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(EXIT_CONFIG as u8);
        }
    };
    match leash::commands::warm::run(&order) {
        Ok(report) => {
            // A reader that has seen enough is no failure.
            let _ = writeln!(io::stdout(), "{report}");
            if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("leash: {error}");
            match error {
                WarmError::Refused(WarmRefusal::NoSuchKeys(_)) => ExitCode::from(cli::EXIT_USAGE as u8),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn see_to_queues(asked: &Queue, environment: &Environment) -> ExitCode {
    let errand = match asked.command.errand(environment) {
        Ok(errand) => errand,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(EXIT_CONFIG as u8);
        }
    };
    match queue::run(errand) {
        Ok(outcome) => {
            // A reader that has seen enough is no failure.
            let _ = io::stdout().write_all(&outcome.shown(asked.command.args().json));
            outcome.failed.iter().for_each(|error| eprintln!("leash: {error}"));
            if outcome.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("leash: {error}");
            match error {
                QueueError::Usage(_) => ExitCode::from(cli::EXIT_USAGE as u8),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn check_health(asked: &Healthcheck, environment: &Environment) -> ExitCode {
    let said = asked.admin.socket(environment).and_then(healthcheck::ask);
    match said {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("leash: {why}");
            ExitCode::FAILURE
        }
    }
}

fn show_top(asked: &Top, environment: &Environment) -> ExitCode {
    match asked.plan(environment).and_then(|plan| top::run(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("leash: {why}");
            ExitCode::FAILURE
        }
    }
}

fn check_files(asked: &Check) -> ExitCode {
    let (order, mut code) = (asked.order(), 0);
    for verdict in check::run(&order) {
        code = match () {
            () if !verdict.would_start() => EXIT_CONFIG,
            () if !verdict.could_serve() && code == 0 => EXIT_UNAVAILABLE,
            () => code,
        };
        let text = if order.as_json { format!("{}\n", verdict.to_json()) } else { verdict.in_words() };
        if !order.as_json {
            eprint!("{}", verdict.complaints());
        }
        // A reader that has seen enough is no failure.
        let _ = io::stdout().write_all(text.as_bytes());
    }
    ExitCode::from(code as u8)
}

/// That a server has no item is no failure; that it could not be asked is one.
fn show_routes(config: Config, route: &RouteArgs) -> ExitCode {
    let keys: Vec<Vec<u8>> = route.keys.iter().map(|key| key.as_bytes().to_vec()).collect();
    let found = match destinations(config, &keys, route.live) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("leash: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (mut out, mut gap) = (io::stdout().lock(), "");
    for destination in found.iter().flatten() {
        let text = if route.json { in_json(destination) } else { in_words(destination) };
        // A reader that has seen enough is no failure.
        let _ = writeln!(out, "{gap}{text}");
        gap = if route.live && !route.json { "\n" } else { "" };
    }
    let refused: Vec<&String> = found.iter().filter_map(|destination| destination.as_ref().err()).collect();
    for why in &refused {
        eprintln!("leash: {why}");
    }
    match found.iter().flatten().any(Destination::is_in_doubt) {
        _ if !refused.is_empty() => ExitCode::from(cli::EXIT_USAGE as u8),
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

fn destinations(mut config: Config, keys: &[Vec<u8>], live: bool) -> io::Result<Vec<Result<Destination, String>>> {
    find_now(&mut config).map_err(io::Error::other)?;
    let snapshot = Snapshot::new(config);
    if live {
        return look_from_outside(&snapshot, keys);
    }
    let explainer = Explainer::new(snapshot);
    Ok(keys.iter().map(|key| explainer.explain(key)).collect())
}

fn serve(config: Config, reloader: app::Reloader) -> ExitCode {
    let filter = match logging::start(config.log.format, &config.log.level) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("leash: {error}");
            return ExitCode::from(EXIT_CONFIG as u8);
        }
    };
    match app::run(config, reloader, &filter) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leash: {error}");
            ExitCode::FAILURE
        }
    }
}
