//! The names of lanes and the headers as handles: they collapse by a click, move by a drag, and are what the menu
//! of a lane and the keys for lanes are about.

use egui::{
    CursorIcon, Key, PointerButton, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, pos2,
    vec2,
};

use super::chrome::Areas;
use super::outline::{Band, Kind, NOTE, Outline, Stays};
use super::place::Placement;
use crate::gui::command::Command;
use crate::gui::lanes::{Lane, LaneCommand, Part, Sort};
use crate::gui::texts::{counted, english, fill, tr};
use crate::gui::theme::{self, Palette};

/// How near to the upper or lower edge of the lanes a lane is dragged that scrolls them, in points.
const EDGE: f32 = 32.0;
/// The longest step of time that is scrolled at once, in seconds: after a frame that took longer nothing leaps.
const LONGEST_STEP: f32 = 0.05;
/// How fast they are scrolled then at most, in points a second.
const FASTEST: f32 = 700.0;

/// Which lane the hands are at.
#[derive(Clone, Debug, Default)]
pub(super) struct Handles {
    /// The one that was pointed at, clicked or selected last.
    pub(super) aimed: Option<Lane>,
    /// Where the pointer was then: while it rests, a lane that is moved by keys stays the one that is meant.
    pointer: Option<egui::Pos2>,
    /// The one that is being dragged.
    dragged: Option<Lane>,
    /// How far the lanes are to be scrolled, because one is dragged to their edge, in points.
    pub(super) scroll: f32,
}

