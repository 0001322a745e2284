//! The pictures in `docs/images`: `cargo test --test operations -- --ignored pictures` takes them anew.

use std::fs;
use std::time::{Duration, Instant};

use support::chromium::Chromium;
use support::memcached::signal;
use support::repository::here;
use support::{Client, pause};

use super::house::{CARTS, House};

/// How much of the page a picture shows.
const MOST_HEIGHT: f64 = 1_500.0;
/// What GitHub and people with slow lines can bear.
const MOST_BYTES: usize = 200_000;

/// Five minutes of an ordinary day, so that the plots are full.
#[test]
#[ignore = "takes six minutes and writes into docs/images"]
fn the_pictures_of_the_documentation_are_taken() {
    let mut house = House::start();
    let traffic = house.traffic();
    fill_carts(&house);
    wait_a_while(Duration::from_secs(150));
    house.servers[2].kill();
    wait_a_while(Duration::from_secs(20));
    house.servers[2].restart();
    wait_a_while(Duration::from_secs(90));
    house.leash.configure(house.config("prepare"));
    signal(house.leash.pid(), "HUP");
    wait_a_while(Duration::from_secs(30));
    house.leash.configure(house.config("warm"));
    signal(house.leash.pid(), "HUP");
    let mut chromium = Chromium::start();
    chromium.open(&format!("{}?key=cart:7", house.address()));
    chromium.wait_until("warm has begun", "document.querySelector('#migrations').innerText.includes('brought over')");
    wait_a_while(Duration::from_secs(30));
    for (name, width, scheme) in [("light", 1040, "light"), ("dark", 1040, "dark"), ("phone", 360, "light")] {
        chromium.look(width, scheme);
        let picture = chromium.picture(MOST_HEIGHT);
        let directory = here("docs/images");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("status-{name}.png")), &picture).unwrap();
        assert!(picture.len() < MOST_BYTES, "{name}: {} bytes", picture.len());
    }
    drop(traffic);
}

/// Carts that are read and never written, so that some have yet to be brought over.
fn fill_carts(house: &House) {
    let mut client = Client::connect(house.leash.address());
    (0..CARTS).for_each(|n| client.expect(format!("set cart:{n} 0 0 5\r\nhello\r\n"), "STORED\r\n"));
}

/// An ordinary day is not an event: here time itself is what is waited for.
fn wait_a_while(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        pause(Duration::from_millis(100));
    }
}
