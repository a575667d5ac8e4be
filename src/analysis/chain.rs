//! The way of a result through the chain of a Deferred.

use crate::store::{LaneRef, ModelTrack, SpanKind, SpanRef, ThreadTrack};
use crate::trace::{Cause, DeferredStep, EventKind, FlowId, NameId, ThreadId, Timestamp};

/// What became of a Deferred, in the order of time.
///
/// It is found a part at a time: nobody knows how long after it was made something happens to a Deferred, and a frame has no
/// time for all of a long trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// What it is called.
    pub name: NameId,
    /// On which thread it lives.
    pub thread: ThreadId,
    /// What happened, as far as it was looked for; the first is that it was made.
    pub steps: Vec<ChainStep>,
    /// Up to which moment it was looked for.
    pub until: Timestamp,
    /// Whether that was all there was then.
    pub is_whole: bool,
    flow: FlowId,
    /// When each step was over: their order.
    over: Vec<(Timestamp, u8)>,
    /// The next place among the moments of the thread, and among the spans of each depth.
    next: (usize, Vec<usize>),
}

/// One thing that happened to a Deferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainStep {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: ChainEvent,
}

/// What may happen to a Deferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChainEvent {
    /// Somebody promised a result.
    Made,
    /// Its chain came a step further.
    Step(DeferredStep),
    /// Its chain waits for another Deferred, if that is recorded.
    Paused(Option<FlowId>),
    /// One of its callbacks, or errbacks, ran.
    Called {
        /// Its span.
        span: SpanRef,
        /// What it is called.
        name: Option<NameId>,
        /// Whether it failed.
        failed: bool,
    },
}

/// How many of these are looked at before the others: about as many moments as spans.
const STRIDE: usize = 4_096;

/// The way of the Deferred with this flow, if there is one in `model`. Looks at all that came after: for a long trace
/// [`Chain::look`] does the same by and by.
pub fn chain(model: &ModelTrack, flow: FlowId) -> Option<Chain> {
    let mut chain = Chain::begin(model, flow)?;
    while !chain.look(model, usize::MAX) {}
    Some(chain)
}

impl Chain {
    /// The Deferred with this flow, if there is one in `model`. What became of it is not looked for yet.
    pub fn begin(model: &ModelTrack, flow: FlowId) -> Option<Self> {
        model.threads.iter().find_map(|thread| {
            let made = thread.origin(flow)?;
            let EventKind::DeferredMade { name, .. } = made.kind else {
                return None;
            };
            let moments = thread.instants();
            let rows = thread.lane.rows().iter();
            let spans = rows.map(|row| row.first_after(made.at)).collect();
            Some(Self {
                name,
                thread: thread.id,
                steps: Vec::new(),
                until: made.at,
                is_whole: false,
                flow,
                over: Vec::new(),
                next: (moments.partition_point(|event| event.at < made.at), spans),
            })
        })
    }

    /// Which Deferred it is of.
    pub const fn flow(&self) -> FlowId {
        self.flow
    }

    /// Looks at about `most` more moments and spans. Whether that was all there is at present; a callback that has not
    /// returned waits.
    pub fn look(&mut self, model: &ModelTrack, most: usize) -> bool {
        let Some(thread) = model.thread(self.thread) else {
            return true;
        };
        self.is_whole = false;
        let mut left = most;
        while left > 0 {
            // All rows up to the same moment: what is told of is whole up to there.
            let mut until = self.stride(thread);
            let mut looked = self.all_before(model, thread, until);
            if looked == 0 && until < Timestamp::MAX {
                // Very much began at that very moment.
                until = Timestamp(until.0 + 1);
                looked = self.all_before(model, thread, until);
            }
            if until == Timestamp::MAX {
                let last = thread.instants().last();
                self.until = last.map_or(self.until, |event| event.at.max(self.until));
                self.is_whole = true;
                return true;
            }
            self.until = until;
            left = left.saturating_sub(looked);
        }
        false
    }

    /// A moment up to which there is a little more to look at.
    fn stride(&self, thread: &ThreadTrack) -> Timestamp {
        let moment = thread.instants().get(self.next.0 + STRIDE);
        let rows = thread.lane.rows().iter().zip(&self.next.1);
        let spans = rows.filter_map(|(row, next)| row.get(next + STRIDE));
        let begins = spans.map(|span| span.begin);
        let all = begins.chain(moment.map(|event| event.at));
        all.min().unwrap_or(Timestamp::MAX)
    }

    /// Looks at all that began before a moment: at how much.
    fn all_before(&mut self, model: &ModelTrack, thread: &ThreadTrack, until: Timestamp) -> usize {
        self.moments(thread, until) + self.called(model, thread, until)
    }

    /// What is told of it before a moment. How many moments were looked at.
    fn moments(&mut self, thread: &ThreadTrack, until: Timestamp) -> usize {
        let moments = thread.instants();
        let from = self.next.0.max(moments.first_place());
        let mut place = from;
        while let Some(event) = moments.get(place).filter(|event| event.at < until) {
            place += 1;
            let what = match event.kind {
                EventKind::DeferredMade { deferred, .. } if deferred == self.flow => {
                    ChainEvent::Made
                }
                EventKind::DeferredStep { deferred, step } if deferred == self.flow => {
                    ChainEvent::Step(step)
                }
                EventKind::DeferredPaused {
                    deferred,
                    waits_for,
                } if deferred == self.flow => ChainEvent::Paused(waits_for),
                _ => continue,
            };
            let at = event.at;
            self.add(at, ChainStep { at, what });
        }
        self.next.0 = place;
        place - from
    }

    /// Its callbacks that ended before a moment. How many spans were looked at.
    fn called(&mut self, model: &ModelTrack, thread: &ThreadTrack, until: Timestamp) -> usize {
        let mut looked = 0;
        for (depth, row) in thread.lane.rows().iter().enumerate() {
            if self.next.1.len() <= depth {
                self.next.1.push(0);
            }
            let spans = row.spans();
            let mut index = self.next.1[depth].max(spans.first_place());
            while let Some(span) = spans.get(index).filter(|span| span.begin < until) {
                let its = span.kind == SpanKind::Callback(Cause::Deferred);
                if its && span.flow == Some(self.flow) {
                    let what = ChainEvent::Called {
                        span: SpanRef {
                            model: model.id,
                            lane: LaneRef::Thread(thread.id),
                            depth,
                            index,
                        },
                        name: span.name,
                        failed: span.failed,
                    };
                    let at = span.begin;
                    self.add(span.end, ChainStep { at, what });
                }
                (index, looked) = (index + 1, looked + 1);
            }
            self.next.1[depth] = index;
        }
        looked
    }

    /// What a callback led to is told at the moment of its end, and comes after it.
    fn add(&mut self, over: Timestamp, step: ChainStep) {
        let key = (over, rank(step.what));
        let place = self.over.partition_point(|known| *known <= key);
        self.over.insert(place, key);
        self.steps.insert(place, step);
    }
}

/// The order of what happened at the same moment.
const fn rank(what: ChainEvent) -> u8 {
    match what {
        ChainEvent::Made => 0,
        ChainEvent::Step(
            DeferredStep::Fired | DeferredStep::FiredWithFailure | DeferredStep::Resumed,
        ) => 1,
        ChainEvent::Called { .. } => 2,
        ChainEvent::Step(_) | ChainEvent::Paused(_) => 3,
    }
}