/// What there is to see on a lane, for whoever sees one for the first time.
fn meaning(band: &Band<'_>) -> &'static str {
    match band.kind {
        Kind::Header { .. } => {
            tr("A model of execution: its tasks, and below them the threads that do the work")
        }
        Kind::Task(_) => tr(
            "How a task fares: hatched while it waits, outlined while there is data that nobody serves, solid while its code runs; the line rises with the bytes that have come",
        ),
        Kind::Thread(thread) if thread.runs_loop() => tr(
            "What a loop does: its polls and turns, below them the callbacks that it calls, and below those what they call",
        ),
        Kind::Crowd {
            sort: Sort::Tasks, ..
        } => tr(
            "How many of them are there: at the bottom those that run, above them those with data that nobody serves, and hatched those that wait",
        ),
        Kind::Crowd {
            sort: Sort::Threads,
            ..
        } => tr(
            "How many of them are there: at the bottom those that work, and above them those that wait",
        ),
        Kind::Thread(_) => {
            tr("What a thread or a process does: it waits, or it runs code of the program")
        }
    }
}

impl Handles {
    /// Shows the handles. Gives back `canvas` with what happened to any of them.
    pub(super) fn show(
        &mut self,
        ui: &Ui,
        areas: &Areas,
        place: &Placement<'_>,
        outline: &Outline<'_>,
        mut canvas: Response,
        commands: &mut Vec<Command>,
    ) -> Response {
        let scrolled = outline.visible(place.scroll, areas.lanes.height());
        let cover = areas.lanes.top() + outline.cover(place.scroll);
        let roof = areas.lanes.top() + outline.roof();
        for band in scrolled.chain(outline.pinned()) {
            let top = match (band.kind, band.stays) {
                (Kind::Header { .. }, _) => roof,
                (_, Stays::Pinned) => areas.gutter.top(),
                _ => cover,
            };
            let upper = place.top(band);
            let rect = Rect::from_x_y_ranges(areas.gutter.x_range(), upper..=upper + band.height);
            let rect = rect.intersect(areas.gutter.with_min_y(top));
            if rect.is_positive() {
                let handle = self.handle(ui, place, band, rect, commands);
                canvas |= handle;
            }
        }
        self.drag(ui, place, outline, commands);
        self.aim(ui, &canvas, place, outline);
        canvas
    }

    fn handle(
        &mut self,
        ui: &Ui,
        place: &Placement<'_>,
        band: &Band<'_>,
        rect: Rect,
        commands: &mut Vec<Command>,
    ) -> Response {
        let store = place.scene.store;
        let key = band.key(store);
        let id = ui
            .scope_id()
            .with(("lane", band.model.id.number(), key.part));
        let button = ui.interact(rect, id, Sense::click_and_drag());
        let collapsed = place.scene.lanes.is_collapsed(&key);
        let title = key.title(store);
        let (name, hint) = match (key.part, collapsed) {
            (Part::Crowd(_), true) => (
                tr("Expand {name}"),
                tr("Give each of them a lane of its own"),
            ),
            (Part::Crowd(_), false) => (tr("Collapse {name}"), tr("Let them share one lane again")),
            (Part::Whole, true) => (
                tr("Expand {name}"),
                tr("Expand the lanes of this model; drag to move it"),
            ),
            (Part::Whole, false) => (
                tr("Collapse {name}"),
                tr("Collapse the lanes of this model; drag to move it"),
            ),
            (Part::One(_), _) => (
                tr("Lane {name}"),
                tr("Drag to move it, double click to collapse or expand it, right click for more"),
            ),
        };
        let name = fill(name, &[("name", &title)]);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let by_key = button.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let opens = match key.part {
            Part::Whole | Part::Crowd(_) => button.clicked(),
            Part::One(_) => button.double_clicked() || by_key,
        };
        if button.gained_focus() {
            self.aimed = Some(key.clone());
        }
        if opens {
            let collapse = LaneCommand::Collapse(key.clone(), !collapsed);
            commands.push(Command::Lane(collapse));
        }
        let can_move = !matches!(key.part, Part::Crowd(_));
        if can_move && button.drag_started_by(PointerButton::Primary) {
            self.dragged = Some(key.clone());
        }
        let palette = Palette::of(ui.visuals());
        if self.dragged.as_ref() == Some(&key) {
            let fill = palette.selection_fill.gamma_multiply(0.5);
            ui.painter().rect_filled(rect, 0.0, fill);
        } else if button.hovered() || self.aimed.as_ref() == Some(&key) {
            let stripe = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
            let color = if button.hovered() {
                palette.link
            } else {
                palette.border
            };
            ui.painter().rect_filled(stripe, 0.0, color);
        }
        button.on_hover_ui(|ui| {
            ui.label(meaning(band));
            ui.label(RichText::new(hint).color(palette.text_weak).small());
        })
    }

    /// Lets a lane change places with the one that the pointer has been dragged over.
    fn drag(
        &mut self,
        ui: &Ui,
        place: &Placement<'_>,
        outline: &Outline<'_>,
        commands: &mut Vec<Command>,
    ) {
        self.scroll = 0.0;
        let Some(key) = self.dragged.clone() else {
            return;
        };
        let pointer = ui.input(|input| (input.pointer.any_down(), input.pointer.interact_pos()));
        let (true, Some(pointer)) = pointer else {
            self.dragged = None;
            return;
        };
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        let [before, after] = neighbours(place, outline, &key);
        let is_pinned = |band: &Band<'_>| band.key(place.scene.store) == key;
        if !outline.pinned().iter().any(is_pinned) {
            let cover = outline.cover(place.scroll);
            let speed = match pull(place.lanes.with_min_y(place.lanes.top() + cover), pointer.y) {
                up if up < 0.0 && before.is_some() => up,
                down if down > 0.0 && after.is_some() => down,
                _ => 0.0,
            };
            if speed != 0.0 {
                self.scroll = speed * ui.input(|input| input.stable_dt).min(LONGEST_STEP);
                ui.ctx().request_repaint();
            }
        }
        let by = match (before, after) {
            (Some(middle), _) if pointer.y < middle => -1,
            (_, Some(middle)) if pointer.y > middle => 1,
            _ => return,
        };
        commands.push(Command::Lane(LaneCommand::Move(key, by)));
    }

    /// Takes note of the lane of what was selected.
    pub(super) fn aim_at_selected(&mut self, place: &Placement<'_>) {
        let store = place.scene.store;
        let lane = place.scene.selected_lane().and_then(|(model, lane)| {
            let group = store.model_name(store.model(model)?);
            Some(Lane::one(group, lane))
        });
        self.aimed = lane.or(self.aimed.take());
    }

    /// Takes note of the lane under the pointer, whenever the pointer has moved.
    fn aim(&mut self, ui: &Ui, canvas: &Response, place: &Placement<'_>, outline: &Outline<'_>) {
        let pointer = ui.input(|input| input.pointer.latest_pos());
        let rests = pointer == self.pointer;
        let elsewhere = !canvas.contains_pointer() || egui::Popup::is_any_open(ui.ctx());
        if rests || elsewhere || self.dragged.is_some() {
            return;
        }
        self.pointer = pointer;
        let y = pointer.map(|at| at.y - place.lanes.top());
        let band = y.and_then(|y| outline.at(y, place.scroll));
        if let Some(band) = band {
            self.aimed = Some(band.key(place.scene.store));
        }
    }
}

/// How fast lanes are scrolled over which one is dragged at this height, in points a second: the faster, the nearer it is
/// to their edge.
fn pull(lanes: Rect, y: f32) -> f32 {
    let zone = EDGE.min(lanes.height() / 4.0);
    let inside = (y - lanes.top()).min(lanes.bottom() - y);
    let share = (1.0 - inside / zone).clamp(0.0, 1.0);
    let direction = if y < lanes.center().y { -1.0 } else { 1.0 };
    direction * share * FASTEST
}

/// The heights on the screen at which a lane that is dragged changes places with the one before and after it.
fn neighbours(place: &Placement<'_>, outline: &Outline<'_>, key: &Lane) -> [Option<f32>; 2] {
    let store = place.scene.store;
    let bands = outline.bands();
    let Some(at) = bands.iter().position(|band| band.key(store) == *key) else {
        return [None, None];
    };
    let own = &bands[at];
    if key.part != Part::Whole {
        let same = |band: &&Band<'_>| {
            let pinned = own.stays == Stays::Pinned;
            let alike = (band.stays == Stays::Pinned) == pinned && band.lane().is_some();
            alike && (pinned || band.model.id == own.model.id)
        };
        let middle = |band: &Band<'_>| place.top(band) + band.height / 2.0;
        let before = at.checked_sub(1).and_then(|before| bands.get(before));
        return [before, bands.get(at + 1)].map(|band| band.filter(same).map(middle));
    }
    let middle = |band: &Band<'_>| match band.stays {
        Stays::Sticks { until, .. } => place.lanes.top() + (band.top + until) / 2.0 - place.scroll,
        Stays::Scrolls | Stays::Pinned => place.top(band),
    };
    let is_header = |band: &&Band<'_>| matches!(band.kind, Kind::Header { .. });
    let before = bands[..at].iter().rev().find(is_header);
    let after = bands[at + 1..].iter().find(is_header);
    [before, after].map(|band| band.map(middle))
}

