//! How many of very many lanes were there, worked, or were ready and not served, in each column of time.
//!
//! The work for a frame is bounded: where there is more to count, the picture shows those that are counted so far and says
//! so, and the next frames count on. While the view stands still it soon is of all of them.

use std::ops::RangeInclusive;

use super::outline::{Kind, Outline};
use super::place::Placement;
use crate::gui::lanes::Sort;
use crate::store::{Lane, LaneRef, ModelTrack, Piece, SpanKind};
use crate::trace::{ModelId, TimeRange, Timestamp};

/// The narrowest column, in points.
const NARROWEST: f64 = 2.0;
/// How much is counted of a crowd in a frame at most, in spans.
const MOST: usize = 16_000;
/// How many spans could be counted in the time that it takes to begin with a lane, and to fold those of a column.
const COSTS: [usize; 2] = [6, 2];
/// On how many lanes it is estimated how much there is to count.
const LOOKED_AT: usize = 64;

/// How many lanes of a crowd were so in a stretch of time. One that was ready and then worked is counted as both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Begun, and not over.
    pub(super) there: usize,
    /// With data that nobody served.
    pub(super) ready: usize,
    /// At work.
    pub(super) active: usize,
}

/// What is known of a crowd in one frame.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// One for each column.
    pub(super) counts: Vec<Count>,
    /// How many lanes were counted.
    pub(super) lanes: usize,
    columns: Columns,
}

impl Counted {
    /// When a column is.
    pub(super) fn range(&self, column: usize) -> TimeRange {
        self.columns.range(column)
    }
}

/// How far the crowds on the screen are counted, from frame to frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Census(Vec<Progress>);

/// How far one of them is.
#[derive(Clone, Debug)]
struct Progress {
    of: Subject,
    /// One of so many lanes is counted in a frame.
    stride: usize,
    /// How many frames have counted.
    frames: usize,
    tallies: [Tally; 3],
    lanes: usize,
}

/// What is counted. Where anything of it has changed, it is counted anew.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Subject {
    crowd: (ModelId, Sort),
    columns: Columns,
    lanes: usize,
    /// The one that is not among them because it is looked at closely.
    own: Option<(ModelId, LaneRef)>,
    /// How much was recorded, and until when.
    recorded: (u64, Timestamp),
}

impl Census {
    /// Counts on, and hands what is counted to `outline`. Whether there is more to count.
    pub(super) fn go_on(&mut self, place: &Placement<'_>, outline: &mut Outline<'_>) -> bool {
        let scene = place.scene;
        let before = std::mem::take(&mut self.0);
        let find = |of| before.iter().find(|one: &&Progress| one.of == of).cloned();
        for band in outline.visible(place.scroll, place.lanes.height()) {
            let Kind::Crowd {
                sort,
                collapsed: true,
                ..
            } = band.kind
            else {
                continue;
            };
            let lanes = outline.crowd(band.model.id, sort);
            let of = Subject {
                crowd: (band.model.id, sort),
                columns: Columns::new(place),
                lanes: lanes.len(),
                own: scene.selected_lane(),
                recorded: (scene.store.events(), scene.now),
            };
            let mut progress = find(of).unwrap_or_else(|| Progress::new(of, band.model, lanes));
            progress.go_on(place, band.model, lanes);
            self.0.push(progress);
        }
        let counted = self.0.iter().map(|one| (one.of.crowd, one.counted()));
        outline.counted = counted.collect();
        self.0.iter().any(Progress::is_behind)
    }
}

impl Progress {
    fn new(of: Subject, model: &ModelTrack, lanes: &[LaneRef]) -> Self {
        Self {
            of,
            stride: of.columns.stride(model, lanes),
            frames: 0,
            tallies: std::array::from_fn(|_| Tally::new(of.columns.count)),
            lanes: 0,
        }
    }

    const fn is_behind(&self) -> bool {
        self.frames < self.stride
    }

    fn go_on(&mut self, place: &Placement<'_>, model: &ModelTrack, lanes: &[LaneRef]) {
        if self.is_behind() {
            let next = lanes.iter().skip(self.frames).step_by(self.stride);
            for &lane in next {
                self.of.columns.count(place, model, lane, &mut self.tallies);
                self.lanes += 1;
            }
            self.frames += 1;
        }
    }

    fn counted(&self) -> Counted {
        Counted {
            counts: counts(&self.tallies),
            lanes: self.lanes,
            columns: self.of.columns,
        }
    }
}

/// How a crowd fared at the moment at `x`, as far as that can be told apart there.
pub(super) fn count_at(
    place: &Placement<'_>,
    model: &ModelTrack,
    lanes: &[LaneRef],
    x: f32,
) -> Count {
    let all = Columns::new(place);
    let column = Columns {
        first: (place.axis.nanos_at(x).max(0.0) as u64) / all.step,
        step: all.step,
        count: 1,
    };
    let mut tallies: [Tally; 3] = std::array::from_fn(|_| Tally::new(1));
    for &lane in lanes {
        column.count(place, model, lane, &mut tallies);
    }
    counts(&tallies)[0]
}

