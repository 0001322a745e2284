//! What must go when a store is refused for its size: the value that it would have replaced. No answer is written here.

use super::binary::opcode::BinaryVerb;
use super::form::{Form, Style};
use super::request::{Command, Delete, Request, StoreMode};

/// The delete of what a store would have replaced. memcached drops the old item on every meta store, on the classic set
/// and on the binary one.
pub(super) fn replaced_by(request: Request, form: &Form) -> Option<Request> {
    let Command::Store(store) = &request.command else { return None };
    let replaces = match &form.style {
        Style::Binary(packet) => packet.verb == BinaryVerb::Set,
        Style::Store => store.mode == StoreMode::Set && store.compare_cas.is_none(),
        _ => true,
    };
    replaces.then(|| Request { key: request.key, command: Command::Delete(Delete::default()) })
}
