//! Why there are no servers, and what to do about it.

use std::io;

use rustix::io::Errno;

/// The system did not grant what the servers need.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {reason}{}", way_out(.reason))]
pub struct ServerError {
    what: String,
    reason: io::Error,
}

impl ServerError {
    pub(super) fn new(what: impl Into<String>, reason: io::Error) -> Self {
        Self {
            what: what.into(),
            reason,
        }
    }
}

/// What a person can do.
fn way_out(reason: &io::Error) -> &'static str {
    match Errno::from_io_error(reason) {
        Some(Errno::MFILE) => "; no file descriptor is left: raise the limit with `ulimit -n`",
        Some(Errno::NFILE) => {
            "; the system has no file descriptor left: close other programs, or raise `fs.file-max`"
        }
        Some(Errno::ADDRNOTAVAIL | Errno::NETUNREACH | Errno::NETDOWN) => {
            "; is the loopback interface up? (`ip link set lo up`)"
        }
        Some(Errno::ADDRINUSE) => {
            "; no port is free: wait a minute, or widen `net.ipv4.ip_local_port_range`"
        }
        Some(Errno::ACCESS | Errno::PERM) => "; this environment forbids it (a sandbox, perhaps)",
        Some(Errno::AGAIN) => "; no more threads are allowed: raise the limit with `ulimit -u`",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_who_wanted_it_and_the_way_out() {
        let error = ServerError::new("server `ecstasy` gets no port", Errno::MFILE.into());
        let text = error.to_string();
        assert!(
            text.starts_with("server `ecstasy` gets no port: "),
            "{text}"
        );
        assert!(text.ends_with("raise the limit with `ulimit -n`"), "{text}");
        let error = ServerError::new("x", Errno::ADDRNOTAVAIL.into());
        assert!(error.to_string().contains("ip link set lo up"), "{error}");
    }
}
