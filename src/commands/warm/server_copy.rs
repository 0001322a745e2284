//! One server that is copied from: notes its list of keys, then copies the items, and notes how far that has come.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::copier::{Copier, Pass};
use super::journal::{AtHand, Journal, JournalError};
use super::lister::Lister;
use super::progress::WarmProgress;
use super::tally::WarmTally;
use crate::readable::number;

/// Time between two notes, and shows, of how far the copies have come.
const NOTE: Duration = Duration::from_millis(250);

/// What is needed to copy from one server.
pub(super) struct ServerCopy<'r> {
    /// Lists its keys.
    pub lister: Lister<'r>,
    /// Its place in the plan.
    pub source: u32,
}

impl ServerCopy<'_> {
    /// Copies what is to be copied, from where an earlier run has come to.
    pub(super) async fn run(
        &self,
        copier: &Rc<Copier>,
        journal: &mut Journal,
        before: Option<AtHand>,
    ) -> Result<WarmTally, JournalError> {
        let begun = Instant::now();
        let mut tally = WarmTally::of(&self.lister.server);
        // The journal does not say which of the done items were refused: all of them are asked for again.
        let at_hand = match before.filter(|at_hand| at_hand.source == self.source && at_hand.refused == 0) {
            Some(at_hand) => Some(at_hand),
            None => self.list(journal, &mut tally).await?,
        };
        if let Some(AtHand { keys, done, .. }) = at_hand {
            (tally.ours, tally.before) = (keys, done);
            tally.listed = tally.listed.max(keys);
            tally = self.copy_listed(copier, journal, tally).await?;
        }
        tally.took = begun.elapsed();
        Ok(tally)
    }

    /// Notes the list, if it can be had.
    async fn list(&self, journal: &mut Journal, tally: &mut WarmTally) -> Result<Option<AtHand>, JournalError> {
        journal.begin_list()?;
        if !self.lister.list(tally, |entry| journal.list(entry)).await? {
            return Ok(None);
        }
        let keys = journal.end_list(self.source)?;
        Ok(Some(AtHand { source: self.source, keys, done: 0, refused: 0 }))
    }

    async fn copy_listed(
        &self,
        copier: &Rc<Copier>,
        journal: &mut Journal,
        tally: WarmTally,
    ) -> Result<WarmTally, JournalError> {
        let (keys, before) = (tally.ours, tally.before);
        let progress = WarmProgress::copying(&self.lister.server, keys, before);
        progress.say(&what_is_ahead(&tally));
        let pass = Pass::new(tally);
        begin_all(copier, journal, &pass, &progress).await?;
        copier.settled().await;
        progress.finish();
        let reached = note(journal, &pass)?;
        let mut tally = pass.tally.borrow().clone();
        tally.is_done = reached == keys && tally.refused == 0;
        if tally.is_done {
            journal.finish(self.source, keys)?;
        }
        Ok(tally)
    }
}

fn what_is_ahead(tally: &WarmTally) -> String {
    let [listed, keys, before] = [tally.listed, tally.ours, tally.before].map(number);
    match tally.before {
        0 => format!("{keys} of {listed} keys are to be copied"),
        _ => format!("{before} of {keys} keys were done before and are skipped"),
    }
}

/// Begins to copy all that is listed and not done, one after the other, until that is to stop.
async fn begin_all(
    copier: &Rc<Copier>,
    journal: &mut Journal,
    pass: &Rc<Pass>,
    progress: &WarmProgress,
) -> Result<(), JournalError> {
    let (mut skipped, mut noted) = (pass.tally.borrow().before, Instant::now());
    for block in journal.listed() {
        for entry in block? {
            if skipped > 0 {
                skipped -= 1;
                continue;
            }
            if !copier.begin(pass, &entry).await {
                return Ok(());
            }
            if noted.elapsed() >= NOTE {
                noted = Instant::now();
                progress.at(note(journal, pass)?);
            }
        }
    }
    Ok(())
}

/// Notes how far the list is done, and tells it.
fn note(journal: &mut Journal, pass: &Pass) -> Result<u64, JournalError> {
    let (reached, refused) = (pass.window.borrow().reached(), pass.tally.borrow().refused);
    journal.reached(reached, refused)?;
    Ok(reached)
}
