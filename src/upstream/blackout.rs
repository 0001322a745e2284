//! The servers of one pool as seen together: whether all of them look down at once.
//!
//! Several servers hardly ever die in the same moment. If all look down, this machine has most likely lost its network
//! while the servers go on serving others: deletes for them are then not worth remembering, and one line in the log
//! says so.
//!
//! Servers come and go with configurations; the pool's name stays. So each server has a [`PoolSeat`], which it leaves
//! when no configuration uses it any more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many servers of one pool look down.
pub struct Peers {
    pool: Arc<str>,
    count: Mutex<Count>,
    blackouts: AtomicU64,
}

#[derive(Clone, Copy, Default)]
struct Count {
    members: usize,
    down: usize,
}

/// The place of one server among its peers.
pub struct PoolSeat {
    peers: Arc<Peers>,
    /// Whether it looks down.
    is_down: Mutex<bool>,
}

impl Peers {
    /// The servers of `pool`, none so far.
    pub fn new(pool: Arc<str>) -> Arc<Peers> {
        Arc::new(Peers { pool, count: Mutex::default(), blackouts: AtomicU64::new(0) })
    }

    /// A place for one more server.
    pub fn join(self: &Arc<Self>, is_down: bool) -> PoolSeat {
        self.change(|count| {
            count.members += 1;
            count.down += usize::from(is_down);
        });
        PoolSeat { peers: self.clone(), is_down: Mutex::new(is_down) }
    }

    /// Whether all look down. One server alone is not told from its network.
    pub fn all_look_down(&self) -> bool {
        self.count().all_look_down()
    }

    /// How often all looked down so far.
    pub fn blackouts(&self) -> u64 {
        self.blackouts.load(Ordering::Relaxed)
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Count)) {
        let mut count = self.count();
        let before = count.all_look_down();
        change(&mut count);
        let (after, servers) = (count.all_look_down(), count.members);
        drop(count);
        if after && !before {
            self.blackouts.fetch_add(1, Ordering::Relaxed);
            tracing::error!(pool = %self.pool, servers, "all servers look down at once, is it the network of this machine?");
        }
        if before && !after {
            tracing::info!(pool = %self.pool, "servers are reached again");
        }
    }
}

impl Count {
    fn all_look_down(self) -> bool {
        self.members > 1 && self.down == self.members
    }
}

impl PoolSeat {
    /// A place without others.
    pub fn alone() -> PoolSeat {
        Peers::new("".into()).join(false)
    }

    /// A seat among the same peers for the target that succeeds this one: it looks up or down as this one does.
    pub fn for_successor(&self) -> PoolSeat {
        self.peers.join(self.looks_down())
    }

    /// Whether all look down who have a seat here.
    pub fn all_look_down(&self) -> bool {
        self.peers.all_look_down()
    }

    /// Whether the server looks down.
    pub fn looks_down(&self) -> bool {
        *self.is_down()
    }

    /// Says whether the server looks down from now on.
    pub fn set_down(&self, is_down: bool) {
        let mut was_down = self.is_down();
        if std::mem::replace(&mut *was_down, is_down) != is_down {
            self.peers.change(|count| count.down = if is_down { count.down + 1 } else { count.down - 1 });
        }
    }

    fn is_down(&self) -> MutexGuard<'_, bool> {
        self.is_down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PoolSeat {
    fn drop(&mut self) {
        let is_down = self.looks_down();
        self.peers.change(|count| {
            count.members -= 1;
            count.down -= usize::from(is_down);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_servers_look_down_only_if_there_are_several_and_none_is_up() {
        let peers = Peers::new("main".into());
        let seats = [false; 3].map(|is_down| peers.join(is_down));
        seats[..2].iter().for_each(|seat| seat.set_down(true));
        assert_eq!((peers.all_look_down(), peers.blackouts()), (false, 0));
        seats[2].set_down(true);
        seats[2].set_down(true);
        assert_eq!((peers.all_look_down(), peers.blackouts()), (true, 1));
        seats[0].set_down(false);
        assert_eq!((peers.all_look_down(), peers.blackouts()), (false, 1));
        let alone = PoolSeat::alone();
        alone.set_down(true);
        assert!(!alone.all_look_down());
    }

    #[test]
    fn servers_that_come_and_go_count_while_they_are_there() {
        let peers = Peers::new("main".into());
        let (first, up) = (peers.join(true), peers.join(false));
        let second = peers.join(true);
        assert!(!peers.all_look_down());
        drop(up);
        assert_eq!((peers.all_look_down(), peers.blackouts()), (true, 1));
        let successors = [peers.join(true), peers.join(true)];
        drop((first, second));
        assert_eq!((peers.all_look_down(), peers.blackouts()), (true, 1), "it is the same blackout");
        let _new = peers.join(false);
        assert!(!peers.all_look_down());
        drop(successors);
    }
}
