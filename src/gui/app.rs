//! The app: everything it knows, and what each [`Command`] does. Only this module changes the world.
//!
//! It does not know in what window it is: a harness without one can drive it as well. Each frame calls
//! [`App::logic`] and then [`App::ui`].

use std::path::Path;
use std::time::Duration;

use super::alike;
use super::beside::Pair;
use super::command::{Command, Detail, Side, ViewCommand};
use super::controls::Controls;
use super::desktop::Desktop;
use super::document::{Document, Documents};
use super::focus;
use super::jobs::{Done, Jobs};
use super::lanes::Arrangements;
use super::live::Live;
use super::memory;
use super::messages::{Messages, Severity};
use super::middle::Pane;
use super::opening::Opening;
use super::panel;
use super::panel::files::{PathDialog, Purpose};
use super::panel::hint::Hint;
use super::panel::palette::CommandPalette;
use super::panel::walk::Walk;
use super::scale::Scale;
use super::search::Search;
use super::settings::Settings;
use super::theme;
use super::traces::Exporting;
use super::what_if::WhatIf;
use crate::gui::texts::{self, fill, say, tr};
use crate::scenario::builtins;
use crate::trace::system_error;

/// Everything the window knows.
pub struct App {
    pub(super) ctx: egui::Context,
    pub(super) settings: Settings,
    pub(super) controls: Controls,
    pub(super) documents: Documents,
    /// How the lanes are arranged, while the window is open.
    pub(super) lanes: Arrangements,
    /// The timeline, and the one of the trace that is compared with.
    pub(super) panes: [Pane; 2],
    /// Two traces that are compared.
    pub(super) pair: Option<Pair>,
    pub(super) differences: panel::beside::Differences,
    pub(super) search: Search,
    pub(super) live: Option<Live>,
    pub(super) messages: Messages,
    /// What is said for a moment.
    pub(super) hint: Option<Hint>,
    pub(super) dialog: Option<PathDialog>,
    pub(super) help: bool,
    pub(super) walk: Option<Walk>,
    pub(super) palette: Option<CommandPalette>,
    pub(super) jobs: Jobs,
    pub(super) opening: Vec<Opening>,
    pub(super) exporting: Vec<Exporting>,
    /// What is looked for of the kind of what is selected, and in which document.
    pub(super) alike: Option<(u32, alike::Search)>,
    pub(super) statistics: panel::statistics::Table,
    pub(super) what_if: WhatIf,
    pub(super) runs: u32,
    /// How long the last frame took, as far as whoever drives this has told.
    pub(super) frame_cost: Duration,
    closing: bool,
    /// Whether it was told that marks would be lost.
    pub(super) warned: bool,
    desktop: Desktop,
}

impl App {
    /// The app with the first built-in scenario ready. Sets the look of `ctx`.
    pub fn new(ctx: &egui::Context, settings: Settings) -> Self {
        theme::install(ctx);
        Scale::choose(ctx, settings.scale);
        memory::keep();
        // Quitting is a command like any other: what runs must be stopped first.
        ctx.options_mut(|options| options.quit_shortcuts.clear());
        let first = &builtins()[0];
        let app = Self {
            ctx: ctx.clone(),
            settings,
            controls: Controls::of(first.scenario(), first.name),
            documents: Documents::default(),
            lanes: Arrangements::default(),
            panes: Default::default(),
            pair: None,
            differences: panel::beside::Differences::default(),
            search: Search::default(),
            live: None,
            messages: Messages::default(),
            hint: None,
            dialog: None,
            help: false,
            walk: None,
            palette: None,
            jobs: Jobs::new(ctx),
            opening: Vec::new(),
            exporting: Vec::new(),
            alike: None,
            statistics: panel::statistics::Table::default(),
            what_if: WhatIf::default(),
            runs: 0,
            frame_cost: Duration::ZERO,
            closing: false,
            warned: false,
            desktop: Desktop::default(),
        };
        app.set_motion();
        app
    }

    /// The same, on this desktop.
    pub fn on(mut self, desktop: Desktop) -> Self {
        self.desktop = desktop;
        self.set_motion();
        self.speak();
        self
    }

    /// What the window remembers.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is to be run, and how.
    pub const fn controls(&self) -> &Controls {
        &self.controls
    }

    /// What stands above the window: what is shown in it.
    pub fn title(&self) -> String {
        if let Some(compared) = self.compared() {
            let [a, b] = compared.documents.map(|document| &document.title);
            return format!("{a} | {b} – Loopscope");
        }
        match self.documents.shown() {
            Some(document) => format!("{} – Loopscope", document.title),
            None => "Loopscope".to_owned(),
        }
    }

    /// The traces that are open.
    pub const fn documents(&self) -> &Documents {
        &self.documents
    }

