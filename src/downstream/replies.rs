//! The order of replies: each leaves when everything asked before it has left, however early it came.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use crate::metrics::{RouteId, RouteMoves, Tally};
use crate::protocol::{
    Command, CommandClass, Form, Item, Key, Output, Reply, Style, encode_end, encode_reply, encode_value,
};

/// What one client waits for, oldest first.
#[derive(Default)]
pub struct Replies {
    queue: VecDeque<Pending>,
    /// The number of the oldest; numbers wrap.
    oldest: u32,
    /// How many replies are to come.
    awaited: usize,
    /// Bytes of replies that wait for their turn.
    parked: usize,
}

/// A queue that grew longer than this gives its memory back once it is empty.
const KEEP: usize = 256;

/// One command whose reply has not left.
pub enum Pending {
    /// About one key.
    One(Asked, Key, Form, Option<Reply>),
    /// A read of several keys.
    Many(Asked, Gathered),
    /// Something every server must do.
    Every(Form, usize, Option<Reply>),
    /// A reply written already.
    Written(Vec<u8>),
}

/// What metrics want to know of a command once it is answered.
#[derive(Clone, Copy)]
pub struct Asked {
    /// When it came.
    pub at: Instant,
    /// The route that serves it; none serves a key without one.
    pub route: Option<RouteId>,
    /// What kind it is.
    pub class: CommandClass,
    /// What memcached's `stats` counts when it found its item, found none, or found it changed.
    pub tallies: Option<[Tally; 3]>,
}

/// The keys of one get and what became of each so far.
pub struct Gathered {
    parts: Vec<Part>,
    class: CommandClass,
    /// Bytes of the values that came.
    bytes: usize,
    /// How many replies are to come.
    waiting: usize,
    /// Whether `VALUE` lines end with the CAS unique.
    cas: bool,
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

/// Learns of each reply as it leaves.
pub trait Witness {
    /// A command was answered.
    fn answered(&self, asked: &Asked);
    /// What became of one key.
    fn outcome(&self, route: Option<RouteId>, class: CommandClass, reply: &Reply);
    /// Something happened that memcached's `stats` counts.
    fn tally(&self, what: Tally);
}

/// The counters that memcached has for this command and not for others of its class.
pub fn tallies(command: &Command) -> Option<[Tally; 3]> {
    match command {
        Command::Arithmetic(arithmetic) if arithmetic.decrement => {
            Some([Tally::DecrHits, Tally::DecrMisses, Tally::DecrMisses])
        }
        Command::Arithmetic(_) => Some([Tally::IncrHits, Tally::IncrMisses, Tally::IncrMisses]),
        Command::Store(store) if store.compare_cas.is_some() => {
            Some([Tally::CasHits, Tally::CasMisses, Tally::CasBadval])
        }
        _ => None,
    }
}

impl Replies {
    /// How many requests are in flight or wait for their turn: each key of a get is one, since each is one upstream.
    pub fn in_flight(&self) -> usize {
        self.queue.len().max(self.awaited)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many bytes of replies wait for their turn.
    pub fn parked(&self) -> usize {
        self.parked
    }

    /// The token of the reply to part `part` of the next command to be pushed.
    pub fn next_token(&self, part: usize) -> u64 {
        let number = self.oldest.wrapping_add(self.queue.len() as u32);
        u64::from(number) << 32 | part as u64
    }

    /// Adds the youngest command.
    pub fn push(&mut self, pending: Pending) {
        self.parked += pending.size();
        self.awaited += pending.awaits();
        self.queue.push_back(pending);
    }

    /// Puts a reply in its place. True if that lets replies leave.
    pub fn fill(&mut self, token: u64, reply: Reply, witness: &impl Witness) -> bool {
        let place = ((token >> 32) as u32).wrapping_sub(self.oldest) as usize;
        let Some(pending) = self.queue.get_mut(place) else {
            debug_assert!(false, "a reply nobody waits for");
            return false;
        };
        self.awaited -= 1;
        self.parked += reply.value_len();
        match pending {
            Pending::One(_, _, _, empty) => *empty = Some(reply),
            Pending::Many(_, gathered) => gathered.fill(token as u32 as usize, reply, witness),
            Pending::Every(_, waiting, worst) => {
                *waiting -= 1;
                worse(worst, reply);
            }
            Pending::Written(_) => debug_assert!(false, "a reply to what is answered already"),
        }
        place == 0 && pending.is_whole()
    }

    /// Counts what is in flight from now on as another configuration names its routes.
    pub fn move_routes(&mut self, moves: &RouteMoves) {
        let moved = |route: &mut Option<RouteId>| *route = route.and_then(|id| moves.of(id));
        for pending in &mut self.queue {
            match pending {
                Pending::One(asked, ..) => moved(&mut asked.route),
                Pending::Many(asked, gathered) => {
                    moved(&mut asked.route);
                    gathered.parts.iter_mut().for_each(|part| moved(&mut part.route));
                }
                Pending::Every(..) | Pending::Written(_) => {}
            }
        }
    }

    /// Writes every reply whose turn has come.
    pub fn write(&mut self, output: &mut Output, witness: &impl Witness) {
        while self.queue.front().is_some_and(Pending::is_whole) {
            if let Some(pending) = self.queue.pop_front() {
                self.oldest = self.oldest.wrapping_add(1);
                self.parked = if self.queue.is_empty() { 0 } else { self.parked - pending.size() };
                pending.write(output, witness);
            }
        }
        if self.queue.is_empty() && self.queue.capacity() > KEEP {
            self.queue = VecDeque::new();
        }
    }
}

/// Keeps the worse of two replies to something every server must do.
fn worse(worst: &mut Option<Reply>, reply: Reply) {
    if !matches!(worst, Some(Reply::Failed(_) | Reply::Error(_))) {
        *worst = Some(reply);
    }
}

impl Gathered {
    /// Nothing asked yet, of `keys` to come.
    pub fn new(keys: usize, class: CommandClass, cas: bool) -> Gathered {
        Gathered { parts: Vec::with_capacity(keys), class, bytes: 0, waiting: 0, cas }
    }

