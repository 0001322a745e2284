//! Saying something in memcached's own words on a connection that owes nothing, for the few questions that no request
//! becomes: who is in a cluster, what the settings are. Knows nothing of what the words mean.

use std::future::poll_fn;
use std::io;

use bytes::BytesMut;

use super::connect::Connected;
use crate::protocol::Output;
use crate::runtime::net::make_room;

impl Connected {
    /// Says `words`, and waits until `heard` makes something of all that was answered, which is `most` bytes at most.
    pub(crate) async fn say<T>(
        &mut self,
        words: &str,
        most: usize,
        heard: impl Fn(&str) -> Option<T>,
    ) -> io::Result<T> {
        let mut output = Output::default();
        output.text().extend_from_slice(words.as_bytes());
        self.writer.write(&mut output)?;
        let mut buffer = BytesMut::new();
        loop {
            make_room(&mut buffer, 0);
            if poll_fn(|cx| self.reader.poll_read(cx, &mut buffer)).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(told) = heard(&String::from_utf8_lossy(&buffer)) {
                return Ok(told);
            }
            if buffer.len() > most {
                return Err(io::Error::other(format!("more than {most} bytes, and no end")));
            }
        }
    }
}
