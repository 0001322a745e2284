//! The figures of memcached's `stats` that are counts, derived from what the shards hold.
//!
//! Which command counts as what was read off a memcached 1.6: gat and a meta get with `T` are touches and no gets,
//! every attempt to store is a `cmd_set`, cas included.

use super::merged::{Merged, ServerCells};
use super::words::{DownstreamCount, RequestOutcome, StatsCount, UpstreamCount, words};
use crate::protocol::{Cause, CommandClass};

words! {
    /// A count of memcached's `stats`, under its name there and in its order.
    StatsFigure {
        /// Connections accepted.
        TotalConnections = "total_connections",
        /// Connections refused because there were too many.
        RejectedConnections = "rejected_connections",
        /// Keys asked for.
        CmdGet = "cmd_get",
        /// Attempts to store.
        CmdSet = "cmd_set",
        /// `flush_all`.
        CmdFlush = "cmd_flush",
        /// Touches, alone or with a read.
        CmdTouch = "cmd_touch",
        /// Meta commands.
        CmdMeta = "cmd_meta",
        /// Keys found.
        GetHits = "get_hits",
        /// Keys not found.
        GetMisses = "get_misses",
        /// Deletes of nothing.
        DeleteMisses = "delete_misses",
        /// Deletes.
        DeleteHits = "delete_hits",
        /// incr of nothing.
        IncrMisses = "incr_misses",
        /// incr of an item.
        IncrHits = "incr_hits",
        /// decr of nothing.
        DecrMisses = "decr_misses",
        /// decr of an item.
        DecrHits = "decr_hits",
        /// cas of nothing.
        CasMisses = "cas_misses",
        /// cas that stored.
        CasHits = "cas_hits",
        /// cas of an item that has changed.
        CasBadval = "cas_badval",
        /// Touches of an item.
        TouchHits = "touch_hits",
        /// Touches of nothing.
        TouchMisses = "touch_misses",
        /// Values over the item size.
        StoreTooLarge = "store_too_large",
        /// Values there was no memory for.
        StoreNoMemory = "store_no_memory",
        /// Bytes received from clients.
        BytesRead = "bytes_read",
        /// Bytes sent to clients.
        BytesWritten = "bytes_written",
        /// Values stored.
        TotalItems = "total_items",
    }
}

/// All figures, since the start or since `stats reset`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    figures: [u64; StatsFigure::ALL.len()],
    /// Clients that are connected now.
    pub curr_connections: u64,
}

impl Totals {
    pub(super) fn of(merged: &Merged) -> Totals {
        let figures = StatsFigure::ALL.map(|figure| derive(merged, figure));
        Totals { figures, curr_connections: merged.downstream_connections() }
    }

    /// One figure.
    pub fn get(&self, figure: StatsFigure) -> u64 {
        self.figures[figure as usize]
    }

    /// What was added since `earlier`.
    pub(super) fn since(mut self, earlier: &Totals) -> Totals {
        for (now, then) in self.figures.iter_mut().zip(earlier.figures) {
            *now = now.wrapping_sub(then);
        }
        self
    }
}

fn derive(merged: &Merged, figure: StatsFigure) -> u64 {
    let of = |class, outcomes: &[RequestOutcome]| outcomes.iter().map(|outcome| merged.requests(class, *outcome)).sum();
    let (hit, miss) = (&[RequestOutcome::Hit][..], &[RequestOutcome::Miss][..]);
    match figure {
        StatsFigure::TotalConnections => merged.downstream(DownstreamCount::Accepted),
        StatsFigure::RejectedConnections => merged.downstream(DownstreamCount::Refused),
        StatsFigure::CmdGet => of(CommandClass::Get, &[RequestOutcome::Hit, RequestOutcome::Miss]),
        StatsFigure::CmdSet => of(
            CommandClass::Store,
            &[RequestOutcome::Stored, RequestOutcome::NotStored, RequestOutcome::Exists, RequestOutcome::Miss],
        ),
        StatsFigure::CmdTouch => of(CommandClass::Touch, &[RequestOutcome::Hit, RequestOutcome::Miss]),
        StatsFigure::GetHits => of(CommandClass::Get, hit),
        StatsFigure::GetMisses => of(CommandClass::Get, miss),
        StatsFigure::DeleteHits => of(CommandClass::Delete, hit),
        StatsFigure::DeleteMisses => of(CommandClass::Delete, miss),
        StatsFigure::TouchHits => of(CommandClass::Touch, hit),
        StatsFigure::TouchMisses => of(CommandClass::Touch, miss),
        StatsFigure::TotalItems => of(CommandClass::Store, &[RequestOutcome::Stored]),
        StatsFigure::BytesRead => merged.downstream(DownstreamCount::BytesRead),
        StatsFigure::BytesWritten => merged.downstream(DownstreamCount::BytesWritten),
        StatsFigure::CmdFlush => merged.tally(StatsCount::Flushes),
        StatsFigure::CmdMeta => merged.tally(StatsCount::Metas),
        StatsFigure::IncrHits => merged.tally(StatsCount::IncrHits),
        StatsFigure::IncrMisses => merged.tally(StatsCount::IncrMisses),
        StatsFigure::DecrHits => merged.tally(StatsCount::DecrHits),
        StatsFigure::DecrMisses => merged.tally(StatsCount::DecrMisses),
        StatsFigure::CasHits => merged.tally(StatsCount::CasHits),
        StatsFigure::CasMisses => merged.tally(StatsCount::CasMisses),
        StatsFigure::CasBadval => merged.tally(StatsCount::CasBadval),
        StatsFigure::StoreTooLarge => merged.tally(StatsCount::StoreTooLarge),
        StatsFigure::StoreNoMemory => merged.tally(StatsCount::StoreNoMemory),
    }
}

/// What `stats servers` tells about one server's traffic, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerTotals {
    /// Requests sent to it.
    pub requests: u64,
    /// Requests it did not answer.
    pub failures: u64,
    /// Requests that wait for its reply.
    pub in_flight: u64,
    /// Open connections to it.
    pub connections: u64,
    /// Connections made anew.
    pub reconnects: u64,
    /// Connections closed because the server said something that was not asked.
    pub desync: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Bytes received from it.
    pub bytes_read: u64,
    /// Bytes sent to it.
    pub bytes_written: u64,
    /// Replies of which it is known how long they took.
    pub timed: u64,
    /// How long they took together, in nanoseconds.
    pub nanos: u64,
}

impl ServerTotals {
    pub(super) fn of(cells: &ServerCells) -> ServerTotals {
        ServerTotals {
            requests: cells.count(UpstreamCount::Requests),
            failures: Cause::ALL.into_iter().map(|cause| cells.failures(cause)).sum(),
            in_flight: cells.in_flight(),
            connections: cells.connections(),
            reconnects: cells.count(UpstreamCount::Reconnects),
            desync: cells.count(UpstreamCount::Desync),
            retries: cells.count(UpstreamCount::Retries),
            bytes_read: cells.count(UpstreamCount::BytesRead),
            bytes_written: cells.count(UpstreamCount::BytesWritten),
            timed: cells.timed(),
            nanos: cells.nanos(),
        }
    }
}
