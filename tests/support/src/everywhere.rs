//! Every test over TLS and a password: with `LEASH_TEST_TLS=1` each memcached of the tests speaks TLS and asks for a
//! password (`-Z -Y`), and each leash before it is told so. Tests need not know: what they write of a pool is completed,
//! and a client of theirs that goes to the server itself takes a port without TLS and is let in first.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, OnceLock};

use serde_yaml::{Mapping, Value};

use super::secured::{PASSWORD, USER, lets_in};
use super::{Authority, free_port};

/// What all servers and every leash of a test program share.
struct Everywhere {
    authority: Authority,
    arguments: Vec<String>,
    /// The ports with TLS, and those of the same servers without.
    ports: Mutex<HashMap<u16, u16>>,
}

fn everywhere() -> Option<&'static Everywhere> {
    static EVERYWHERE: OnceLock<Option<Everywhere>> = OnceLock::new();
    let set_up = || {
        std::env::var_os("LEASH_TEST_TLS").filter(|switch| switch != "0")?;
        let authority = Authority::new("authority of all tests");
        let arguments = lets_in(&authority, &authority.signs("server", &["127.0.0.1", "localhost"]));
        Some(Everywhere { authority, arguments, ports: Mutex::default() })
    };
    EVERYWHERE.get_or_init(set_up).as_ref()
}

/// The arguments of a memcached at this port that it has beside those of its test.
pub(crate) fn arguments(port: u16, own: &[String]) -> Vec<String> {
    let Some(everywhere) = everywhere().filter(|_| !own.iter().any(|word| ["-Z", "-Y"].contains(&word.as_str())))
    else {
        return Vec::new();
    };
    let mut ports = everywhere.ports.lock().unwrap();
    let plain = *ports.entry(port).or_insert_with(free_port);
    let listens = ["-l".to_string(), format!("notls:127.0.0.1:{plain}")];
    [&everywhere.arguments[..], &listens[..]].concat()
}

/// The server at this port is gone for good: the kernel may give the port to somebody else.
pub(crate) fn forget(port: u16) {
    if let Some(everywhere) = everywhere() {
        everywhere.ports.lock().unwrap().remove(&port);
    }
}

/// The port at which a client of a test is to ask the server itself.
pub(crate) fn plain_port(port: u16) -> Option<u16> {
    everywhere()?.ports.lock().unwrap().get(&port).copied()
}

/// Says the password on a new connection to such a port.
pub(crate) fn log_in(stream: &mut TcpStream) -> io::Result<()> {
    let said = format!("{USER} {PASSWORD}");
    write!(stream, "set auth 0 0 {}\r\n{said}\r\n", said.len())?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer)?;
    if answer == *b"STORED\r\n" { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// The configuration with `tls` and `auth` in each pool of these servers.
pub(crate) fn completed(yaml: &str) -> String {
    let Some(everywhere) = everywhere() else { return yaml.to_string() };
    let Ok(Value::Mapping(mut file)) = serde_yaml::from_str(yaml) else { return yaml.to_string() };
    let Some(Value::Mapping(pools)) = file.get_mut("pools") else { return yaml.to_string() };
    let pools = pools.values_mut().filter_map(Value::as_mapping_mut);
    let secured: Vec<&mut Mapping> = pools.filter(|pool| everywhere.has_all_of(pool)).collect();
    if secured.is_empty() {
        return yaml.to_string();
    }
    secured.into_iter().for_each(|pool| everywhere.complete(pool));
    serde_yaml::to_string(&file).unwrap()
}

/// The same for `--server` on the command line, of which a file takes the place.
pub(crate) fn completed_arguments(arguments: Vec<String>, file: &std::path::Path) -> Vec<String> {
    let (mut others, mut servers, mut words) = (Vec::new(), Vec::new(), arguments.clone().into_iter());
    while let Some(word) = words.next() {
        if word == "--server" { servers.extend(words.next()) } else { others.push(word) }
    }
    if everywhere().is_none() || servers.is_empty() {
        return arguments;
    }
    fs::write(file, completed(&format!("pools: {{main: {{servers: [{}]}}}}\n", servers.join(", ")))).unwrap();
    [vec!["--config".to_string(), file.display().to_string()], others].concat()
}

impl Everywhere {
    fn has_all_of(&self, pool: &Mapping) -> bool {
        let Some(Value::Sequence(servers)) = pool.get("servers") else { return false };
        let ports = self.ports.lock().unwrap();
        let port = |server: &Value| {
            let address = server.as_str().or_else(|| server.get("address")?.as_str())?;
            address.strip_prefix("127.0.0.1:")?.parse::<u16>().ok()
        };
        !servers.is_empty() && servers.iter().all(|server| port(server).is_some_and(|port| ports.contains_key(&port)))
    }

    /// A handshake takes a leash that was built for tests many milliseconds, so a connection is given more time.
    fn complete(&self, pool: &mut Mapping) {
        let [ca, password] = ["ca.pem", "password"].map(|name| self.authority.path(name).display().to_string());
        let keys =
            format!("tls: {{ca: {ca}}}\nauth: {{user: {USER}, password_file: {password}}}\nconnect_timeout: 5s\n");
        let keys: Mapping = serde_yaml::from_str(&keys).unwrap();
        for (key, value) in keys {
            pool.entry(key).or_insert(value);
        }
    }
}
