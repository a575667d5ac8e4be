//! Small controls and pieces of text that several panels share.

use std::ops::RangeInclusive;
use std::time::Duration;

use egui::{
    Align, Color32, Layout, Response, RichText, Role, Sense, StrokeKind, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};

use crate::analysis::{plain_count, plain_duration};
use crate::gui::texts::{english, fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::scenario::limits;

/// Why something cannot be changed while a run goes on.
pub(super) const STOP_FIRST: &str = english("Stop the run first");

/// A switch with its text beside it; the whole line can be pressed.
pub(super) fn switch(ui: &mut Ui, on: &mut bool, text: &str) -> Response {
    let palette = Palette::of(ui.visuals());
    let size = vec2(32.0, 18.0);
    let galley = egui::WidgetText::from(RichText::new(text).font(theme::body())).into_galley(
        ui,
        Some(egui::TextWrapMode::Wrap),
        ui.available_width() - size.x - 2.0 * STEP,
        egui::FontSelection::Default,
    );
    let wanted = vec2(
        size.x + 2.0 * STEP + galley.size().x,
        galley.size().y.max(size.y) + STEP,
    );
    let (rect, mut response) = ui.allocate_exact_size(wanted, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, text));
    if ui.is_rect_visible(rect) {
        let how_on = ui.ctx().animate_bool_responsive(response.id, *on);
        let look = ui.style().interact_selectable(&response, *on);
        let track =
            egui::Rect::from_min_size(pos2(rect.left(), rect.center().y - size.y / 2.0), size);
        let fill = if *on { palette.running } else { palette.widget };
        let radius = size.y / 2.0;
        let painter = ui.painter();
        painter.rect(track, radius, fill, look.bg_stroke, StrokeKind::Inside);
        let x = egui::lerp(track.left() + radius..=track.right() - radius, how_on);
        let knob = if *on {
            palette.ink_on(fill)
        } else {
            palette.text_weak
        };
        painter.circle_filled(pos2(x, track.center().y), radius - 4.0, knob);
        let at = pos2(
            track.right() + 2.0 * STEP,
            rect.center().y - galley.size().y / 2.0,
        );
        painter.galley(at, galley, look.text_color());
    }
    response
}

/// One of several that exclude each other, drawn as one row of buttons. Which one was pressed, if one was.
pub(super) fn segments<T: PartialEq + Copy>(
    ui: &mut Ui,
    chosen: T,
    choices: impl IntoIterator<Item = (T, &'static str, &'static str)>,
) -> Option<T> {
    let choices: Vec<_> = choices.into_iter().collect();
    let gap = STEP / 2.0;
    let width_of = |text: &str| {
        let color = Color32::PLACEHOLDER;
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), theme::body(), color);
        galley.size().x
    };
    let texts: Vec<f32> = choices.iter().map(|(_, text, _)| width_of(text)).collect();
    let room = ui.available_width();
    let in_columns = |padding: f32| {
        let widths = texts.iter().map(|width| width + 2.0 * padding);
        columns(&widths.collect::<Vec<_>>(), room, gap)
    };
    // Few lines of narrow buttons are better than many of wide ones.
    let paddings = [ui.spacing().button_padding.x, 1.5 * STEP];
    let [wide, narrow] = paddings.map(in_columns);
    let count = |lines: Option<usize>| lines.unwrap_or(choices.len());
    let (lines, padding) = match count(narrow) > count(wide) {
        true => (narrow, paddings[1]),
        false => (wide, paddings[0]),
    };
    let mut pressed = None;
    for line in choices.chunks(lines.unwrap_or(choices.len()).max(1)) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            ui.spacing_mut().button_padding.x = padding;
            for (value, text, hint) in line {
                let mut button =
                    egui::Button::selectable(*value == chosen, *text).frame_when_inactive(true);
                if let Some(columns) = lines {
                    let gaps = gap * (columns - 1) as f32;
                    let width = ((room - gaps) / columns as f32).floor();
                    button = button.min_size(vec2(width, 0.0)).truncate();
                }
                let response = ui.add(button).on_hover_text(*hint);
                if response.clicked() && *value != chosen {
                    pressed = Some(*value);
                }
            }
        });
    }
    pressed
}

/// In how many columns buttons of these widths stand, where one line has no room for all: as many in each line, as far
/// as possible. `None` where one line has.
fn columns(widths: &[f32], room: f32, gap: f32) -> Option<usize> {
    let count = widths.len();
    let gaps = |count: usize| gap * count.saturating_sub(1) as f32;
    if widths.iter().sum::<f32>() + gaps(count) <= room {
        return None;
    }
    let widest = widths.iter().copied().fold(0.0, f32::max);
    let fits = |columns: usize| widest * columns as f32 + gaps(columns) <= room;
    let columns = (1..count).rev().find(|&columns| fits(columns)).unwrap_or(1);
    Some(count.div_ceil(count.div_ceil(columns)))
}

