//! A download that is cut into lines. Every layer is a callback of its own, inside the one that calls it: the transport's
//! `do_read`, its protocol's `data_received`, the program's `line_received`; and at the end `poem_finished`.

use std::io;

use super::client::{Client, lost};
use super::errand::Errand;
use crate::reactor::{
    CallbackResult, LineProtocol, LineReceiver, Lines, Protocol, Reactor, Reason, Transport,
};
use crate::runner::error::TaskError;
use crate::runner::running::whole;
use crate::runner::{Endpoint, Place};

/// Takes everything that a server sends, line by line.
pub(super) fn begin(
    errand: Errand,
    server: usize,
    fails_after: Option<usize>,
    reactor: &mut Reactor,
) {
    let endpoint = errand.run.endpoints[server].clone();
    let Place::Tcp(address) = endpoint.place else {
        let error = TaskError::connecting(&endpoint.place, io::ErrorKind::Unsupported.into());
        return errand.step_over(Err(error.into()), reactor);
    };
    let mut before = 0;
    if let Some(mut running) = errand.running() {
        running.expect(endpoint.expected.unwrap_or_default());
        before = running.received();
    }
    let place = endpoint.place.clone();
    let poem = Poem {
        errand: errand.clone(),
    };
    let protocol = ByLines {
        errand: errand.clone(),
        endpoint,
        before,
        fails_after,
        receiver: LineReceiver::new(poem)
            .with_delimiter(b"\n")
            .with_max_length(usize::MAX),
    };
    let task = Some(errand.task());
    reactor.connect_tcp(address, task, Client::new(errand, place, protocol));
}

/// Keeps what comes, and gives it to the receiver. (That one keeps back what has no line break at its end.)
struct ByLines {
    errand: Errand,
    endpoint: Endpoint,
    /// How many bytes the task had before.
    before: usize,
    /// After how many bytes of this server the program fails.
    fails_after: Option<usize>,
    receiver: LineReceiver<Poem>,
}

impl ByLines {
    /// How many bytes came so far.
    fn received(&self) -> usize {
        let received = self.errand.running().map(|running| running.received());
        received.map_or(0, |received| received - self.before)
    }
}

impl Protocol for ByLines {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        self.receiver.connection_made(reactor, transport)
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        if let Some(mut running) = self.errand.running() {
            running.keep(data);
        }
        if let Some(most) = self.fails_after
            && self.received() > most
        {
            return Err(TaskError::FailsAfter(most).into());
        }
        self.receiver.data_received(reactor, transport, data)
    }

    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        self.receiver.read_connection_lost(reactor, transport)
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.receiver.connection_lost(reactor, reason)?;
        let whole = whole(self.received(), self.endpoint.expected);
        let result = lost(&self.endpoint.place, reason, whole);
        if result.is_err() {
            self.errand.step_over(result, reactor);
            return Ok(());
        }
        let label = self.errand.label("poem_finished");
        reactor.call_now(label, |reactor| {
            self.errand.step_over(result, reactor);
            Ok(())
        })
    }
}

/// The program.
struct Poem {
    errand: Errand,
}

impl LineProtocol for Poem {
    fn line_received(&mut self, reactor: &mut Reactor, lines: &Lines, _: &[u8]) -> CallbackResult {
        const NAME: &str = "line_received";
        let done = reactor.call_now(self.errand.label(NAME), |reactor| {
            Ok(self.errand.be_blocked(NAME, reactor))
        })?;
        if let Some(done) = done {
            // The next line waits for it, and not in the loop.
            lines.pause_producing(reactor);
            let lines = lines.clone();
            done.when_done(reactor, move |reactor, _| lines.resume_producing(reactor));
        }
        Ok(())
    }
}
