//! The written form of a route's queues.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `queue` of a route.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `dir`.
    pub dir: Option<Scalar>,
    /// `pool`.
    pub pool: Option<Scalar>,
    /// `mode`.
    pub mode: Option<Scalar>,
    /// `reserve`.
    pub reserve: Option<Scalar>,
    /// `max_items`.
    pub max_items: Option<Scalar>,
    /// `max_bytes`.
    pub max_bytes: Option<Scalar>,
    /// `max_message`.
    pub max_message: Option<Scalar>,
    /// `sync`.
    pub sync: Option<Scalar>,
    /// `max_redeliveries`.
    pub max_redeliveries: Option<Scalar>,
}

impl Queues {
    /// The keys of queues.
    pub(crate) const KEYS: &'static [&'static str] =
        &["dir", "pool", "mode", "reserve", "max_items", "max_bytes", "max_message", "sync", "max_redeliveries"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Queues {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Queues {
            place,
            dir: map.scalar("dir", problems),
            pool: map.scalar("pool", problems),
            mode: map.scalar("mode", problems),
            reserve: map.scalar("reserve", problems),
            max_items: map.scalar("max_items", problems),
            max_bytes: map.scalar("max_bytes", problems),
            max_message: map.scalar("max_message", problems),
            sync: map.scalar("sync", problems),
            max_redeliveries: map.scalar("max_redeliveries", problems),
        }
    }

    /// What only the leash that has the messages can do, as far as it is written, by its key.
    pub(crate) fn of_holder(&self) -> impl Iterator<Item = (&'static str, &Scalar)> {
        let keys = [
            ("max_items", &self.max_items),
            ("max_bytes", &self.max_bytes),
            ("max_message", &self.max_message),
            ("sync", &self.sync),
            ("max_redeliveries", &self.max_redeliveries),
        ];
        keys.into_iter().filter_map(|(key, written)| Some((key, written.as_ref()?)))
    }
}
