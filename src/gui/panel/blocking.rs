//! The blocking switch, and from when on something is a stall.

use std::ops::RangeInclusive;
use std::time::Duration;

use egui::{Frame, Margin, RichText, Stroke, Ui};

use super::widgets;
use crate::analysis::plain_duration;
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::theme::{Palette, RADIUS};
use crate::scenario::{Blocking, BlockingKind, limits};

/// Shows the switch: a frame that lights up while callbacks block.
pub fn show(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let on = controls.blocking_on;
    let edge = if on { palette.blocking } else { palette.border };
    Frame::new()
        .fill(palette.lane)
        .stroke(Stroke::new(if on { 1.5 } else { 1.0 }, edge))
        .corner_radius(RADIUS)
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.take_available_width();
            let mut on = on;
            if widgets::switch(ui, &mut on, "Blocking callback")
                .on_hover_text(
                    "Takes effect from the next callback on, also in the middle of a run",
                )
                .changed()
            {
                commands.push(Command::SetBlockingOn(on));
            }
            let changed = settings(ui, controls);
            commands.extend(changed.map(Command::SetBlocking));
            let color = if on { palette.text } else { palette.text_weak };
            let text = RichText::new(sentence(controls, running)).color(color);
            ui.add(egui::Label::new(text).wrap());
        });
}

/// How, how long, and in which task. What they were changed to, if they were.
fn settings(ui: &mut Ui, controls: &Controls) -> Option<Blocking> {
    let mut blocking = controls.blocking;
    if let Some(kind) = widgets::segments(
        ui,
        blocking.kind,
        BlockingKind::ALL.map(|kind| (kind, kind.name(), explained(kind))),
    ) {
        blocking.kind = kind;
    }
    ui.add_enabled_ui(blocking.kind != BlockingKind::Read, |ui| {
        duration_slider(
            ui,
            "Duration",
            &mut blocking.duration,
            &limits::BLOCKING,
            "For how long a callback blocks",
        );
    });
    ui.horizontal(|ui| {
        ui.label("In");
        task_picker(ui, controls, &mut blocking);
    });
    (blocking != controls.blocking).then_some(blocking)
}

fn task_picker(ui: &mut Ui, controls: &Controls, blocking: &mut Blocking) {
    let combo = egui::ComboBox::from_id_salt("blocked task")
        .width(ui.available_width())
        .truncate()
        .selected_text(controls.blocked_task())
        .show_ui(ui, |ui| {
            for task in &controls.scenario.tasks {
                ui.selectable_value(&mut blocking.task, Some(task.id), &task.name);
            }
            ui.separator();
            ui.selectable_value(&mut blocking.task, None, "every task");
        });
    combo.response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ComboBox, ui.is_enabled(), "Blocked task")
    });
    combo
        .response
        .on_hover_text("In the callbacks of which task");
}

/// Shows from which length on a stretch without a poll is a stall.
pub fn threshold(ui: &mut Ui, controls: &Controls, commands: &mut Vec<Command>) {
    widgets::title(ui, "A stall begins at");
    let mut threshold = controls.stall_threshold;
    duration_slider(
        ui,
        "Stall threshold",
        &mut threshold,
        &limits::STALL_THRESHOLD,
        "A stretch without a poll of at least this length is a stall. Takes effect from the next one on.",
    );
    if threshold != controls.stall_threshold {
        commands.push(Command::SetStallThreshold(threshold));
    }
}

/// A slider over orders of magnitude, in milliseconds, with a field to type the length in.
fn duration_slider(
    ui: &mut Ui,
    name: &str,
    duration: &mut Duration,
    allowed: &RangeInclusive<Duration>,
    hint: &str,
) {
    let range = millis(*allowed.start())..=millis(*allowed.end());
    let mut value = millis(*duration);
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 84.0).max(60.0);
        let slider = egui::Slider::new(&mut value, range)
            .logarithmic(true)
            .max_decimals(0)
            .custom_formatter(|value, _| plain_duration(from_millis(value)))
            .custom_parser(|text| parse_millis(text, allowed));
        let response = ui.add(slider).on_hover_text(hint);
        response.widget_info(|| egui::WidgetInfo::slider(ui.is_enabled(), value, name));
        if response.changed() {
            *duration = from_millis(value).clamp(*allowed.start(), *allowed.end());
        }
    });
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

/// What the switch does now, or would do.
fn sentence(controls: &Controls, running: bool) -> String {
    let Blocking { kind, duration, .. } = controls.blocking;
    let task = controls.blocked_task();
    let length = plain_duration(duration);
    let does = match kind {
        BlockingKind::Sleep => format!("sleeps for {length} in a system call"),
        BlockingKind::Cpu => format!("computes for {length}"),
        BlockingKind::Read => "reads its socket to the end, blocking".to_owned(),
    };
    match (controls.blocking_on, running) {
        (true, true) => format!("Every data_received of {task} {does}, from the next one on."),
        (true, false) => format!("Every data_received of {task} {does}."),
        (false, _) => {
            format!("Callbacks return at once. Switched on, every data_received of {task} {does}.")
        }
    }
}

const fn explained(kind: BlockingKind) -> &'static str {
    match kind {
        BlockingKind::Sleep => {
            "The callback sleeps in a system call, as one does that asks a database"
        }
        BlockingKind::Cpu => "The callback computes, as one does that compresses or parses",
        BlockingKind::Read => {
            "The callback reads its socket to the end, waiting for each piece: it makes the loop a queue"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::builtins;

    #[test]
    fn the_sentence_says_what_happens_now() {
        let mut controls = Controls::of(builtins()[0].scenario(), builtins()[0].name);
        assert!(sentence(&controls, true).starts_with("Callbacks return at once."));
        controls.blocking_on = true;
        assert_eq!(
            sentence(&controls, false),
            "Every data_received of ecstasy sleeps for 200 ms in a system call."
        );
        controls.blocking.kind = BlockingKind::Read;
        controls.blocking.task = None;
        assert_eq!(
            sentence(&controls, true),
            "Every data_received of every task reads its socket to the end, blocking, from the next one on."
        );
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
