//! Asking a configuration endpoint, over a connection as the pool's servers have it.

use super::cluster;
use super::decide::MembersAnswer;
use crate::config::{Address, Config, Pool, ServerConfig};
use crate::snapshot::options;
use crate::upstream::{Peers, Spool, Target};

/// A longer answer is none.
const MOST: usize = 256 * 1024;
const SINCE_1_4_14: &str = "config get cluster\r\n";
const BEFORE: &str = "get AmazonElastiCache:cluster\r\n";

/// Asks for the nodes.
pub(super) async fn ask(config: &Config, pool: &Pool, host: &str, port: u16) -> Result<MembersAnswer, String> {
    let address = Address::Tcp { host: host.into(), port };
    let server = ServerConfig { name: address.to_string().into(), address, weight: 1 };
    // Several addresses of an endpoint all know the same nodes.
    let options = crate::upstream::Options { any_address: true, ..options(pool, config) };
    let target = Target::new(&server, options, &Peers::new(pool.name.clone()), Spool::in_memory(0));
    let failed = |error: std::io::Error| format!("{}: {error}", server.name);
    let mut connected = target.connect().await.map_err(|unusable| format!("{}: {}", server.name, unusable.why))?;
    let mut body = connected.say(SINCE_1_4_14, MOST, answer).await.map_err(failed)?;
    if body.is_none() {
        body = connected.say(BEFORE, MOST, answer).await.map_err(failed)?;
    }
    let body = body.ok_or_else(|| format!("{}: knows no cluster: is it a configuration endpoint?", server.name))?;
    cluster::read(&body).map_err(|wrong| format!("{}: {wrong}", server.name))
}

/// What an answer that is whole says: the body, or that the question is not understood or there is nothing.
fn answer(text: &str) -> Option<Option<String>> {
    let (first, rest) = text.split_once("\r\n")?;
    let words: Vec<&str> = first.split(' ').collect();
    let length = match words[..] {
        ["CONFIG", _, _, length] | ["VALUE", _, _, length] => length.parse::<usize>().ok(),
        _ => return Some(None),
    };
    let Some(length) = length.filter(|length| *length <= MOST) else { return Some(None) };
    let body = rest.get(..length);
    let end = rest.get(length..)?;
    match body {
        Some(body) if end.ends_with("END\r\n") => Some(Some(body.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn an_answer_is_read_only_once_it_is_whole() {
        let whole = "CONFIG cluster 0 14\r\n1\na|10.0.0.1|1\n\r\nEND\r\n";
        for cut in 0..whole.len() {
            assert_eq!(answer(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(answer(whole), Some(Some("1\na|10.0.0.1|1".into())));
        for none in ["ERROR\r\n", "END\r\n", "CONFIG cluster 0 x\r\n", "CONFIG cluster 0 99999999999\r\n"] {
            assert_eq!(answer(none), Some(None), "{none:?}");
        }
    }
}
