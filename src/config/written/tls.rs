//! The written form of how a pool's servers are reached: TLS, and the password.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `tls` of a pool.
#[derive(Clone, Debug)]
pub(crate) struct PoolTls {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `ca`.
    pub ca: Option<Scalar>,
    /// `cert`.
    pub cert: Option<Scalar>,
    /// `key`.
    pub key: Option<Scalar>,
    /// `server_name`.
    pub server_name: Option<Scalar>,
    /// `verify`.
    pub verify: Option<Scalar>,
}

/// `auth` of a pool.
#[derive(Clone, Debug)]
pub(crate) struct PoolAuth {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `user`.
    pub user: Option<Scalar>,
    /// `password_file`.
    pub password_file: Option<Scalar>,
}

impl PoolTls {
    /// The keys of the TLS of a pool.
    pub(crate) const KEYS: &'static [&'static str] = &["ca", "cert", "key", "server_name", "verify"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<PoolTls> {
        let map = Fields::switched_on(node, place.clone(), Self::KEYS, problems)?;
        Some(PoolTls {
            place,
            ca: map.scalar("ca", problems),
            cert: map.scalar("cert", problems),
            key: map.scalar("key", problems),
            server_name: map.scalar("server_name", problems),
            verify: map.scalar("verify", problems),
        })
    }
}

impl PoolAuth {
    /// The keys of the password of a pool.
    pub(crate) const KEYS: &'static [&'static str] = &["user", "password_file"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> PoolAuth {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        PoolAuth { place, user: map.scalar("user", problems), password_file: map.scalar("password_file", problems) }
    }
}
