//! Small numbers that stand for things. All of them count from 1, so that an `Option` of one costs nothing.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $int:ty) => {
        $(#[$doc])*
        #[doc = concat!(
            "\n```\nuse loopscope::trace::", stringify!($name), ";\n\n",
            "let third = ", stringify!($name), "::from_index(2);\n",
            "assert_eq!((third.number(), third.index()), (3, 2));\n```"
        )]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name($inner);

        impl $name {
            /// The id with this number, or `None` for 0.
            pub const fn new(number: $int) -> Option<Self> {
                match <$inner>::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// The `index`-th id, counting from 0; the largest id where `index` exceeds it.
            pub fn from_index(index: usize) -> Self {
                let number = <$int>::try_from(index).unwrap_or(<$int>::MAX).saturating_add(1);
                Self(<$inner>::new(number).unwrap_or(<$inner>::MAX))
            }

            /// The number, at least 1.
            pub const fn number(self) -> $int {
                self.0.get()
            }

            /// The place in a list whose first item has the number 1.
            pub const fn index(self) -> usize {
                (self.0.get() - 1) as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One run of one model of execution: a group of threads and tasks in the trace.
    ModelId, NonZeroU32, u32
);
id!(
    /// One recorded thread. Unique within a trace, also between models.
    ThreadId, NonZeroU32, u32
);
id!(
    /// One task of the scenario, by its place in the scenario: task 1 is the same piece of work in every model.
    TaskId, NonZeroU32, u32
);
id!(
    /// A text that was sent once. Unique within a trace; two ids may have the same text.
    NameId, NonZeroU32, u32
);
id!(
    /// Ties what caused to what followed: a readiness to its callback, a timer's setting to its firing, a
    /// call from a thread to its run. Unique within a trace.
    FlowId, NonZeroU64, u64
);

impl ModelId {
    /// The servers of the scenario: they are no model of execution, and all models have the same ones.
    pub const SERVERS: Self = Self(NonZeroU32::MAX);
}

/// A connection on this machine, named by what both its ends know of it.
///
/// ```
/// use loopscope::trace::Wire;
///
/// // A client tells by which port it came, a server by which port somebody came: that is how they find each other.
/// let (told_here, told_there) = (Wire::Tcp { client: 40_000, server: 80 }, Wire::Tcp { client: 40_000, server: 80 });
/// assert_eq!(told_here, told_there);
/// assert_ne!(told_here, Wire::Udp { client: 40_000, server: 80 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "format",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "Numbers", into = "Numbers")
)]
pub enum Wire {
    /// Over TCP: the ports of both ends.
    Tcp {
        /// The client's.
        client: u16,
        /// The server's.
        server: u16,
    },
    /// Over UDP, whose datagrams may be lost: the ports of both ends.
    Udp {
        /// The client's.
        client: u16,
        /// The server's.
        server: u16,
    },
    /// A Unix socket: the inode of the client's end.
    Unix(u32),
    /// The pipe that brings to the client what the server sends: its inode, which both ends have.
    Pipe(u32),
}

/// A [`Wire`] as it stands in a file. One over TCP is its two ports, as it was when there were no others.
#[cfg(feature = "format")]
#[derive(serde::Serialize, serde::Deserialize)]
struct Numbers {
    client: u32,
    server: u32,
}

#[cfg(feature = "format")]
impl Numbers {
    /// What the server's number is greater by than a port, for what is not TCP.
    const UDP: u32 = 1 << 16;
    const UNIX: u32 = 2 << 16;
    const PIPE: u32 = 3 << 16;
}

#[cfg(feature = "format")]
impl From<Wire> for Numbers {
    fn from(wire: Wire) -> Self {
        let (client, server) = match wire {
            Wire::Tcp { client, server } => (client.into(), server.into()),
            Wire::Udp { client, server } => (client.into(), Self::UDP + u32::from(server)),
            Wire::Unix(inode) => (inode, Self::UNIX),
            Wire::Pipe(inode) => (inode, Self::PIPE),
        };
        Self { client, server }
    }
}

#[cfg(feature = "format")]
impl From<Numbers> for Wire {
    fn from(Numbers { client, server }: Numbers) -> Self {
        // A number that is too large for a port is cut: it stands in no file that was written here.
        let ports = (client as u16, server as u16);
        match server & !0xffff {
            Numbers::UNIX => Self::Unix(client),
            Numbers::PIPE => Self::Pipe(client),
            Numbers::UDP => Self::Udp {
                client: ports.0,
                server: ports.1,
            },
            _ => Self::Tcp {
                client: ports.0,
                server: ports.1,
            },
        }
    }
}

#[cfg(all(test, feature = "format"))]
mod tests {
    use super::*;

    #[test]
    fn a_wire_comes_back_from_a_file_as_it_was_and_one_over_tcp_is_its_ports() {
        let ports = [40_000, 65_535, 0];
        for client in ports {
            for wire in [
                Wire::Tcp { client, server: 80 },
                Wire::Udp {
                    client,
                    server: u16::MAX,
                },
                Wire::Unix(u32::MAX - u32::from(client)),
                Wire::Pipe(client.into()),
            ] {
                assert_eq!(Wire::from(Numbers::from(wire)), wire);
            }
        }
        let tcp = Wire::Tcp {
            client: 40_000,
            server: 8_000,
        };
        let written = postcard::to_stdvec(&tcp).expect("it can be written");
        let ports = postcard::to_stdvec(&(40_000_u16, 8_000_u16)).expect("so can they");
        assert_eq!(written, ports, "as files of older versions have it");
    }
}
