//! What an operator meets: configuration, reloads, pages, metrics, commands.

mod check;
mod check_connect;
mod config;
mod demo;
mod man;
mod monitoring;
mod page;
mod queue_commands;
mod queues;
mod reload;
mod stand_ins;
mod status;
mod top;
