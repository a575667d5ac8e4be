//! One client after another on a blocking socket: what a thread of a server does, and a process.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::super::thread::{Thread, Watched, call, callback, wait_at};
use super::super::{BUFFER_BYTES, Controls};
use super::broken;
use crate::clock::Ticks;
use crate::reactor::Failure;
use crate::record::Recorder;
use crate::scenario::Work;
use crate::trace::{EventKind, TaskId, WaitCall};
use crate::watch::Lookout;

/// A thread that serves clients.
pub(super) struct Attendant<'a> {
    recorder: &'a mut Recorder,
    controls: &'a Controls,
    work: Work,
    watched: Option<Watched>,
    buffer: Vec<u8>,
}

impl AsMut<Recorder> for Attendant<'_> {
    fn as_mut(&mut self) -> &mut Recorder {
        self.recorder
    }
}

impl Thread for Attendant<'_> {
    fn watched(&mut self) -> Option<&mut Watched> {
        self.watched.as_mut()
    }
}

impl<'a> Attendant<'a> {
    /// On the calling thread, whose callbacks `lookout` watches.
    pub(super) fn new(
        recorder: &'a mut Recorder,
        controls: &'a Controls,
        work: Work,
        lookout: Option<&Lookout>,
    ) -> Self {
        Self {
            watched: Watched::start(recorder, controls, lookout),
            recorder,
            controls,
            work,
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    pub(super) const fn recorder(&mut self) -> &mut Recorder {
        self.recorder
    }

    /// Serves the client of `task`, until it hangs up.
    ///
    /// # Errors
    /// Says why the connection ended before.
    pub(super) fn serve(&mut self, stream: TcpStream, task: TaskId) -> Result<(), String> {
        let stream = Arc::new(stream);
        let _wake = self.controls.stop.shut_down(&stream);
        let now = self.recorder.ticks();
        // There is nothing to be done in it, so nothing fails.
        let (_, at) = self.call("connection_made", task, now, |_| Ok(()));
        let (result, at) = self.answer_all(&stream, task, at);
        // The other side learns of it now.
        let _ = stream.shutdown(Shutdown::Both);
        let _ = self.call("connection_lost", task, at, |_| Ok(()));
        result
    }

    fn answer_all(
        &mut self,
        stream: &TcpStream,
        task: TaskId,
        at: Ticks,
    ) -> (Result<(), String>, Ticks) {
        let mut lines = Lines::default();
        let mut at = at;
        loop {
            let (read, returned) = wait_at(self, at, task, WaitCall::Read, |attendant| {
                (&mut &*stream).read(&mut attendant.buffer)
            });
            at = returned;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return (Err(broken(stream.peer_addr().ok(), error)), at),
            };
            let count = u32::try_from(bytes).unwrap_or(u32::MAX);
            let read = EventKind::BytesRead { task, bytes: count };
            self.recorder.record_at(at, read);
            if bytes == 0 {
                return (Ok(()), at);
            }
            lines.push(&self.buffer[..bytes]);
            while let Some(line) = lines.next() {
                let (answered, returned) = self.call("line_received", task, at, |attendant| {
                    super::work(attendant.work, task, attendant.controls, attendant.recorder);
                    Ok((&mut &*stream).write_all(&line))
                });
                at = returned;
                match answered {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return (Err(broken(stream.peer_addr().ok(), error)), at),
                    Err(failure) => return (Err(failure.to_string()), at),
                }
            }
        }
    }

    fn call<T>(
        &mut self,
        name: &'static str,
        task: TaskId,
        begin: Ticks,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Ticks) {
        let callback = callback(name, task, self.recorder);
        let threshold = &self.controls.stall_threshold;
        call(self, callback, threshold, begin, code)
    }
}

/// What has come and was not answered yet.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Up to here there is no line break.
    searched: usize,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole line, with its break.
    fn next(&mut self) -> Option<Vec<u8>> {
        let mut rest = self.bytes[self.searched..].iter();
        let Some(place) = rest.position(|&byte| byte == b'\n') else {
            self.searched = self.bytes.len();
            return None;
        };
        let end = self.searched + place;
        self.searched = 0;
        Some(self.bytes.drain(..=end).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_were_cut() {
        let text = b"one\n\ntwo\nrest";
        for cut in 1..=text.len() {
            let mut lines = Lines::default();
            let mut whole = Vec::new();
            for piece in text.chunks(cut) {
                lines.push(piece);
                whole.extend(std::iter::from_fn(|| lines.next()));
            }
            assert_eq!(whole, [&b"one\n"[..], b"\n", b"two\n"], "cut at {cut}");
        }
    }
}
