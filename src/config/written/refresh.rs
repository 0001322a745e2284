//! The written form of a route's refresh policy.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `refresh` of a route.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    /// Where it begins.
    pub place: ConfigPlace,
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
    /// `letters`.
    pub letters: Option<Scalar>,
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
    pub(crate) const KEYS: &'static [&'static str] =
        &["grace", "lease", "cold_wait", "jitter", "marker_bit", "letters", "early"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Refresh> {
        let map = Fields::switched_on(node, place.clone(), Self::KEYS, problems)?;
        Some(Refresh {
            place,
            grace: map.scalar("grace", problems),
            lease: map.scalar("lease", problems),
            cold_wait: map.scalar("cold_wait", problems),
            jitter: map.scalar("jitter", problems),
            marker_bit: map.scalar("marker_bit", problems),
            letters: map.scalar("letters", problems),
            early: map.node("early").and_then(|(place, node)| Early::read(node, place, problems)),
        })
    }
}

impl Early {
    /// The keys of an early refresh.
    pub(crate) const KEYS: &'static [&'static str] = &["beta"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Early> {
        let map = Fields::switched_on(node, place, Self::KEYS, problems)?;
        Some(Early { beta: map.scalar("beta", problems) })
    }
}
