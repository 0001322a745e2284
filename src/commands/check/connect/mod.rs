//! `leash check --connect`: asks whoever the configuration names whether leash could use them, all at once.
//!
//! ```text
//!   discovery ─▶ the servers that are found ─┐
//!   written servers, loaders ────────────────┴─▶ one inquiry each ─▶ what each answered, in the order of the file
//! ```
//! One file a kind of inquiry: a list of them from the configuration, and what an answer means. Changes nothing where it
//! asks, and has connections of its own.

mod discovery;
mod inquiry;
mod loaders;
mod servers;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::config::Config;
use crate::config::problem::ConfigPlace;
use discovery::FoundByPool;
pub use inquiry::Inquired;
use inquiry::{Inquiry, InquiryAnswer};

/// How long one of them may take, whatever the configuration allows.
const LONGEST: Duration = Duration::from_secs(10);
/// So many are asked at once: each may have a connection, or several.
const AT_ONCE: usize = 200;

/// Asks all of them. `file` is what the configuration is called; `is_here` whether it is for this machine.
pub(super) fn ask(file: &str, config: &Config, is_here: bool) -> io::Result<Vec<Inquired>> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    Ok(runtime.block_on(all(&ConfigPlace::top(file), config.clone(), is_here)))
}

async fn all(top: &ConfigPlace, mut config: Config, is_here: bool) -> Vec<Inquired> {
    let found = FoundByPool::default();
    let mut all = heard(discovery::inquiries(top, &Rc::new(config.clone()), &found)).await;
    for (place, servers) in found.take() {
        config.pools[place].servers = servers;
    }
    let config = Rc::new(config);
    let inquiries = servers::inquiries(top, &config, is_here).into_iter().chain(loaders::inquiries(top, &config));
    all.extend(heard(inquiries.collect()).await);
    all
}

/// What came of each, in their order.
async fn heard(inquiries: Vec<Inquiry>) -> Vec<Inquired> {
    let places = Rc::new(Semaphore::new(AT_ONCE));
    let asked: Vec<_> = inquiries.into_iter().map(|inquiry| spawn_local(one(inquiry, places.clone()))).collect();
    let mut all = Vec::new();
    for inquired in asked {
        all.extend(inquired.await);
    }
    all
}

async fn one(inquiry: Inquiry, places: Rc<Semaphore>) -> Inquired {
    // Nobody closes it.
    let _place = places.acquire().await;
    let Inquiry { place, subject, asking } = inquiry;
    let late = || InquiryAnswer::wrong(format!("no answer within {LONGEST:?}"));
    let answer = timeout(LONGEST, asking).await.unwrap_or_else(|_| late());
    Inquired { place, subject, answer }
}
