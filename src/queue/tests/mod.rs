//! Queues on real files.

mod bounds;
mod damage;
mod faults;
mod faulty_disk;
mod keeper;
mod line;
mod over;
mod owed;
mod reserving;
mod waiting;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::*;

const BY: Consumer = Consumer(1);
const OTHER: Consumer = Consumer(2);

fn terms() -> HolderTerms {
    HolderTerms { reserve: Duration::from_secs(30), ..HolderTerms::default() }
}

/// A holder to which one order is given at a time.
struct Desk {
    holder: QueueHolder<SegmentFiles, ()>,
    now: Moment,
}

impl Desk {
    fn open(directory: &Path, terms: HolderTerms) -> Desk {
        let now = Moment { up: Duration::ZERO, unix: Duration::from_secs(1_700_000_000) };
        Desk { holder: QueueHolder::open(SegmentFiles::open(directory).unwrap(), terms).unwrap(), now }
    }

    fn all(&mut self, order: QueueOrder) -> Vec<QueueAnswer> {
        self.holder.work([(order, ())], self.now).into_iter().map(|((), answer)| answer).collect()
    }

    fn ask(&mut self, order: QueueOrder) -> QueueAnswer {
        let mut answers = self.all(order);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    fn put(&mut self, queue: &'static str, body: &'static str) -> QueueAnswer {
        self.ask(put(queue, body, 0))
    }

    /// What a consumer takes, as text; nothing is an empty one.
    fn take(&mut self, queue: &'static str, by: Consumer, how: Taking) -> String {
        text(self.ask(take(queue, by, how, Duration::ZERO)))
    }

    fn settle(&mut self, queue: &'static str, id: Option<u64>, how: Settling) -> QueueAnswer {
        self.ask(QueueOrder::Settle { queue: queue.into(), by: BY, id, how })
    }

    fn pass(&mut self, time: Duration) -> Vec<QueueAnswer> {
        self.now.up += time;
        self.now.unix += time;
        self.holder.work([], self.now).into_iter().map(|((), answer)| answer).collect()
    }
}

fn put(queue: &'static str, body: &'static str, expires: u64) -> QueueOrder {
    QueueOrder::Put { queue: queue.into(), client_flags: 7, expires, body: body.into() }
}

fn take(queue: &'static str, by: Consumer, how: Taking, wait: Duration) -> QueueOrder {
    QueueOrder::Take { queue: queue.into(), by, how, wait }
}

fn text(answer: QueueAnswer) -> String {
    match answer {
        QueueAnswer::Message(_, message) => String::from_utf8(message.body.to_vec()).unwrap(),
        QueueAnswer::Nothing => String::new(),
        other => panic!("{other:?}"),
    }
}
