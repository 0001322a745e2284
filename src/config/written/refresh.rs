//! The written form of a route's refresh policy.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::{Value, YamlNode};

/// `refresh` of a route.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    /// `grace`.
    pub grace: Option<Scalar>,
    /// `lease`.
    pub lease: Option<Scalar>,
    /// `cold_wait`.
    pub cold_wait: Option<Scalar>,
    /// `jitter`.
    pub jitter: Option<Scalar>,
    /// `marker_bit`.
    pub marker_bit: Option<Scalar>,
    /// `early`.
    pub early: Option<Early>,
}

/// `early` of a refresh.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    /// `beta`.
    pub beta: Option<Scalar>,
}

impl Refresh {
    /// The keys of a refresh.
    pub(crate) const KEYS: &'static [&'static str] = &["grace", "lease", "cold_wait", "jitter", "marker_bit", "early"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Refresh> {
        let map = switched_on(node, place, Self::KEYS, problems)?;
        Some(Refresh {
            grace: map.scalar("grace", problems),
            lease: map.scalar("lease", problems),
            cold_wait: map.scalar("cold_wait", problems),
            jitter: map.scalar("jitter", problems),
            marker_bit: map.scalar("marker_bit", problems),
            early: map.node("early").and_then(|(place, node)| Early::read(node, place, problems)),
        })
    }
}

impl Early {
    /// The keys of an early refresh.
    pub(crate) const KEYS: &'static [&'static str] = &["beta"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Early> {
        let map = switched_on(node, place, Self::KEYS, problems)?;
        Some(Early { beta: map.scalar("beta", problems) })
    }
}

/// Opens the map of a policy that is off unless it is written. Nothing, `off` or `true` in its place would leave open
/// whether it is meant to be on.
fn switched_on<'n>(
    node: &'n YamlNode,
    place: ConfigPlace,
    known: &[&str],
    problems: &mut Problems,
) -> Option<Fields<'n>> {
    if !matches!(node.value, Value::Map(_)) {
        problems.add(&place, "no map (key: value); write {} for its defaults, or leave the key out to turn it off");
        return None;
    }
    Some(Fields::open(node, place, known, problems))
}
