//! How the queues were when that was told last, for those who do not wait for long: an answer that comes too late for the one
//! who asked is the next one's.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::figures::HolderFigures;
use super::order::QueueAnswer;

/// As they were told last, and the answer that is still to come.
#[derive(Default)]
pub(super) struct LastFigures {
    told: HolderFigures,
    coming: Option<Receiver<QueueAnswer>>,
}

impl LastFigures {
    /// The newest there are. Asks for others, unless an answer is still to come, and waits for so long.
    pub(super) fn newest(&mut self, patience: Duration, ask: impl FnOnce() -> Receiver<QueueAnswer>) -> HolderFigures {
        let late = self.coming.take();
        let late = late.filter(|late| self.is_to_come(late, Duration::ZERO));
        let coming = late.unwrap_or_else(ask);
        if self.is_to_come(&coming, patience) {
            self.coming = Some(coming);
        }
        self.told.clone()
    }

    /// Takes the answer in, if there is one in time.
    fn is_to_come(&mut self, coming: &Receiver<QueueAnswer>, patience: Duration) -> bool {
        match coming.recv_timeout(patience) {
            Ok(QueueAnswer::Figures(told)) => {
                self.told = told;
                false
            }
            Err(RecvTimeoutError::Timeout) => true,
            Ok(_) | Err(RecvTimeoutError::Disconnected) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn figures(others: u64) -> QueueAnswer {
        QueueAnswer::Figures(HolderFigures { others, ..HolderFigures::default() })
    }

    #[test]
    fn an_answer_that_is_late_is_told_the_next_time_and_asked_for_once() {
        let (mut last, (late, answer)) = (LastFigures::default(), sync_channel(1));
        assert_eq!(last.newest(Duration::ZERO, || answer).others, 0);
        assert_eq!(last.newest(Duration::ZERO, || panic!("it is still to come")).others, 0);
        late.send(figures(7)).unwrap();
        let (next, answer) = sync_channel(1);
        assert_eq!(last.newest(Duration::ZERO, || answer).others, 7, "others are asked for, and are not there yet");
        next.send(figures(8)).unwrap();
        drop(next);
        let (_, over) = sync_channel(1);
        assert_eq!(last.newest(Duration::ZERO, || over).others, 8);
        let (_, over) = sync_channel(1);
        assert_eq!(last.newest(Duration::ZERO, || over).others, 8, "nobody answers any more");
    }
}
