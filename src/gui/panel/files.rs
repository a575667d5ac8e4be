//! The dialog that asks for a path: to open a trace, to load a scenario, to export, to record.
//!
//! It has a field to type in, because the system's own dialog is not there on every machine and then says
//! nothing; a button calls that one.

use std::path::{Path, PathBuf};

use egui::{Button, Key, RichText, Ui, Vec2, vec2};

use super::widgets;
use crate::format::Format;
use crate::gui::beside::BesideCommand;
use crate::gui::command::Command;
use crate::gui::jobs::{Ask, Choice, FileKind, Wanted, typed_path};
use crate::gui::texts::{fill, tr, with_aside};
use crate::gui::theme::{self, Palette, STEP};

/// The size of its buttons, in points.
const BUTTON: Vec2 = vec2(88.0, 28.0);

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open a trace.
    OpenTrace,
    /// To open a trace and compare it with the one that is shown.
    Compare,
    /// To load a scenario.
    LoadScenario,
    /// To save the chosen scenario.
    SaveScenario,
    /// To export the trace that is shown.
    Export,
    /// To record runs into a folder.
    RecordInto,
}

impl Purpose {
    fn title(self) -> &'static str {
        match self {
            Self::OpenTrace => tr("Open a trace"),
            Self::Compare => tr("Compare with another trace"),
            Self::LoadScenario => tr("Load a scenario"),
            Self::SaveScenario => tr("Save the scenario"),
            Self::Export => tr("Export the trace"),
            Self::RecordInto => tr("Record runs into a folder"),
        }
    }

    fn confirm(self) -> &'static str {
        match self {
            Self::OpenTrace => tr("Open"),
            Self::Compare => tr("Compare"),
            Self::LoadScenario => tr("Load"),
            Self::SaveScenario => tr("Save"),
            Self::Export => tr("Export"),
            Self::RecordInto => tr("Record there"),
        }
    }

    /// What kind of path it is.
    const fn wants(self) -> Wanted {
        match self {
            Self::OpenTrace | Self::Compare | Self::LoadScenario => Wanted::File,
            Self::SaveScenario | Self::Export => Wanted::NewFile,
            Self::RecordInto => Wanted::Folder,
        }
    }

    /// What stands in the field while it is empty.
    fn hint(self) -> &'static str {
        match self.wants() {
            Wanted::Folder => tr("/path/to/a/folder"),
            Wanted::File | Wanted::NewFile => tr("/path/to/a/file"),
        }
    }

    fn kinds(self) -> Vec<FileKind> {
        match self {
            Self::OpenTrace | Self::Compare => vec![
                (tr("Loopscope traces"), &["loopscope"]),
                (tr("All files"), &["*"]),
            ],
            Self::LoadScenario | Self::SaveScenario => {
                vec![(tr("Scenarios"), &["toml"]), (tr("All files"), &["*"])]
            }
            Self::Export => vec![
                (tr("Loopscope traces"), &["loopscope"]),
                (tr("Chrome traces"), &["json"]),
                (tr("Tables"), &["csv"]),
            ],
            Self::RecordInto => Vec::new(),
        }
    }
}

/// The dialog.
#[derive(Clone, Debug)]
pub struct PathDialog {
    /// What the path is for.
    pub purpose: Purpose,
    /// What stands in the field.
    pub path: String,
    /// What is wrong with it, as far as is known.
    pub error: Option<String>,
    /// The traces that are open already and can be chosen: the id of each, and what it is called.
    pub open: Vec<(u32, String)>,
    /// Whether what was asked for is being done.
    pub busy: bool,
    /// The path that may be replaced, because the person said so.
    replace: Option<PathBuf>,
    /// Whether the person is being asked to say so.
    asks_to_replace: bool,
    /// Whether the field has had the focus.
    focused: bool,
    /// The folder that the field began with, up to its last slash; empty where it began with a file.
    folder: String,
}

/// The field to type in.
pub fn field() -> egui::Id {
    egui::Id::unique("path field")
}

impl PathDialog {
    /// A dialog that begins with a path.
    pub fn new(purpose: Purpose, path: &Path) -> Self {
        let path = path.display().to_string();
        let folder = match path.ends_with(std::path::MAIN_SEPARATOR) {
            true => path.clone(),
            false => String::new(),
        };
        Self {
            purpose,
            path,
            folder,
            error: None,
            open: Vec::new(),
            busy: false,
            replace: None,
            asks_to_replace: false,
            focused: false,
        }
    }

    /// What to ask the system's file dialog.
    pub fn ask(&self) -> Ask {
        Ask {
            wanted: self.purpose.wants(),
            title: self.purpose.title(),
            kinds: self.purpose.kinds(),
            path: typed_path(&self.path),
        }
    }

    /// What came of the system's dialog, which also asks whether to replace a file.
    pub fn chosen(&mut self, choice: Choice) {
        match choice {
            Choice::Path(path) => {
                self.path = path.display().to_string();
                self.replace = Some(path);
                self.error = None;
            }
            Choice::Nothing => {}
            Choice::NoDialog => {
                self.error = Some(
                    tr("This system has no file dialog to offer: type the path here.").to_owned(),
                );
            }
        }
    }

    /// What was asked for failed; the person may try another path.
    pub fn failed(&mut self, error: String) {
        self.busy = false;
        self.error = Some(error);
        // Enter took the focus from the field, which is where to go on.
        self.focused = false;
    }