/// The title of a section.
pub(super) fn title(ui: &mut Ui, text: &str) {
    ui.add_space(STEP);
    ui.label(RichText::new(text).font(theme::heading()).strong());
}

/// Running text, over as many lines as it needs.
pub(super) fn paragraph(ui: &mut Ui, text: impl Into<RichText>) -> Response {
    let text = text.into().line_height(Some(theme::LINE));
    ui.add(egui::Label::new(text).wrap())
}

/// Running text that may be overlooked.
pub(super) fn remark(ui: &mut Ui, text: impl Into<String>) -> Response {
    let text = RichText::new(text.into()).font(theme::small()).weak();
    ui.add(egui::Label::new(text.line_height(Some(theme::SMALL_LINE))).wrap())
}

/// A word or two that may be overlooked.
pub(super) fn note(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text.into()).font(theme::small()).weak())
}

/// A number in a column: they stand under each other at the right, and their digits are equally wide.
pub(super) fn number(ui: &mut Ui, number: impl Into<RichText>) -> Response {
    let cell = UiBuilder::new().max_rect(ui.max_rect());
    let mut at_right = ui.new_child(cell.layout(Layout::right_to_left(Align::Center)));
    let response = at_right.label(number.into().font(theme::number()));
    // The column has to be as wide as this, and not as what is left.
    ui.allocate_space(response.rect.size());
    response
}

/// A round mark with a sign in it, as high as a line of text.
pub(super) fn mark(ui: &mut Ui, sign: &str, color: Color32) {
    let size = theme::BODY + STEP;
    let (rect, _) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    let ink = Palette::of(ui.visuals()).ink_on(color);
    let painter = ui.painter();
    painter.circle_filled(rect.center(), size / 2.0 - 1.0, color);
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        sign,
        theme::body(),
        ink,
    );
}

/// So many of those who waited are listed at once, and so many more where they are asked for.
const WORST: usize = 6;
const LISTED: usize = 100;

/// Lists those who waited of whom there are `count`, the worst first; where there are many, the rest only if asked.
pub(super) fn the_worst<T>(
    ui: &mut Ui,
    salt: &str,
    (all, count): (&[T], usize),
    mut show: impl FnMut(&mut Ui, &T),
) {
    let (worst, rest) = all.split_at(all.len().min(WORST));
    worst.iter().for_each(|one| show(ui, one));
    let more = |listed: usize| {
        let more = count.saturating_sub(listed);
        let text = tr("and {more} more, who waited less");
        (more > 0).then(|| fill(text, &[("more", &plain_count(more as u64))]))
    };
    let Some(title) = more(worst.len()) else {
        return;
    };
    ui.add_space(STEP);
    let title = RichText::new(title).font(theme::small());
    egui::CollapsingHeader::new(title)
        .id_salt(salt)
        .show_unindented(ui, |ui| {
            rest.iter().take(LISTED).for_each(|one| show(ui, one));
            let listed = worst.len() + rest.len().min(LISTED);
            more(listed).into_iter().for_each(|text| {
                note(ui, text);
            });
        });
}

/// Text that leads somewhere.
pub(super) fn link(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.add(egui::Link::new(RichText::new(text.into())))
}

/// A number with a bar under it, which is as long as `share` (0 to 1) of what is available.
pub(super) fn bar_number(ui: &mut Ui, text: &str, share: f32, color: Color32) -> Response {
    let palette = Palette::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let rect = rect.with_max_x(rect.right() - 2.0 * STEP);
    let painter = ui.painter();
    painter.text(
        rect.left_top(),
        egui::Align2::LEFT_TOP,
        text,
        theme::number(),
        palette.text,
    );
    let bar = rect
        .with_min_y(rect.bottom() - 6.0)
        .with_max_y(rect.bottom() - 2.0);
    painter.rect_filled(bar, 1.0, palette.grid);
    if share > 0.0 {
        let width = (bar.width() * share.min(1.0)).max(1.0);
        painter.rect_filled(bar.with_max_x(bar.left() + width), 1.0, color);
    }
    response
}

/// A label and its value, one line of a two-column grid.
pub(super) fn field(ui: &mut Ui, name: &str, value: impl Into<egui::WidgetText>) -> Response {
    ui.label(RichText::new(name).font(theme::small()).weak());
    let response = ui.add(egui::Label::new(value.into()).wrap());
    ui.end_row();
    response
}

/// A two-column grid of [`field`]s.
pub(super) fn fields(ui: &mut Ui, salt: &str, add: impl FnOnce(&mut Ui)) {
    egui::Grid::new(salt)
        .num_columns(2)
        .spacing(vec2(3.0 * STEP, STEP))
        .min_col_width(56.0)
        .min_row_height(theme::BODY + STEP)
        .show(ui, add);
}

/// Room for the name of a slider, beside it.
const NAME: f32 = 76.0;
/// Room for the field with its value.
const VALUE: f32 = 68.0;

