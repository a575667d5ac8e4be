//! The stretch of time that a person has chosen in a trace: to measure it, to read its statistics, to zoom to it.

use crate::trace::{TimeRange, Timestamp};

/// The stretch between the end that is held and the one that the hand pulls, whichever comes first.
pub(super) fn between(held: Timestamp, pulled: Timestamp) -> TimeRange {
    TimeRange {
        begin: held.min(pulled),
        end: held.max(pulled),
    }
}

/// A length of time to the nanosecond: `850 ns`, `8.040 µs`, `12.345 678 ms`, `1.250 000 000 s`.
/// No line breaks it apart.
pub(super) fn exact(nanos: u64) -> String {
    let [ns, us, ms] = [1, 1_000, 1_000_000].map(|unit| nanos / unit % 1_000);
    match nanos {
        0..1_000 => format!("{ns}\u{a0}ns"),
        1_000..1_000_000 => format!("{us}.{ns:03}\u{a0}µs"),
        1_000_000..1_000_000_000 => format!("{ms}.{us:03}\u{a0}{ns:03}\u{a0}ms"),
        _ => format!("{}\u{a0}s", seconds(nanos)),
    }
}

/// A moment of a trace to the nanosecond: `1.250 000 001 s`.
pub(super) fn exact_moment(at: Timestamp) -> String {
    format!("{}\u{a0}s", seconds(at.as_nanos()))
}

fn seconds(nanos: u64) -> String {
    let [ns, us, ms] = [1, 1_000, 1_000_000].map(|unit| nanos / unit % 1_000);
    format!(
        "{}.{ms:03}\u{a0}{us:03}\u{a0}{ns:03}",
        nanos / 1_000_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_can_be_pulled_to_either_side() {
        let held = Timestamp(50);
        assert_eq!(between(held, Timestamp(70)).begin, held);
        let backwards = between(held, Timestamp(20));
        assert_eq!((backwards.begin, backwards.end), (Timestamp(20), held));
    }

    #[test]
    fn a_length_is_said_to_the_nanosecond() {
        assert_eq!(exact(0), "0\u{a0}ns");
        assert_eq!(exact(850), "850\u{a0}ns");
        assert_eq!(exact(8_040), "8.040\u{a0}µs");
        assert_eq!(exact(12_345_678), "12.345\u{a0}678\u{a0}ms");
        assert_eq!(exact(1_250_000_001), "1.250\u{a0}000\u{a0}001\u{a0}s");
        assert_eq!(
            exact_moment(Timestamp(1_001)),
            "0.000\u{a0}001\u{a0}001\u{a0}s"
        );
    }
}
