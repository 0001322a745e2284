//! What is counted of each command of a client once it is answered.

use super::asked::{Asked, Witness};
use super::connection::Connection;
use crate::metrics::{RequestOutcome, RouteId, StatsCount};
use crate::protocol::{CommandClass, Reply};

impl Witness for Connection {
    fn answered(&self, asked: &Asked) {
        if let Some(route) = asked.route {
            self.service.shard().observe(route, asked.class, self.service.turn.since(asked.at));
        }
    }

    fn outcome(&self, route: Option<RouteId>, class: CommandClass, reply: &Reply) {
        if let Some(route) = route {
            self.service.shard().count(route, class, outcome(class, reply));
        }
    }

    fn tally(&self, what: StatsCount) {
        self.service.shard().tally(what);
    }
}

/// The word for what became of a request.
fn outcome(class: CommandClass, reply: &Reply) -> RequestOutcome {
    match reply {
        Reply::Hit(_) if class == CommandClass::Store => RequestOutcome::Stored,
        Reply::Hit(_) | Reply::Debug(_) => RequestOutcome::Hit,
        Reply::Miss | Reply::NotFound => RequestOutcome::Miss,
        Reply::NotStored => RequestOutcome::NotStored,
        Reply::Exists => RequestOutcome::Exists,
        Reply::Done | Reply::Version(_) => RequestOutcome::Ok,
        Reply::Error(_) => RequestOutcome::Error,
        Reply::Failed(_) => RequestOutcome::Failed,
    }
}
