//! A disk that tears, fills, forgets what it was not told to keep, and dies between any two steps.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use leash::queue::SegmentDisk;
use support::Random;

/// What is left when a process is gone.
#[derive(Clone, Default)]
pub struct Platter(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    segments: BTreeMap<u32, Kept>,
    /// Steps that go well before the machine dies.
    steps: Option<u32>,
    /// How much of the write fits that is under way then.
    torn: usize,
    is_dead: bool,
    is_full: bool,
    is_unsynced: bool,
}

#[derive(Clone, Default)]
struct Kept {
    bytes: Vec<u8>,
    /// What outlives the machine.
    safe: Vec<u8>,
}

impl Platter {
    /// The machine dies after so many steps, in the middle of the next one.
    pub fn dies_after(&self, steps: u32, torn: usize) {
        let mut inner = self.0.borrow_mut();
        (inner.steps, inner.torn) = (Some(steps), torn);
    }

    /// Whether it is dead.
    pub fn is_dead(&self) -> bool {
        self.0.borrow().is_dead
    }

    /// From now on it has no room, or has.
    pub fn fill(&self, is_full: bool) {
        self.0.borrow_mut().is_full = is_full;
    }

    /// From now on it cannot keep what is written, or can.
    pub fn fail_syncs(&self, fail: bool) {
        self.0.borrow_mut().is_unsynced = fail;
    }

    /// The next process finds this; of what was not synced, any beginning if the machine died as well.
    pub fn begin_again(&self, random: &mut Random, machine_too: bool) {
        let mut inner = self.0.borrow_mut();
        (inner.is_dead, inner.steps) = (false, None);
        for kept in inner.segments.values_mut() {
            if machine_too && kept.bytes != kept.safe {
                let least = kept.safe.len().min(kept.bytes.len());
                let length = least + random.below(kept.bytes.len() - least + 1);
                kept.bytes.truncate(length);
                let prefix = kept.safe.len().min(length);
                kept.bytes[..prefix].copy_from_slice(&kept.safe[..prefix]);
            }
            kept.safe = kept.bytes.clone();
        }
    }

    /// How long the last segment is.
    pub fn end(&self) -> usize {
        self.0.borrow().segments.last_key_value().map_or(0, |(_, kept)| kept.bytes.len())
    }

    /// Another one like this, whose last segment ends here.
    pub fn cut_at(&self, end: usize) -> Platter {
        let mut segments = self.0.borrow().segments.clone();
        segments.last_entry().into_iter().for_each(|mut last| last.get_mut().bytes.truncate(end));
        Platter(Rc::new(RefCell::new(Inner { segments, ..Inner::default() })))
    }

    /// Another one like this, with one bit of its last segment flipped.
    pub fn flipped(&self, at: usize, bit: u32) -> Platter {
        let mut segments = self.0.borrow().segments.clone();
        segments.last_entry().into_iter().for_each(|mut last| last.get_mut().bytes[at] ^= 1 << bit);
        Platter(Rc::new(RefCell::new(Inner { segments, ..Inner::default() })))
    }

    /// Forgets segments with nothing in them but their beginning: a fault.
    pub fn forget_empty(&self) {
        self.0.borrow_mut().segments.retain(|_, kept| kept.bytes.len() > 72);
    }

    fn step(&self) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        if inner.is_dead {
            return Err(io::Error::other("dead"));
        }
        match &mut inner.steps {
            Some(0) => inner.is_dead = true,
            Some(steps) => *steps -= 1,
            None => {}
        }
        Ok(())
    }
}

impl SegmentDisk for Platter {
    fn numbers(&self) -> io::Result<Vec<u32>> {
        Ok(self.0.borrow().segments.keys().copied().collect())
    }

    fn name(&self, segment: u32) -> String {
        format!("segment {segment}")
    }

    fn salt(&mut self) -> u64 {
        7
    }

    fn create(&mut self, segment: u32, beginning: &[u8]) -> io::Result<()> {
        self.step()?;
        let mut inner = self.0.borrow_mut();
        if inner.is_dead || inner.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.segments.insert(segment, Kept { bytes: beginning.to_vec(), safe: beginning.to_vec() });
        Ok(())
    }

    fn length(&mut self, segment: u32) -> io::Result<u64> {
        Ok(self.0.borrow().segments[&segment].bytes.len() as u64)
    }

    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()> {
        self.step()?;
        let mut inner = self.0.borrow_mut();
        let fits = if inner.is_dead || inner.is_full { inner.torn.min(bytes.len()) } else { bytes.len() };
        let kept = inner.segments.get_mut(&segment).ok_or(io::ErrorKind::NotFound)?;
        let end = at as usize + fits;
        kept.bytes.resize(kept.bytes.len().max(end), 0);
        kept.bytes[at as usize..end].copy_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn read_some(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let inner = self.0.borrow();
        let kept = inner.segments.get(&segment).ok_or(io::ErrorKind::NotFound)?;
        let rest = kept.bytes.get(at as usize..).unwrap_or_default();
        // It breaks off, as a disk may.
        let count = rest.len().min(buffer.len() / 2 + 1);
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()> {
        self.step()?;
        let mut inner = self.0.borrow_mut();
        if !inner.is_dead
            && let Some(kept) = inner.segments.get_mut(&segment)
        {
            kept.bytes.truncate(length as usize);
        }
        Ok(())
    }

    fn sync(&mut self, segment: u32) -> io::Result<()> {
        self.step()?;
        let mut inner = self.0.borrow_mut();
        if inner.is_dead || inner.is_unsynced {
            return Err(io::Error::other("the disk keeps nothing"));
        }
        let kept = inner.segments.get_mut(&segment).ok_or(io::ErrorKind::NotFound)?;
        kept.safe = kept.bytes.clone();
        Ok(())
    }

    fn remove(&mut self, segment: u32) -> io::Result<()> {
        self.step()?;
        let mut inner = self.0.borrow_mut();
        if !inner.is_dead {
            inner.segments.remove(&segment);
        }
        Ok(())
    }

    fn set_aside(&mut self, _: u32) -> io::Result<String> {
        Ok("aside".into())
    }

    fn copies(&mut self) -> io::Result<u64> {
        Ok(0)
    }
}
