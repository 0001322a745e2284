//! What was deleted or replaced while its server stood still is not read again when that goes on, whatever becomes of
//! leash in between. It is read all the time, so also at the moment of the return.

use support::figures::metric;
use support::{BOUND, Leash, Memcached, wait_until};

use super::pools::{directory, goes_down, keys_of, leash, misses, reads, set};

/// What becomes of leash while the server stands still.
type InBetween = fn(&mut Leash);

const STORIES: [(&str, InBetween); 3] = [
    ("leash goes on", |_| ()),
    ("leash is restarted", |leash| {
        leash.terminate();
        leash.restart();
    }),
    ("leash is killed and started", |leash| {
        leash.crash();
        leash.restart();
    }),
];

fn nobody_reads_it_again(story: &str, in_between: InBetween) {
    let servers = Memcached::start_many(3);
    let (_directory, line) = directory();
    let mut leash = leash(&servers, "", &line);
    let mut client = leash.client();
    let keys = keys_of(&leash, "m1", 12);
    let (gone, kept) = keys.split_at(10);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[1].freeze();
    goes_down(&leash, "m1", &mut client);
    for key in &gone[..5] {
        client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
    }
    for key in &gone[5..] {
        assert!(client.ask(format!("set {key} 0 0 3\r\nnew\r\n")).ends_with(": is down"), "{story}");
    }
    in_between(&mut leash);

    let mut client = leash.client();
    gone.iter().for_each(|key| misses(&mut client, key));
    servers[1].thaw();
    let mut rounds = 0;
    wait_until("m1 is up", BOUND, || {
        gone.iter().for_each(|key| misses(&mut client, key));
        rounds += 1;
        metric(&leash, "leash_server_up", "server=\"m1\"") == 1.0
    });
    gone.iter().for_each(|key| misses(&mut client, key));
    kept.iter().for_each(|key| reads(&mut client, key, "old"));
    println!(
        "{story}: {} deleted keys were asked for {rounds} times until their server was back, and missed",
        gone.len()
    );
}

#[test]
fn what_is_deleted_while_its_server_stands_still_is_not_read_again_whatever_becomes_of_leash() {
    for (story, in_between) in STORIES {
        nobody_reads_it_again(story, in_between);
    }
}
