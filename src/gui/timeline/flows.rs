//! Arrows from what led to something to what followed: which there are, and where they lie on the screen.

use std::collections::HashMap;
use std::time::Duration;

use egui::{Pos2, pos2};

use super::locate::{lane_edges, moments_height};
use super::outline::{Kind, Outline};
use super::place::Placement;
use crate::analysis::{
    Happened, Link, LinkKind, cause_of, effects, reads_between, sends_at, sends_to,
};
use crate::gui::command::Selection;
use crate::store::{Lane, LaneRef, ModelTrack, Piece, SpanKind, SpanRef, TaskTrack};
use crate::trace::{Cause, ModelId, ThreadId, Timestamp};

/// Of what followed from the selected thing, more is not drawn.
const SELECTED: usize = 60;
/// More arrows than these nobody can follow: those that are close together become one.
const MOST: usize = 300;
/// Arrows between the same lanes become one in any case where more than one ends in so many points: their heads would cover
/// each other, and what they lead to.
const CLOSE: f64 = 24.0;

/// An arrow, or several that lie close together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrow {
    /// What it stands for; of several one of them.
    pub(super) link: Link,
    /// Where the cause is.
    pub(super) from: Pos2,
    /// Where what followed begins.
    pub(super) to: Pos2,
    /// For how many it stands.
    pub(super) count: usize,
}

/// The arrows of a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flows {
    /// Those of the selected thing, the one from its cause first.
    pub(super) selected: Vec<Arrow>,
    /// All others in view.
    pub(super) others: Vec<Arrow>,
    /// For how many these others stand.
    pub(super) count: usize,
}

impl Flows {
    /// Those of the selected thing, and if it is asked for of everything in view.
    pub(super) fn of(place: &Placement<'_>, outline: &Outline<'_>) -> Self {
        let known = HashMap::new();
        let mut lanes = Lanes {
            place,
            outline,
            known,
        };
        let all = match place.scene.all_arrows {
            true => in_view(place, outline, &mut lanes),
            false => Vec::new(),
        };
        Self {
            selected: of_selection(place, &mut lanes),
            count: all.iter().map(|arrow| arrow.count).sum(),
            others: merged(place, all),
        }
    }

    /// All of them, those of the selected thing last.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Arrow> {
        self.others.iter().chain(&self.selected)
    }
}

/// Where the lanes lie: each is looked for once in a frame.
struct Lanes<'a> {
    place: &'a Placement<'a>,
    outline: &'a Outline<'a>,
    known: HashMap<(ModelId, LaneRef, Row), Option<f32>>,
}

/// A row of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Row {
    /// The upper edge of a task's bar.
    Top,
    /// Where the moments of a thread are marked.
    Moments(ThreadId),
    /// The spans of a depth.
    Depth(usize),
}

impl Lanes<'_> {
    /// The middle of a row; `None` where its lane is hidden.
    fn height(&mut self, model: ModelId, lane: LaneRef, row: Row) -> Option<f32> {
        let (place, outline) = (self.place, self.outline);
        *self
            .known
            .entry((model, lane, row))
            .or_insert_with(|| match row {
                Row::Top => lane_edges(place, outline, model, lane, 0).map(|(top, _)| top),
                Row::Moments(thread) => moments_height(place, outline, model, thread),
                Row::Depth(depth) => {
                    let (top, bottom) = lane_edges(place, outline, model, lane, depth)?;
                    Some((top + bottom) / 2.0)
                }
            })
    }

    fn on_span(&mut self, span: SpanRef, at: Timestamp) -> Option<Pos2> {
        let height = self.height(span.model, span.lane, Row::Depth(span.depth))?;
        Some(pos2(self.place.axis.x(at), height))
    }
}

fn of_selection(place: &Placement<'_>, lanes: &mut Lanes<'_>) -> Vec<Arrow> {
    let store = place.scene.store;
    let (cause, from) = match place.scene.selection {
        Some(Selection::Span(span)) => (cause_of(store, span), Happened::Span(span)),
        Some(Selection::Instant(model, thread, index)) => {
            (None, Happened::Instant(model, thread, index))
        }
        Some(Selection::Stall(..)) | None => return Vec::new(),
    };
    let sent = match from {
        Happened::Span(span) => sends_to(store, span, SELECTED),
        _ => Vec::new(),
    };
    let links = cause.into_iter().chain(sent);
    let links = links.chain(effects(store, from, SELECTED).links);
    links.filter_map(|link| arrow(lanes, link, 1)).collect()
}

/// The arrows to all callbacks that can be told apart; one for those that cannot.
fn in_view(place: &Placement<'_>, outline: &Outline<'_>, lanes: &mut Lanes<'_>) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    let visible = outline.visible(place.scroll, place.lanes.height());
    for band in outline.pinned().iter().chain(visible) {
        let thread = match band.kind {
            Kind::Thread(thread) => thread,
            Kind::Task(task) => {
                add_reads(place, band.model, task, lanes, &mut arrows);
                continue;
            }
            Kind::Header { .. } | Kind::Crowd { .. } => continue,
        };
        for depth in 0..thread.lane.depths() {
            let to = |(index, count)| {
                let span = SpanRef {
                    model: band.model.id,
                    lane: LaneRef::Thread(thread.id),
                    depth,
                    index,
                };
                to_callback(lanes, span, count)
            };
            arrows.extend(told_apart(place, &thread.lane, depth).filter_map(to));
        }
    }
    arrows
}

