//! The models of a server: what is compared is how it serves its clients, and the clients are the tasks.
//!
//! Each client connects, says lines one after another, and waits for the same line back before it says the next. It
//! does so in the asynchronous engine, on a thread that records nothing: what is recorded and shown is the server.
//! The lane of a task is its client as the server sees it: *queued* until it is taken on, *waiting* while the server
//! waits for it to speak, *ready* when it spoke and the loop has not come to it yet, *running* in its callbacks.
//!
//! The callbacks are the same in every model: `connection_made`, `line_received` for each line, which does the
//! service's work and answers, and `connection_lost`. What differs is which thread calls them, or which process.
//!
//! A client is known by the address that it comes from. A stranger's connection is closed at once.

mod book;
mod child;
mod children;
mod clients;
mod conversation;
mod door;
mod live;
mod pool;
mod processes;
mod program;
mod reactor;
mod sequential;
mod threads;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

pub use child::{ChildError, serve_client};
pub use live::ServiceWork;
pub use pool::PoolServer;
pub use processes::ProcessServer;
pub use program::ChildProgram;
pub use reactor::ReactorServer;
pub use sequential::SequentialServer;
pub use threads::ThreadServer;

use book::Book;
use conversation::Attendant;
use door::Door;

use super::blocking::perform;
use super::error::TaskError;
use super::{Controls, Job, Place, TaskRun, begin_model, end_model};
use crate::record::Recorder;
use crate::scenario::{Task, Work};
use crate::trace::TaskId;
use crate::watch::Lookout;

/// What the threads of one server share.
struct Serving {
    job: Job,
    /// What is done before each answer, as the scenario says.
    work: Work,
    book: Book,
    lookout: Option<Lookout>,
}

impl Serving {
    fn new(job: Job) -> Arc<Self> {
        let work = job.service.as_ref().map_or(Work::Nothing, |it| it.work);
        Arc::new(Self {
            work,
            book: Book::new(&job),
            lookout: job.lookout(),
            job,
        })
    }

    /// The task whose client comes from `peer`, if it is none of a stranger.
    fn client(&self, peer: SocketAddr) -> Option<&Task> {
        let task = super::endpoint::client_task(peer.ip())?;
        self.job.tasks.get(task.index())
    }

    /// Who serves its clients on the calling thread, which is watched if those of this run are.
    fn attendant<'a>(&'a self, recorder: &'a mut Recorder) -> Attendant<'a> {
        let lookout = self.lookout.as_ref();
        Attendant::new(recorder, &self.job.controls, self.work, lookout)
    }

    /// Lets `attendant` serve the client of `task`, from its begin to its end.
    fn attend(&self, attendant: &mut Attendant<'_>, stream: TcpStream, task: TaskId) {
        self.book.begin(task, attendant.recorder());
        let result = attendant.serve(stream, task);
        self.book.end(task, result, attendant.recorder());
    }
}

/// Runs the model whose server is `serve`, in `context`, from its begin to its end.
fn run<C: AsMut<Recorder>>(
    serving: &Arc<Serving>,
    context: &mut C,
    serve: impl FnOnce(&mut C) -> Result<Vec<TaskRun>, TaskError>,
) -> Vec<TaskRun> {
    let job = &serving.job;
    begin_model(context.as_mut(), &job.variant, &job.tasks);
    let runs = serve(context);
    let recorder = context.as_mut();
    let runs = serving.book.close(runs, recorder);
    end_model(recorder, &runs, &job.controls.stop);
    runs
}

/// Runs a model whose first thread does nothing but take clients in, and hand them to `serve` one by one.
fn run_blocking(
    job: Job,
    serve: impl FnOnce(&Serving, &mut Door, &mut Recorder) -> Result<(), TaskError>,
) -> Vec<TaskRun> {
    let mut recorder = job.recorders.recorder(job.model, "main");
    let serving = Serving::new(job);
    run(&serving, &mut recorder, |recorder| {
        let mut door = Door::open().map_err(TaskError::listening)?;
        let closing = door.closing();
        let _stop = serving.job.controls.stop.on_stop({
            let closing = closing.clone();
            move || closing.close()
        });
        thread::scope(|scope| {
            let address = door.address();
            let all_gone = closing.clone();
            let clients = clients::start(scope, &serving.job, address, move || all_gone.close())?;
            let served = serve(&serving, &mut door, recorder);
            // Where nobody serves, nobody is to wait in the queue either.
            closing.close();
            let runs = clients.join();
            served.map(|()| runs)
        })
    })
}

/// What is said of a connection that broke.
fn broken(client: Option<SocketAddr>, error: io::Error) -> String {
    match client {
        Some(client) => TaskError::Broken(Place::Tcp(client), error).to_string(),
        None => error.to_string(),
    }
}

/// What the server does before it answers a client: its work, and how the switch makes its callbacks block.
fn work(work: Work, task: TaskId, controls: &Controls, recorder: &mut Recorder) {
    let work = controls.work.or(work);
    perform(work, task, recorder, &controls.stop);
    controls
        .blocking
        .block_callback(task, recorder, &controls.stop);
}
