//! From hands to commands.

use egui::{CursorIcon, PointerButton, Pos2, Response, Ui, Vec2};

use super::chrome::Areas;
use super::hit::{Target, hit};
use super::measure::{held_by, meant};
use super::outline::Outline;
use super::overlay::head;
use super::place::Placement;
use crate::gui::command::{Command, Side, ViewCommand};
use crate::gui::playback::PlaybackCommand;
use crate::gui::range;
use crate::trace::Timestamp;

/// A range counts from this width on, in points: who goes back to where he began wants none.
const NARROWEST_RANGE: f64 = 3.0;
/// What a hand holds has not moved if it lies no further from it, in points: moments on the screen are rounded.
const STILL: f64 = 0.01;

/// What a drag does, from the moment when it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drag {
    /// It moves the view: this moment stays under the pointer, which was last seen at this height.
    Pan { held: f64, height: f32 },
    /// It moves the playhead.
    Playhead,
    /// It chooses a stretch of time, of which this end is held.
    Range(Timestamp),
}

/// What the hands did in a frame that is not a command.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hands {
    /// By how much the lanes are to be scrolled up, in points.
    pub(super) scroll: f32,
    /// What lies under the pointer.
    pub(super) target: Option<Target>,
    /// Where the pointer is, if it is on the lanes or on the ruler.
    pub(super) pointer: Option<Pos2>,
    /// Whether a stretch of time is being chosen.
    pub(super) pulls: bool,
    /// Where on the screen the edge of a span is that is pulled to.
    pub(super) edge: Option<f32>,
}

/// Turns what the hands did on the canvas into commands.
pub(super) fn hands(
    ui: &Ui,
    response: &Response,
    areas: &Areas,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    drag: &mut Option<Drag>,
    commands: &mut Vec<Command>,
) -> Hands {
    let mut hands = Hands::default();
    let pointer = ui.input(|input| input.pointer.latest_pos());
    let over = response.contains_pointer() || drag.is_some();
    let time = areas.lanes.union(areas.ruler);
    hands.pointer = pointer.filter(|&at| over && time.contains(at));
    if response.hovered()
        && drag.is_none()
        && let Some(at) = hands.pointer
    {
        hands.target = hit(place, outline, at);
    }
    start_drag(response, areas, place, outline, drag);
    drags(response, place, outline, drag, commands, &mut hands);
    clicks(response, areas, place, outline, commands);
    if over {
        wheel(ui, place, hands.pointer, commands, &mut hands.scroll);
    }
    cursor_icon(ui, areas, place, *drag, &hands);
    hands
}

/// A drag moves the view; one with Shift, on the ruler or from an edge of the chosen range chooses a range.
fn start_drag(
    response: &Response,
    areas: &Areas,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    drag: &mut Option<Drag>,
) {
    let input = |input: &egui::InputState| (input.pointer.press_origin(), input.modifiers);
    let (origin, modifiers) = response.ctx.input(input);
    let pan = origin.map(|at| Drag::Pan {
        held: place.axis.nanos_at(at.x),
        height: at.y,
    });
    if response.drag_started_by(PointerButton::Middle) {
        *drag = pan;
    }
    if !response.drag_started_by(PointerButton::Primary) {
        return;
    }
    let time = areas.lanes.union(areas.ruler);
    let origin = origin.filter(|&at| time.contains(at));
    if origin.is_some_and(|at| is_on_playhead(areas, place, at)) {
        *drag = Some(Drag::Playhead);
        return;
    }
    let held = origin.and_then(|at| {
        held_by(place, at).or_else(|| {
            let begins = modifiers.shift || areas.ruler.contains(at);
            begins.then(|| meant(place, outline, at, modifiers.alt).at)
        })
    });
    *drag = held.map(Drag::Range).or(pan);
}

fn drags(
    response: &Response,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    drag: &mut Option<Drag>,
    commands: &mut Vec<Command>,
    hands: &mut Hands,
) {
    match drag {
        Some(Drag::Pan { held, height }) => {
            if let Some(at) = response.interact_pointer_pos() {
                let by = *held - place.axis.nanos_at(at.x);
                if by.abs() > STILL * place.axis.nanos_per_point() {
                    commands.push(Command::View(ViewCommand::Pan(by)));
                }
                hands.scroll -= at.y - *height;
                *height = at.y;
            }
        }
        Some(Drag::Playhead) => {
            if let Some(at) = response.interact_pointer_pos() {
                commands.push(seek(place, at));
            }
        }
        Some(Drag::Range(held)) => {
            let held = *held;
            hands.pulls = true;
            if let Some(at) = response.interact_pointer_pos() {
                let free = response.ctx.input(|input| input.modifiers.alt);
                pull(place, outline, held, (at, free), commands, hands);
            }
            if response.drag_stopped() && place.scene.chosen.is_some() {
                commands.push(Command::SetPanel(Side::Statistics, true));
            }
        }
        None => {}
    }
    if response.drag_stopped() || !response.is_pointer_button_down_on() {
        *drag = None;
    }
}

