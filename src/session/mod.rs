//! One run of a scenario: starts its servers and its runners, hands back what they record and a handle.
//!
//! It only puts things together. What is recorded is read elsewhere, through the [`Receiver`].

mod memory;

use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::clock::Clock;
use crate::reactor::StallThreshold;
use crate::record::{Receiver, Recorders, Wake, channel};
use crate::runner::{self, BlockingSwitch, Controls, Endpoint, Job, Place};
pub use crate::runner::{ChildError, ChildProgram, TaskRun, serve_client};
use crate::scenario::{Blocking, Scenario, Service, Speaks, Step, Task, Treatment, Variant, Work};
use crate::server::{Address, ServerError, Servers};
use crate::trace::{ModelId, Phrase, system_error};
use memory::MemoryWatch;

/// What may differ from run to run of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which models run; at least one. Model 1 of the trace is the first.
    pub models: Vec<Variant>,
    /// Whether they start together, or one after another.
    pub together: bool,
    /// What the blocking switch is set to at first; `None` is off.
    pub blocking: Option<Blocking>,
    /// What the loops carry out otherwise than the scenario says.
    pub treatment: Option<Treatment>,
    /// How long a stretch without a poll must be to count as a stall.
    pub stall_threshold: Duration,
    /// Whether loops and threads are watched, so that a stall is seen while it lasts, with its cause and with what comes
    /// in meanwhile.
    pub watch: bool,
}

impl Options {
    /// As the scenario has them.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            models: scenario.chosen().cloned().collect(),
            together: scenario.together,
            blocking: scenario.blocking_on.then_some(scenario.blocking),
            treatment: None,
            stall_threshold: scenario.stall_threshold,
            watch: true,
        }
    }
}

/// What one model brought home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRun {
    /// Which.
    pub variant: Variant,
    /// Its tasks, in the order of the scenario.
    pub tasks: Vec<TaskRun>,
}

/// Why a session did not start.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is nothing to run.
    NoModel,
    /// A server did not start.
    Server(#[from] ServerError),
    /// The system refuses a thread.
    Thread(std::io::Error),
}

impl SessionError {
    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::NoModel => Phrase::new("no model of execution was chosen: choose at least one"),
            Self::Server(error) => error.phrase(),
            Self::Thread(error) => {
                Phrase::new("cannot start a thread: {why}; raise the limit with `ulimit -u`")
                    .with_words("why", system_error(error))
            }
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

/// A run that goes on. Dropping it stops it and waits for its threads.
pub struct Session {
    controls: Controls,
    /// Each runs its models one after another.
    threads: Vec<JoinHandle<Vec<ModelRun>>>,
    running: Arc<AtomicUsize>,
    /// As long as a row needs them.
    servers: Weak<Servers>,
    trouble: Arc<OnceLock<ServerError>>,
    tasks: Arc<[Task]>,
}

impl Session {
    /// Starts the servers and the models. `wake` is called, on the recording threads, when there is
    /// something to fetch, and once more when [`Session::is_finished`] has become true.
    ///
    /// # Errors
    /// When there is nothing to run, or a server or a thread cannot be started. Nothing is left running then.
    pub fn start(
        scenario: &Scenario,
        options: Options,
        wake: Wake,
    ) -> Result<(Self, Receiver), SessionError> {
        if options.models.is_empty() {
            return Err(SessionError::NoModel);
        }
        raise_descriptor_limit();
        let (recorders, receiver) = channel(&Clock::monotonic(), Arc::clone(&wake));
        let servers = Arc::new(Servers::start(&scenario.servers, &recorders)?);
        let tasks: Arc<[Task]> = scenario.tasks.as_slice().into();
        let endpoints = endpoints(scenario, &servers);
        let recorders = recorders.with_thread_times();
        let controls = Controls {
            blocking: BlockingSwitch::new(options.blocking),
            treatment: options.treatment,
            stall_threshold: StallThreshold::new(options.stall_threshold),
            watch: options.watch,
            ..Controls::default()
        };
        let rows = in_rows(options.models, options.together);
        let alone = rows.len() == 1;
        let mut session = Self {
            controls,
            threads: Vec::with_capacity(rows.len()),
            running: Arc::new(AtomicUsize::new(rows.len())),
            servers: Arc::downgrade(&servers),
            trouble: servers.trouble(),
            tasks: Arc::clone(&tasks),
        };
        // Closed until all threads are there: dropping this end opens it to all of them at once.
        let (gate, at_gate) = crossbeam_channel::bounded::<()>(0);
        for models in rows {
            let row = Row {
                models,
                tasks: Arc::clone(&tasks),
                endpoints: Arc::clone(&endpoints),
                service: scenario.service.clone(),
                recorders: recorders.clone(),
                controls: session.controls.clone(),
                alone,
                _servers: Arc::clone(&servers),
            };
            let finish = Finish {
                running: Arc::clone(&session.running),
                wake: Arc::clone(&wake),
            };
            match row.start(at_gate.clone(), finish) {
                Ok(thread) => session.threads.push(thread),
                Err(error) => {
                    session.stop();
                    drop(gate);
                    return Err(SessionError::Thread(error));
                }
            }
        }
        drop(gate);
        Ok((session, receiver))
    }

    /// Sets the blocking switch, effective from the next callback on; `None` is off.
    pub fn set_blocking(&self, blocking: Option<Blocking>) {
        self.controls.blocking.set(blocking);
    }

    /// Sets how long a stretch without a poll must be to count as a stall, for those that end from now on.
    pub fn set_stall_threshold(&self, threshold: Duration) {
        self.controls.stall_threshold.set(threshold);
    }

