//! The spools of the process, by the names of pool and server. So the deletes that wait for a server go on waiting when
//! a reload changes anything else about it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Spool;
use super::place::SpoolPlace;

/// The names of a pool and of one of its servers.
type Whose = (Arc<str>, Arc<str>);

/// The spools that a target uses.
pub struct Spools {
    directory: Option<PathBuf>,
    known: Mutex<HashMap<Whose, Weak<Spool>>>,
}

impl Spools {
    /// None so far; they will have their files in `directory`, if there is one.
    pub fn new(directory: Option<PathBuf>) -> Arc<Spools> {
        Arc::new(Spools { directory, known: Mutex::default() })
    }

    /// The spool of this server, where at most `most` deletes may wait from now on.
    pub fn of(&self, pool: &Arc<str>, server: &Arc<str>, most: usize) -> Arc<Spool> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, spool| spool.strong_count() > 0);
        let whose = (pool.clone(), server.clone());
        let spool = known.get(&whose).and_then(Weak::upgrade).unwrap_or_else(|| {
            let (pool, server) = whose.clone();
            let place = self.directory.clone().map(|directory| SpoolPlace { directory, pool, server });
            Arc::new(Spool { place, ..Spool::default() })
        });
        spool.set_most(most);
        known.insert(whose, Arc::downgrade(&spool));
        spool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_is_its_servers_for_as_long_as_somebody_uses_it() {
        let spools = Spools::new(None);
        let of = |pool: &str, server: &str| spools.of(&pool.into(), &server.into(), 5);
        let spool = of("main", "m0");
        assert!(Arc::ptr_eq(&spool, &of("main", "m0")));
        assert!(!Arc::ptr_eq(&spool, &of("main", "m1")));
        assert!(!Arc::ptr_eq(&spool, &of("other", "m0")));
        drop(spool);
        assert_eq!(of("main", "m1").depth(), 0);
        assert_eq!(spools.known.lock().unwrap().len(), 1, "a spool that no target uses is forgotten");
    }
}
