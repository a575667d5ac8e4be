//! Small numbers that stand for things. All of them count from 1, so that an `Option` of one costs nothing.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $int:ty) => {
        $(#[$doc])*
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

/// A connection over TCP on this machine, as both its ends know it: by their ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct Wire {
    /// The client's.
    pub client: u16,
    /// The server's.
    pub server: u16,
}
