//! The status page in a real browser: under traffic, through trouble and migration, with and without a script, in the
//! hands of somebody who means no good, and on a phone.

mod ask;
mod house;
mod looks;
mod pictures;
mod troubles;
mod watch;
