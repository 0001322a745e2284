//! Where a configuration comes from: a file, a list of servers, or nothing; and what the command line says on top.
//!
//! The command line becomes written form too, placed at its options. So one check serves all, and its problems read
//! `command line: --server[1]: …`.

use super::check::{check, check_admin};
use super::checked::{
    ADMIN, Address, Config, LISTEN, Limits, Listen, Pool, Route, ServerConfig, SpoolConfig, auto_workers,
};
use super::fields::{Scalar, Spelling};
use super::machine::auto_memory;
use super::problem::{ConfigPlace, Problems};
use super::written::{self, File};
use super::yaml;
use std::fs;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A YAML file.
    File(PathBuf),
    /// Servers of one pool, by address.
    Servers(Vec<String>),
    /// Nothing was said: the store inside this process.
    Embedded,
}

/// What the command line says instead of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Where to listen: `address:port`, `/path` or `unix:path`; none leaves the source's.
    pub listen: Vec<String>,
    /// The admin address, or `off`.
    pub admin: Option<String>,
    /// The number of workers, or `auto`.
    pub workers: Option<String>,
}

impl Config {
    /// The checked configuration of `source` with `overrides` on top.
    pub fn build(source: &ConfigSource, overrides: &Overrides) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let mut file = match source {
            ConfigSource::File(path) => read(&path.display().to_string(), &bytes(path)?, &mut problems)?,
            ConfigSource::Servers(servers) => of_servers("main", "--server", servers),
            ConfigSource::Embedded => of_own_store(),
        };
        overrides.apply(&mut file);
        check(&file, problems)
    }

    /// The configuration in the file at `path`.
    pub fn load(path: impl AsRef<Path>) -> Result<Config, Problems> {
        Config::build(&ConfigSource::File(path.as_ref().to_owned()), &Overrides::default())
    }

    /// The configuration in `text`, which problems call `file_name`.
    pub fn parse(file_name: &str, text: &str) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let file = read(file_name, text.as_bytes(), &mut problems)?;
        check(&file, problems)
    }

    /// The configuration of one pool, `main`, of these servers.
    pub fn for_servers(servers: &[String]) -> Result<Config, Problems> {
        Config::build(&ConfigSource::Servers(servers.to_vec()), &Overrides::default())
    }

    /// What `leash` alone runs with: an embedded store behind memcached's usual port of this machine.
    pub fn embedded_default() -> Config {
        let server = ServerConfig { name: "embedded".into(), address: Address::Embedded, weight: 1 };
        let (pools, limits) = (vec![Pool::of("embedded", vec![server])], Limits::default());
        let limits = Limits { memory: auto_memory(&pools, &limits), ..limits };
        Config {
            listen: vec![Listen::Tcp(LISTEN)],
            admin: Some(ADMIN),
            admin_hosts: Vec::new(),
            show_keys: false,
            workers: auto_workers(),
            pools,
            routes: vec![Route { allow_flush: true, ..Route::all_to(0) }],
            limits,
            spool: SpoolConfig::default(),
            log: Default::default(),
            warnings: Vec::new(),
        }
    }
}

/// All that was said to find the configuration by; asked again at each reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where it comes from.
    pub source: ConfigSource,
    /// What wins over that.
    pub overrides: Overrides,
}

impl Origin {
    /// The checked configuration, as things are now.
    pub fn load(&self) -> Result<Config, Problems> {
        Config::build(&self.source, &self.overrides)
    }

    /// The file that is read, if one is.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            ConfigSource::File(path) => Some(path),
            ConfigSource::Servers(_) | ConfigSource::Embedded => None,
        }
    }

    /// Where the admin pages are, even if the rest of the configuration is wrong; `None` if they are off.
    pub fn admin(&self) -> Result<Option<SocketAddr>, Problems> {
        let mut elsewhere = Problems::default();
        let mut file = match &self.source {
            ConfigSource::File(path) => read(&path.display().to_string(), &bytes(path)?, &mut elsewhere)?,
            ConfigSource::Servers(_) | ConfigSource::Embedded => File::empty(command_line()),
        };
        self.overrides.apply(&mut file);
        check_admin(&file)
    }
}

impl Overrides {
    fn apply(&self, file: &mut File) {
        let top = command_line();
        if !self.listen.is_empty() {
            let listen = |(n, text): (usize, &String)| listen(text, top.key("--listen", None).index(n, None));
            file.listen = Some(self.listen.iter().enumerate().map(listen).collect());
        }
        if let Some(text) = &self.admin {
            let address = Some(scalar(text, top.key("--admin", None)));
            let (show_keys, hosts) = file.admin.take().map(|admin| (admin.show_keys, admin.hosts)).unwrap_or_default();
            file.admin = Some(written::Admin { address, show_keys, hosts });
        }
        if let Some(text) = &self.workers {
            file.workers = Some(scalar(text, top.key("--workers", None)));
        }
    }
}

/// Reads one byte more than is allowed, so that a longer file is known as such without reading it all.
fn bytes(path: &Path) -> Result<Vec<u8>, Problems> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(yaml::MAX_SIZE as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|e| Problems::only(ConfigPlace::top(&path.display().to_string()), format!("cannot be read: {e}")))
}

fn read(file_name: &str, bytes: &[u8], problems: &mut Problems) -> Result<File, Problems> {
    let place = ConfigPlace::top(file_name);
    let refused =
        |refusal: yaml::YamlRefusal| Problems::only(ConfigPlace { mark: refusal.mark, ..place.clone() }, refusal.text);
    let text = yaml::utf8(bytes).map_err(refused)?;
    let node = yaml::read(text).map_err(refused)?;
    Ok(File::read(&node, ConfigPlace { mark: Some(node.mark), ..place.clone() }, problems))
}

fn of_servers(pool: &str, option: &str, servers: &[String]) -> File {
    let option = command_line().key(option, None);
    let server = |(n, text): (usize, &String)| written::ServerConfig::of(scalar(text, option.index(n, None)));
    let servers = servers.iter().enumerate().map(server).collect();
    File { pools: Some(vec![written::Pool::of(pool, option.clone(), servers)]), ..File::empty(command_line()) }
}

/// No other leash uses this store, so any client may empty it.
fn of_own_store() -> File {
    let everything = written::Route {
        place: command_line(),
        prefix: Some(scalar("", command_line())),
        pool: Some(scalar("embedded", command_line())),
        allow_flush: Some(Scalar { spelling: Spelling::Bool, ..scalar("true", command_line()) }),
        ..written::Route::default()
    };
    File { routes: Some(vec![everything]), ..of_servers("embedded", "servers", &["embedded".to_owned()]) }
}

fn listen(text: &str, place: ConfigPlace) -> written::Listen {
    let (tcp, unix) = match super::address::unix_path(text) {
        Some(path) => (None, Some(scalar(path, place.clone()))),
        None => (Some(scalar(text, place.clone())), None),
    };
    written::Listen { place, tcp, unix }
}

fn command_line() -> ConfigPlace {
    ConfigPlace::top("command line")
}

fn scalar(text: &str, place: ConfigPlace) -> Scalar {
    Scalar { place, text: text.into(), spelling: Spelling::Text }
}
