//! The written form of `metrics`.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `metrics`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    /// `per_server`.
    pub per_server: Option<Scalar>,
}

impl Metrics {
    /// Its keys.
    pub(crate) const KEYS: &'static [&'static str] = &["per_server"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Metrics {
        let map = Fields::open(node, place, Self::KEYS, problems);
        Metrics { per_server: map.scalar("per_server", problems) }
    }
}
