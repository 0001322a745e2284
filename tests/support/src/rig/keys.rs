//! Keys that are all there, with values that can be recognised.

use std::sync::Arc;

use crate::checked_value::value;
use crate::{Client, Leash, Memcached, Random};

/// Keys, and the least length of their values.
#[derive(Clone)]
pub struct Keys {
    names: Arc<[String]>,
    length: usize,
    larger: Option<Larger>,
}

/// Each so-manieth value is at least this long instead.
#[derive(Clone, Copy)]
struct Larger {
    every: usize,
    length: usize,
}

impl Keys {
    /// So many, which begin like this.
    pub fn new(prefix: &str, count: usize, length: usize) -> Keys {
        Keys { names: (0..count).map(|number| format!("{prefix}{number}")).collect(), length, larger: None }
    }

    /// The same, with each `every`th value at least so long.
    pub fn with_larger(self, every: usize, length: usize) -> Keys {
        Keys { larger: Some(Larger { every, length }), ..self }
    }

    /// Those of them that are of the server with this name.
    pub fn of_server(&self, leash: &Leash, server: &str) -> Keys {
        let is_there = |key: &&String| {
            let page = leash.page(&format!("/route?key={key}"));
            page.contains(&format!("\"server\": \"{server}\""))
        };
        let names: Arc<[String]> = self.names.iter().filter(is_there).cloned().collect();
        assert!(!names.is_empty(), "none of the keys is of {server}");
        Keys { names, ..*self }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A get of each, one behind the other.
    pub fn gets(&self) -> String {
        self.names.iter().map(|name| format!("get {name}\r\n")).collect()
    }

    /// Stores all of them, past leash.
    pub fn fill(&self, server: &Memcached) {
        self.fill_through(&mut Client::connect(&server.address()));
    }

    /// Stores all of them this way.
    pub fn fill_through(&self, client: &mut Client) {
        for (number, name) in self.names().iter().enumerate() {
            let larger = self.larger.filter(|larger| number % larger.every == 0);
            let value = value(name, 1, larger.map_or(self.length, |larger| larger.length));
            let head = format!("set {name} 0 0 {}\r\n", value.len());
            client.expect([head.as_bytes(), &value, b"\r\n"].concat(), "STORED\r\n");
        }
    }

    pub fn any(&self, random: &mut Random) -> &str {
        &self.names[random.below(self.names.len())]
    }
}
