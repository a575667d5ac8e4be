//! Why there are no servers, and what to do about it.

use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::trace::{Phrase, system_error};

/// The system did not grant what the servers need.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::Recorders;
/// use loopscope::server::{ServerError, Servers};
///
/// /// Without servers there is nothing to see: says why, and what to do about it.
/// fn start() -> Option<Servers> {
///     let started: Result<_, ServerError> = Servers::start(&[], &Recorders::off(&Clock::monotonic()));
///     started.map_err(|error| eprintln!("{error}")).ok()
/// }
/// # assert!(start().is_some());
/// ```
#[derive(Debug, thiserror::Error)]
pub struct ServerError {
    what: Phrase,
    reason: io::Error,
}

impl ServerError {
    pub(super) const fn new(what: Phrase, reason: io::Error) -> Self {
        Self { what, reason }
    }

    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        Phrase::new("{what}: {why}{way_out}")
            .with_words("what", self.what.clone())
            .with_words("why", system_error(&self.reason))
            .with_words("way_out", way_out(&self.reason))
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

/// What a person can do.
fn way_out(reason: &io::Error) -> Phrase {
    match Errno::from_io_error(reason) {
        Some(Errno::MFILE) => {
            Phrase::new("; no file descriptor is left: raise the limit with `ulimit -n`")
        }
        Some(Errno::NFILE) => Phrase::new(
            "; the system has no file descriptor left: close other programs, or raise `fs.file-max`",
        ),
        Some(Errno::ADDRNOTAVAIL | Errno::NETUNREACH | Errno::NETDOWN) => {
            Phrase::new("; is the loopback interface up? (`ip link set lo up`)")
        }
        Some(Errno::ADDRINUSE) => {
            Phrase::new("; no port is free: wait a minute, or widen `net.ipv4.ip_local_port_range`")
        }
        Some(Errno::ACCESS | Errno::PERM) => {
            Phrase::new("; this environment forbids it (a sandbox, perhaps)")
        }
        Some(Errno::AGAIN) => {
            Phrase::new("; no more threads are allowed: raise the limit with `ulimit -u`")
        }
        _ => Phrase::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_who_wanted_it_and_the_way_out() {
        let error = ServerError::new(
            Phrase::same("server `ecstasy` gets no port"),
            Errno::MFILE.into(),
        );
        let text = error.to_string();
        assert!(
            text.starts_with("server `ecstasy` gets no port: "),
            "{text}"
        );
        assert!(text.ends_with("raise the limit with `ulimit -n`"), "{text}");
        let error = ServerError::new(Phrase::same("x"), Errno::ADDRNOTAVAIL.into());
        assert!(error.to_string().contains("ip link set lo up"), "{error}");
    }
}
