//! The plots below the timeline, one under the other, on the timeline's own axis.
//!
//! A plot shows what the view says and moves nothing by itself: drags and wheels become commands, and the view answers
//! for all of them.

use std::time::Duration;

use egui::{
    Align2, Button, PointerButton, Rect, Response, RichText, Role, Sense, Stroke, Ui, UiBuilder,
    Vec2b, WidgetInfo, pos2, vec2,
};
use egui_plot::{
    AxisHints, GridMark, HLine, HoverPosition, Line, LineStyle, Plot, PlotBounds, PlotPoints, VLine,
};

use super::Plots;
use super::curves::{Curve, Look, MOST, Shape, is_crowded};
use super::measure::{Measure, Measures, Unit};
use crate::gui::command::{Command, ViewCommand};
use crate::gui::describe::coloured_models;
use crate::gui::document::Document;
use crate::gui::text;
use crate::gui::texts::{fill, tr, variant};
use crate::gui::theme::{self, Palette, STEP};
use crate::gui::time_view::TimeView;
use crate::trace::Timestamp;

/// Room for the labels of a value axis, left of a plot.
const LABELS: f32 = 44.0;
/// Height of a line of the caption.
const LINE: f32 = 15.0;
/// How high a plot is where there is room, and one that is not alone.
const HEIGHT: [f32; 2] = [92.0, 74.0];
/// Height of the row of switches.
const SWITCHES: f32 = 26.0;
/// How high a plot of several must be to have its title, in points.
const LOWEST: f32 = 26.0;
/// The lowest strip in which a curve can be told from another, in points.
pub const LEAST: f32 = SWITCHES + 56.0;

/// What the strip is given to show.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The trace.
    pub document: &'a Document,
    /// What of it is plotted.
    pub measures: &'a Measures,
    /// How far right of the left edge the time axis begins, as in the timeline.
    pub gutter: f32,
    /// How long a stretch without a poll must be to count as a stall.
    pub threshold: Duration,
    /// The moment under the pointer, in nanoseconds, here or in the timeline.
    pub hover: Option<f64>,
    /// Moments with a line of the grid: those of the ruler's labels, in nanoseconds.
    pub grid: &'a [f64],
}

/// How high the strip is where there is room, by the number of its plots.
pub fn height(count: usize) -> f32 {
    let [alone, one] = HEIGHT;
    SWITCHES + if count > 1 { one * count as f32 } else { alone }
}

/// Says in the place of the strip that there is no room for it.
pub fn no_room(ui: &mut Ui) {
    let words = RichText::new(tr("No room for plots"));
    let label = egui::Label::new(words.font(theme::small()).weak()).truncate();
    ui.add(label).on_hover_text(tr(
        "The lanes come first. Make the window higher, or hide another part of it (View)",
    ));
}

/// Shows the strip in all the room that is left in `ui`. Gives back where time runs in each of its plots.
pub fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    plots: &mut Plots,
    commands: &mut Vec<Command>,
) -> Vec<Rect> {
    ui.spacing_mut().item_spacing = vec2(STEP, STEP / 2.0);
    let all = scene.measures.count().max(1);
    let fit = ((ui.available_height() - SWITCHES) / LOWEST) as usize;
    let count = fit.clamp(1, all);
    // Below the plots: there they stay under the pointer while the strip grows.
    egui::Panel::bottom("plot switches")
        .frame(egui::Frame::NONE)
        .resizable(false)
        .show_separator_line(true)
        .show(ui, |ui| switches(ui, scene.measures, count, commands));
    let area = ui.available_rect_before_wrap();
    let height = (area.height() / count as f32).floor().max(1.0);
    let look = look(ui, scene, area.width());
    let mut frames = Vec::new();
    for (row, measure) in scene.measures.iter().take(count).enumerate() {
        let top = area.top() + row as f32 * height;
        let rect = Rect::from_x_y_ranges(area.x_range(), top..=top + height);
        let curves = plots.curves(scene.document, measure, look);
        let row = Row {
            scene,
            measure,
            curves,
            rect: rect.with_max_y(rect.bottom() - STEP),
        };
        let builder = UiBuilder::new().max_rect(row.rect).id_salt(measure);
        frames.push(ui.scope_builder(builder, |ui| row.show(ui, commands)).inner);
        let line = Stroke::new(1.0, Palette::of(ui.visuals()).border);
        ui.painter().hline(area.x_range(), top, line);
    }
    ui.expand_to_include_rect(area);
    frames
}

