//! How long each thing waited for a loop, and when: the queueing delays, found by time.

use std::collections::BTreeMap;

use super::Histogram;
use super::ready::ReadyTimes;
use super::spans::called_in;
use crate::store::{ModelTrack, Series, ThreadTrack};
use crate::trace::{ThreadId, TimeRange, Timestamp};

/// How many delays are summed up, so that a stretch of time is told without a look at each of them.
const BLOCK: usize = 4096;
/// After how many turns a look may be broken off.
const STRIDE: usize = 64;

/// How long each thing waited for the loops of a model, by the moment when it was served.
///
/// It goes on where it stopped, as [`super::Meter`] does, and keeps what that one only counts: 16 bytes for each thing
/// that was served, and a few more for the sums.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    threads: BTreeMap<ThreadId, Delays>,
}

/// Those of one loop.
#[derive(Clone, Debug, Default)]
struct Delays {
    /// Up to where it was looked at.
    until: Timestamp,
    series: Series,
    /// The sums of every [`BLOCK`] delays; the last one may be short of it.
    blocks: Vec<Histogram>,
}

impl Waits {
    /// Looks at what has become known of a model: at about `most` things that were served, and the rest at the next call.
    /// Whether that was all; a turn that is not over waits.
    pub fn look(&mut self, model: &ModelTrack, most: usize) -> bool {
        let mut left = most;
        for thread in model.threads.iter().filter(|thread| thread.runs_loop()) {
            let delays = self.threads.entry(thread.id).or_default();
            let known = known_until(thread);
            while delays.until < known {
                if left == 0 {
                    return false;
                }
                let turns = thread.turns();
                let next = turns.partition_point(|turn| turn.at <= delays.until) + STRIDE;
                let until = turns.get(next).map_or(known, |turn| turn.at.min(known));
                let new = TimeRange::new(delays.until, until);
                delays.until = until;
                let served = served(model, thread, new);
                left = left.saturating_sub(served.len().max(1));
                served
                    .into_iter()
                    .for_each(|(at, nanos)| delays.add(at, nanos));
            }
        }
        true
    }

    /// How many things are known to have been served.
    pub fn count(&self) -> usize {
        let threads = self.threads.values();
        threads.map(|delays| delays.series.points().len()).sum()
    }

    /// Lets go of what was served before a moment, as the store does.
    pub fn forget_before(&mut self, moment: Timestamp) {
        for delays in self.threads.values_mut() {
            delays.series.forget_before(moment);
            let gone = delays.series.points().first_place() / BLOCK;
            let blocks = delays.blocks.iter_mut().take(gone);
            blocks.for_each(|block| *block = Histogram::default());
        }
    }

    /// The longest delay, in nanoseconds, of what a thread served in every `grain` nanoseconds of `view`, with the moment
    /// when it was served.
    pub fn longest(
        &self,
        thread: ThreadId,
        view: TimeRange,
        grain: u64,
    ) -> impl Iterator<Item = (Timestamp, u64)> + '_ {
        let delays = self.threads.get(&thread).into_iter();
        delays.flat_map(move |delays| delays.series.highest(view, grain))
    }

    /// How often each delay came among what was served in `view`.
    pub fn histogram(&self, view: TimeRange) -> Histogram {
        let mut all = Histogram::default();
        for delays in self.threads.values() {
            delays.sum_up(view, &mut all);
        }
        all
    }
}

impl Delays {
    fn add(&mut self, at: Timestamp, nanos: u64) {
        if self.series.points().len().is_multiple_of(BLOCK) {
            self.blocks.push(Histogram::default());
        }
        self.series.push(at, nanos);
        if let Some(block) = self.blocks.last_mut() {
            block.add(nanos);
        }
    }

    fn sum_up(&self, view: TimeRange, sum: &mut Histogram) {
        let points = self.series.points();
        let mut place = points.partition_point(|(at, _)| *at < view.begin);
        let past = points.partition_point(|(at, _)| *at < view.end);
        while place < past {
            if place.is_multiple_of(BLOCK) && place + BLOCK <= past {
                sum.add_all(&self.blocks[place / BLOCK]);
                place += BLOCK;
            } else {
                sum.add(points[place].1);
                place += 1;
            }
        }
    }
}

/// What a thread served from one moment at which it polled to another: when, and how many nanoseconds it had waited.
pub(super) fn served(
    model: &ModelTrack,
    thread: &ThreadTrack,
    new: TimeRange,
) -> Vec<(Timestamp, u64)> {
    let mut flow = None;
    let mut times = ReadyTimes::new(model, thread);
    let mut served = Vec::new();
    for called in called_in(&thread.lane, new, new.end) {
        // What follows from a readiness at once, such as the loss of its connection, has waited for nothing.
        let follows = called.span.flow.is_some() && called.span.flow == flow;
        flow = called.span.flow;
        if called.range.begin < new.begin || follows {
            continue;
        }
        if let Some(ready) = times.of(&called.span) {
            let waited = TimeRange::new(ready.at, called.range.begin);
            served.push((called.range.begin, waited.nanos()));
        }
    }
    served
}

/// When a loop entered the poll last, or ended: what it did before is known as a whole.
pub(super) fn known_until(thread: &ThreadTrack) -> Timestamp {
    let polled = thread.turns().last();
    let polled = polled.map_or(Timestamp::ZERO, |turn| turn.at);
    thread.end.unwrap_or(polled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn a_stretch_is_summed_up_as_if_each_delay_were_looked_at(
            count in 1_usize..3 * BLOCK,
            begin in 0_u64..20_000,
            length in 0_u64..20_000,
        ) {
            let mut delays = Delays::default();
            let delay = |place: u64| place * 7_919 % 10_007;
            (0..count as u64).for_each(|place| delays.add(Timestamp(place * 2), delay(place)));
            let view = TimeRange::new(Timestamp(begin), Timestamp(begin + length));
            let (mut sum, mut each) = (Histogram::default(), Histogram::default());
            delays.sum_up(view, &mut sum);
            let inside = (0..count as u64).filter(|place| view.contains(Timestamp(place * 2)));
            inside.for_each(|place| each.add(delay(place)));
            prop_assert_eq!(sum.quantiles(), each.quantiles());
            prop_assert!(sum.buckets().eq(each.buckets()));
        }
    }
}
