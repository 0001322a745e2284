//! Pools as others name them: by a word that must be one of theirs.

use crate::config::checked::Pool;
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, instead, plain};

/// The place of the pool that `written` names. Compared as text however it is spelt: a pool's name in `pools` is a key,
/// and keys are text.
pub(super) fn named(written: Option<&Scalar>, pools: &[Pool], problems: &mut Problems) -> Option<usize> {
    let scalar = written?;
    let found = pools.iter().position(|pool| *pool.name == *scalar.text);
    if found.is_none() && !pools.is_empty() {
        let names = instead(&scalar.text, pools.iter().map(|pool| &*pool.name));
        problems.add(&scalar.place, format!("there is no pool {}, {names}", plain(&scalar.text)));
    }
    found
}
