//! Any history of commands, seconds and flushes, against a model of a few lines: a map from key to value, CAS unique
//! and end.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Store(StoreMode, String, i32),
    Cas { right: bool, text: String },
    Count { decrement: bool, delta: u64 },
    Touch(i32),
    Delete,
    Wait(u64),
    Flush(i32),
}

#[derive(Clone)]
struct Known {
    text: String,
    end: Option<u64>,
}

#[derive(Default)]
struct Model {
    second: u64,
    items: HashMap<String, Known>,
    flush: Option<u64>,
}

impl Model {
    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second += 1;
            if self.flush == Some(self.second) {
                self.items.clear();
            }
        }
        let now = self.second;
        self.items.retain(|_, known| known.end.is_none_or(|end| end > now));
    }

    fn end(&self, ttl: i32) -> Option<u64> {
        (ttl != 0).then(|| self.second + ttl.max(0) as u64)
    }

    fn put(&mut self, key: &str, text: String, end: Option<u64>) -> bool {
        self.items.insert(key.to_owned(), Known { text, end });
        self.wait(0);
        true
    }

    /// Does one step, and tells whether it found its condition.
    fn step(&mut self, key: &str, step: &Step) -> bool {
        let found = self.items.get(key).cloned();
        match (step, found) {
            (Step::Store(StoreMode::Set, text, ttl), _) => self.put(key, text.clone(), self.end(*ttl)),
            (Step::Store(StoreMode::Add, text, ttl), None) => self.put(key, text.clone(), self.end(*ttl)),
            (Step::Store(StoreMode::Replace, text, ttl), Some(_)) => self.put(key, text.clone(), self.end(*ttl)),
            (Step::Store(StoreMode::Append, text, _), Some(old)) => self.put(key, old.text + text, old.end),
            (Step::Store(StoreMode::Prepend, text, _), Some(old)) => self.put(key, text.clone() + &old.text, old.end),
            (Step::Cas { right: true, text }, Some(_)) => self.put(key, text.clone(), None),
            (Step::Count { decrement, delta }, Some(old)) => {
                // An append may stand behind the spaces of a number that got shorter.
                let first = old.text.split(' ').next().unwrap_or_default();
                let Ok(number) = first.parse::<u64>() else { return false };
                let sum = if *decrement { number.saturating_sub(*delta) } else { number.wrapping_add(*delta) };
                self.put(key, format!("{sum:<width$}", width = old.text.len()), old.end)
            }
            (Step::Touch(ttl), Some(old)) => self.put(key, old.text, self.end(*ttl)),
            (Step::Delete, Some(_)) => self.items.remove(key).is_some(),
            _ => false,
        }
    }
}

fn command(scene: &Scene, key: &str, step: &Step) -> Command {
    match step.clone() {
        Step::Store(mode, text, ttl) => Command::Store(Store { ttl: Some(Exptime::new(ttl)), ..with(mode, &text) }),
        Step::Cas { right, text } => {
            let seen = match scene.get(key, Get { returns: Returns::CAS, no_bump: true, ..Get::default() }) {
                Reply::Hit(item) => item.cas,
                _ => 1,
            };
            let compare_cas = Some(if right { seen } else { seen + 1 });
            Command::Store(Store { compare_cas, ..with(StoreMode::Set, &text) })
        }
        Step::Count { decrement, delta } => {
            Command::Arithmetic(Arithmetic { decrement, delta, ..Arithmetic::default() })
        }
        Step::Touch(ttl) => Command::Get(Get { touch: Some(Exptime::new(ttl)), no_bump: true, ..Get::default() }),
        _ => Command::Delete(Delete::default()),
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let text = prop_oneof!["[0-9]{0,3}", "[a-c]{1,3}", Just("18446744073709551615".to_owned())];
    let ttl = prop_oneof![Just(0), -1..8i32];
    let mode = prop::sample::select(vec![
        StoreMode::Set,
        StoreMode::Add,
        StoreMode::Replace,
        StoreMode::Append,
        StoreMode::Prepend,
    ]);
    let delta = prop_oneof![0..120u64, Just(u64::MAX)];
    prop_oneof![
        4 => (mode, text.clone(), ttl.clone()).prop_map(|(mode, text, ttl)| Step::Store(mode, text, ttl)),
        2 => (any::<bool>(), text).prop_map(|(right, text)| Step::Cas { right, text }),
        3 => (any::<bool>(), delta).prop_map(|(decrement, delta)| Step::Count { decrement, delta }),
        1 => ttl.prop_map(Step::Touch),
        1 => Just(Step::Delete),
        2 => (1..4u64).prop_map(Step::Wait),
        1 => prop_oneof![Just(0), 3..6i32].prop_map(Step::Flush),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_the_models(history in vec((0..3usize, steps()), 1..60)) {
        let mut scene = Scene::new();
        let mut model = Model::default();
        for (key, step) in history {
            let key = ["a", "b", "c"][key];
            match step {
                Step::Wait(seconds) => model.wait(seconds),
                // One that is still due, or was only just, is memcached's business alone.
                Step::Flush(delay) if model.flush.is_none_or(|due| due < model.second) => {
                    scene.store.flush_all(Exptime::new(delay), at(scene.second));
                    model.flush = (delay > 0).then(|| model.second + delay as u64 - 1);
                    if delay == 0 {
                        model.items.clear();
                    }
                }
                Step::Flush(_) => {}
                step => {
                    // memcached's delayed flush kills for one second what is stored in the second before its moment.
                    if model.flush == Some(model.second) {
                        continue;
                    }
                    let reply = scene.ask(key, command(&scene, key, &step));
                    prop_assert_eq!(matches!(reply, Reply::Hit(_)), model.step(key, &step), "{:?} {:?}", step, reply);
                }
            }
            scene.second = model.second;
            for key in ["a", "b", "c"] {
                let known = model.items.get(key).map(|known| known.text.clone());
                prop_assert_eq!(scene.peek(key), known);
            }
        }
    }
}
