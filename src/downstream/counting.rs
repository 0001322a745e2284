//! What is counted of each command of a client once it is answered.

use super::asked::{Asked, Witness};
use super::connection::Connection;
use crate::metrics::{RequestOutcome, RouteId, StatsCount};
use crate::protocol::CommandClass;

impl Witness for Connection {
    fn answered(&self, asked: &Asked) {
        if let Some(route) = asked.route {
            self.service.shard().observe(route, asked.class, self.service.turn.since(asked.at));
        }
    }

    fn outcomes(&self, route: Option<RouteId>, class: CommandClass, outcome: RequestOutcome, count: u64) {
        if let Some(route) = route {
            self.service.shard().count_alike(route, class, outcome, count);
        }
    }

    fn tally(&self, what: StatsCount) {
        self.service.shard().tally(what);
    }
}
