//! Every task on one thread, which the reactor runs.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::Arc;

use mio::net::TcpStream;

use super::blocking::block;
use super::error::TaskError;
use super::running::{Running, StepError, StepResult, whole};
use super::{
    BUFFER_BYTES, Controls, Endpoint, Job, Place, Runner, TaskRun, begin_model, end_model,
};
use crate::reactor::{
    CallbackResult, ConnectError, Descriptor, Error, Failure, Label, Next, Provider, Reactor,
    Reason,
};
use crate::record::Recorder;
use crate::scenario::{BlockingKind, Step, Task};

/// How often one callback reads at most, so that a fast server does not starve the others.
const READS: usize = 16;

/// The asynchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Asynchronous;

impl Runner for Asynchronous {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "reactor");
        begin_model(&mut recorder, &job.variant, &job.tasks);
        let mut runs = match Provider::new() {
            Ok(provider) => {
                let mut reactor = Reactor::with_provider(recorder, provider);
                let runs = run_in(&mut reactor, &job);
                end_model(reactor.recorder(), &runs, &job.controls.stop);
                runs
            }
            Err(error) => {
                let runs = fail(&mut recorder, &job, &error);
                end_model(&mut recorder, &runs, &job.controls.stop);
                runs
            }
        };
        runs.sort_by_key(|run| run.task);
        runs
    }
}

/// There is no reactor.
fn fail(recorder: &mut Recorder, job: &Job, error: &io::Error) -> Vec<TaskRun> {
    let again = || match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    };
    let tasks = job.tasks.iter();
    tasks
        .map(|task| {
            let result = Err(TaskError::provider(again()).into());
            Running::begin(task, recorder).end(result, &job.controls.stop, recorder)
        })
        .collect()
}

fn run_in(reactor: &mut Reactor, job: &Job) -> Vec<TaskRun> {
    let controls = &job.controls;
    // Without a task nobody would ever stop the loop.
    if job.tasks.is_empty() || controls.stop.is_stopped() {
        let ids = job.tasks.iter().map(|task| task.id);
        return ids
            .map(|id| TaskRun::never_begun(id, reactor.recorder()))
            .collect();
    }
    reactor.share_stall_threshold(controls.stall_threshold.clone());
    let handle = reactor.handle();
    let _stop = controls.stop.on_stop(move || {
        // One that is gone has nothing left to stop.
        let _ = handle.stop();
    });
    let run = Rc::new(Run {
        controls: controls.clone(),
        tasks: Arc::clone(&job.tasks),
        endpoints: Arc::clone(&job.endpoints),
        ended: RefCell::default(),
        buffer: RefCell::new(vec![0; BUFFER_BYTES]),
    });
    for (place, task) in job.tasks.iter().enumerate() {
        let run = Rc::clone(&run);
        let label = Label::new("connect", Some(task.id));
        reactor.call_when_running(label, move |reactor| {
            let running = Running::begin(&run.tasks[place], reactor.recorder());
            Errand {
                run,
                running,
                next: 0,
            }
            .go_on(reactor)
        });
    }
    // A loop that broke off has told its tasks.
    let _ = reactor.run();
    run.ended.take()
}

/// What the tasks of one reactor share.
struct Run {
    controls: Controls,
    tasks: Arc<[Task]>,
    endpoints: Arc<[Endpoint]>,
    ended: RefCell<Vec<TaskRun>>,
    buffer: RefCell<Vec<u8>>,
}

/// A task on its way through its steps. Whoever does the present step owns it, and hands it on when the step is over.
struct Errand {
    run: Rc<Run>,
    running: Running,
    /// The place of the step that comes next.
    next: usize,
}

impl Errand {
    /// Begins the next step, or ends the task if there is none.
    fn go_on(mut self, reactor: &mut Reactor) -> CallbackResult {
        let run = Rc::clone(&self.run);
        let Some(step) = run.tasks[self.running.task().index()].steps.get(self.next) else {
            return self.end(Ok(()), reactor);
        };
        self.next += 1;
        match step {
            Step::Download { server, .. } => download(self, *server, reactor),
            _ => self.go_on(reactor),
        }
    }

    /// The present step is over.
    fn step_over(self, result: StepResult, reactor: &mut Reactor) -> CallbackResult {
        match result {
            Ok(()) => self.go_on(reactor),
            Err(error) => self.end(Err(error), reactor),
        }
    }

