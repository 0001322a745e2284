//! What a command means to a migration, and what becomes of it where the item is and where it is not.

use super::claim::judged;
use crate::protocol::{Arithmetic, Command, Delete, Exptime, Item, Reply, Returns, Store, StoreMode};

/// What a command means to a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Reads, and nothing will depend on what was read.
    Read,
    /// Reads the CAS unique too, on which a store will depend.
    Gets,
    /// Stores, no matter if something is there.
    Set,
    /// Stores an item that expires at once, which amounts to a delete.
    Vanish,
    /// Deletes any item that is there.
    Delete,
    /// Depends on what is there, or changes it.
    Conditional,
    /// Shows people what a server has.
    Debug,
}

/// Which kind a command is at the Unix time `unix`.
pub fn kind(command: &Command, unix: i64) -> CommandKind {
    match command {
        Command::Get(get) if get.touch.is_some() || get.vivify.is_some() || get.recache.is_some() => {
            CommandKind::Conditional
        }
        Command::Get(get) if get.returns.has(Returns::CAS) => CommandKind::Gets,
        Command::Get(_) => CommandKind::Read,
        Command::Store(Store { mode: StoreMode::Set, compare_cas: None, invalidate: false, ttl, .. }) => {
            match ttl.unwrap_or(Exptime::NEVER).lasts(unix) {
                Some(0) => CommandKind::Vanish,
                _ => CommandKind::Set,
            }
        }
        Command::Delete(Delete { compare_cas: None, invalidate: false, drop_value: false, .. }) => CommandKind::Delete,
        Command::Store(_) | Command::Delete(_) | Command::Arithmetic(_) => CommandKind::Conditional,
        Command::Debug => CommandKind::Debug,
    }
}

/// Whether it changes the item it finds.
pub fn changes(command: &Command) -> bool {
    match command {
        Command::Get(get) => get.touch.is_some() || get.vivify.is_some() || get.recache.is_some(),
        Command::Store(_) | Command::Delete(_) | Command::Arithmetic(_) => true,
        Command::Debug => false,
    }
}

/// The answer where there is no item and the command makes none.
pub fn reply_where_nothing_is(command: &Command) -> Reply {
    match command {
        Command::Get(_) | Command::Debug => Reply::Miss,
        Command::Store(Store { mode: StoreMode::Set | StoreMode::Replace, compare_cas: Some(_), .. })
        | Command::Delete(_)
        | Command::Arithmetic(_) => Reply::NotFound,
        Command::Store(_) => Reply::NotStored,
    }
}

/// The command as it acts on the item with the CAS unique `cas` and on nothing else that may come in its place, a claim
/// least of all; or its answer, if that is known. (A touch cannot be bound; a count cannot be made in a claim.)
pub fn bound_to_item(command: &Command, cas: u64) -> Result<Command, Reply> {
    Ok(match command {
        Command::Get(get) => Command::Get(judged(get)),
        Command::Store(store) => Command::Store(store_bound_to_item(store, cas)?),
        Command::Delete(delete) if delete.compare_cas.is_some_and(|asked| asked != cas) => return Err(Reply::Exists),
        Command::Delete(delete) => Command::Delete(Delete { compare_cas: Some(cas), ..delete.clone() }),
        Command::Arithmetic(count) => Command::Arithmetic(Arithmetic { vivify: None, ..count.clone() }),
        Command::Debug => Command::Debug,
    })
}

fn store_bound_to_item(store: &Store, cas: u64) -> Result<Store, Reply> {
    let is_another = store.compare_cas.is_some_and(|asked| asked != cas);
    let compare_cas = Some(cas);
    match store.mode {
        StoreMode::Add => Err(Reply::NotStored),
        // An older writer's value, to be marked as such: the server compares.
        StoreMode::Set | StoreMode::Replace if store.invalidate && is_another => Ok(store.clone()),
        StoreMode::Set | StoreMode::Replace if is_another => Err(Reply::Exists),
        StoreMode::Set | StoreMode::Replace => Ok(Store { mode: StoreMode::Set, compare_cas, ..store.clone() }),
        // A CAS unique of 0 compares with nothing.
        StoreMode::Append | StoreMode::Prepend if is_another && store.compare_cas != Some(0) => Err(Reply::Exists),
        StoreMode::Append | StoreMode::Prepend => Ok(Store { compare_cas, vivify: None, ..store.clone() }),
    }
}

/// What the command stores where nothing is: over the claim with the CAS unique `over`, or by an `add`. `None` if it
/// stores nothing there, or what only a server can make (`mg N`).
pub fn stored_where_nothing_is(command: &Command, over: Option<u64>) -> Option<Store> {
    let mode = if over.is_some() { StoreMode::Set } else { StoreMode::Add };
    let stored = match command {
        Command::Store(store) => match (store.mode, store.vivify) {
            (StoreMode::Add, _) => store.clone(),
            (StoreMode::Append | StoreMode::Prepend, Some(exptime)) => Store { ttl: Some(exptime), ..store.clone() },
            _ => return None,
        },
        Command::Arithmetic(count) => Store {
            value: count.initial.to_string().into(),
            ttl: Some(count.vivify?),
            new_cas: count.new_cas,
            returns: count.returns,
            ..Store::default()
        },
        Command::Get(_) | Command::Delete(_) | Command::Debug => return None,
    };
    Some(Store { mode, compare_cas: over, vivify: None, invalidate: false, ..stored })
}

/// What is told at the Unix time `unix` of an item that was [`stored_where_nothing_is`].
pub fn told_of_stored(command: &Command, stored: Item, unix: i64) -> Item {
    let Command::Arithmetic(count) = command else { return stored };
    let value = count.returns.has(Returns::VALUE).then(|| count.initial.to_string().into());
    let ttl = count.vivify.unwrap_or(Exptime::NEVER).ttl(unix);
    Item { value, cas: stored.cas, ttl, ..Item::default() }
}
