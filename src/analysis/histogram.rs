//! How often each duration came, in little memory.

use std::time::Duration;

/// Each power of two is cut into so many parts, so that a number is told with an error of at most 1/32.
const PARTS: u64 = 32;
/// Its logarithm.
const PART_BITS: u32 = PARTS.trailing_zeros();

/// How often each duration came, after Gil Tene's HDR histogram: exact up to 32 ns, and to one part in 32 above. A
/// duration costs an addition, a histogram 15 KiB of counts at most.
///
/// ```
/// use loopscope::analysis::Histogram;
/// use std::time::Duration;
///
/// let mut delays = Histogram::default();
/// (1..=100).for_each(|millis| delays.add(millis * 1_000_000));
/// let quantiles = delays.quantiles();
/// assert_eq!(quantiles.max, Duration::from_millis(100));
/// assert!(quantiles.p50.abs_diff(Duration::from_millis(50)) < Duration::from_millis(4));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many fell into each bucket; as long as it has to be.
    counts: Vec<u64>,
    count: u64,
    max: u64,
}

/// Below which duration so many of all lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Of how many.
    pub count: u64,
    /// Half of them.
    pub p50: Duration,
    /// Nine of ten.
    pub p90: Duration,
    /// All but one in a hundred.
    pub p99: Duration,
    /// All: the largest itself.
    pub max: Duration,
}

impl Histogram {
    /// Counts a duration of so many nanoseconds.
    pub fn add(&mut self, nanos: u64) {
        let bucket = bucket(nanos);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    /// Counts all that another one has counted.
    pub fn add_all(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// How many were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many fell into each bucket that is not empty, with the bucket's bounds in nanoseconds, the upper one not
    /// included. For drawing.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let counts = self.counts.iter().enumerate();
        counts
            .filter(|(_, count)| **count > 0)
            .map(|(bucket, count)| (lowest(bucket), lowest(bucket + 1), *count))
    }

    /// Below which duration so many of all lie: what is told is never less than the truth.
    pub fn quantiles(&self) -> Quantiles {
        Quantiles {
            count: self.count,
            p50: self.quantile(50),
            p90: self.quantile(90),
            p99: self.quantile(99),
            max: Duration::from_nanos(self.max),
        }
    }

    fn quantile(&self, percent: u64) -> Duration {
        let wanted = u128::from(self.count) * u128::from(percent);
        let mut seen = 0_u128;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if seen > 0 && seen * 100 >= wanted {
                let highest = lowest(bucket + 1).saturating_sub(1);
                return Duration::from_nanos(highest.min(self.max));
            }
        }
        Duration::ZERO
    }
}

/// Numbers below [`PARTS`] have a bucket each; of each power of two above that every part has one.
fn bucket(nanos: u64) -> usize {
    let shift = nanos.checked_ilog2().unwrap_or(0).saturating_sub(PART_BITS);
    (u64::from(shift) * PARTS + (nanos >> shift)) as usize
}

/// The lowest number in a bucket.
fn lowest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / PARTS).saturating_sub(1);
    let part = bucket - shift * PARTS;
    u64::try_from(u128::from(part) << shift).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_has_no_quantiles() {
        assert_eq!(Histogram::default().quantiles(), Quantiles::default());
    }

    #[test]
    fn buckets_touch_and_grow() {
        for place in 0..bucket(u64::MAX) {
            assert!(lowest(place) < lowest(place + 1), "{place}");
            assert_eq!(bucket(lowest(place)), place);
            assert_eq!(bucket(lowest(place + 1) - 1), place);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_quantile_is_right_to_one_part_in_32(
            mut numbers in prop::collection::vec(0_u64..10_000_000_000, 1..300),
        ) {
            let (mut all, mut half) = (Histogram::default(), Histogram::default());
            let (left, right) = numbers.split_at(numbers.len() / 2);
            left.iter().for_each(|number| all.add(*number));
            right.iter().for_each(|number| half.add(*number));
            all.add_all(&half);
            numbers.sort_unstable();
            let told = all.quantiles();
            prop_assert_eq!(told.max.as_nanos() as u64, numbers[numbers.len() - 1]);
            for (percent, told) in [(50, told.p50), (90, told.p90), (99, told.p99)] {
                let place = (numbers.len() * percent).div_ceil(100).max(1) - 1;
                let (told, exact) = (told.as_nanos() as u64, numbers[place]);
                prop_assert!(exact <= told && told <= exact + exact / 32 + 1, "{told} for {exact}");
            }
        }
    }
}
