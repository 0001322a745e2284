//! Requests and replies in memcached's words, for the stories that failing seeds tell.

use leash::protocol::{Command, Exptime, Item, Reply, Request, Store, StoreMode};

pub fn request(request: &Request) -> String {
    let key = request.key.as_bytes();
    let name = if key.starts_with(b"leash:lease:") { "lease".into() } else { String::from_utf8_lossy(key) };
    match &request.command {
        Command::Get(get) => format!("mg {name}{}", get.touch.map_or(String::new(), |ttl| format!(" T{ttl}"))),
        Command::Store(Store { mode, value, compare_cas, ttl, .. }) => {
            let mode = match mode {
                StoreMode::Set => "MS",
                StoreMode::Add => "ME",
                StoreMode::Replace => "MR",
                StoreMode::Append => "MA",
                StoreMode::Prepend => "MP",
            };
            let (value, ttl) = (String::from_utf8_lossy(value), ttl.unwrap_or(Exptime::NEVER));
            format!("ms {name} {mode} T{ttl}{} {}", cas(*compare_cas), &value[value.len().saturating_sub(8)..])
        }
        Command::Delete(delete) => format!("md {name}{}", cas(delete.compare_cas)),
        Command::Arithmetic(_) => format!("ma {name}"),
        Command::Debug => format!("me {name}"),
    }
}

fn cas(compared: Option<u64>) -> String {
    compared.map_or(String::new(), |cas| format!(" C{cas}"))
}

pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Hit(Item { value, cas, ttl, marks, .. }) => {
            let value = value.as_ref().map_or("".into(), |value| String::from_utf8_lossy(value));
            let marks: String = marks.iter().filter(|mark| **mark != 0).map(|mark| char::from(*mark)).collect();
            format!("HD c{cas} t{ttl} {marks} {}", &value[value.len().saturating_sub(8)..])
        }
        other => format!("{other:?}"),
    }
}
