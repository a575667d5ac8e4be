//! Blocking calls that take as long as somebody said, and how they are named.

#[cfg(any(test, feature = "cli"))]
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

    /// Whether a blocking call of this name is one.
    pub(crate) fn is_named(name: &str) -> bool {
        Self::ALL.iter().any(|call| {
            let (before, after) = call.words();
            let length = name.strip_prefix(before);
            let length = length.and_then(|name| name.strip_suffix(after));
            length.is_some_and(|length| length.starts_with(|first: char| first.is_ascii_digit()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_call_is_known_by_its_name() {
        for call in TimedCall::ALL {
            let name = call.name(Duration::from_micros(1500));
            assert!(TimedCall::is_named(&name), "{name}");
        }
        for other in ["read", "GET 127.0.0.1:80", "sleep", "wait 1s", "sleep well"] {
            assert!(!TimedCall::is_named(other), "{other}");
        }
    }
}
