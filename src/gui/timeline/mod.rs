//! The timeline: all models on one clock, one under the other.
//!
//! A pipeline, one way: `outline` says what lies above what, `layout` turns the scene into plain draw items,
//! `paint` and `chrome` give them their looks, `interact` turns input into commands by asking `hit` what lies
//! under the pointer. `ruler` is numbers and text. Nothing in here changes the trace, the view or the selection:
//! that is up to whoever applies the commands.

mod arrows;
mod axis;
mod census;
mod chrome;
mod crowd;
mod flags;
mod flows;
mod forgotten;
mod handles;
mod hit;
mod interact;
mod items;
mod layout;
mod legend;
mod locate;
mod marks;
mod measure;
pub mod minimap;
mod outline;
mod overlay;
mod paint;
mod patterns;
mod place;
mod ruler;
#[cfg(test)]
pub(crate) mod samples;
mod scene;
mod stack;
mod stalls;
#[cfg(test)]
mod tests;
mod tooltip;
mod waits;

use egui::{
    Align2, Event, InputState, Painter, PopupAnchor, Rect, Response, Role, Sense, Stroke, Tooltip,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

pub use chrome::gutter_width;
pub use outline::Top;
pub use scene::{Legend, Scene};

use crate::gui::command::{Command, Selection, ViewCommand};
use crate::gui::lanes::Lane;
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette};
use crate::gui::time_view::TimeView;
use census::Census;
use chrome::Areas;
use handles::Handles;
use interact::{Drag, Hands};
use items::Picture;
use outline::Outline;
use paint::Meshes;
use place::Placement;
use ruler::Ruler;

/// The timeline as a widget: what it remembers from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// How far the lanes are scrolled up, in points.
    scroll: f32,
    /// What stood at the top of the lanes in the last frame.
    top: Option<Top>,
    /// What is to stand there in the next one.
    wanted: Option<Top>,
    /// By how many windows full of lanes they are to be scrolled in the next one.
    pages: f32,
    drag: Option<Drag>,
    handles: Handles,
    /// The moment under the pointer, in nanoseconds.
    pointed: Option<f64>,
    /// Whether keys were pressed since the pointer moved: what it happens to rest on is not what the eye is on.
    by_keys: bool,
    /// The selection that was last scrolled to.
    scrolled_to: Option<Selection>,
    meshes: Meshes,
    /// How far very many lanes are counted.
    census: Census,
}

