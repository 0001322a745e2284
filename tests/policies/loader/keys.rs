//! Whatever a key is made of, the endpoint is asked below the configured path, for exactly that key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::{Memcached, Origin, Random};

use super::{loading, loading_from};

fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = path.bytes();
    let hex = |byte: Option<u8>| char::from(byte.unwrap()).to_digit(16).unwrap() as u8;
    std::iter::from_fn(|| match bytes.next()? {
        b'%' => Some(hex(bytes.next()) * 16 + hex(bytes.next())),
        other => Some(other),
    })
    .collect()
}

#[test]
fn the_path_that_arrives_decodes_to_the_key_and_stays_below_the_prefix() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'v')");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    let mut chance = Random::new(14);
    let mut keys: Vec<Vec<u8>> = [
        "a",
        "..",
        ".",
        "...",
        "/../",
        "../../x",
        "a/b",
        "a?b=c",
        "a#b",
        "%00",
        "%2e%2e",
        "a+b",
        "a&b;c",
        "\\",
        "~",
        "{key}",
        "ü→😀",
    ]
    .map(|key| key.as_bytes().to_vec())
    .to_vec();
    keys.push(vec![b'k'; 250]);
    for key in &keys {
        let text = [b"get ", &key[..], b"\r\n"].concat();
        client.expect(text, [b"VALUE ", &key[..], b" 0 1\r\nv\r\nEND\r\n"].concat());
    }
    // Keys in base64 may hold any byte.
    let binary: Vec<Vec<u8>> = [&b"with space"[..], b"\0\r\n", b"a\tb\x7f", b"\xff\xfe"]
        .map(<[u8]>::to_vec)
        .into_iter()
        .chain((0..50).map(|_| (0..=chance.below(180)).map(|_| chance.below(256) as u8).collect()))
        .collect();
    for key in &binary {
        client.expect(format!("mg {} b v\r\n", STANDARD.encode(key)), "VA 1\r\nv\r\n");
    }
    keys.extend(binary);
    let arrived: Vec<Vec<u8>> = origin
        .paths()
        .iter()
        .map(|path| {
            let below = path.strip_prefix("/cache/").unwrap_or_else(|| panic!("{path} left the prefix"));
            assert!(!below.contains(['/', '?', '#']) && below != "." && below != "..", "{path}");
            decoded(below)
        })
        .collect();
    keys.sort();
    keys.dedup();
    let mut seen = arrived.clone();
    seen.sort();
    assert_eq!(seen, keys, "one call for each key");
}

#[test]
fn a_suffix_is_what_follows_the_prefix_and_a_namespace_is_no_part_of_a_key() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'v')");
    let address = servers[0].address();
    let leash = support::Leash::with_config(&format!(
        "pools: {{main: {{servers: ['{address}']}}}}\nroutes:\n- {{prefix: '', pool: main}}\n\
         - {{prefix: 'page:', pool: main, namespace: 'shop:', loader: {{url: '{}'}}}}\n",
        origin.url("/p?s={suffix}&k={key}")
    ));
    leash.client().expect("get page:a&b\r\n", "VALUE page:a&b 0 1\r\nv\r\nEND\r\n");
    assert_eq!(origin.paths(), ["/p?s=a%26b&k=page%3Aa%26b"]);
    assert!(support::Client::connect(&address).get("shop:page:a&b").unwrap().is_some());
    let told = leash.page("/route?key=page:a%26b");
    assert!(told.contains(&origin.url("/p?s=a%26b&k=page%3Aa%26b")), "{told}");
    drop(loading(&servers, "unix:/nowhere.sock:/{key}", "", ""));
}
