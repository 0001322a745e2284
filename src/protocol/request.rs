//! The one inner language, first half: what a client wants done with one key.
//!
//! Every downstream protocol is parsed into a [`Request`], every route decides on one, and every upstream (a memcached
//! server or the embedded store) is asked one. It is modelled on memcached's meta commands because they can say
//! everything the others can (memcached, `doc/protocol.txt`, "Meta Commands").

use bytes::Bytes;

use super::exptime::Exptime;
use super::key::Key;

/// One command about one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The item it is about.
    pub key: Key,
    /// What is to be done.
    pub command: Command,
}

/// What is to be done with the item.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `mg`; classic get, gets, gat, gats, touch.
    Get(Get),
    /// `ms`; classic set, add, replace, append, prepend, cas.
    Store(Store),
    /// `md`; classic delete.
    Delete(Delete),
    /// `ma`; classic incr, decr.
    Arithmetic(Arithmetic),
    /// `me`: the item's internals, for people. Only of keys that are text: see [`Key::text`].
    Debug,
}

/// Which facts about the item the reply must carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns(u16);

impl Returns {
    /// Nothing but the outcome.
    pub const NONE: Returns = Returns(0);
    /// The value (`v`).
    pub const VALUE: Returns = Returns(1);
    /// The client flags (`f`).
    pub const FLAGS: Returns = Returns(1 << 1);
    /// The CAS unique (`c`).
    pub const CAS: Returns = Returns(1 << 2);
    /// The remaining TTL in seconds, -1 for none (`t`).
    pub const TTL: Returns = Returns(1 << 3);
    /// The length of the value (`s`).
    pub const SIZE: Returns = Returns(1 << 4);
    /// Whether it was fetched before (`h`).
    pub const HIT: Returns = Returns(1 << 5);
    /// Seconds since the last access (`l`).
    pub const LAST_ACCESS: Returns = Returns(1 << 6);
    /// The remaining TTL as it was before this command changed it (`t` written before `T` and `N`).
    pub const TTL_BEFORE: Returns = Returns(1 << 7);

    /// Both sets together.
    pub const fn and(self, more: Returns) -> Returns {
        Returns(self.0 | more.0)
    }

    /// Those of the set that are also in `facts`.
    pub const fn only(self, facts: Returns) -> Returns {
        Returns(self.0 & facts.0)
    }

    /// Whether all of `facts` are in the set.
    pub const fn has(self, facts: Returns) -> bool {
        self.0 & facts.0 == facts.0
    }
}

/// Read an item, perhaps touching it on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Get {
    /// What to tell about it.
    pub returns: Returns,
    /// `T`: set this expiry time on a hit.
    pub touch: Option<Exptime>,
    /// `N`: on a miss create an empty item with this expiry time and let the asker win.
    pub vivify: Option<Exptime>,
    /// `R`: let the asker win if less than this many seconds remain.
    pub recache: Option<Exptime>,
    /// `E`: the CAS unique of an item that is created.
    pub new_cas: Option<u64>,
    /// Whether `T` stands behind `R`, which then looks at the TTL as it was.
    pub touch_last: bool,
    /// `u`: do not count as an access.
    pub no_bump: bool,
    /// Whether the asker knows the letters W, X and Z. Others can only be told that there is nothing.
    pub knows_marks: bool,
}

impl Get {
    /// Whether asking twice tells and does what asking once does.
    pub fn is_idempotent(&self) -> bool {
        self.vivify.is_none() && self.recache.is_none()
    }
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreMode {
    /// Whether or not something was there.
    #[default]
    Set,
    /// Only if nothing was there.
    Add,
    /// Only if something was there.
    Replace,
    /// Behind what was there.
    Append,
    /// Before what was there.
    Prepend,
}

impl Request {
    /// How long the value is that it brings.
    pub fn value_len(&self) -> usize {
        if let Command::Store(store) = &self.command { store.value.len() } else { 0 }
    }
}

/// Store a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    /// Set, add, replace, append or prepend.
    pub mode: StoreMode,
    /// The value, without the final CR LF.
    pub value: Bytes,
    /// `F`: the client flags.
    pub client_flags: u32,
    /// `T`: the expiry time; absent means never.
    pub ttl: Option<Exptime>,
    /// `C`: only if the item still has this CAS unique. With it a `Set` is classic `cas`.
    pub compare_cas: Option<u64>,
    /// `E`: the CAS unique the stored item gets.
    pub new_cas: Option<u64>,
    /// `I`: if the CAS unique is older than the item's, store all the same and mark the item stale.
    pub invalidate: bool,
    /// `N`: for append and prepend, create the item with this expiry time if there is none.
    pub vivify: Option<Exptime>,
    /// What to tell about the stored item.
    pub returns: Returns,
}

