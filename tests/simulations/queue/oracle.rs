//! What a queue has promised: every message that was stored comes, in order, until it is acknowledged, and no other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use leash::queue::{Consumer, Message};

/// One queue as its clients know it.
#[derive(Default)]
pub struct Oracle {
    /// By their ids: those that were stored and not acknowledged.
    kept: BTreeMap<u64, Known>,
    /// Messages that may come or not: no client was told.
    doubtful: HashSet<Bytes>,
    /// Messages that must not come again.
    gone: HashSet<Bytes>,
    /// Acknowledged while the disk took nothing: they may come again in another process.
    owed: HashSet<Bytes>,
    ids: HashMap<u64, Bytes>,
}

struct Known {
    body: Bytes,
    expires: u64,
    by: Option<(Consumer, Duration)>,
}

impl Oracle {
    /// A client is told that its message is stored.
    pub fn stored(&mut self, id: u64, body: Bytes, expires: u64) -> Result<(), String> {
        self.names(id, &body)?;
        self.kept.insert(id, Known { body, expires, by: None });
        Ok(())
    }

    /// A client does not know what became of its message.
    pub fn doubts(&mut self, body: Bytes) {
        self.doubtful.insert(body);
    }

    /// A consumer is told that it has this message.
    pub fn handed_out(
        &mut self,
        id: u64,
        message: &Message,
        (by, until): (Consumer, Duration),
        unix: u64,
    ) -> Result<(), String> {
        let body = &message.body;
        self.names(id, body)?;
        if self.gone.contains(body) || self.owed.contains(body) {
            return Err(format!("{body:?} came again after it was acknowledged"));
        }
        if message.expires != 0 && message.expires <= unix {
            return Err(format!("{body:?} was over"));
        }
        let older = self.kept.range(..id).find(|(_, known)| known.by.is_none() && !known.is_over(unix));
        if let Some((older, _)) = older {
            return Err(format!("{body:?} ({id}) came before {older}"));
        }
        if !self.kept.contains_key(&id) && !self.doubtful.remove(body) {
            return Err(format!("{body:?} was never stored"));
        }
        let known = self.kept.entry(id).or_insert(Known { body: body.clone(), expires: message.expires, by: None });
        if let Some(other) = known.by.replace((by, until)) {
            return Err(format!("{body:?} was handed out twice, to {other:?} first"));
        }
        Ok(())
    }

    /// A consumer is told that there is nothing for it.
    pub fn nothing(&self, unix: u64) -> Result<(), String> {
        let left = self.kept.values().find(|known| known.by.is_none() && !known.is_over(unix));
        left.map_or(Ok(()), |left| Err(format!("{:?} was there, and not told", left.body)))
    }

    /// A consumer is told that its message is acknowledged.
    pub fn acknowledged(&mut self, id: u64) {
        if let Some(known) = self.kept.remove(&id) {
            self.owed.insert(known.body);
        }
    }

    /// The disk has been told of all that was acknowledged.
    pub fn owes_nothing(&mut self) {
        self.gone.extend(self.owed.drain());
    }

    /// A consumer does not know whether it is.
    pub fn doubts_acknowledged(&mut self, id: u64) {
        if let Some(known) = self.kept.remove(&id) {
            self.doubtful.insert(known.body);
        }
    }

    /// A client is told that all messages are gone.
    pub fn emptied(&mut self) {
        self.owed.extend(std::mem::take(&mut self.kept).into_values().map(|known| known.body));
    }

    /// A client does not know whether they are.
    pub fn doubts_emptied(&mut self) {
        self.doubtful.extend(std::mem::take(&mut self.kept).into_values().map(|known| known.body));
    }

    /// What a message says.
    pub fn body(&self, id: u64) -> Option<Bytes> {
        self.kept.get(&id).map(|known| known.body.clone())
    }

    /// A message is in its place again.
    pub fn given_back(&mut self, id: u64) {
        self.kept.get_mut(&id).into_iter().for_each(|known| known.by = None);
    }

    /// Reservations that are over by now are given back.
    pub fn elapse(&mut self, up: Duration) {
        let over = |known: &&mut Known| known.by.is_some_and(|(_, until)| until <= up);
        self.kept.values_mut().filter(over).for_each(|known| known.by = None);
    }

    /// The process is gone, and all reservations with it.
    pub fn begun_again(&mut self) {
        self.kept.values_mut().for_each(|known| known.by = None);
        self.doubtful.extend(self.owed.drain());
    }

    /// What a consumer has.
    pub fn held(&self, by: Consumer) -> Vec<u64> {
        self.kept.iter().filter(|(_, known)| known.by.is_some_and(|(own, _)| own == by)).map(|(id, _)| *id).collect()
    }

    /// An id belongs to one message for ever.
    fn names(&mut self, id: u64, body: &Bytes) -> Result<(), String> {
        let known = self.ids.entry(id).or_insert_with(|| body.clone());
        if known == body { Ok(()) } else { Err(format!("id {id} was {known:?} and is {body:?}")) }
    }
}

impl Known {
    fn is_over(&self, unix: u64) -> bool {
        self.expires != 0 && self.expires <= unix
    }
}
