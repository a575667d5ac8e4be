//! Every task on one thread, which the reactor runs.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::Arc;

use mio::net::TcpStream;

use super::blocking::block;
use super::download::{Download, End};
use super::error::TaskError;
use super::{BUFFER_BYTES, Controls, Job, Runner, Task, TaskRun, begin_model, end_model};
use crate::reactor::{
    CallbackResult, ConnectError, Descriptor, Error, Failure, Label, Next, Provider, Reactor,
    Reason,
};
use crate::record::Recorder;
use crate::scenario::{BlockingKind, Model};

/// How often one callback reads at most, so that a fast server does not starve the others.
const READS: usize = 16;

/// The asynchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Asynchronous;

impl Runner for Asynchronous {
    fn model(&self) -> Model {
        Model::Asynchronous
    }

    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "reactor");
        begin_model(&mut recorder, self.model(), &job.tasks);
        let mut runs = match Provider::new() {
            Ok(provider) => {
                let mut reactor = Reactor::with_provider(recorder, provider);
                let runs = run_in(&mut reactor, job.tasks, job.controls);
                end_model(reactor.recorder(), &runs);
                runs
            }
            Err(error) => {
                let runs = fail(&mut recorder, job.tasks, &job.controls, &error);
                end_model(&mut recorder, &runs);
                runs
            }
        };
        runs.sort_by_key(|run| run.task);
        runs
    }
}

/// There is no reactor.
fn fail(
    recorder: &mut Recorder,
    tasks: Vec<Task>,
    controls: &Controls,
    error: &io::Error,
) -> Vec<TaskRun> {
    let again = || match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    };
    tasks
        .into_iter()
        .map(|task| {
            let end = End::Failed(TaskError::provider(again()));
            Download::begin(task, recorder).end(end, &controls.stop, recorder)
        })
        .collect()
}

fn run_in(reactor: &mut Reactor, tasks: Vec<Task>, controls: Controls) -> Vec<TaskRun> {
    // Without a task nobody would ever stop the loop.
    if tasks.is_empty() || controls.stop.is_stopped() {
        let ids = tasks.iter().map(|task| task.id);
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
        controls,
        tasks: tasks.len(),
        ended: RefCell::default(),
        buffer: RefCell::new(vec![0; BUFFER_BYTES]),
    });
    for task in tasks {
        let run = Rc::clone(&run);
        let label = Label::new("connect", Some(task.id));
        reactor.call_when_running(label, move |reactor| connect(&run, task, reactor));
    }
    // A loop that broke off has told its tasks.
    let _ = reactor.run();
    run.ended.take()
}

/// What the tasks of one reactor share.
struct Run {
    controls: Controls,
    tasks: usize,
    ended: RefCell<Vec<TaskRun>>,
    buffer: RefCell<Vec<u8>>,
}

impl Run {
    /// Ends a task. The last one ends the loop.
    fn end(&self, download: Download, end: End, reactor: &mut Reactor) -> CallbackResult {
        let run = download.end(end, &self.controls.stop, reactor.recorder());
        let mut ended = self.ended.borrow_mut();
        ended.push(run);
        if ended.len() < self.tasks {
            return Ok(());
        }
        match reactor.stop() {
            Err(Error::AlreadyStopping) => Ok(()),
            result => Ok(result?),
        }
    }
}

fn connect(run: &Rc<Run>, task: Task, reactor: &mut Reactor) -> CallbackResult {
    let (id, address) = (task.id, task.address);
    let begun = Rc::new(Cell::new(Some(Download::begin(task, reactor.recorder()))));
    let download = Rc::clone(&begun);
    let shared = Rc::clone(run);
    let connecting =
        reactor.connect_stream(address, Some(id), move |reactor, result| {
            match download.take() {
                Some(download) => connected(shared, download, result, reactor),
                None => Ok(()),
            }
        });
    if let Err(error) = connecting
        && let Some(download) = begun.take()
    {
        let end = End::Failed(TaskError::connecting(address, error));
        return run.end(download, end, reactor);
    }
    Ok(())
}

fn connected(
    run: Rc<Run>,
    download: Download,
    result: Result<TcpStream, ConnectError>,
    reactor: &mut Reactor,
) -> CallbackResult {
    let (task, address) = (download.task(), download.order().address);
    let stream = match result {
        Ok(stream) => Arc::new(stream),
        Err(ConnectError::Io(error)) => {
            let end = End::Failed(TaskError::connecting(address, error));
            return run.end(download, end, reactor);
        }
        Err(ConnectError::GivenUp | ConnectError::Stopped) => {
            return run.end(download, End::Failed(TaskError::LoopEnded), reactor);
        }
    };
    download.connection_made(reactor.recorder());
    let connection = Connection {
        stream,
        download,
        broken: None,
        run,
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
    download: Download,
    /// What reading it failed with.
    broken: Option<io::Error>,
    run: Rc<Run>,
}

impl Descriptor for Connection {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        let run = Rc::clone(&self.run);
        let mut buffer = run.buffer.borrow_mut();
        let before = self.download.received();
        let next = match self.read(&mut buffer, reactor.recorder()) {
            Ok(next) => next,
            Err(error) => return Ok(self.break_off(error)),
        };
        if self.download.received() == before {
            return Ok(next);
        }
        match run.controls.blocking.for_task(self.download.task()) {
            // Its end was read already.
            Some(blocking) if next == Next::Close && blocking.kind == BlockingKind::Read => {
                Ok(next)
            }
            Some(blocking) => {
                let blocked = block(
                    &blocking,
                    &self.stream,
                    &mut self.download,
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
        let address = self.download.order().address;
        let end = match (reason, self.broken) {
            (Reason::Closed, None) => End::Closed,
            (Reason::Closed, Some(error)) => End::Failed(TaskError::Broken(address, error)),
            (Reason::Broken(error), _) => End::Failed(TaskError::Broken(address, error)),
            (Reason::Stopped, _) => End::Failed(TaskError::LoopEnded),
            (Reason::Failed(failure), _) => End::Crashed(failure),
        };
        self.run.end(self.download, end, reactor)
    }
}

impl Connection {
    /// Reads what there is.
    fn read(&mut self, buffer: &mut [u8], recorder: &mut Recorder) -> io::Result<Next> {
        for _ in 0..READS {
            match (&*self.stream).read(buffer) {
                Ok(bytes) => {
                    self.download.data_received(&buffer[..bytes], recorder);
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
