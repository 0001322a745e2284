//! Names of servers on their way into a hash.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Changing it moves every key of every user of rendezvous hashing.
const SEED: u64 = 0x6c65_6173_6821_0001;

/// The hash a server's name goes by.
pub(super) fn name_hash(name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), SEED)
}

/// The name as clients write it that have no brackets around an IPv6 address: `::1:22122` for `[::1]:22122`.
pub(super) fn bare(name: &str) -> String {
    match name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => format!("{host}{port}"),
        None => name.into(),
    }
}

/// The name as libmemcached and twemproxy hash it: without the port, if that is memcached's own.
pub(super) fn without_default_port(name: &str) -> String {
    let name = bare(name);
    name.strip_suffix(":11211").unwrap_or(&name).into()
}

/// The name as pymemcache and Dalli hash it: with the port always, also where it is memcached's own; a path has none.
pub(super) fn with_port(name: &str) -> String {
    let has_none = !name.starts_with('/') && (!name.contains(':') || name.ends_with(']'));
    bare(name) + if has_none { ":11211" } else { "" }
}

/// The places of the servers in the order twemproxy sorts them in: shorter names first, then by their bytes
/// (`conf_validate_server` in twemproxy 0.5.0, `src/nc_conf.c`).
pub(super) fn twemproxy_order(servers: &[(&str, u32)]) -> Vec<u16> {
    let mut places = given_order(servers);
    places.sort_by_cached_key(|&place| {
        let name = without_default_port(servers[usize::from(place)].0);
        (name.len(), name)
    });
    places
}

/// The places of the servers in the order they were given in.
pub(super) fn given_order(servers: &[(&str, u32)]) -> Vec<u16> {
    (0..servers.len()).map(|place| place as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twemproxy_sorts_by_length_first_and_knows_no_default_port() {
        assert_eq!(twemproxy_order(&[("m10", 1), ("m9:11211", 1), ("m8:1", 1), ("z", 1)]), [3, 1, 0, 2]);
    }

    #[test]
    fn a_port_is_added_where_there_is_none() {
        let names = ["m0", "m0:11211", "m0:22122", "[::1]", "[::1]:22122", "/run/m.sock"].map(with_port);
        assert_eq!(names, ["m0:11211", "m0:11211", "m0:22122", "::1:11211", "::1:22122", "/run/m.sock"]);
    }

    #[test]
    fn only_the_brackets_of_an_address_go() {
        assert_eq!(bare("[::1]:22122"), "::1:22122");
        assert_eq!(bare("[::1]"), "::1");
        assert_eq!(bare("m0:11211"), "m0:11211");
        assert_eq!(bare("a[0]"), "a[0]");
    }
}