fn counts(tallies: &[Tally; 3]) -> Vec<Count> {
    let [there, ready, active] = tallies.each_ref().map(Tally::sums);
    let counts = there.into_iter().zip(ready).zip(active);
    counts
        .map(|((there, ready), active)| Count {
            there,
            ready,
            active,
        })
        .collect()
}

/// Columns of time. They hang on its beginning, so that they go along when the view moves.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns {
    /// How many of them before the first.
    first: u64,
    /// How long one is, in nanoseconds.
    step: u64,
    count: usize,
}

impl Columns {
    /// Those of the screen.
    fn new(place: &Placement<'_>) -> Self {
        let view = place.axis.range();
        let step = ((NARROWEST * place.axis.nanos_per_point()) as u64).max(1);
        let first = view.begin.0 / step;
        let count = (view.end.0.div_ceil(step)).saturating_sub(first) as usize;
        Self { first, step, count }
    }

    /// One of how many lanes is counted, so that all of it is not too much.
    fn stride(&self, model: &ModelTrack, lanes: &[LaneRef]) -> usize {
        let [begin, fold] = COSTS;
        let cost = |lane: &LaneRef| {
            let row = lane_of(model, *lane).and_then(|lane| lane.row(0));
            let spans = row.map_or(0, |row| {
                let from = row.first_after(Timestamp(self.first * self.step));
                let end = Timestamp((self.first + self.count as u64) * self.step);
                row.begins_at(from, end).saturating_sub(from)
            });
            begin + spans.min(fold * self.count)
        };
        let looked_at = lanes.iter().step_by(lanes.len().div_ceil(LOOKED_AT).max(1));
        let (count, sum) =
            looked_at.fold((0, 0), |(count, sum), lane| (count + 1, sum + cost(lane)));
        (sum * lanes.len()).div_ceil(count.max(1) * MOST).max(1)
    }

    fn range(&self, column: usize) -> TimeRange {
        let at = |column: usize| Timestamp((self.first + column as u64) * self.step);
        TimeRange::new(at(column), at(column + 1))
    }

    /// Those that a stretch of time touches.
    fn touched(&self, range: TimeRange) -> RangeInclusive<usize> {
        let column = |at: u64| (at / self.step).saturating_sub(self.first) as usize;
        let last = range.end.0.saturating_sub(1).max(range.begin.0);
        column(range.begin.0)..=column(last).min(self.count.saturating_sub(1))
    }

    /// Adds a lane to the tallies of those that are there, are ready, and are at work.
    fn count(
        &self,
        place: &Placement<'_>,
        model: &ModelTrack,
        lane: LaneRef,
        tallies: &mut [Tally; 3],
    ) {
        let end = Timestamp((self.first + self.count as u64) * self.step);
        let view = TimeRange::new(Timestamp(self.first * self.step), end);
        tallies.iter_mut().for_each(|tally| tally.next = 0);
        let Some(lane) = lane_of(model, lane) else {
            return;
        };
        let [there, ready, active] = tallies;
        let mut add = |range: TimeRange, kind: SpanKind, is_active: bool| {
            if kind == SpanKind::Queued || range.end < view.begin || range.begin >= end {
                return;
            }
            let touched = self.touched(range);
            there.add(touched.clone());
            match kind {
                _ if is_active => active.add(touched),
                SpanKind::Ready => ready.add(touched),
                _ => {}
            }
        };
        if let Some(row) = lane.row(0) {
            for piece in row.pieces(view, self.step) {
                match piece {
                    Piece::Span { index } => {
                        let Some(span) = row.get(index) else { continue };
                        let range = span.range(place.scene.now);
                        add(range, span.kind, span.kind.is_active());
                    }
                    Piece::Folded {
                        range,
                        active,
                        kind,
                        ..
                    } => add(range, kind, active > 0),
                }
            }
        }
        if let Some(open) = lane.open().first() {
            let range = open.range(place.scene.now);
            add(range, open.kind, open.kind.is_active());
        }
    }
}

fn lane_of(model: &ModelTrack, lane: LaneRef) -> Option<&Lane> {
    match lane {
        LaneRef::Task(id) => model.task(id).map(|task| &task.lane),
        LaneRef::Thread(id) => model.thread(id).map(|thread| &thread.lane),
    }
}

/// Counts lanes per column, each once however often it is added to one.
#[derive(Clone, Debug)]
struct Tally {
    /// By how much each column has more than the one before it.
    steps: Vec<i32>,
    /// The first column to which the lane that is counted was not added yet.
    next: usize,
}

impl Tally {
    fn new(columns: usize) -> Self {
        Self {
            steps: vec![0; columns + 1],
            next: 0,
        }
    }

    /// Adds a lane to these columns. They must not begin before those that it was added to last.
    fn add(&mut self, columns: RangeInclusive<usize>) {
        let (from, past) = ((*columns.start()).max(self.next), *columns.end() + 1);
        if from < past && past < self.steps.len() {
            self.steps[from] += 1;
            self.steps[past] -= 1;
            self.next = past;
        }
    }

    fn sums(&self) -> Vec<usize> {
        let columns = self.steps.len() - 1;
        let sums = self.steps.iter().scan(0, |sum, step| {
            *sum += step;
            Some((*sum).max(0) as usize)
        });
        sums.take(columns).collect()
    }
}
