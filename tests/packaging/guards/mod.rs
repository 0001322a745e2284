//! What could make the tests green though they test less: tests that end early, and tools that are not the ones they
//! were written for. Reads tests and scripts as text; each guard is shown a planted fault.

mod early_ends;
mod installs;
