//! What a gutter may keep, and for how long. Decides only: the route of that name asks.
//!
//! A gutter holds the keys of a dead server as long as they are needed and no longer: no expiry time there is beyond
//! the cap. Expiry times within the cap, or in the past, stay as they are.

use std::time::Duration;

use crate::config;
use crate::protocol::{Arithmetic, Command, Delete, Exptime, Get, Store};
use crate::route::migration::decide::CLAIM_LASTS;

/// The longest time that items of one route are kept in a gutter, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(i64);

impl Cap {
    /// As fresh as the gutter allows, then stale for as long as elsewhere, and never so short that a migration could
    /// not rely on its claims.
    pub fn of(route: &config::Route, gutter: config::Gutter) -> Cap {
        let stale = route.refresh.as_ref().map_or(Duration::ZERO, |refresh| refresh.grace + refresh.fail_safe);
        let least = if route.migrate.is_some() { CLAIM_LASTS } else { Duration::ZERO };
        Cap::seconds((gutter.ttl.max(least) + stale).as_secs())
    }

    /// So many seconds; never as many that memcached would take them for a date.
    pub fn seconds(seconds: u64) -> Cap {
        Cap(i64::try_from(seconds).unwrap_or(i64::MAX).clamp(1, Exptime::MOST_SECONDS))
    }

    /// The same as a time.
    pub fn time(self) -> Duration {
        Duration::from_secs(self.0.unsigned_abs())
    }

    /// The expiry time that was asked for at `unix` seconds since 1970, or the cap where that ends sooner.
    pub fn exptime(self, asked: Exptime, unix: i64) -> Exptime {
        // Never a date: the gutter's clock may be late.
        Exptime::from_now(asked.lasts(unix).map_or(self.0, |lasts| lasts.min(self.0)))
    }

    /// The command with every expiry time in it capped.
    pub fn command(self, command: &Command, unix: i64) -> Command {
        let cap = |asked: Option<Exptime>| asked.map(|asked| self.exptime(asked, unix));
        match command {
            Command::Get(get) => Command::Get(Get { touch: cap(get.touch), vivify: cap(get.vivify), ..get.clone() }),
            Command::Store(store) => {
                let ttl = Some(self.exptime(store.ttl.unwrap_or(Exptime::NEVER), unix));
                Command::Store(Store { ttl, vivify: cap(store.vivify), ..store.clone() })
            }
            Command::Delete(delete) => Command::Delete(Delete { ttl: cap(delete.ttl), ..delete.clone() }),
            Command::Arithmetic(sum) => {
                Command::Arithmetic(Arithmetic { ttl: cap(sum.ttl), vivify: cap(sum.vivify), ..sum.clone() })
            }
            Command::Debug => Command::Debug,
        }
    }
}

/// Whether the command may leave another value than there was.
pub(crate) fn may_change(command: &Command) -> bool {
    matches!(command, Command::Store(_) | Command::Delete(_) | Command::Arithmetic(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_exptime() -> impl Strategy<Value = Exptime> {
        prop_oneof![any::<i32>(), -5..100, 1_700_000_000..=i32::MAX].prop_map(Exptime::new)
    }

    const NOW: std::ops::Range<i64> = 1_700_000_000..2_000_000_000;

    proptest! {
        #[test]
        fn nothing_outlasts_the_cap_and_what_ends_sooner_ends_as_asked(
            asked in any_exptime(), seconds in 0u64..100_000_000, unix in NOW,
        ) {
            let cap = Cap::seconds(seconds);
            let kept = cap.exptime(asked, unix).lasts(unix).expect("nothing lasts for ever");
            prop_assert!(kept <= cap.0);
            prop_assert_eq!(kept, asked.lasts(unix).unwrap_or(cap.0).min(cap.0));
        }

        #[test]
        fn whatever_is_kept_ends_by_the_gutters_own_clock(asked in any_exptime(), seconds in 0u64..10_000, unix in NOW) {
            let kept = Cap::seconds(seconds).exptime(asked, unix);
            prop_assert!(i64::from(kept.as_written()) <= Exptime::MOST_SECONDS);
        }

        #[test]
        fn what_was_capped_stays_as_it_is(asked in any_exptime(), seconds in 0u64..10_000, unix in NOW) {
            let cap = Cap::seconds(seconds);
            let once = cap.exptime(asked, unix);
            prop_assert_eq!(cap.exptime(once, unix), once);
        }
    }

    #[test]
    fn every_expiry_time_of_every_command_is_capped() {
        let seconds = |written| Some(Exptime::new(written));
        let (cap, unix) = (Cap::seconds(10), 1_800_000_000);
        let capped = |command| cap.command(&command, unix);
        let get = Get { touch: seconds(0), vivify: seconds(99), recache: seconds(99), ..Get::default() };
        let expected = Get { touch: seconds(10), vivify: seconds(10), ..get.clone() };
        assert_eq!(capped(Command::Get(get)), Command::Get(expected), "R is no expiry time");
        let never = Store { ttl: None, vivify: seconds(0), ..Store::default() };
        let expected = Store { ttl: seconds(10), vivify: seconds(10), ..Store::default() };
        assert_eq!(capped(Command::Store(never)), Command::Store(expected));
        let delete = Delete { ttl: seconds(60), invalidate: true, ..Delete::default() };
        assert_eq!(capped(Command::Delete(delete.clone())), Command::Delete(Delete { ttl: seconds(10), ..delete }));
        let sum = Arithmetic { ttl: seconds(60), vivify: seconds(5), ..Arithmetic::default() };
        assert_eq!(
            capped(Command::Arithmetic(sum.clone())),
            Command::Arithmetic(Arithmetic { ttl: seconds(10), ..sum })
        );
        let plain = Command::Get(Get::default());
        assert_eq!(capped(plain.clone()), plain);
    }
}
