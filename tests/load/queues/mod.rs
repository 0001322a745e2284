//! Queues beside others that Debian has: what a message costs, from the producer to the acknowledgement of its consumer, in
//! beanstalkd, in lists of redis, and in leash; and what it costs leash in a queue that is deep. No comparison is asserted,
//! as nobody's machine is promised; what leash promises of itself is.
//!
//! In short by default. The tables of docs/design/queues.md are the long form, by a leash that is optimised:
//! `LEASH_TEST_LONG=1 cargo test --release --test load queues -- --nocapture --test-threads=1`.

mod broker;
mod depth;
mod load;
mod tongues;
mod wire;

use std::time::Duration;

use support::turn;

use broker::{Broker, Kind};
use depth::{Deep, beside_empty};
use load::{Load, Taken, run};

const MIB: u64 = 1 << 20;

/// What the published tables take, or what shows the same in a short time.
fn form<T>(long: T, short: T) -> T {
    if std::env::var_os("LEASH_TEST_LONG").is_some() { long } else { short }
}

/// So many connections with messages of this length through an empty queue, for as long as `time`.
fn passed(kind: Kind, connections: usize, length: usize, time: Duration) -> Taken {
    let broker = Broker::start(kind);
    run(&broker, Load { connections, length, messages: usize::MAX, time, first: 0, depth: 0 })
}

#[test]
fn a_message_passes_through_each_broker_whole_and_once() {
    let _alone = turn::alone();
    let time = form(Duration::from_secs(4), Duration::from_millis(200));
    for length in [100, 100_000] {
        println!("\nMessages of {length} bytes; for each number of connections messages/s, CPU a message, p99\n");
        println!("| | 1 | | | 16 | | | 64 | | |\n|---|---|---|---|---|---|---|---|---|---|");
        for kind in Kind::ALL {
            let cells = [1, 16, 64].map(|connections| shown(&passed(kind, connections, length, time)));
            println!("| {} | {} |", kind.name(), cells.join(" | "));
        }
    }
}

fn shown(taken: &Taken) -> String {
    let Taken { rate, cpu, waits } = taken;
    format!("{rate:.0} | {:.1} us | {:.1} ms", cpu / 1e3, waits.p99().as_secs_f64() * 1e3)
}

/// Where each message waited for a disk of its own, many clients would be no faster than one.
#[test]
fn clients_that_wait_for_the_disk_share_the_wait() {
    let _alone = turn::alone();
    let [one, many] =
        [1, 16].map(|count| passed(Kind::Leash { always: true }, count, 100, Duration::from_secs(2)).rate);
    println!("with sync: always one client has {one:.0} messages a second, sixteen have {many:.0}");
    assert!(many >= 2.0 * one, "{many:.0} is less than twice {one:.0}");
}

#[test]
fn a_deep_queue_costs_at_most_a_tenth_more_a_message_and_little_memory() {
    let _alone = turn::alone();
    println!("\n| depth | CPU a message | beside depth 0 | memory | on disk |\n|---|---|---|---|---|");
    for depth in form(vec![100_000, 1_000_000, 10_000_000], vec![100_000]) {
        let Deep { depth, cpu, ratio, resident, on_disk } = beside_empty(depth, form(10_000, 6_000));
        let (memory, disk) = (resident.peak / MIB, on_disk / MIB);
        println!("| {depth} | {:.1} us | {ratio:.2} | {memory} MiB | {disk} MiB |", cpu / 1e3);
        // So few messages say a tenth more or less by chance; a search through the queue would say many times as much.
        assert!(ratio <= form(1.1, 1.3), "{ratio:.2}");
        assert!(resident.peak < 200_000_000, "{resident}");
    }
}
