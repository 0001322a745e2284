//! The written form of a route's loader.

use crate::config::fields::{Fields, Scalar, scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `loader` of a route.
#[derive(Clone, Debug)]
pub(crate) struct Loader {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `url`.
    pub url: Option<Scalar>,
    /// `headers`: names and values.
    pub headers: Vec<(String, Scalar)>,
    /// `http`.
    pub http: Option<Scalar>,
    /// `ca`.
    pub ca: Option<Scalar>,
    /// `connect_timeout`.
    pub connect_timeout: Option<Scalar>,
    /// `first_byte_timeout`.
    pub first_byte_timeout: Option<Scalar>,
    /// `timeout`.
    pub timeout: Option<Scalar>,
    /// `soft_timeout`.
    pub soft_timeout: Option<Scalar>,
    /// `ttl`.
    pub ttl: Option<Scalar>,
    /// `fail_safe`.
    pub fail_safe: Option<Scalar>,
    /// `negative_ttl`.
    pub negative_ttl: Option<Scalar>,
    /// `max_in_flight`.
    pub max_in_flight: Option<Scalar>,
}

impl Loader {
    /// The keys of a loader.
    pub(crate) const KEYS: &'static [&'static str] = &[
        "url",
        "headers",
        "http",
        "ca",
        "connect_timeout",
        "first_byte_timeout",
        "timeout",
        "soft_timeout",
        "ttl",
        "fail_safe",
        "negative_ttl",
        "max_in_flight",
    ];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Loader> {
        let map = Fields::switched_on(node, place.clone(), Self::KEYS, problems)?;
        Some(Loader {
            place,
            url: map.scalar("url", problems),
            headers: map.node("headers").map_or_else(Vec::new, |(place, node)| headers(node, place, problems)),
            http: map.scalar("http", problems),
            ca: map.scalar("ca", problems),
            connect_timeout: map.scalar("connect_timeout", problems),
            first_byte_timeout: map.scalar("first_byte_timeout", problems),
            timeout: map.scalar("timeout", problems),
            soft_timeout: map.scalar("soft_timeout", problems),
            ttl: map.scalar("ttl", problems),
            fail_safe: map.scalar("fail_safe", problems),
            negative_ttl: map.scalar("negative_ttl", problems),
            max_in_flight: map.scalar("max_in_flight", problems),
        })
    }
}

fn headers(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Vec<(String, Scalar)> {
    let map = Fields::named(node, place, problems);
    let header = |(key, place, node): (&crate::config::yaml::YamlKey, ConfigPlace, &YamlNode)| {
        Some((key.text.clone(), scalar(node, place, problems)?))
    };
    map.entries().filter_map(header).collect()
}
