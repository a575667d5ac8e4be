//! The parts around the timeline, whose edges are moved by hand and by keys.

use std::fmt::Debug;
use std::hash::Hash;

use egui::panel::PanelState;
use egui::{
    CursorIcon, Event, EventFilter, Frame, Id, InnerResponse, Key, Panel, Response, Sense, Ui,
    accesskit,
};

use crate::gui::texts::{fill, tr};

/// A part at one side of the timeline, whose edge can be moved.
#[must_use = "it is there when it is shown"]
pub struct Part {
    at: At,
    salt: Id,
    name: &'static str,
    panel: Panel,
}

/// A side of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Left of it.
    Left,
    /// Right of it.
    Right,
    /// Above it: the first of two traces.
    Top,
    /// Below it.
    Bottom,
}

impl At {
    /// The keys that make a part there larger, and smaller.
    const fn keys(self) -> [Key; 2] {
        match self {
            Self::Left => [Key::ArrowRight, Key::ArrowLeft],
            Self::Right => [Key::ArrowLeft, Key::ArrowRight],
            Self::Top => [Key::ArrowDown, Key::ArrowUp],
            Self::Bottom => [Key::ArrowUp, Key::ArrowDown],
        }
    }
}

impl At {
    const fn cursor(self) -> CursorIcon {
        match self {
            Self::Left | Self::Right => CursorIcon::ResizeHorizontal,
            Self::Top | Self::Bottom => CursorIcon::ResizeVertical,
        }
    }
}

impl Part {
    /// One that is so large until the hand makes it otherwise, within these limits, in points.
    pub fn new(
        at: At,
        id: impl Hash + Debug,
        size: f32,
        limits: std::ops::RangeInclusive<f32>,
    ) -> Self {
        let salt = Id::unique(id);
        let panel = match at {
            At::Left => Panel::left(salt),
            At::Right => Panel::right(salt),
            At::Top => Panel::top(salt),
            At::Bottom => Panel::bottom(salt),
        };
        let panel = panel.resizable(true).default_size(size).size_range(limits);
        let name = "";
        Self {
            at,
            salt,
            name,
            panel,
        }
    }

    /// What it is called, in English.
    pub const fn called(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// What is around it.
    pub fn frame(mut self, frame: Frame) -> Self {
        self.panel = self.panel.frame(frame);
        self
    }

    /// Shows it.
    pub fn show<R>(self, ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
        let Self {
            at,
            salt,
            name,
            panel,
        } = self;
        // As the library calls the widget that it puts on the edge; a test tells when that changes.
        let id = ui.scope_id().with(salt);
        let edge = id.with("__resize");
        steer(ui, edge, at);
        if !is_pulled(ui, id, edge) {
            // Else the library would keep the size that it had first, in whatever window that was.
            ui.data_mut(|data| data.remove::<PanelState>(id));
        }
        let shown = panel.show(ui, add);
        describe(ui, edge, name);
        ui.data_mut(|data| {
            let edges: &mut Vec<(Id, At)> = data.get_temp_mut_or_default(edges());
            edges.push((edge, at));
        });
        shown
    }
}

/// Whether the hand has moved the edge of a part, now or at any time since its layout was reset.
fn is_pulled(ui: &Ui, id: Id, edge: Id) -> bool {
    let dragged = |edge: Response| edge.dragged() || edge.drag_stopped();
    let asked = |ui: &Ui| {
        let actions = [accesskit::Action::Increment, accesskit::Action::Decrement];
        ui.input(|input| {
            let mut actions = actions.into_iter();
            actions.any(|action| input.has_accesskit_action_request(edge, action))
        })
    };
    let pulled = id.with("pulled");
    if ui.read_response(edge).is_some_and(dragged) || asked(ui) {
        ui.data_mut(|data| data.insert_persisted(pulled, true));
    }
    ui.data_mut(|data| data.get_persisted(pulled).unwrap_or(false))
}

/// Where the edges of a frame are kept until all is shown.
fn edges() -> Id {
    Id::unique("edges of parts")
}

/// Lays handles over the edges of this frame, when all is shown: what is beside a part comes after it, and would take the
/// hand that reaches for its edge from that side.
pub fn raise(ui: &Ui) {
    let edges: Vec<(Id, At)> = ui.data_mut(|data| data.remove_temp(edges()).unwrap_or_default());
    for (edge, at) in edges {
        let Some(shown) = ui.read_response(edge) else {
            continue;
        };
        let handle = ui.interact(shown.rect, edge.with("handle"), Sense::DRAG);
        if handle.drag_started() {
            ui.ctx().set_dragged_id(edge);
        }
        if handle.hovered() {
            ui.set_cursor_icon(at.cursor());
        }
    }
}

/// The library moves an edge for whoever asks through a screen reader: so do the arrows while it has the focus.
fn steer(ui: &Ui, edge: Id, at: At) {
    if !ui.memory(|memory| memory.has_focus(edge)) {
        return;
    }
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(edge, filter));
    ui.input_mut(|input| {
        let actions = [accesskit::Action::Increment, accesskit::Action::Decrement];
        for (key, action) in at.keys().into_iter().zip(actions) {
            for _ in 0..input.count_and_consume_key(egui::Modifiers::NONE, key) {
                let request = accesskit::ActionRequest {
                    action,
                    target_tree: accesskit::TreeId::ROOT,
                    target_node: edge.accesskit_id(),
                    data: None,
                };
                input.events.push(Event::AccessKitActionRequest(request));
            }
        }
    });
}

/// The library calls all edges the same, in English.
fn describe(ui: &Ui, edge: Id, name: &str) {
    let name = fill(tr("Edge of {side}"), &[("side", &tr(name))]);
    ui.ctx()
        .accesskit_node_builder(edge, |node| node.set_label(name));
}