fn look(ui: &Ui, scene: &Scene<'_>, width: f32) -> Look {
    let view = &scene.document.view;
    let pixels = f64::from((width - scene.gutter).max(1.0) * ui.pixels_per_point());
    Look {
        view: view.range(),
        screen: [view.begin(), view.end()],
        nanos_per_pixel: view.length() / pixels,
        now: scene.document.now,
    }
}

/// What can be plotted; of what is, the first `fit` have room.
fn switches(ui: &mut Ui, measures: &Measures, fit: usize, commands: &mut Vec<Command>) {
    ui.add_space(STEP / 2.0);
    ui.horizontal_wrapped(|ui| {
        ui.add_space(2.0 * STEP);
        ui.spacing_mut().button_padding = vec2(1.5 * STEP, STEP / 2.0);
        ui.spacing_mut().interact_size.y = 18.0;
        for measure in Measure::ALL {
            let on = measures.contains(measure);
            let text = RichText::new(tr(measure.short())).font(theme::small());
            let button = ui.add(Button::selectable(on, text));
            let name = tr(measure.word());
            let info = || WidgetInfo::selected(Role::Button, true, on, name);
            button.widget_info(info);
            if button.clicked() {
                commands.push(Command::SetPlot(measure, !on));
            }
            button.on_hover_text(fill(
                tr("{name}. {explained}"),
                &[("name", &name), ("explained", &tr(measure.explained()))],
            ));
        }
        let all = measures.count();
        if fit < all {
            let words = tr("{fit} of {all} have room");
            let words = fill(words, &[("fit", &fit), ("all", &all)]);
            ui.label(RichText::new(words).font(theme::small()).weak());
        }
    });
    ui.add_space(STEP / 2.0);
}

/// One plot and where it lies.
struct Row<'a> {
    scene: &'a Scene<'a>,
    measure: Measure,
    curves: &'a [Curve],
    rect: Rect,
}

