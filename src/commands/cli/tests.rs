//! What a command line means, and what is wrong with one.

use super::*;
use crate::config::{Address, Config, Listen};

fn args(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(line.split(' '))
}

fn config_of(line: &str) -> Result<Config, String> {
    config_in(line, &[])
}

/// The same with these variables.
fn config_in(line: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    origin(&args(line).unwrap(), &environment(variables)).load().map_err(|problems| problems.to_string())
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
}

#[test]
fn the_definition_holds_together() {
    Args::command().debug_assert();
}

#[test]
fn usage_errors_are_64_and_help_is_no_error() {
    let code = |line| exit_code(&args(line).unwrap_err());
    for line in ["leash --nonsense", "leash check", "leash route", "leash --config a --server b", "leash frobnicate"] {
        assert_eq!(code(line), EXIT_USAGE, "{line}");
    }
    for line in ["leash warm", "leash warm -c a --rate 0", "leash warm -c a --rate fast", "leash warm -s m0"] {
        assert_eq!(code(line), EXIT_USAGE, "{line}");
    }
    for line in
        ["leash demo --callers 0", "leash demo --ttl 500ms", "leash demo --regeneration 5", "leash top --interval 1ms"]
    {
        assert_eq!(code(line), EXIT_USAGE, "{line}");
    }
    assert_eq!(code("leash --server a check b"), EXIT_USAGE, "options of serving do not go with other commands");
    for line in ["leash --help", "leash -h", "leash --version", "leash route --help", "leash help check"] {
        assert_eq!(code(line), 0, "{line}");
    }
}

#[test]
fn leash_alone_is_the_embedded_default() {
    assert_eq!(config_of("leash"), Ok(Config::embedded_default()));
}

#[test]
fn servers_need_no_file() {
    let config = config_of("leash --server m0:11211 --server unix:/run/m.sock -s [::1]").unwrap();
    assert_eq!(config.pools[0].servers.len(), 3);
    assert_eq!(&*config.pools[0].servers[0].name, "m0:11211");
    assert_eq!(config.pools[0].servers[1].address, Address::Unix("/run/m.sock".into()));
    let route = config_of("leash route some:key --server m9 --json").unwrap();
    assert_eq!(&*route.pools[0].servers[0].name, "m9");
}

#[test]
fn the_command_line_wins_over_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "listen: [{tcp: 127.0.0.1:1}]\nadmin: 127.0.0.1:2\nworkers: 3\npools: {p: {servers: [m0]}}\n";
    std::fs::write(&file, text).unwrap();
    let path = file.path().display();
    let config = config_of(&format!("leash -c {path} -l 127.0.0.1:4 -l /run/l.sock -a off -w 5")).unwrap();
    assert_eq!(config.listen, [Listen::Tcp(([127, 0, 0, 1], 4).into()), Listen::Unix("/run/l.sock".into())]);
    assert_eq!((config.admin, config.workers), (None, 5));
    let config = config_of(&format!("leash --config {path} --workers auto")).unwrap();
    assert_eq!(config.admin, Some(([127, 0, 0, 1], 2).into()));
    assert_eq!(config.workers, crate::config::Config::embedded_default().workers);
}

#[test]
fn problems_name_the_option_at_fault() {
    let problems = config_of("leash --server m0 --server m1:http --listen 0.0.0.0 --workers many").unwrap_err();
    assert_eq!(
        problems,
        "command line: --listen[0]: 0.0.0.0 has no port; write 0.0.0.0:11211\n\
         command line: --workers: many is neither auto nor a number; write auto\n\
         command line: --server[1]: http is no port; write a number from 1 to 65535"
    );
    assert!(config_of("leash --config /no/such/file").unwrap_err().contains("/no/such/file: cannot be read: No such"));
}

#[test]
fn whoever_asks_finds_the_admin_address_whatever_else_is_wrong() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "admin: 0.0.0.0:1\npols: {}\n").unwrap();
    let path = file.path().display();
    let admin = |line: &str| admin_in(line, &[]);
    for command in ["leash healthcheck", "leash top"] {
        assert_eq!(admin(command), Ok(crate::config::ADMIN));
        assert_eq!(admin(&format!("{command} --config {path}")), Ok(([0, 0, 0, 0], 1).into()));
        assert_eq!(admin(&format!("{command} --admin [::]:2")), Ok("[::]:2".parse().unwrap()));
        assert!(admin(&format!("{command} --admin off")).unwrap_err().contains("it cannot be asked"));
        assert!(admin(&format!("{command} --admin here")).unwrap_err().contains("--admin: here"));
    }
    std::fs::write(&file, "admin: {address: 0.0.0.0:3, show_keys: maybe}\n").unwrap();
    assert_eq!(admin(&format!("leash healthcheck --config {path}")), Ok(([0, 0, 0, 0], 3).into()));
}

