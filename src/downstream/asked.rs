//! What metrics want to know of a command, and who is told of it once it is answered.

use std::time::Instant;

use crate::metrics::{RequestOutcome, RouteId, StatsCount};
use crate::protocol::{Command, CommandClass, Reply};

/// What metrics want to know of a command once it is answered.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// When it came.
    pub at: Instant,
    /// The route that serves it; none serves a key without one.
    pub route: Option<RouteId>,
    /// What kind it is.
    pub class: CommandClass,
    /// What memcached's `stats` counts when it found its item, found none, or found it changed.
    pub tallies: Option<[StatsCount; 3]>,
}

/// Learns of each reply as it leaves.
pub(super) trait Witness {
    /// A command was answered.
    fn answered(&self, asked: &Asked);
    /// The same became of so many keys that one route serves.
    fn outcomes(&self, route: Option<RouteId>, class: CommandClass, outcome: RequestOutcome, count: u64);
    /// Something happened that memcached's `stats` counts.
    fn tally(&self, what: StatsCount);
}

/// The counters that memcached has for this command and not for others of its class.
pub(super) fn tallies(command: &Command) -> Option<[StatsCount; 3]> {
    match command {
        Command::Arithmetic(arithmetic) if arithmetic.decrement => {
            Some([StatsCount::DecrHits, StatsCount::DecrMisses, StatsCount::DecrMisses])
        }
        Command::Arithmetic(_) => Some([StatsCount::IncrHits, StatsCount::IncrMisses, StatsCount::IncrMisses]),
        Command::Store(store) if store.compare_cas.is_some() => {
            Some([StatsCount::CasHits, StatsCount::CasMisses, StatsCount::CasBadval])
        }
        _ => None,
    }
}

/// The word for what became of a request.
pub(super) fn outcome(class: CommandClass, reply: &Reply) -> RequestOutcome {
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
