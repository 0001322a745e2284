//! What stands in a spool's file behind its title, for those who try any bytes on it (`fuzz/`); leash itself knows only
//! the file.

pub use super::format::Record;
pub use super::version::Version;
