//! A conversation over one connection: each line is said, and its answer awaited.

use std::io;
use std::time::Duration;

use super::Client;
use super::channel::Channel;
use crate::runner::Place;
use crate::runner::endpoint::PATIENCE;
use crate::runner::error::TaskError;
use crate::runner::running::{Running, StepError, StepResult};
use crate::trace::WaitCall;

/// A conversation that was begun.
struct Talk<'a> {
    place: &'a Place,
    channel: Channel,
    /// How many bytes the task had before.
    before: usize,
    /// How many bytes of answers there are to be.
    expected: usize,
}

impl Talk<'_> {
    fn broken(&self, error: io::Error) -> TaskError {
        match self.place {
            // Without connections it is the first datagram that finds nobody there.
            Place::Udp(_) if error.kind() == io::ErrorKind::ConnectionRefused => {
                TaskError::connecting(self.place, error)
            }
            Place::Udp(_) if error.kind() == io::ErrorKind::WouldBlock => {
                TaskError::NoAnswer(self.place.clone(), PATIENCE)
            }
            place => TaskError::Broken(place.clone(), error),
        }
    }
}

impl Client<'_> {
    /// Says each of `texts`, all of them so many times, with a pause after each answer but the last.
    pub(super) fn say(
        &mut self,
        server: usize,
        texts: &[String],
        times: usize,
        pause: impl Fn() -> Duration,
        running: &mut Running,
    ) -> StepResult {
        let shared = self.shared;
        let place = &shared.endpoints[server].place;
        let task = running.task();
        let (opened, at) = self.wait(task, WaitCall::Connect, |_| {
            Channel::open(place, shared.stop())
        });
        let channel = match opened {
            Ok(channel) => channel,
            Err(error) => return Err(self.connection_failed(place, error, task, at)),
        };
        self.connection_made(channel.wire(), running, at);
        let once: usize = texts.iter().map(|text| text.len() + 1).sum();
        let mut talk = Talk {
            place,
            channel,
            before: running.received(),
            expected: once.saturating_mul(times),
        };
        let texts = (0..times).flat_map(|_| texts);
        let result = self.converse(&mut talk, texts, pause, running);
        drop(talk);
        let now = self.recorder.ticks();
        self.tell("connection_lost", task, now);
        result
    }

    fn converse<'t>(
        &mut self,
        talk: &mut Talk<'_>,
        texts: impl Iterator<Item = &'t String>,
        pause: impl Fn() -> Duration,
        running: &mut Running,
    ) -> StepResult {
        for (place, text) in texts.enumerate() {
            let pause = pause();
            if place > 0 && !pause.is_zero() {
                self.sleep(pause, running.task());
            }
            if self.shared.stop().is_stopped() {
                break;
            }
            self.ask(talk, text, running)?;
        }
        Ok(())
    }

    /// Says one line, and takes its answer.
    fn ask(&mut self, talk: &mut Talk<'_>, text: &str, running: &mut Running) -> StepResult {
        let task = running.task();
        let mut unsaid = Some(text);
        let (line, at) = loop {
            // Saying something belongs to the wait: the other side may be slow to take it.
            let (read, at) = self.wait(task, WaitCall::Read, |client| {
                if let Some(text) = unsaid.take() {
                    talk.channel.write_line(text)?;
                }
                talk.channel.read(&mut client.buffer)
            });
            let bytes = read.map_err(|error| talk.broken(error))?;
            running.record_read(bytes, at, &mut self.recorder);
            if let Some(line) = talk.channel.take_line() {
                break (line, at);
            }
            if bytes == 0 {
                running.keep(talk.channel.rest());
                let received = running.received() - talk.before;
                let expected = talk.expected;
                return Err(TaskError::ClosedEarly { received, expected }.into());
            }
        };
        let (answered, _) = self.call("line_received", task, at, |client| {
            running.keep(&line);
            client.block_if_switched(task);
            if line.strip_suffix(b"\n") != Some(text.as_bytes()) {
                return Err(TaskError::OtherAnswer(talk.place.clone()).into());
            }
            Ok(())
        });
        answered.map_err(StepError::Crashed)
    }
}
