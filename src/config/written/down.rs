//! The written form of what happens when servers die: `on_down` of a pool, and `spool`.

use crate::config::fields::{Fields, Scalar, scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::{Value, YamlNode};

/// `on_down` of a pool.
#[derive(Clone, Debug)]
pub(crate) enum OnDown {
    /// A word alone.
    Word(Scalar),
    /// `gutter`.
    Gutter(Gutter),
}

/// `gutter` of `on_down`: the name of a pool alone, or a map.
#[derive(Clone, Debug)]
pub(crate) struct Gutter {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `pool`.
    pub pool: Option<Scalar>,
    /// `ttl`.
    pub ttl: Option<Scalar>,
}

/// `spool`.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpoolConfig {
    /// `max_keys`.
    pub max_keys: Option<Scalar>,
    /// `dir`.
    pub dir: Option<Scalar>,
}

impl OnDown {
    /// The keys where it is a map.
    pub(crate) const KEYS: &'static [&'static str] = &["gutter"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<OnDown> {
        if !matches!(node.value, Value::Map(_)) {
            return scalar(node, place, problems).map(OnDown::Word);
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        let Some((place, node)) = map.node("gutter") else {
            problems.missing(&place, "gutter", "write gutter: {pool: …, ttl: 10s}, or on_down: miss");
            return None;
        };
        Some(OnDown::Gutter(Gutter::read(node, place, problems)))
    }
}

impl Gutter {
    /// The keys of a gutter.
    pub(crate) const KEYS: &'static [&'static str] = &["pool", "ttl"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Gutter {
        if !matches!(node.value, Value::Map(_)) {
            let pool = scalar(node, place.clone(), problems);
            return Gutter { place, pool, ttl: None };
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        if map.node("pool").is_none() {
            problems.missing(&place, "pool", "write the name of a pool, or embedded");
        }
        Gutter { place, pool: map.scalar("pool", problems), ttl: map.scalar("ttl", problems) }
    }
}

impl SpoolConfig {
    /// The keys of the spool.
    pub(crate) const KEYS: &'static [&'static str] = &["max_keys", "dir"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> SpoolConfig {
        let map = Fields::open(node, place, Self::KEYS, problems);
        SpoolConfig { max_keys: map.scalar("max_keys", problems), dir: map.scalar("dir", problems) }
    }
}
