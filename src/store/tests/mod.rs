//! Stories about one store with a clock of their own; `model` for any history, `threads` for many at once.

mod model;
mod stories;
mod threads;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{DEFAULT_ITEM_LIMIT, EmbeddedStore};
use crate::protocol::{
    Arithmetic, Command, Delete, Exptime, Get, Item, Key, Reply, Request, Returns, Store, StoreMode,
};

/// The second at which the stories begin.
const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START + seconds)
}

fn store() -> EmbeddedStore {
    EmbeddedStore::new(64 << 20, DEFAULT_ITEM_LIMIT)
}

fn request(key: &str, command: Command) -> Request {
    Request { key: Key::text(Bytes::copy_from_slice(key.as_bytes())).unwrap(), command }
}

fn value(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// A store and the second it is asked in.
struct Scene {
    store: EmbeddedStore,
    second: u64,
}

impl Scene {
    fn new() -> Scene {
        Scene { store: store(), second: 0 }
    }

    fn ask(&self, key: &str, command: Command) -> Reply {
        self.store.ask(&request(key, command), at(self.second))
    }

    fn set(&self, key: &str, text: &str) {
        self.write(key, Store { value: value(text), ..Store::default() });
    }

    fn write(&self, key: &str, store: Store) {
        assert!(matches!(self.ask(key, Command::Store(store)), Reply::Hit(_)));
    }

    fn put(&self, key: &str, store: Store) -> Reply {
        self.ask(key, Command::Store(store))
    }

    fn get(&self, key: &str, get: Get) -> Reply {
        self.ask(key, Command::Get(get))
    }

    /// A hit of a client that knows the letters.
    fn hit(&self, key: &str, get: Get) -> Item {
        hit(self.get(key, Get { knows_marks: true, ..get }))
    }

    /// The value alone, without counting as a fetch.
    fn peek(&self, key: &str) -> Option<String> {
        match self.get(key, Get { returns: Returns::VALUE, no_bump: true, ..Get::default() }) {
            Reply::Hit(item) => Some(String::from_utf8(item.value.unwrap().to_vec()).unwrap()),
            _ => None,
        }
    }

    fn tell(&self, key: &str, returns: Returns) -> Item {
        self.hit(key, Get { returns, no_bump: true, ..Get::default() })
    }

    fn cas(&self, key: &str) -> u64 {
        self.tell(key, Returns::CAS).cas
    }

    fn delete(&self, key: &str, delete: Delete) -> Reply {
        self.ask(key, Command::Delete(delete))
    }

    fn count(&self, key: &str, sum: Arithmetic) -> Reply {
        self.ask(key, Command::Arithmetic(sum))
    }
}

fn hit(reply: Reply) -> Item {
    match reply {
        Reply::Hit(item) => item,
        other => panic!("a hit was expected: {other:?}"),
    }
}

fn marks(item: &Item) -> String {
    item.marks.iter().filter(|&&mark| mark != 0).map(|&mark| mark as char).collect()
}

fn with(mode: StoreMode, text: &str) -> Store {
    Store { mode, value: value(text), ..Store::default() }
}
