//! The `leash` command: reads what it was asked, does it, and says with its exit code how that went.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use leash::cli::{self, Args, Command, Demo, EXIT_CONFIG, Route};
use leash::config::{Config, LogFormat};
use leash::explain::Explainer;
use leash::shared::Snapshot;
use leash::{app, logging};

fn main() -> ExitCode {
    let args = cli::parse();
    if let Some(Command::Completions { shell }) = args.command {
        return print_completions(shell);
    }
    if let Some(Command::Demo(demo)) = &args.command {
        return show_demo(demo);
    }
    let config = match cli::config(&args) {
        Ok(config) => config,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(EXIT_CONFIG as u8);
        }
    };
    match &args.command {
        Some(Command::Check { file }) => check(&config, &file.display().to_string()),
        Some(Command::Route(route)) => show_routes(config, route),
        _ => serve(config, &args),
    }
}

fn print_completions(shell: clap_complete::Shell) -> ExitCode {
    let mut text = Vec::new();
    cli::completions(shell, &mut text);
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
    match leash::demo::run(&plan) {
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

fn check(config: &Config, file: &str) -> ExitCode {
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    println!("{file}: ok, {}, {}", counted(config.pools.len(), "pool"), counted(config.routes.len(), "route"));
    ExitCode::SUCCESS
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn show_routes(config: Config, route: &Route) -> ExitCode {
    let explainer = Explainer::new(Snapshot::new(config));
    let (mut out, mut code) = (io::stdout().lock(), ExitCode::SUCCESS);
    for key in &route.keys {
        let written = match explainer.explain(key.as_bytes()) {
            Ok(place) if route.json => writeln!(out, "{place}"),
            Ok(place) => writeln!(out, "{}", in_words(&place)),
            Err(why) => {
                code = ExitCode::from(cli::EXIT_USAGE as u8);
                writeln!(io::stderr(), "leash: {why}")
            }
        };
        if written.is_err() {
            break;
        }
    }
    code
}

/// `user:42  route ""  pool main  slot 17  server m1 (10.0.0.7:11211)`; nobody was asked, so nothing is said of health.
fn in_words(place: &serde_json::Value) -> String {
    let text = |field: &str| place[field].as_str().unwrap_or_default().to_string();
    if place.get("answer").is_some() {
        return format!("{}  {}", text("key"), text("answer"));
    }
    let sent = if place["sent_as"] == place["key"] { String::new() } else { format!("  sent as {}", text("sent_as")) };
    format!(
        "{}  route {:?}{sent}  pool {}  slot {}  server {}",
        text("key"),
        text("route"),
        text("pool"),
        place["slot"],
        text("address")
    )
}

fn serve(config: Config, args: &Args) -> ExitCode {
    debug_assert!(args.command.is_none());
    let format = match config.log.format {
        LogFormat::Auto => logging::Format::Auto,
        LogFormat::Text => logging::Format::Text,
        LogFormat::Json => logging::Format::Json,
    };
    if let Err(error) = logging::start(format, &config.log.level) {
        eprintln!("leash: {error}");
        return ExitCode::from(EXIT_CONFIG as u8);
    }
    match app::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leash: {error}");
            ExitCode::FAILURE
        }
    }
}
