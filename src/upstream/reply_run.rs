//! Replies that came together for one caller. The values of most lie side by side in what was read, the run's chunk, and are
//! cut out of it for those who want them one by one. A caller that keeps many keeps the chunk once, and where in it each
//! lies: a slice for each value is two atomic operations, one when it is cut and one when it is dropped.

use std::ops::Range;

use bytes::Bytes;

use crate::protocol::{Item, Reply};

/// Replies that came together for one caller, in their order.
pub struct ReplyRun<'r> {
    /// The replies.
    pub replies: &'r mut [Arrived],
    /// What was read, where values of theirs lie.
    pub chunk: &'r Bytes,
}

/// One reply of a run.
pub struct Arrived {
    /// What the caller knows the request as.
    pub token: u64,
    /// The reply, but for a value that lies in the chunk.
    pub reply: Reply,
    /// Where in the chunk its value lies, if it does.
    pub place: Option<Place>,
}

/// A part of a chunk.
#[derive(Clone, Copy)]
pub struct Place {
    start: u32,
    len: u32,
}

impl<'r> ReplyRun<'r> {
    /// Replies that each have their own value, or none.
    pub fn without_chunk(replies: &'r mut [Arrived]) -> ReplyRun<'r> {
        static NOTHING: Bytes = Bytes::new();
        ReplyRun { replies, chunk: &NOTHING }
    }

    /// The replies by themselves, each with its value.
    pub fn cut(self) -> impl Iterator<Item = (u64, Reply)> + use<'r> {
        let ReplyRun { replies, chunk } = self;
        replies.iter_mut().map(|arrived| (arrived.token, arrived.take(chunk)))
    }

    /// The same replies in runs of neighbours that are `alike`.
    #[inline]
    pub fn split(self, alike: fn(&Arrived, &Arrived) -> bool) -> impl Iterator<Item = ReplyRun<'r>> {
        let ReplyRun { replies, chunk } = self;
        replies.chunk_by_mut(alike).map(move |replies| ReplyRun { replies, chunk })
    }

    /// Lets them go of what was read with them: what lies in the chunk is copied to `values`, which is the chunk then.
    #[cold]
    pub fn detach<'v>(self, values: &'v mut Bytes) -> ReplyRun<'v>
    where
        'r: 'v,
    {
        let ReplyRun { replies, chunk } = self;
        let in_chunk = replies.iter().filter_map(|arrived| arrived.place);
        let mut copies = Vec::with_capacity(in_chunk.map(Place::size).sum());
        for Arrived { reply, place, .. } in &mut *replies {
            match place {
                Some(place) => {
                    let start = copies.len();
                    copies.extend_from_slice(&chunk[place.range()]);
                    *place = Place::of(start..copies.len());
                }
                None => reply.detach(),
            }
        }
        *values = copies.into();
        ReplyRun { replies, chunk: values }
    }
}

impl Arrived {
    /// A reply that has its own value, or none.
    pub fn new(token: u64, reply: Reply) -> Arrived {
        Arrived { token, reply, place: None }
    }

    /// A hit whose value lies in the chunk.
    #[inline]
    pub fn hit(token: u64, item: Item, place: Place) -> Arrived {
        Arrived { token, reply: Reply::Hit(item), place: Some(place) }
    }

    /// The bytes of its value; 0 where it has none.
    #[inline]
    pub fn value_len(&self) -> usize {
        self.place.map_or_else(|| self.reply.value_len(), Place::size)
    }

    /// Moves the reply out of where it came, with its value, which may lie in `chunk`.
    #[inline]
    pub fn take(&mut self, chunk: &Bytes) -> Reply {
        let mut reply = std::mem::replace(&mut self.reply, Reply::Done);
        if let (Reply::Hit(item), Some(place)) = (&mut reply, self.place.take()) {
            item.value = Some(chunk.slice(place.range()));
        }
        reply
    }
}

impl Place {
    /// A part of a chunk: of what one buffer holds, which is little more than one value, and memcached's have at most 1 GiB.
    #[inline]
    pub fn of(range: Range<usize>) -> Place {
        Place { start: range.start as u32, len: range.len() as u32 }
    }

    /// How many bytes it is.
    #[inline]
    pub fn size(self) -> usize {
        self.len as usize
    }

    /// The bytes of the chunk that it is.
    #[inline]
    pub fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 64 * 1024;

    fn read(bytes: &str) -> Bytes {
        Bytes::copy_from_slice(bytes.as_bytes())
    }

    fn hit(value: &Bytes) -> Reply {
        Reply::Hit(Item { value: Some(value.clone()), ..Item::default() })
    }

    /// A value between lines, one that is empty, one that did not lie there, and none.
    fn replies(own: &Bytes) -> [Arrived; 4] {
        let in_chunk = |token, range| Arrived::hit(token, Item::default(), Place::of(range));
        [in_chunk(1, 2..5), in_chunk(2, 7..7), Arrived::new(3, hit(own)), Arrived::new(4, Reply::Miss)]
    }

    fn told(own: &Bytes) -> Vec<(u64, Reply)> {
        vec![(1, hit(&"abc".into())), (2, hit(&Bytes::new())), (3, hit(own)), (4, Reply::Miss)]
    }

    #[test]
    fn replies_by_themselves_have_their_values_wherever_those_lay() {
        let (chunk, own) = (read("--abc--"), read("own"));
        let mut replies = replies(&own);
        let run = ReplyRun { replies: &mut replies, chunk: &chunk };
        assert_eq!(run.cut().collect::<Vec<_>>(), told(&own));
    }

    #[test]
    fn a_run_splits_where_neighbours_differ_and_each_part_has_its_values() {
        let (chunk, own) = (read("--abc--"), read("own"));
        let mut replies = replies(&own);
        let run = ReplyRun { replies: &mut replies, chunk: &chunk };
        let parts: Vec<Vec<(u64, Reply)>> =
            run.split(|one, next| one.token / 2 == next.token / 2).map(|part| part.cut().collect()).collect();
        let all = told(&own);
        assert_eq!(parts, [&all[..1], &all[1..3], &all[3..]].map(Vec::from));
    }

    #[test]
    fn a_value_is_as_long_wherever_it_lies() {
        let lens = replies(&read("long")).map(|arrived| arrived.value_len());
        assert_eq!(lens, ["abc".len(), 0, "long".len(), 0]);
    }

    #[test]
    fn what_is_detached_keeps_its_values_and_nothing_that_was_read_with_them() {
        let (chunk, own, large) = (read("--abc--"), read("own"), Bytes::from(vec![b'v'; LARGE]));
        let mut replies = replies(&own);
        replies[3].reply = hit(&large);
        let mut values = Bytes::new();
        let run = ReplyRun { replies: &mut replies, chunk: &chunk }.detach(&mut values);
        assert_eq!(run.chunk, "abc");
        let kept: Vec<(u64, Reply)> = run.cut().collect();
        assert!(chunk.is_unique() && own.is_unique() && !large.is_unique(), "a large one is not copied");
        assert_eq!((&kept[..3], &kept[3]), (&told(&own)[..3], &(4, hit(&large))));
    }
}