/// Says how many lanes are hidden, at the lower end of the names, and shows them again.
pub(super) fn hidden_lanes(
    ui: &Ui,
    areas: &Areas,
    outline: &Outline<'_>,
    commands: &mut Vec<Command>,
) {
    if outline.hidden() == 0 {
        return;
    }
    let words = counted(
        outline.hidden() as u64,
        english("{count} lane hidden · show"),
        english("{count} lanes hidden · show"),
    );
    let palette = Palette::of(ui.visuals());
    let gutter = areas.gutter;
    let rect = gutter.with_min_y(gutter.bottom() - NOTE);
    let id = ui.scope_id().with("hidden lanes");
    let button = ui.interact(rect, id, Sense::click());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 0.0, palette.raised);
    let at = pos2(rect.left() + 12.0, rect.center().y);
    let ink = if button.hovered() {
        palette.text
    } else {
        palette.link
    };
    painter.text(at, egui::Align2::LEFT_CENTER, &words, theme::small(), ink);
    if button.clicked() {
        commands.push(Command::Lane(LaneCommand::ShowHidden));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_is_dragged_to_an_edge_pulls_the_faster_the_nearer_it_is() {
        let lanes = Rect::from_min_max(pos2(0.0, 100.0), pos2(200.0, 500.0));
        assert_eq!(pull(lanes, 300.0), 0.0);
        assert_eq!(pull(lanes, 140.0), 0.0);
        assert!(pull(lanes, 110.0) < 0.0 && pull(lanes, 490.0) > 0.0);
        assert!(pull(lanes, 498.0) > pull(lanes, 490.0));
        assert_eq!(pull(lanes, 90.0), -FASTEST, "also beyond it");
    }
}
