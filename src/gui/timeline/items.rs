//! What layout hands to paint: plain data in screen coordinates. No colour, no painter.

use egui::{Pos2, Rect};

use super::flows::Flows;
use crate::store::SpanKind;
use crate::trace::{EventKind, ModelId, Outcome, TimeRange};

/// In how many steps the share of active time of a fold is told.
pub(super) const SHARES: u8 = 12;

/// The lowest that a share of active time is drawn, in points: what was active must be seen.
const LOWEST: f32 = 1.5;

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// One span.
    Span(SpanKind),
    /// Several that are too short to be told apart.
    Fold {
        /// What the last active one of them is, as far as that is known; where none is active, what another one is.
        kind: SpanKind,
        /// How much of the time was active, from 0 to [`SHARES`].
        share: u8,
    },
}

impl Look {
    /// Whether it stands for work rather than for waiting.
    pub(super) const fn is_active(self) -> bool {
        match self {
            Self::Span(kind) => kind.is_active(),
            Self::Fold { share, .. } => share > 0,
        }
    }
}

/// The kinds of rows. All time of a task, and of what a thread does, is told: what is not active in a fold of them is a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// How a task fares.
    Task,
    /// What a thread does: the phases of a loop, or work and waits.
    Thread,
    /// What is called meanwhile: callbacks, and what they call.
    Calls,
}

/// A stretch of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    /// Where.
    pub(super) rect: Rect,
    /// What it stands for.
    pub(super) look: Look,
    /// In what kind of row.
    pub(super) of: Of,
}

impl Bar {
    /// The part of a fold that is as high as its share of active time is: the lower one.
    pub(super) fn active_part(&self, share: u8) -> Rect {
        let part = f32::from(share.min(SHARES)) / f32::from(SHARES);
        let least = if share > 0 { LOWEST } else { 0.0 };
        let height = (self.rect.height() * part).max(least);
        self.rect.with_min_y(self.rect.bottom() - height)
    }
}

/// A text in a bar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// The room that it has.
    pub(super) room: Rect,
    /// The whole of it.
    pub(super) text: String,
    /// What is left when the whole does not fit.
    pub(super) short: Option<String>,
    /// On what it stands.
    pub(super) on: On,
}

/// On what a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// On a bar.
    Bar(SpanKind),
    /// On what is stalled.
    Stall,
}

/// The end of a task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct End {
    /// Where.
    pub(super) at: Pos2,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// What is written beside it.
    pub(super) text: String,
}

/// The life of a model, in its header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Life {
    /// Where.
    pub(super) rect: Rect,
    /// How it ended, if it did.
    pub(super) outcome: Option<Outcome>,
}

/// Everything that is to be drawn in the lanes, in screen coordinates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Picture {
    /// Spans and states.
    pub(super) bars: Vec<Bar>,
    /// Under the curves of bytes that arrived: columns, one beside the other.
    pub(super) progress: Vec<Rect>,
    /// Stalls on lanes.
    pub(super) stalls: Vec<StallBar>,
    /// Stalls in headers.
    pub(super) stall_marks: Vec<StallMark>,
    /// Texts in bars.
    pub(super) labels: Vec<Label>,
    /// Moments.
    pub(super) marks: Vec<Mark>,
    /// Ends of tasks.
    pub(super) ends: Vec<End>,
    /// Lives of models.
    pub(super) lives: Vec<Life>,
    /// Arrows from causes to what followed.
    pub(super) flows: Flows,
}

/// A stretch of a lane that is stalled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StallBar {
    /// Where.
    pub(super) rect: Rect,
    /// Whether it lasts still.
    pub(super) growing: bool,
}

/// One stall, or several close together, in a header.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StallMark {
    /// From the begin of the first to the end of the last.
    pub(super) rect: Rect,
    /// Whose.
    pub(super) model: ModelId,
    /// The place of the longest among those of the model; of one that lasts still there is none yet.
    pub(super) index: Option<usize>,
    /// How many.
    pub(super) count: usize,
    /// When the longest was.
    pub(super) range: TimeRange,
    /// What it is called: `Stall: data_received of ecstasy, 200 ms`.
    pub(super) name: String,
}

/// The shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A connection stands.
    Connected,
    /// Something failed.
    Failure,
    /// Events were dropped.
    Dropped,
    /// A timer was set.
    TimerSet,
    /// A timer fired.
    TimerFired,
    /// A timer was cancelled.
    TimerCancelled,
    /// The loop learned that a descriptor is ready.
    Readiness,
    /// Another thread asked for a call.
    ThreadCall,
}

impl Shape {
    /// The shape for what happened, if it gets one: stalls and bytes are drawn in other ways.
    pub(super) const fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::Connected { .. } => Some(Self::Connected),
            EventKind::Failure { .. } => Some(Self::Failure),
            EventKind::Dropped { .. } => Some(Self::Dropped),
            EventKind::TimerSet { .. } => Some(Self::TimerSet),
            EventKind::TimerFired { .. } => Some(Self::TimerFired),
            EventKind::TimerCancelled { .. } => Some(Self::TimerCancelled),
            EventKind::Readiness { .. } => Some(Self::Readiness),
            EventKind::ThreadCall { .. } => Some(Self::ThreadCall),
            _ => None,
        }
    }

    /// Whether it must be seen at every scale.
    pub(super) const fn is_notable(self) -> bool {
        matches!(self, Self::Connected | Self::Failure | Self::Dropped)
    }
}

/// A moment on a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    /// Its middle.
    pub(super) at: Pos2,
    /// What it looks like.
    pub(super) shape: Shape,
}
