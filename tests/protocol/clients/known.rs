//! What clients hear otherwise than from memcached because a page of the reference says so, and nothing else. What is here and is
//! heard no more fails the test of its client.

/// One difference.
pub struct Known {
    clients: &'static [&'static str],
    route: &'static str,
    /// The question, as its line begins.
    pub question: &'static str,
    /// The page of docs/reference that says why.
    pub page: &'static str,
}

/// A server that is down cannot be flushed, and its error is the answer; the other clients give their callers no answer.
const TOLD_OF_A_FLUSH: &[&str] = &[
    "async_memcached_crate",
    "cache_memcached",
    "cache_memcached_fast",
    "dalli_binary",
    "dalli_meta",
    "django_pylibmc",
    "django_pymemcache",
    "gomemcache",
    "memcache_crate",
    "memcache_crate_binary",
    "node_memcached",
    "php_memcached",
    "pylibmc",
    "pymemcache",
    "python_binary_memcached",
    "spymemcached",
    "spymemcached_binary",
];

/// These leave a server alone for a while that answered with an error.
const OFFENDED: &[&str] = &["django_pylibmc", "node_memcached", "pylibmc", "pylibmc_binary"];

const DALLI: &[&str] = &["dalli_binary", "dalli_meta"];

const KNOWN: &[Known] = &[
    of(TOLD_OF_A_FLUSH, "gutter", "flush_all", "deviations"),
    of(OFFENDED, "gutter", "get after flush_all", "deviations"),
    of(&["cache_memcached_fast_suite"], "gutter", "flush-all ", "deviations"),
    of(DALLI, "namespace", "set of a key of 400 bytes", "replies"),
    of(DALLI, "namespace", "get of a key of 400 bytes", "replies"),
    of(&["pylibmc", "pylibmc_binary", "pymemcache"], "namespace", "get with the longest key", "replies"),
    of(
        &["pylibmc", "pylibmc_binary", "pymemcache", "python_binary_memcached"],
        "namespace",
        "set with the longest key",
        "replies",
    ),
    // It takes no notice of the letter that tells it to make a new value.
    of(&["dalli_meta"], "refresh", "get after a second", "clients"),
    of(&["gomemcache"], "refresh", "Set with all flags", "replies"),
    of(&["gomemcache"], "refresh", "Get with all flags", "replies"),
];

const fn of(
    clients: &'static [&'static str],
    route: &'static str,
    question: &'static str,
    page: &'static str,
) -> Known {
    Known { clients, route, question, page }
}

/// What this client hears otherwise on this route.
pub fn known(client: &str, route: &str) -> Vec<&'static Known> {
    KNOWN.iter().filter(|known| known.route == route && known.clients.contains(&client)).collect()
}
