//! A session of the simple protocol by hand, for what a client's library does not let one do: to look whether an answer
//! has begun without waiting for it, and to vanish in the middle of a statement.

use crate::cluster::Cluster;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// See the module's text.
pub struct Session {
    stream: UnixStream,
    /// Read, but not looked at yet.
    ahead: Vec<u8>,
    /// Of the server's process.
    pub pid: u32,
}

/// How a statement ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// SQLSTATE and message; the session lives.
    Refused(String, String),
    /// The server has ended the session; the same, if it said why.
    Closed(String, String),
}

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

impl Session {
    pub fn open(cluster: &Cluster) -> Self {
        let path = cluster.folder().join(format!(".s.PGSQL.{}", cluster.port()));
        let stream = UnixStream::connect(&path).unwrap_or_else(|e| panic!("cannot connect to {}: {e}", path.display()));
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut session = Self { stream, ahead: Vec::new(), pid: 0 };
        let mut start = 196_608u32.to_be_bytes().to_vec();
        start.extend(b"user\0postgres\0database\0postgres\0\0");
        session.send(None, &start).expect("the server listens");
        let ended = session.wait();
        assert_eq!(ended, Ended::Done, "no session");
        session
    }

    /// Sends statements; [`Self::wait`] tells how they end.
    pub fn begin(&mut self, sql: &str) {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        // If the server has ended the session, that is what it answers.
        let _ = self.send(Some(b'Q'), &body);
    }

    /// Runs statements that must be done.
    pub fn run(&mut self, sql: &str) {
        self.begin(sql);
        let ended = self.wait();
        assert_eq!(ended, Ended::Done, "in: {sql:.300}");
    }

    /// Waits for the end of what was begun.
    pub fn wait(&mut self) -> Ended {
        let mut refused = None;
        loop {
            let Ok((kind, body)) = self.message() else {
                let (state, text) = refused.unwrap_or_default();
                return Ended::Closed(state, text);
            };
            match kind {
                b'E' => refused = Some((field(&body, b'C'), field(&body, b'M'))),
                b'K' => self.pid = u32::from_be_bytes(body[..4].try_into().expect("a pid")),
                b'Z' => return refused.map_or(Ended::Done, |(state, text)| Ended::Refused(state, text)),
                _ => (),
            }
        }
    }

    /// The client is gone, without a word.
    pub fn vanish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Whether the server has begun to answer.
    pub fn has_answer(&mut self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket");
        let mut bytes = [0; 4096];
        let found = self.stream.read(&mut bytes);
        self.stream.set_nonblocking(false).expect("a socket");
        match found {
            Ok(n) => {
                self.ahead.extend(&bytes[..n]);
                true
            }
            Err(e) => e.kind() != ErrorKind::WouldBlock,
        }
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> std::io::Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(u32::try_from(body.len() + 4).expect("a short message").to_be_bytes());
        message.extend(body);
        self.stream.write_all(&message)
    }

    fn message(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.read(&mut head)?;
        let len = u32::from_be_bytes(head[1..].try_into().expect("four bytes"));
        let mut body = vec![0; len as usize - 4];
        self.read(&mut body)?;
        Ok((head[0], body))
    }

    fn read(&mut self, into: &mut [u8]) -> std::io::Result<()> {
        let n = into.len().min(self.ahead.len());
        into[..n].copy_from_slice(&self.ahead[..n]);
        self.ahead.drain(..n);
        self.stream.read_exact(&mut into[n..]).inspect_err(|e| {
            let late = matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!late, "process {} does not answer within {PATIENCE:?}", self.pid);
        })
    }
}

/// A field of an error.
fn field(body: &[u8], code: u8) -> String {
    let mut fields = body.split(|byte| *byte == 0);
    let found = fields.find_map(|field| field.strip_prefix(&[code]));
    String::from_utf8_lossy(found.unwrap_or_default()).into_owned()
}
