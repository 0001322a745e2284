//! Replies on their way from one read to those who wait for them: neighbours for the same caller are delivered together,
//! so that it looks once for what it does with all of them. Most replies are neighbours: those to the keys of a get, and to
//! what a client pipelines.

use std::ops::Range;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};

use super::reply_run::{Arrived, Place, ReplyRun};
use super::ticket::{ReplyTo, Ticket};
use crate::protocol::{Reply, WholeHit};

/// No more than this many go together: they stay in the nearest cache.
const MOST: usize = 64;

/// Replies for one caller, in their order.
#[derive(Default)]
pub(super) struct Deliveries {
    to: Option<Rc<dyn ReplyTo>>,
    replies: Vec<Arrived>,
    /// How much of the buffer is theirs.
    taken: usize,
}

impl Deliveries {
    /// How much of the buffer is taken by replies that are not delivered yet.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Adds a hit that stands in the `buffer` behind what is taken of it.
    #[inline]
    pub(super) fn add_hit(&mut self, ticket: Option<Ticket>, hit: WholeHit, buffer: &mut BytesMut) {
        if let Some(ticket) = ticket {
            self.make_way(&ticket, buffer);
            let Range { start, end } = hit.value();
            let place = Place::of(self.taken + start..self.taken + end);
            self.replies.push(Arrived::hit(ticket.token, hit.item(), place));
        }
        self.taken += hit.len();
    }

    /// Adds a reply of which `len` bytes stand in the `buffer` behind what is taken of it: all, or none any more.
    pub(super) fn add(&mut self, ticket: Option<Ticket>, reply: Reply, len: usize, buffer: &mut BytesMut) {
        if let Some(ticket) = ticket {
            self.make_way(&ticket, buffer);
            self.replies.push(Arrived::new(ticket.token, reply));
        }
        self.taken += len;
    }

    /// Delivers what goes to another caller than `ticket`, who then is the one.
    #[inline]
    fn make_way(&mut self, ticket: &Ticket, buffer: &mut BytesMut) {
        let is_same = self.to.as_ref().is_some_and(|to| ticket.is_for(to));
        if !is_same || self.replies.len() >= MOST {
            self.deliver(buffer);
            self.to = Some(ticket.to.clone());
        }
    }

    /// Takes off the `buffer` what is taken of it, and delivers what was added.
    pub(super) fn deliver(&mut self, buffer: &mut BytesMut) {
        let chunk = match std::mem::take(&mut self.taken) {
            0 => Bytes::new(),
            taken => buffer.split_to(taken).freeze(),
        };
        if let Some(to) = self.to.take() {
            to.deliver_all(ReplyRun { replies: &mut self.replies, chunk: &chunk });
            self.replies.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AnswerDecoder, Expected, Token};
    use std::cell::RefCell;

    /// The tokens of replies, and the values of those that are hits.
    type Told = Vec<(u64, Option<Bytes>)>;

    /// Notes what is delivered, each time it is.
    #[derive(Default)]
    struct Caller(RefCell<Vec<Told>>);

    impl ReplyTo for Caller {
        fn deliver(self: Rc<Self>, token: u64, reply: Reply) {
            self.deliver_all(ReplyRun::without_chunk(&mut [Arrived::new(token, reply)]));
        }

        fn deliver_all(self: Rc<Self>, run: ReplyRun<'_>) {
            let told = |(token, reply)| match reply {
                Reply::Hit(item) => (token, item.value),
                _ => (token, None),
            };
            self.0.borrow_mut().push(run.cut().map(told).collect());
        }
    }

    const TOKEN: Token = Token::new(7);

    fn stream(values: &[&str]) -> BytesMut {
        let token = str::from_utf8(TOKEN.as_bytes()).unwrap();
        let hits: String = values.iter().map(|v| format!("VA {} f0 O{token}\r\n{v}\r\n", v.len())).collect();
        BytesMut::from(hits.as_bytes())
    }

    fn add_hit(deliveries: &mut Deliveries, ticket: Option<Ticket>, buffer: &mut BytesMut) {
        let received = &buffer[deliveries.taken()..];
        let hit = AnswerDecoder::new(true).whole_hit(received, &Expected::Value, TOKEN).unwrap();
        deliveries.add_hit(ticket, hit, buffer);
    }

    fn told(values: &[(u64, Option<&'static str>)]) -> Told {
        values.iter().map(|(token, value)| (*token, value.map(Bytes::from))).collect()
    }

    #[test]
    fn neighbours_are_delivered_together_each_with_its_own_value() {
        let (one, other) = (Rc::<Caller>::default(), Rc::<Caller>::default());
        let of = |caller: &Rc<Caller>, token| Some(Ticket::new(caller.clone(), token));
        let mut buffer = stream(&["a", "", "nobody waits for this", "bb", "ccc", "dddd", "rest"]);
        let mut deliveries = Deliveries::default();
        add_hit(&mut deliveries, of(&one, 1), &mut buffer);
        add_hit(&mut deliveries, of(&one, 2), &mut buffer);
        add_hit(&mut deliveries, None, &mut buffer);
        add_hit(&mut deliveries, of(&one, 3), &mut buffer);
        add_hit(&mut deliveries, of(&other, 4), &mut buffer);
        deliveries.add(of(&other, 5), Reply::Miss, 0, &mut buffer);
        add_hit(&mut deliveries, of(&other, 6), &mut buffer);
        assert_eq!(*one.0.borrow(), [told(&[(1, Some("a")), (2, Some("")), (3, Some("bb"))])]);
        add_hit(&mut deliveries, of(&one, 7), &mut buffer);
        deliveries.deliver(&mut buffer);
        deliveries.deliver(&mut buffer);
        assert_eq!(*other.0.borrow(), [told(&[(4, Some("ccc")), (5, None), (6, Some("dddd"))])]);
        assert_eq!(one.0.borrow()[1..], [told(&[(7, Some("rest"))])]);
        assert!(buffer.is_empty() && Rc::strong_count(&one) == 1);
    }

    #[test]
    fn a_line_between_hits_leaves_them_their_values() {
        let caller = Rc::<Caller>::default();
        let ticket = |token| Some(Ticket::new(caller.clone(), token));
        let mut buffer = stream(&["a"]);
        buffer.extend_from_slice(b"EN\r\n");
        buffer.extend_from_slice(&stream(&["b"]));
        let mut deliveries = Deliveries::default();
        add_hit(&mut deliveries, ticket(1), &mut buffer);
        deliveries.add(ticket(2), Reply::Miss, b"EN\r\n".len(), &mut buffer);
        add_hit(&mut deliveries, ticket(3), &mut buffer);
        deliveries.deliver(&mut buffer);
        assert_eq!(*caller.0.borrow(), [told(&[(1, Some("a")), (2, None), (3, Some("b"))])]);
        assert!(buffer.is_empty());
    }

    #[test]
    fn no_more_go_together_than_stay_near() {
        let caller = Rc::<Caller>::default();
        let (mut deliveries, mut buffer) = (Deliveries::default(), stream(&["v"; 2 * MOST + 1]));
        (0..2 * MOST + 1).for_each(|n| {
            add_hit(&mut deliveries, Some(Ticket::new(caller.clone(), n as u64)), &mut buffer);
        });
        deliveries.deliver(&mut buffer);
        let together: Vec<usize> = caller.0.borrow().iter().map(Vec::len).collect();
        assert_eq!(together, [MOST, MOST, 1]);
    }
}