    /// Ends the task. The last one ends the loop.
    fn end(self, result: StepResult, reactor: &mut Reactor) -> CallbackResult {
        let Self { run, running, .. } = self;
        let ended = running.end(result, &run.controls.stop, reactor.recorder());
        let mut all = run.ended.borrow_mut();
        all.push(ended);
        if all.len() < run.tasks.len() {
            return Ok(());
        }
        match reactor.stop() {
            Err(Error::AlreadyStopping) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// Takes everything that a server sends.
fn download(mut errand: Errand, server: usize, reactor: &mut Reactor) -> CallbackResult {
    let run = Rc::clone(&errand.run);
    let endpoint = &run.endpoints[server];
    let Place::Tcp(address) = endpoint.place else {
        let error = io::ErrorKind::Unsupported.into();
        let error = TaskError::connecting(&endpoint.place, error);
        return errand.step_over(Err(error.into()), reactor);
    };
    errand.running.expect(endpoint.expected.unwrap_or_default());
    let task = errand.running.task();
    let begun = Rc::new(Cell::new(Some(errand)));
    let waiting = Rc::clone(&begun);
    let connecting = reactor.connect_stream(address, Some(task), move |reactor, result| {
        match waiting.take() {
            Some(errand) => connected(errand, server, result, reactor),
            None => Ok(()),
        }
    });
    if let Err(error) = connecting
        && let Some(errand) = begun.take()
    {
        let error = TaskError::connecting(&endpoint.place, error);
        return errand.step_over(Err(error.into()), reactor);
    }
    Ok(())
}

fn connected(
    errand: Errand,
    server: usize,
    result: Result<TcpStream, ConnectError>,
    reactor: &mut Reactor,
) -> CallbackResult {
    let task = errand.running.task();
    let stream = match result {
        Ok(stream) => Arc::new(stream),
        Err(ConnectError::Io(error)) => {
            let error = TaskError::connecting(&errand.run.endpoints[server].place, error);
            return errand.step_over(Err(error.into()), reactor);
        }
        Err(ConnectError::GivenUp | ConnectError::Stopped) => {
            return errand.step_over(Err(TaskError::LoopEnded.into()), reactor);
        }
    };
    errand.running.connection_made(reactor.recorder());
    let connection = Connection {
        before: errand.running.received(),
        stream,
        server,
        errand,
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
    /// What reading it failed with.
    broken: Option<io::Error>,
}

impl Descriptor for Connection {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        let run = Rc::clone(&self.errand.run);
        let mut buffer = run.buffer.borrow_mut();
        let before = self.errand.running.received();
        let next = match self.read(&mut buffer, reactor.recorder()) {
            Ok(next) => next,
            Err(error) => return Ok(self.break_off(error)),
        };
        if self.errand.running.received() == before {
            return Ok(next);
        }
        match run.controls.blocking.for_task(self.errand.running.task()) {
            // Its end was read already.
            Some(blocking) if next == Next::Close && blocking.kind == BlockingKind::Read => {
                Ok(next)
            }
            Some(blocking) => {
                let blocked = block(
                    &blocking,
                    &self.stream,
                    &mut self.errand.running,
                    &mut buffer,
                    reactor.recorder(),
                    &run.controls.stop,
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
        let endpoint = &self.errand.run.endpoints[self.server];
        let broken = |error| Err(TaskError::Broken(endpoint.place.clone(), error).into());
        let result = match (reason, self.broken) {
            (Reason::Closed, None) => {
                let received = self.errand.running.received() - self.before;
                whole(received, endpoint.expected)
            }
            (Reason::Closed, Some(error)) | (Reason::Broken(error), _) => broken(error),
            (Reason::Stopped, _) => Err(TaskError::LoopEnded.into()),
            (Reason::Failed(failure), _) => Err(StepError::Crashed(failure)),
        };
        self.errand.step_over(result, reactor)
    }
}

impl Connection {
    /// Reads what there is.
    fn read(&mut self, buffer: &mut [u8], recorder: &mut Recorder) -> io::Result<Next> {
        for _ in 0..READS {
            match (&*self.stream).read(buffer) {
                Ok(bytes) => {
                    self.errand
                        .running
                        .data_received(&buffer[..bytes], recorder);
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
