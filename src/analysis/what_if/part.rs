//! What a callback does, one after the other.

/// A part of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It holds the loop for so long, whatever is changed.
    Holds(u64),
    /// It holds the loop for so long with what was read: with a part of that for a part of the time.
    Handles(u64),
    /// It takes so long, and is to be carried out otherwise.
    Guilty(u64),
    /// The same, and the callback goes on until it has begun with the next one that is guilty: it waits for both together.
    Beside(u64),
}

impl Part {
    pub(super) const fn nanos(self) -> u64 {
        match self {
            Self::Holds(nanos) | Self::Handles(nanos) => nanos,
            Self::Guilty(nanos) | Self::Beside(nanos) => nanos,
        }
    }

    /// How long it takes, if that is to be carried out otherwise.
    pub(super) const fn guilty(self) -> Option<u64> {
        match self {
            Self::Guilty(nanos) | Self::Beside(nanos) => Some(nanos),
            Self::Holds(_) | Self::Handles(_) => None,
        }
    }
}