/// Whom a command that asks a leash asks, with these variables.
fn admin_in(line: &str, variables: &[(&str, &str)]) -> Result<std::net::SocketAddr, String> {
    match args(line).unwrap().command {
        Some(CliCommand::Healthcheck(check)) => check.admin.socket(&environment(variables)),
        Some(CliCommand::Top(top)) => top.admin.socket(&environment(variables)),
        _ => panic!("{line}"),
    }
}

#[test]
fn the_environment_wins_over_the_file_and_gives_way_to_options() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "admin: 127.0.0.1:2\nworkers: 3\nlog: {level: error}\npools: {p: {servers: [m0]}}\n";
    std::fs::write(&file, text).unwrap();
    let path = file.path().to_str().unwrap();
    let all = [
        ("LEASH_CONFIG", path),
        ("LEASH_LISTEN", "0.0.0.0:4, /run/l.sock"),
        ("LEASH_ADMIN", "off"),
        ("LEASH_WORKERS", "5"),
        ("LEASH_LOG", "warn,leash::upstream=debug"),
    ];
    let config = config_in("leash", &all).unwrap();
    assert_eq!(config.listen, [Listen::Tcp(([0, 0, 0, 0], 4).into()), Listen::Unix("/run/l.sock".into())]);
    assert_eq!((&*config.pools[0].name, config.admin, config.workers), ("p", None, 5));
    assert_eq!((&*config.log.level, &config.warnings[..]), ("warn,leash::upstream=debug", &[][..]));
    let config = config_in("leash -l 127.0.0.1:6 -a 127.0.0.1:7 -w 8 --log info", &all).unwrap();
    assert_eq!(config.listen, [Listen::Tcp(([127, 0, 0, 1], 6).into())]);
    assert_eq!((config.admin, config.workers, &*config.log.level), (Some(([127, 0, 0, 1], 7).into()), 8, "info"));
    let config = config_in("leash --server m9", &all).unwrap();
    assert_eq!(&*config.pools[0].servers[0].name, "m9", "servers are named, so no file is read");
    assert_eq!(&*config_in("leash route some:key", &all).unwrap().pools[0].name, "p");
}

#[test]
fn a_variable_that_is_set_to_nothing_says_nothing() {
    let empty = ["LEASH_CONFIG", "LEASH_LISTEN", "LEASH_ADMIN", "LEASH_WORKERS", "LEASH_LOG"].map(|name| (name, ""));
    assert_eq!(config_in("leash", &empty), Ok(Config::embedded_default()));
    assert_eq!(admin_in("leash healthcheck", &empty), Ok(crate::config::ADMIN));
}

#[test]
fn problems_name_the_variable_at_fault_and_check_is_about_the_file_alone() {
    let wrong = [("LEASH_LISTEN", "127.0.0.1:1,0.0.0.0"), ("LEASH_ADMIN", "here:x"), ("LEASH_LOG", "inof")];
    assert_eq!(
        config_in("leash", &wrong).unwrap_err(),
        "environment: LEASH_LISTEN[1]: 0.0.0.0 has no port; write 0.0.0.0:11211\n\
         environment: LEASH_ADMIN: x is no port; write a number from 1 to 65535, or off\n\
         environment: LEASH_LOG: unknown level inof, did you mean info?"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "pools: {p: {servers: [m0]}}\n").unwrap();
    let Some(CliCommand::Check(check)) = args(&format!("leash check {}", file.path().display())).unwrap().command
    else {
        panic!("check is a command")
    };
    assert!(crate::commands::check::run(&check.order()).all(|verdict| verdict.would_start()));
    let missing = [("LEASH_CONFIG", "/no/such/file")];
    assert!(config_in("leash", &missing).unwrap_err().contains("/no/such/file: cannot be read"));
}

/// Such listeners may have said more than an address, and the file would seem to hold.
#[test]
fn a_variable_that_replaces_listeners_of_the_file_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "listen: [{tcp: 127.0.0.1:1}]\npools: {p: {servers: [m0]}}\n").unwrap();
    let path = file.path().to_str().unwrap();
    let warnings = |line: &str| {
        let config = config_in(line, &[("LEASH_CONFIG", path), ("LEASH_LISTEN", "0.0.0.0:4")]).unwrap();
        config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told =
        format!("environment: LEASH_LISTEN: replaces listen of {path}; set it to nothing to listen as written there");
    assert_eq!(warnings("leash"), [told]);
    assert!(warnings("leash --listen 127.0.0.1:5").is_empty(), "the option replaces both");
}

