//! A memcached with TLS and a password, and what leash must say of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::{Authority, Identity, Memcached};

/// The user whom the servers of a house know.
pub const USER: &str = "leash";
/// Her password.
pub const PASSWORD: &str = "open-sesame";

/// An authority, and a memcached that speaks TLS by a certificate of it and asks for a password.
pub struct SecuredServer {
    pub authority: Authority,
    pub server: Memcached,
}

impl SecuredServer {
    /// For the address that tests connect to.
    pub fn start() -> SecuredServer {
        let authority = Authority::new("test authority");
        let identity = authority.signs("server", &["127.0.0.1", "localhost"]);
        SecuredServer::with(authority, &identity, &[])
    }

    /// With another certificate, and with more arguments.
    pub fn with(authority: Authority, identity: &Identity, more: &[&str]) -> SecuredServer {
        let own = lets_in(&authority, identity);
        let arguments: Vec<&str> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
        SecuredServer { server: Memcached::start_with(&arguments), authority }
    }

    /// The keys of a pool that reaches it.
    pub fn pool(&self) -> String {
        format!("servers: ['{}'], tls: {{ca: {}}}, {}", self.server.address(), shown(self.authority.ca()), self.auth())
    }

    /// Of them, what says the password.
    pub fn auth(&self) -> String {
        format!("auth: {{user: {USER}, password_file: {}}}", shown(self.authority.path("password")))
    }
}

/// The arguments of a memcached that speaks TLS as `identity` and lets [`USER`] in.
pub(crate) fn lets_in(authority: &Authority, identity: &Identity) -> Vec<String> {
    let users = authority.path("users");
    fs::write(&users, format!("{USER}:{PASSWORD}\n")).unwrap();
    fs::write(authority.path("password"), format!("{PASSWORD}\n")).unwrap();
    authority.lets_everybody_read();
    [identity.arguments(), vec!["-Y".to_string(), users.display().to_string()]].concat()
}

impl Authority {
    /// memcached gives up being root before it reads some of its files.
    fn lets_everybody_read(&self) {
        let directory = self.path("");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn shown(path: PathBuf) -> String {
    path.display().to_string()
}
