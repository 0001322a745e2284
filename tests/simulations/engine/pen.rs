//! Writers of one truth take turns, as transactions would.

use std::rc::Rc;

/// Who has taken the pen writes; it is put down when dropped.
#[derive(Clone, Default)]
pub struct Pen(Rc<()>);

impl Pen {
    /// The pen, if no writer has it.
    pub fn take(&self) -> Option<Pen> {
        (Rc::strong_count(&self.0) == 1).then(|| self.clone())
    }
}
