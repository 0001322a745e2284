//! `leash top` over a real leash and real servers: as text, and live in a terminal of its own.

use std::process::{Command, Output, Stdio};

use support::leash::binary;
use support::{BOUND, Client, Leash, Memcached, Terminal, free_port, wait_until};

fn top(arguments: &[&str]) -> Output {
    Command::new(binary()).arg("top").args(arguments).stdin(Stdio::null()).output().expect("leash runs")
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// What `--once` prints.
#[track_caller]
fn once(leash: &Leash) -> String {
    let output = top(&["--once", "--admin", leash.admin()]);
    assert_eq!((output.status.code(), said(&output.stderr).as_str()), (Some(0), ""));
    said(&output.stdout)
}

fn read_all(client: &mut Client) {
    for key in 0..20 {
        client.get(&format!("page:{key}")).expect("an answer, hit or miss");
    }
}

/// The line that begins with this.
fn line<'t>(text: &'t str, begin: &str) -> Vec<&'t str> {
    let found = text.lines().find(|line| line.starts_with(begin));
    found.unwrap_or_else(|| panic!("no line {begin} in\n{text}")).split_whitespace().collect()
}

#[test]
fn traffic_and_a_dead_server_are_told_once() {
    let mut servers = Memcached::start_many(2);
    let leash = Leash::with_servers(&servers);
    let mut client = leash.client();
    let mut text = String::new();
    wait_until("the traffic is told", BOUND * 6, || {
        read_all(&mut client);
        text = once(&leash);
        line(&text, "requests/s ")[1] != "0"
    });
    assert_eq!((line(&text, "leash ")[1], line(&text, "hit ratio")[2]), (env!("CARGO_PKG_VERSION"), "0.0"));
    assert!(text.contains("\n2 servers, none is down\n"), "{text}");
    for server in &servers {
        assert_eq!(line(&text, &server.address())[1], "up", "{text}");
    }
    servers[0].kill();
    wait_until("the dead server is told", BOUND * 6, || {
        read_all(&mut client);
        text = once(&leash);
        text.contains("\n2 servers, 1 down\n")
    });
    let first = text.lines().skip_while(|line| !line.starts_with("server ")).nth(1).expect("a server");
    let is_down = ["down", "probing"].iter().any(|state| first.contains(state));
    assert!(first.starts_with(&servers[0].address()) && is_down, "the worst first:\n{text}");
}

/// The text once it says this.
#[track_caller]
fn once_it_says(leash: &Leash, client: &mut Client, part: &str) -> String {
    let mut text = String::new();
    wait_until(part, BOUND * 6, || {
        read_all(client);
        text = once(leash);
        text.contains(part)
    });
    text
}

#[test]
fn it_says_what_is_wrong_since_when_and_why_and_who_says_so() {
    let mut server = Memcached::start();
    let pool = format!("{{servers: ['{}'], failures: 1, on_down: {{gutter: {{pool: embedded}}}}}}", server.address());
    let leash = Leash::with_config(&format!("workers: 1\nspool: {{max_keys: 1}}\npools: {{main: {pool}}}\n"));
    let mut client = leash.client();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let text = once(&leash);
    assert!(text.contains(&format!("  on {}  up ", host.trim())) && !text.contains(['■', '▲']), "{text}");
    server.kill();
    let text = once_it_says(&leash, &mut client, "▲ Down: ");
    assert!(text.contains("A gutter serves their keys") && !text.contains("keys miss"), "{text}");
    assert!(text.contains(&format!("\n  {} (main): for ", server.address())), "{text}");
    let first = text.lines().skip_while(|line| !line.starts_with("server ")).nth(1).expect("a server");
    assert!(first.contains("cannot connect") || first.contains("connection lost"), "{text}");
    client.expect("delete page:1\r\n", "NOT_FOUND\r\n");
    client.ask("delete page:2\r\n");
    let text = once_it_says(&leash, &mut client, " lost for ");
    assert!(text.contains("\n■ ") && text.contains(", more waited than spool.max_keys\n"), "{text}");
    leash.configure("pools: {main: {servers: []}}\n");
    support::memcached::signal(leash.pid(), "HUP");
    once_it_says(&leash, &mut client, "▲ The last reload was refused ");
}

#[test]
fn without_a_terminal_it_is_text_and_ends() {
    let leash = Leash::embedded();
    let output = top(&["--admin", leash.admin()]);
    assert_eq!(output.status.code(), Some(0));
    let text = said(&output.stdout);
    assert!(text.starts_with("leash ") && !text.contains(['\x1b', '\r']), "{text:?}");
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let leash = Leash::embedded();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(binary());
    command.args(["top", "--once", "--admin", leash.admin()]).stdin(Stdio::null()).stdout(writer);
    let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!((output.status.code(), said(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn nobody_there_is_told_with_the_address() {
    let admin = format!("127.0.0.1:{}", free_port());
    let output = top(&["--once", "--admin", &admin]);
    let expected = format!("leash: no answer from {admin}: Connection refused (os error 111)\n");
    assert_eq!((output.status.code(), said(&output.stderr)), (Some(1), expected));
    let output = top(&["--once", "--admin", "off"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output.stderr), "leash: the admin address is off: it cannot be asked\n");
}

#[test]
fn live_it_follows_a_restart_and_gives_the_terminal_back() {
    let servers = Memcached::start_many(2);
    let mut leash = Leash::with_servers(&servers);
    let (address, admin) = (servers[0].address(), leash.admin().to_string());
    let mut terminal = Terminal::run(&format!("{} top --interval 200ms --admin {admin}", binary().display()));
    terminal.shows("2 servers, none is down");
    terminal.shows(&format!("\n{address}"));
    terminal.press("?");
    terminal.shows("sort servers: worst first, by name, by requests");
    terminal.press("?s");
    terminal.shows("s sort: by name");
    terminal.resize(10, 40);
    terminal.shows_what("its last line where it is now", |screen| {
        screen.lines().nth(9).is_some_and(|line| line.starts_with("q leave") && line.ends_with('…'))
    });
    terminal.resize(24, 80);
    leash.crash();
    terminal.shows(&format!("no answer from {admin} since "));
    terminal.shows("2 servers, none is down");
    leash.restart();
    terminal.shows_what("figures alone", |screen| screen.starts_with("leash "));
    terminal.press("q");
    terminal.is_given_back(0);
}

#[test]
fn ctrl_c_and_signals_give_the_terminal_back() {
    let leash = Leash::embedded();
    let command = format!("{} top --admin {}", binary().display(), leash.admin());
    for ends in ["key", "TERM", "HUP", "INT"] {
        let mut terminal = Terminal::run(&command);
        terminal.shows("1 server, none is down");
        if ends == "key" {
            terminal.press("\x03")
        } else {
            terminal.signal(ends)
        }
        terminal.is_given_back(0);
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_read() {
    let this = std::env::current_exe().unwrap();
    let command =
        format!("{} --ignored --exact top::a_panic_in_a_terminal --test-threads 1 --nocapture", this.display());
    let terminal = Terminal::run(&command);
    terminal.is_given_back(101);
    terminal.shows("the panic of a test");
}

#[test]
#[ignore = "a panic, for the test above to look at"]
fn a_panic_in_a_terminal() {
    let taken = leash::commands::top::terminal::enter().expect("a terminal");
    // A release build drops nothing either.
    std::mem::forget(taken);
    panic!("the panic of a test");
}
