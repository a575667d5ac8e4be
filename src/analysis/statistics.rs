//! How often, how long and for whom: what happened in a stretch of time, as numbers.
//!
//! A span that reaches over an edge of the stretch counts with what of it lies inside, everywhere: so the numbers add
//! up, and those of two neighbouring stretches are those of both together.

use std::time::Duration;

use super::calls::Calls;
use super::spans::common;
use super::spent::{Spent, States};
use crate::store::{Lane, LaneRef, ModelTrack, Span, SpanRef, TraceStore};
use crate::trace::{ModelId, NameId, TaskId, ThreadId, TimeRange, Timestamp};

/// What happened in a model during a stretch of time.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::statistics;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let asynchronous = &trace.store.models()[2];
/// let statistics = statistics(&trace.store, asynchronous, trace.store.range(), trace.now());
/// assert_eq!(statistics.callbacks[0].name, "data_received", "took longest");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Which model.
    pub model: ModelId,
    /// The stretch.
    pub range: TimeRange,
    /// What was called, and the blocking calls in it, that which took longest first.
    pub callbacks: Vec<CallStatistics>,
    /// How its tasks fared, in the order of the scenario; those that did not exist then are left out.
    pub tasks: Vec<TaskStatistics>,
    /// How its threads spent their time; those that did not exist then, or never did a thing, are left out.
    pub threads: Vec<ThreadStatistics>,
}

/// All calls by one name, on all threads of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct CallStatistics {
    /// What it is called.
    pub name: String,
    /// Whether it is a call that blocks, and not a callback.
    pub blocking: bool,
    /// How often.
    pub count: u64,
    /// How long in all, what it called included.
    pub total: Duration,
    /// How long it was busy itself: the total without the spans that lie in it.
    pub own: Duration,
    /// The total by the count.
    pub mean: Duration,
    /// Half of the calls took no longer: exact up to 65,536 calls, by a [`Histogram`](super::Histogram) above.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
    /// Where that is.
    pub longest: SpanRef,
}

/// How one task fared.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskStatistics {
    /// Which.
    pub task: TaskId,
    /// What it is called.
    pub name: String,
    /// How long nobody worked on it.
    pub queued: Duration,
    /// How long it waited for its connection.
    pub waiting: Duration,
    /// How long it was ready and not served.
    pub ready: Duration,
    /// How long its code ran.
    pub running: Duration,
    /// Where it was ready longest; where it never was, its longest state.
    pub longest: SpanRef,
}

/// How one thread spent its time.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadStatistics {
    /// Which.
    pub thread: ThreadId,
    /// What it is called.
    pub name: String,
    /// How long it waited, in polls or in system calls.
    pub waited: Duration,
    /// How long it did anything else.
    pub busy: Duration,
    /// How much of that it was in callbacks, or in calls that block.
    pub called: Duration,
    /// The longest span in which it did something; where it did nothing, its longest wait.
    pub longest: SpanRef,
}

/// What happened in `model` during `range`, where `now` stands for the end of what lasts still. Looks at every span in
/// the range: for a long one, [`Tally`] does the same by and by.
pub fn statistics(
    store: &TraceStore,
    model: &ModelTrack,
    range: TimeRange,
    now: Timestamp,
) -> Statistics {
    let mut tally = Tally::new(model, range, now);
    while !tally.advance(store, usize::MAX) {}
    tally.statistics(store)
}

/// Statistics in the making: as many spans at a time as one has time for. The trace may grow meanwhile; what comes after
/// the moment at which the counting began is not counted.
#[derive(Clone, Debug)]
pub struct Tally {
    model: ModelId,
    range: TimeRange,
    /// The lanes that are still to be looked at, the next one last.
    lanes: Vec<LaneRef>,
    place: Option<Place>,
    calls: Calls,
    tasks: Vec<(TaskId, States)>,
    threads: Vec<(ThreadId, Spent)>,
    seen: usize,
}

/// Where the counting has come to on a lane.
#[derive(Clone, Copy, Debug)]
struct Place {
    lane: LaneRef,
    depth: usize,
    /// The next span of that depth.
    index: usize,
    /// One of the depth above it that begins no later.
    above: usize,
}

impl Tally {
    /// Nothing is counted yet.
    pub fn new(model: &ModelTrack, range: TimeRange, now: Timestamp) -> Self {
        let range = common(range, TimeRange::new(Timestamp::ZERO, now));
        let tasks = model.tasks.iter().map(|task| LaneRef::Task(task.id));
        let threads = model.threads.iter().map(|one| LaneRef::Thread(one.id));
        let mut lanes: Vec<_> = threads.chain(tasks).collect();
        lanes.reverse();
        Self {
            model: model.id,
            range,
            lanes,
            place: None,
            calls: Calls::default(),
            tasks: Vec::new(),
            threads: Vec::new(),
            seen: 0,
        }
    }

