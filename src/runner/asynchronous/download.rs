//! A download on a stream that the program reads itself: so it can read it in a way that blocks, too.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::Arc;

use mio::net::TcpStream;

use super::client::no_connection;
use super::errand::Errand;
use crate::reactor::{
    CallbackResult, ConnectError, Deferred, Descriptor, DescriptorId, Failure, Next, Reactor,
    Reason,
};
use crate::record::Recorder;
use crate::record::wire;
use crate::runner::Place;
use crate::runner::blocking::{read_all, read_blocking};
use crate::runner::error::TaskError;
use crate::runner::running::{Running, StepError, whole};
use crate::scenario::BlockingKind;
use crate::trace::{Change, Side};

/// What its callback is called.
const DATA_RECEIVED: &str = "data_received";

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
        let wire = wire(&stream, Side::Client);
        running.connection_made(wire, reactor.recorder());
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
        id: Rc::default(),
    };
    let known = Rc::clone(&connection.id);
    let id = reactor.add_descriptor(Box::new(connection), Some(task));
    known.set(Some(id));
    read_again(id, reactor)
}

/// Reads from now on.
fn read_again(id: DescriptorId, reactor: &mut Reactor) -> CallbackResult {
    if let Err(error) = reactor.add_reader(id, DATA_RECEIVED) {
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
    /// By which the reactor knows it.
    id: Rc<Cell<Option<DescriptorId>>>,
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
        let reads_on = next != Next::Close;
        drop(running);
        drop(buffer);
        match errand.run.controls.blocking.for_task(errand.task()) {
            Some(blocking) if blocking.kind == BlockingKind::Read => {
                // Its end may have been read already.
                Ok(if reads_on {
                    self.read_on(reactor)
                } else {
                    next
                })
            }
            _ => {
                let done = errand.be_blocked(DATA_RECEIVED, reactor);
                Ok(done.map_or(next, |done| self.pause_until(done, reactor)))
            }
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

    /// Reads to the end, in a way that blocks whoever does it.
    fn read_on(&mut self, reactor: &mut Reactor) -> Next {
        let errand = self.errand.clone();
        let controls = &errand.run.controls;
        let stop = &controls.stop;
        let treatment = controls.treatment.as_ref();
        match treatment.and_then(|treatment| treatment.of_callback(DATA_RECEIVED)) {
            // It does as it always did without the mistake.
            Some(Change::Asynchronous) => Next::Wait,
            Some(Change::InThread) => {
                let (stream, stop) = (Arc::clone(&self.stream), stop.clone());
                let task = errand.task();
                let label = errand.label(DATA_RECEIVED);
                let read = reactor.defer_to_thread(label, move |recorder| {
                    Ok(read_all(&stream, task, recorder, &stop)?)
                });
                let (firing, done) = reactor.deferred(label);
                read.when_done(reactor, move |reactor, read| {
                    if let (Ok(data), Some(mut running)) = (&read, errand.running()) {
                        running.keep(data);
                    }
                    // It fires for the first time. What broke the connection will be read again.
                    let _ = firing.fire(reactor, ());
                });
                self.pause_until(done, reactor)
            }
            None | Some(Change::Slices(_)) => {
                let Some(mut running) = errand.running() else {
                    return Next::Close;
                };
                let mut buffer = errand.run.buffer.borrow_mut();
                let recorder = reactor.recorder();
                match read_blocking(&self.stream, &mut running, &mut buffer, recorder, stop) {
                    Ok(false) => Next::Wait,
                    Ok(true) => Next::Close,
                    Err(error) => self.break_off(error),
                }
            }
        }
    }

    /// Reads no more until `done`: what comes meanwhile waits for this task, and not in the loop.
    fn pause_until(&mut self, done: Deferred<()>, reactor: &mut Reactor) -> Next {
        let Some(id) = self.id.get() else {
            return Next::Wait;
        };
        if let Err(error) = reactor.remove_reader(id) {
            return self.break_off(error);
        }
        // A connection that cannot be watched again is lost, and knows why.
        done.when_done(reactor, move |reactor, _| drop(read_again(id, reactor)));
        Next::Wait
    }

    fn break_off(&mut self, error: io::Error) -> Next {
        self.broken = Some(error);
        Next::Close
    }
}