impl Row<'_> {
    fn show(&self, ui: &mut Ui, commands: &mut Vec<Command>) -> Rect {
        let palette = Palette::of(ui.visuals());
        let view = &self.scene.document.view;
        let unit = self.measure.unit();
        let word = tr(self.measure.word());
        let pixels_per_point = ui.pixels_per_point();
        let top = top_of(self.measure, self.curves, self.scene.threshold);
        let height = f64::from(self.rect.height());
        let response = Plot::new(("plot", self.measure))
            .height(self.rect.height())
            .width(self.rect.width())
            .custom_y_axes(vec![value_axis(self.scene.gutter, unit, palette)])
            .y_grid_spacer(move |_| grid(unit, top, height))
            .show_axes([false, true])
            .show_grid([false, true])
            .grid_color(palette.grid)
            .set_margin_fraction(egui::Vec2::ZERO)
            .auto_bounds(Vec2b::FALSE)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .allow_axis_zoom_drag(false)
            .show_crosshair(false)
            .cursor_color(palette.cursor)
            .sense(Sense::click_and_drag())
            .label_formatter(move |position| match position {
                HoverPosition::NearDataPoint {
                    plot_name,
                    position,
                    ..
                } => {
                    let at = Timestamp((position.x * 1e9).max(0.0) as u64);
                    let (at, value) = (text::moment(at), unit.label(position.y));
                    Some(format!("{word}: {value}\n{plot_name}\n{at}"))
                }
                HoverPosition::Elsewhere { .. } => None,
            })
            .show(ui, |plot| {
                let begin = view.begin() / 1e9;
                // After years, two moments that are close are the same in seconds.
                let end = (view.end() / 1e9).max(begin.next_up());
                plot.set_plot_bounds(PlotBounds::from_min_max([begin, 0.0], [end, top]));
                for at in self.scene.grid {
                    plot.vline(VLine::new("", at / 1e9).color(palette.grid).width(1.0));
                }
                let pixels = f64::from(self.rect.height() * pixels_per_point);
                self.draw(plot, palette, top / pixels.max(1.0));
                if let Some(at) = self.scene.document.playback.at() {
                    let line = VLine::new("", at.as_secs_f64());
                    plot.vline(line.color(palette.selection).width(1.5));
                }
                if let Some(at) = self.scene.hover {
                    let color = palette.cursor.gamma_multiply(0.6);
                    plot.vline(VLine::new("", at / 1e9).color(color).width(1.0));
                }
            });
        let name = self.name(top);
        let info = || WidgetInfo::labeled(Role::Canvas, true, name.as_str());
        response.response.widget_info(info);
        let frame = *response.transform.frame();
        commands.extend(moved(ui, &response.response, view, frame));
        self.caption(ui, frame.width());
        frame
    }

    /// Draws the curves where a pixel is so high.
    fn draw<'b>(&'b self, plot: &mut egui_plot::PlotUi<'b>, palette: &Palette, pixel: f64) {
        if self.measure == Measure::Lag {
            plot.hline(
                HLine::new(tr("stall threshold"), self.scene.threshold.as_secs_f64())
                    .color(palette.stalled)
                    .style(LineStyle::dashed_dense())
                    .width(1.0),
            );
        }
        for curve in self.curves {
            let points = match curve.shape {
                // There may be dozens of them, each with a step in every column of the screen.
                Shape::Steps => PlotPoints::Owned(curve.told_apart(pixel / 2.0)),
                _ => PlotPoints::Borrowed(&curve.points),
            };
            let line = Line::new(curve.name.as_str(), points)
                .color(palette.model(curve.hue))
                .style(style(curve))
                // Teeth that touch would become one solid band; there are few enough points without it.
                .allow_band(false)
                .width(1.5);
            plot.line(match self.measure {
                Measure::Bytes | Measure::QueueingDelay => line,
                _ => line.fill(0.0).fill_alpha(0.12),
            });
        }
    }

    /// What it is called by whoever cannot see it.
    fn name(&self, top: f64) -> String {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        let highest = points.map(|point| point.y).fold(0.0, f64::max).min(top);
        let highest = self.measure.unit().label(highest);
        fill(
            tr("Plot of {measure}: at most {value}"),
            &[("measure", &tr(self.measure.word())), ("value", &highest)],
        )
    }

    /// What it is and which colour is which model, left of the plot, with the values under the pointer.
    fn caption(&self, ui: &Ui, width: f32) {
        let palette = Palette::of(ui.visuals());
        let right = self.rect.left() + self.scene.gutter - LABELS;
        let room = self.rect.with_max_x(right);
        let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
        let left = room.left() + 2.0 * STEP;
        let at = pos2(left, room.top() + STEP);
        let title = tr(self.measure.word());
        painter.text(at, Align2::LEFT_TOP, title, theme::body(), palette.text);
        let mut y = at.y + 18.0;
        let store = &self.scene.document.store;
        let seconds_per_pixel = self.scene.document.view.length() / 1e9 / f64::from(width.max(1.0));
        for (hue, model) in coloured_models(store) {
            let curves = || self.curves.iter().filter(|curve| curve.hue == hue);
            if curves().next().is_none() {
                continue;
            }
            if y + LINE > room.bottom() + STEP {
                break;
            }
            let mark = Rect::from_min_size(pos2(left, y + 5.0), vec2(8.0, 3.0));
            painter.rect_filled(mark, 1.0, palette.model(hue));
            let mut names = room.with_min_x(left + 12.0);
            if let Some(at) = self.scene.hover {
                let values = curves().filter_map(|curve| curve.at(at / 1e9, seconds_per_pixel));
                let value = value(self.measure, values);
                let at = pos2(right - STEP, y);
                let ink = palette.text;
                let text = painter.text(at, Align2::RIGHT_TOP, value, theme::number(), ink);
                names.max.x = text.left() - STEP;
            }
            let name = variant(store.model_name(model));
            let name = text::elided(&painter, name, theme::small(), names.width());
            painter.galley(pos2(left + 12.0, y), name, palette.text_weak);
            y += LINE;
        }
        let mut models = store.models().iter();
        let crowded = models.any(|model| is_crowded(self.measure, model));
        if crowded && y + LINE <= room.bottom() + STEP {
            let at = pos2(left, y);
            let text = fill(tr("the {count} with most"), &[("count", &MOST)]);
            painter.text(
                at,
                Align2::LEFT_TOP,
                text,
                theme::small(),
                palette.text_weak,
            );
        }
    }
}

/// What several curves of one model say together: bytes add up, and of everything else the most counts.
fn value(measure: Measure, values: impl Iterator<Item = f64>) -> String {
    let value = match measure {
        Measure::Bytes => values.reduce(|sum, value| sum + value),
        _ => values.reduce(f64::max),
    };
    value.map_or_else(|| "–".to_owned(), |value| measure.unit().label(value))
}

