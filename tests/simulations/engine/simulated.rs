//! A world that a story is about, and how the story unfolds in it: a scheduler decides by the seed what happens next.
//!
//! ```text
//!   person ─▶ the route ─▶ Leaf ─▶ wire ──(the scheduler takes the oldest)──▶ carry_out
//!   person ◀─ the route ◀─ Leaf ◀─ wire ◀─(the scheduler delivers the oldest)──┘
//! ```
//! All of the product between `person` and `wire` is the real code. Once nothing can happen, time jumps to the next timer.

use std::collections::VecDeque;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use leash::protocol::{Reply, Request};
use leash::route::{Client, Entry};
use leash::upstream::{ReplyTo, Ticket};
use tokio::time::timeout;

use super::processes::Whose;
use super::simulation::Simulation;
use super::wires::{Asked, Letter, Next};
use super::words;

/// No simulated story is longer.
const MOST_STEPS: usize = 20_000;
/// With nothing to do for this long, nobody will ever do anything.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// What a world says of itself; the rest follows.
pub trait Simulated: Deref<Target = Simulation> + Sized + 'static {
    /// What the server at the end of a wire does with a request; nothing is said where it dies of it.
    fn carry_out(&self, wire: usize, asked: &Asked) -> Option<Reply>;

    /// A person is answered.
    fn answered(&self, op: usize, reply: &Reply);

    /// What happens beside each step: time passes, something goes wrong.
    async fn meanwhile(self: &Rc<Self>);

    /// A request is on its way.
    fn sent(&self, _: &Asked) {}

    /// Whether a wire leads to a server still. One that does not is replaced.
    fn is_laid(&self, _: usize) -> bool {
        true
    }

    /// Takes the request that a server does next.
    fn next(&self, asked: &mut VecDeque<Asked>) -> Option<Asked> {
        asked.pop_front()
    }

    /// Nothing is on its way: who waits, waits for time to pass.
    fn silent(&self) {}

    /// Whether those are gone whom the story is about.
    fn is_over(&self) -> bool {
        !self.processes.any(|_| true)
    }

    /// Another number for each connection that a wire has been.
    fn era(&self, _: usize) -> u64 {
        0
    }

    /// Lets everything happen that will, in an order the seed says, until the story is over or a promise is broken.
    async fn unfold(self: &Rc<Self>) {
        for _ in 0..MOST_STEPS {
            self.processes.settle(&self.chance);
            if self.is_broken() {
                return;
            }
            match self.wires.choose(&self.chance) {
                Some(next) => self.happen(next),
                None if self.is_over() => return,
                None => {
                    self.silent();
                    if timeout(FOR_EVER, self.processes.woken()).await.is_err() {
                        return self.find_broken("something waits for ever".into());
                    }
                }
            }
            self.meanwhile().await;
        }
        self.find_broken(format!("the story does not end within {MOST_STEPS} steps"));
    }

    fn happen(&self, next: Next) {
        match next {
            Next::Serve(wire) if self.is_laid(wire) => self.serve(wire),
            Next::Serve(_) => {}
            Next::Deliver(wire) => self.wires.deliver(wire),
            Next::Person(number) => self.wires.let_go(number),
        }
    }

    /// A server does the next request of a wire.
    fn serve(&self, wire: usize) {
        let Some(asked) = self.wires.take(wire, |asked| self.next(asked)) else { return };
        let reply = self.carry_out(wire, &asked);
        self.tell(|| {
            let told = reply.as_ref().map_or("nothing is said".into(), words::reply);
            format!("  op {:<3} wire {wire} does    {} -> {told}", asked.op, words::request(&asked.request))
        });
        if let Some(reply) = reply {
            self.wires.answer(wire, asked, reply);
        }
    }

    /// Puts a request on a wire, for what is done as this op.
    fn send(&self, op: usize, wire: usize, request: Request) -> Rc<Letter> {
        self.tell(|| format!("  op {op:<3} wire {wire} sends   {}", words::request(&request)));
        self.wires.send(wire, request, op, |asked| self.sent(asked))
    }

    /// Asks on behalf of a person, who is a client there. The reply comes with the letter.
    fn ask(
        self: &Rc<Self>,
        op: usize,
        whose: Whose,
        entry: &Entry,
        client: &Rc<Client>,
        request: &Request,
    ) -> Rc<Letter> {
        self.tell(|| format!("op {op:<3} {whose} asks {}", words::request(request)));
        let letter = Rc::new(Letter::default());
        let mailbox = Rc::new(Mailbox { world: self.clone(), op, letter: letter.clone() });
        let asks = || entry.ask(request, client, Ticket::new(mailbox.clone(), 0));
        let reply = self.processes.within(Whose::sidecar(whose.sidecar), op, asks);
        if let Some(reply) = reply {
            mailbox.deliver(0, reply);
        }
        letter
    }
}

/// Where a reply to a person arrives.
struct Mailbox<W> {
    world: Rc<W>,
    op: usize,
    letter: Rc<Letter>,
}

impl<W: Simulated> ReplyTo for Mailbox<W> {
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        self.world.tell(|| format!("op {:<3} is answered {}", self.op, words::reply(&reply)));
        self.world.answered(self.op, &reply);
        self.letter.put(reply);
    }
}
