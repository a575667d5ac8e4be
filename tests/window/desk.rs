//! The window in a test, and the hands that use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, Vec2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use loopscope::format;
use loopscope::gui::App;
use loopscope::gui::command::Command;
use loopscope::gui::document::Document;
use loopscope::gui::lanes::{Lane, Part};
use loopscope::gui::settings::Settings;
use loopscope::gui::theme;
use loopscope::store::LaneRef;
use loopscope::trace::TaskId;

/// A run of *three slow servers* in which the callbacks of task 1 slept.
const TRACE: &str = "tests/data/three-slow-servers.loopscope";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file as a desktop hands it over.
#[derive(Debug)]
pub(crate) struct Dropped(pub(crate) PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// The window and a folder of its own.
pub(crate) struct Desk {
    pub(crate) harness: Harness<'static, Option<App>>,
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::sized(vec2(1440.0, 900.0), 1.0)
    }

    /// One of this size in points, where a point is so many pixels.
    pub(crate) fn sized(size: Vec2, scale: f32) -> Self {
        let harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(scale)
            .with_context_setup(theme::install)
            .build_ui_state(
                |ui, app: &mut Option<App>| {
                    let app = app.get_or_insert_with(|| App::new(ui.ctx(), Settings::default()));
                    app.logic(ui.ctx());
                    app.ui(ui);
                },
                None,
            );
        Self {
            harness,
            folder: tempfile::tempdir().expect("there is room for a test"),
        }
    }

    /// One whose chosen scenario is this one.
    pub(crate) fn with_scenario(name: &str, text: &str) -> Self {
        let mut desk = Self::new();
        let path = desk.path(name);
        fs::write(&path, text).expect("the folder is ours");
        desk.load(&path);
        assert_eq!(desk.app().controls().source, path.display().to_string());
        desk
    }

    /// One that shows a trace that was recorded once: three models, and a callback that slept in one of them.
    pub(crate) fn with_trace() -> Self {
        let mut desk = Self::new();
        desk.show_recorded();
        desk
    }

    /// Opens that trace, beside those that are open.
    pub(crate) fn show_recorded(&mut self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TRACE);
        let trace = format::open(&path).expect("it was recorded by this version or an older one");
        self.app_mut().show_trace(&path, trace);
        self.frames(2);
    }

    /// Points at the second task of the first model.
    pub(crate) fn aim_at_a_lane(&mut self) -> Lane {
        let at = self.control("Lane fascination of synchronous").rect();
        self.harness.hover_at(at.center());
        self.frames(2);
        let second = TaskId::new(2).expect("it counts from 1");
        Lane::one("synchronous", LaneRef::Task(second))
    }

    /// The place of a lane among those of its model.
    pub(crate) fn order_of(&self, lane: &Lane) -> usize {
        let store = &self.shown().store;
        let mut models = store.models().iter();
        let model = models.find(|model| store.model_name(model) == lane.group);
        let model = model.expect("the model ran");
        let lanes = self.app().lanes().lanes(store, model);
        let place = lanes.iter().position(|one| Part::One(*one) == lane.part);
        place.expect("it has the lane")
    }

    pub(crate) fn apply(&mut self, command: Command) {
        self.app_mut().apply(command);
        self.frames(2);
    }

    pub(crate) fn app_mut(&mut self) -> &mut App {
        let app = self.harness.state_mut().as_mut();
        app.expect("the first frame made it")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn app(&self) -> &App {
        self.harness
            .state()
            .as_ref()
            .expect("the first frame made it")
    }

    pub(crate) fn shown(&self) -> &Document {
        self.app().documents().shown().expect("there is a trace")
    }

    pub(crate) fn message(&self) -> &str {
        self.app()
            .messages()
            .newest()
            .map_or("", |message| &message.text)
    }

    pub(crate) fn frames(&mut self, count: usize) {
        self.harness.run_steps(count);
    }

    /// Lets frames pass until something is so.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        self.until_now(what, is_so);
        self.frames(2);
    }

    /// As [`Self::until`], and not one frame more.
    pub(crate) fn until_now(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(
                begun.elapsed() < PATIENCE,
                "in vain: {what}; {}",
                self.message()
            );
            self.harness.step();
            // As a display would: without it the window would keep the run from its processor.
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The first control of this name; a text that happens to say the same is none.
    pub(crate) fn control<'a>(&'a self, label: &'a str) -> Node<'a> {
        let mut named = self.harness.query_all_by_label(label);
        named
            .find(|node| node.accesskit_node().role() != Role::Label)
            .unwrap_or_else(|| panic!("no control is called {label}"))
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.control(label).click();
        self.frames(3);
    }

    /// Drags the pointer from one place to another.
    pub(crate) fn drag(&mut self, from: Pos2, to: Pos2) {
        for at in [from, from + (to - from) / 2.0, to] {
            self.harness.hover_at(at);
            self.frames(1);
            if at == from {
                self.harness.drag_at(at);
                self.frames(1);
            }
        }
        self.harness.drop_at(to);
        self.frames(3);
    }

    /// Moves a slider to a value, as its user does who cannot see it.
    pub(crate) fn slide(&mut self, label: &str, value: f64) {
        self.control(label).set_value_accesskit(value);
        self.frames(3);
    }

    pub(crate) fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.frames(3);
    }

    /// Whether there is a control of this name.
    pub(crate) fn sees(&self, label: &str) -> bool {
        let mut named = self.harness.query_all_by_label(label);
        named.any(|node| node.accesskit_node().role() != Role::Label)
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    /// Types a path into the open dialog, in place of what stands there, and confirms it.
    pub(crate) fn type_path(&mut self, path: &Path) {
        self.control("Path").focus();
        self.frames(1);
        self.press(Modifiers::COMMAND, Key::A);
        self.control("Path").type_text(&path.display().to_string());
        self.frames(1);
        self.press(Modifiers::NONE, Key::Enter);
    }

    pub(crate) fn load(&mut self, path: &Path) {
        self.click("Scenario");
        self.click("Load a scenario file…");
        self.type_path(path);
    }

    pub(crate) fn run_to_the_end(&mut self) {
        self.click("▶ Run");
        assert!(self.shown().run.is_some(), "{}", self.message());
        self.until("the run ends", |desk| !desk.app().is_running());
    }

    pub(crate) fn export(&mut self, path: &Path) {
        self.click("Export…");
        self.type_path(path);
        self.until("it is exported", |desk| !desk.app().is_busy());
    }

    pub(crate) fn open(&mut self, path: &Path) {
        self.click("Open…");
        self.type_path(path);
        self.until("it is opened", |desk| !desk.app().is_busy());
    }
}
