//! Whether everything has room: the main views, from small windows to large ones, in both languages.

use egui::epaint::ClippedShape;
use egui::{Rect, Shape, vec2};
use egui_kittest::kittest::NodeT;
use loopscope::gui::beside::{BesideCommand, Split};
use loopscope::gui::command::{Command, Selection};
use loopscope::gui::texts::LanguageChoice;

use crate::desk::Desk;

/// Windows, in points: from the smallest to a large one. On a display of 200 % a window of 1920 by 1080 pixels has 960
/// by 540 points.
const WINDOWS: [(f32, f32, f32); 6] = [
    (1024.0, 640.0, 1.0),
    (960.0, 540.0, 2.0),
    (1280.0, 720.0, 1.5),
    (1440.0, 900.0, 1.0),
    (1920.0, 1080.0, 2.0),
    (3840.0, 2160.0, 1.0),
];

/// What lies around or below other controls, as it should.
const AROUND: [&str; 4] = ["Edge of ", "的边缘", "Timeline", "时间线"];

/// A control that can be seen.
#[derive(Debug)]
struct Control {
    name: String,
    /// All of it.
    rect: Rect,
    /// What of it is not clipped.
    seen: Rect,
}

/// All controls that have a name and can be seen at least in part. What has no size is only there to be read aloud.
fn controls(desk: &Desk) -> Vec<Control> {
    let names: Vec<(Rect, String)> = desk
        .harness
        .root()
        .children_recursive()
        .filter_map(|node| {
            let name = node.accesskit_node().label()?;
            Some((node.rect(), name))
        })
        .collect();
    let name_of = |rect: Rect| {
        let (_, name) = names.iter().find(|(one, _)| {
            (one.min - rect.min).length() < 0.5 && (one.max - rect.max).length() < 0.5
        })?;
        Some(name.clone())
    };
    desk.harness.ctx.viewport(|viewport| {
        let widgets = &viewport.prev_pass.widgets;
        widgets
            .layers()
            .flat_map(|(_, widgets)| widgets)
            .filter(|widget| widget.sense.senses_click() && widget.interact_rect.is_positive())
            .filter_map(|widget| {
                Some(Control {
                    name: name_of(widget.rect)?,
                    rect: widget.rect,
                    seen: widget.interact_rect,
                })
            })
            // Edges of panels can be grabbed from both sides of them, and the timeline holds controls of its own.
            .filter(|control| !AROUND.iter().any(|name| control.name.contains(name)))
            .collect()
    })
}

/// Texts that are cut off at their right or left side.
fn cut_off(desk: &Desk) -> Vec<String> {
    let mut found = Vec::new();
    for ClippedShape {
        clip_rect, shape, ..
    } in &desk.harness.output().shapes
    {
        texts(shape, &mut |text| {
            let rect = text.visual_bounding_rect();
            let seen = rect.intersect(*clip_rect);
            let is_seen = seen.is_positive() && seen.height() > rect.height() / 2.0;
            if is_seen && seen.width() < rect.width() - 1.5 {
                found.push(format!(
                    "{:?} at {rect:?}, of which {seen:?} is seen",
                    text.galley.text()
                ));
            }
        });
    }
    found
}

fn texts(shape: &Shape, each: &mut impl FnMut(&egui::epaint::TextShape)) {
    match shape {
        Shape::Text(text) => each(text),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, each)),
        _ => {}
    }
}

/// What is wrong with what is on the screen.
fn faults(desk: &Desk, screen: Rect) -> Vec<String> {
    let controls = controls(desk);
    assert!(controls.len() > 20, "the controls are there");
    let mut faults = cut_off(desk);
    for (place, one) in controls.iter().enumerate() {
        let sides = one.rect.x_range();
        let seen = one.seen.x_range();
        if seen.min > sides.min + 0.5 || seen.max < sides.max - 0.5 {
            faults.push(format!(
                "{} is cut off: {:?} of {:?}",
                one.name, seen, sides
            ));
        }
        if !screen.contains_rect(one.seen) {
            faults.push(format!("{} is outside: {:?}", one.name, one.seen));
        }
        for other in &controls[place + 1..] {
            let both = one.seen.intersect(other.seen);
            let is_same = one.name == other.name;
            if !is_same && both.width() > 1.0 && both.height() > 1.0 {
                faults.push(format!(
                    "{} and {} overlap at {both:?}",
                    one.name, other.name
                ));
            }
        }
    }
    faults
}

/// Shows a window of each size in both languages, and fails if anything has no room.
fn everything_has_room(view: &str, mut prepare: impl FnMut(&mut Desk)) {
    let mut all = Vec::new();
    for language in [LanguageChoice::English, LanguageChoice::Chinese] {
        for (width, height, scale) in WINDOWS {
            let mut desk = Desk::sized(vec2(width, height), scale);
            prepare(&mut desk);
            desk.apply(Command::SetLanguage(language));
            desk.frames(4);
            let screen = Rect::from_min_size(egui::Pos2::ZERO, vec2(width, height));
            let faults = faults(&desk, screen);
            all.extend(faults.into_iter().map(|fault| {
                format!("{view}, {width} x {height} at {scale}, {language:?}: {fault}")
            }));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_first_page_has_room() {
    everything_has_room("first page", |_| {});
}

#[test]
fn a_trace_has_room() {
    everything_has_room("trace", Desk::show_recorded);
}

#[test]
fn a_stall_has_room() {
    everything_has_room("stall", |desk| {
        desk.show_recorded();
        let stall = desk.shown().stalls[0].clone();
        desk.apply(Command::Reveal(Selection::Stall(stall.model, stall.index)));
    });
}

#[test]
fn two_traces_have_room() {
    for split in [Split::Below, Split::Aside] {
        everything_has_room("two traces", |desk| {
            desk.show_recorded();
            desk.show_recorded();
            desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
            desk.apply(Command::Beside(BesideCommand::Split(split)));
        });
    }
}
