//! The closed sets of words that metrics tell things apart by: outcomes, states, and what a shard counts.
//!
//! Every label that does not come from the configuration comes from here or from the protocol, so the number of series
//! is known when the configuration is.

/// An enum whose variants each have one word, and know how many there are.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$note])* $variant,)* }

        impl $name {
            /// All of them, in the order of their discriminants.
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$variant),*];

            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                let known = $name::ALL.into_iter().find(|known| known.name() == word);
                known.ok_or_else(|| serde::de::Error::unknown_variant(&word, &[$($word),*]))
            }
        }
    };
}

pub(super) use words;

words! {
    /// What became of a request, in memcached's words. How a reply maps onto it depends on the command class.
    RequestOutcome {
        /// Found: read, touched, deleted, counted.
        Hit = "hit",
        /// Nothing was there to read, touch, delete, count or compare.
        Miss = "miss",
        /// The value was stored.
        Stored = "stored",
        /// The condition of add, replace, append or prepend did not hold.
        NotStored = "not_stored",
        /// The CAS unique did not match.
        Exists = "exists",
        /// Done, where nothing was looked for.
        Ok = "ok",
        /// Refused with an error line, by the server or by leash.
        Error = "error",
        /// There was no answer from the server.
        Failed = "failed",
    }
}

words! {
    /// What became of a reload.
    ReloadOutcome {
        /// The configuration came into force.
        Ok = "ok",
        /// It was refused, and the one before stayed in force.
        Refused = "refused",
        /// Nothing was read: a pool has other servers than before.
        Discovered = "discovered",
    }
}

words! {
    /// A server's health.
    ServerState {
        /// It answers.
        Up = "up",
        /// It failed lately, though not often enough to be down.
        Suspect = "suspect",
        /// Nothing is sent to it.
        Down = "down",
        /// It is down, and is being asked whether it is back.
        Probing = "probing",
    }
}

impl ServerState {
    /// Whether requests are sent to the server.
    pub fn is_asked(self) -> bool {
        matches!(self, ServerState::Up | ServerState::Suspect)
    }
}

words! {
    /// Why a client was told that what it says is no memcached protocol.
    ProtocolError {
        /// A line memcached answers with `ERROR`.
        UnknownCommand = "unknown_command",
        /// A line memcached answers with `CLIENT_ERROR`.
        ClientError = "client_error",
        /// A value that is over the item size.
        TooLarge = "too_large",
        /// A command line that does not end.
        LineTooLong = "line_too_long",
        /// More keys than one get may ask for.
        TooManyKeys = "too_many_keys",
        /// A request that began to arrive and did not go on.
        Timeout = "timeout",
        /// Replies that the client does not read.
        Unread = "unread",
    }
}

words! {
    /// What a shard counts about one server. Requests less `Finished` are in flight, `Opened` less `Closed` are
    /// connected: as counters they survive the shard they were counted in.
    UpstreamCount {
        /// Requests handed to the connection.
        Requests = "requests",
        /// Requests that were answered, failed or given up.
        Finished = "finished",
        /// Connections made.
        Opened = "opened",
        /// Connections ended, however that came.
        Closed = "closed",
        /// Connections made because an earlier one had ended.
        Reconnects = "reconnects",
        /// Connections closed because the server said something that was not asked.
        Desync = "desync",
        /// Requests sent again because their connection had died.
        Retries = "retries",
        /// Bytes received.
        BytesRead = "bytes_read",
        /// Bytes sent.
        BytesWritten = "bytes_written",
        /// Requests that went to a gutter in its place.
        Guttered = "guttered",
        /// Messages of queues that came too late and were given back.
        LateMessages = "late_messages",
    }
}

words! {
    /// What a shard counts about clients. `Accepted` less `Closed` are connected.
    DownstreamCount {
        /// Connections accepted.
        Accepted = "accepted",
        /// Connections ended, however that came.
        Closed = "closed",
        /// Connections refused because there were too many.
        Refused = "refused",
        /// Bytes received.
        BytesRead = "bytes_read",
        /// Bytes sent.
        BytesWritten = "bytes_written",
    }
}

words! {
    /// Why leash closed the connection of a client that did nothing wrong in the protocol.
    ClientDrop {
        /// It asked nothing for `limits.idle`.
        Idle = "idle",
        /// It took none of its replies for `limits.unread_time`.
        Unread = "unread",
    }
}

words! {
    /// What became of a lease. One that expires was granted, or taken unasked, before.
    LeaseOutcome {
        /// A caller of this sidecar won and was told to regenerate.
        Granted = "granted",
        /// Another caller in the fleet has it.
        Lost = "lost",
        /// The server could not be asked, so one caller of this sidecar won without it.
        Unasked = "unasked",
        /// The winner never came back.
        Expired = "expired",
    }
}

words! {
    /// Why a winner's set was not kept.
    SetRefusal {
        /// The item had changed since.
        Changed = "changed",
        /// A delete or another write came between.
        Revoked = "revoked",
        /// The lease had passed to another caller.
        Overtaken = "overtaken",
    }
}

words! {
    /// How a wait for a cold value ended.
    ColdWait {
        /// The value came.
        Value = "value",
        /// It did not come in time.
        Timeout = "timeout",
        /// The client hung up.
        Gone = "gone",
        /// Too many were waiting already, so this one did not wait.
        Overflow = "overflow",
        /// There is no value to be had.
        Nothing = "nothing",
    }
}

words! {
    /// Which pool of a route that migrates a value was read from.
    ReadSource {
        /// The new one.
        To = "to",
        /// The old one.
        From = "from",
        /// Neither had it.
        None = "none",
    }
}

words! {
    /// What became of bringing over an item that was read in the old pool.
    Backfill {
        /// It is in the new pool.
        Done = "done",
        /// Something was there already, or another instance was bringing it over.
        Refused = "refused",
        /// The item was stored or deleted meanwhile, or ended, or a server failed.
        Undone = "undone",
        /// Too many were under way.
        Skipped = "skipped",
    }
}

words! {
    /// Why a delete that was to wait for a server was lost.
    SpoolDrop {
        /// There was no room.
        Full = "full",
        /// All servers of the pool looked down at once.
        Blackout = "blackout",
        /// Its file was damaged.
        Damaged = "damaged",
    }
}

words! {
    /// What memcached's `stats` tells and the command classes do not: counted beside the request.
    StatsCount {
        /// `flush_all`.
        Flushes = "cmd_flush",
        /// Commands of the meta protocol.
        Metas = "cmd_meta",
        /// incr of an item.
        IncrHits = "incr_hits",
        /// incr of nothing.
        IncrMisses = "incr_misses",
        /// decr of an item.
        DecrHits = "decr_hits",
        /// decr of nothing.
        DecrMisses = "decr_misses",
        /// cas that stored.
        CasHits = "cas_hits",
        /// cas of nothing.
        CasMisses = "cas_misses",
        /// cas of an item that has changed.
        CasBadval = "cas_badval",
        /// Values over the item size.
        StoreTooLarge = "store_too_large",
        /// Values there was no memory for.
        StoreNoMemory = "store_no_memory",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_at_the_place_of_its_discriminant_and_said_once() {
        for (place, outcome) in RequestOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place);
        }
        let mut words = StatsCount::ALL.map(StatsCount::name).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), StatsCount::ALL.len());
    }
}
