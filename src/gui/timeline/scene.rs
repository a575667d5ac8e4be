//! What the timeline is given to show.

use std::time::Duration;

use crate::analysis::StallReport;
use crate::format::Mark;
use crate::gui::command::Selection;
use crate::gui::lanes::Arrangement;
use crate::gui::search::Hit;
use crate::gui::time_view::TimeView;
use crate::store::{LaneRef, TraceStore};
use crate::trace::{ModelId, TimeRange, Timestamp};

/// Where the key to patterns and shapes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legend {
    /// Below the lanes.
    Below,
    /// It can be shown there.
    Hidden,
    /// The timeline beside this one has it, for both.
    Elsewhere,
}

/// What there is to see in one frame.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// What was recorded.
    pub store: &'a TraceStore,
    /// The end of what lasts still: the present of a live trace, the last moment of any other.
    pub now: Timestamp,
    /// Whether the trace is still being recorded.
    pub live: bool,
    /// Which stretch of time is on the screen.
    pub view: &'a TimeView,
    /// How the lanes are arranged.
    pub lanes: &'a Arrangement,
    /// Where the key to patterns and shapes is.
    pub legend: Legend,
    /// What is known of its stalls, in the order in which they began, as far as that is found out.
    pub reports: &'a [StallReport],
    /// What a person marked, in the order of time.
    pub marks: &'a [Mark],
    /// What was searched for and found, in the order of time.
    pub hits: &'a [Hit],
    /// What is looked at closely.
    pub selection: Option<Selection>,
    /// Which stretch of time is chosen.
    pub chosen: Option<TimeRange>,
    /// Where the playhead is.
    pub playhead: Option<Timestamp>,
    /// The moment under a pointer that is not on the timeline, in nanoseconds.
    pub hover: Option<f64>,
    /// Whether everything in view has its arrows, and not only what is looked at closely.
    pub all_arrows: bool,
    /// How long a stretch without a poll must be to count as a stall, while it lasts.
    pub stall_threshold: Duration,
}

impl<'a> Scene<'a> {
    /// The lane of what is looked at closely.
    pub(super) fn selected_lane(&self) -> Option<(ModelId, LaneRef)> {
        Some(match self.selection? {
            Selection::Span(span) => (span.model, span.lane),
            Selection::Stall(model, index) => {
                let stall = self.store.model(model)?.stalls.get(index)?;
                (model, LaneRef::Thread(stall.thread))
            }
            Selection::Instant(model, thread, _) => (model, LaneRef::Thread(thread)),
        })
    }

    /// What is known of a stall.
    pub(super) fn report(&self, model: ModelId, index: usize) -> Option<&'a StallReport> {
        let begin = self.store.model(model)?.stalls.get(index)?.range.begin;
        let key = |report: &StallReport| (report.range.begin, report.model, report.index);
        let place = self
            .reports
            .binary_search_by_key(&(begin, model, index), key);
        self.reports.get(place.ok()?)
    }
}
