//! Requests and replies in memcached's words, for the stories that failing seeds tell.

use leash::protocol::{Arithmetic, Command, Exptime, Get, Item, Reply, Request, Store, StoreMode};

/// The end of a value tells it from others.
const TOLD: usize = 8;

pub fn is_about_lease(request: &Request) -> bool {
    request.key.as_bytes().starts_with(b"leash:lease:")
}

pub fn request(request: &Request) -> String {
    let key = if is_about_lease(request) { "lease".into() } else { String::from_utf8_lossy(request.key.as_bytes()) };
    match &request.command {
        Command::Get(Get { touch, .. }) => format!("mg {key}{}", flag('T', *touch)),
        Command::Store(Store { mode, value, compare_cas, ttl, .. }) => {
            let (ttl, cas) = (ttl.unwrap_or(Exptime::NEVER), flag('C', *compare_cas));
            format!("ms {key} {} T{ttl}{cas} {}", mode_word(*mode), end(value))
        }
        Command::Delete(delete) => format!("md {key}{}", flag('C', delete.compare_cas)),
        Command::Arithmetic(Arithmetic { decrement, delta, vivify, .. }) => {
            let mode = if *decrement { "MD" } else { "MI" };
            format!("ma {key} {mode} D{delta}{}", flag('N', *vivify))
        }
        Command::Debug => format!("me {key}"),
    }
}

pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Hit(Item { value, cas, ttl, marks, .. }) => {
            let marks: String = marks.iter().filter(|mark| **mark != 0).map(|mark| char::from(*mark)).collect();
            format!("HD c{cas} t{ttl} {marks} {}", end(value.as_deref().unwrap_or_default()))
        }
        other => format!("{other:?}"),
    }
}

fn mode_word(mode: StoreMode) -> &'static str {
    match mode {
        StoreMode::Set => "MS",
        StoreMode::Add => "ME",
        StoreMode::Replace => "MR",
        StoreMode::Append => "MA",
        StoreMode::Prepend => "MP",
    }
}

fn flag(letter: char, token: Option<impl std::fmt::Display>) -> String {
    token.map_or(String::new(), |token| format!(" {letter}{token}"))
}

fn end(value: &[u8]) -> String {
    String::from_utf8_lossy(&value[value.len().saturating_sub(TOLD)..]).into_owned()
}
