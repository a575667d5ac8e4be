//! Blocking calls that take as long as somebody said, and how they are named.

use std::time::Duration;

/// A blocking call that takes as long as it was told to, and needs nothing of what its callback did before: two of them
/// can be carried out at the same time, as two reads of one connection cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimedCall {
    Sleep,
    Compute,
    Lock,
    Fsync,
}

impl TimedCall {
    const ALL: [Self; 4] = [Self::Sleep, Self::Compute, Self::Lock, Self::Fsync];

    /// What its name says before its length, and after it.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Sleep => ("sleep ", ""),
            Self::Compute => ("compute ", ""),
            Self::Lock => ("wait ", " for a lock"),
            Self::Fsync => ("fsync for ", ""),
        }
    }

    /// How one of such a length is named in a trace.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn name(self, length: Duration) -> String {
        let (before, after) = self.words();
        format!("{before}{length:?}{after}")
    }

    /// How long a blocking call of this name was told to take; `None` where it is no such call.
    pub(crate) fn length(name: &str) -> Option<Duration> {
        Self::ALL.iter().find_map(|call| {
            let (before, after) = call.words();
            as_duration(name.strip_prefix(before)?.strip_suffix(after)?)
        })
    }
}

/// What `{:?}` writes of a duration, such as `1.5ms`.
fn as_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|one: char| one.is_alphabetic())?);
    let nanos = match unit {
        "s" => 1e9,
        "ms" => 1e6,
        "µs" => 1e3,
        "ns" => 1.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number * nanos / 1e9).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_call_is_known_by_its_name() {
        for (call, nanos) in TimedCall::ALL
            .into_iter()
            .zip([1_500_000, 2_000, 7, 1_500_000_000])
        {
            let length = Duration::from_nanos(nanos);
            assert_eq!(
                TimedCall::length(&call.name(length)),
                Some(length),
                "{call:?}"
            );
        }
        let others = [
            "read",
            "GET 127.0.0.1:80",
            "sleep",
            "wait 1s",
            "sleep well",
            "sleep 1e99s",
        ];
        for other in others {
            assert_eq!(TimedCall::length(other), None, "{other}");
        }
    }
}