fn value_axis<'a>(gutter: f32, unit: Unit, palette: &Palette) -> AxisHints<'a> {
    AxisHints::new_y()
        .min_thickness(gutter)
        .tick_label_font(theme::small())
        .label_spacing(egui::Rangef::new(10.0, 16.0))
        .tick_label_color(palette.text_weak)
        .formatter(move |mark, _| unit.label(mark.value))
}

/// What a plot reaches up to: over the highest curve, and in that of the lag over the threshold.
fn top_of(measure: Measure, curves: &[Curve], threshold: Duration) -> f64 {
    let highest = curves.iter().map(|curve| curve.highest);
    let highest = highest.fold(0.0, f64::max) * 1.15;
    match measure {
        Measure::Lag => highest.max(threshold.as_secs_f64() * 1.3),
        Measure::Utilization => 1.08,
        Measure::QueueingDelay => highest.max(1e-6),
        Measure::TurnsPerSecond | Measure::CallbacksPerTurn | Measure::ReadyPerPoll => {
            highest.max(1.2)
        }
        Measure::Bytes => highest.max(16.0),
    }
}

/// Lines at round values, as many as can have their labels: one just below the upper edge would be cut off by it.
fn grid(unit: Unit, top: f64, height: f64) -> Vec<GridMark> {
    const BETWEEN_LABELS: f64 = 24.0;
    const HALF_A_LABEL: f64 = 5.0;
    let step = unit.step(top * BETWEEN_LABELS / height.max(BETWEEN_LABELS));
    let highest = top - top * HALF_A_LABEL / height.max(HALF_A_LABEL);
    let only = ((top / step) as usize).min(1);
    let count = ((highest / step) as usize).max(only);
    let marks = (1..=count).map(|place| GridMark {
        value: place as f64 * step,
        step_size: step,
    });
    marks.collect()
}

/// Models are told apart by more than their colour; where values jump, dashes would hide the jumps.
fn style(curve: &Curve) -> LineStyle {
    match (curve.shape, curve.hue % 5) {
        (Shape::Spikes, _) | (_, 2) => LineStyle::Solid,
        (_, 0) => LineStyle::dotted_dense(),
        (_, 1) => LineStyle::dashed_loose(),
        (_, 3) => LineStyle::dashed_dense(),
        (_, _) => LineStyle::dotted_loose(),
    }
}

/// How far a hand has dragged something sideways since the last frame, in points: also the way on which it became a drag,
/// and the one in the frame in which it let go.
fn hand_moved(response: &Response) -> f32 {
    let (way, origin, at) = response.ctx.input(|input| {
        let pointer = &input.pointer;
        (
            pointer.delta(),
            pointer.press_origin(),
            pointer.latest_pos(),
        )
    });
    if response.drag_started_by(PointerButton::Primary) {
        let ends = origin.zip(at);
        ends.map_or(0.0, |(origin, at)| at.x - origin.x)
    } else if response.dragged_by(PointerButton::Primary)
        || response.drag_stopped_by(PointerButton::Primary)
    {
        way.x
    } else {
        0.0
    }
}

/// What a hand does on a plot, as a move of the view.
fn moved(ui: &Ui, response: &Response, view: &TimeView, frame: Rect) -> Option<Command> {
    let nanos_per_point = view.length() / f64::from(frame.width().max(1.0));
    let points = hand_moved(response);
    if points != 0.0 {
        let by = -f64::from(points) * nanos_per_point;
        return Some(Command::View(ViewCommand::Pan(by)));
    }
    if response.double_clicked() {
        return Some(Command::View(ViewCommand::Fit));
    }
    let pointer = response.hover_pos()?;
    let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    if (zoom - 1.0).abs() > f32::EPSILON {
        let at = view.begin() + f64::from(pointer.x - frame.left()) * nanos_per_point;
        let factor = 1.0 / f64::from(zoom);
        return Some(Command::View(ViewCommand::Zoom { at, factor }));
    }
    let along = f64::from(scroll.x) + f64::from(scroll.y);
    (along != 0.0).then_some(Command::View(ViewCommand::Pan(-along * nanos_per_point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_cut_off_by_the_upper_edge() {
        let values = |top| -> Vec<f64> {
            let marks = grid(Unit::Seconds, top, 80.0).into_iter();
            marks.map(|mark| mark.value).collect()
        };
        assert_eq!(values(0.102), [0.05], "0.1 is 1.6 points below the edge");
        assert_eq!(values(0.120), [0.05, 0.1]);
    }
}