    /// Shows the dialog over the window.
    pub fn show(&mut self, ui: &Ui, commands: &mut Vec<Command>) {
        let width = (ui.content_rect().width() - 16.0 * STEP).min(560.0);
        let frame = egui::Frame::window(ui.style()).inner_margin(4.0 * STEP);
        let modal = egui::Modal::new(egui::Id::unique("path dialog")).frame(frame);
        let response = modal.show(ui.ctx(), |ui| {
            ui.set_width(width.max(0.0));
            widgets::title(ui, self.purpose.title());
            ui.add_space(STEP);
            self.open_already(ui, commands);
            self.field(ui, commands);
            match self.purpose {
                Purpose::Export => self.formats(ui),
                Purpose::RecordInto => {
                    widgets::remark(
                        ui,
                        tr("Each run from now on is written into a file of its own there while it goes on: whole, however much of it is kept in memory."),
                    );
                }
                Purpose::OpenTrace | Purpose::Compare => {}
                Purpose::LoadScenario | Purpose::SaveScenario => {}
            }
            if let Some(error) = &self.error {
                let color = Palette::of(ui.visuals()).stalled;
                let text = RichText::new(error).color(color);
                // A file may have many mistakes; the buttons stay in reach.
                egui::ScrollArea::vertical()
                    .max_height(ui.content_rect().height() / 2.0)
                    .show(ui, |ui| {
                        ui.add(egui::Label::new(text).wrap().selectable(true));
                    });
            }
            ui.add_space(2.0 * STEP);
            self.buttons(ui, commands);
        });
        if response.should_close() {
            commands.push(Command::Dismiss);
        }
    }

    /// The traces that are open already, to be chosen by a press.
    fn open_already(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.open.is_empty() {
            return;
        }
        widgets::note(ui, tr("One that is open here:"));
        for (id, title) in &self.open {
            let button = Button::new(title).truncate();
            if ui.add_enabled(!self.busy, button).clicked() {
                commands.push(Command::Beside(BesideCommand::With(*id)));
            }
        }
        widgets::note(ui, tr("Or one from a file:"));
    }

    fn field(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let label = ui.label(tr("Path"));
        ui.horizontal(|ui| {
            let field = egui::TextEdit::singleline(&mut self.path)
                .id(field())
                .hint_text(self.purpose.hint());
            let gap = ui.spacing().item_spacing.x;
            let width = (ui.available_width() - BUTTON.x - gap).max(0.0);
            let size = vec2(width, ui.spacing().interact_size.y);
            let response = ui.add_sized(size, field).labelled_by(label.id);
            if !self.focused {
                response.request_focus();
                self.focused = true;
                // What lies behind the dialog learns only in the next frame that the pointer is no longer on it.
                ui.ctx().request_repaint();
            }
            if response.changed() {
                self.typed();
                self.error = None;
                self.asks_to_replace = false;
            }
            if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                self.confirm(commands);
            }
            let browse = Button::new(tr("Browse…")).min_size(vec2(BUTTON.x, 0.0));
            let browse = ui.add(browse).on_hover_text(tr(
                "Choose it in the system's file dialog, where there is one",
            ));
            if browse.clicked() {
                commands.push(Command::Browse);
            }
        });
    }

    /// Who types a whole path behind the folder that stands there means that path.
    fn typed(&mut self) {
        let rest = self.path.strip_prefix(&self.folder).unwrap_or_default();
        let is_whole = rest.starts_with("~/") || Path::new(rest).is_absolute();
        if is_whole && !self.folder.is_empty() {
            self.path = rest.to_owned();
        }
    }

    fn formats(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            for format in Format::ALL {
                let path = Path::new(&self.path);
                let chosen = Format::of_path(path).is_ok_and(|one| one == format);
                let text = with_aside(tr(format.title()), &format!(".{}", format.ending()));
                if ui.radio(chosen, text).clicked() {
                    let path = path.with_extension(format.ending());
                    self.path = path.display().to_string();
                    self.error = None;
                    self.asks_to_replace = false;
                }
            }
        });
    }

    fn buttons(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let size = BUTTON;
        let row = vec2(ui.available_width(), size.y);
        let from_the_right = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(row, from_the_right, |ui| {
            let text = if self.asks_to_replace {
                tr("Replace it")
            } else {
                self.purpose.confirm()
            };
            let palette = Palette::of(ui.visuals());
            let ink = palette.ink_on(palette.running);
            let confirm = Button::new(RichText::new(text).strong().color(ink))
                .min_size(size)
                .fill(palette.running);
            let ready = !self.busy && !self.path.trim().is_empty();
            if ui.add_enabled(ready, confirm).clicked() {
                self.confirm(commands);
            }
            if ui.add(Button::new(tr("Cancel")).min_size(size)).clicked() {
                commands.push(Command::Dismiss);
            }
            if self.busy {
                match theme::is_still(ui.ctx()) {
                    true => ui.label("…"),
                    false => ui.spinner(),
                };
            }
        });
    }

    /// The person wants it. A file that is there is replaced only when they say so.
    fn confirm(&mut self, commands: &mut Vec<Command>) {
        if self.busy || self.path.trim().is_empty() {
            return;
        }
        let mut path = typed_path(&self.path);
        if self.purpose == Purpose::SaveScenario && path.extension().is_none() {
            path.set_extension("toml");
        }
        let may_replace = self.asks_to_replace || self.replace.as_ref() == Some(&path);
        if self.purpose.wants() == Wanted::NewFile && path.exists() && !may_replace {
            self.asks_to_replace = true;
            self.error = Some(fill(
                tr("{path} is there already."),
                &[("path", &path.display())],
            ));
            return;
        }
        commands.push(match self.purpose {
            Purpose::OpenTrace => Command::Open(path),
            Purpose::Compare => Command::Beside(BesideCommand::WithFile(path)),
            Purpose::LoadScenario => Command::LoadScenario(path),
            Purpose::SaveScenario => Command::SaveScenario(path),
            Purpose::Export => Command::Export(path),
            Purpose::RecordInto => Command::RecordInto(Some(path)),
        });
    }
}