impl Timeline {
    /// Shows `scene` in all the room that is left in `ui`, and adds to `commands` what the hands ask for. What is
    /// given back tells of clicks anywhere on it: a menu can be shown there, of the lane that is aimed at.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        scene: &Scene<'_>,
        commands: &mut Vec<Command>,
    ) -> Response {
        let size = ui.available_size().max(vec2(120.0, 80.0));
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, tr("Timeline")));
        let palette = Palette::of(ui.visuals());
        let strip = matches!(scene.legend, Legend::Below)
            .then(|| legend::Strip::new(ui.painter(), rect.size()));
        let areas = Areas::new(rect, strip.as_ref().map_or(0.0, |strip| strip.height));
        let mut outline = Outline::new(scene, areas.lanes.height());
        if let Some(top) = self.wanted.take() {
            let scroll = outline.scroll_to(scene.store, &top);
            self.scroll = scroll.unwrap_or(self.scroll);
        }
        // As much as is seen below what is pinned and the header that sticks.
        let page = areas.lanes.height() - outline.roof() - outline::HEADER;
        self.scroll += std::mem::take(&mut self.pages) * page.max(0.0);
        self.clamp_scroll(&outline, areas.lanes.height());
        let place = Placement::new(scene, areas.lanes, self.scroll, ui.pixels_per_point());
        if self.census.go_on(&place, &mut outline) {
            ui.ctx().request_repaint();
        }

        let hands = interact::hands(
            ui,
            &response,
            &areas,
            &place,
            &outline,
            &mut self.drag,
            commands,
        );
        self.pointed = hands.pointer.map(|at| place.axis.nanos_at(at.x));
        let picture = layout::lay_out(&place, &outline);
        let meshes = &mut self.meshes;
        paint_all(ui, &areas, &place, &outline, &picture, &hands, meshes);

        if scene.store.models().is_empty() {
            let hint = tr("Press Run (Space), or drop a trace file on the window");
            show_empty(ui, areas.lanes, tr("Nothing recorded yet"), hint);
        }
        let canvas = self
            .handles
            .show(ui, &areas, &place, &outline, response, commands);
        stall_marks(ui, &areas, &outline, &picture, commands);
        flags::show(ui, &areas, &place, commands);
        handles::hidden_lanes(ui, &areas, &outline, commands);
        self.by_keys = (self.by_keys || ui.input(has_key)) && !ui.input(has_pointer_moved);
        if let Some(strip) = strip {
            strip.show(ui, palette, rect, !self.by_keys);
        }
        legend_button(ui, palette, &areas, scene.legend, commands);
        let pointer = hands.pointer.filter(|_| self.drag.is_none());
        let arrow = pointer.and_then(|at| arrows::under(&picture.flows, at));
        let text = match arrow {
            Some(arrow) => Some(arrows::describe(scene, arrow)),
            None => hands
                .target
                .and_then(|target| tooltip::describe(scene, &target)),
        };
        if let Some(text) = text.filter(|_| !self.by_keys) {
            let id = canvas.id.with("description");
            Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, PopupAnchor::Pointer)
                .gap(14.0)
                .show(|ui| tooltip::show(ui, palette, &text));
        }
        let cover = outline.roof();
        self.scroll += scroll_bar(ui, palette, &areas, self.scroll, [cover, outline.height()]);
        self.scroll_to_selection(ui, &place, &outline);
        self.scroll += hands.scroll + self.handles.scroll;
        self.clamp_scroll(&outline, areas.lanes.height());
        self.top = outline.top(scene.store, self.scroll);
        canvas
    }

    /// What stood at the top of the lanes in the last frame; `None` where there are none.
    pub const fn top(&self) -> Option<&Top> {
        self.top.as_ref()
    }

    /// Scrolls in the next frame so that this stands at the top, as far as there are such lanes.
    pub fn bring(&mut self, top: Top) {
        self.wanted = Some(top);
    }

    /// Scrolls the lanes in the next frame by so many windows full of them.
    pub const fn turn_pages(&mut self, pages: f32) {
        self.pages += pages;
    }

    /// The lane that was pointed at or selected last.
    pub const fn aimed(&self) -> Option<&Lane> {
        self.handles.aimed.as_ref()
    }

    /// The moment under the pointer in the last frame, in nanoseconds.
    pub const fn pointed(&self) -> Option<f64> {
        self.pointed
    }

    /// What was selected elsewhere, in a list say, may lie above or below what can be seen.
    fn scroll_to_selection(&mut self, ui: &Ui, place: &Placement<'_>, outline: &Outline<'_>) {
        let selection = place.scene.selection;
        if self.scrolled_to == selection {
            return;
        }
        self.scrolled_to = selection;
        self.handles.aim_at_selected(place);
        let Some(at) = selection.and_then(|what| locate::locate(place, outline, what)) else {
            return;
        };
        let lanes = place.lanes;
        let lanes = lanes.with_min_y(lanes.top() + outline.cover(place.scroll));
        if at.top() < lanes.top() || at.bottom() > lanes.bottom() {
            self.scroll += at.center().y - lanes.center().y;
            ui.ctx().request_repaint();
        }
    }

    fn clamp_scroll(&mut self, outline: &Outline<'_>, height: f32) {
        let most = (outline.height() - height).max(0.0);
        self.scroll = self.scroll.clamp(0.0, most).round();
    }
}

fn has_key(input: &InputState) -> bool {
    let mut events = input.events.iter();
    events.any(|event| matches!(event, Event::Key { pressed: true, .. }))
}

/// Whether the pointer did anything.
fn has_pointer_moved(input: &InputState) -> bool {
    let scrolls = input.smooth_scroll_delta() != Vec2::ZERO || input.zoom_delta() != 1.0;
    scrolls || input.pointer.delta() != Vec2::ZERO || input.pointer.any_pressed()
}

