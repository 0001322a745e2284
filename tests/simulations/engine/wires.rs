//! The wires between sidecars and servers: each carries the requests of one worker to one server in their order, and a
//! scheduler says when the server takes the next one, when its reply arrives, and which person goes on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use leash::protocol::{Reply, Request};
use support::Random;
use tokio::time::Instant;

/// A request on its way.
pub struct Asked {
    pub request: Request,
    /// What it is done for.
    pub op: usize,
    /// When it was sent.
    pub at: Instant,
    letter: Rc<Letter>,
}

/// A reply that somebody waits for.
#[derive(Default)]
pub struct Letter {
    reply: RefCell<Option<Reply>>,
    waker: RefCell<Option<Waker>>,
}

impl Letter {
    pub fn put(&self, reply: Reply) {
        *self.reply.borrow_mut() = Some(reply);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits for the reply.
    pub async fn come(&self) -> Reply {
        poll_fn(|cx| match self.reply.borrow_mut().take() {
            Some(reply) => Poll::Ready(reply),
            None => {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

/// What can happen next: a server takes a request, a reply arrives, a person goes on.
pub enum Next {
    Serve(usize),
    Deliver(usize),
    Person(usize),
}

/// One connection.
#[derive(Default)]
struct Wire {
    asked: VecDeque<Asked>,
    answered: VecDeque<(Asked, Reply)>,
    /// Whether its sidecar is gone: what was sent may still be done, nobody hears of it.
    is_cut: bool,
}

/// All wires, and the persons that wait for the scheduler to let them go on.
#[derive(Default)]
pub struct Wires {
    wires: RefCell<Vec<Wire>>,
    waiting: RefCell<Vec<Rc<Letter>>>,
}

impl Wires {
    /// So many new ones; the number of the first.
    pub fn lay(&self, number: usize) -> usize {
        let mut wires = self.wires.borrow_mut();
        let first = wires.len();
        wires.resize_with(first + number, Wire::default);
        first
    }

    /// Puts a request on a wire.
    pub fn send(&self, wire: usize, request: Request, op: usize, note: impl FnOnce(&Asked)) -> Rc<Letter> {
        let letter = Rc::new(Letter::default());
        let asked = Asked { request, op, at: Instant::now(), letter: letter.clone() };
        note(&asked);
        self.wires.borrow_mut()[wire].asked.push_back(asked);
        letter
    }

    /// Waits until the scheduler lets a person go on.
    pub async fn turn(&self) {
        let letter = Rc::new(Letter::default());
        self.waiting.borrow_mut().push(letter.clone());
        letter.come().await;
    }

    /// What happens next, if anything can.
    pub fn choose(&self, chance: &RefCell<Random>) -> Option<Next> {
        let mut choices = Vec::with_capacity(8);
        for (number, wire) in self.wires.borrow().iter().enumerate() {
            if !wire.asked.is_empty() {
                choices.push(Next::Serve(number));
            }
            if !wire.answered.is_empty() {
                choices.push(Next::Deliver(number));
            }
        }
        choices.extend((0..self.waiting.borrow().len()).map(Next::Person));
        if choices.is_empty() { None } else { Some(choices.swap_remove(chance.borrow_mut().below(choices.len()))) }
    }

    /// The request a server takes next, which `pick` takes out of those that are on the wire.
    pub fn take(&self, wire: usize, pick: impl FnOnce(&mut VecDeque<Asked>) -> Option<Asked>) -> Option<Asked> {
        pick(&mut self.wires.borrow_mut()[wire].asked)
    }

    /// Puts the server's reply on the wire.
    pub fn answer(&self, wire: usize, asked: Asked, reply: Reply) {
        let wire = &mut self.wires.borrow_mut()[wire];
        if !wire.is_cut {
            wire.answered.push_back((asked, reply));
        }
    }

    /// The oldest reply arrives.
    pub fn deliver(&self, wire: usize) {
        let answered = self.wires.borrow_mut()[wire].answered.pop_front();
        if let Some((asked, reply)) = answered {
            asked.letter.put(reply);
        }
    }

    /// How many requests are on the wire.
    pub fn asked(&self, wire: usize) -> usize {
        self.wires.borrow()[wire].asked.len()
    }

    /// A connection is lost, and at once there is another one: what is on the wire is done no more, and who waits hears
    /// only of the loss.
    pub fn lose(&self, wire: usize, loss: Reply) {
        let wire = &mut self.wires.borrow_mut()[wire];
        wire.answered.iter_mut().for_each(|(_, reply)| *reply = loss.clone());
        let lost = std::mem::take(&mut wire.asked);
        wire.answered.extend(lost.into_iter().map(|asked| (asked, loss.clone())));
    }

    /// A person goes on.
    pub fn let_go(&self, person: usize) {
        let letter = self.waiting.borrow_mut().swap_remove(person);
        letter.put(Reply::Done);
    }

    /// A sidecar is gone. Of what it sent, some has arrived.
    pub fn cut(&self, wire: usize, chance: &RefCell<Random>) {
        let wire = &mut self.wires.borrow_mut()[wire];
        wire.is_cut = true;
        wire.answered.clear();
        wire.asked.truncate(chance.borrow_mut().below(wire.asked.len() + 1));
    }

    /// The end of the story. Who waits holds the world, and the world the wires.
    pub fn clear(&self) {
        self.wires.borrow_mut().clear();
    }
}