/// What a slider is called, and what is told of it.
pub(super) struct SliderLabel<'a> {
    /// What stands beside it, if anything does.
    pub(super) shown: Option<&'a str>,
    /// By what it is known to whoever cannot see what stands around it.
    pub(super) name: &'a str,
    /// What it does.
    pub(super) hint: &'a str,
    /// Why it cannot be used, where it cannot.
    pub(super) disabled: &'a str,
}

impl<'a> SliderLabel<'a> {
    /// Of one that has nothing beside it.
    pub(super) const fn of(name: &'a str, hint: &'a str) -> Self {
        Self {
            shown: None,
            name,
            hint,
            disabled: hint,
        }
    }
}

/// A slider over orders of magnitude, in milliseconds, with a field to type the length in.
pub(super) fn duration_slider(
    ui: &mut Ui,
    label: &SliderLabel<'_>,
    duration: &mut Duration,
    allowed: &RangeInclusive<Duration>,
) {
    let range = millis(*allowed.start())..=millis(*allowed.end());
    let mut value = millis(*duration);
    let slider = egui::Slider::new(&mut value, range)
        .smallest_positive(1.0)
        .max_decimals(0)
        .custom_formatter(|value, _| match from_millis(value) {
            Duration::ZERO => "0".to_owned(),
            duration => plain_duration(duration),
        })
        .custom_parser(|text| parse_millis(text, allowed));
    if beside(ui, label, slider, millis(*duration)) {
        *duration = from_millis(value).clamp(*allowed.start(), *allowed.end());
    }
}

/// A slider over orders of magnitude, in whole numbers.
pub(super) fn number_slider(
    ui: &mut Ui,
    label: &SliderLabel<'_>,
    number: &mut usize,
    allowed: &RangeInclusive<usize>,
) {
    let mut value = *number;
    let slider = egui::Slider::new(&mut value, allowed.clone())
        .custom_formatter(|value, _| plain_count(value as u64))
        .custom_parser(|text| text.replace(',', "").trim().parse().ok());
    if beside(ui, label, slider, *number as f64) {
        *number = value;
    }
}

/// A slider as wide as there is room, beside its name, or below it where that is long. Whether it was moved.
fn beside(ui: &mut Ui, label: &SliderLabel<'_>, slider: egui::Slider<'_>, value: f64) -> bool {
    let column = NAME.min(ui.available_width() / 3.0);
    let shown = label.shown.map(|text| {
        let text = egui::WidgetText::from(text);
        let wrap = Some(egui::TextWrapMode::Truncate);
        text.into_galley(ui, wrap, ui.available_width(), egui::FontSelection::Default)
    });
    let (above, aside) = match shown {
        Some(text) if text.size().x > column => (Some(text), None),
        short => (None, short),
    };
    if let Some(text) = above {
        ui.label(text);
    }
    ui.horizontal(|ui| {
        if let Some(text) = aside {
            let left = ui.cursor().left();
            ui.label(text);
            let gap = ui.spacing().item_spacing.x;
            ui.add_space((left + column + gap - ui.cursor().left()).max(0.0));
        }
        let gap = ui.spacing().item_spacing.x;
        ui.spacing_mut().slider_width = (ui.available_width() - VALUE - gap).max(40.0);
        // The field is as wide as there is room for it, so that it ends where all else ends.
        ui.spacing_mut().interact_size.x = VALUE;
        let response = ui
            .add(slider.logarithmic(true))
            .on_hover_text(label.hint)
            .on_disabled_hover_text(label.disabled);
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), value, label.name));
        response.changed()
    })
    .inner
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn from_millis(millis: f64) -> Duration {
    // A slider's steps are finer than anybody wants.
    Duration::from_micros((millis.max(0.0) * 1e3).round() as u64)
}

/// What a person types: `200ms`, `1.5 s`, or a bare number of milliseconds.
fn parse_millis(text: &str, allowed: &RangeInclusive<Duration>) -> Option<f64> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| limits::parse_duration(text, allowed).ok().map(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_that_have_no_room_in_one_line_stand_in_columns() {
        assert_eq!(columns(&[40.0; 6], 260.0, 4.0), None);
        assert_eq!(columns(&[40.0; 6], 230.0, 4.0), Some(3), "not five and one");
        assert_eq!(columns(&[100.0, 120.0], 200.0, 4.0), Some(1));
        assert_eq!(columns(&[500.0], 200.0, 4.0), Some(1));
        assert_eq!(columns(&[], 200.0, 4.0), None);
    }

    #[test]
    fn a_length_can_be_typed_with_or_without_a_unit() {
        let typed = |text| parse_millis(text, &limits::BLOCKING);
        assert_eq!(typed("200"), Some(200.0));
        assert_eq!(typed("1.5s"), Some(1500.0));
        assert_eq!(typed("200 ms"), Some(200.0));
        assert_eq!(typed("soon"), None);
    }
}
