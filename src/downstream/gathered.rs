//! A get of several keys: what became of each, until all are known and the reply leaves as one.

use bytes::Bytes;

use super::asked::Witness;
use crate::metrics::RouteId;
use crate::protocol::{CommandClass, Item, Key, Output, Reply, Style, encode_end, encode_value};

/// A get of more keys than this came in a buffer that held little else.
const MANY: usize = 200;

/// The keys of one get and what became of each so far.
pub(super) struct Gathered {
    parts: Vec<Part>,
    class: CommandClass,
    /// Bytes of the values that came.
    bytes: usize,
    /// How many replies are to come of those that were asked for.
    waiting: usize,
    /// How many keys are still to be asked for.
    unasked: usize,
    /// Whether `VALUE` lines end with the CAS unique.
    cas: bool,
    /// Whether its keys have let go of what was read with them.
    is_detached: bool,
}

/// One key of a get. Kept small: a get may have thousands.
struct Part {
    key: Key,
    route: Option<RouteId>,
    found: Option<Found>,
}

/// What a get tells of an item.
struct Found {
    value: Bytes,
    cas: u64,
    client_flags: u32,
}

impl Gathered {
    /// Nothing asked yet, of `keys` to come.
    pub(super) fn new(keys: usize, class: CommandClass, cas: bool) -> Gathered {
        Gathered {
            parts: Vec::with_capacity(keys),
            class,
            bytes: 0,
            waiting: 0,
            unasked: keys,
            cas,
            is_detached: false,
        }
    }

    /// How many keys were asked for.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Adds a key that was asked for, and its reply if that is known already.
    pub(super) fn push(&mut self, key: Key, route: Option<RouteId>, reply: Option<Reply>, witness: &impl Witness) {
        self.parts.push(Part { key, route, found: None });
        self.waiting += 1;
        self.unasked = self.unasked.saturating_sub(1);
        if let Some(reply) = reply {
            self.fill(self.parts.len() - 1, reply, witness);
        }
    }

    /// Key number `part`, and how a reply about it will be written.
    pub(super) fn asker(&self, part: usize) -> Option<(&Key, Style)> {
        self.parts.get(part).map(|part| (&part.key, Style::Get { cas: self.cas }))
    }

    /// Puts the reply about key number `part` in its place.
    pub(super) fn fill(&mut self, part: usize, reply: Reply, witness: &impl Witness) {
        let Some(part) = self.parts.get_mut(part) else { return };
        self.waiting -= 1;
        witness.outcome(part.route, self.class, &reply);
        self.bytes += reply.value_len();
        if let Reply::Hit(Item { value: Some(value), cas, client_flags, .. }) = reply {
            part.found = Some(Found { value, cas, client_flags });
        }
    }

    pub(super) fn write(&self, output: &mut Output) {
        for part in &self.parts {
            if let Some(found) = &part.found {
                let cas = self.cas.then_some(found.cas);
                encode_value(&part.key, found.client_flags, cas, &found.value, output);
            }
        }
        encode_end(output);
    }

    /// Bytes of the values that came.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many replies are to come of those that were asked for.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether all keys were asked for, and all answered.
    pub(super) fn is_whole(&self) -> bool {
        self.waiting + self.unasked == 0
    }

    /// Bytes of the places for its keys.
    pub(super) fn places(&self) -> usize {
        self.parts.capacity() * size_of::<Part>()
    }

    /// The route of each key.
    pub(super) fn routes(&mut self) -> impl Iterator<Item = &mut Option<RouteId>> {
        self.parts.iter_mut().map(|part| &mut part.route)
    }

    /// Lets its keys go of what was read with them.
    pub(super) fn detach(&mut self) {
        if !std::mem::replace(&mut self.is_detached, true) && self.parts.len() <= MANY {
            self.parts.iter_mut().for_each(|part| part.key = part.key.detached());
        }
    }
}
