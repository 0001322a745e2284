//! Files of queues that are not as leash left them: told with their paths, and no reason not to serve what is there.

use std::fs;
use std::path::Path;

use support::figures::metric;
use support::{BOUND, Leash, wait_until};

fn holder(dir: &Path) -> String {
    format!("workers: 1\nroutes: [{{prefix: '', queue: {{dir: '{}', mode: kestrel}}}}]\n", dir.display())
}

#[test]
fn what_is_damaged_cut_short_missing_or_none_of_leashs_is_told_with_its_path_and_the_rest_is_served() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("queues");
    let mut leash = Leash::with_config(&holder(&dir));
    // Each start begins a file.
    for number in 1..=6 {
        leash.client().expect(format!("set q 0 0 2\r\nm{number}\r\n"), "STORED\r\n");
        leash.terminate();
        leash.restart();
    }
    assert_eq!(metric(&leash, "leash_queue_damaged_files", ""), 0.0);
    leash.terminate();
    let file = |number: u32| dir.join(format!("000000000{number}.queue"));
    fs::write(file(2), "").unwrap();
    fs::remove_file(file(4)).unwrap();
    let mut bytes = fs::read(file(5)).unwrap();
    let at = bytes.windows(2).position(|two| two == b"m5").expect("the message");
    bytes[at] ^= 1;
    fs::write(file(5), &bytes).unwrap();
    fs::write(dir.join("0000000003.queue.bak"), "").unwrap();
    leash.restart();
    let told = |words: &str, path: &Path| {
        let path = path.display().to_string();
        wait_until(words, BOUND, || leash.log().lines().any(|line| line.contains(words) && line.contains(&path)));
    };
    told("a segment of the queues is cut short: what it held is lost", &file(2));
    told("a segment of the queues is missing: what it held is lost", &file(4));
    told("a segment of the queues is damaged", &file(5));
    told("among the queues are files that are not leash's: they are left alone", &dir.join("0000000003.queue.bak"));
    assert_eq!(fs::read(dir.join("0000000005.damaged")).unwrap(), bytes);
    assert_eq!(metric(&leash, "leash_queue_damaged_files", ""), 3.0);
    assert_eq!(metric(&leash, "leash_queue_damaged_copies", ""), 1.0);
    assert!(leash.page("/").contains("files damaged"), "people are told as well");
    let mut client = leash.client();
    for number in [1, 3, 6] {
        client.expect("get q\r\n", format!("VALUE q 0 2\r\nm{number}\r\nEND\r\n"));
    }
    client.expect("get q\r\n", "END\r\n");
    wait_until("all files but the last have gone", BOUND, || !(1..8).any(|number| file(number).exists()));
    leash.terminate();
    leash.restart();
    assert_eq!(metric(&leash, "leash_queue_damaged_files", ""), 0.0, "what has gone is told no more");
}
