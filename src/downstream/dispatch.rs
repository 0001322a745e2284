//! What happens to each call of a client: a route answers it, or leash itself does.

use std::rc::Rc;

use bytes::Bytes;
use tokio::task::spawn_local;

use super::asked::{Asked, tallies};
use super::connection::{Connection, End};
use super::gathered::GetEnding;
use super::outbox::{Alone, Outbox};
use super::pending::{Pending, write_one};
use crate::config::Allow;
use crate::metrics::{ProtocolError, StatsCount};
use crate::protocol::{
    Call, Command, CommandClass, Dialect, Exptime, Form, Local, Question, Refusal, RefusalKind, Reply, Request, Style,
    VERSION, encode_stats,
};
use crate::upstream::{Mark, Party, Ticket};

impl Connection {
    /// Carries out one call.
    pub(super) fn dispatch(self: &Rc<Self>, call: Call) -> Option<End> {
        // Each binding of a call is a copy of it, so the one that nothing confines is not bound anew.
        if self.is_confined.get() {
            self.judged(call).and_then(|call| self.carry_out(call))
        } else {
            self.carry_out(call)
        }
    }

    fn carry_out(self: &Rc<Self>, call: Call) -> Option<End> {
        match call {
            Call::One(request, form) => self.ask_one(request, form),
            Call::Many(keys, get, form) => self.ask_many(keys, get, form, GetEnding::Items),
            Call::Spoilt(keys, get, form) => {
                self.service.shard().protocol_error(ProtocolError::ClientError);
                self.ask_many(keys, get, form, GetEnding::Spoilt);
            }
            Call::FlushAll(delay, form) => self.flush_all(delay, form),
            Call::FlushQueue(request, form) => return self.flush_queue(request, form),
            Call::TooLarge(delete, form) => self.too_large(delete, form),
            Call::Local(local, form) => return self.answer_local(local, form),
            Call::Refused(refusal) => return self.refuse(refusal),
        }
        None
    }

    /// Brings up to date what is known of the client, once for all that it has just asked.
    pub(super) fn end_dispatch(&self, dialect: Dialect) {
        self.dialect.set(dialect);
        self.state.borrow_mut().count();
    }

    fn ask_one(self: &Rc<Self>, mut request: Request, form: Form) {
        let shown = match self.enter_namespace(&mut request.key) {
            Ok(shown) => shown,
            Err(reply) => return self.tell(form, reply),
        };
        let tree = self.service.tree.borrow();
        let mut state = self.state.borrow_mut();
        let branch = tree.branch(&request.key);
        let class = request.command.class();
        self.service.keys.note(request.key.as_bytes());
        let asked = Asked {
            at: self.service.turn.now(),
            route: branch.map(|branch| branch.id),
            class,
            tallies: tallies(&request.command),
        };
        let reply = match branch {
            Some(branch) => {
                branch.entry.ask(&request, &self.client, Ticket::new(self.clone(), state.replies.next_token()))
            }
            None => Some(no_route()),
        };
        if let Some(reply) = &reply {
            self.note(reply);
        }
        self.tally(&request.command, &form);
        let key = shown.unwrap_or(request.key);
        match reply {
            Some(reply) if state.replies.is_empty() => {
                write_one(&asked, &key, &form, &reply, &mut state.output, &**self);
                self.arrange_to_send(&mut state);
            }
            // It lets nothing leave, so there is nothing to write; what it takes is counted at the end of the stint.
            None => state.replies.push(Pending::One(asked, key, form, None)),
            reply => self.push_detached(&mut state, Pending::One(asked, key, form, reply)),
        }
    }

    /// What is no queue does not know the command, as memcached does not.
    fn flush_queue(self: &Rc<Self>, request: Request, form: Form) -> Option<End> {
        let mode = self.queue_mode(&self.service.tree.borrow(), &request.key);
        if mode.is_none() {
            return self.refuse(Refusal::ERROR);
        }
        self.ask_one(request, form);
        None
    }

