//! Takes messages out of a queue for good: into another one, or away.
//!
//! ```text
//!   reserved in one ─▶ put into the other ─▶ acknowledged in the first
//!                            └▶ refused: given back, into its place
//! ```
//! However it ends, each message is in one of the queues at least: what is reserved when the conversation ends is given back.
//! Only those that waited when it began are taken, so it ends while producers go on.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::holders::QueueAt;
use super::talk::{Reserved, Talk, TalkError};
use super::{QueueError, QueueOutcome, questions};
use crate::readable::{counted, number};

/// Messages that are under way at once at most,
const TOGETHER: usize = 64;
/// and their bytes, if they are as long as those before them.
const BYTES: usize = 4 << 20;

/// Moves the messages of a queue that wait, the oldest first, so many at most. None, if they are where they are to go.
pub(super) async fn move_all(from: &QueueAt, to: &QueueAt, most: u64) -> Result<QueueOutcome, QueueError> {
    let mut shift = Shift::begin(from, Some(to)).await?;
    let left = if from.is(to) { 0 } else { shift.waiting().await?.min(most) };
    let failed = shift.run(left).await.err();
    let remark = if from.is(to) { ", as they are there" } else { "" };
    let words = format!("moved {} from {:?} to {:?}{remark}\n", told(shift.gone), from.shown, to.shown);
    let object = json!({ "from": from.shown, "to": to.shown, "moved": shift.gone });
    Ok(QueueOutcome { failed: failed.into_iter().collect(), ..QueueOutcome::of(words, object) })
}

/// Drops the messages of a queue that wait. Those that consumers have are left to them.
pub(super) async fn drop_all(queue: &QueueAt, is_sure: bool) -> Result<QueueOutcome, QueueError> {
    let mut shift = Shift::begin(queue, None).await?;
    let waiting = shift.waiting().await?;
    if !is_sure && waiting > 0 && !is_confirmed(queue, waiting)? {
        return Err(QueueError::Failed("nothing was dropped".to_string()));
    }
    let failed = shift.run(waiting).await.err();
    let words = format!("dropped {} of {:?}\n", told(shift.gone), queue.shown);
    let object = json!({ "queue": queue.shown, "dropped": shift.gone });
    Ok(QueueOutcome { failed: failed.into_iter().collect(), ..QueueOutcome::of(words, object) })
}

fn told(count: u64) -> String {
    usize::try_from(count).map_or_else(|_| number(count), |count| counted(count, "message"))
}

/// Asks who is at the terminal.
fn is_confirmed(queue: &QueueAt, waiting: u64) -> Result<bool, QueueError> {
    if !io::stdin().is_terminal() {
        return Err(QueueError::Usage(format!("{} would be gone for good; say --yes", told(waiting))));
    }
    eprint!("drop {} of {:?} at {} for good? [y/N] ", told(waiting), queue.shown, queue.holder.label);
    // Where this cannot be shown there is no answer either.
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Messages on their way out of one queue.
struct Shift<'q> {
    from: &'q QueueAt,
    source: Talk,
    to: Option<(&'q QueueAt, Talk)>,
    /// How many have left.
    gone: u64,
    /// The bytes of the longest message of the last round.
    longest: usize,
}

impl<'q> Shift<'q> {
    async fn begin(from: &'q QueueAt, to: Option<&'q QueueAt>) -> Result<Shift<'q>, QueueError> {
        let source = from.holder.talk().await?;
        let to = match to {
            Some(to) => Some((to, to.holder.talk().await?)),
            None => None,
        };
        // What they are like is not known yet: the first one tells.
        Ok(Shift { from, source, to, gone: 0, longest: BYTES })
    }

    async fn waiting(&mut self) -> Result<u64, QueueError> {
        let asked = async {
            self.source.ask(&questions::length(&self.from.name)).await?;
            self.source.message().await
        };
        let told = asked.await.map_err(|error| self.from.holder.failed(&error))?;
        let count = told.and_then(|told| std::str::from_utf8(&told.body).ok()?.parse().ok());
        Ok(count.unwrap_or(0))
    }

    /// Takes so many.
    async fn run(&mut self, mut left: u64) -> Result<(), QueueError> {
        while left > 0 {
            let together =
                (BYTES / self.longest.max(1)).clamp(1, TOGETHER).min(usize::try_from(left).unwrap_or(TOGETHER));
            let opened = self.open(together).await.map_err(|error| self.from.holder.failed(&error))?;
            let Some(longest) = opened.iter().map(|message| message.body.len()).max() else { return Ok(()) };
            (self.longest, left) = (longest, left - opened.len() as u64);
            let (stored, trouble) = self.put(&opened).await;
            self.settle(&opened, &stored).await.map_err(|error| self.from.holder.failed(&error))?;
            trouble.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    async fn open(&mut self, count: usize) -> Result<Vec<Reserved>, TalkError> {
        self.source.ask(&questions::open(&self.from.name, count)).await?;
        let mut opened = Vec::new();
        for _ in 0..count {
            opened.extend(self.source.message().await?);
        }
        Ok(opened)
    }

    /// Which of them are where they are to be, and why the others are not.
    async fn put(&mut self, opened: &[Reserved]) -> (Vec<bool>, Option<QueueError>) {
        let Some((to, talk)) = &mut self.to else { return (vec![true; opened.len()], None) };
        let questions: Vec<u8> = opened.iter().flat_map(|message| questions::put(&to.name, message)).collect();
        let mut trouble = talk.ask(&questions).await.err();
        let mut stored = Vec::new();
        for _ in opened {
            let answer = match &trouble {
                None | Some(TalkError::Refused(_)) => talk.done().await,
                Some(_) => Ok(false),
            };
            stored.push(matches!(answer, Ok(true)));
            trouble = trouble.or(answer.err());
        }
        (stored, trouble.map(|error| to.holder.failed(&error)))
    }

    /// Those that are where they are to be are done with, the others go back.
    async fn settle(&mut self, opened: &[Reserved], stored: &[bool]) -> Result<(), TalkError> {
        let name = &self.from.name;
        let question = |(message, is_stored): (&Reserved, &bool)| match is_stored {
            true => questions::acknowledge(name, message),
            false => questions::give_back(name, message),
        };
        self.source.ask(&opened.iter().zip(stored).flat_map(question).collect::<Vec<u8>>()).await?;
        let mut is_late = false;
        for is_stored in stored {
            let is_done = self.source.done().await?;
            self.gone += u64::from(*is_stored && is_done);
            is_late |= !is_done;
        }
        if is_late { Err(TalkError::Late) } else { Ok(()) }
    }
}