#[test]
fn a_variable_that_would_let_in_whom_the_file_keeps_out_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let variables = [("LEASH_CONFIG", path), ("LEASH_LISTEN", "0.0.0.0:4")];
    let refusal =
        format!("environment: LEASH_LISTEN: replaces listen of {path}, which says who may come in; set it to nothing");
    for wall in ["namespace: 'a:'", "allow: [read]"] {
        let text = format!("listen: [{{tcp: 127.0.0.1:1, {wall}}}]\npools: {{p: {{servers: [m0]}}}}\n");
        std::fs::write(&file, text).unwrap();
        assert_eq!(config_in("leash", &variables), Err(refusal.clone()), "{wall}");
        assert!(config_in("leash --listen 127.0.0.1:5", &variables).is_ok(), "an option says it in view");
        assert!(config_in("leash", &[("LEASH_CONFIG", path), ("LEASH_LISTEN", "")]).is_ok());
    }
}

#[test]
fn healthcheck_asks_where_the_environment_lets_leash_serve() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "admin: 0.0.0.0:1\n").unwrap();
    let path = file.path().to_str().unwrap();
    let of_file = [("LEASH_CONFIG", path)];
    assert_eq!(admin_in("leash healthcheck", &of_file), Ok(([0, 0, 0, 0], 1).into()));
    let both = [("LEASH_CONFIG", path), ("LEASH_ADMIN", "127.0.0.1:2")];
    assert_eq!(admin_in("leash healthcheck", &both), Ok(([127, 0, 0, 1], 2).into()));
    assert_eq!(admin_in("leash top --admin [::]:3", &both), Ok("[::]:3".parse().unwrap()));
    let gone = [("LEASH_CONFIG", "/no/such/file")];
    assert_eq!(admin_in("leash top --admin [::]:3", &gone), Ok("[::]:3".parse().unwrap()), "no file is needed");
    assert!(admin_in("leash healthcheck", &[("LEASH_ADMIN", "off")]).unwrap_err().contains("it cannot be asked"));
}

#[test]
fn the_help_names_every_variable() {
    let mut leash = Args::command();
    let help = leash.render_long_help().to_string();
    let asked = std::cell::RefCell::new(Vec::new());
    Environment::read(|name| {
        asked.borrow_mut().push(name.to_string());
        None
    });
    for name in asked.into_inner() {
        assert!(help.contains(&format!("env: {name}]")), "{name} is not in\n{help}");
    }
}

#[test]
fn completions_know_the_options() {
    let mut bash = Vec::new();
    completions(Shell::Bash, &mut bash);
    assert!(String::from_utf8(bash).unwrap().contains("--workers"));
}

#[test]
fn a_file_or_a_server_in_the_place_of_a_command_is_told_its_option() {
    let told = |line: &str| hinted(args(line).unwrap_err()).to_string();
    assert!(told("leash leash.yaml").contains("write: leash --config leash.yaml"), "{}", told("leash leash.yaml"));
    assert!(told("leash m0:11211").contains("write: leash --server m0:11211"));
    assert!(told("leash chek").contains("'check'") && !told("leash chek").contains("--config"));
    assert_eq!(exit_code(&hinted(args("leash leash.yaml").unwrap_err())), EXIT_USAGE);
}

#[test]
fn what_serves_must_not_be_its_own_server_and_what_looks_may() {
    let line = |command: &str| origin(&args(command).unwrap(), &Environment::default());
    let own = "127.0.0.1:11211 is leash itself, which listens on 127.0.0.1:11211";
    let refused = line("leash --server 127.0.0.1:11211").load().unwrap_err().to_string();
    assert!(refused.starts_with(&format!("command line: --server[0]: {own}; write")), "{refused}");
    assert!(line("leash --server 127.0.0.1:11211 --listen 127.0.0.1:5").load().is_ok());
    assert!(line("leash route k --server localhost:11211").look().is_ok());
    let of = |listen: &str, server: &str| line(&format!("leash --server {server} --listen {listen}")).load().is_ok();
    assert!(!of("0.0.0.0:5", "localhost:5") && !of("[::]:5", "[::1]:5") && !of("0.0.0.0:5", "127.0.0.7:5"));
    assert!(!of("/run/l", "/run/l") && !of("127.0.0.1:5", "127.0.0.1:11291"));
    assert!(of("127.0.0.1:5", "127.0.0.2:5") && of("0.0.0.0:5", "192.0.2.1:5") && of("/run/l", "/run/m"));
}
