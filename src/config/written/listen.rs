//! The written form of where leash listens, and of who may come in there.

use crate::config::fields::{Fields, Scalar, scalar};
use crate::config::problem::{ConfigPlace, Problems, plain};
use crate::config::yaml::{Value, YamlNode};

/// One element of `listen`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listen {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `tcp`.
    pub tcp: Option<Scalar>,
    /// `unix`.
    pub unix: Option<Scalar>,
    /// `tls`.
    pub tls: Option<ListenTls>,
    /// `auth_file`.
    pub auth_file: Option<Scalar>,
    /// `allow`.
    pub allow: Option<Vec<Option<Scalar>>>,
    /// `namespace`.
    pub namespace: Option<Scalar>,
    /// `mode`.
    pub mode: Option<Scalar>,
    /// `group`.
    pub group: Option<Scalar>,
}

/// `tls` of a listener.
#[derive(Clone, Debug)]
pub(crate) struct ListenTls {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `cert`.
    pub cert: Option<Scalar>,
    /// `key`.
    pub key: Option<Scalar>,
    /// `client_ca`.
    pub client_ca: Option<Scalar>,
}

impl Listen {
    /// Whether it is more than an address.
    pub(crate) fn says_who_may_come_in(&self) -> bool {
        let words = [&self.auth_file, &self.namespace, &self.mode, &self.group];
        self.tls.is_some() || self.allow.is_some() || words.iter().any(|word| word.is_some())
    }

    /// The keys of one listener.
    pub(crate) const KEYS: &'static [&'static str] =
        &["tcp", "unix", "tls", "auth_file", "allow", "namespace", "mode", "group"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Listen {
        if let Value::Text(text) = &node.value {
            let key = if text.starts_with('/') { "unix" } else { "tcp" };
            problems.add(&place, format!("an address alone; write {key}: {}", plain(text)));
            return Listen { place, ..Listen::default() };
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Listen {
            place,
            tcp: map.scalar("tcp", problems),
            unix: map.scalar("unix", problems),
            tls: map.node("tls").map(|(place, node)| ListenTls::read(node, place, problems)),
            auth_file: map.scalar("auth_file", problems),
            allow: map.list("allow", scalar, problems),
            namespace: map.scalar("namespace", problems),
            mode: map.scalar("mode", problems),
            group: map.scalar("group", problems),
        }
    }

    /// Whether anything is said of who may come in.
    pub(crate) fn is_guarded(&self) -> bool {
        let words = [&self.auth_file, &self.namespace, &self.mode, &self.group];
        self.tls.is_some() || self.allow.is_some() || words.iter().any(|word| word.is_some())
    }
}

impl ListenTls {
    /// The keys of the TLS of a listener.
    pub(crate) const KEYS: &'static [&'static str] = &["cert", "key", "client_ca"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> ListenTls {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        ListenTls {
            place,
            cert: map.scalar("cert", problems),
            key: map.scalar("key", problems),
            client_ca: map.scalar("client_ca", problems),
        }
    }
}