    /// Lets the server at this place of the scenario say `chunk` bytes (at least 1) every `delay` (at most a day), or
    /// echo after `delay`, from the next piece of each of its connections on. A delay that has begun becomes the new
    /// one at once. Without effect when the servers are gone, or there is none at this place.
    pub fn set_server_pace(&self, server: usize, chunk: usize, delay: Duration) {
        if let Some(servers) = self.servers.upgrade() {
            servers.set_pace(server, chunk, delay);
        }
    }

    /// Lets the service do this before each answer, from the next one on; one that serves a client in a process of its
    /// own, from the next client on.
    pub fn set_service_work(&self, work: Work) {
        self.controls.work.set(work);
    }

    /// Lets the tasks wait, call and pause as these do: from the next step on, or from the next call or pause of the one
    /// that has begun. Chains and connections stay as they were made. Without effect where these are not the same tasks
    /// with the same steps.
    pub fn set_steps(&self, tasks: &[Task]) {
        let kind = std::mem::discriminant::<Step>;
        let are_same = |old: &Task, new: &Task| {
            old.id == new.id && old.steps.iter().map(kind).eq(new.steps.iter().map(kind))
        };
        let mut pairs = self.tasks.iter().zip(tasks);
        if self.tasks.len() == tasks.len() && pairs.all(|(old, new)| are_same(old, new)) {
            self.controls.steps.set(tasks.into());
        }
    }

    /// Asks every model to stop. Returns at once; more than one call does no more.
    pub fn stop(&self) {
        self.controls.stop.stop();
    }

    /// Whether every model ended and handed over its last events. The servers are gone then, too.
    pub fn is_finished(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }

    /// Why clients of the servers had to wait, if any had to: then tasks took longer than the scenario says.
    pub fn trouble(&self) -> Option<Phrase> {
        self.trouble.get().map(ServerError::phrase)
    }

    /// Waits for the end. The models in the order in which they were chosen.
    pub fn join(mut self) -> Vec<ModelRun> {
        let threads = std::mem::take(&mut self.threads);
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        self.stop();
        for thread in self.threads.drain(..) {
            // A panic was printed when it happened, and nobody waits for what the thread had to say.
            let _ = thread.join();
        }
    }
}

/// Lets the process have as many file descriptors as the system allows it: a connection takes two here, one for
/// each end, and the usual limit of 1,024 is meant for programs that do not ask. Where it cannot be raised, the
/// tasks that find none left say so.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Some systems allow less than they say; then it stays as it is.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Where the servers of `scenario` are.
fn endpoints(scenario: &Scenario, servers: &Servers) -> Arc<[Endpoint]> {
    scenario
        .servers
        .iter()
        .zip(servers.addresses())
        .map(|(server, address)| Endpoint {
            place: match address {
                Address::Tcp(address) => Place::Tcp(*address),
                Address::Udp(address) => Place::Udp(*address),
                Address::Unix(path) => Place::Unix(path.clone()),
                Address::Pipe(open) => Place::Pipe(Arc::clone(open)),
            },
            expected: match server.speaks {
                Speaks::Drip | Speaks::Http => Some(server.text.len()),
                Speaks::Echo => None,
            },
        })
        .collect()
}

/// The models by the thread on which they run: each on its own, or one after another on the same.
fn in_rows(models: Vec<Variant>, together: bool) -> Vec<Vec<(ModelId, Variant)>> {
    let ids = (0..).map(ModelId::from_index);
    let models = ids.zip(models);
    match together {
        true => models.map(|model| vec![model]).collect(),
        false => vec![models.collect()],
    }
}

/// Models that run one after another, on one thread.
struct Row {
    models: Vec<(ModelId, Variant)>,
    tasks: Arc<[Task]>,
    endpoints: Arc<[Endpoint]>,
    service: Option<Service>,
    recorders: Recorders,
    controls: Controls,
    /// Whether no other row runs beside it.
    alone: bool,
    /// The last row stops them.
    _servers: Arc<Servers>,
}

impl Row {
    /// Starts its thread, which waits until the other end of `at_gate` is dropped.
    fn start(
        self,
        at_gate: crossbeam_channel::Receiver<()>,
        finish: Finish,
    ) -> std::io::Result<JoinHandle<Vec<ModelRun>>> {
        let run = move || {
            // Fails as soon as the gate is open.
            let _ = at_gate.recv();
            let runs = self.run();
            drop(finish);
            runs
        };
        thread::Builder::new().name("session".to_owned()).spawn(run)
    }

    fn run(self) -> Vec<ModelRun> {
        self.models
            .iter()
            .map(|(id, variant)| {
                // What other models take beside it, nobody could tell apart.
                let _memory = self.alone.then(|| MemoryWatch::start(&self.recorders, *id));
                let job = Job {
                    model: *id,
                    variant: variant.clone(),
                    tasks: Arc::clone(&self.tasks),
                    endpoints: Arc::clone(&self.endpoints),
                    service: self.service.clone(),
                    recorders: self.recorders.clone(),
                    controls: self.controls.clone(),
                };
                let tasks = runner::of(variant.model).run(job);
                ModelRun {
                    variant: variant.clone(),
                    tasks,
                }
            })
            .collect()
    }
}

/// Says that a row is finished when it is dropped, so that a panic says it as well.
struct Finish {
    running: Arc<AtomicUsize>,
    wake: Wake,
}

impl Drop for Finish {
    fn drop(&mut self) {
        if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            (self.wake)();
        }
    }
}
