//! The list of stalls, the longest first. Each line leads to its stall.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::widgets;
use crate::analysis::{StallReport, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::describe;
use crate::gui::document::Document;
use crate::gui::text;
use crate::gui::theme::{self, Palette, STEP};

/// Height of a line of the list.
const LINE: f32 = 38.0;

/// Shows the list.
pub fn show(ui: &mut Ui, document: &Document, commands: &mut Vec<Command>) {
    let stalls = &document.stalls;
    ui.horizontal(|ui| {
        widgets::title(ui, "Stalls");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_enabled_ui(!stalls.is_empty(), |ui| {
                for (forward, key, name) in
                    [(true, "]", "Next stall"), (false, "[", "Previous stall")]
                {
                    let button = ui.button(key).on_hover_text(format!("{name} ({key})"));
                    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
                    if button.clicked() {
                        commands.push(Command::NextStall(forward));
                    }
                }
            });
            widgets::note(ui, text::plural(stalls.len() as u64, "stall"));
        });
    });
    if stalls.is_empty() {
        widgets::note(
            ui,
            "No stretch without a poll was long enough. Switch the blocking callback on to see one.",
        );
        // Else the panel would shrink to this text.
        ui.take_available_space();
        return;
    }
    let longest = stalls[0].range.nanos().max(1) as f32;
    egui::ScrollArea::vertical()
        .id_salt("stalls")
        .auto_shrink(false)
        .show_rows(ui, LINE, stalls.len(), |ui, rows| {
            for stall in &stalls[rows] {
                line(
                    ui,
                    document,
                    stall,
                    stall.range.nanos() as f32 / longest,
                    commands,
                );
            }
        });
}

fn line(
    ui: &mut Ui,
    document: &Document,
    stall: &StallReport,
    share: f32,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui.visuals());
    let size = vec2(ui.available_width(), LINE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let selection = Selection::Stall(stall.model, stall.index);
    let selected = document.selection == Some(selection);
    let length = plain_duration(stall.range.duration());
    let model = describe::model(&document.store, stall.model);
    let task = stall.task_name.as_deref().unwrap_or("no task");
    let first = format!("{length}  {task}");
    let second = format!("{model} · {}", stall.cause);
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::Button,
            true,
            selected,
            format!("Stall of {length} in {model}, {task}: {}", stall.cause),
        )
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        if selected || response.hovered() || response.has_focus() {
            let fill = if selected {
                palette.selection_fill
            } else {
                palette.widget
            };
            painter.rect_filled(rect, theme::RADIUS, fill);
        }
        let bar = rect
            .shrink2(vec2(STEP, 0.0))
            .with_min_y(rect.bottom() - 3.0);
        painter.rect_filled(
            bar.with_max_x(bar.left() + (bar.width() * share).max(2.0)),
            1.0,
            palette.stalled,
        );
        let left = rect.left() + STEP;
        painter.text(
            pos2(left, rect.top() + 2.0),
            Align2::LEFT_TOP,
            first,
            theme::body(),
            palette.text,
        );
        let weak = if selected {
            palette.text
        } else {
            palette.text_weak
        };
        painter.text(
            pos2(left, rect.top() + 19.0),
            Align2::LEFT_TOP,
            second,
            theme::small(),
            weak,
        );
    }
    if response.on_hover_text(&stall.sentence).clicked() {
        commands.push(Command::Reveal(selection));
    }
}
