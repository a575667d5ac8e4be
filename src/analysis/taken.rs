//! What came in and was served already when a loop learned of more.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::spans::{called_in, last_look};
use crate::store::{Arrival, Span, SpanKind, ThreadTrack};
use crate::trace::{Cause, Doing, Sighting, TaskId, TimeRange, Timestamp};

/// How long somebody who looks takes to say when that was, at most.
const GLANCE: Duration = Duration::from_micros(100);

/// What a thread took of all that came in, asked about one arrival after another. Thousands may come in during a turn in
/// which thousands are served: so the callbacks of a turn are gone through once, and not for each arrival.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    thread: &'a ThreadTrack,
    /// When those ran that served what came in, as far as they have a moment in common with `known`.
    served: HashMap<Served, Vec<TimeRange>>,
    known: TimeRange,
    /// What the thread was seen to be busy with in the callback that was asked about last.
    busy: Option<(TimeRange, HashSet<i32>)>,
    #[cfg(test)]
    pub(super) looks: usize,
}

/// What a callback served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Served {
    Descriptor(i32),
    /// The numbers of those that nobody had seen before are not told.
    UnknownOf(TaskId),
}

impl Served {
    fn by(thread: &ThreadTrack, span: &Span) -> Option<Self> {
        let number = span.flow.and_then(|flow| thread.descriptor_of(flow));
        let known = number.map(Self::Descriptor);
        known.or_else(|| span.task.map(Self::UnknownOf))
    }
}

impl<'a> Taken<'a> {
    pub(super) fn new(thread: &'a ThreadTrack) -> Self {
        Self {
            thread,
            served: HashMap::new(),
            known: TimeRange::new(Timestamp::ZERO, Timestamp::ZERO),
            busy: None,
            #[cfg(test)]
            looks: 0,
        }
    }

    /// Whether what came in was taken before the loop learned of more: it had known of it already, and served it then.
    pub(super) fn is_taken(&mut self, arrival: &Arrival, learned: Timestamp) -> bool {
        // What was there at the first look may have been there when the callback that ran then began, and it took it.
        let is_found = arrival.sighting == Sighting::AtFirstLook;
        let from = match is_found {
            true => arrival.at - GLANCE,
            false => arrival.at,
        };
        self.look(TimeRange::new(from, learned));
        let too_early = |ran: &TimeRange| ran.end <= from || (!is_found && ran.begin < from);
        let takes = |served| {
            let ran = self.served.get(&served).map_or(&[][..], Vec::as_slice);
            let first = ran.get(ran.partition_point(too_early));
            first.is_some_and(|ran| ran.begin < learned)
        };
        takes(Served::Descriptor(arrival.fd))
            || arrival.task.is_some_and(|id| takes(Served::UnknownOf(id)))
    }

    /// Finds out what was served in `range`, and in the turns around it, where that is not known.
    fn look(&mut self, range: TimeRange) {
        if self.known.begin <= range.begin && range.end <= self.known.end {
            return;
        }
        let thread = self.thread;
        let begin = last_look(thread, range.end).min(range.begin) - GLANCE;
        let next = thread.polls_from(range.end).next();
        let end = next.map_or(Timestamp::MAX, |poll| poll.begin);
        self.known = TimeRange::new(begin, end);
        self.served.clear();
        // They come in the order of time and do not overlap.
        for called in called_in(&thread.lane, self.known, end) {
            if called.span.kind == SpanKind::Callback(Cause::Readiness)
                && let Some(served) = Served::by(thread, &called.span)
            {
                let ran = TimeRange::new(called.span.begin, called.span.end);
                self.served.entry(served).or_default().push(ran);
            }
        }
        #[cfg(test)]
        {
            self.looks += 1;
        }
    }

    /// Whether what came in was read by the very callback that ran then: it was seen busy with that descriptor.
    pub(super) fn is_read_there(&mut self, arrival: &Arrival) -> bool {
        let then = TimeRange::new(arrival.at, arrival.at + Duration::from_nanos(1));
        let called = called_in(&self.thread.lane, then, then.end);
        let mut ranges = called.iter().map(|called| called.span.range(then.end));
        ranges.any(|range| self.is_busy_with(arrival.fd, range))
    }

    fn is_busy_with(&mut self, fd: i32, range: TimeRange) -> bool {
        let known = self.busy.take().filter(|(known, _)| *known == range);
        let busy = known.unwrap_or_else(|| (range, busy_with(self.thread, range).collect()));
        self.busy.insert(busy).1.contains(&fd)
    }
}

/// The descriptors that a thread was seen to be busy with, at one look after another.
pub(super) fn busy_with(thread: &ThreadTrack, range: TimeRange) -> impl Iterator<Item = i32> {
    let samples = thread.watch.samples_in(range).iter();
    samples.filter_map(|sample| match sample.doing {
        Doing::SystemCall { fd, .. } => fd,
        _ => None,
    })
}
