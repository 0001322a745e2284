//! What is said to each kind of broker for one message: into the queue, out again, and "done with". Three questions each,
//! and each answered before the next one, as clients do it. Redis without reservations has two.

use std::io;

use super::wire::Wire;

/// How a broker is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// `put`, `reserve`, `delete`.
    Beanstalk,
    /// `LPUSH`, `LMOVE` to a list of the consumer's own, `DEL` of that: nothing is lost with a consumer, but somebody has to
    /// look for what it left.
    RedisReserving,
    /// `LPUSH`, `RPOP`: what a consumer has taken is lost with it.
    RedisRemoving,
    /// `set`, `get`, `delete`: leash in mode reserve.
    Leash,
}

impl Tongue {
    /// What a broker must be told before the first message.
    pub async fn greet(self, wire: &mut Wire) -> io::Result<()> {
        if self == Tongue::Beanstalk {
            wire.say(&[b"watch work\r\nignore default\r\nuse work\r\n"]).await?;
            for answer in ["WATCHING 2", "WATCHING 1", "USING work"] {
                wire.expect(answer).await?;
            }
        }
        Ok(())
    }

    pub async fn put(self, wire: &mut Wire, message: &[u8]) -> io::Result<()> {
        let length = message.len();
        match self {
            Tongue::Beanstalk => {
                wire.say(&[format!("put 0 0 60 {length}\r\n").as_bytes(), message, b"\r\n"]).await?;
                wire.expect("INSERTED ").await?;
            }
            Tongue::RedisReserving | Tongue::RedisRemoving => {
                let head = format!("*3\r\n$5\r\nLPUSH\r\n$4\r\nwork\r\n${length}\r\n");
                wire.say(&[head.as_bytes(), message, b"\r\n"]).await?;
                wire.expect(":").await?;
            }
            Tongue::Leash => {
                wire.say(&[format!("set work 0 0 {length}\r\n").as_bytes(), message, b"\r\n"]).await?;
                wire.expect("STORED").await?;
            }
        }
        Ok(())
    }

    /// Takes the oldest message, which is [in the wire](Wire::taken) then. What names it, if it must be named.
    pub async fn take(self, wire: &mut Wire) -> io::Result<u64> {
        let number = wire.number;
        match self {
            Tongue::Beanstalk => {
                wire.say(&[b"reserve\r\n"]).await?;
                let (id, length) = two(wire.expect("RESERVED ").await?)?;
                wire.body(length as usize).await?;
                return Ok(id);
            }
            Tongue::RedisReserving => {
                let own = format!("has:{number:04}");
                wire.say(&[b"*5\r\n$5\r\nLMOVE\r\n$4\r\nwork\r\n$8\r\n", own.as_bytes(), TO_THE_LEFT]).await?;
                bulk(wire).await?;
            }
            Tongue::RedisRemoving => {
                wire.say(&[b"*2\r\n$4\r\nRPOP\r\n$4\r\nwork\r\n"]).await?;
                bulk(wire).await?;
            }
            Tongue::Leash => {
                wire.say(&[b"get work\r\n"]).await?;
                let (_, length) = two(wire.expect("VALUE work ").await?)?;
                wire.body(length as usize).await?;
                wire.expect("END").await?;
            }
        }
        Ok(0)
    }

    /// Is done with the message of this name.
    pub async fn acknowledge(self, wire: &mut Wire, id: u64) -> io::Result<()> {
        let number = wire.number;
        match self {
            Tongue::Beanstalk => {
                wire.say(&[format!("delete {id}\r\n").as_bytes()]).await?;
                wire.expect("DELETED").await?;
            }
            Tongue::RedisReserving => {
                wire.say(&[format!("*2\r\n$3\r\nDEL\r\n$8\r\nhas:{number:04}\r\n").as_bytes()]).await?;
                wire.expect(":1").await?;
            }
            Tongue::RedisRemoving => {}
            Tongue::Leash => {
                wire.say(&[b"delete work\r\n"]).await?;
                wire.expect("DELETED").await?;
            }
        }
        Ok(())
    }
}

/// The ends of the lists that a message goes between.
const TO_THE_LEFT: &[u8] = b"\r\n$5\r\nRIGHT\r\n$4\r\nLEFT\r\n";

async fn bulk(wire: &mut Wire) -> io::Result<()> {
    let length = wire.expect("$").await?.parse().map_err(io::Error::other)?;
    wire.body(length).await
}

fn two(words: &str) -> io::Result<(u64, u64)> {
    let mut numbers = words.split(' ').map_while(|word| word.parse().ok());
    numbers.next().zip(numbers.next()).ok_or_else(|| io::Error::other(format!("no two numbers: {words}")))
}
