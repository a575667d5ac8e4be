//! A download on a stream that the program reads itself: so it can read it in a way that blocks, too.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::Arc;

use mio::net::TcpStream;

use super::client::no_connection;
use super::errand::Errand;
use crate::reactor::{CallbackResult, ConnectError, Descriptor, Failure, Next, Reactor, Reason};
use crate::record::Recorder;
use crate::runner::Place;
use crate::runner::blocking::block;
use crate::runner::error::TaskError;
use crate::runner::running::{Running, StepError, whole};
use crate::scenario::BlockingKind;

/// How often one callback reads at most, so that a fast server does not starve the others.
const READS: usize = 16;

/// Takes everything that a server sends.
pub(super) fn begin(
    errand: Errand,
    server: usize,
    fails_after: Option<usize>,
    reactor: &mut Reactor,
) {
    let endpoint = &errand.run.endpoints[server];
    let Place::Tcp(address) = endpoint.place else {
        let error = TaskError::connecting(&endpoint.place, io::ErrorKind::Unsupported.into());
        return errand.step_over(Err(error.into()), reactor);
    };
    let waiting = errand.clone();
    let connecting =
        reactor.connect_stream(address, Some(errand.task()), move |reactor, result| {
            connected(waiting, server, fails_after, result, reactor)
        });
    if let Err(error) = connecting {
        let error = TaskError::connecting(&endpoint.place, error);
        errand.step_over(Err(error.into()), reactor);
    }
}

fn connected(
    errand: Errand,
    server: usize,
    fails_after: Option<usize>,
    result: Result<TcpStream, ConnectError>,
    reactor: &mut Reactor,
) -> CallbackResult {
    let task = errand.task();
    let endpoint = &errand.run.endpoints[server];
    let stream = match result {
        Ok(stream) => Arc::new(stream),
        Err(error) => {
            let error = no_connection(&endpoint.place, error);
            errand.step_over(Err(error.into()), reactor);
            return Ok(());
        }
    };
    let mut before = 0;
    if let Some(mut running) = errand.running() {
        running.connection_made(reactor.recorder());
        running.expect(endpoint.expected.unwrap_or_default());
        before = running.received();
    }
    let connection = Connection {
        stream,
        server,
        errand,
        before,
        fails_after,
        broken: None,
    };
    let id = reactor.add_descriptor(Box::new(connection), Some(task));
    if let Err(error) = reactor.add_reader(id, "data_received") {
        let error = TaskError::provider(error);
        reactor.lose_connection(id, Reason::Failed(error.to_string().into()));
        return Err(error.into());
    }
    Ok(())
}

/// The connection of one task.
struct Connection {
    stream: Arc<TcpStream>,
    /// To which server.
    server: usize,
    errand: Errand,
    /// How many bytes the task had before.
    before: usize,
    /// After how many bytes of this server the program fails.
    fails_after: Option<usize>,
    /// What reading it failed with.
    broken: Option<io::Error>,
}

impl Descriptor for Connection {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        let errand = self.errand.clone();
        let Some(mut running) = errand.running() else {
            return Ok(Next::Close);
        };
        let mut buffer = errand.run.buffer.borrow_mut();
        let before = running.received();
        let next = match self.read(&mut running, &mut buffer, reactor.recorder()) {
            Ok(next) => next,
            Err(error) => return Ok(self.break_off(error)),
        };
        if running.received() == before {
            return Ok(next);
        }
        if let Some(most) = self.fails_after
            && running.received() - self.before > most
        {
            return Err(TaskError::FailsAfter(most).into());
        }
        let controls = &errand.run.controls;
        match controls.blocking.for_task(errand.task()) {
            // Its end was read already.
            Some(blocking) if next == Next::Close && blocking.kind == BlockingKind::Read => {
                Ok(next)
            }
            Some(blocking) if blocking.kind == BlockingKind::Many => {
                errand.leave_to_many(blocking.duration, reactor);
                Ok(next)
            }
            Some(blocking) => {
                let blocked = block(
                    &blocking,
                    &self.stream,
                    &mut running,
                    &mut buffer,
                    reactor.recorder(),
                    &controls.stop,
                );
                Ok(match blocked {
                    Ok(false) => next,
                    Ok(true) => Next::Close,
                    Err(error) => self.break_off(error),
                })
            }
            None => Ok(next),
        }
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        // It never asks to write.
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, reactor: &mut Reactor, reason: Reason) -> CallbackResult {
        let run = Rc::clone(&self.errand.run);
        let endpoint = &run.endpoints[self.server];
        let broken = |error| Err(TaskError::Broken(endpoint.place.clone(), error).into());
        let result = match (reason, self.broken) {
            (Reason::Closed, None) => {
                let received = self.errand.running().map(|running| running.received());
                whole(
                    received.unwrap_or_default() - self.before,
                    endpoint.expected,
                )
            }
            (Reason::Closed, Some(error)) | (Reason::Broken(error), _) => broken(error),
            (Reason::Stopped, _) => Err(TaskError::LoopEnded.into()),
            (Reason::Failed(failure), _) => Err(StepError::Crashed(failure)),
        };
        self.errand.step_over(result, reactor);
        Ok(())
    }
}

impl Connection {
    /// Reads what there is.
    fn read(
        &self,
        running: &mut Running,
        buffer: &mut [u8],
        recorder: &mut Recorder,
    ) -> io::Result<Next> {
        for _ in 0..READS {
            match (&*self.stream).read(buffer) {
                Ok(bytes) => {
                    running.data_received(&buffer[..bytes], recorder);
                    if bytes == 0 {
                        return Ok(Next::Close);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Next::Again)
    }

    fn break_off(&mut self, error: io::Error) -> Next {
        self.broken = Some(error);
        Next::Close
    }
}
