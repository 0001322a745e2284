//! The records of a file from a place on, in whatever frames they stand.

use std::io;

use super::{Framed, next, salted, taken};
use crate::runtime::pieces::{ByteSource, Pieces};

/// The record at the front of bytes, and how long its frame is.
type NextRecord<R> = fn(&[u8], u64) -> Option<(R, usize)>;

/// How frames are told.
struct FrameForm<R> {
    /// What their sums depend on, if on anything but what they say.
    salt: u64,
    /// How many bytes the frame at the front says it takes; never more than one may.
    taken: fn(&[u8], u64) -> usize,
    next: NextRecord<R>,
    /// Whether the front looks like that of a frame. Without it nothing is looked for inside of what is damaged.
    begins: Option<fn(&[u8], u64) -> bool>,
}

/// The records of a file from a place on.
pub struct Records<S, R> {
    pieces: Pieces<S>,
    form: FrameForm<R>,
}

impl<S: ByteSource, R: Framed> Records<S, R> {
    /// Those of `source` from the byte `at` on.
    pub fn new(source: S, at: u64) -> Records<S, R> {
        Records::framed_by(|bytes, _| next(bytes), |bytes, _| taken::<R>(bytes), source, at)
    }

    /// The same of [salted] frames.
    pub(crate) fn salted(salt: u64, source: S, at: u64) -> Records<S, R> {
        let (taken, next, begins) =
            (salted::taken::<R>, salted::next, Some(salted::begins::<R> as fn(&[u8], u64) -> bool));
        Records { pieces: Pieces::new(source, at), form: FrameForm { salt, taken, next, begins } }
    }
}

impl<S: ByteSource, R> Records<S, R> {
    /// Those of a file from before there were these frames: `next` finds the one in front, in as many bytes as `taken`
    /// says at most. Neither has a use for a salt.
    pub fn framed_by(next: NextRecord<R>, taken: fn(&[u8], u64) -> usize, source: S, at: u64) -> Records<S, R> {
        Records { pieces: Pieces::new(source, at), form: FrameForm { salt: 0, taken, next, begins: None } }
    }

    /// Where the records that were told end.
    pub fn at(&self) -> u64 {
        self.pieces.at()
    }

    /// Goes past what is damaged, to the next frame that is whole; tells how many bytes that was. `None` if there is none:
    /// then it stands where it stood.
    ///
    /// Where frames are salted, it reads on until it finds one, 64 KiB at a time: two nanoseconds a byte, to the end of the
    /// file if it must be. Otherwise it looks only where the damaged frame says it ends, for what a body says must never be taken
    /// for a frame.
    ///
    /// # Errors
    /// What the source says.
    pub(crate) fn skip_damaged(&mut self) -> io::Result<Option<u64>> {
        let begin = self.at();
        let is_found = match self.form.begins {
            Some(begins) => self.find(begins)?,
            None => self.follows()?,
        };
        if !is_found {
            self.pieces.go_back(begin);
        }
        Ok(is_found.then(|| self.at() - begin))
    }

    /// Whether a whole frame stands where the damaged one ends.
    fn follows(&mut self) -> io::Result<bool> {
        let damaged = (self.form.taken)(self.pieces.ahead(super::LENGTH)?, self.form.salt);
        let is_there = self.pieces.ahead(damaged)?.len() >= damaged;
        self.pieces.take(damaged);
        Ok(is_there && self.peek()?.is_some())
    }

    /// Looks for a whole frame behind the next byte.
    fn find(&mut self, begins: fn(&[u8], u64) -> bool) -> io::Result<bool> {
        loop {
            self.pieces.take(1);
            let ahead = self.pieces.ahead(salted::HEAD)?;
            let fronts = ahead.windows(salted::HEAD);
            let Some(last) = fronts.len().checked_sub(1) else { return Ok(false) };
            let first = fronts.into_iter().position(|front| begins(front, self.form.salt));
            self.pieces.take(first.unwrap_or(last));
            if first.is_some() && self.peek()?.is_some() {
                return Ok(true);
            }
        }
    }

    /// The record that is ahead, and how long its frame is.
    fn peek(&mut self) -> io::Result<Option<(R, usize)>> {
        let FrameForm { salt, taken, next, .. } = self.form;
        let taken = taken(self.pieces.ahead(salted::HEAD)?, salt);
        Ok(next(self.pieces.ahead(taken)?, salt))
    }

    /// All of them, and where they end.
    pub fn all(mut self) -> io::Result<(Vec<R>, u64)> {
        let all = self.by_ref().collect::<io::Result<Vec<R>>>()?;
        Ok((all, self.at()))
    }
}

impl<S: ByteSource, R> Iterator for Records<S, R> {
    type Item = io::Result<R>;

    fn next(&mut self) -> Option<io::Result<R>> {
        let (record, length) = match self.peek().transpose()? {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        self.pieces.take(length);
        Some(Ok(record))
    }
}
