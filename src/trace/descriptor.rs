//! What a descriptor is, in words. A trace keeps them in English; whoever reads one finds the words again, and can say
//! them in another language.

use std::fmt::Display;

use super::{Phrase, fill};

/// An end of a pipe.
pub(crate) const PIPE: &str = "a pipe";
/// A socket of which nothing more is known.
pub(crate) const SOCKET: &str = "a socket";
/// A TCP connection, by its other end.
pub(crate) const TCP_TO: &str = "TCP to {address}";
/// A TCP socket that leads nowhere, by its own address.
pub(crate) const TCP_ON: &str = "TCP on {address}";
/// A UDP socket, by the address that it sends to.
pub(crate) const UDP_TO: &str = "UDP to {address}";
/// A UDP socket, by its own address.
pub(crate) const UDP_ON: &str = "UDP on {address}";
/// A Unix socket, by its path.
pub(crate) const UNIX_AT: &str = "a Unix socket at {address}";
/// A Unix socket without a path.
pub(crate) const UNIX: &str = "a Unix socket";
/// What epoll makes.
pub(crate) const EVENT_PROVIDER: &str = "an event provider";
/// What eventfd makes.
pub(crate) const EVENT_COUNTER: &str = "an event counter";
/// What timerfd makes.
pub(crate) const TIMER: &str = "a timer";

/// All of them.
pub(crate) const WORDS: [&str; 11] = [
    PIPE,
    SOCKET,
    TCP_TO,
    TCP_ON,
    UDP_TO,
    UDP_ON,
    UNIX_AT,
    UNIX,
    EVENT_PROVIDER,
    EVENT_COUNTER,
    TIMER,
];

/// What a trace keeps of a descriptor that has an address.
pub(crate) fn kept(words: &str, address: impl Display) -> String {
    fill(words, |_| Some(address.to_string()))
}

/// What a trace has kept of a descriptor, to be said in any language. The path of a file is the same in all.
pub(crate) fn said(kept: &str) -> Phrase {
    let known = WORDS.into_iter().find_map(|words| {
        let Some(before) = words.strip_suffix("{address}") else {
            return (words == kept).then(|| Phrase::new(words));
        };
        let address = kept.strip_prefix(before)?;
        Some(Phrase::new(words).with("address", address))
    });
    known.unwrap_or_else(|| Phrase::same(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_said_in_any_language() {
        let said = |kept: &str| {
            said(kept).say(&|english| match english {
                TCP_TO => "通往 {address} 的 TCP",
                PIPE => "管道",
                other => other,
            })
        };
        assert_eq!(said(&kept(TCP_TO, "[::1]:80")), "通往 [::1]:80 的 TCP");
        assert_eq!(said(PIPE), "管道");
        assert_eq!(said("/tmp/a pipe"), "/tmp/a pipe");
    }
}
