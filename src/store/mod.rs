//! What happened so far, found by time.
//!
//! The store is a forest: models hold threads and tasks, each of those a [`Lane`] of spans by depth. Begins
//! and ends are paired here and nowhere else, once, as batches arrive; whoever asks later sees spans. Spans
//! at one depth never overlap, so each [`Row`] is sorted by time and searched by bisection.
//!
//! The store has one owner and no lock. It keeps what it was told and draws no conclusions; those are
//! `analysis`.
//!
//! ```
//! use loopscope::clock::Clock;
//! use loopscope::record::channel;
//! use loopscope::store::{SpanKind, TraceStore};
//! use loopscope::trace::{EventKind, ModelId};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! let (clock, hand) = Clock::manual();
//! let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
//! recorder.record(EventKind::PollBegin);
//! hand.advance(Duration::from_millis(5));
//! recorder.record(EventKind::PollEnd { ready: 1 });
//! hand.advance(Duration::from_millis(2));
//! recorder.record(EventKind::PollBegin);
//! drop(recorder);
//!
//! let mut store = TraceStore::new();
//! while let Ok(batch) = receiver.try_recv() {
//!     store.push(&batch);
//! }
//! let my_loop = &store.models()[0].threads[0];
//! let row = my_loop.lane.row(0).expect("it has spans");
//! let polls = row.spans().iter().filter(|span| span.kind == SpanKind::Poll);
//! assert_eq!(polls.count(), 2, "and a turn between them");
//! ```

mod busy;
mod chunks;
mod lane;
mod levels;
mod limit;
mod lost;
mod model;
mod moment;
mod peaks;
mod row;
mod sends;
mod shelf;
mod span;
mod spans;
mod stalls;
mod task;
mod thread;
mod turn;
mod watch;

use std::collections::HashMap;

pub use busy::Busy;
pub use chunks::{Chunks, Iter as ChunksIter, Part};
pub use lane::Lane;
pub use limit::Forgotten;
use limit::Limit;
pub use model::{Memory, ModelTrack, Times};
pub use peaks::Series;
pub use row::{Piece, Pieces, Row};
pub use sends::{Sends, Sent};
pub use span::{LaneRef, Span, SpanKind, SpanRef};
pub use spans::{Iter as SpansIter, Moments, Shelved, Spans};
pub use stalls::{Stall, StallRow};
pub use task::{Connection, TaskTrack};
pub use thread::{PendingTimer, ThreadTrack};
pub use turn::TurnMark;
pub use watch::{Arrival, Arrivals, CpuTimes, Observer, Ran, Sample, SeenDescriptor, Watch};

use crate::trace::{Batch, EventKind, ModelId, NameId, TimeRange, Timestamp};

/// Everything that was recorded in one trace.
///
/// ```
/// # #[cfg(feature = "format")] {
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let names = trace.store.models().iter().map(|model| trace.store.model_name(model));
/// assert!(names.eq(["synchronous", "threaded", "asynchronous"]));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceStore {
    names: HashMap<NameId, String>,
    models: Vec<ModelTrack>,
    sends: Sends,
    range: Option<TimeRange>,
    events: u64,
    limit: Limit,
}

