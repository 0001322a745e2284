//! Somebody keeps the page open and watches: it follows what happens without being loaded again.

use serde_json::json;

use support::chromium::Chromium;
use support::memcached::signal;

use super::house::House;

/// Opens the page and marks the document, so that a test sees whether it is still the same one.
fn watch(house: &House) -> Chromium {
    let mut chromium = Chromium::start();
    chromium.open(&house.address());
    chromium.value("window.isTheSame = true");
    chromium
}

#[track_caller]
fn is_the_same_document(chromium: &mut Chromium) {
    assert_eq!(chromium.value("window.isTheSame === true"), true, "the page was loaded again");
}

#[test]
fn the_page_shows_traffic_by_itself_and_asks_nobody_else() {
    let house = House::start();
    let mut chromium = watch(&house);
    let traffic = house.traffic();
    let has_rates = "Number(document.querySelector('#plot-requests .value').innerText.replace(',', '')) > 1 \
                     && !!document.querySelector('#plot-requests path.line')";
    chromium.wait_until("the rates are drawn", has_rates);
    let saved = "/[1-9][0-9,]* of [0-9,]+ callers/.test(document.querySelector('#savings').innerText)";
    chromium.wait_until("savings are told", saved);
    chromium.wait_until("prefixes are told", "document.querySelector('#busiest').innerText.includes('page:/')");
    assert!(!chromium.text("#busiest").contains("user:7"), "keys stay private");
    is_the_same_document(&mut chromium);
    drop(traffic);
    assert_eq!(chromium.complaints(), Vec::<String>::new());
    let (asked, own) = (chromium.requests(), house.address());
    let elsewhere: Vec<&String> =
        asked.iter().filter(|url| !url.starts_with(&own) && *url != "data:," && *url != "about:blank").collect();
    assert!(asked.len() > 1 && elsewhere.is_empty(), "{asked:?}");
}

#[test]
fn the_page_sees_a_server_go_down_and_come_back() {
    let mut house = House::start();
    let mut chromium = watch(&house);
    assert!(chromium.text("#verdict").contains("All 5 servers are up"), "{}", chromium.text("#verdict"));
    let traffic = house.traffic();
    house.servers[1].kill();
    chromium.wait_until("the verdict is bad", "document.querySelector('#verdict').className == 'bad'");
    let verdict = chromium.text("#verdict");
    assert!(verdict.contains("1 of 5 servers is down") && verdict.contains("m1 (main)"), "{verdict}");
    let first = chromium.text("#servers tbody tr:first-child");
    assert!((first.contains("down") || first.contains("probing")) && first.contains("m1"), "{first}");
    assert_eq!(chromium.value("document.title.startsWith('leash: 1 of 5')"), true);
    house.servers[1].restart();
    let is_well = "document.querySelector('#verdict').innerText.includes('All 5 servers are up')";
    chromium.wait_until("all is well again", is_well);
    drop(traffic);
    is_the_same_document(&mut chromium);
}

#[test]
fn the_page_follows_a_migration_from_phase_to_phase() {
    let house = House::start();
    let mut chromium = watch(&house);
    let traffic = house.traffic();
    assert_eq!(chromium.value("document.querySelector('#migrations').hidden"), true, "before, there is none");
    for (phase, advice) in [("prepare", "every sidecar is in prepare"), ("warm", "warm"), ("drain", "drain")] {
        house.leash.configure(house.config(phase));
        signal(house.leash.pid(), "HUP");
        let current = "document.querySelector('#migrations [aria-current]')?.innerText";
        chromium.wait_until(&format!("the page is in {phase}"), &format!("{current} == {}", json!(phase)));
        let told = chromium.text("#migrations .next");
        assert!(told.contains(advice), "{phase}: {told}");
    }
    let may_go_on = "document.querySelector('#migrations .next').innerText.includes('Write pool:')";
    chromium.wait_until("drain has lasted long enough", may_go_on);
    house.leash.configure(house.config("after"));
    signal(house.leash.pid(), "HUP");
    chromium.wait_until("after, there is none", "document.querySelector('#migrations').hidden");
    let history = "document.querySelector('#plot-requests path.line').getAttribute('d').split('L').length > 5";
    assert_eq!(chromium.value(history), true, "the history outlives reloads");
    drop(traffic);
    is_the_same_document(&mut chromium);
}

#[test]
fn what_somebody_types_stays_while_the_page_refreshes() {
    let house = House::start();
    let mut chromium = watch(&house);
    chromium.value("document.querySelector('#asked').focus(); document.querySelector('summary').click()");
    chromium.insert("half a k");
    chromium.value("window.wasProcess = document.querySelector('#process')");
    chromium.wait_until("the page is fresh", "document.querySelector('#process') != window.wasProcess");
    assert_eq!(chromium.value("document.querySelector('#asked').value"), "half a k");
    assert_eq!(chromium.value("document.activeElement.id"), "asked");
    assert_eq!(chromium.value("document.querySelector('details').open"), true);
}

#[test]
fn the_page_says_when_leash_does_not_answer_and_goes_on_when_it_does() {
    let house = House::start();
    let mut chromium = watch(&house);
    assert_eq!(chromium.value("document.querySelector('#lost').hidden"), true);
    // The script gives an answer ten seconds: a frozen leash is as good as a dead one, and can come back.
    house.leash.freeze();
    chromium.wait_until("the page says so", "!document.querySelector('#lost').hidden");
    assert!(chromium.text("#lost").starts_with("leash does not answer."));
    house.leash.thaw();
    chromium.wait_until("the page goes on", "document.querySelector('#lost').hidden");
}
