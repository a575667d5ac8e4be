//! Where the turns of a loop begin.

use super::shelf::Kept;
use crate::trace::Timestamp;

/// Where a turn begins, at its poll, and what the thread had done until then: the difference of two says what was done in
/// between, without a look at what lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnMark {
    /// When its poll begins.
    pub at: Timestamp,
    /// How many callbacks that lie in no other had begun before.
    pub callbacks: u64,
    /// How many descriptors the polls before had brought.
    pub ready: u64,
}

impl Kept for TurnMark {
    type What = ();

    fn at(&self) -> Timestamp {
        self.at
    }

    fn parts(&self) -> Option<((), [u64; 2])> {
        Some(((), [self.callbacks, self.ready]))
    }

    fn of_parts(at: Timestamp, (): (), [callbacks, ready]: [u32; 2]) -> Option<Self> {
        let (callbacks, ready) = (u64::from(callbacks), u64::from(ready));
        Some(Self {
            at,
            callbacks,
            ready,
        })
    }
}
