//! Conversations: a line is said, and its answer awaited, over whatever carries it.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::client::{Client, lost};
use super::errand::Errand;
use crate::reactor::{
    CallbackResult, DatagramProtocol, DatagramTransport, Deferred, LineProtocol, LineReceiver,
    Lines, Reactor, Reason, TimerId,
};
use crate::runner::Place;
use crate::runner::chore::after;
use crate::runner::endpoint::{PATIENCE, client_address};
use crate::runner::error::TaskError;
use crate::runner::running::StepResult;
use crate::trace::Wire;

/// What is said.
pub(super) struct Script<'a> {
    /// The lines, in their order.
    pub(super) texts: &'a [String],
    /// How often all of them are said.
    pub(super) times: usize,
}

/// Talks with a server, or with the service.
pub(super) fn begin(errand: Errand, to: Option<usize>, script: &Script<'_>, reactor: &mut Reactor) {
    let run = &errand.run;
    let endpoint = match to {
        Some(server) => run.endpoints.get(server),
        // It is the only one there is.
        None => run.endpoints.first().filter(|_| run.has_service),
    };
    let Some(endpoint) = endpoint else {
        return errand.step_over(Err(TaskError::NoService.into()), reactor);
    };
    let place = endpoint.place.clone();
    let task = errand.task();
    let once: usize = script.texts.iter().map(|text| text.len() + 1).sum();
    let conversation = Conversation {
        errand: errand.clone(),
        place: place.clone(),
        texts: script.texts.to_vec(),
        left: script.texts.len().saturating_mul(script.times),
        said: 0,
        heard: 0,
        expected: once.saturating_mul(script.times),
        overdue: Rc::default(),
    };
    if conversation.left == 0 {
        return errand.step_over(Ok(()), reactor);
    }
    let client = |conversation: Conversation| {
        let protocol = receiver(conversation);
        Client::new(errand.clone(), place.clone(), protocol)
    };
    let begun = match &place {
        Place::Tcp(address) => {
            // The service knows by it whose connection it is.
            let from = to
                .is_none()
                .then(|| SocketAddr::new(client_address(task).into(), 0));
            reactor.connect_tcp_from(*address, from, Some(task), client(conversation));
            Ok(())
        }
        Place::Unix(path) => {
            reactor.connect_unix(path, Some(task), client(conversation));
            Ok(())
        }
        Place::Udp(address) => reactor
            .connect_udp(*address, Some(task), conversation)
            .map(drop),
        Place::Pipe(open) => open().and_then(|(reader, writer)| {
            reactor.attach_pipes(reader, Some(writer), Some(task), receiver(conversation))
        }),
    };
    if let Err(error) = begun {
        let error = TaskError::connecting(&place, error);
        errand.step_over(Err(error.into()), reactor);
    }
}

fn receiver(conversation: Conversation) -> LineReceiver<Conversation> {
    LineReceiver::new(conversation)
        .with_delimiter(b"\n")
        .with_max_length(usize::MAX)
}

/// How far a conversation is.
struct Conversation {
    errand: Errand,
    place: Place,
    texts: Vec<String>,
    /// How many answers are still to come.
    left: usize,
    /// The place of the line that was said last.
    said: usize,
    /// How many bytes were heard, and how many there are to be heard.
    heard: usize,
    expected: usize,
    /// What calls off the wait for an answer that may have been lost.
    overdue: Rc<Cell<Option<TimerId>>>,
}

impl Conversation {
    /// What is to be said, or was said last.
    fn line(&self) -> &str {
        self.texts.get(self.said).map_or("", String::as_str)
    }

    /// The answer to what was said last. Whether there is more to say.
    fn answered(&mut self, answer: &[u8]) -> Result<bool, TaskError> {
        if let Some(mut running) = self.errand.running() {
            running.keep(answer);
            running.keep(b"\n");
        }
        self.heard += answer.len() + 1;
        if answer != self.line().as_bytes() {
            return Err(TaskError::OtherAnswer(self.place.clone()));
        }
        self.left -= 1;
        self.said = (self.said + 1) % self.texts.len();
        Ok(self.left > 0)
    }

    /// Says the next line with `send`, after the pause, and not before what was to be done with the answer is `done`.
    fn say(
        &self,
        done: Option<Deferred<()>>,
        reactor: &mut Reactor,
        send: impl FnOnce(&mut Reactor, &str) + 'static,
    ) {
        let pause = self.errand.pause();
        if done.is_none() && pause.is_zero() {
            return send(reactor, self.line());
        }
        let line = self.line().to_owned();
        let label = self.errand.label("say");
        after(done, reactor, move |reactor| {
            reactor.call_later(pause, label, move |reactor| {
                send(reactor, &line);
                Ok(())
            });
        });
    }

