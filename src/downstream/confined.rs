//! What a listener keeps its clients from: a namespace as a wall, and verbs that it does not allow. Every call passes
//! here before it is carried out, whatever protocol it came in; and every key that leaves for a route or is remembered
//! leaves with the namespace before it.
//!
//! | allow | calls |
//! |---|---|
//! | `read` | all that tell of an item: get, gets, gat, `mg`, `me`, and what returns a value it changed: incr, decr, `ma` with `v` |
//! | `write` | set, add, replace, append, prepend, cas, `ms`, incr, decr, `ma`, touch, gat, `mg` with `T`, `N` or `R` |
//! | `delete` | delete, `md` |
//! | `flush` | flush of a queue; flush_all, with a namespace never, as it knows none |
//! | `stats` | stats; with a namespace without what all clients did |
//! | always | version, verbosity, `mn`, quit, and what is refused as no command |

use std::borrow::Cow;
use std::rc::Rc;

use super::connection::Connection;
use crate::config::Allow;
use crate::metrics::ProtocolError;
use crate::protocol::{Call, Command, Form, Get, Key, Local, Reply, Request, Returns, VERSION, encode_stats};

const TOO_LONG: &str = "CLIENT_ERROR key too long with its namespace";
const NO_FLUSH: &str = "CLIENT_ERROR flush_all knows no namespace, and this listener has one";

impl Connection {
    /// The call, if it may be carried out; else the client is answered already.
    #[cold]
    pub(super) fn judged(self: &Rc<Self>, call: Call) -> Option<Call> {
        let entrance = self.entrance.borrow().clone();
        let lacking = entrance.allow.lacks(needs(&call));
        let has_namespace = !entrance.namespace.is_empty();
        match (call, lacking) {
            (call, Some(word)) => {
                self.service.shard().protocol_error(ProtocolError::ClientError);
                let line = format!("CLIENT_ERROR this listener does not allow to {}", verb(word));
                self.tell(form(call), Reply::Error(line.into()));
                None
            }
            (Call::FlushAll(_, form), None) if has_namespace => {
                self.tell(form, Reply::Error(NO_FLUSH.into()));
                None
            }
            (Call::Local(Local::Stats(subject), form), None) if has_namespace => {
                let lines: Cow<'static, str> = match subject.is_empty() {
                    true => format!("STAT version {VERSION}\r\nEND\r\n").into(),
                    false => "END\r\n".into(),
                };
                self.tell_written(encode_stats(&form, lines.into_owned().into_bytes()));
                None
            }
            (call, None) => Some(call),
        }
    }

    /// Puts the namespace of the listener before the key, and returns the key as the client wrote it; `None` where
    /// there is no namespace.
    #[inline]
    pub(super) fn enter_namespace(&self, key: &mut Key) -> Result<Option<Key>, Reply> {
        if !self.is_confined.get() {
            return Ok(None);
        }
        let inside = self.inside(key)?;
        Ok(Some(std::mem::replace(key, inside)))
    }

    /// The key as routes and servers know it.
    pub(super) fn inside(&self, key: &Key) -> Result<Key, Reply> {
        let entrance = self.entrance.borrow();
        if entrance.namespace.is_empty() {
            return Ok(key.clone());
        }
        key.prefixed(&entrance.namespace).map_err(|_| Reply::Error(TOO_LONG.into()))
    }

    /// Whether the client may do what leash would do in its place.
    pub(super) fn may(&self, what: Allow) -> bool {
        !self.is_confined.get() || self.entrance.borrow().allow.lacks(what).is_none()
    }
}

/// What a call needs to be allowed.
fn needs(call: &Call) -> Allow {
    match call {
        Call::One(Request { command, .. }, _) => of_command(command),
        Call::Many(_, get, _) | Call::Spoilt(_, get, _) => of_get(get),
        Call::FlushAll(..) | Call::FlushQueue(..) => Allow::FLUSH,
        Call::TooLarge(..) => Allow::WRITE,
        Call::Local(Local::Stats(_) | Local::Metadump, _) => Allow::STATS,
        Call::Local(Local::Version | Local::Verbosity | Local::Noop | Local::Quit | Local::Sasl(_), _)
        | Call::Refused(_) => Allow::NONE,
    }
}

fn of_command(command: &Command) -> Allow {
    match command {
        Command::Get(get) => of_get(get),
        Command::Store(_) => Allow::WRITE,
        Command::Delete(_) => Allow::DELETE,
        Command::Arithmetic(arithmetic) if arithmetic.returns.has(Returns::VALUE) => Allow::WRITE.and(Allow::READ),
        Command::Arithmetic(_) => Allow::WRITE,
        Command::Debug => Allow::READ,
    }
}

fn of_get(get: &Get) -> Allow {
    let changes = get.touch.is_some() || get.vivify.is_some() || get.recache.is_some();
    match (changes, get.returns == Returns::NONE) {
        (false, _) => Allow::READ,
        (true, true) => Allow::WRITE,
        (true, false) => Allow::READ.and(Allow::WRITE),
    }
}

/// How the answer to a call is written.
fn form(call: Call) -> Form {
    match call {
        Call::One(_, form)
        | Call::FlushQueue(_, form)
        | Call::Many(_, _, form)
        | Call::Spoilt(_, _, form)
        | Call::FlushAll(_, form)
        | Call::TooLarge(_, form)
        | Call::Local(_, form) => form,
        Call::Refused(refusal) => refusal.form,
    }
}

fn verb(word: &str) -> &str {
    if word == "stats" { "ask for stats" } else { word }
}
