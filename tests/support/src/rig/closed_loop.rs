//! A client of a closed loop: it asks as soon as it was answered.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use super::keys::Keys;
use super::load::{Shared, Waiting, place};
use super::talk::{AGAIN, connect, read_get};
use super::tally::Outcome;
use crate::Random;

/// Asks for any of the keys, for ever; pauses after whatever is no hit.
pub async fn asks_in_turn(
    address: String,
    (keys, mut random, pause): (Keys, Random, Duration),
    tally: Shared,
    waiting: Waiting,
) {
    let place = place(&waiting);
    loop {
        let Ok((mut reader, mut writer)) = connect(&address).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        loop {
            let key = keys.any(&mut random);
            let begun = Instant::now();
            waiting.borrow_mut()[place].push_back(begun);
            let outcome = match writer.write_all(format!("get {key}\r\n").as_bytes()).await {
                Ok(()) => read_get(&mut reader, key, &tally).await.unwrap_or(Outcome::Lost),
                Err(_) => Outcome::Lost,
            };
            waiting.borrow_mut()[place].clear();
            tally.borrow_mut().note(begun, outcome);
            match outcome {
                Outcome::Lost => break tokio::time::sleep(AGAIN).await,
                Outcome::Hit => {}
                _ => tokio::time::sleep(pause).await,
            }
        }
    }
}