/// The words that show and hide the key to patterns and shapes.
fn legend_button(
    ui: &Ui,
    palette: &Palette,
    areas: &Areas,
    legend: Legend,
    commands: &mut Vec<Command>,
) {
    let shown = match legend {
        Legend::Below => true,
        Legend::Hidden => false,
        Legend::Elsewhere => return,
    };
    let at = pos2(areas.corner.left() + 12.0, areas.corner.center().y);
    let color = palette.text_weak;
    let painter = ui.painter();
    let words = if shown {
        tr("Hide legend")
    } else {
        tr("Legend")
    };
    let galley = painter.layout_no_wrap(words.to_owned(), theme::small(), color);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    let id = ui.scope_id().with("legend");
    let button = ui.interact(rect.expand(4.0), id, Sense::click());
    button.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, tr("Legend")));
    let ink = if button.hovered() {
        palette.link
    } else {
        color
    };
    painter.galley(rect.min, galley, ink);
    if button.clicked() {
        commands.push(Command::SetLegend(!shown));
    }
    button.on_hover_text(tr("What the patterns and shapes mean"));
}

fn paint_all(
    ui: &Ui,
    areas: &Areas,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    picture: &Picture,
    hands: &Hands,
    meshes: &mut Meshes,
) {
    let palette = Palette::of(ui.visuals());
    let all = ui
        .painter()
        .with_clip_rect(areas.all.intersect(ui.clip_rect()));
    let lanes = ui
        .painter()
        .with_clip_rect(areas.lanes.intersect(ui.clip_rect()));
    let ruler = ruler_of(ui, place.scene.view, place.axis.width());

    let visible = || outline.visible(place.scroll, areas.lanes.height());
    paint::background(&lanes, palette, place, visible(), &ruler);
    forgotten::paint(&lanes, palette, place);
    paint::picture(&lanes, palette, place, picture, meshes);
    chrome::names(&all, palette, areas, place, visible(), picture);
    forgotten::tell(&lanes, palette, place);
    pinned(&all, palette, areas, place, outline, &ruler, meshes);
    // Lines lead to what is pinned; to what is covered otherwise they end at the cover.
    let lanes = match outline.pinned() {
        [] => {
            let top = areas.lanes.top() + outline.cover(place.scroll);
            lanes.with_clip_rect(lanes.clip_rect().intersect(areas.lanes.with_min_y(top)))
        }
        _ => lanes,
    };
    waits::paint(&lanes, palette, &waits::waits(place, outline));
    arrows::paint(&lanes, palette, &picture.flows);
    overlay::hits(&lanes, palette, place, outline);
    overlay::selection(&lanes, palette, place, outline);
    if let Some(target) = &hands.target {
        overlay::hover(&lanes, palette, place, outline, target);
    }
    chrome::ruler(&all, palette, areas, place, &ruler);
    overlay::now(&all, palette, areas, place);
    let on_ruler = hands.pointer.is_some_and(|at| areas.ruler.contains(at));
    let length = measure::paint(&all, palette, areas, place, on_ruler || hands.pulls);
    if let Some(x) = hands.edge {
        measure::edge(&all, palette, areas, x);
    }
    overlay::playhead(&all, palette, areas, place);
    let elsewhere = place.scene.hover.map(|at| place.axis.x_of(at));
    if let Some(x) = hands.pointer.map(|at| at.x).or(elsewhere) {
        overlay::cursor(&all, palette, areas, x);
        // The length that is written there matters more.
        let room = length.is_none_or(|length| !length.x_range().expand(40.0).contains(x));
        if room && !hands.pulls {
            chrome::cursor_time(&all, palette, areas, place, x);
        }
    }
}

fn ruler_of(ui: &Ui, view: &TimeView, width: f32) -> Ruler {
    let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::number(), '0'));
    ruler::ruler(view.begin(), view.length(), width, char_width)
}

/// The moments that have a label on the ruler of a timeline whose lanes are `width` wide, in nanoseconds.
pub fn grid(ui: &Ui, view: &TimeView, width: f32) -> Vec<f64> {
    let ticks = ruler_of(ui, view, width).ticks.into_iter();
    let labelled = ticks.filter(|tick| tick.label.is_some());
    labelled.map(|tick| tick.at as f64).collect()
}

