//! What a packet of the binary protocol can ask for, by its opcode, and what it must be made of. Nothing is read or
//! written here.
//!
//! Numbers and shapes are those of memcached 1.6 (`protocol_binary.h`, `dispatch_bin_command` in `proto_bin.c`).

/// What a packet asks for. The quiet forms ask for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryVerb {
    /// `get`, `getq`
    Get,
    /// `getk`, `getkq`: the reply repeats the key.
    GetKey,
    /// `gat`, `gatq`
    GetAndTouch,
    /// `gatk`, `gatkq`
    GetKeyAndTouch,
    /// `touch`
    Touch,
    /// `set`, `setq`
    Set,
    /// `add`, `addq`
    Add,
    /// `replace`, `replaceq`
    Replace,
    /// `append`, `appendq`
    Append,
    /// `prepend`, `prependq`
    Prepend,
    /// `delete`, `deleteq`
    Delete,
    /// `increment`, `incrementq`
    Increment,
    /// `decrement`, `decrementq`
    Decrement,
    /// `flush`, `flushq`
    Flush,
    /// `stat`
    Stat,
    /// `noop`
    Noop,
    /// `version`
    Version,
    /// `quit`, `quitq`
    Quit,
    /// `sasl list mechs`
    SaslMechanisms,
    /// `sasl auth`
    SaslStart,
    /// `sasl step`
    SaslStep,
    /// No command of memcached.
    Unknown,
}

/// What must be remembered of a packet to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it asks for.
    pub verb: BinaryVerb,
    /// Its opcode, which the answer repeats.
    pub opcode: u8,
    /// What the client wants repeated.
    pub opaque: [u8; 4],
}

impl Packet {
    /// What leash says without being asked is said as if to this one.
    pub(crate) const UNASKED: Packet = Packet { verb: BinaryVerb::Noop, opcode: 0x0a, opaque: [0; 4] };
}

impl BinaryVerb {
    /// What an opcode asks for, and whether it is a quiet form.
    pub(super) const fn of(opcode: u8) -> (BinaryVerb, bool) {
        match opcode {
            0x00 => (BinaryVerb::Get, false),
            0x01 => (BinaryVerb::Set, false),
            0x02 => (BinaryVerb::Add, false),
            0x03 => (BinaryVerb::Replace, false),
            0x04 => (BinaryVerb::Delete, false),
            0x05 => (BinaryVerb::Increment, false),
            0x06 => (BinaryVerb::Decrement, false),
            0x07 => (BinaryVerb::Quit, false),
            0x08 => (BinaryVerb::Flush, false),
            0x09 => (BinaryVerb::Get, true),
            0x0a => (BinaryVerb::Noop, false),
            0x0b => (BinaryVerb::Version, false),
            0x0c => (BinaryVerb::GetKey, false),
            0x0d => (BinaryVerb::GetKey, true),
            0x0e => (BinaryVerb::Append, false),
            0x0f => (BinaryVerb::Prepend, false),
            0x10 => (BinaryVerb::Stat, false),
            0x11 => (BinaryVerb::Set, true),
            0x12 => (BinaryVerb::Add, true),
            0x13 => (BinaryVerb::Replace, true),
            0x14 => (BinaryVerb::Delete, true),
            0x15 => (BinaryVerb::Increment, true),
            0x16 => (BinaryVerb::Decrement, true),
            0x17 => (BinaryVerb::Quit, true),
            0x18 => (BinaryVerb::Flush, true),
            0x19 => (BinaryVerb::Append, true),
            0x1a => (BinaryVerb::Prepend, true),
            0x1c => (BinaryVerb::Touch, false),
            0x1d => (BinaryVerb::GetAndTouch, false),
            0x1e => (BinaryVerb::GetAndTouch, true),
            0x20 => (BinaryVerb::SaslMechanisms, false),
            0x21 => (BinaryVerb::SaslStart, false),
            0x22 => (BinaryVerb::SaslStep, false),
            0x23 => (BinaryVerb::GetKeyAndTouch, false),
            0x24 => (BinaryVerb::GetKeyAndTouch, true),
            _ => (BinaryVerb::Unknown, false),
        }
    }

    /// Whether a packet that asks for it may have extras, key and value of these lengths.
    ///
    /// Of a touch and of a `stat` memcached does not look at the end: it answers, and takes a value for the next packet.
    pub(super) const fn allows(self, extras: usize, key: usize, value: usize) -> bool {
        match self {
            BinaryVerb::Get | BinaryVerb::GetKey | BinaryVerb::Delete => extras == 0 && key > 0 && value == 0,
            BinaryVerb::Touch | BinaryVerb::GetAndTouch | BinaryVerb::GetKeyAndTouch => extras == 4 && key > 0,
            BinaryVerb::Set | BinaryVerb::Add | BinaryVerb::Replace => extras == 8 && key > 0,
            BinaryVerb::Append | BinaryVerb::Prepend | BinaryVerb::SaslStart | BinaryVerb::SaslStep => {
                extras == 0 && key > 0
            }
            BinaryVerb::Increment | BinaryVerb::Decrement => extras == 20 && key > 0 && value == 0,
            BinaryVerb::Flush => (extras == 0 || extras == 4) && key == 0 && value == 0,
            BinaryVerb::Noop | BinaryVerb::Version | BinaryVerb::Quit | BinaryVerb::SaslMechanisms => {
                extras == 0 && key == 0 && value == 0
            }
            BinaryVerb::Stat => extras == 0,
            BinaryVerb::Unknown => true,
        }
    }

    /// Whether only those may ask for it who have said who they are, where that is asked.
    pub(super) const fn needs_login(self) -> bool {
        use BinaryVerb::{SaslMechanisms, SaslStart, SaslStep, Version};
        !matches!(self, SaslMechanisms | SaslStart | SaslStep | Version)
    }

    /// Whether it reads a value, so that a failure is told as a miss.
    pub(super) const fn reads(self) -> bool {
        matches!(self, BinaryVerb::Get | BinaryVerb::GetKey | BinaryVerb::GetAndTouch | BinaryVerb::GetKeyAndTouch)
    }

    /// Whether its reply repeats the key.
    pub(super) const fn repeats_key(self) -> bool {
        matches!(self, BinaryVerb::GetKey | BinaryVerb::GetKeyAndTouch)
    }
}
