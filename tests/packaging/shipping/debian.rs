//! The Debian package: built, then installed, upgraded and removed by dpkg in a directory of its own, so that nothing of
//! this machine changes. There is no init system in there: what the unit would run is run by the test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use support::leash::binary;
use support::repository::here;
use support::script::passes;
use support::{free_port, needs, wait_until};
use tempfile::TempDir;

/// The package of the program under test, built once.
fn package() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let mut build = Command::new(here("packaging/package"));
        build.arg(binary()).arg(directory.path());
        let said = passes(build);
        let path = said.lines().find(|line| line.ends_with(".deb")).map(PathBuf::from);
        let path = path.filter(|path| path.is_absolute()).unwrap_or_else(|| panic!("no package: {said}"));
        (directory, path)
    });
    path
}

/// dpkg gives files to other users, as root alone may.
fn is_root() -> Command {
    let mut asked = Command::new("sh");
    asked.args(["-c", "test \"$(id -u)\" = 0"]);
    asked
}

/// A machine that has nothing installed yet.
struct Machine(TempDir);

impl Machine {
    fn new() -> Machine {
        let root = tempfile::tempdir().unwrap();
        for directory in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        ["status", "available"]
            .iter()
            .for_each(|file| fs::write(root.path().join("var/lib/dpkg").join(file), "").unwrap());
        Machine(root)
    }

    /// The packages that this one depends on are this machine's.
    #[track_caller]
    fn dpkg(&self, arguments: &[&str]) -> String {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", self.0.path().display())).args(["--force-depends", "--force-script-chrootless"]);
        dpkg.args(["--log=/dev/null"]).args(arguments);
        passes(dpkg)
    }

    #[track_caller]
    fn install(&self) -> String {
        self.dpkg(&["--install", package().to_str().unwrap()])
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    #[track_caller]
    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

#[test]
fn what_it_installs_is_at_its_place_and_nobody_else_may_change_it() {
    if !needs::has("root", &mut is_root()) {
        return;
    }
    let machine = Machine::new();
    let said = machine.install();
    assert!(said.contains("name your memcached servers in /etc/leash/leash.yaml"), "{said}");
    assert!(machine.read("etc/passwd").contains("\nleash:") || machine.read("etc/passwd").starts_with("leash:"));
    for (file, mode) in [
        ("usr/bin/leash", 0o755),
        ("etc/leash/leash.yaml", 0o644),
        ("usr/lib/systemd/system/leash.service", 0o644),
        ("usr/lib/sysusers.d/leash.conf", 0o644),
        ("usr/share/bash-completion/completions/leash", 0o644),
        ("usr/share/zsh/vendor-completions/_leash", 0o644),
        ("usr/share/fish/vendor_completions.d/leash.fish", 0o644),
        ("usr/share/doc/leash/config.example.yaml", 0o644),
        ("usr/share/doc/leash/copyright", 0o644),
        ("usr/share/man/man1/leash.1.gz", 0o644),
    ] {
        let found = fs::metadata(machine.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(found.permissions().mode() & 0o7777, mode, "{file}");
        assert!(found.len() > 0, "{file}");
    }
    let mut pages: Vec<String> = fs::read_dir(machine.path("usr/share/man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().replace(".1.gz", ""))
        .collect();
    pages.sort();
    let mut leash = <leash::commands::cli::Args as clap::CommandFactory>::command();
    leash.build();
    let mut commands: Vec<String> =
        leash.get_subcommands().map(|command| format!("leash-{}", command.get_name())).collect();
    commands.retain(|name| name != "leash-help");
    commands.push("leash".into());
    commands.sort();
    assert_eq!(pages, commands);
}

#[test]
fn what_its_unit_runs_starts_with_the_file_that_it_installs() {
    if !needs::has("root", &mut is_root()) {
        return;
    }
    let machine = Machine::new();
    machine.install();
    let unit = machine.read("usr/lib/systemd/system/leash.service");
    let line = |key: &str| {
        unit.lines()
            .find_map(|line| line.strip_prefix(key))
            .expect(key)
            .replace(" /", &format!(" {}/", machine.0.path().display()))
    };
    let command = |key: &str| {
        let line = line(key);
        let (program, arguments) = line.split_once(' ').unwrap();
        let mut command = Command::new(machine.path(program.trim_start_matches('/')));
        command.args(arguments.split(' '));
        command
    };
    passes(command("ExecStartPre="));
    let (listen, admin) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let mut leash = command("ExecStart=").args(["--listen", &listen, "--admin", &admin]).spawn().unwrap();
    let asks =
        || Command::new(machine.path("usr/bin/leash")).args(["healthcheck", "--admin", &admin]).output().unwrap();
    wait_until("the installed leash is alive", support::BOUND, || asks().status.success());
    leash.kill().unwrap();
    leash.wait().unwrap();
}

#[test]
fn an_upgrade_keeps_the_administrators_file_and_purging_leaves_nothing_but_the_user() {
    if !needs::has("root", &mut is_root()) {
        return;
    }
    let machine = Machine::new();
    machine.install();
    let mine = machine.read("etc/leash/leash.yaml") + "workers: 3\n";
    fs::write(machine.path("etc/leash/leash.yaml"), &mine).unwrap();
    let said = machine.install();
    assert!(!said.contains("name your memcached servers"), "they are named: {said}");
    assert_eq!(machine.read("etc/leash/leash.yaml"), mine);
    fs::create_dir_all(machine.path("var/lib/private/leash")).unwrap();
    fs::write(machine.path("var/lib/private/leash/spool"), "a delete").unwrap();
    machine.dpkg(&["--remove", "leash"]);
    assert!(!machine.path("usr/bin/leash").exists());
    assert_eq!(
        (machine.read("etc/leash/leash.yaml"), machine.read("var/lib/private/leash/spool")),
        (mine, "a delete".into())
    );
    machine.dpkg(&["--purge", "leash"]);
    assert!(!machine.path("etc/leash").exists() && !machine.path("var/lib/private/leash").exists());
    assert!(machine.read("etc/passwd").contains("leash:"));
}

#[test]
fn it_depends_on_what_the_program_was_linked_with_and_belongs_to_its_version() {
    let field = |name: &str| {
        let mut query = Command::new("dpkg-deb");
        query.arg("--field").arg(package()).arg(name);
        passes(query).trim().to_string()
    };
    assert_eq!(field("Version"), env!("CARGO_PKG_VERSION"));
    let linked = Command::new("ldd").arg(binary()).output().unwrap();
    let is_static = !linked.status.success() || String::from_utf8_lossy(&linked.stdout).contains("statically linked");
    assert_eq!(field("Depends").contains("libc6 (>= "), !is_static, "{}", field("Depends"));
    assert!(field("Depends").contains("systemd | systemd-standalone-sysusers"));
}
