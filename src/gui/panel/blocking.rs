//! The blocking switch, and from when on something is a stall.

use egui::{Frame, Margin, RichText, Stroke, Ui};

use super::walk;
use super::widgets::{self, SliderLabel};
use crate::analysis::plain_duration;
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{Palette, RADIUS};
use crate::scenario::{Blocking, BlockingKind, Step, Task, limits};

/// Shows the switch: a frame that lights up while callbacks block.
pub fn show(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let on = controls.blocking_on;
    let edge = if on { palette.blocking } else { palette.border };
    let shown = Frame::new()
        .fill(palette.lane)
        .stroke(Stroke::new(if on { 1.5 } else { 1.0 }, edge))
        .corner_radius(RADIUS)
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.take_available_width();
            let mut on = on;
            let switch = widgets::switch(ui, &mut on, tr("Blocking callback"));
            if switch
                .on_hover_text(tr(
                    "Takes effect from the next callback on, also in the middle of a run",
                ))
                .changed()
            {
                commands.push(Command::SetBlockingOn(on));
            }
            // While it is off, the sentence says what it would do, and the story below has the room.
            if on {
                let changed = settings(ui, controls);
                commands.extend(changed.map(Command::SetBlocking));
            }
            let color = if on { palette.text } else { palette.text_weak };
            let text = RichText::new(sentence(controls, running)).color(color);
            widgets::paragraph(ui, text);
        });
    let seen = shown.response.rect.intersect(ui.clip_rect());
    walk::anchor(ui.ctx(), walk::Anchor::Blocking, seen);
}

/// How, how long, and in which task. What they were changed to, if they were.
fn settings(ui: &mut Ui, controls: &Controls) -> Option<Blocking> {
    let mut blocking = controls.blocking;
    if let Some(kind) = widgets::segments(
        ui,
        blocking.kind,
        BlockingKind::ALL.map(|kind| (kind, tr(kind.name()), tr(kind.explained()))),
    ) {
        blocking.kind = kind;
    }
    ui.add_enabled_ui(blocking.kind != BlockingKind::Read, |ui| {
        let label = SliderLabel::of(tr("Duration"), tr("For how long a callback blocks"));
        widgets::duration_slider(ui, &label, &mut blocking.duration, &limits::BLOCKING);
    });
    ui.horizontal(|ui| {
        ui.label(tr("In"));
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
            ui.selectable_value(&mut blocking.task, None, tr("every task"));
        });
    combo.response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ComboBox, ui.is_enabled(), tr("Blocked task"))
    });
    combo
        .response
        .on_hover_text(tr("In the callbacks of which task"));
}

/// Shows from which length on a stretch without a poll is a stall.
pub fn threshold(ui: &mut Ui, controls: &Controls, commands: &mut Vec<Command>) {
    widgets::title(ui, tr("A stall begins at"));
    let mut threshold = controls.stall_threshold;
    let label = SliderLabel::of(
        tr("Stall threshold"),
        tr(
            "A stretch without a poll of at least this length is a stall. Takes effect from the next one on.",
        ),
    );
    widgets::duration_slider(ui, &label, &mut threshold, &limits::STALL_THRESHOLD);
    if threshold != controls.stall_threshold {
        commands.push(Command::SetStallThreshold(threshold));
    }
}

/// What the switch does now, or would do.
fn sentence(controls: &Controls, running: bool) -> String {
    let Blocking { kind, duration, .. } = controls.blocking;
    let task = controls.blocked_task();
    let callback = callback(controls);
    let length = plain_duration(duration);
    let does = match kind {
        BlockingKind::Sleep => fill(
            tr("sleeps for {length} in a system call"),
            &[("length", &length)],
        ),
        BlockingKind::Cpu => fill(tr("computes for {length}"), &[("length", &length)]),
        BlockingKind::Read => tr("reads its socket to the end, blocking").to_owned(),
        BlockingKind::Lock => fill(
            tr("waits {length} for a lock that another thread holds"),
            &[("length", &length)],
        ),
        BlockingKind::Fsync => fill(
            tr("writes to a file and waits for the disk, for {length}"),
            &[("length", &length)],
        ),
        BlockingKind::Many => fill(
            tr("leaves {length} of work to a hundred callbacks"),
            &[("length", &length)],
        ),
    };
    match (controls.blocking_on, running) {
        (true, true) => fill(
            tr("Every {callback} of {task} {does}, from the next one on."),
            &[("callback", &callback), ("task", &task), ("does", &does)],
        ),
        (true, false) => fill(
            tr("Every {callback} of {task} {does}."),
            &[("callback", &callback), ("task", &task), ("does", &does)],
        ),
        (false, _) => fill(
            tr("Callbacks return at once. Switched on, every {callback} of {task} {does}."),
            &[("callback", &callback), ("task", &task), ("does", &does)],
        ),
    }
}

/// What it is that blocks: where data comes, or wherever the program of the task is called.
fn callback(controls: &Controls) -> &'static str {
    let tasks = &controls.scenario.tasks;
    let only_downloads = |task: &Task| task.download().is_some();
    let by_lines = |task: &Task| matches!(&task.steps[..], [Step::Download { by_lines: true, .. }]);
    let reads = controls.blocking.kind == BlockingKind::Read;
    if !reads && tasks.iter().all(by_lines) {
        "line_received"
    } else if reads || tasks.iter().all(only_downloads) {
        "data_received"
    } else {
        tr("callback")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, builtins};

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
    fn of_a_program_every_callback_blocks() {
        let scenario = Scenario::load("hello-reactor").expect("it is built in");
        let mut controls = Controls::of(scenario, "hello-reactor");
        controls.blocking_on = true;
        assert!(sentence(&controls, false).starts_with("Every callback of countdown sleeps"));
    }
}