    fn flush_all(self: &Rc<Self>, delay: Exptime, form: Form) {
        self.service.shard().tally(StatsCount::Flushes);
        self.state.borrow_mut().alone = Some(Alone::Flush(delay, form));
        self.do_alone();
    }

    /// Carries out a command that must run alone, once its turn has come.
    pub(super) fn do_alone(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        match state.alone.take() {
            Some(Alone::Flush(delay, form)) if state.replies.is_empty() && self.client.is_idle() => {
                drop(state);
                self.flush_servers(delay, form);
            }
            Some(Alone::Stats(arguments, form)) if state.replies.is_empty() => {
                state.alone = Some(Alone::Answering);
                spawn_local(self.clone().answer_stats(arguments, form));
            }
            later => state.alone = later,
        }
    }

    fn flush_servers(self: &Rc<Self>, delay: Exptime, form: Form) {
        let tree = self.service.tree.borrow();
        let mut state = self.state.borrow_mut();
        let servers = match tree.flushable() {
            Ok(servers) => servers,
            Err(branch) => {
                let line = flush_forbidden(&branch.prefix);
                return self.push(&mut state, Pending::General(form, 0, Some(Reply::Error(line.into()))));
            }
        };
        let roots = || tree.branches().iter().map(|branch| branch.entry.root());
        if delay != Exptime::NEVER && roots().any(|root| root.queues().is_some()) {
            return self.push(&mut state, Pending::General(form, 0, Some(Reply::Error(FLUSH_LATER.into()))));
        }
        let queues: Vec<_> = roots().filter_map(|root| root.flush_queues()).collect();
        let (mut waiting, mut worst) = (queues.len(), None);
        for emptied in queues {
            let ticket = Ticket::new(self.clone(), state.replies.next_token());
            spawn_local(async move { ticket.answer(emptied.await) });
        }
        let mark = Mark::of_no_item(Party::of(&self.client));
        for server in servers {
            let ticket = Ticket::new(self.clone(), state.replies.next_token());
            match server.ask(Question::FlushAll(delay), mark, ticket) {
                Some(reply @ (Reply::Failed(_) | Reply::Error(_))) => worst = Some(reply),
                Some(_) => {}
                None => waiting += 1,
            }
        }
        self.push(&mut state, Pending::General(form, waiting, worst));
        // A server has more than one connection: requests behind the flush must not pass it on another.
        state.settling = !state.replies.is_empty();
    }

    /// The old item goes before its writer is told that the new one was refused.
    fn too_large(self: &Rc<Self>, delete: Option<Request>, form: Form) {
        self.service.shard().protocol_error(ProtocolError::TooLarge);
        self.service.shard().tally(StatsCount::StoreTooLarge);
        self.not_stored(delete, form, "SERVER_ERROR object too large for cache");
    }

    /// The same of a value there is no memory for.
    pub(super) fn no_memory(self: &Rc<Self>, delete: Option<Request>, form: Form) {
        self.service.shard().tally(StatsCount::StoreNoMemory);
        self.not_stored(delete, form, "SERVER_ERROR out of memory storing object");
    }

    fn not_stored(self: &Rc<Self>, delete: Option<Request>, form: Form, why: &'static str) {
        if let Some(request) = delete {
            self.ask_unseen(request);
        }
        self.tell(form, Reply::Error(why.into()));
    }

    /// Asks what no client asked: neither told nor counted. Nothing of a queue, where a set replaces nothing.
    fn ask_unseen(self: &Rc<Self>, mut request: Request) {
        if !self.may(Allow::WRITE) || self.enter_namespace(&mut request.key).is_err() {
            return;
        }
        let tree = self.service.tree.borrow();
        if tree.queue_mode(&request.key).is_some() {
            return;
        }
        let mut state = self.state.borrow_mut();
        let ticket = Ticket::new(self.clone(), state.replies.next_token());
        let reply = match tree.branch(&request.key) {
            Some(branch) => branch.entry.ask(&request, &self.client, ticket),
            None => Some(no_route()),
        };
        let class = request.command.class();
        let asked = Asked { at: self.service.turn.now(), route: None, class, tallies: None };
        let form = Form { style: Style::Delete, quiet: true };
        self.push(&mut state, Pending::One(asked, request.key, form, reply));
    }

