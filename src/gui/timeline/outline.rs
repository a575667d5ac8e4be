//! What lies above what: the groups and lanes from top to bottom, without their contents.

use std::collections::BTreeSet;

use crate::store::{ModelTrack, TaskTrack, ThreadTrack, TraceStore};

/// Height of a model's header, in points.
pub(super) const HEADER: f32 = 38.0;
/// Height of a task's lane.
pub(super) const TASK: f32 = 23.0;
/// Height of one depth of a thread's lane.
pub(super) const ROW: f32 = 16.0;
/// Height of the strip above a thread's rows in which its moments are marked.
pub(super) const MOMENTS: f32 = 9.0;
/// Free space below a thread's rows.
pub(super) const BELOW: f32 = 3.0;
/// Free space between two groups.
pub(super) const GAP: f32 = 7.0;

/// What a band of the timeline is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    /// The header of a model.
    Header {
        /// Whether its lanes are hidden.
        collapsed: bool,
    },
    /// How a task fared.
    Task(&'a TaskTrack),
    /// What a thread did.
    Thread(&'a ThreadTrack),
}

/// One horizontal band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band<'a> {
    /// What it is about.
    pub(super) kind: Kind<'a>,
    /// Whose it is.
    pub(super) model: &'a ModelTrack,
    /// Its upper edge, in points below the upper edge of all bands.
    pub(super) top: f32,
    /// How high it is, in points.
    pub(super) height: f32,
}

impl Band<'_> {
    /// Its lower edge.
    pub(super) fn bottom(&self) -> f32 {
        self.top + self.height
    }

    /// The upper edge of a depth of a thread, below the upper edge of the band.
    pub(super) fn row_top(depth: usize) -> f32 {
        MOMENTS + depth as f32 * ROW
    }
}

/// All bands.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline<'a> {
    bands: Vec<Band<'a>>,
    height: f32,
}

impl<'a> Outline<'a> {
    /// The bands of a trace, where the models called like one of `collapsed` show only their header.
    pub(super) fn new(store: &'a TraceStore, collapsed: &BTreeSet<String>) -> Self {
        let mut outline = Self::default();
        for (place, model) in store.models().iter().enumerate() {
            if place > 0 {
                outline.height += GAP;
            }
            let collapsed = collapsed.contains(store.model_name(model));
            outline.add(model, Kind::Header { collapsed }, HEADER);
            if collapsed {
                continue;
            }
            for task in &model.tasks {
                outline.add(model, Kind::Task(task), TASK);
            }
            for thread in model
                .threads
                .iter()
                .filter(|thread| is_worth_a_lane(thread))
            {
                let rows = thread.lane.depths().max(1) as f32 * ROW;
                outline.add(model, Kind::Thread(thread), MOMENTS + rows + BELOW);
            }
        }
        outline
    }

    /// From top to bottom.
    pub(super) fn bands(&self) -> &[Band<'a>] {
        &self.bands
    }

    /// How high all of them are together, in points.
    pub(super) const fn height(&self) -> f32 {
        self.height
    }

    /// Those that show in a window of `height` points, `scroll` points below the upper edge.
    pub(super) fn visible(&self, scroll: f32, height: f32) -> &[Band<'a>] {
        let from = self.bands.partition_point(|band| band.bottom() <= scroll);
        let to = self
            .bands
            .partition_point(|band| band.top < scroll + height);
        &self.bands[from..to.max(from)]
    }

    /// The one `y` points below the upper edge.
    pub(super) fn at(&self, y: f32) -> Option<&Band<'a>> {
        let place = self.bands.partition_point(|band| band.bottom() <= y);
        self.bands.get(place).filter(|band| band.top <= y)
    }

    fn add(&mut self, model: &'a ModelTrack, kind: Kind<'a>, height: f32) {
        self.bands.push(Band {
            kind,
            model,
            top: self.height,
            height,
        });
        self.height += height;
    }
}

/// A thread that never did a thing, such as the one that waits for all others, takes no room.
fn is_worth_a_lane(thread: &ThreadTrack) -> bool {
    thread.has_spans() || !thread.notable().is_empty()
}
