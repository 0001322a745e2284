//! What a gutter may keep, and for how long. Decides only: the route of that name asks.
//!
//! A gutter holds the keys of a dead server as long as they are needed and no longer: no expiry time there is beyond the
//! cap. What ends sooner, or has ended, keeps its meaning.

use crate::protocol::{Arithmetic, Command, Delete, Exptime, Get, Store};

/// The longest expiry time that counts from now; a longer one is a Unix time.
const LONGEST_RELATIVE: Exptime = 60 * 60 * 24 * 30;
/// An expiry time that is over.
const PAST: Exptime = -1;

/// The longest time that items of one route are kept in a gutter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(Exptime);

impl Cap {
    /// So many seconds; never as many that memcached would take them for a date.
    pub fn seconds(seconds: u64) -> Cap {
        Cap(Exptime::try_from(seconds).unwrap_or(LONGEST_RELATIVE).clamp(1, LONGEST_RELATIVE))
    }

    /// The expiry time that was asked for at `unix` seconds since 1970, or the cap where that ends sooner.
    pub fn exptime(self, asked: Exptime, unix: i64) -> Exptime {
        match asked {
            ..0 => asked,
            0 => self.0,
            1..=LONGEST_RELATIVE => asked.min(self.0),
            // Counted from now: the gutter's clock may be late.
            date => match i64::from(date) - unix {
                ..=0 => PAST,
                left => Exptime::try_from(left).map_or(self.0, |left| left.min(self.0)),
            },
        }
    }

    /// The command with every expiry time in it capped.
    pub fn command(self, command: &Command, unix: i64) -> Command {
        let cap = |asked: Option<Exptime>| asked.map(|asked| self.exptime(asked, unix));
        match command {
            Command::Get(get) => Command::Get(Get { touch: cap(get.touch), vivify: cap(get.vivify), ..get.clone() }),
            Command::Store(store) => {
                let ttl = Some(self.exptime(store.ttl.unwrap_or(0), unix));
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
pub fn may_change(command: &Command) -> bool {
    matches!(command, Command::Store(_) | Command::Delete(_) | Command::Arithmetic(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When an item would end, in seconds from `unix`; `None`: never. As memcached counts.
    fn lasts(exptime: Exptime, unix: i64) -> Option<i64> {
        match exptime {
            0 => None,
            ..0 => Some(0),
            1..=LONGEST_RELATIVE => Some(exptime.into()),
            date => Some((i64::from(date) - unix).max(0)),
        }
    }

    const NOW: std::ops::Range<i64> = 1_700_000_000..2_000_000_000;

    proptest! {
        #[test]
        fn nothing_outlasts_the_cap_and_what_ends_sooner_ends_as_asked(
            asked in prop_oneof![any::<Exptime>(), -5..100, 1_700_000_000..=Exptime::MAX],
            seconds in 0u64..100_000_000,
            unix in NOW,
        ) {
            let cap = Cap::seconds(seconds);
            let most = i64::from(cap.0);
            let kept = lasts(cap.exptime(asked, unix), unix).expect("nothing lasts for ever");
            prop_assert!(kept <= most);
            prop_assert_eq!(kept, lasts(asked, unix).unwrap_or(most).min(most));
        }

        #[test]
        fn whatever_is_kept_ends_by_the_gutters_own_clock(asked in any::<Exptime>(), seconds in 0u64..10_000, unix in NOW) {
            prop_assert!((Exptime::MIN..=LONGEST_RELATIVE).contains(&Cap::seconds(seconds).exptime(asked, unix)));
        }

        #[test]
        fn what_was_capped_stays_as_it_is(asked in any::<Exptime>(), seconds in 0u64..10_000, unix in NOW) {
            let cap = Cap::seconds(seconds);
            let once = cap.exptime(asked, unix);
            prop_assert_eq!(cap.exptime(once, unix), once);
        }
    }

    #[test]
    fn every_expiry_time_of_every_command_is_capped() {
        let (cap, unix) = (Cap::seconds(10), 1_800_000_000);
        let capped = |command| cap.command(&command, unix);
        let get = Get { touch: Some(0), vivify: Some(99), recache: Some(99), ..Get::default() };
        let expected = Get { touch: Some(10), vivify: Some(10), ..get.clone() };
        assert_eq!(capped(Command::Get(get)), Command::Get(expected), "R is no expiry time");
        let never = Store { ttl: None, vivify: Some(0), ..Store::default() };
        let expected = Store { ttl: Some(10), vivify: Some(10), ..Store::default() };
        assert_eq!(capped(Command::Store(never)), Command::Store(expected));
        let delete = Delete { ttl: Some(60), invalidate: true, ..Delete::default() };
        assert_eq!(capped(Command::Delete(delete.clone())), Command::Delete(Delete { ttl: Some(10), ..delete }));
        let sum = Arithmetic { ttl: Some(60), vivify: Some(5), ..Arithmetic::default() };
        assert_eq!(capped(Command::Arithmetic(sum.clone())), Command::Arithmetic(Arithmetic { ttl: Some(10), ..sum }));
        let plain = Command::Get(Get::default());
        assert_eq!(capped(plain.clone()), plain);
    }
}
