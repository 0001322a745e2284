//! CAS uniques that tell whose they are.
//!
//! Two servers may give the same one to different items of one key. Where a key can be at either, a client that was
//! told the unique of one must not store over what the other has: so those of one of them are told with a bit turned.
//! No server counts as far as that.

use super::{Arithmetic, Command, Delete, Get, Item, Reply, Returns, Store};

/// The uniques of one of several places of a key, as clients are told them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniques(u64);

impl Uniques {
    /// Those that are told with this bit turned. Places within each other have different ones.
    pub const fn with_bit(bit: u32) -> Uniques {
        Uniques(1 << bit)
    }

    /// A client's command as this place is asked it.
    pub fn sent(self, command: &Command) -> Command {
        // 0 compares with nothing.
        let known = |cas: Option<u64>| cas.map(|cas| if cas == 0 { 0 } else { cas ^ self.0 });
        let mut command = command.clone();
        match &mut command {
            Command::Get(Get { new_cas, .. }) => *new_cas = known(*new_cas),
            Command::Store(Store { compare_cas, new_cas, .. })
            | Command::Delete(Delete { compare_cas, new_cas, .. })
            | Command::Arithmetic(Arithmetic { compare_cas, new_cas, .. }) => {
                (*compare_cas, *new_cas) = (known(*compare_cas), known(*new_cas));
            }
            Command::Debug => {}
        }
        command
    }

    /// The reply of this place to a command as a client is told it.
    pub fn told(self, command: &Command, reply: Reply) -> Reply {
        match reply {
            Reply::Hit(item) if Self::are_told(command) => Reply::Hit(Item { cas: item.cas ^ self.0, ..item }),
            other => other,
        }
    }

    /// Whether the reply to a command tells one.
    pub fn are_told(command: &Command) -> bool {
        let returns = match command {
            Command::Get(get) => get.returns,
            Command::Store(store) => store.returns,
            Command::Arithmetic(arithmetic) => arithmetic.returns,
            Command::Delete(_) | Command::Debug => Returns::NONE,
        };
        returns.has(Returns::CAS)
    }
}
