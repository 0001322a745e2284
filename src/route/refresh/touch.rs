//! touch, gat, mg with T: a marked item keeps its grace behind the new stale date, any other gets the TTL as it is.

use super::look::{ItemLook, TRIES};
use super::{RefreshNode, Subject};
use crate::protocol::{Command, Exptime, Get, Reply, Returns};

impl RefreshNode {
    /// touch and gat; `None` where gat is to behave as get.
    pub(super) async fn touch(&self, subject: &Subject<'_>, get: &Get) -> Option<Reply> {
        let reads = get.returns.has(Returns::VALUE);
        let exptime = get.touch?;
        let mut reply = Reply::Miss;
        for _ in 0..TRIES {
            let is_marked = match self.look_at_item(subject).await {
                ItemLook::Stale(_) | ItemLook::Nothing if reads => return None,
                ItemLook::Stale(_) | ItemLook::Nothing => return Some(Reply::Miss),
                ItemLook::Trouble(reply) => return Some(reply),
                ItemLook::Item(_, is_marked) => is_marked,
            };
            self.revoke_if_short(subject, exptime, is_marked);
            let touch = Some(if is_marked { self.stretched(exptime) } else { exptime });
            let get = Get { touch, returns: get.returns.and(Returns::FLAGS), ..get.clone() };
            reply = self.call(subject, Command::Get(get)).await;
            match &reply {
                // Another item than the one that was looked at: its TTL is wrong by the grace.
                Reply::Hit(item) if self.policy.is_marked(item) != is_marked => {}
                Reply::Miss => {}
                _ => break,
            }
        }
        Some(match reply {
            Reply::Hit(mut item) => {
                if get.knows_marks {
                    self.spare_wins.hand_on(subject.key, &mut item);
                }
                Reply::Hit(self.policy.as_told(item))
            }
            other => other,
        })
    }

    /// Revokes the lease of a touched item that may end before the lease does: then the item is no evidence against a
    /// late winner.
    pub(super) fn revoke_if_short(&self, subject: &Subject<'_>, exptime: Exptime, is_marked: bool) {
        if self.policy.touched_ends_before_a_lease(exptime, is_marked, self.env.unix()) {
            self.revoke(subject);
        }
    }
}
