//! The written form of `discover`: how the servers of a pool are found.

use crate::config::fields::{Fields, Scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::YamlNode;

/// `servers` of a pool, as a map: `{discover: …}`.
pub(crate) struct FoundServers;

/// `discover`.
#[derive(Clone, Debug)]
pub(crate) struct Discover {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `elasticache`.
    pub elasticache: Option<Scalar>,
    /// `dns_srv`.
    pub dns_srv: Option<Scalar>,
    /// `dns`.
    pub dns: Option<Scalar>,
    /// `nameserver`.
    pub nameserver: Option<Scalar>,
    /// `every`.
    pub every: Option<Scalar>,
    /// `shrink_after`.
    pub shrink_after: Option<Scalar>,
}

impl FoundServers {
    /// The keys of `servers` where it is a map.
    pub(crate) const KEYS: &'static [&'static str] = &["discover"];

    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Discover> {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        let Some((place, node)) = map.node("discover") else {
            problems.missing(&place, "discover", "write a list of servers, or discover: {dns_srv: …}");
            return None;
        };
        Some(Discover::read(node, place, problems))
    }
}

impl Discover {
    /// The keys of a discovery.
    pub(crate) const KEYS: &'static [&'static str] =
        &["elasticache", "dns_srv", "dns", "nameserver", "every", "shrink_after"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Discover {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Discover {
            place,
            elasticache: map.scalar("elasticache", problems),
            dns_srv: map.scalar("dns_srv", problems),
            dns: map.scalar("dns", problems),
            nameserver: map.scalar("nameserver", problems),
            every: map.scalar("every", problems),
            shrink_after: map.scalar("shrink_after", problems),
        }
    }
}
