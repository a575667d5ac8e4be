//! The keyboard comes to every control, and shows where it is.

use std::collections::{HashMap, HashSet};

use egui::accesskit::Role;
use egui::epaint::ClippedShape;
use egui::{Id, Key, Modifiers, Rect, Shape};
use egui_kittest::kittest::NodeT;
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::gui::theme::Palette;
use loopscope::trace::{TimeRange, Timestamp};

use crate::desk::Desk;
use crate::views::{VIEWS, View};

/// More than there are controls in any view.
const MOST: usize = 300;

/// What can have the focus and is in sight, by what it is and where.
fn focusable(desk: &Desk) -> HashMap<Id, Rect> {
    let modal = desk.harness.ctx.memory(egui::Memory::top_modal_layer);
    desk.harness.ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        layers
            .filter(|(layer, _)| modal.is_none_or(|modal| **layer == modal))
            .flat_map(|(_, widgets)| widgets)
            .filter(|one| {
                one.enabled && one.sense.is_focusable() && one.interact_rect.is_positive()
            })
            .map(|one| (one.id, one.interact_rect))
            .collect()
    })
}

fn name(desk: &Desk, id: Id) -> Option<String> {
    let wanted = id.accesskit_id().0;
    let mut nodes = desk.harness.root().children_recursive();
    let node = nodes.find(|node| node.accesskit_node().locate().0.0 == wanted)?;
    let node = node.accesskit_node();
    node.label().or_else(|| node.value())
}

/// Whether a ring is drawn around a rectangle that can be told from what is around it.
fn has_ring(desk: &Desk, around: Rect) -> bool {
    let palette = Palette::of(&desk.harness.ctx.global_style().visuals);
    let screen = desk.harness.ctx.content_rect();
    let around = around.intersect(screen);
    let shapes = desk.harness.output().shapes.iter();
    shapes
        .flat_map(|ClippedShape { shape, .. }| match shape {
            Shape::Vec(shapes) => shapes.iter().collect(),
            shape => vec![shape],
        })
        .any(|shape| match shape {
            Shape::Rect(ring) => {
                ring.stroke.color == palette.selection
                    && ring.stroke.width >= 2.0
                    && ring.rect.expand(0.5).contains_rect(around)
                    && around.expand(4.0).contains_rect(ring.rect)
            }
            _ => false,
        })
}

