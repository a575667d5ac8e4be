//! From hands to commands.

use egui::{CursorIcon, PointerButton, Pos2, Rangef, Response, Ui, Vec2};

use super::chrome::Areas;
use super::hit::{Target, hit};
use super::outline::Outline;
use super::place::Placement;
use crate::gui::command::{Command, ViewCommand};
use crate::trace::{TimeRange, Timestamp};

/// A mark that is drawn on the ruler counts from this width on, in points.
const SHORTEST_MARK: f32 = 4.0;

/// What a drag does, from the moment when it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drag {
    /// It moves the view.
    Pan,
    /// It marks out a stretch of time, from this moment on, in nanoseconds.
    Mark(f64),
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
    /// What is being marked out.
    pub(super) mark: Option<Rangef>,
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
    drags(response, areas, place, drag, commands, &mut hands);
    clicks(response, areas, place, outline, commands);
    if over {
        wheel(ui, place, hands.pointer, commands, &mut hands.scroll);
    }
    cursor_icon(ui, areas, *drag, &hands);
    hands
}

fn drags(
    response: &Response,
    areas: &Areas,
    place: &Placement<'_>,
    drag: &mut Option<Drag>,
    commands: &mut Vec<Command>,
    hands: &mut Hands,
) {
    let pulls = |button| response.drag_started_by(button);
    if pulls(PointerButton::Primary) || pulls(PointerButton::Middle) {
        let origin = response.ctx.input(|input| input.pointer.press_origin());
        *drag = match origin {
            Some(at) if areas.ruler.contains(at) => Some(Drag::Mark(place.axis.nanos_at(at.x))),
            _ => Some(Drag::Pan),
        };
    }
    match *drag {
        Some(Drag::Pan) => {
            let delta = response.drag_delta();
            pan(place, delta.x, commands);
            hands.scroll -= delta.y;
        }
        Some(Drag::Mark(from)) => {
            let start = place.axis.left()
                + ((from - place.axis.begin()) / place.axis.nanos_per_point()) as f32;
            let end = response.interact_pointer_pos().map_or(start, |at| at.x);
            let end = end.clamp(place.axis.left(), place.axis.right());
            let marked = Rangef::new(start.min(end), start.max(end));
            hands.mark = Some(marked);
            if response.drag_stopped() && marked.span() >= SHORTEST_MARK {
                let moment = |x| Timestamp(place.axis.nanos_at(x).max(0.0) as u64);
                let range = TimeRange::new(moment(marked.min), moment(marked.max));
                commands.push(Command::View(ViewCommand::Show(range)));
            }
        }
        None => {}
    }
    if response.drag_stopped() || !response.is_pointer_button_down_on() {
        *drag = None;
    }
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
    if !areas.lanes.contains(at) {
        return;
    }
    let scene = place.scene;
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

fn cursor_icon(ui: &Ui, areas: &Areas, drag: Option<Drag>, hands: &Hands) {
    let icon = match (drag, hands.target) {
        (Some(Drag::Pan), _) => CursorIcon::Grabbing,
        (Some(Drag::Mark(_)), _) => CursorIcon::ResizeHorizontal,
        (None, Some(target)) if target.selection().is_some() => CursorIcon::PointingHand,
        _ if hands.pointer.is_some_and(|at| areas.ruler.contains(at)) => {
            CursorIcon::ResizeHorizontal
        }
        _ => return,
    };
    ui.ctx().set_cursor_icon(icon);
}