    /// Looks at `most` more spans. Whether there are none left.
    pub fn advance(&mut self, store: &TraceStore, most: usize) -> bool {
        let end = self.seen.saturating_add(most);
        while self.seen < end {
            if self.place.is_none() && !self.next_lane(store) {
                return true;
            }
            self.row(store, end);
        }
        self.place.is_none() && self.lanes.is_empty()
    }

    /// How many spans it has looked at.
    pub const fn seen(&self) -> usize {
        self.seen
    }

    /// What was counted.
    pub fn statistics(self, store: &TraceStore) -> Statistics {
        let model = store.model(self.model);
        let name = |id: Option<NameId>| id.map_or("?", |id| store.name(id)).to_owned();
        let tasks = self.tasks.into_iter().filter_map(|(id, states)| {
            let task = model?.task(id)?;
            states.statistics(id, name(task.name))
        });
        let threads = self.threads.into_iter().filter_map(|(id, spent)| {
            let thread = model?.thread(id)?;
            let lived = common(thread.range(self.range.end), self.range);
            spent.statistics(id, name(thread.name), lived)
        });
        Statistics {
            model: self.model,
            range: self.range,
            tasks: tasks.collect(),
            threads: threads.collect(),
            callbacks: self.calls.statistics(),
        }
    }

    /// Goes on with the next lane, if there is one.
    fn next_lane(&mut self, store: &TraceStore) -> bool {
        let Some(lane) = self.lanes.pop() else {
            return false;
        };
        match lane {
            LaneRef::Task(id) => self.tasks.push((id, States::default())),
            LaneRef::Thread(id) => self.threads.push((id, Spent::default())),
        }
        self.place = store
            .lane(self.model, lane)
            .map(|spans| first_place(lane, spans, 0, self.range));
        true
    }

    /// Goes on with a row, until it ends or `end` spans were looked at.
    fn row(&mut self, store: &TraceStore, end: usize) {
        let Some(mut place) = self.place.take() else {
            return;
        };
        let Some(lane) = store.lane(self.model, place.lane) else {
            return;
        };
        while let Some(span) = lane.span(place.depth, place.index) {
            if span.begin >= self.range.end {
                break;
            }
            if self.seen >= end {
                self.place = Some(place);
                return;
            }
            self.seen += 1;
            self.add(store, lane, &mut place, &span);
            place.index += 1;
        }
        if place.depth + 1 < lane.depths() {
            self.place = Some(first_place(place.lane, lane, place.depth + 1, self.range));
        }
    }

    fn add(&mut self, store: &TraceStore, lane: &Lane, place: &mut Place, span: &Span) {
        let nanos = common(span.range(self.range.end), self.range).nanos();
        let at = SpanRef {
            model: self.model,
            lane: place.lane,
            depth: place.depth,
            index: place.index,
        };
        match place.lane {
            LaneRef::Task(_) => {
                if let Some((_, states)) = self.tasks.last_mut() {
                    states.add(span.kind, nanos, at);
                }
            }
            LaneRef::Thread(_) => {
                let above = above(lane, place, span);
                self.calls.add(store, span, above.as_ref(), nanos, at);
                if let Some((_, spent)) = self.threads.last_mut() {
                    spent.add(span.kind, above.map(|above| above.kind), nanos, at);
                }
            }
        }
    }
}

/// Where a depth of a lane is to be begun.
fn first_place(lane: LaneRef, spans: &Lane, depth: usize, range: TimeRange) -> Place {
    let first = |depth: usize| {
        let row = spans.row(depth);
        row.map_or(0, |row| {
            let first = row.first_after(range.begin);
            // One without length that lies where the range begins belongs to it.
            let before = row.spans().range(..first).iter().rev();
            first - before.take_while(|span| span.begin >= range.begin).count()
        })
    };
    Place {
        lane,
        depth,
        index: first(depth),
        above: depth.checked_sub(1).map_or(0, first),
    }
}

/// The span in which `span` lies.
fn above(lane: &Lane, place: &mut Place, span: &Span) -> Option<Span> {
    let depth = place.depth.checked_sub(1)?;
    while let Some(next) = lane.span(depth, place.above + 1)
        && next.begin <= span.begin
    {
        place.above += 1;
    }
    let above = lane.span(depth, place.above)?;
    (above.begin <= span.begin && span.begin <= above.end).then_some(above)
}