    fn answer_local(self: &Rc<Self>, local: Local, form: Form) -> Option<End> {
        match local {
            Local::Version => self.tell(form, Reply::Version(VERSION.into())),
            Local::Verbosity | Local::Noop => self.tell(form, Reply::Done),
            Local::Stats(arguments) => self.stats(arguments, form),
            Local::Metadump => {
                let mut state = self.state.borrow_mut();
                self.push(&mut state, Pending::Written(b"END\r\n".to_vec()));
            }
            Local::Sasl(word) => self.log_in(&word, &form),
            Local::Quit => {
                self.tell(form, Reply::Done);
                return Some(End::Quit);
            }
        }
        None
    }

    fn stats(self: &Rc<Self>, arguments: Bytes, form: Form) {
        self.state.borrow_mut().alone = Some(Alone::Stats(arguments, form));
        self.do_alone();
    }

    async fn answer_stats(self: Rc<Self>, arguments: Bytes, form: Form) {
        let lines = self.service.stats.ask(arguments).await;
        let mut state = self.state.borrow_mut();
        state.alone = None;
        if !state.broken {
            self.push(&mut state, Pending::Written(encode_stats(&form, lines)));
        }
    }

    fn refuse(self: &Rc<Self>, refusal: Refusal) -> Option<End> {
        let error = match refusal.kind {
            RefusalKind::Unknown => Some(ProtocolError::UnknownCommand),
            RefusalKind::Malformed | RefusalKind::Forbidden | RefusalKind::Http | RefusalKind::Packet => {
                Some(ProtocolError::ClientError)
            }
            RefusalKind::TooManyKeys => Some(ProtocolError::TooManyKeys),
            RefusalKind::NoMemory => None,
            RefusalKind::LineTooLong => Some(ProtocolError::LineTooLong),
        };
        error.into_iter().for_each(|error| self.service.shard().protocol_error(error));
        self.tell(refusal.form, Reply::Error(refusal.line.into_owned().into()));
        refusal.kind.is_fatal().then_some(End::Fatal)
    }

    /// Says in its turn what answers no request.
    pub(super) fn say(self: &Rc<Self>, line: &str) {
        self.tell(self.dialect.get().unasked(), Reply::Error(line.to_owned().into()));
    }

    /// Answers in its turn what is about no item.
    pub(super) fn tell(self: &Rc<Self>, form: Form, reply: Reply) {
        let mut state = self.state.borrow_mut();
        self.push_detached(&mut state, Pending::General(form, 0, Some(reply)));
    }

    /// Says in its turn what is written already.
    pub(super) fn tell_written(self: &Rc<Self>, text: Vec<u8>) {
        let mut state = self.state.borrow_mut();
        self.push(&mut state, Pending::Written(text));
    }

    /// Adds what is answered already. If that waits for its turn, nobody says whether for long, so it keeps nothing of what
    /// was read with it.
    fn push_detached(self: &Rc<Self>, state: &mut Outbox, mut pending: Pending) {
        if !state.replies.is_empty() {
            pending.detach();
        }
        self.push(state, pending);
    }

    pub(super) fn push(self: &Rc<Self>, state: &mut Outbox, pending: Pending) {
        state.replies.push(pending);
        self.write_replies(state);
    }

    /// Counts what memcached's `stats` tells apart and command classes do not.
    fn tally(&self, command: &Command, form: &Form) {
        if matches!(form.style, Style::Meta { .. }) || command.class() == CommandClass::Other {
            self.service.shard().tally(StatsCount::Metas);
        }
    }
}

pub(super) fn no_route() -> Reply {
    Reply::Error("SERVER_ERROR leash has no route for this key, add one with prefix \"\"".into())
}

const FLUSH_LATER: &str = "CLIENT_ERROR queues are dropped at once, flush_all takes no delay here";

fn flush_forbidden(prefix: &str) -> String {
    format!("CLIENT_ERROR flush_all is not allowed, set allow_flush: true on the route with prefix \"{prefix}\"")
}
