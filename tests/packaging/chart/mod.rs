//! The Helm chart: what it renders in every mode, and what it refuses.
//!
//! helm and the validator are installed by `tests/run`. What the chart renders is recorded in `golden/`; after a
//! change on purpose, look at what `LEASH_UPDATE_GOLDEN=1 cargo test --test packaging chart` changes there.

mod admission;
mod bounds;
mod documentation;
mod endpoint;
mod helm;
mod manifests;
mod memory;
mod refusals;
mod script;
mod settings;