impl TraceStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what one thread recorded. Batches of one thread must come in their order; those of different
    /// threads in any. What does not fit (an end without a begin, say) is left out: a damaged trace still shows. Where
    /// events were dropped nothing is taken to have lasted on.
    pub fn push(&mut self, batch: &Batch) {
        for (id, text) in &batch.names {
            self.names.insert(*id, text.clone());
        }
        let (Some(first), Some(last)) = (batch.events.first(), batch.events.last()) else {
            return;
        };
        let range = TimeRange::new(first.at, last.at);
        self.range = Some(self.range.map_or(range, |all| all.union(range)));
        self.events += batch.events.len() as u64;
        if batch.source.model == ModelId::SERVERS {
            batch.events.iter().for_each(|event| self.sends.push(event));
        } else {
            let model = self.model_mut(batch.source.model);
            for event in &batch.events {
                model.push(batch.source.thread, event);
            }
        }
        let newest = self.range().end;
        if let Some(moment) = self.limit.check(self.events, newest) {
            self.sends.forget_before(moment);
            for model in &mut self.models {
                model.forget_before(moment);
            }
        }
    }

    /// Sets how many events are kept, roughly; `None` is all of them. What is counted stays counted, and so do stalls,
    /// tasks and threads; of what they did the oldest goes.
    pub fn keep_at_most(&mut self, events: Option<u64>) {
        self.limit.set(events);
    }

    /// What was let go of because no more was to be kept.
    pub const fn forgotten(&self) -> Option<Forgotten> {
        self.limit.forgotten
    }

    /// How many bytes of memory it takes, but for names.
    pub fn bytes(&self) -> usize {
        let models = self.models.iter().map(ModelTrack::bytes);
        self.sends.bytes() + models.sum::<usize>()
    }

    /// What the servers of the scenario sent.
    pub const fn sends(&self) -> &Sends {
        &self.sends
    }

    /// The models, in the order of their ids.
    pub fn models(&self) -> &[ModelTrack] {
        &self.models
    }

    /// The model with this id.
    pub fn model(&self, id: ModelId) -> Option<&ModelTrack> {
        self.models
            .binary_search_by_key(&id, |model| model.id)
            .ok()
            .map(|place| &self.models[place])
    }

    /// All names that were sent, in no order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (NameId, &str)> {
        self.names.iter().map(|(id, name)| (*id, name.as_str()))
    }

    /// The text of a name; `?` where the trace never told it.
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(&id).map_or("?", String::as_str)
    }

    /// The name of a model, such as `asynchronous`; of one that does not tell, that of its first thread.
    pub fn model_name(&self, model: &ModelTrack) -> &str {
        let thread = || model.threads.iter().find_map(|thread| thread.name);
        let name = model.name.or_else(thread);
        name.map_or("?", |name| self.name(name))
    }

    /// From the first event to the last; empty at zero where there is none.
    pub fn range(&self) -> TimeRange {
        self.range.unwrap_or_default()
    }

    /// How many events were taken in.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Whether nothing was taken in yet.
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The lane that a reference means.
    pub fn lane(&self, model: ModelId, lane: LaneRef) -> Option<&Lane> {
        let model = self.model(model)?;
        match lane {
            LaneRef::Thread(id) => model.thread(id).map(|thread| &thread.lane),
            LaneRef::Task(id) => model.task(id).map(|task| &task.lane),
        }
    }

    /// The span that a reference means. A reference stays good while the trace grows.
    pub fn span(&self, reference: SpanRef) -> Option<Span> {
        self.lane(reference.model, reference.lane)?
            .span(reference.depth, reference.index)
    }

    /// The span that encloses another.
    pub fn parent(&self, reference: SpanRef) -> Option<SpanRef> {
        let depth = reference.depth.checked_sub(1)?;
        let lane = self.lane(reference.model, reference.lane)?;
        let begin = lane.span(reference.depth, reference.index)?.begin;
        let index = lane.at(depth, begin)?;
        Some(SpanRef {
            depth,
            index,
            ..reference
        })
    }

    /// What caused a span: the readiness, the setting of the timer or the call from a thread that its flow
    /// leads back to, with the moment when it happened.
    pub fn cause(&self, reference: SpanRef) -> Option<(Timestamp, EventKind)> {
        let flow = self.span(reference)?.flow?;
        self.model(reference.model)?
            .threads
            .iter()
            .find_map(|thread| thread.origin(flow))
            .map(|event| (event.at, event.kind))
    }

    fn model_mut(&mut self, id: ModelId) -> &mut ModelTrack {
        let place = match self.models.binary_search_by_key(&id, |model| model.id) {
            Ok(place) => place,
            Err(place) => {
                self.models.insert(place, ModelTrack::new(id));
                place
            }
        };
        &mut self.models[place]
    }
}

#[cfg(all(test, feature = "format"))]
pub(crate) mod anything;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
