//! What a fresh hit costs on a route with a loader, beside one that refreshes: CPU time of all threads of leash.

use support::{BOUND, Client, Leash, Memcached, Origin, turn};

use crate::cost::{Costs, TOGETHER, cost, in_turns};

#[test]
fn a_fresh_hit_on_a_route_with_a_loader_costs_at_most_a_twentieth_more_than_on_one_that_refreshes() {
    let _alone = turn::alone();
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(404)");
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: ['{}']}}}}\nroutes:\n- {{prefix: 'r:', pool: main, refresh: {{}}}}\n\
         - {{prefix: 'l:', pool: main, loader: {{url: '{}', fail_safe: 1h}}}}\n- {{prefix: '', pool: main}}\n",
        servers[0].address(),
        origin.url("/{key}")
    ));
    let mut clients: [Client; 2] = [leash.client(), leash.client()];
    clients.iter_mut().for_each(|client| client.set_bound(BOUND));
    let gets = ["r", "l"].map(|route| {
        let keys = (0..TOGETHER).map(|n| format!("{route}:0123456789ab{n:04}"));
        keys.map(|key| {
            clients[0].expect(format!("set {key} 0 3000 100\r\n{}\r\n", "v".repeat(100)), "STORED\r\n");
            format!("get {key}\r\n")
        })
        .collect::<String>()
        .into_bytes()
    });
    let answer = TOGETHER * ("VALUE r:0123456789ab0000 0 100\r\n\r\nEND\r\n".len() + 100);
    let costs = in_turns(1.05, || [1, 0].map(|n| cost(&leash, &mut clients[n], (&gets[n], answer))));
    let Costs { first: loads, second: refreshes, quotient } = costs;
    println!(
        "a fresh hit costs {refreshes:.0} ns where values are refreshed, {loads:.0} where they are loaded: {quotient:.2}"
    );
    assert!(quotient <= 1.05, "{loads:.0} ns, {refreshes:.0} where values are refreshed: {quotient:.2}");
    assert_eq!(origin.calls(), 0, "a hit asks for nothing");
}
