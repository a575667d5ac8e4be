//! Where the clients of a server come in, one by one.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::Shutdown;

use super::super::error::TaskError;
use super::Serving;
use crate::record::Recorder;
use crate::scenario::Task;
use crate::trace::EventKind;

/// How many clients may wait to be taken in; the system lowers it to its own limit (4096, as a rule).
const QUEUE: i32 = 65_535;

/// How long it rests when it could not even turn a client away.
const REST: Duration = Duration::from_millis(10);

/// A listening socket.
pub(super) struct Door {
    listener: Arc<Listener>,
    address: SocketAddr,
    /// A descriptor that is kept for turning a client away when there is no other.
    spare: Option<File>,
}

struct Listener {
    socket: TcpListener,
    closed: AtomicBool,
}

/// Closes a door, from any thread.
#[derive(Clone)]
pub(super) struct Closing(Arc<Listener>);

impl Closing {
    /// Nobody comes in any more, and whoever waits for the next client is woken. Returns at once.
    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        // It wakes whoever is blocked in accepting. It fails where that was done before.
        let _ = rustix::net::shutdown(&self.0.socket, Shutdown::Both);
    }
}

impl Door {
    /// Listens on a port that the system chooses.
    pub(super) fn open() -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Listening again only changes the length of the queue.
        rustix::net::listen(&socket, QUEUE)?;
        Ok(Self {
            address: socket.local_addr()?,
            spare: Some(spare()?),
            listener: Arc::new(Listener {
                socket,
                closed: AtomicBool::new(false),
            }),
        })
    }

    /// Where it is.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What closes it.
    pub(super) fn closing(&self) -> Closing {
        Closing(Arc::clone(&self.listener))
    }

    /// Waits for the next client; `None` when it was closed.
    pub(super) fn next<'a>(
        &mut self,
        serving: &'a Serving,
        recorder: &mut Recorder,
    ) -> Option<(TcpStream, &'a Task)> {
        recorder.record(EventKind::IdleBegin);
        recorder.flush();
        let client = self.accept(serving, recorder);
        recorder.record(EventKind::IdleEnd);
        client
    }

    fn accept<'a>(
        &mut self,
        serving: &'a Serving,
        recorder: &mut Recorder,
    ) -> Option<(TcpStream, &'a Task)> {
        while !self.listener.closed.load(Ordering::Acquire) {
            match self.listener.socket.accept() {
                Ok((stream, peer)) => {
                    if let Some(task) = serving.client(peer) {
                        return Some((stream, task));
                    }
                }
                Err(error)
                    if matches!(
                        Errno::from_io_error(&error),
                        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
                    ) =>
                {
                    self.turn_one_away(serving, recorder);
                }
                // It was closed; or that client went away before its turn, and the next one may be there.
                Err(_) => {}
            }
        }
        None
    }

    /// The system has no descriptor for the next client. It could wait until another one goes. But those that go may
    /// well be those that wait, with all descriptors in their own hands: so it is told.
    fn turn_one_away(&mut self, serving: &Serving, recorder: &mut Recorder) {
        self.spare = None;
        match self.listener.socket.accept() {
            Ok((_, peer)) => {
                if let Some(task) = serving.client(peer) {
                    let error = TaskError::NoDescriptor;
                    serving.book.turn_away(task.id, &error, recorder);
                }
            }
            // Another thread was faster, and took the spare one.
            Err(_) => thread::sleep(REST),
        }
        self.spare = spare().ok();
    }
}

/// Any descriptor will do.
fn spare() -> io::Result<File> {
    File::open("/dev/null")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpStream;

    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

    use super::super::super::endpoint::client_address;
    use super::super::super::{Controls, Job};
    use super::*;
    use crate::clock::Clock;
    use crate::record::channel;
    use crate::scenario::Model;
    use crate::trace::{ModelId, TaskId};

    fn serving() -> Arc<Serving> {
        let (recorders, _) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let task = Task {
            id: TaskId::from_index(0),
            name: "client".to_owned(),
            section: 0,
            steps: Vec::new(),
            after: None,
        };
        Serving::new(Job {
            model: ModelId::from_index(0),
            variant: Model::Sequential.into(),
            tasks: Arc::new([task]),
            endpoints: Arc::new([]),
            service: None,
            recorders,
            controls: Controls::default(),
        })
    }

    /// The client of the task with this place.
    fn client(index: usize, door: SocketAddr) -> TcpStream {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        let from = SocketAddr::new(client_address(TaskId::from_index(index)).into(), 0);
        bind(&socket, &from).expect("it is an address of this machine");
        connect(&socket, &door).expect("somebody listens");
        socket.into()
    }

    #[test]
    fn strangers_are_not_let_in() {
        let serving = serving();
        let job = &serving.job;
        let mut recorder = job.recorders.recorder(job.model, "main");
        let mut door = Door::open().expect("there is a port");
        let no_task = client(1, door.address());
        let stranger = TcpStream::connect(door.address()).expect("somebody listens");
        let known = client(0, door.address());
        let let_in = door.next(&serving, &mut recorder);
        let (stream, task) = let_in.expect("one is known");
        assert_eq!(task.id, TaskId::from_index(0));
        assert_eq!(stream.peer_addr().ok(), known.local_addr().ok());
        for mut refused in [no_task, stranger] {
            assert_eq!(
                refused.read(&mut [0]).ok(),
                Some(0),
                "its connection was closed"
            );
        }
    }

    #[test]
    fn a_closed_door_wakes_who_waits_at_it() {
        let serving = serving();
        let mut door = Door::open().expect("there is a port");
        let closing = door.closing();
        let job = &serving.job;
        let mut recorder = job.recorders.recorder(job.model, "main");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| door.next(&serving, &mut recorder).is_none());
            closing.close();
            assert!(waiting.join().expect("it does not panic"));
        });
        closing.close();
        assert!(TcpStream::connect(door.address()).is_err());
    }
}
