//! Where a configuration comes from: a file, a list of servers, or nothing; and what the environment and the command
//! line say on top.

use super::check::{check, check_admin};
use super::checked::{
    ADMIN, Address, Config, Entrance, LISTEN, Limits, Listen, Pool, Route, ServerConfig, SpoolConfig, auto_workers,
};
use super::fields::{Scalar, Spelling};
use super::machine::auto_memory;
use super::overrides::{COMMAND_LINE, ENVIRONMENT, ListenFindings, Overrides, scalar};
use super::problem::{ConfigPlace, Problems};
use super::written::{self, File};
use super::yaml;
use std::fs;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What problems call the standard input.
const STDIN: &str = "standard input";

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A YAML file.
    File(PathBuf),
    /// The same, written to this process.
    StandardInput,
    /// Servers of one pool, by address.
    Servers(Vec<String>),
    /// Nothing was said: the store inside this process.
    Embedded,
}

impl ConfigSource {
    /// What people and problems call it.
    pub fn name(&self) -> String {
        match self {
            ConfigSource::File(path) => path.display().to_string(),
            ConfigSource::StandardInput => STDIN.into(),
            ConfigSource::Servers(_) | ConfigSource::Embedded => COMMAND_LINE.place().file.to_string(),
        }
    }
}

impl Config {
    /// The configuration in the file at `path`.
    pub fn load(path: impl AsRef<Path>) -> Result<Config, Problems> {
        Origin::of(ConfigSource::File(path.as_ref().to_owned())).load()
    }

    /// The configuration in `text`, which problems call `file_name`.
    pub fn parse(file_name: &str, text: &str) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let file = read(file_name, text.as_bytes(), &mut problems)?;
        check(&file, true, problems)
    }

    /// The configuration of one pool, `main`, of these servers.
    pub fn for_servers(servers: &[String]) -> Result<Config, Problems> {
        Origin::of(ConfigSource::Servers(servers.to_vec())).look()
    }

    /// What `leash` alone runs with: an embedded store behind memcached's usual port of this machine.
    pub fn embedded_default() -> Config {
        let server = ServerConfig { name: "embedded".into(), address: Address::Embedded, weight: 1 };
        let (pools, limits) = (vec![Pool::of("embedded", vec![server])], Limits::default());
        let limits = Limits { memory: auto_memory(&pools, &limits), ..limits };
        Config {
            listen: vec![Listen::Tcp(LISTEN)],
            entrances: vec![Entrance::default()],
            admin: Some(ADMIN),
            admin_hosts: Vec::new(),
            show_keys: false,
            workers: auto_workers(),
            pools,
            routes: vec![Route { allow_flush: true, ..Route::all_to(0) }],
            limits,
            spool: SpoolConfig::default(),
            log: Default::default(),
            per_server: Default::default(),
            value_files: Vec::new(),
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
    pub environment: Overrides,
    /// What wins over both.
    pub command_line: Overrides,
}

impl Origin {
    /// A source with nothing on top.
    pub fn of(source: ConfigSource) -> Origin {
        Origin { source, environment: Overrides::default(), command_line: Overrides::default() }
    }

    /// The checked configuration, as things are now.
    pub fn load(&self) -> Result<Config, Problems> {
        self.build(true)
    }

    /// The same for a command that does not serve: one of its servers may be where leash would listen.
    pub fn look(&self) -> Result<Config, Problems> {
        self.build(false)
    }

    fn build(&self, serves: bool) -> Result<Config, Problems> {
        let (mut problems, mut warnings) = (Problems::default(), Problems::default());
        let mut file = match &self.source {
            ConfigSource::File(path) => read(&path.display().to_string(), &bytes(path)?, &mut problems)?,
            ConfigSource::StandardInput => read(STDIN, &all(STDIN, io::stdin())?, &mut problems)?,
            ConfigSource::Servers(servers) => of_servers("main", "--server", servers),
            ConfigSource::Embedded => of_own_store(),
        };
        warn_of_entrances(
            &file,
            !self.command_line.listen.is_empty() || !self.environment.listen.is_empty(),
            &mut warnings,
        );
        if self.command_line.listen.is_empty() {
            let found = ListenFindings { problems: &mut problems, warnings: &mut warnings };
            self.environment.look_at_listeners(&ENVIRONMENT, &file, found);
        }
        self.apply_overrides(&mut file);
        let mut config = check(&file, serves, problems)?;
        config.warnings.extend(warnings.into_sorted());
        Ok(config)
    }

    fn apply_overrides(&self, file: &mut File) {
        self.environment.apply(&ENVIRONMENT, file);
        self.command_line.apply(&COMMAND_LINE, file);
    }

    /// The file that is read, if one is.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            ConfigSource::File(path) => Some(path),
            ConfigSource::StandardInput | ConfigSource::Servers(_) | ConfigSource::Embedded => None,
        }
    }

    /// Where the admin pages are, even if the rest of the configuration is wrong; `None` if they are off.
    pub fn admin(&self) -> Result<Option<SocketAddr>, Problems> {
        let mut elsewhere = Problems::default();
        let is_said = self.environment.admin.is_some() || self.command_line.admin.is_some();
        let mut file = match self.file() {
            Some(path) if !is_said => read(&path.display().to_string(), &bytes(path)?, &mut elsewhere)?,
            _ => File::empty(COMMAND_LINE.place()),
        };
        self.apply_overrides(&mut file);
        check_admin(&file)
    }
}

/// Warns of listeners that are replaced, with all that is said of who may come in there.
fn warn_of_entrances(file: &File, is_replaced: bool, warnings: &mut Problems) {
    let guarded = file.listen.iter().flatten().find(|written| is_replaced && written.is_guarded());
    if let Some(written) = guarded {
        let text = "is replaced by the command line or the environment, which lets everybody in";
        warnings.add(&written.place, text);
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Problems> {
    let name = path.display().to_string();
    fs::File::open(path).map_err(|error| unread(&name, &error)).and_then(|file| all(&name, file))
}

/// Reads one byte more than is allowed, so that a longer file is known as such without reading it all.
fn all(name: &str, from: impl Read) -> Result<Vec<u8>, Problems> {
    let mut bytes = Vec::new();
    let read = from.take(yaml::MAX_SIZE as u64 + 1).read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| unread(name, &error))
}

fn unread(name: &str, error: &io::Error) -> Problems {
    Problems::only(ConfigPlace::top(name), format!("cannot be read: {error}"))
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
    let option = COMMAND_LINE.place().key(option, None);
    let server = |(n, text): (usize, &String)| written::ServerConfig::of(scalar(text, option.index(n, None)));
    let servers = servers.iter().enumerate().map(server).collect();
    File { pools: Some(vec![written::Pool::of(pool, option.clone(), servers)]), ..File::empty(COMMAND_LINE.place()) }
}

/// No other leash uses this store, so any client may empty it.
fn of_own_store() -> File {
    let everything = written::Route {
        place: COMMAND_LINE.place(),
        prefix: Some(scalar("", COMMAND_LINE.place())),
        pool: Some(scalar("embedded", COMMAND_LINE.place())),
        allow_flush: Some(Scalar { spelling: Spelling::Bool, ..scalar("true", COMMAND_LINE.place()) }),
        ..written::Route::default()
    };
    File { routes: Some(vec![everything]), ..of_servers("embedded", "servers", &["embedded".to_owned()]) }
}
