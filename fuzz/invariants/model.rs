//! Models of what memcached makes of things leash says in its own way.

use leash::protocol::{Arithmetic, Command, Exptime, Get, Request, Returns, Store};

/// Every fact a client can ask for.
pub const FACTS: [Returns; 8] = [
    Returns::VALUE,
    Returns::FLAGS,
    Returns::CAS,
    Returns::TTL,
    Returns::SIZE,
    Returns::HIT,
    Returns::LAST_ACCESS,
    Returns::TTL_BEFORE,
];

/// `request` without what makes no difference to a server: the one of all requests of the same meaning that is sent.
pub fn plain(request: &Request) -> Request {
    let counted = [Returns::VALUE, Returns::CAS, Returns::TTL, Returns::TTL_BEFORE];
    let counted = counted.into_iter().fold(Returns::NONE, Returns::and);
    let command = match request.command.clone() {
        // Without both T and R there is no order between them. What leash may tell the asker is not the server's
        // business.
        Command::Get(get) => {
            let touch_last = get.touch_last && get.touch.is_some() && get.recache.is_some();
            Command::Get(Get { touch_last, knows_marks: true, ..get })
        }
        // No expiry time is never, which is 0. A store tells nothing about what it replaced.
        Command::Store(store) => {
            let (ttl, returns) = (store.ttl.filter(|ttl| *ttl != Exptime::NEVER), store.returns.only(Returns::CAS));
            Command::Store(Store { ttl, returns, ..store })
        }
        // Without N nothing is created, so it has no initial value.
        Command::Arithmetic(arithmetic) => {
            let initial = if arithmetic.vivify.is_some() { arithmetic.initial } else { 0 };
            Command::Arithmetic(Arithmetic { initial, returns: arithmetic.returns.only(counted), ..arithmetic })
        }
        other => other,
    };
    Request { key: request.key.clone(), command }
}

/// glibc's `strtoll` of a NUL-terminated copy of `token`, as `safe_strtol` uses it: the whole number, or nothing where
/// it reports none or a range error, or where something other than white space or the end stands behind it.
pub fn strtoll(token: &[u8]) -> Option<i128> {
    let (value, _) = c_number(token)?;
    i64::try_from(value).ok().map(i128::from)
}

/// The same of `strtoull`, as `safe_strtoull` uses it: a minus negates within 64 bits, but a result that is negative as
/// a signed number must have no minus anywhere in the string.
pub fn strtoull(token: &[u8]) -> Option<u64> {
    let (value, string) = c_number(token)?;
    let magnitude = u64::try_from(value.unsigned_abs()).ok()?;
    let value = if value < 0 { magnitude.wrapping_neg() } else { magnitude };
    let refused = value > i64::MAX as u64 && string.contains(&b'-');
    (!refused).then_some(value)
}

/// The number a C string begins with, however large it is written up to 10^30, and the string.
fn c_number(token: &[u8]) -> Option<(i128, &[u8])> {
    let string = token.split(|&b| b == 0).next()?;
    let is_space = |b: &u8| b" \t\n\x0b\x0c\r".contains(b);
    let text = &string[string.iter().take_while(|b| is_space(b)).count()..];
    let (sign, text) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || text.get(digits).is_some_and(|b| !is_space(b)) {
        return None;
    }
    let digit = |n: i128, b: &u8| (n * 10 + i128::from(b - b'0')).min(10i128.pow(30));
    Some((sign * text[..digits].iter().fold(0, digit), string))
}
