//! How large and how small the values of a scenario may be, wherever they come from: file, command line or window.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ValueError;
use crate::trace::Phrase;

/// How long a server may wait after a piece. Below a millisecond the waiting itself could not be kept.
pub const DELAY: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);

/// For how long a callback may block.
pub const BLOCKING: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);

/// How long a callback that works in slices may hold the loop.
pub const SLICE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(1);

/// How long a step or a pause may wait.
pub const WAIT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);

/// From one call of a looping call to the next; zero is once in each turn.
pub const INTERVAL: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(60);

/// How long a server that echoes may think before it answers.
pub const THINKING: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(60);

/// How often a step may do what it does.
pub const TIMES: RangeInclusive<usize> = 1..=1_000_000;

/// How many idle connections a step may hold.
pub const HELD: RangeInclusive<usize> = 1..=10_000;

/// How many threads a server's pool may have.
pub const POOL: RangeInclusive<usize> = 1..=1_000;

/// From which length on a stretch without a poll may count as a stall.
pub const STALL_THRESHOLD: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(60);

/// How many bytes a server may send at once.
pub const CHUNK: RangeInclusive<usize> = 1..=MAX_TEXT;

/// How often a server may say its text.
pub const REPEAT: RangeInclusive<usize> = 1..=1_000_000;

/// How many bytes the text of a server may have, all its repetitions together.
pub const MAX_TEXT: usize = 64 << 20;

/// How many servers a scenario may have.
pub const MAX_SERVERS: usize = 1_000;

/// How many variants a scenario may have.
pub const MAX_VARIANTS: usize = 20;

/// How many steps a task may have.
pub const MAX_STEPS: usize = 1_000;

/// How many tasks a scenario may have.
pub const MAX_TASKS: usize = 10_000;

/// Reads a duration as people write it (`200ms`, `1.5s`, `1m 20s`) and keeps it within `allowed`.
///
/// # Errors
/// Says what is allowed.
pub fn parse_duration(
    text: &str,
    allowed: &RangeInclusive<Duration>,
) -> Result<Duration, ValueError> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| allowed.contains(duration))
        .ok_or_else(|| ValueError::new(text, durations(allowed)))
}

/// The words for a range of durations.
pub(super) fn durations(allowed: &RangeInclusive<Duration>) -> Phrase {
    Phrase::new("a duration from {least} to {most} with its unit, such as `100ms`")
        .with("least", humantime::format_duration(*allowed.start()))
        .with("most", humantime::format_duration(*allowed.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_within_its_limits() {
        assert_eq!(
            parse_duration("1.5s", &DELAY),
            Ok(Duration::from_millis(1500))
        );
        assert_eq!(parse_duration("1m", &DELAY), Ok(Duration::from_secs(60)));
        for wrong in [
            "",
            "100",
            "0",
            "0s",
            "1ns",
            "61s",
            "9999999999y",
            "soon",
            "-1s",
        ] {
            let error = parse_duration(wrong, &DELAY).expect_err(wrong);
            assert_eq!(
                error.to_string(),
                format!(
                    "`{wrong}` is not allowed: a duration from 1ms to 1m with its unit, such as `100ms`"
                )
            );
        }
    }
}
