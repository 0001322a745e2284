//! The same random packets to a memcached and to leash, cut at random places: the same packets back, and nothing else.
//!
//! CAS uniques are numbers of the servers; what must agree is which of them are the same. In short by default;
//! `LEASH_BINARY_REQUESTS=100000` asks each kind of route so many.

use std::collections::HashMap;

use support::Random;
use support::packets::{BinaryClient, Question, Told};

use super::generator::{Asked, CasOf, batch, cuts};
use super::scenes::Scene;

/// A CAS unique that no server comes to: one of three may by now have told any small one, of the very key it is asked with.
const OF_NO_ITEM: u64 = 1 << 40;

/// One of the two that are compared, and what it told so far.
struct Side {
    client: BinaryClient,
    /// The CAS unique of each key that was told last.
    uniques: HashMap<Vec<u8>, u64>,
    /// The order in which CAS uniques were told first.
    known: HashMap<u64, usize>,
}

impl Side {
    fn of(scene: &Scene) -> Side {
        Side { client: scene.client(), uniques: HashMap::new(), known: HashMap::from([(0, 0)]) }
    }

    fn ask(&mut self, batch: &[Asked], cuts: &[usize]) -> Vec<Told> {
        let questions: Vec<Question> = batch.iter().map(|asked| self.question(asked)).collect();
        let told = self.client.ask_all(&questions, cuts).unwrap_or_else(|error| panic!("{error}: {questions:?}"));
        told.into_iter().map(|told| self.learn(&questions, told)).collect()
    }

    fn question(&self, Asked { question, cas }: &Asked) -> Question {
        let cas = match cas {
            CasOf::Nothing => 0,
            CasOf::TheKey => self.uniques.get(&question.key).copied().unwrap_or(OF_NO_ITEM),
            CasOf::NoItem => OF_NO_ITEM,
        };
        question.clone().cas(cas)
    }

    /// Remembers the CAS unique that was told, and tells it as the how-manieth it is.
    fn learn(&mut self, questions: &[Question], told: Told) -> Told {
        let key = &questions[told.opaque as usize].key;
        if told.cas != 0 {
            self.uniques.insert(key.clone(), told.cas);
        }
        let next = self.known.len();
        let cas = *self.known.entry(told.cas).or_insert(next) as u64;
        Told { cas, ..told }
    }
}

/// How many packets each kind of route is asked.
fn requests() -> usize {
    std::env::var("LEASH_BINARY_REQUESTS").map_or(3000, |count| count.parse().expect("a number of packets"))
}

#[track_caller]
fn agree(scene: &Scene, seed: u64) {
    let reference = Scene::memcached();
    let (mut theirs, mut ours, mut random) = (Side::of(&reference), Side::of(scene), Random::new(seed));
    let (mut asked, mut rounds) = (0, 0);
    while asked < requests() {
        let batch = batch(&mut random, scene);
        let len = batch.iter().map(|asked| asked.question.bytes().len()).sum::<usize>();
        let cuts = cuts(&mut random, len);
        let (wanted, got) = (theirs.ask(&batch, &cuts), ours.ask(&batch, &cuts));
        if let Some(report) = difference(&batch, &wanted, &got) {
            panic!("{}, seed {seed}, batch {rounds}: {report}", scene.name);
        }
        (asked, rounds) = (asked + batch.len(), rounds + 1);
    }
}

/// The first answer that is not the same, and what was asked about its key in this batch.
fn difference(batch: &[Asked], wanted: &[Told], got: &[Told]) -> Option<String> {
    let at = (0..wanted.len().max(got.len())).find(|&at| wanted.get(at) != got.get(at))?;
    let place = wanted.get(at).or(got.get(at))?.opaque as usize;
    let key = &batch[place].question.key;
    let story: Vec<String> = batch[..=place]
        .iter()
        .filter(|asked| asked.question.key == *key || matches!(asked.question.opcode, 0x08 | 0x18))
        .map(|asked| format!("      {:?} {:?}", asked.question, asked.cas))
        .collect();
    Some(format!("memcached {:?}\n    leash {:?}\n{}", wanted.get(at), got.get(at), story.join("\n")))
}

#[test]
fn the_harness_finds_no_difference_between_two_memcacheds() {
    agree(&Scene::memcached(), 1);
}

#[test]
fn the_harness_finds_what_differs() {
    let told = |value: &str, opaque| Told { value: value.into(), opaque, ..Told::default() };
    let batch: Vec<Asked> = (0..2)
        .map(|opaque| Asked { question: Question { opaque, ..Question::new(0x00, "key") }, cas: CasOf::Nothing })
        .collect();
    let wanted = [told("a", 0), told("b", 1)];
    assert!(difference(&batch, &wanted, &wanted).is_none());
    for got in [vec![told("a", 0), told("c", 1)], vec![told("a", 0)], vec![told("b", 1), told("a", 0)]] {
        assert!(difference(&batch, &wanted, &got).is_some());
    }
    let mut side = Side::of(&Scene::memcached());
    let uniques = [5, 9, 5].map(|cas| side.learn(&[Question::new(0, "k")], Told { cas, ..Told::default() }).cas);
    assert_eq!(uniques, [1, 2, 1]);
}

/// One test a kind of route, so that the report names it.
macro_rules! routes {
    ($($name:ident => $scene:expr, $seed:expr;)*) => {
        $(#[test] fn $name() { agree(&$scene, $seed); })*
    };
}

routes! {
    over_one_memcached_random_packets_get_the_same_answers => Scene::one(), 100;
    over_three_memcacheds_random_packets_get_the_same_answers => Scene::three(), 200;
    on_the_embedded_store_random_packets_get_the_same_answers => Scene::embedded(), 300;
    with_a_namespace_random_packets_get_the_same_answers => Scene::namespaced(), 400;
    on_a_refresh_route_random_packets_get_the_same_answers => Scene::refreshing(), 500;
    in_prepare_random_packets_get_the_same_answers => Scene::moving("prepare"), 600;
    in_warm_random_packets_get_the_same_answers => Scene::moving("warm"), 700;
    in_drain_random_packets_get_the_same_answers => Scene::moving("drain"), 800;
    in_a_gutter_random_packets_get_the_same_answers => Scene::guttered(), 900;
}
