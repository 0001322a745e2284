//! User and password, as leash says them to servers. What is secret is read from a file, and shown nowhere.

use std::fmt;
use std::path::PathBuf;

/// As whom leash asks to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user, as people may see it.
    pub shown_user: String,
    /// Where the password stands.
    pub password_file: PathBuf,
    user: String,
    password: String,
}

impl Credentials {
    /// This user, who is shown so, and whose password stands in this file.
    pub(in crate::config) fn new(
        user: String,
        shown_user: String,
        password_file: PathBuf,
        password: String,
    ) -> Credentials {
        Credentials { shown_user, password_file, user, password }
    }

    /// What memcached wants to be told: both, with a space between them.
    pub fn token(&self) -> Vec<u8> {
        format!("{} {}", self.user, self.password).into_bytes()
    }
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown.field("user", &self.shown_user).field("password_file", &self.password_file).finish_non_exhaustive()
    }
}
