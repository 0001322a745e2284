//! Who is let in at a listener: names and passwords, out of a file as memcached has it for `-Y`.
//!
//! How long it takes to say no tells nothing of how much of a guess was right: each guess is compared with each user,
//! and each byte that a word may have with each.

use std::fmt;
use std::hint::black_box;
use std::path::PathBuf;

/// The longest name, and the longest password, that memcached reads.
pub(in crate::config) const LONGEST_WORD: usize = 256;

/// Those who are let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Users {
    /// Where they stand.
    pub file: PathBuf,
    known: Vec<(String, String)>,
}

impl Users {
    /// Those in the text of a file, `name:password` a line. What is wrong with it otherwise; never the line itself.
    pub(in crate::config) fn read(file: PathBuf, text: &str) -> Result<Users, String> {
        let mut known = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let place = format!("{}:{}", file.display(), number + 1);
            let (name, password) =
                line.split_once(':').ok_or_else(|| format!("{place}: no colon; write name:password"))?;
            for (what, word) in [("a name", name), ("a password", password)] {
                if word.is_empty() || word.len() > LONGEST_WORD || word.contains([' ', '\0']) {
                    return Err(format!("{place}: {what} must have 1 to {LONGEST_WORD} bytes and no space"));
                }
            }
            known.push((name.to_string(), password.to_string()));
        }
        if known.is_empty() {
            return Err(format!("{} names no user, so nobody could come in; write name:password", file.display()));
        }
        Ok(Users { file, known })
    }

    /// Whether this name and this password go together.
    pub fn know(&self, name: &[u8], password: &[u8]) -> bool {
        let mut found = 0;
        for (known, secret) in &self.known {
            found |= same(known.as_bytes(), name) & same(secret.as_bytes(), password);
        }
        black_box(found) != 0
    }
}

/// 1 if both are the same, else 0, in a time that depends on neither.
fn same(known: &[u8], guess: &[u8]) -> u8 {
    let mut differ = known.len() ^ guess.len();
    for at in 0..LONGEST_WORD {
        let byte = |word: &[u8]| usize::from(word.get(at).copied().unwrap_or(0));
        differ |= black_box(byte(known) ^ byte(guess));
    }
    u8::from(black_box(differ) == 0)
}

/// Without names and passwords.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_the_file_is_let_in_with_the_own_password_only() {
        let users = Users::read("users".into(), "ada:one\n\nbob:t:wo\n").unwrap();
        let know = |name: &str, password: &str| users.know(name.as_bytes(), password.as_bytes());
        assert!(know("ada", "one") && know("bob", "t:wo"));
        for (name, password) in [("ada", "t:wo"), ("ada", "on"), ("ada", "one1"), ("ad", "one"), ("", ""), ("ada", "")]
        {
            assert!(!know(name, password), "{name} {password}");
        }
        assert!(!know("ada", &format!("one{}", "\0".repeat(300))));
    }

    #[test]
    fn a_wrong_file_is_told_without_what_stands_in_it() {
        let wrong = |text: &str| Users::read("users".into(), text).unwrap_err();
        assert_eq!(wrong("ada:one\nsecret\n"), "users:2: no colon; write name:password");
        assert_eq!(wrong("\n"), "users names no user, so nobody could come in; write name:password");
        assert!(wrong("ada:se cret").starts_with("users:1: a password must have"));
        assert!(!format!("{:?}", Users::read("users".into(), "ada:secret").unwrap()).contains("secret"));
    }
}