/// The arrows to what a task reads in view. Where that is often, one read stands for its neighbours.
fn add_reads(
    place: &Placement<'_>,
    model: &ModelTrack,
    task: &TaskTrack,
    lanes: &mut Lanes<'_>,
    arrows: &mut Vec<Arrow>,
) {
    let store = place.scene.store;
    let view = place.axis.range();
    let reads = reads_between(task, view.begin, view.end);
    let step = reads.len().div_ceil(MOST).max(1);
    for read in reads.step_by(step) {
        let links = sends_at(store, model, task, read..read + 1, SELECTED);
        arrows.extend(
            links
                .into_iter()
                .filter_map(|link| arrow(lanes, link, step)),
        );
    }
}

/// The places of the spans of a depth that can be told apart at this scale, what lasts still included; of those that
/// cannot, the longest, with their number.
fn told_apart<'a>(
    place: &Placement<'_>,
    lane: &'a Lane,
    depth: usize,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let row = lane.row(depth);
    let (view, grain) = (place.axis.range(), place.grain);
    let pieces = row.into_iter().flat_map(move |row| {
        row.pieces(view, grain).map(|piece| match piece {
            Piece::Span { index } => (index, 1),
            Piece::Folded { first, count, .. } => {
                let longest = row.longest_active(first, first + count);
                (longest.unwrap_or(first), count)
            }
        })
    });
    let open = lane.open().get(depth);
    pieces.chain(open.map(|_| (row.map_or(0, |row| row.spans().len()), 1)))
}

fn to_callback(lanes: &mut Lanes<'_>, to: SpanRef, count: usize) -> Option<Arrow> {
    let place = lanes.place;
    let store = place.scene.store;
    let SpanKind::Callback(cause) = store.span(to)?.kind else {
        return None;
    };
    let link = cause_of(store, to)?;
    // The callback around it, which takes the result, has the arrow already.
    let doubled = cause == Cause::Deferred && link.kind == LinkKind::Result;
    if doubled || !place.axis.range().contains(link.arrived) {
        return None;
    }
    arrow(lanes, link, count)
}

/// The arrow of a link whose lanes are shown, if any of it is on the screen.
fn arrow(lanes: &mut Lanes<'_>, link: Link, count: usize) -> Option<Arrow> {
    let from = match link.from {
        Happened::Span(span) => lanes.on_span(span, link.left)?,
        Happened::Instant(model, thread, _) => {
            let lane = LaneRef::Thread(thread);
            let height = lanes.height(model, lane, Row::Moments(thread))?;
            pos2(lanes.place.axis.x(link.left), height)
        }
        Happened::Sent(model, task) => {
            let height = lanes.height(model, LaneRef::Task(task), Row::Top)?;
            pos2(lanes.place.axis.x(link.left), height)
        }
    };
    let to = lanes.on_span(link.to, link.arrived)?;
    let screen = lanes.place.lanes;
    let (x, y) = (screen.x_range(), screen.y_range());
    let beside = (from.x < x.min && to.x < x.min) || (from.x > x.max && to.x > x.max);
    let above_or_below = (from.y < y.min && to.y < y.min) || (from.y > y.max && to.y > y.max);
    (!beside && !above_or_below).then_some(Arrow {
        link,
        from,
        to,
        count,
    })
}

/// At most [`MOST`] arrows, which stand for all: those of one kind that lie close together become one, and there may be the
/// farther between them the more there are.
fn merged(place: &Placement<'_>, mut arrows: Vec<Arrow>) -> Vec<Arrow> {
    let mut close = CLOSE;
    loop {
        arrows = bundled(place, arrows, close);
        if arrows.len() <= MOST {
            return arrows;
        }
        close *= 2.0;
    }
}

/// Of the arrows that end within `close` points the one that took longest, which stands for all of them. In steps of time
/// and not of the screen: an arrow stays the same while the view is moved.
fn bundled(place: &Placement<'_>, arrows: Vec<Arrow>, close: f64) -> Vec<Arrow> {
    let step = (close * place.axis.nanos_per_point()).max(1.0);
    // Lanes are merged last: an arrow between other lanes says something else.
    let apart = (close as f32 / 32.0).max(1.0);
    let mut places: HashMap<(LinkKind, [i32; 2], u64), usize> = HashMap::new();
    let mut fewer: Vec<Arrow> = Vec::new();
    for arrow in arrows {
        let lanes = [arrow.from.y, arrow.to.y].map(|y| (y / apart) as i32);
        let when = (arrow.link.arrived.0 as f64 / step) as u64;
        let key = (arrow.link.kind, lanes, when);
        let place = *places.entry(key).or_insert(fewer.len());
        let Some(known) = fewer.get_mut(place) else {
            fewer.push(arrow);
            continue;
        };
        let count = known.count + arrow.count;
        if took(&arrow) > took(known) {
            *known = arrow;
        }
        known.count = count;
    }
    fewer
}

fn took(arrow: &Arrow) -> Duration {
    arrow.link.arrived.since(arrow.link.left)
}
