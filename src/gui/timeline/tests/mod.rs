//! The timeline over a trace made by hand: what is laid out, what lies under the pointer, what the hands do.

mod arranged;
mod crowds;
mod flows;
mod folds;
mod hands;
mod layout;
mod long;
mod pointing;
mod ranges;

use std::time::Duration;

use egui::{Rect, pos2, vec2};

use super::census::Census;
use super::items::Picture;
use super::layout::lay_out;
use super::outline::{Band, Kind, Outline};
use super::place::Placement;
use super::samples::Sample;
use super::scene::{Legend, Scene};
use crate::analysis::{StallReport, stalls};
use crate::gui::command::{Selection, ViewCommand};
use crate::gui::lanes::{Arrangement, Lane, LaneCommand};
use crate::gui::time_view::TimeView;
use crate::store::TraceStore;
use crate::trace::{TimeRange, Timestamp};

const MS: u64 = 1_000_000;

/// A trace, and how it is looked at.
struct World {
    store: TraceStore,
    view: TimeView,
    now: Timestamp,
    lanes: Arrangement,
    selection: Option<Selection>,
    chosen: Option<TimeRange>,
    all_arrows: bool,
    playhead: Option<Timestamp>,
    scroll: f32,
    height: f32,
}

impl World {
    /// The sample as a whole on the screen.
    fn new(sample: Sample) -> Self {
        Self::of(sample.store(), sample.until)
    }

    fn of(store: TraceStore, until: Timestamp) -> Self {
        let now = if until == Timestamp::MAX {
            store.range().end
        } else {
            until
        };
        let mut view = TimeView::default();
        view.apply(ViewCommand::Fit, TimeRange::new(Timestamp::ZERO, now));
        Self {
            store,
            view,
            now,
            lanes: Arrangement::default(),
            selection: None,
            chosen: None,
            all_arrows: false,
            playhead: None,
            scroll: 0.0,
            height: 2_000.0,
        }
    }

    /// The same, looking at a stretch of time.
    fn at(mut self, begin: u64, end: u64) -> Self {
        let range = TimeRange::new(Timestamp(begin), Timestamp(end));
        self.view.apply(
            ViewCommand::Show(range),
            TimeRange::new(Timestamp::ZERO, self.now),
        );
        self
    }

    fn collapse(mut self, model: &str) -> Self {
        let collapse = LaneCommand::Collapse(Lane::group(model), true);
        self.lanes.apply(collapse, &self.store);
        self
    }

    fn scene<'a>(&'a self, reports: &'a [StallReport]) -> Scene<'a> {
        Scene {
            store: &self.store,
            now: self.now,
            live: false,
            view: &self.view,
            lanes: &self.lanes,
            legend: Legend::Hidden,
            hits: &[],
            reports,
            marks: &[],
            selection: self.selection,
            chosen: self.chosen,
            all_arrows: self.all_arrows,
            hover: None,
            playhead: self.playhead,
            stall_threshold: Duration::from_millis(50),
        }
    }

    fn look<R>(&self, see: impl FnOnce(&Placement<'_>, &Outline<'_>) -> R) -> R {
        let reports = stalls(&self.store, self.now);
        let scene = self.scene(&reports);
        let lanes = Rect::from_min_size(pos2(100.0, 30.0), vec2(1_000.0, self.height));
        let place = Placement::new(&scene, lanes, self.scroll, 1.0);
        let mut outline = Outline::new(&scene, 0.0);
        Census::default().go_on(&place, &mut outline);
        see(&place, &outline)
    }

    fn picture(&self) -> Picture {
        self.look(lay_out)
    }
}

/// The band of a task of a model, by their places.
fn task<'a>(outline: &'a Outline<'_>, model: usize, task: usize) -> &'a Band<'a> {
    let mut bands = outline
        .bands()
        .iter()
        .filter(|band| band.model.id.index() == model && matches!(band.kind, Kind::Task(_)));
    bands.nth(task).expect("the task has a lane")
}

/// The band of the first thread of a model that has one.
fn thread<'a>(outline: &'a Outline<'_>, model: usize) -> &'a Band<'a> {
    let mut bands = outline
        .bands()
        .iter()
        .filter(|band| band.model.id.index() == model && matches!(band.kind, Kind::Thread(_)));
    bands.next().expect("the thread has a lane")
}