    /// How it ended.
    fn result(&self, reason: &Reason) -> StepResult {
        if self.left == 0 {
            return Ok(());
        }
        let closed = TaskError::ClosedEarly {
            received: self.heard,
            expected: self.expected,
        };
        lost(&self.place, reason, Err(closed.into()))
    }
}

/// Over a stream.
impl LineProtocol for Conversation {
    fn connection_made(&mut self, reactor: &mut Reactor, lines: &Lines) -> CallbackResult {
        lines.send_line(reactor, self.line().as_bytes());
        Ok(())
    }

    fn line_received(
        &mut self,
        reactor: &mut Reactor,
        lines: &Lines,
        line: &[u8],
    ) -> CallbackResult {
        let done = self.errand.be_blocked("data_received", reactor);
        let lines = lines.clone();
        if self.answered(line)? {
            self.say(done, reactor, move |reactor, line| {
                lines.send_line(reactor, line.as_bytes());
            });
        } else {
            after(done, reactor, move |reactor| lines.lose_connection(reactor));
        }
        Ok(())
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.errand.step_over(self.result(reason), reactor);
        Ok(())
    }
}

/// Over datagrams, a line each.
impl DatagramProtocol for Conversation {
    fn start_protocol(
        &mut self,
        reactor: &mut Reactor,
        transport: &DatagramTransport,
    ) -> CallbackResult {
        if let Some(running) = self.errand.running() {
            running.connection_made(wire_of(transport), reactor.recorder());
        }
        self.sender(transport).send(reactor, self.line());
        Ok(())
    }

    fn datagram_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &DatagramTransport,
        data: &[u8],
        _: SocketAddr,
    ) -> CallbackResult {
        let line = data.strip_suffix(b"\n").unwrap_or(data);
        let sender = self.sender(transport);
        sender.hear(reactor);
        let done = self.errand.be_blocked("datagram_received", reactor);
        match self.answered(line) {
            Ok(true) => self.say(done, reactor, move |reactor, line| {
                sender.send(reactor, line)
            }),
            Ok(false) => {
                let transport = transport.clone();
                after(done, reactor, move |reactor| {
                    transport.stop_listening(reactor)
                });
            }
            Err(error) => sender.give_up(reactor, error),
        }
        Ok(())
    }

    fn connection_refused(
        &mut self,
        reactor: &mut Reactor,
        transport: &DatagramTransport,
    ) -> CallbackResult {
        let refused = io::ErrorKind::ConnectionRefused.into();
        let error = TaskError::connecting(&self.place, refused);
        self.sender(transport).give_up(reactor, error);
        Ok(())
    }

    fn stop_protocol(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.errand.step_over(self.result(reason), reactor);
        Ok(())
    }
}

/// What both ends name it by.
fn wire_of(transport: &DatagramTransport) -> Option<Wire> {
    Some(Wire::Udp {
        client: transport.get_host().ok()?.port(),
        server: transport.get_peer()?.port(),
    })
}

impl Conversation {
    fn sender(&self, transport: &DatagramTransport) -> Sender {
        Sender {
            errand: self.errand.clone(),
            place: self.place.clone(),
            transport: transport.clone(),
            overdue: Rc::clone(&self.overdue),
        }
    }
}

/// Sends datagrams, of which each goes out at once or not at all.
#[derive(Clone)]
struct Sender {
    errand: Errand,
    place: Place,
    transport: DatagramTransport,
    overdue: Rc<Cell<Option<TimerId>>>,
}

impl Sender {
    fn send(&self, reactor: &mut Reactor, line: &str) {
        let sent = self
            .transport
            .write(reactor, format!("{line}\n").as_bytes());
        if let Err(error) = sent {
            return self.give_up(reactor, TaskError::Broken(self.place.clone(), error));
        }
        let sender = self.clone();
        let label = self.errand.label("no_answer");
        let overdue = reactor.call_later(PATIENCE, label, move |reactor| {
            let error = TaskError::NoAnswer(sender.place.clone(), PATIENCE);
            sender.give_up(reactor, error);
            Ok(())
        });
        self.overdue.set(Some(overdue));
    }

    /// There is an answer.
    fn hear(&self, reactor: &mut Reactor) {
        if let Some(overdue) = self.overdue.take() {
            reactor.cancel(overdue);
        }
    }

    /// A socket for datagrams does not break, so that the step has to be told.
    fn give_up(&self, reactor: &mut Reactor, error: TaskError) {
        self.hear(reactor);
        self.transport.stop_listening(reactor);
        self.errand.step_over(Err(error.into()), reactor);
    }
}
