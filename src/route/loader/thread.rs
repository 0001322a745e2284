//! The thread that asks endpoints: one for the process, begun with the first call.
//!
//! Not a worker: connections are shared by all of them, bounds and breaker count for the process without a lock, and
//! what TLS and large bodies cost is not taken from clients that ask for something else. A load crosses threads twice,
//! which is nothing beside an HTTP call.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Instant;

use tokio::runtime::{self, LocalOptions};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use super::decide::Permit;
use super::line::{Due, EndpointLine};
use super::order::{LoadOrder, NoAnswer};
use crate::origin::NoValue;
use crate::runtime::memory::{Account, Holder, Memory};

/// Orders that the thread has not looked at yet: it does so at once, as it never waits for anything else.
const UNSEEN: usize = 65_536;

/// Begins it; what arrives is counted in `account`. It ends when no sender is left.
pub(super) fn start(account: Arc<Account>) -> io::Result<Sender<LoadOrder>> {
    let (orders, ordered) = channel(UNSEEN);
    Builder::new().name("loader".into()).spawn(move || {
        match runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime.block_on(run(ordered, Memory::beside_workers(&account))),
            Err(error) => tracing::error!(%error, "loaders cannot be asked"),
        }
    })?;
    Ok(orders)
}

/// A call that has ended.
struct Ended {
    identity: u64,
    permit: Permit,
    trouble: Option<NoValue>,
}

async fn run(mut ordered: Receiver<LoadOrder>, memory: Rc<Memory>) {
    let (mut lines, mut calls) = (HashMap::<u64, EndpointLine>::new(), JoinSet::<Ended>::new());
    loop {
        tokio::select! {
            order = ordered.recv() => {
                let Some(order) = order else { return };
                let (identity, now) = (order.terms.identity, Instant::now());
                let line = lines.entry(identity).or_insert_with(|| EndpointLine::new(order.terms.clone(), now));
                if let Some(due) = line.take(order, now) {
                    calls.spawn_local(call(identity, due, Holder::new(&memory)));
                }
            }
            Some(Ok(ended)) = calls.join_next() => {
                let Some(line) = lines.get_mut(&ended.identity) else { continue };
                for due in line.ended(ended.permit, ended.trouble, Instant::now()) {
                    calls.spawn_local(call(ended.identity, due, Holder::new(&memory)));
                }
            }
        }
    }
}

/// Makes a call that `holder` holds memory for.
async fn call(identity: u64, Due { order, origin, permit }: Due, holder: Holder) -> Ended {
    let said = match &origin {
        Some(origin) => origin.ask(&order.path, order.etag.as_deref(), &holder).await,
        None => Err(NoValue::Connect),
    };
    let said = said.and_then(|answer| order.terms.checked(answer));
    let trouble = said.as_ref().err().copied();
    // The caller may have stopped waiting.
    let _ = order.answer.send(said.map_err(NoAnswer::NoValue));
    Ended { identity, permit, trouble }
}
