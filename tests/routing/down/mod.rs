//! What is kept when servers die: health, deletes, stand-ins. Over real memcached processes that are killed and frozen.

mod disk;
mod full;
mod gutter;
mod health;
mod large;
mod migration;
mod names;
mod pools;
mod reload;
mod replay;
mod slow_server;
mod spool;
mod worst_times;
mod zombies;
