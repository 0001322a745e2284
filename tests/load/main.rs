//! What is measured: under load, floods, faults and limits. By itself, as whatever runs beside it would be measured
//! too.

mod chaos;
mod checked;
mod cost;
mod fair;
mod loader_cost;
mod many_keys;
mod memory;
mod queues;
mod reliability;
mod secured;
