//! How the page looks to people: on narrow and wide screens, by day and by night, and where there is a lot to show.

use std::fmt::Write as _;

use support::chromium::Chromium;
use support::{Leash, free_port};

use super::house::House;

/// Texts whose colour is too near to what is behind them, with the ratio of luminance of each (WCAG 2).
const LOW_CONTRAST: &str = "(() => {
    const parse = (c) => c.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] == 1) return c;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const e of document.querySelectorAll('body *')) {
        const says = [...e.childNodes].some((n) => n.nodeType == 3 && n.textContent.trim());
        if (!says || !e.checkVisibility() || e.closest('svg')) continue;
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${e.innerText}: ${ratio.toFixed(2)}`);
    }
    return found;
})()";

/// What reaches beyond the screen, if the page does.
const TOO_WIDE: &str = "document.documentElement.scrollWidth <= WIDTH ? [] : \
    [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > WIDTH).map((e) => \
    e.outerHTML.slice(0, 120))";

#[test]
fn no_screen_is_too_narrow_and_no_text_too_faint() {
    let mut house = House::start();
    let traffic = house.traffic();
    house.servers[0].kill();
    house.origin.kill();
    house.leash.configure(house.config("prepare"));
    let mut chromium = Chromium::start();
    chromium.open(&format!("{}?key={}&live=1", house.address(), "k".repeat(250)));
    chromium.wait_until("there is trouble to show", "document.querySelector('#verdict').className == 'bad'");
    chromium.wait_until("there is a migration", "!document.querySelector('#migrations').hidden");
    chromium.wait_until("a loader is held back", "!!document.querySelector('#loaders .state.bad')");
    chromium.value("document.querySelector('details').open = true");
    for width in [320, 360, 768, 1280] {
        for scheme in ["light", "dark"] {
            chromium.look(width, scheme);
            let wide = chromium.value(&TOO_WIDE.replace("WIDTH", &width.to_string()));
            assert_eq!(wide, serde_json::json!([]), "{width} px, {scheme}: what does not fit");
            let faint = chromium.value(LOW_CONTRAST);
            assert_eq!(faint, serde_json::json!([]), "{width} px, {scheme}");
        }
    }
    chromium.look(360, "dark");
    assert_eq!(chromium.value("getComputedStyle(document.body).backgroundColor"), "rgb(18, 21, 24)");
    let label = "getComputedStyle(document.querySelector('#servers td'), '::before').content";
    assert_eq!(chromium.value(label), "\"State\"", "a row is a card that names its figures");
    drop(traffic);
}

#[test]
fn many_servers_and_routes_are_bounded_and_the_page_stays_quick() {
    let mut yaml = String::from("pools:\n  main:\n    failures: 1\n    servers:\n");
    for n in 0..64 {
        writeln!(yaml, "      - {{name: m{n}, address: '127.0.0.1:{}'}}", free_port()).unwrap();
    }
    yaml.push_str("routes:\n  - {prefix: '', pool: main}\n");
    (0..99).for_each(|n| writeln!(yaml, "  - {{prefix: 'route{n}:', pool: main, refresh: {{}}}}").unwrap());
    let leash = Leash::with_config(&yaml);
    let page = leash.page("/");
    assert!(page.len() < 150_000, "{} bytes", page.len());
    let mut chromium = Chromium::start();
    chromium.open(&format!("http://{}/", leash.admin()));
    assert_eq!(chromium.value("document.querySelectorAll('#servers tbody tr').length"), 16);
    assert!(chromium.text("#servers").contains("and 48 more servers"), "{}", chromium.text("#servers"));
    assert_eq!(chromium.value("document.querySelectorAll('#routes tbody tr').length"), 12);
    assert!(chromium.text("#routes").contains("and 88 more routes"), "{}", chromium.text("#routes"));
    let load = "(async () => { const t = performance.now(); await (await fetch('/')).text(); return performance.now() - t })()";
    let fastest = (0..5).filter_map(|_| chromium.value(load).as_f64()).fold(f64::INFINITY, f64::min);
    assert!(fastest < 1_000.0, "{fastest} ms for a page that refreshes every 2 s");
}
