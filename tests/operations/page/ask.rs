//! The box that answers "where does this key go?", with a script and without one, and asked by somebody who means no
//! good.

use serde_json::json;

use support::chromium::Chromium;
use support::{BOUND, Leash, Memcached, wait_until};

use super::house::House;

/// Types a key into the box and presses Enter.
fn ask(chromium: &mut Chromium, key: &str) {
    chromium.value("document.querySelector('#asked').select()");
    chromium.insert(key);
    chromium.press_enter();
}

/// What `leash` itself says.
fn server_of(house: &House, key: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(&house.leash.page(&format!("/route?key={key}"))).unwrap();
    answer[0]["server"].as_str().expect("a server").to_string()
}

#[test]
fn the_box_finds_a_key_without_loading_the_page_again() {
    let house = House::start();
    let server = server_of(&house, "page:/home");
    let mut chromium = Chromium::start();
    chromium.open(&house.address());
    chromium.value("window.isTheSame = true");
    ask(&mut chromium, "page:/home");
    chromium.wait_until("there is an answer", "document.querySelector('#answer').innerText.includes('page:/home')");
    let answer = chromium.text("#answer");
    for part in ["goes to", &server, "up", "Route\npage:", "grace 60 s", "main, server"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    assert_eq!(chromium.value("window.isTheSame === true && location.search"), "?key=page%3A%2Fhome");
    chromium.value("document.querySelector('[name=live]').click()");
    chromium.press_enter();
    ask(&mut chromium, "page:/none");
    chromium.wait_until("its server was asked", "document.querySelector('#answer').innerText.includes('no item')");
    assert_eq!(chromium.complaints(), Vec::<String>::new());
}

#[test]
fn without_a_script_the_page_is_whole_and_the_box_works() {
    let house = House::start();
    let traffic = house.traffic();
    let mut chromium = Chromium::start();
    chromium.command("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    chromium.open(&house.address());
    assert!(chromium.text("footer").contains("Load the page again"), "{}", chromium.text("footer"));
    for section in ["#verdict", "#traffic", "#servers", "#routes", "#savings", "#busiest", "#configuration"] {
        assert!(!chromium.text(section).is_empty(), "{section}");
    }
    chromium.command("Runtime.evaluate", json!({ "expression": "document.querySelector('#asked').focus()" }));
    chromium.insert("user:1+1 ü");
    chromium.press_enter();
    let says = |part: &str| format!("document.querySelector('#answer')?.innerText.includes({})", json!(part));
    chromium.wait_until("the answer is there", &says("a space or a control character"));
    assert_eq!(chromium.value("document.querySelector('#asked').value"), "user:1+1 ü");
    chromium.command("Runtime.evaluate", json!({ "expression": "document.querySelector('#asked').select()" }));
    chromium.insert("user:1+1");
    chromium.press_enter();
    let server = server_of(&house, "user:1%2B1");
    chromium.wait_until("the server is named", &says(&format!("user:1+1 goes to {server}")));
    drop(traffic);
}

#[test]
fn a_hostile_key_is_only_text() {
    let house = House::start();
    let mut chromium = Chromium::start();
    let hostile = "\"><img/src=x/onerror=window.broken=1><script>window.broken=1</script>'";
    chromium.open(&format!("{}?key={}", house.address(), encoded(hostile)));
    assert_eq!(chromium.value("document.querySelector('#asked').value"), hostile);
    assert!(chromium.text("#answer").contains(hostile), "{}", chromium.text("#answer"));
    assert_eq!(chromium.value("document.querySelectorAll('main img, main script').length"), 0);
    // The copies that the script puts in are no less harmless.
    chromium.value("window.wasProcess = document.querySelector('#process')");
    chromium.wait_until("the page is fresh", "document.querySelector('#process') != window.wasProcess");
    assert_eq!(chromium.value("window.broken === undefined"), true);
    assert_eq!(chromium.complaints(), Vec::<String>::new());
}

#[test]
fn hostile_names_in_the_configuration_are_only_text() {
    let server = Memcached::start();
    let hostile = "</pre><script>window.broken=1</script>";
    let yaml = format!(
        "admin: {{show_keys: true}}\npools: {{main: {{servers: [{{name: \"{hostile}\", address: '{}'}}]}}}}\n\
         routes: [{{prefix: '', pool: main}}, {{prefix: \"{hostile}\", pool: main}}]\n",
        server.address()
    );
    let leash = Leash::with_config(&yaml);
    leash.client().expect(format!("get {hostile}:1\r\n"), "END\r\n");
    let mut chromium = Chromium::start();
    chromium.open(&format!("http://{}/?key=a", leash.admin()));
    for section in ["#servers", "#routes", "#busiest", "#answer"] {
        assert!(chromium.text(section).contains(hostile), "{section}: {}", chromium.text(section));
    }
    assert_eq!(chromium.value("document.querySelector('#in-force').textContent.includes('</pre><script>')"), true);
    assert_eq!(chromium.value("window.broken === undefined && document.scripts.length == 1"), true);
    assert_eq!(chromium.complaints(), Vec::<String>::new());
}

#[test]
fn a_script_or_style_without_the_nonce_does_nothing() {
    let house = House::start();
    let mut chromium = Chromium::start();
    chromium.open(&house.address());
    let inject = "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s); \
                  document.body.insertAdjacentHTML('beforeend', '<img src=https://example.invalid/x>');";
    chromium.value(inject);
    wait_until("both were refused", BOUND, || {
        assert_eq!(chromium.value("window.broken"), serde_json::Value::Null);
        chromium.complaints().iter().filter(|told| told.contains("Content Security Policy")).count() == 2
    });
}

/// As a browser would write it in an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