    /// What there is to say.
    pub const fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Whether a run goes on.
    pub const fn is_running(&self) -> bool {
        self.live.is_some()
    }

    /// Whether somebody asked it to close the window.
    pub const fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether a run goes on, or a file is being read or written.
    pub const fn is_busy(&self) -> bool {
        self.is_running() || self.jobs.is_busy() || !self.opening.is_empty()
    }

    /// Tells how long the last frame took to make and to draw, waiting for the display not included.
    pub const fn note_frame_cost(&mut self, cost: Duration) {
        self.frame_cost = cost;
    }

    /// What has happened since the last frame: what the run recorded, and files that were read or written.
    pub fn logic(&mut self, ctx: &egui::Context) {
        self.speak();
        while let Some(done) = self.jobs.done() {
            self.finish(done);
        }
        self.look_at_exports();
        self.take_in();
        self.fetch(ctx);
        let shown = self.documents.shown_mut();
        let is_behind = shown.is_some_and(|document| {
            let all = document.look_at_loops();
            !document.look_at_chain() || !all
        });
        let other_is_behind = !self.look_at_the_other();
        if self.documents.catch_up() || is_behind || other_is_behind {
            ctx.request_repaint();
        }
        self.look_for_alike();
        self.update_what_if();
        self.play_on(ctx);
        self.link_views();
    }

    /// Everything that is said on this thread is said in the language that was chosen.
    pub(super) fn speak(&self) {
        texts::speak(self.settings.language.resolve(self.desktop.language));
    }

    /// Lets things move by themselves, or not.
    fn set_motion(&self) {
        let still = self.settings.still.unwrap_or(self.desktop.still);
        theme::set_motion(&self.ctx, !still);
    }

