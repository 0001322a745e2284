//! The queues of a route that this leash keeps: how they are.

use serde::{Deserialize, Serialize};

use super::{Grade, Overview, ShownRoute};
use crate::metrics::QueueCounts;
use crate::readable::{age, counted};

/// A message that waits for longer is worth a word.
pub(super) const LONG: f64 = 600.0;

/// The queues of a route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownQueues {
    /// The directory of their messages.
    pub dir: String,
    /// How clients take messages.
    pub mode: String,
    /// How many there are.
    pub queues: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that consumers have.
    pub reserved: u64,
    /// Consumers that wait for a message.
    pub waiters: u64,
    /// Seconds that the oldest message which waits has been there.
    pub age: f64,
    /// Bytes of the files.
    pub bytes: u64,
    /// What was counted since the start.
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// Messages that were not taken.
    pub refused: u64,
    /// Whether the disk refuses to work.
    pub is_disk_refusing: bool,
    /// Files that were found damaged, cut short or missing when leash began.
    pub damaged_files: u64,
    /// Those with the most messages, the longest first.
    pub longest: Vec<ShownQueue>,
}

/// One queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownQueue {
    /// Its name.
    pub name: String,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that consumers have.
    pub reserved: u64,
    /// Consumers that wait for a message.
    pub waiters: u64,
    /// Seconds that the oldest message which waits has been there.
    pub age: f64,
    /// Messages given back since the start.
    pub redelivered: u64,
}

impl ShownQueues {
    /// How they are, and the word for that.
    pub fn state(&self) -> (Grade, &'static str) {
        match () {
            () if self.is_disk_refusing => (Grade::Bad, "disk refuses"),
            () if self.damaged_files > 0 => (Grade::Fair, "files damaged"),
            () if self.age > LONG => (Grade::Fair, "waiting long"),
            () if self.waiting + self.reserved > 0 => (Grade::Good, "busy"),
            () => (Grade::Good, "empty"),
        }
    }

    /// What went otherwise than planned since the start; `None` if nothing did.
    pub fn in_brief(&self) -> Option<String> {
        let all = [
            (self.counts.redelivered, "given back"),
            (self.counts.expired, "expired"),
            (self.counts.dead, "given up"),
            (self.refused, "refused"),
            (self.counts.damaged, "lost"),
        ];
        let were = all.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> =
            were.map(|(count, what)| format!("{} {what}", counted(*count as usize, "message"))).collect();
        (!told.is_empty()).then(|| format!("Since the start: {}", told.join(", ")))
    }
}

impl ShownQueue {
    /// How long the oldest message has waited, in words.
    pub fn oldest(&self) -> Option<String> {
        (self.waiting > 0).then(|| age(self.age))
    }
}

impl Overview {
    /// The routes whose queues are here, the worst first.
    pub fn queues(&self) -> Vec<(&ShownRoute, &ShownQueues)> {
        let mut queues: Vec<(&ShownRoute, &ShownQueues)> =
            self.routes.iter().filter_map(|route| Some((route, route.queues.as_ref()?))).collect();
        queues.sort_by_key(|(_, queues)| std::cmp::Reverse(queues.state().0));
        queues
    }

    /// What a leash has that has no servers.
    pub(super) fn queues_in_brief(&self) -> String {
        let sum =
            |of: fn(&ShownQueues) -> u64| self.queues().iter().map(|(_, queues)| of(queues)).sum::<u64>() as usize;
        let waiting = counted(sum(|queues| queues.waiting), "message");
        format!("{} with {waiting}", counted(sum(|queues| queues.queues), "queue"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_that_is_known_of_queues_is_their_state() {
        let mut queues = ShownQueues::default();
        assert_eq!(queues.state(), (Grade::Good, "empty"));
        queues.waiting = 1;
        assert_eq!(queues.state(), (Grade::Good, "busy"));
        queues.age = LONG + 1.0;
        assert_eq!(queues.state(), (Grade::Fair, "waiting long"));
        queues.is_disk_refusing = true;
        assert_eq!(queues.state(), (Grade::Bad, "disk refuses"));
    }

    #[test]
    fn a_leash_without_servers_tells_of_its_queues() {
        let route = |queues: ShownQueues| serde_json::json!({ "prefix": "", "pool": "", "now": super::super::Rates::default(), "queues": queues });
        let queues = [ShownQueues { queues: 2, waiting: 1_500, ..ShownQueues::default() }, ShownQueues::default()];
        let routes = queues.into_iter().map(|queues| serde_json::from_value(route(queues)).unwrap()).collect();
        let overview = Overview { routes, ..Overview::default() };
        assert_eq!(overview.in_brief(), "2 queues with 1,500 messages");
    }

    #[test]
    fn only_what_there_was_is_told_in_brief() {
        let counts = QueueCounts { redelivered: 1, ..QueueCounts::default() };
        let some = ShownQueues { counts, refused: 1200, ..ShownQueues::default() };
        assert_eq!(some.in_brief().as_deref(), Some("Since the start: 1 message given back, 1,200 messages refused"));
        assert_eq!(ShownQueues::default().in_brief(), None);
    }
}
