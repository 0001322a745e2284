//! The list of one server, sorted and counted: items that are to be copied are handed on to the copier.

use std::time::{Duration, Instant};

use super::filter::{KeyFilter, Sorted};
use super::journal::{JournalEntry, JournalError};
use super::listing::{Listing, ListingError};
use super::metadump::Listed;
use super::progress::WarmProgress;
use super::stop::Stop;
use super::tally::WarmTally;
use crate::upstream::Target;

/// How often it is shown how far the list has come, in keys.
const MANY: u64 = 10_000;

/// What is needed to list the keys of one server.
pub(super) struct Lister<'r> {
    /// The server, with its pool.
    pub server: String,
    /// How to reach it.
    pub target: &'r Target,
    /// Which of its keys are copied.
    pub filter: KeyFilter,
    /// Ends it before its time.
    pub stop: &'r Stop,
}

/// Why a list is not complete.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Server(#[from] ListingError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Lister<'_> {
    /// Counts what would be copied.
    pub(super) async fn count(&self) -> WarmTally {
        let (begun, mut tally) = (Instant::now(), WarmTally::of(&self.server));
        tally.is_done = self.list(&mut tally, |_| Ok(())).await.unwrap_or(false);
        tally.took = begun.elapsed();
        tally
    }

    /// Counts the keys and gives those to be copied to `take`. False if the list is not complete.
    pub(super) async fn list(
        &self,
        tally: &mut WarmTally,
        take: impl FnMut(JournalEntry) -> Result<(), JournalError>,
    ) -> Result<bool, JournalError> {
        let progress = WarmProgress::listing(&self.server);
        let listed = tokio::select! {
            listed = self.list_all(tally, take, &progress) => listed,
            () = self.stop.called() => return Ok(false),
        };
        progress.finish();
        match listed {
            Ok(()) => Ok(true),
            Err(Trouble::Journal(error)) => Err(error),
            Err(Trouble::Server(trouble)) => {
                tally.trouble = Some(trouble.to_string());
                Ok(false)
            }
        }
    }

    async fn list_all(
        &self,
        tally: &mut WarmTally,
        mut take: impl FnMut(JournalEntry) -> Result<(), JournalError>,
        progress: &WarmProgress,
    ) -> Result<(), Trouble> {
        let busy = |pause: Duration| progress.say(&format!("busy with another crawl, asking again in {pause:?}"));
        let mut listing = Listing::begin(self.target, busy).await?;
        while let Some(listed) = listing.next().await? {
            if let Some(entry) = self.sort(tally, listed) {
                take(entry)?;
            }
            if tally.listed.is_multiple_of(MANY) {
                progress.at(tally.listed);
            }
        }
        Ok(())
    }

    /// Counts a key, and returns it if it is to be copied.
    fn sort(&self, tally: &mut WarmTally, Listed { key, size }: Listed) -> Option<JournalEntry> {
        tally.listed += 1;
        match self.filter.sort(&key) {
            Sorted::Others => tally.others += 1,
            Sorted::Orphan => tally.orphans += 1,
            Sorted::Ours(route) => {
                tally.ours += 1;
                tally.size += u64::from(size);
                return Some(JournalEntry { route: route as u32, size, key });
            }
        }
        None
    }
}