    /// Does what was asked for.
    pub fn apply(&mut self, command: Command) {
        // What was said of the deed before is no longer of interest.
        self.hint = None;
        match command {
            Command::PickScenario(name) => self.load_scenario(name),
            Command::LoadScenario(path) => self.load_scenario(path.display().to_string()),
            Command::Run => self.run(),
            Command::SetWhatIf(change) => self.what_if.set(change),
            Command::RunWhatIf => self.run_what_if(),
            Command::Stop => {
                if let Some(live) = &mut self.live {
                    live.stop();
                }
            }
            Command::SetModel(model, on) => self.controls.set_model(model, on),
            Command::SetTogether(together) => self.controls.together = together,
            Command::Edit(owner, edit) => self.edit_scenario(owner, &edit),
            Command::ResetScenario => self.reset_scenario(),
            Command::SaveScenario(path) => self.save_scenario(path),
            Command::SetBlockingOn(on) => {
                self.controls.blocking_on = on;
                self.tell_blocking();
            }
            Command::SetBlocking(blocking) => {
                self.controls.blocking = blocking;
                self.tell_blocking();
            }
            Command::SetStallThreshold(threshold) => {
                self.controls.stall_threshold = threshold;
                if let Some(live) = &self.live {
                    live.session().set_stall_threshold(threshold);
                }
            }
            Command::View(view) => self.on_shown(|document| look(document, view)),
            Command::ChooseRange(range) => self.on_shown(|document| document.chosen = range),
            Command::ReadRange(range) => {
                self.settings.show(Side::Statistics, true);
                self.on_shown(|document| document.chosen = Some(range));
            }
            Command::Statistics(command) => self.tabulate(command),
            Command::Lane(change) => self.arrange(change),
            Command::Scroll(to) => self.scroll(to),
            Command::SetLegend(shown) => self.settings.legend = shown,
            Command::Select(selection) => {
                if selection.is_some() {
                    self.settings.detail = Detail::Inspector;
                }
                self.on_shown(|document| document.selection = selection);
            }
            Command::Reveal(selection) => {
                self.settings.detail = Detail::Inspector;
                self.on_shown(|document| document.reveal(selection));
            }
            Command::Walk(step) => self.walk_by(step),
            Command::NextStall(forward) => self.go_to_stall(forward),
            Command::ShowTrace(place) => self.documents.show(place),
            Command::Beside(command) => self.beside(command),
            Command::OpenDialog => self.ask_for_path(Purpose::OpenTrace),
            Command::LoadScenarioDialog => self.ask_for_path(Purpose::LoadScenario),
            Command::SaveScenarioDialog => self.ask_for_path(Purpose::SaveScenario),
            Command::ExportDialog => self.ask_for_path(Purpose::Export),
            Command::Open(path) => self.open(path),
            Command::CancelOpening => self.cancel_opening(),
            Command::CancelExporting => self.cancel_exporting(),
            Command::Export(path) => self.export(path),
            Command::Browse => self.browse(),
            Command::SetTheme(theme) => self.ctx.set_theme(theme),
            Command::SetAllArrows(all) => self.settings.all_arrows = all,
            Command::SetStallOrder(order) => self.settings.stall_order = order,
            Command::SetKept(kept) => self.keep(kept),
            Command::RecordIntoDialog => self.ask_for_path(Purpose::RecordInto),
            Command::RecordInto(folder) => self.record_into(folder),
            Command::SetLanguage(language) => {
                self.settings.language = language;
                self.speak();
            }
            Command::SetScale(scale) => {
                self.settings.scale = scale;
                Scale::choose(&self.ctx, scale);
            }
            Command::SetStill(still) => {
                self.settings.still = Some(still);
                self.set_motion();
            }
            Command::SetPanel(side, shown) => self.settings.show(side, shown),
            Command::SetPlot(measure, on) => {
                self.settings.show(Side::Plot, true);
                self.settings.measures.set(measure, on);
            }
            Command::Playback(command) => self.play(command),
            Command::SetDetail(detail) => {
                self.settings.show(Side::Details, true);
                self.settings.detail = detail;
            }
            Command::ResetLayout => self.reset_layout(),
            Command::StartWalk => self.start_walk(),
            Command::EndWalk => self.end_walk(),
            Command::ToggleHelp => self.help = !self.help,
            Command::Mark(command) => self.mark(command),
            Command::Search(command) => self.search(command),
            Command::TogglePalette => {
                self.palette = match self.palette {
                    Some(_) => None,
                    None => {
                        focus::type_into(&self.ctx, panel::palette::field(), 0..0);
                        Some(CommandPalette::default())
                    }
                }
            }
            Command::Explain(why) => self.explain(why),
            Command::DismissMessage => self.messages.dismiss(),
            Command::Dismiss => self.dismiss(),
            Command::Quit if self.may_close() => {
                self.closing = true;
                self.ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
            Command::Quit => {}
        }
    }

    pub(super) fn on_shown(&mut self, change: impl FnOnce(&mut Document)) {
        if let Some(document) = self.documents.shown_mut() {
            change(document);
        }
    }

    /// Shows a trace; returns its id.
    pub(super) fn add(&mut self, document: Document) -> u32 {
        let (id, out) = self.documents.add(document);
        let Some(out) = out else {
            return id;
        };
        if out.is_unsaved() {
            let text = fill(
                tr("{title} had to make room: it was the oldest one here."),
                &[("title", &out.title)],
            );
            self.messages.say(Severity::Note, text);
        }
        out.let_go();
        id
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Chosen(choice) => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.chosen(choice);
                }
            }
            Done::Saved(path, saved) => self.finish_save(&path, saved),
            Done::Exported(exported) => self.finish_export(exported),
            Done::WorkedOut(worked_out) => self.finish_what_if(*worked_out),
        }
    }

    /// Says what went wrong where the person looks: in the dialog that asked for it, or else as a message.
    pub(super) fn fail(&mut self, purpose: Purpose, error: String) {
        match &mut self.dialog {
            Some(dialog) if dialog.purpose == purpose => dialog.failed(error),
            _ => self.messages.say(Severity::Error, error),
        }
    }

    pub(super) fn check_job(&mut self, started: std::io::Result<()>) {
        if let Err(error) = started {
            let text = fill(
                tr("The system has no thread to give: {error}. Stop the run and try again."),
                &[("error", &say(&system_error(&error)))],
            );
            self.messages.say(Severity::Error, text);
        }
    }

    pub(super) fn set_busy(&mut self, purpose: Purpose) {
        if let Some(dialog) = self.dialog.as_mut().filter(|one| one.purpose == purpose) {
            dialog.busy = true;
        }
    }

    pub(super) fn close_dialog(&mut self, purpose: Purpose) {
        self.dialog.take_if(|dialog| dialog.purpose == purpose);
    }

    pub(super) fn remember_folder(&mut self, file: &Path) {
        let folder = file.parent().filter(|folder| folder.is_dir());
        if let Some(folder) = folder {
            self.settings.folder = Some(folder.to_owned());
        }
    }

    fn dismiss(&mut self) {
        if self.dialog.take().is_some() || self.palette.take().is_some() {
            return;
        }
        if self.alike.take_if(|(_, search)| search.is_long()).is_some() {
            return;
        }
        if self.help {
            self.help = false;
        } else if self.walk.is_some() {
            self.end_walk();
        } else if self.search.is_open() {
            self.search.close();
        } else if self.messages.count() > 0 {
            self.messages.dismiss();
        } else {
            self.on_shown(Document::put_away);
        }
    }
}

/// Moves the view. Asked for what is shown already, it shows everything: the same key leads there and back.
pub(super) fn look(document: &mut Document, command: ViewCommand) {
    let before = (document.view.begin(), document.view.length());
    document.look(command);
    let unmoved = before == (document.view.begin(), document.view.length());
    if unmoved && matches!(command, ViewCommand::Show(_)) {
        document.look(ViewCommand::Fit);
    }
}
