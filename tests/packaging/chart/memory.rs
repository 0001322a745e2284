//! The memory limit that nobody wrote: the chart's has room for all that the configuration allows.

use serde_json::Value;

use support::repository::here;

use super::helm::{KUBERNETES, objects, template};

/// `--set` arguments on top of two servers, and the limit in MiB.
const LIMITS: &[(&str, u64)] = &[
    ("mode=sidecar", 384),
    // 20 + 1.25 x 256 + 39 for 2 x 100,000 deletes
    ("config.limits.memory=256MiB", 384),
    ("config.limits.memory=512MiB", 704),
    ("config.limits.memory=16MiB,config.spool.max_keys=0", 64),
    // a store of its own is no server for deletes
    (
        "config.limits.memory=64MiB,config.pools.local.servers[0]=embedded,config.pools.local.embedded.max_bytes=1GiB",
        1168,
    ),
    ("config.limits.memory=64MiB,config.pools.main.on_down.gutter=embedded", 208),
    ("config.limits.memory=64MiB,config.pools.main.on_down.gutter.pool=embedded", 208),
    (
        "config.limits.memory=64MiB,config.routes[0].prefix=,config.routes[0].pool=main,config.routes[0].refresh.grace=60s",
        192,
    ),
    ("config.spool.max_keys=2000000", 2064),
    // what is written stays, and a request that is more than the sum is no contradiction
    ("resources.limits.memory=1Gi", 1024),
    ("resources.requests.memory=2Gi", 2048),
    ("resources.limits.cpu=2", 384),
];

/// The same in plain numbers, which Helm takes for floats.
const IN_NUMBERS: &[(&str, u64)] = &[
    ("config.limits.memory=536870912", 704),
    (r#"config.pools.local={"servers": ["embedded"], "embedded": {"max_bytes": 1073741824}}"#, 1184),
    ("resources.requests.memory=2147483648", 2048),
    (r#"resources.requests.memory="0.5Gi""#, 512),
];

/// The limit of a sidecar with these values, in MiB.
#[track_caller]
fn limit(set: &str) -> u64 {
    limit_by("--set", set)
}

#[track_caller]
fn limit_by(option: &str, set: &str) -> u64 {
    let values = here("helm/ci/sidecar-values.yaml");
    let mut arguments = vec![here("helm").display().to_string(), "--values".into(), values.display().to_string()];
    arguments.extend([option.into(), set.into()]);
    let rendered = objects(&template(KUBERNETES, arguments));
    let pod = rendered.iter().find(|object| object["kind"] == "Pod").expect("the pod of the test");
    let text = pod["spec"]["initContainers"][0]["resources"]["limits"]["memory"].as_str().map(str::to_string);
    let text = text.unwrap_or_else(|| panic!("{set}: no limit in {}", Value::to_string(pod)));
    let (number, unit) = text.split_at(text.len() - 2);
    number.parse::<u64>().unwrap() * if unit == "Gi" { 1024 } else { 1 }
}

#[test]
fn it_is_computed_from_buffers_stores_and_deletes_that_wait() {
    for (set, expected) in LIMITS {
        assert_eq!(limit(set), *expected, "{set}");
    }
    for (set, expected) in IN_NUMBERS {
        assert_eq!(limit_by("--set-json", set), *expected, "{set}");
    }
}

/// Where `limits.memory` is auto, leash takes half of the limit for buffers, which must not crowd out the rest.
#[test]
fn what_auto_takes_of_it_leaves_room_for_the_rest() {
    for (servers, keys, store) in
        [(1, 100_000, 0), (2, 0, 64), (8, 100_000, 0), (8, 500_000, 512), (40, 1_000_000, 2048)]
    {
        let mut set = format!("config.spool.max_keys={keys}");
        (0..servers).for_each(|n| set += &format!(",config.pools.main.servers[{n}]=m{n}"));
        if store > 0 {
            set += &format!(",config.pools.local.servers[0]=embedded,config.pools.local.embedded.max_bytes={store}MiB");
        }
        let limit = limit(&set) as f64;
        let buffers = ((limit - f64::from(store)) / 2.0).min(1024.0);
        let waiting = f64::from(servers) * f64::from(keys) * 200.0 / f64::from(1 << 20);
        let needed = 20.0 + 1.25 * buffers + f64::from(store) + waiting;
        assert!(needed <= limit, "{set}: needs {needed} of {limit}");
        assert!(limit <= 400.0_f64.max(needed + 32.0), "{set}: needs {needed}, and is given {limit}");
    }
}
