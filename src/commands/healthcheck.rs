//! `leash healthcheck`: asks the leash that serves on this machine whether it is alive, for monitors that can only run
//! a command (Docker's HEALTHCHECK).

use std::net::SocketAddr;

use tokio::runtime::Builder;

use crate::admin::fetch::{fetch, reachable};

/// Asks `/livez` at `admin`. What it says if all is well, or what is wrong.
pub fn ask(admin: SocketAddr) -> Result<String, String> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let said = runtime.block_on(fetch(admin, "/livez"));
    let page = format!("http://{}/livez", reachable(admin));
    said.map(|said| format!("{page}: {said}")).map_err(|why| format!("{page}: {why}"))
}
