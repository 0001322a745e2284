//! Many threads at one key: their turns come one after the other, and none is lost.

use std::thread;

use super::*;

const THREADS: usize = 4;
const ROUNDS: usize = 2000;

/// Runs `work` on every thread and adds up what it counted.
fn together(work: impl Fn(usize) -> usize + Sync) -> usize {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                scope.spawn({
                    let work = &work;
                    move || work(n)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn no_increment_is_lost_while_others_read_and_touch() {
    let scene = Scene::new();
    scene.set("n", "0");
    together(|_| {
        for _ in 0..ROUNDS {
            hit(scene.count("n", Arithmetic::default()));
            scene.hit("n", Get { touch: Some(Exptime::new(1000)), ..Get::default() });
            scene.hit("n", Get::default());
        }
        0
    });
    assert_eq!(scene.peek("n").unwrap().trim_end(), (THREADS * ROUNDS).to_string());
}

#[test]
fn every_cas_that_was_answered_stored_is_in_the_value() {
    let scene = Scene::new();
    scene.set("n", "");
    let stored = together(|_| {
        let attempt = |_: &usize| {
            let seen = scene.tell("n", Returns::CAS.and(Returns::VALUE));
            let text = String::from_utf8(seen.value.unwrap().to_vec()).unwrap() + "+";
            let cas = Store { compare_cas: Some(seen.cas), ..with(StoreMode::Set, &text) };
            matches!(scene.put("n", cas), Reply::Hit(_))
        };
        (0..ROUNDS).filter(attempt).count()
    });
    assert!(stored > 0);
    assert_eq!(scene.peek("n").unwrap().len(), stored);
}

#[test]
fn one_of_many_adds_wins_and_one_of_many_readers_of_a_stale_item() {
    let scene = Scene::new();
    let won = together(|_| {
        let add = |n: &usize| matches!(scene.put(&format!("k{n}"), with(StoreMode::Add, "v")), Reply::Hit(_));
        (0..ROUNDS).filter(add).count()
    });
    assert_eq!(won, ROUNDS);
    for n in 0..ROUNDS {
        hit(scene.delete(&format!("k{n}"), Delete { invalidate: true, ..Delete::default() }));
    }
    let won = together(|_| {
        let wins = |n: &usize| marks(&scene.hit(&format!("k{n}"), Get::default())).contains('W');
        (0..ROUNDS).filter(wins).count()
    });
    assert_eq!(won, ROUNDS);
}