/// Paints what stays at the top while the rest is scrolled.
fn pinned(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    ruler: &Ruler,
    meshes: &mut Meshes,
) {
    if outline.pinned().is_empty() {
        return;
    }
    let areas = areas.with_bottom(areas.lanes.top() + outline.roof());
    let lanes = painter.with_clip_rect(areas.lanes.intersect(painter.clip_rect()));
    let bands = || outline.pinned().iter();
    let picture = layout::lay_out_bands(place, bands());
    paint::background(&lanes, palette, place, bands(), ruler);
    paint::picture(&lanes, palette, place, &picture, meshes);
    chrome::names(painter, palette, &areas, place, bands(), &picture);
    let line = Stroke::new(2.0, palette.border);
    painter.hline(areas.all.x_range(), areas.lanes.bottom() - 1.0, line);
}

/// The triangles of stalls can be clicked, and found by whoever cannot see them.
fn stall_marks(
    ui: &Ui,
    areas: &Areas,
    outline: &Outline<'_>,
    picture: &Picture,
    commands: &mut Vec<Command>,
) {
    /// More than these are not told apart one by one.
    const MOST: usize = 64;
    let free = areas.lanes.with_min_y(areas.lanes.top() + outline.roof());
    for mark in picture.stall_marks.iter().take(MOST) {
        let rect = chrome::stall_triangle(mark).expand(2.0);
        if !free.contains_rect(rect) {
            continue;
        }
        let key = (mark.model.number(), mark.range.begin.0);
        let id = ui.scope_id().with(("stall", key));
        let button = ui.interact(rect, id, Sense::click());
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &mark.name));
        if button.clicked()
            && let Some(index) = mark.index
        {
            commands.push(Command::Select(Some(Selection::Stall(mark.model, index))));
        }
        if button.double_clicked() {
            let show = ViewCommand::Show(mark.range);
            commands.push(Command::View(show));
        }
        button.on_hover_text(&mark.name);
    }
}

/// A thin bar at the right edge, where there is more than fits below what is pinned, whose height comes first. How far a
/// hand pulls the lanes by it.
fn scroll_bar(
    ui: &Ui,
    palette: &Palette,
    areas: &Areas,
    scroll: f32,
    [pinned, all]: [f32; 2],
) -> f32 {
    /// The shortest that it is, in points: it must be held.
    const SHORTEST: f32 = 24.0;
    let lanes = areas.lanes.with_min_y(areas.lanes.top() + pinned);
    let (height, content) = (lanes.height(), all - pinned);
    if content <= height || height <= SHORTEST {
        return 0.0;
    }
    let length = (height * height / content).max(SHORTEST);
    let most = content - height;
    let per_point = most / (height - length);
    let at = pos2(lanes.right() - 10.0, lanes.top() + scroll / per_point);
    let grip = Rect::from_min_size(at, vec2(10.0, length));
    let hold = ui.interact(grip, ui.scope_id().with("scroll bar"), Sense::DRAG);
    let is_held = hold.dragged() || hold.hovered();
    let (width, ink) = match is_held {
        true => (7.0, palette.cursor),
        false => (4.0, palette.cursor.gamma_multiply(0.6)),
    };
    let bar = grip.shrink2(vec2(0.0, 2.0)).with_max_x(grip.right() - 2.0);
    let bar = bar.with_min_x(bar.right() - width);
    ui.painter().rect_filled(bar, width / 2.0, ink);
    hold.drag_delta().y * per_point
}

/// Says in the middle of `rect` that there is nothing to see yet, and what to do about it.
pub fn show_empty(ui: &Ui, rect: Rect, title: &str, hint: &str) {
    let palette = Palette::of(ui.visuals());
    let font = egui::FontId::proportional(theme::DISPLAY);
    let painter = ui.painter();
    let at = rect.center() - vec2(0.0, 14.0);
    painter.text(at, Align2::CENTER_CENTER, title, font, palette.text);
    let at = rect.center() + vec2(0.0, 16.0);
    let color = palette.text_weak;
    painter.text(at, Align2::CENTER_CENTER, hint, theme::body(), color);
}
