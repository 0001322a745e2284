//! The written form of a route's migration.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `migrate` of a route.
#[derive(Clone, Debug)]
pub(crate) struct Migrate {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `from`.
    pub from: Option<Scalar>,
    /// `to`.
    pub to: Option<Scalar>,
    /// `phase`.
    pub phase: Option<Scalar>,
}

impl Migrate {
    /// The keys of a migration.
    pub(crate) const KEYS: &'static [&'static str] = &["from", "to", "phase"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Migrate {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Migrate {
            from: map.scalar("from", problems),
            to: map.scalar("to", problems),
            phase: map.scalar("phase", problems),
            place,
        }
    }
}