/// Delete an item, or mark it stale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delete {
    /// `C`: only if the item still has this CAS unique.
    pub compare_cas: Option<u64>,
    /// `E`: the CAS unique an invalidated item gets.
    pub new_cas: Option<u64>,
    /// `I`: keep the item but mark it stale and let the next asker win.
    pub invalidate: bool,
    /// `T`: the new expiry time of an invalidated item.
    pub ttl: Option<Exptime>,
    /// `x`: keep the item but drop its value and client flags.
    pub drop_value: bool,
}

/// Count up or down.
#[derive(Clone, Debug, PartialEq)]
pub struct Arithmetic {
    /// Down, not up. Down stops at 0, up wraps at 2^64.
    pub decrement: bool,
    /// `D`: by how much.
    pub delta: u64,
    /// `J`: the value a created item gets.
    pub initial: u64,
    /// `N`: create the item with this expiry time if there is none.
    pub vivify: Option<Exptime>,
    /// `T`: the new expiry time.
    pub ttl: Option<Exptime>,
    /// `C`: only if the item still has this CAS unique.
    pub compare_cas: Option<u64>,
    /// `E`: the CAS unique the item gets.
    pub new_cas: Option<u64>,
    /// What to tell about it.
    pub returns: Returns,
}

impl Default for Arithmetic {
    fn default() -> Self {
        Arithmetic {
            decrement: false,
            delta: 1,
            initial: 0,
            vivify: None,
            ttl: None,
            compare_cas: None,
            new_cas: None,
            returns: Returns::NONE,
        }
    }
}

/// The classes of commands that metrics tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandClass {
    /// Reads without a side effect on the TTL.
    Get,
    /// Reads and touches that set a TTL.
    Touch,
    /// All stores.
    Store,
    /// Deletes and invalidations.
    Delete,
    /// incr and decr.
    Arithmetic,
    /// Everything else that reaches a server.
    Other,
}

impl CommandClass {
    /// All of them, in the order of their discriminants.
    pub const ALL: [CommandClass; 6] = [
        CommandClass::Get,
        CommandClass::Touch,
        CommandClass::Store,
        CommandClass::Delete,
        CommandClass::Arithmetic,
        CommandClass::Other,
    ];

    /// The word for it in labels.
    pub const fn name(self) -> &'static str {
        match self {
            CommandClass::Get => "get",
            CommandClass::Touch => "touch",
            CommandClass::Store => "store",
            CommandClass::Delete => "delete",
            CommandClass::Arithmetic => "arithmetic",
            CommandClass::Other => "other",
        }
    }
}

impl Command {
    /// The class metrics count it under.
    pub fn class(&self) -> CommandClass {
        match self {
            Command::Get(get) if get.touch.is_some() => CommandClass::Touch,
            Command::Get(_) => CommandClass::Get,
            Command::Store(_) => CommandClass::Store,
            Command::Delete(_) => CommandClass::Delete,
            Command::Arithmetic(_) => CommandClass::Arithmetic,
            Command::Debug => CommandClass::Other,
        }
    }

    /// Whether no client may read an older value after it, even if it failed: it replaces or removes any value there.
    pub fn outdates(&self) -> bool {
        match self {
            Command::Store(store) => {
                matches!(store.mode, StoreMode::Set | StoreMode::Replace) && store.compare_cas.is_none()
            }
            Command::Delete(delete) => delete.compare_cas.is_none(),
            Command::Get(_) | Command::Arithmetic(_) | Command::Debug => false,
        }
    }

    /// Whether doing it twice leaves the same item as doing it once: what may be sent again when a connection died.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Command::Get(get) => get.is_idempotent(),
            Command::Store(store) => store.mode == StoreMode::Set && store.compare_cas.is_none(),
            Command::Delete(delete) => delete.compare_cas.is_none() && !delete.invalidate,
            Command::Arithmetic(_) => false,
            Command::Debug => true,
        }
    }
}