/// Whether the pointer is on the head of the playhead.
fn is_on_playhead(areas: &Areas, place: &Placement<'_>, at: Pos2) -> bool {
    head(areas, place).is_some_and(|head| head.expand(2.0).contains(at))
}

/// Puts the playhead where the hand is.
fn seek(place: &Placement<'_>, at: Pos2) -> Command {
    let axis = &place.axis;
    let nanos = axis.nanos_at(at.x.clamp(axis.left(), axis.right()));
    Command::Playback(PlaybackCommand::Seek(Timestamp(nanos.max(0.0) as u64)))
}

/// The range reaches from the end that is held to where the hand is.
fn pull(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    held: Timestamp,
    (at, free): (Pos2, bool),
    commands: &mut Vec<Command>,
    hands: &mut Hands,
) {
    let meant = meant(place, outline, at, free);
    let range = range::between(held, meant.at);
    let shortest = NARROWEST_RANGE * place.axis.nanos_per_point();
    // Between two edges that were met exactly nothing is too short.
    let counts = range.nanos() as f64 >= shortest || (meant.on_edge && !range.is_empty());
    let chosen = counts.then_some(range);
    if chosen != place.scene.chosen {
        commands.push(Command::ChooseRange(chosen));
    }
    hands.edge = meant.on_edge.then(|| place.axis.x(meant.at));
}

fn clicks(
    response: &Response,
    areas: &Areas,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    commands: &mut Vec<Command>,
) {
    let Some(at) = response.interact_pointer_pos() else {
        return;
    };
    let scene = place.scene;
    if areas.ruler.contains(at)
        && response.double_clicked()
        && let Some(range) = scene.chosen
    {
        commands.push(Command::View(ViewCommand::Show(range)));
    } else if areas.ruler.contains(at) && response.clicked() {
        commands.push(seek(place, at));
    }
    if !areas.lanes.contains(at) {
        return;
    }
    if response.double_clicked() {
        let range = hit(place, outline, at).and_then(|target| target.range(scene.store, scene.now));
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            commands.push(Command::View(ViewCommand::Show(range)));
        }
    } else if response.clicked() {
        let selection = hit(place, outline, at).and_then(|target| target.selection());
        commands.push(Command::Select(selection));
    }
}

fn wheel(
    ui: &Ui,
    place: &Placement<'_>,
    pointer: Option<Pos2>,
    commands: &mut Vec<Command>,
    scroll: &mut f32,
) {
    let (delta, zoom): (Vec2, f32) =
        ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    *scroll -= delta.y;
    pan(place, delta.x, commands);
    if zoom != 1.0
        && let Some(pointer) = pointer
    {
        let at = place.axis.nanos_at(pointer.x.max(place.axis.left()));
        let factor = 1.0 / f64::from(zoom);
        commands.push(Command::View(ViewCommand::Zoom { at, factor }));
    }
}

/// Moves the view along with something that moved by `points` on the screen.
fn pan(place: &Placement<'_>, points: f32, commands: &mut Vec<Command>) {
    if points != 0.0 {
        let by = -f64::from(points) * place.axis.nanos_per_point();
        commands.push(Command::View(ViewCommand::Pan(by)));
    }
}

fn cursor_icon(ui: &Ui, areas: &Areas, place: &Placement<'_>, drag: Option<Drag>, hands: &Hands) {
    let grips = |at| held_by(place, at).is_some() || is_on_playhead(areas, place, at);
    let icon = match (drag, hands.target) {
        (Some(Drag::Pan { .. }), _) => CursorIcon::Grabbing,
        (Some(Drag::Range(_) | Drag::Playhead), _) => CursorIcon::ResizeHorizontal,
        (None, _) if hands.pointer.is_some_and(grips) => CursorIcon::ResizeHorizontal,
        (None, Some(target)) if target.selection().is_some() => CursorIcon::PointingHand,
        _ if hands.pointer.is_some_and(|at| areas.ruler.contains(at)) => CursorIcon::Crosshair,
        _ => return,
    };
    ui.ctx().set_cursor_icon(icon);
}
