//! Where leash listens, who may come in there, and what for.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Users;
use crate::tls::ServerTls;

/// One downstream address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address and port.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    Unix(PathBuf),
}

/// What stands between a listener and what is behind it. The default lets everybody do everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entrance {
    /// How TLS is spoken with clients; `None`: it is not.
    pub tls: Option<Arc<ServerTls>>,
    /// Who is let in; `None`: everybody.
    pub users: Option<Arc<Users>>,
    /// What may be done.
    pub allow: Allow,
    /// What is put before each key, so that a client reaches no other: a wall.
    pub namespace: Vec<u8>,
    /// The rights of the unix socket, such as `0o660`; `None`: those that the umask leaves.
    pub mode: Option<u32>,
    /// The group of the unix socket, by number; `None`: that of the process.
    pub group: Option<u32>,
}

impl Entrance {
    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter().flat_map(|tls| tls.files().paths()).map(PathBuf::as_path);
        tls.chain(self.users.iter().map(|users| users.file.as_path()))
    }

    /// Whether it keeps clients from anything they could say.
    pub fn confines(&self) -> bool {
        self.allow != Allow::default() || !self.namespace.is_empty()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => write!(f, "{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A set of what clients may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow(u8);

impl Allow {
    /// Nothing.
    pub const NONE: Allow = Allow(0);
    /// Learn of items.
    pub const READ: Allow = Allow(1);
    /// Make and change them.
    pub const WRITE: Allow = Allow(1 << 1);
    /// Delete and invalidate them.
    pub const DELETE: Allow = Allow(1 << 2);
    /// `flush_all`.
    pub const FLUSH: Allow = Allow(1 << 3);
    /// `stats`.
    pub const STATS: Allow = Allow(1 << 4);
    /// Each of them, with its word.
    pub const ALL: [(&'static str, Allow); 5] = [
        ("read", Allow::READ),
        ("write", Allow::WRITE),
        ("delete", Allow::DELETE),
        ("flush", Allow::FLUSH),
        ("stats", Allow::STATS),
    ];

    /// Both sets together.
    pub const fn and(self, more: Allow) -> Allow {
        Allow(self.0 | more.0)
    }

    /// The first word of `wanted` that is not in the set.
    pub fn lacks(self, wanted: Allow) -> Option<&'static str> {
        let missing = Allow(wanted.0 & !self.0);
        Allow::ALL.iter().find(|(_, one)| missing.0 & one.0 != 0).map(|(word, _)| *word)
    }

    /// Its words.
    pub fn words(self) -> Vec<&'static str> {
        Allow::ALL.iter().filter(|(_, one)| self.0 & one.0 != 0).map(|(word, _)| *word).collect()
    }
}

/// Everything.
impl Default for Allow {
    fn default() -> Allow {
        Allow::ALL.iter().fold(Allow::NONE, |all, (_, one)| all.and(*one))
    }
}
