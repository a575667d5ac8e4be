//! All clients on one thread, which the reactor runs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::super::chore::{Chore, after, both, carry_out};
use super::super::error::TaskError;
use super::super::{Job, Runner, TaskRun};
use super::{Serving, broken, clients, run};
use crate::reactor::{
    Address, CallbackResult, Deferred, Error, Factory, Label, LineProtocol, LineReceiver, Lines,
    Protocol, Provider, Reactor, Reason,
};
use crate::scenario::BlockingKind;
use crate::trace::TaskId;

/// The server that is a reactor.
#[derive(Clone, Copy, Debug)]
pub struct ReactorServer;

impl Runner for ReactorServer {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "reactor");
        let serving = Serving::new(job);
        match Provider::new() {
            Ok(provider) => {
                let mut reactor = Reactor::with_provider(recorder, provider);
                run(&serving, &mut reactor, |reactor| serve(&serving, reactor))
            }
            Err(error) => run(&serving, &mut recorder, |_| Err(TaskError::provider(error))),
        }
    }
}

fn serve(serving: &Arc<Serving>, reactor: &mut Reactor) -> Result<Vec<TaskRun>, TaskError> {
    let controls = &serving.job.controls;
    controls.steer(reactor);
    let guests = Arc::new(Guests::default());
    let hall = Hall {
        serving: Arc::clone(serving),
        guests: Arc::clone(&guests),
    };
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let port = reactor
        .listen_tcp(address, None, hall)
        .map_err(TaskError::listening)?;
    let address = port.get_host().socket().unwrap_or(address);
    let handle = reactor.handle();
    let stopping = reactor.handle();
    let _stop = controls.stop.on_stop(move || {
        // One that is gone has nothing left to stop.
        let _ = stopping.stop();
    });
    thread::scope(|scope| {
        let all_gone = move || {
            let label = Label::new("no_more_clients", None);
            // As above.
            let _ = handle.call_from_thread(label, move |reactor| guests.no_more(reactor));
        };
        let clients = clients::start(scope, &serving.job, address, all_gone)?;
        // A loop that broke off has told its connections.
        let _ = reactor.run();
        Ok(clients.join())
    })
}

/// Who is in. Used by the loop alone; it is shared because the loop is told from another thread to ask for it.
#[derive(Default)]
struct Guests {
    connections: AtomicUsize,
    no_more: AtomicBool,
}

impl Guests {
    fn one_more(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    fn one_less(&self, reactor: &mut Reactor) -> CallbackResult {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.stop_after_the_last(reactor)
    }

    /// All clients have hung up; that may be news to the loop.
    fn no_more(&self, reactor: &mut Reactor) -> CallbackResult {
        self.no_more.store(true, Ordering::Relaxed);
        self.stop_after_the_last(reactor)
    }

    fn stop_after_the_last(&self, reactor: &mut Reactor) -> CallbackResult {
        let no_more = self.no_more.load(Ordering::Relaxed);
        if !no_more || self.connections.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        match reactor.stop() {
            Err(Error::AlreadyStopping) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// Takes clients in, and no strangers.
struct Hall {
    serving: Arc<Serving>,
    guests: Arc<Guests>,
}

impl Hall {
    fn client(&self, address: &Address) -> Option<TaskId> {
        let task = self.serving.client(address.socket()?)?;
        Some(task.id)
    }
}

impl Factory for Hall {
    fn build_protocol(
        &mut self,
        reactor: &mut Reactor,
        address: &Address,
    ) -> Option<Box<dyn Protocol>> {
        let task = self.client(address)?;
        self.serving.book.begin(task, reactor.recorder());
        self.guests.one_more();
        let echo = Echo {
            serving: Arc::clone(&self.serving),
            guests: Arc::clone(&self.guests),
            task,
            client: address.socket(),
        };
        let receiver = LineReceiver::new(echo)
            .with_delimiter(b"\n")
            .with_max_length(usize::MAX);
        Some(Box::new(receiver))
    }

    fn task_of(&self, address: &Address) -> Option<TaskId> {
        self.client(address)
    }

    /// The clients are of this process: they may have all descriptors, and would keep them while they wait.
    fn turns_away(&self) -> bool {
        true
    }

    fn turned_away(&mut self, reactor: &mut Reactor, address: &Address) -> CallbackResult {
        if let Some(task) = self.client(address) {
            let error = TaskError::NoDescriptor;
            self.serving
                .book
                .turn_away(task, &error, reactor.recorder());
        }
        Ok(())
    }
}

/// One client.
struct Echo {
    serving: Arc<Serving>,
    guests: Arc<Guests>,
    task: TaskId,
    client: Option<SocketAddr>,
}

impl Echo {
    /// What it does before it answers, and how the switch makes it block. What is returned comes when that is done, where
    /// it goes on.
    fn work(&self, label: Label, reactor: &mut Reactor) -> Option<Deferred<()>> {
        let controls = &self.serving.job.controls;
        let work = Chore::Work(controls.work.or(self.serving.work));
        let worked = carry_out(work, label, controls, reactor);
        let switched = controls.blocking.for_task(self.task);
        // There is no socket that could be read to its end.
        let blocking = switched.filter(|blocking| blocking.kind != BlockingKind::Read);
        let blocked = blocking
            .and_then(|blocking| carry_out(Chore::Blocking(blocking), label, controls, reactor));
        both(worked, blocked, label, reactor)
    }
}

impl LineProtocol for Echo {
    fn line_received(
        &mut self,
        reactor: &mut Reactor,
        lines: &Lines,
        line: &[u8],
    ) -> CallbackResult {
        let label = Label::new("line_received", Some(self.task));
        reactor.call_now(label, |reactor| {
            let worked = self.work(label, reactor);
            let (lines, line) = (lines.clone(), line.to_vec());
            after(worked, reactor, move |reactor| {
                lines.send_line(reactor, &line)
            });
            Ok(())
        })
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        let result = match reason {
            Reason::Closed | Reason::Stopped => Ok(()),
            Reason::Broken(error) => {
                let error = io::Error::new(error.kind(), error.to_string());
                Err(broken(self.client, error))
            }
            Reason::Failed(failure) => Err(failure.to_string()),
        };
        let book = &self.serving.book;
        book.end(self.task, result, reactor.recorder());
        self.guests.one_less(reactor)
    }
}
