//! What the keys of a frame ask for.

use std::collections::HashMap;

use egui::{Context, InputState, Key, KeyboardShortcut, Modifiers};

use super::action::{self, Action, Heard, State, Trigger};
use super::command::Command;

/// The longest step of time that a held key takes at once, in seconds: a frame that took longer makes no leap.
const LONGEST_STEP: f64 = 0.05;
/// For how long a key counts as held in the frame in which it goes down, in seconds: also one that came up in it has done
/// something to be seen.
const TAP: f64 = 0.08;

/// What the keys of this frame ask for. Who types has most of them for himself; a menu that is open, or a dialog, has
/// nearly all. `dialog` says that one is.
pub(super) fn commands(ctx: &Context, state: &State<'_>, dialog: bool) -> Vec<Command> {
    let least = if dialog || egui::Popup::is_any_open(ctx) {
        Heard::Always
    } else if ctx.text_edit_focused() {
        Heard::Typing
    } else {
        Heard::Free
    };
    let focused = ctx.memory(|memory| memory.focused().is_some());
    let_go(ctx);
    let mut asked = Vec::new();
    for (modifiers, key, action) in in_order() {
        // A control that has the focus is pressed by Space, and left by the arrows.
        let is_taken = focused && is_of_focus(key);
        if action.heard() < least || is_taken {
            continue;
        }
        if ctx.input_mut(|input| went_down(input, modifiers, key, action.repeats())) {
            asked.extend(match action.command(state) {
                Ok(command) => Some(command),
                // The same key means something else then.
                Err(_) if is_idle_key(key) => None,
                Err(why) => Some(Command::Explain(why)),
            });
        }
    }
    if least == Heard::Free {
        asked.extend(held(ctx, state, focused));
    }
    asked
}

/// Takes note of keys that came up as another sign than they went down: who lets go of Shift first presses `?` and lets
/// go of `/`. egui would take `?` for held down from then on, and each later press for a repetition.
fn let_go(ctx: &Context) {
    let id = egui::Id::unique("keys by their places");
    let mut places: HashMap<Key, Key> = ctx.data(|data| data.get_temp(id)).unwrap_or_default();
    let before = places.clone();
    ctx.input_mut(|input| {
        for event in &input.events {
            let egui::Event::Key {
                key,
                physical_key: Some(place),
                pressed,
                ..
            } = event
            else {
                continue;
            };
            if *pressed {
                places.insert(*place, *key);
            } else if let Some(down) = places.remove(place).filter(|down| down != key) {
                input.keys_down.remove(&down);
            }
        }
    });
    if places != before {
        ctx.data_mut(|data| data.insert_temp(id, places));
    }
}

/// The keys that are pressed. The more are held down with one, the earlier: Ctrl Z is down in Ctrl Shift Z, too.
fn in_order() -> Vec<(Modifiers, Key, &'static Action)> {
    let presses = |action: &'static Action| {
        action
            .triggers
            .iter()
            .filter_map(move |trigger| match trigger {
                Trigger::Press(modifiers, key) => Some((*modifiers, *key, action)),
                Trigger::Hold(_) | Trigger::Idle(_) | Trigger::Hand(_) => None,
            })
    };
    let mut keys: Vec<_> = action::all().flat_map(presses).collect();
    keys.sort_by_key(|(with, ..)| {
        let count = u8::from(with.command) + u8::from(with.alt) + u8::from(with.shift);
        std::cmp::Reverse(count)
    });
    keys
}

/// Whether a key went down, and takes it. One that is held down counts once unless it `repeats`.
fn went_down(input: &mut InputState, modifiers: Modifiers, key: Key, repeats: bool) -> bool {
    let held = input.events.iter().any(
        |event| matches!(event, egui::Event::Key { key: one, repeat: true, .. } if *one == key),
    );
    let shortcut = KeyboardShortcut::new(modifiers, key);
    input.consume_shortcut(&shortcut) && (repeats || !held)
}

/// What the keys ask for that are down; `focused` says that a control has the focus.
fn held(ctx: &Context, state: &State<'_>, focused: bool) -> Vec<Command> {
    let seconds = ctx.input(|input| f64::from(input.unstable_dt));
    let seconds = seconds.clamp(0.0, LONGEST_STEP);
    let selected = state.document.is_some_and(|one| one.selection.is_some());
    let is_idle = !selected && !focused;
    let held = |trigger: &Trigger| match trigger {
        Trigger::Hold(key) => held_for(ctx, *key, seconds),
        Trigger::Idle(key) if is_idle => held_for(ctx, *key, seconds),
        Trigger::Idle(_) | Trigger::Press(..) | Trigger::Hand(_) => 0.0,
    };
    let actions = action::all().filter_map(|action| {
        let held = action.triggers.iter().map(held).fold(0.0, f64::max);
        let state = State { held, ..*state };
        (held > 0.0).then(|| action.command(&state).ok()).flatten()
    });
    actions.collect()
}

/// How long a key counts as held without others in this frame, in seconds, if a key that is down does for `seconds`.
fn held_for(ctx: &Context, key: Key, seconds: f64) -> f64 {
    let plain = |with: &Modifiers| with.is_none() || *with == Modifiers::SHIFT;
    ctx.input(|input| {
        let taps = input.events.iter().filter(|event| match event {
            egui::Event::Key {
                key: one,
                pressed: true,
                repeat: false,
                modifiers,
                ..
            } => *one == key && plain(modifiers),
            _ => false,
        });
        match taps.count() {
            0 if input.keys_down.contains(&key) && plain(&input.modifiers) => seconds,
            taps => TAP * taps as f64,
        }
    })
}

/// Whether a key does something else while nothing is selected.
fn is_idle_key(key: Key) -> bool {
    let mut triggers = action::all().flat_map(|action| action.triggers);
    triggers.any(|trigger| *trigger == Trigger::Idle(key))
}

/// Whether a key means something to a control that has the focus.
const fn is_of_focus(key: Key) -> bool {
    matches!(
        key,
        Key::Space | Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight
    )
}