    /// How many keys were asked for.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Adds a key that was asked for, and its reply if that is known already.
    pub fn push(&mut self, key: Key, route: Option<RouteId>, reply: Option<Reply>, witness: &impl Witness) {
        self.parts.push(Part { key, route, found: None });
        self.waiting += 1;
        if let Some(reply) = reply {
            self.fill(self.parts.len() - 1, reply, witness);
        }
    }

    /// Puts the reply about key number `part` in its place.
    fn fill(&mut self, part: usize, reply: Reply, witness: &impl Witness) {
        let Some(part) = self.parts.get_mut(part) else { return };
        self.waiting -= 1;
        witness.outcome(part.route, self.class, &reply);
        self.bytes += reply.value_len();
        if let Reply::Hit(Item { value: Some(value), cas, client_flags, .. }) = reply {
            part.found = Some(Found { value, cas, client_flags });
        }
    }

    fn write(&self, output: &mut Output) {
        for part in &self.parts {
            if let Some(found) = &part.found {
                let cas = self.cas.then_some(found.cas);
                encode_value(&part.key, found.client_flags, cas, &found.value, output);
            }
        }
        encode_end(output);
    }
}

impl Pending {
    fn size(&self) -> usize {
        match self {
            Pending::One(.., reply) => reply.as_ref().map_or(0, Reply::value_len),
            Pending::Many(_, gathered) => gathered.bytes,
            Pending::Every(..) => 0,
            Pending::Written(text) => text.len(),
        }
    }

    fn awaits(&self) -> usize {
        match self {
            Pending::One(_, _, _, reply) => usize::from(reply.is_none()),
            Pending::Many(_, gathered) => gathered.waiting,
            Pending::Every(_, waiting, _) => *waiting,
            Pending::Written(_) => 0,
        }
    }

    fn is_whole(&self) -> bool {
        self.awaits() == 0
    }

    fn write(self, output: &mut Output, witness: &impl Witness) {
        match self {
            Pending::One(asked, key, form, Some(reply)) => write_one(&asked, &key, &form, &reply, output, witness),
            Pending::One(_, _, _, None) => {}
            Pending::Many(asked, gathered) => {
                gathered.write(output);
                witness.answered(&asked);
            }
            Pending::Every(form, _, worst) => write_every(&form, &worst.unwrap_or(Reply::Done), output),
            Pending::Written(text) => output.text().extend_from_slice(&text),
        }
    }
}

/// Writes the reply to a command about one key.
pub fn write_one(asked: &Asked, key: &Key, form: &Form, reply: &Reply, output: &mut Output, witness: &impl Witness) {
    witness.outcome(asked.route, asked.class, reply);
    witness.answered(asked);
    if let Some([hit, miss, changed]) = asked.tallies {
        match reply {
            Reply::Hit(_) => witness.tally(hit),
            Reply::NotFound => witness.tally(miss),
            Reply::Exists => witness.tally(changed),
            _ => {}
        }
    }
    encode_reply(form, key, reply, output);
}

fn write_every(form: &Form, reply: &Reply, output: &mut Output) {
    if form.quiet {
        return;
    }
    let line = match reply {
        Reply::Error(line) => String::from_utf8_lossy(line).into_owned(),
        Reply::Failed(failure) => format!("SERVER_ERROR {failure}"),
        _ => "OK".to_string(),
    };
    debug_assert_eq!(form.style, Style::Ok);
    output.text().extend_from_slice(line.as_bytes());
    output.text().extend_from_slice(b"\r\n");
}
