//! incr, decr, ma: a stale count is none.

use super::alter::as_write_reply;
use super::look::{ItemLook, TRIES};
use super::{RefreshNode, Subject};
use crate::protocol::{Arithmetic, Command, Exptime, Item, Reply, Returns, Store};

impl RefreshNode {
    pub(super) async fn count(&self, subject: &Subject<'_>, asked: &Arithmetic) -> Reply {
        subject.client.take_win(subject.id);
        for _ in 0..TRIES {
            match (self.look_at_item(subject).await, asked.vivify) {
                (ItemLook::Stale(_), None) => return Reply::NotFound,
                (ItemLook::Stale(cas), Some(exptime)) => {
                    match self.store(subject, count_over_stale(asked, exptime, cas)).await {
                        Reply::Hit(stored) => return Reply::Hit(counted(asked, exptime.ttl(self.env.unix()), &stored)),
                        Reply::Exists | Reply::NotFound => continue,
                        reply => return reply,
                    }
                }
                (ItemLook::Trouble(reply), _) => return as_write_reply(reply),
                (ItemLook::Item(_, true), _) => {
                    asked.ttl.inspect(|ttl| self.revoke_if_short(subject, *ttl, true));
                    let ttl = asked.ttl.map(|ttl| self.stretched(ttl));
                    let reply = self.call(subject, Command::Arithmetic(Arithmetic { ttl, ..asked.clone() })).await;
                    return match reply {
                        // A count tells no client flags, but it was looked at.
                        Reply::Hit(item) => {
                            let client_flags = self.policy.marker;
                            Reply::Hit(self.policy.as_told(Item { client_flags, ..item }))
                        }
                        other => other,
                    };
                }
                (ItemLook::Nothing | ItemLook::Item(_, false), _) => break,
            }
        }
        asked.ttl.inspect(|ttl| self.revoke_if_short(subject, *ttl, false));
        self.call(subject, Command::Arithmetic(asked.clone())).await
    }
}

/// The count that begins where a stale one was.
fn count_over_stale(asked: &Arithmetic, exptime: Exptime, cas: u64) -> Store {
    let value = asked.initial.to_string().into();
    let new_cas = asked.new_cas;
    Store { value, ttl: Some(exptime), compare_cas: Some(cas), new_cas, ..Store::default() }
}

fn counted(asked: &Arithmetic, ttl: i64, stored: &Item) -> Item {
    let value = asked.returns.has(Returns::VALUE).then(|| asked.initial.to_string().into());
    Item { value, cas: stored.cas, ttl, ..Item::default() }
}
