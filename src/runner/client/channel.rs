//! A way to say lines to somebody and to hear lines back, whatever carries them, that blocks.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::{Errno, read, write};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::record::wire;
use crate::runner::connect::connect;
use crate::runner::endpoint::PATIENCE;
use crate::runner::stop::StopHook;
use crate::runner::{Place, StopToken};
use crate::trace::{Side, Wire};

/// Nothing wakes a thread from a pipe: it looks up this often whether it is to stop.
const PIPE_SLICE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: Duration::from_millis(100).as_nanos() as _,
};

/// A pipe that can be written takes so many bytes at once without blocking (POSIX: at least `_POSIX_PIPE_BUF`).
const PIPE_PIECE: usize = 512;

/// A connection on which lines are said and heard.
pub(super) struct Channel {
    carrier: Carrier,
    /// What came and was not taken yet.
    rest: Vec<u8>,
}

enum Carrier {
    /// A stream, or datagrams of which each is a line. A stop shuts it down.
    Socket {
        socket: Arc<OwnedFd>,
        _wake: StopHook,
    },
    Pipes {
        reading: OwnedFd,
        writing: OwnedFd,
        stop: StopToken,
    },
}

impl Channel {
    /// Connects to `place`. Errors after a stop mean nothing, here and in what follows.
    pub(super) fn open(place: &Place, stop: &StopToken) -> io::Result<Self> {
        let carrier = if let Place::Pipe(open) = place {
            let (reading, writing) = open()?;
            Carrier::Pipes {
                reading,
                writing,
                stop: stop.clone(),
            }
        } else {
            let socket = Arc::new(connect(place, stop)?);
            if matches!(place, Place::Udp(_)) {
                set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
            }
            Carrier::Socket {
                _wake: stop.shut_down(&socket),
                socket,
            }
        };
        Ok(Self {
            carrier,
            rest: Vec::new(),
        })
    }

    /// What both ends name it by.
    pub(super) fn wire(&self) -> Option<Wire> {
        match &self.carrier {
            Carrier::Socket { socket, .. } => wire(socket, Side::Client),
            Carrier::Pipes { reading, .. } => wire(reading, Side::Client),
        }
    }

    /// Says `text` and a line break.
    pub(super) fn write_line(&mut self, text: &str) -> io::Result<()> {
        let line = [text.as_bytes(), b"\n"].concat();
        let mut left = &*line;
        while !left.is_empty() {
            let written = retry(|| match &self.carrier {
                Carrier::Socket { socket, .. } => send(&**socket, left, SendFlags::NOSIGNAL),
                Carrier::Pipes { writing, stop, .. } => {
                    wait(writing.as_fd(), PollFlags::OUT, stop)?;
                    write(writing, &left[..left.len().min(PIPE_PIECE)])
                }
            })?;
            left = &left[written..];
        }
        Ok(())
    }

    /// Takes in what comes next, and returns how many bytes that is: none at the end. Over UDP it gives up after
    /// [`PATIENCE`] with [`io::ErrorKind::WouldBlock`].
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = retry(|| match &self.carrier {
            Carrier::Socket { socket, .. } => {
                recv(&**socket, &mut *buffer, RecvFlags::empty()).map(|(bytes, _)| bytes)
            }
            Carrier::Pipes { reading, stop, .. } => {
                wait(reading.as_fd(), PollFlags::IN, stop)?;
                read(reading, &mut *buffer)
            }
        })?;
        self.rest.extend_from_slice(&buffer[..bytes]);
        Ok(bytes)
    }

    /// The next line with its line break, if it is whole.
    pub(super) fn take_line(&mut self) -> Option<Vec<u8>> {
        let end = self.rest.iter().position(|&byte| byte == b'\n')?;
        Some(self.rest.drain(..=end).collect())
    }

    /// What came of a line that is not whole.
    pub(super) fn rest(&self) -> &[u8] {
        &self.rest
    }
}

/// Makes a system call again for as long as signals interrupt it.
fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Waits until one end of a pipe is ready, or broken.
fn wait(end: BorrowedFd<'_>, ready: PollFlags, stop: &StopToken) -> Result<(), Errno> {
    let mut ends = [PollFd::from_borrowed_fd(end, ready)];
    while !stop.is_stopped() {
        if poll(&mut ends, Some(&PIPE_SLICE))? > 0 {
            return Ok(());
        }
    }
    Err(Errno::CANCELED)
}
