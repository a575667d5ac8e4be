//! How late each loop was, over the same stretch of time as the timeline.
//!
//! The plot shows what the view says and moves nothing by itself: drags and wheels become commands, and the
//! view answers for both.

use std::time::Duration;

use egui::{Align2, Color32, PointerButton, Rect, Sense, Ui, Vec2b, pos2};
use egui_plot::{
    AxisHints, GridMark, HLine, HoverPosition, Line, LineStyle, Plot, PlotBounds, PlotPoint,
    PlotPoints,
};

use crate::analysis::{loop_lag, plain_duration};
use crate::gui::command::{Command, ViewCommand};
use crate::gui::document::Document;
use crate::gui::texts::{self, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::gui::time_view::TimeView;
use crate::store::ModelTrack;

/// Shows the plot. `gutter` is how far right of the left edge the time axis begins, as in the timeline.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    gutter: f32,
    threshold: Duration,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui.visuals());
    let view = &document.view;
    let area = ui.available_rect_before_wrap();
    let width = (area.width() - gutter).max(1.0);
    let curves = curves(document, f64::from(width * ui.ctx().pixels_per_point()));
    let top = top_of(&curves, threshold);
    let threshold = threshold.as_secs_f64();
    let names: Vec<(String, Color32)> = legend(document, palette);
    let response = Plot::new("loop lag")
        .custom_y_axes(vec![
            AxisHints::new_y()
                .min_thickness(gutter)
                .tick_label_font(theme::small())
                .label_spacing(egui::Rangef::new(10.0, 16.0))
                .tick_label_color(palette.text_weak)
                .formatter(|mark, _| label(mark.value)),
        ])
        .y_grid_spacer(move |_| grid(top, f64::from(area.height())))
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
        .label_formatter(|position| match position {
            HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!("{plot_name}\n{}", label(position.y))),
            HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(
                [view.begin() / 1e9, 0.0],
                [view.end() / 1e9, top],
            ));
            plot.hline(
                HLine::new(tr("stall threshold"), threshold)
                    .color(palette.stalled)
                    .style(LineStyle::dashed_dense())
                    .width(1.0),
            );
            for curve in &curves {
                plot.line(
                    Line::new(curve.name.as_str(), PlotPoints::Borrowed(&curve.points))
                        .color(palette.model(curve.place))
                        .style(style(curve.place))
                        // Teeth that touch would become one solid band; there are few enough points without it.
                        .allow_band(false)
                        .fill(0.0)
                        .fill_alpha(0.12)
                        .width(1.5),
                );
            }
        });
    let frame = *response.transform.frame();
    commands.extend(moved(ui, &response.response, view, frame));
    caption(ui, area, gutter, &names);
}

/// The lag of one thread.
struct Curve {
    name: String,
    /// The place of its model in the trace.
    place: usize,
    /// Seconds, and seconds late.
    points: Vec<PlotPoint>,
}

fn curves(document: &Document, pixels: f64) -> Vec<Curve> {
    let store = &document.store;
    let view = document.view.range();
    let grain = (document.view.length() / pixels.max(1.0)).max(1.0) as u64;
    let mut curves = Vec::new();
    for (place, model) in store.models().iter().enumerate() {
        for thread in model.threads.iter().filter(|thread| thread.has_spans()) {
            let points = loop_lag(thread, view, grain, document.now)
                .into_iter()
                .map(|point| PlotPoint::new(point.at.as_secs_f64(), point.lag.as_secs_f64()))
                .collect();
            curves.push(Curve {
                name: format!(
                    "{} · {}",
                    texts::variant(store.model_name(model)),
                    thread.name.map_or("?", |name| store.name(name))
                ),
                place,
                points,
            });
        }
    }
    curves
}

/// What the plot reaches up to, in seconds: over the highest curve, and over the threshold.
fn top_of(curves: &[Curve], threshold: Duration) -> f64 {
    let points = curves.iter().flat_map(|curve| &curve.points);
    let highest = points.map(|point| point.y).fold(0.0, f64::max);
    (highest * 1.15).max(threshold.as_secs_f64() * 1.3)
}

/// Lines at 1, 2 or 5 times a power of ten seconds, as many as can have their labels.
fn grid(top: f64, height: f64) -> Vec<GridMark> {
    const BETWEEN_LABELS: f64 = 24.0;
    let least = top * BETWEEN_LABELS / height.max(BETWEEN_LABELS);
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power);
    let count = (top / step) as usize;
    (1..=count)
        .map(|place| GridMark {
            value: place as f64 * step,
            step_size: step,
        })
        .collect()
}

/// Models are told apart by more than their colour.
fn style(place: usize) -> LineStyle {
    match place % 3 {
        0 => LineStyle::dotted_dense(),
        1 => LineStyle::dashed_loose(),
        _ => LineStyle::Solid,
    }
}

fn label(seconds: f64) -> String {
    if seconds <= 0.0 {
        return "0".to_owned();
    }
    plain_duration(Duration::from_secs_f64(seconds))
}

fn legend(document: &Document, palette: &Palette) -> Vec<(String, Color32)> {
    let named = |(place, model): (usize, &ModelTrack)| {
        let name = texts::variant(document.store.model_name(model)).to_owned();
        (name, palette.model(place))
    };
    let models = document.store.models().iter().enumerate();
    models.map(named).collect()
}

/// What it is, and which colour is which model, left of the plot.
fn caption(ui: &Ui, area: Rect, gutter: f32, names: &[(String, Color32)]) {
    let palette = Palette::of(ui.visuals());
    let room = Rect::from_min_max(area.min, pos2(area.left() + gutter - 44.0, area.bottom()));
    let painter = ui.painter().with_clip_rect(room);
    let left = area.left() + 2.0 * STEP;
    let mut y = area.top() + STEP;
    painter.text(
        pos2(left, y),
        Align2::LEFT_TOP,
        tr("Loop lag"),
        theme::body(),
        palette.text,
    );
    y += 20.0;
    for (name, color) in names {
        let mark = Rect::from_min_size(pos2(left, y + 5.0), egui::vec2(8.0, 3.0));
        painter.rect_filled(mark, 1.0, *color);
        painter.text(
            pos2(left + 12.0, y),
            Align2::LEFT_TOP,
            name,
            theme::small(),
            palette.text_weak,
        );
        y += 15.0;
    }
}

/// What a hand does on the plot, as a move of the view.
fn moved(ui: &Ui, response: &egui::Response, view: &TimeView, frame: Rect) -> Option<Command> {
    let nanos_per_point = view.length() / f64::from(frame.width().max(1.0));
    if response.dragged_by(PointerButton::Primary) {
        let by = -f64::from(response.drag_delta().x) * nanos_per_point;
        return (by != 0.0).then_some(Command::View(ViewCommand::Pan(by)));
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
    fn grid_lines_are_round_and_leave_room_for_their_labels() {
        let values = |top, height| -> Vec<String> {
            let marks = grid(top, height).into_iter();
            marks.map(|mark| label(mark.value)).collect()
        };
        assert_eq!(values(0.26, 100.0), ["100 ms", "200 ms"]);
        assert_eq!(values(6.8, 100.0), ["2 s", "4 s", "6 s"]);
        assert_eq!(values(0.065, 50.0), ["50 ms"]);
    }

    #[test]
    fn the_threshold_is_always_in_the_plot() {
        assert!(top_of(&[], Duration::from_millis(50)) > 0.05);
        let curve = Curve {
            name: String::new(),
            place: 0,
            points: vec![PlotPoint::new(0.0, 0.2)],
        };
        assert!(top_of(&[curve], Duration::from_millis(50)) > 0.2);
    }
}
