//! The house keeps its shape: which room may name which, which files decide, that no files go round in a circle, that
//! no name has two meanings, how long a file may be, and that each says what it is. Reads the sources as text; each
//! guard is shown a planted fault.

mod circles;
mod deciders;
mod files;
mod names;
mod paths;
mod rooms;
mod source;