#[test]
fn tab_comes_to_every_control_and_each_has_a_name_and_a_ring() {
    let mut faults = Vec::new();
    for (view, prepare) in VIEWS {
        let mut desk = Desk::new();
        prepare(&mut desk);
        desk.frames(3);
        let all = focusable(&desk);
        let mut visited = HashSet::new();
        let first = desk.harness.ctx.memory(egui::Memory::focused);
        visited.extend(first);
        for _ in 0..MOST {
            desk.harness.key_press_modifiers(Modifiers::NONE, Key::Tab);
            desk.frames(2);
            let Some(id) = desk.harness.ctx.memory(egui::Memory::focused) else {
                continue;
            };
            if !visited.insert(id) {
                let left = all.keys().any(|id| !visited.contains(id));
                if left {
                    continue;
                }
                break;
            }
            let name = name(&desk, id).filter(|name| !name.is_empty());
            let place = desk
                .harness
                .ctx
                .read_response(id)
                .map(|one| one.interact_rect);
            let place = place.unwrap_or(Rect::NOTHING);
            if name.is_none() {
                faults.push(format!("{view}: no name at {place:?}"));
            }
            let name = name.unwrap_or_default();
            if !place.is_positive() {
                faults.push(format!("{view}: {name} has the focus out of sight"));
            } else if !has_ring(&desk, place) {
                faults.push(format!("{view}: no ring around {name} at {place:?}"));
            }
        }
        for (id, rect) in &all {
            if !visited.contains(id) {
                let name = name(&desk, *id).unwrap_or_default();
                faults.push(format!("{view}: Tab does not come to {name:?} at {rect:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a person could use it.
fn is_control(role: Role) -> bool {
    use Role::{
        Button, CheckBox, ComboBox, Link, ListBoxOption, MenuItem, MenuItemCheckBox, MenuItemRadio,
        MultilineTextInput, RadioButton, Slider, SpinButton, Splitter, Switch, Tab, TextInput,
    };
    matches!(
        role,
        Button
            | CheckBox
            | ComboBox
            | Link
            | ListBoxOption
            | MenuItem
            | MenuItemCheckBox
            | MenuItemRadio
            | MultilineTextInput
            | RadioButton
            | Slider
            | SpinButton
            | Splitter
            | Switch
            | Tab
            | TextInput
    )
}

#[test]
fn every_control_is_called_something_for_who_cannot_see_it() {
    let opened: [View; 3] = [
        ("menu", |desk| desk.click("View")),
        ("scenarios", |desk| desk.click("Scenario")),
        ("parameters", |desk| desk.click("Parameters")),
    ];
    let mut faults = Vec::new();
    for (view, prepare) in VIEWS.into_iter().chain(opened) {
        let mut desk = Desk::new();
        prepare(&mut desk);
        desk.frames(3);
        let nodes = desk.harness.root().children_recursive();
        let mut controls = 0;
        for node in nodes {
            let node = node.accesskit_node();
            if !is_control(node.role()) || node.is_hidden() {
                continue;
            }
            controls += 1;
            // A sign is no name: nobody knows what a cross closes when it is read aloud.
            let name = node.label().unwrap_or_default();
            let says_something = name.chars().any(char::is_alphanumeric);
            if !says_something {
                let (role, value) = (node.role(), node.value());
                faults.push(format!("{view}: {role:?} {name:?}, {value:?}"));
            }
        }
        assert!(controls > 10, "{view} has controls");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_edge_is_moved_by_the_arrows() {
    let mut desk = Desk::with_trace();
    let edge = "Edge of Inspector and stalls";
    let before = desk.control(edge).rect().center().x;
    desk.control(edge).focus();
    desk.frames(2);
    for _ in 0..3 {
        desk.press(Modifiers::NONE, Key::ArrowLeft);
    }
    let after = desk.control(edge).rect().center().x;
    assert!(after < before - 30.0, "{before} {after}");
    assert!(desk.control(edge).is_focused(), "the arrows stay with it");
}

#[test]
fn a_lane_is_collapsed_by_enter() {
    let mut desk = Desk::with_trace();
    let name = "Lane fascination of synchronous";
    let before = desk.control(name).rect().height();
    desk.control(name).focus();
    desk.frames(2);
    desk.press(Modifiers::NONE, Key::Enter);
    assert!(desk.control(name).rect().height() < before);
}

/// Types a letter in a single frame: the key, and what it writes.
fn type_letter(desk: &mut Desk, key: Key, letter: &str) {
    let event = |pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    let text = egui::Event::Text(letter.to_owned());
    let events = [event(true), text, event(false)];
    desk.harness.input_mut().events.extend(events);
    desk.harness.step();
}

#[test]
fn who_types_at_once_types_into_the_field_that_he_asked_for() {
    let mut desk = Desk::with_trace();
    for _ in 0..2 {
        // The second time it replaces what was typed before.
        type_letter(&mut desk, Key::Slash, "/");
        for (key, letter) in [(Key::R, "r"), (Key::E, "e"), (Key::C, "c")] {
            type_letter(&mut desk, key, letter);
        }
        desk.frames(2);
        assert_eq!(desk.app().searched().text(), "rec");
        assert_eq!(desk.shown().chosen, None, "R chooses no range");
        desk.press(Modifiers::NONE, Key::Escape);
        assert!(!desk.app().searched().is_open());
    }
    desk.harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    desk.harness.step();
    type_letter(&mut desk, Key::T, "t");
    type_letter(&mut desk, Key::H, "h");
    desk.frames(2);
    assert!(desk.has("Dark or light") || desk.has("threaded"));
    assert_eq!(desk.control("Command").value().as_deref(), Some("th"));
}

#[test]
fn what_is_closed_leaves_no_ring_behind() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::COMMAND, Key::P);
    let place = desk.control("Command").rect();
    assert!(has_ring(&desk, place));
    desk.harness.key_down(Key::Escape);
    desk.until_now("it is closed", |desk| !desk.sees("Command"));
    assert!(!has_ring(&desk, place));
}

#[test]
fn a_key_that_is_only_tapped_moves_the_view() {
    let mut desk = Desk::with_trace();
    let part = TimeRange::new(Timestamp(500_000_000), Timestamp(1_500_000_000));
    desk.apply(Command::View(ViewCommand::Show(part)));
    let seen = |desk: &Desk| (desk.shown().view.begin(), desk.shown().view.length());
    for key in [Key::W, Key::S, Key::A, Key::D] {
        let before = seen(&desk);
        // Down and up between two frames.
        let events = [true, false].map(|pressed| egui::Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        });
        desk.harness.input_mut().events.extend(events);
        desk.harness.step();
        assert_ne!(seen(&desk), before, "{key:?}");
    }
}
