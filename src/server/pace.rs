//! How fast a server says what it has to say.

use std::time::Duration;

/// mio counts its time-outs in 31 bits of milliseconds, which is 24 days.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// So many bytes, and then a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    chunk: usize,
    delay: Duration,
}

impl Pace {
    /// At least 1 byte at once, and at most a day from one piece to the next.
    pub(super) fn new(chunk: usize, delay: Duration) -> Self {
        Self {
            chunk: chunk.max(1),
            delay: delay.min(LONGEST),
        }
    }

    /// How many bytes make a piece; at least 1.
    pub(super) const fn chunk(self) -> usize {
        self.chunk
    }

    /// How long a piece takes, or an answer.
    pub(super) const fn delay(self) -> Duration {
        self.delay
    }
}
