//! Another configuration while servers are down: nothing that is known of them is forgotten.

use crate::figures::{metric, reaches};
use crate::pools::{comes_back, config, goes_down, leash};
use crate::reloading::reload;
use crate::support::Memcached;

/// A change that has nothing to do with servers.
const UNRELATED: &str = "limits: {in_flight: 99}\n";

#[test]
fn all_servers_that_look_down_still_do_after_a_reload_and_it_is_one_blackout() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let (mut client, names) = (leash.client(), ["m0", "m1", "m2"]);
    servers.iter_mut().for_each(Memcached::kill);
    names.iter().for_each(|name| goes_down(&leash, name, &mut client));
    reaches(&leash, "leash_pool_blackout", "", 1.0);
    for (pool, more) in [("", UNRELATED), ("failures: 2", UNRELATED), ("failures: 9, connect_timeout: 300ms", "")] {
        let asked = metric(&leash, "leash_upstream_requests_total", "");
        reload(&leash, config(&servers, pool, more));
        client.expect("get a b c d e f g h i\r\n", "END\r\n");
        assert_eq!(metric(&leash, "leash_upstream_requests_total", ""), asked, "nothing is asked of them: {pool}");
        assert_eq!(metric(&leash, "leash_server_up", ""), 0.0, "{pool}");
        assert_eq!(metric(&leash, "leash_pool_blackout", ""), 1.0, "{pool}");
    }
    servers.iter_mut().for_each(Memcached::restart);
    names.iter().for_each(|name| comes_back(&leash, name));
    reaches(&leash, "leash_pool_blackout", "", 0.0);
    assert_eq!(metric(&leash, "leash_pool_blackouts_total", ""), 1.0, "{}", leash.log());
    assert_eq!(leash.log().matches("servers are reached again").count(), 1, "{}", leash.log());
}

#[test]
fn servers_that_are_gone_from_the_configuration_do_not_count_as_up_or_down() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    servers[..2].iter_mut().for_each(Memcached::kill);
    ["m0", "m1"].iter().for_each(|name| goes_down(&leash, name, &mut client));
    assert_eq!(metric(&leash, "leash_pool_blackout", ""), 0.0);
    reload(&leash, config(&servers[..2], "", ""));
    reaches(&leash, "leash_pool_blackout", "", 1.0);
    reload(&leash, config(&servers, "", ""));
    reaches(&leash, "leash_pool_blackout", "", 0.0);
}
