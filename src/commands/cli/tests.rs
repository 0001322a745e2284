//! What a command line means, and what is wrong with one.

use super::*;
use crate::config::{Address, Listen};

fn args(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(line.split(' '))
}

fn config_of(line: &str) -> Result<Config, String> {
    config(&args(line).unwrap()).map_err(|problems| problems.to_string())
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
    assert_eq!(config_of(&format!("leash check {path}")).unwrap().workers, 3);
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
    let admin = |line: &str| match args(line).unwrap().command {
        Some(CliCommand::Healthcheck(check)) => check.admin.socket(),
        Some(CliCommand::Top(top)) => top.admin.socket(),
        _ => panic!("{line}"),
    };
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

#[test]
fn completions_know_the_options() {
    let mut bash = Vec::new();
    completions(Shell::Bash, &mut bash);
    assert!(String::from_utf8(bash).unwrap().contains("--workers"));
}
