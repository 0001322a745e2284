//! What a message costs leash in a queue that is deep, beside one that is empty. The messages that stand there are written by
//! this program with leash's own room of queues, which takes seconds for what would take minutes over a socket.

use std::time::Duration;

use bytes::Bytes;
use leash::queue::{HolderTerms, Moment, QueueAnswer, QueueHolder, QueueOrder, SegmentFiles};
use support::rig::Resident;
use tempfile::TempDir;

use super::broker::{Broker, directory};
use super::load::{Load, message, run};

const LENGTH: usize = 100;
/// Messages that one batch writes.
const TOGETHER: usize = 4096;
/// Rounds of each depth, in turns.
const ROUNDS: usize = 9;

/// Longer than all messages of a round take.
const LONG: Duration = Duration::from_secs(600);

/// What was measured at one depth.
pub struct Deep {
    pub depth: usize,
    /// Nanoseconds of CPU a message.
    pub cpu: f64,
    /// That in parts of what it is with an empty queue, in the middle of all rounds.
    pub ratio: f64,
    pub resident: Resident,
    pub on_disk: u64,
}

/// A directory whose queue "work" has so many messages.
fn filled(depth: usize) -> TempDir {
    let directory = directory();
    let files = SegmentFiles::open(directory.path()).expect("its own directory");
    let terms = HolderTerms { sync: false, ..HolderTerms::default() };
    let mut holder = QueueHolder::open(files, terms).expect("an empty directory");
    let queue = Bytes::from_static(b"work");
    let numbers: Vec<usize> = (0..depth).collect();
    for batch in numbers.chunks(TOGETHER) {
        let put = |number: &usize| {
            let body = message(*number, LENGTH).into();
            (QueueOrder::Put { queue: queue.clone(), client_flags: 0, expires: 0, body }, ())
        };
        let answers = holder.work(batch.iter().map(put), Moment::default());
        assert!(answers.iter().all(|((), answer)| matches!(answer, QueueAnswer::Stored(_))), "the disk takes it");
    }
    holder.sync().expect("the disk has it");
    directory
}

/// Measures one depth and an empty queue in turns, so that what the machine does meanwhile happens to both.
pub fn beside_empty(depth: usize, messages: usize) -> Deep {
    let brokers = [(0, Broker::holder(directory(), false)), (depth, Broker::holder(filled(depth), false))];
    let mut rounds: Vec<[f64; 2]> = (0..ROUNDS)
        .map(|round| {
            let first = round * messages;
            let load = Load { connections: 16, length: LENGTH, messages, time: LONG, first, depth: 0 };
            brokers.each_ref().map(|(depth, broker)| run(broker, Load { depth: *depth, ..load }).cpu)
        })
        .collect();
    rounds.sort_by(|[a, b], [c, d]| (b * c).total_cmp(&(d * a)));
    let [empty, deep] = rounds[ROUNDS / 2];
    let broker = &brokers[1].1;
    Deep { depth, cpu: deep, ratio: deep / empty, resident: Resident::of(broker.pid()), on_disk: broker.on_disk() }
}
