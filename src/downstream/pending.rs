//! One command whose reply has not left, and the reply as it leaves.

use super::asked::{Asked, Witness, outcome};
use super::gathered::Gathered;
use crate::protocol::{Form, Key, Output, Reply, encode_general, encode_reply};
use crate::upstream::ReplyRun;

/// One command whose reply has not left.
pub(super) enum Pending {
    /// About one key.
    One(Asked, Key, Form, Option<Reply>),
    /// A read of several keys.
    Many(Asked, Gathered),
    /// About no item: what leash answers itself, or every server must do. How many replies are to come, and the worst
    /// so far.
    General(Form, usize, Option<Reply>),
    /// A reply written already.
    Written(Vec<u8>),
}

impl Pending {
    /// Bytes of the replies that it keeps.
    pub(super) fn size(&self) -> usize {
        match self {
            Pending::One(.., reply) => reply.as_ref().map_or(0, Reply::value_len),
            Pending::Many(_, gathered) => gathered.bytes(),
            Pending::General(_, _, Some(Reply::Error(line))) => line.len(),
            Pending::General(..) => 0,
            Pending::Written(text) => text.len(),
        }
    }

    /// Bytes of its keys and of the places for them. One key is kept twice: here, and in the words at its server.
    pub(super) fn places(&self) -> usize {
        match self {
            Pending::Many(_, gathered) => gathered.places(),
            Pending::One(_, key, ..) => 2 * key.as_bytes().len(),
            Pending::General(..) | Pending::Written(_) => 0,
        }
    }

    /// Lets go of what was read with it.
    pub(super) fn detach(&mut self) {
        match self {
            Pending::One(_, key, form, _) => {
                *key = key.detached();
                form.detach();
            }
            Pending::Many(_, gathered) => gathered.detach(),
            Pending::General(form, ..) => form.detach(),
            Pending::Written(_) => {}
        }
    }

    /// Puts replies to it in their places.
    #[inline(always)]
    pub(super) fn fill(&mut self, run: ReplyRun<'_>, witness: &impl Witness) {
        match self {
            Pending::Many(_, gathered) => gathered.fill(run, witness),
            Pending::One(_, _, _, empty) => *empty = run.cut().next().map(|(_, reply)| reply),
            Pending::General(_, waiting, worst) => {
                *waiting -= run.replies.len();
                run.cut().for_each(|(_, reply)| worse(worst, reply));
            }
            Pending::Written(_) => debug_assert!(false, "a reply to what is answered already"),
        }
    }

    /// How many replies are to come.
    pub(super) fn awaits(&self) -> usize {
        match self {
            Pending::One(_, _, _, reply) => usize::from(reply.is_none()),
            Pending::Many(_, gathered) => gathered.waiting(),
            Pending::General(_, waiting, _) => *waiting,
            Pending::Written(_) => 0,
        }
    }

    /// Whether its reply can leave.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Pending::Many(_, gathered) => gathered.is_whole(),
            _ => self.awaits() == 0,
        }
    }

    /// Writes its reply; that of a get of several keys is written already.
    pub(super) fn write(&self, output: &mut Output, witness: &impl Witness) {
        match self {
            Pending::One(asked, key, form, Some(reply)) => write_one(asked, key, form, reply, output, witness),
            Pending::One(_, _, _, None) => {}
            Pending::Many(asked, _) => witness.answered(asked),
            Pending::General(form, _, worst) => encode_general(form, worst.as_ref().unwrap_or(&Reply::Done), output),
            Pending::Written(text) => output.text().extend_from_slice(text),
        }
    }
}

/// Keeps the worse of two replies to something every server must do.
fn worse(worst: &mut Option<Reply>, reply: Reply) {
    if !matches!(worst, Some(Reply::Failed(_) | Reply::Error(_))) {
        *worst = Some(reply);
    }
}

/// Writes the reply to a command about one key.
pub(super) fn write_one(
    asked: &Asked,
    key: &Key,
    form: &Form,
    reply: &Reply,
    output: &mut Output,
    witness: &impl Witness,
) {
    witness.outcomes(asked.route, asked.class, outcome(asked.class, reply), 1);
    witness.answered(asked);
    if let Some([hit, miss, changed]) = asked.tallies {
        match reply {
            Reply::Hit(_) => witness.tally(hit),
            Reply::NotFound => witness.tally(miss),
            Reply::Exists => witness.tally(changed),
            _ => {}
        }
    }
    encode_reply(form, key, reply, output);
}
