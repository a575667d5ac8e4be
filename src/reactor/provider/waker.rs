//! Ends a wait from another thread.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use mio::{Registry, Token};

/// Wakes one provider.
pub(in super::super) enum Waker {
    /// mio's own.
    Mio(mio::Waker),
    /// A byte that waits at the far end, for a provider that knows nothing but descriptors.
    Pair { near: UnixStream, far: UnixStream },
}

impl Waker {
    pub(super) fn of(registry: &Registry, token: Token) -> io::Result<Self> {
        mio::Waker::new(registry, token).map(Self::Mio)
    }

    pub(super) fn pair() -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        Ok(Self::Pair { near, far })
    }

    /// What becomes readable when somebody wakes, if the provider is to watch that.
    pub(super) fn fd(&self) -> Option<RawFd> {
        match self {
            Self::Mio(_) => None,
            Self::Pair { far, .. } => Some(far.as_raw_fd()),
        }
    }

    /// Wakes it: the wait that goes on, or else the next one, ends at once.
    ///
    /// # Errors
    /// When the system fails.
    pub(in super::super) fn wake(&self) -> io::Result<()> {
        match self {
            Self::Mio(waker) => waker.wake(),
            Self::Pair { near, .. } => match (&*near).write(&[0]) {
                // It is full of wake-ups already.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                written => written.map(drop),
            },
        }
    }

    /// The wait has ended: what waked it is not to end the next one.
    pub(super) fn heard(&self) {
        if let Self::Pair { far, .. } = self {
            // It ends with an error when nothing is left, and no other comes from a pair that is held at both ends.
            while (&*far).read(&mut [0; 64]).is_ok() {}
        }
    }
}
