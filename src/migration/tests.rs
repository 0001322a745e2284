//! The decisions of a migration, one by one and for many inputs.
