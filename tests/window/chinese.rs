//! Whether the window speaks one language: in Chinese, no word of it is English, be it written, told under the pointer, or
//! read aloud.

use std::collections::BTreeSet;
use std::fs;

use egui::accesskit::Role;
use egui::epaint::ClippedShape;
use egui::{Pos2, Shape};
use egui_kittest::kittest::NodeT;
use loopscope::gui::action::MENUS;
use loopscope::gui::command::Command;
use loopscope::gui::texts::{self, LanguageChoice};
use loopscope::scenario::builtins;

use crate::desk::Desk;
use crate::views::VIEWS;

/// What is called the same in every language: tasks, callbacks, threads, system calls, variants and files of the trace
/// that is shown, and keys and units.
const NAMES: &str = "ecstasy fascination science task data_received connection_made connection_lost main reactor \
    loopscope three-slow-servers toml English Language clock_nanosleep recvfrom read sleep epoll_wait epoll_pwait \
    epoll_pwait2 select poll connect fd s ms ns min h x B KB MB GB 200ms Home Page Up Down";

/// The words of a text that have two Latin letters at least. Those that were cut short are none.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '-';
    let whole = text.split('…').enumerate().map(move |(place, part)| {
        let is_cut = place < text.matches('…').count();
        match is_cut {
            true => part.trim_end_matches(is_part),
            false => part,
        }
    });
    whole
        .flat_map(move |part| part.split(move |one| !is_part(one)))
        .filter(|word| word.chars().filter(char::is_ascii_alphabetic).count() > 1)
}

/// Words that stand in Chinese texts, too.
fn known() -> BTreeSet<String> {
    let table = fs::read_to_string("assets/texts/zh.toml").expect("it is there");
    let table: toml::Table = table.parse().expect("it is TOML");
    let mut texts: Vec<String> = table
        .values()
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect();
    for builtin in builtins() {
        let story = builtin.scenario().chinese;
        texts.extend([story.title, story.summary]);
        texts.extend(story.look_for);
        let tasks = builtin.scenario().tasks;
        texts.extend(tasks.into_iter().map(|task| task.name));
    }
    texts.push(NAMES.to_owned());
    texts
        .iter()
        .flat_map(|text| words(text))
        .map(str::to_owned)
        .collect()
}

/// All texts that can be read, and all that are read aloud, but for what was typed.
fn said(desk: &Desk) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    let mut typed = BTreeSet::new();
    for node in desk.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let is_typed = matches!(
            node.role(),
            Role::TextInput | Role::TextRun | Role::MultilineTextInput
        );
        match is_typed {
            true => typed.extend(node.value()),
            false => said.extend([node.label(), node.value()].into_iter().flatten()),
        }
    }
    for ClippedShape { shape, .. } in &desk.harness.output().shapes {
        written(shape, &mut said);
    }
    (&said - &typed)
        .iter()
        .map(|text| without_paths(text))
        .collect()
}

/// A text without the paths that its lines begin with: those are what their owner calls them.
fn without_paths(text: &str) -> String {
    let behind = |line: &str| {
        let end = line.find([' ', '：']).unwrap_or(line.len());
        match line.starts_with('/') {
            true => line[end..].to_owned(),
            false => line.to_owned(),
        }
    };
    let lines: Vec<_> = text.lines().map(behind).collect();
    lines.join("\n")
}

fn written(shape: &Shape, said: &mut BTreeSet<String>) {
    match shape {
        Shape::Text(text) => {
            said.insert(text.galley.text().to_owned());
        }
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| written(shape, said)),
        _ => {}
    }
}

/// Where the pointer may rest and something may be told: on every control, and here and there on the timeline.
fn places(desk: &Desk) -> Vec<Pos2> {
    let mut places: Vec<Pos2> = desk.harness.ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        let widgets = layers.flat_map(|(_, widgets)| widgets);
        widgets
            .filter(|one| one.interact_rect.is_positive())
            .map(|one| one.interact_rect.center())
            .collect()
    });
    let screen = desk.harness.ctx.content_rect();
    for down in 1..30 {
        for across in 2..6 {
            let share = egui::vec2(across as f32 / 8.0, down as f32 / 30.0);
            places.push(screen.min + share * screen.size());
        }
    }
    places.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
    places.dedup();
    places
}

/// In Chinese from the next frame on, with tooltips that do not wait.
fn in_chinese(desk: &mut Desk) {
    desk.apply(Command::SetLanguage(LanguageChoice::Chinese));
    desk.harness.ctx.all_styles_mut(|style| {
        style.interaction.tooltip_delay = 0.0;
        style.interaction.show_tooltips_only_when_still = false;
    });
    desk.frames(2);
}

/// What is said that is not Chinese.
#[derive(Default)]
struct Foreign {
    known: BTreeSet<String>,
    found: BTreeSet<String>,
}

impl Foreign {
    fn new() -> Self {
        Self {
            known: known(),
            found: BTreeSet::new(),
        }
    }

    fn listen(&mut self, view: &str, desk: &Desk) {
        for text in said(desk) {
            let foreign: Vec<_> = words(&text)
                .filter(|word| !self.known.contains(*word))
                .collect();
            if !foreign.is_empty() {
                self.found.insert(format!("{view}: {text:?}: {foreign:?}"));
            }
        }
    }

    fn check(self) {
        let found: Vec<_> = self.found.into_iter().collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn a_word_is_found_in_a_text() {
    let found: Vec<_> = words("运行 the-circle（data_rec…、5 ms）fin").collect();
    assert_eq!(found, ["the-circle", "ms", "fin"]);
}

#[test]
fn no_view_says_anything_in_english() {
    let mut foreign = Foreign::new();
    for (name, prepare) in VIEWS {
        let mut desk = Desk::new();
        prepare(&mut desk);
        in_chinese(&mut desk);
        foreign.listen(name, &desk);
    }
    foreign.check();
}

#[test]
fn nothing_under_the_pointer_is_told_in_english() {
    let mut foreign = Foreign::new();
    // What the others have under the pointer is in one of these, too.
    let told = ["first page", "stall", "loop", "marks", "statistics"];
    for (name, prepare) in VIEWS.into_iter().filter(|(name, _)| told.contains(name)) {
        let mut desk = Desk::new();
        prepare(&mut desk);
        in_chinese(&mut desk);
        for at in places(&desk) {
            desk.harness.hover_at(at);
            desk.frames(2);
            foreign.listen(name, &desk);
        }
    }
    foreign.check();
}

#[test]
fn no_menu_and_no_scenario_says_anything_in_english() {
    let mut foreign = Foreign::new();
    let mut desk = Desk::with_trace();
    in_chinese(&mut desk);
    texts::speak(texts::Language::Chinese);
    for (name, _) in MENUS {
        desk.click(texts::tr(name));
        foreign.listen(name, &desk);
        desk.press(egui::Modifiers::NONE, egui::Key::Escape);
    }
    desk.click("场景");
    foreign.listen("list of scenarios", &desk);
    for builtin in builtins() {
        let mut desk = Desk::new();
        in_chinese(&mut desk);
        desk.apply(Command::PickScenario(builtin.name.to_owned()));
        foreign.listen(builtin.name, &desk);
    }
    foreign.check();
}

#[test]
fn a_run_says_nothing_in_english() {
    let mut foreign = Foreign::new();
    let mut desk = Desk::new();
    in_chinese(&mut desk);
    desk.apply(Command::SetBlockingOn(true));
    desk.apply(Command::Run);
    desk.until("a callback blocks", |desk| !desk.shown().stalls.is_empty());
    foreign.listen("while it runs", &desk);
    desk.apply(Command::Stop);
    desk.until("the run ends", |desk| !desk.app().is_running());
    foreign.listen("after it was stopped", &desk);
    foreign.check();
}

#[test]
fn what_goes_wrong_is_not_said_in_english() {
    let mut foreign = Foreign::new();
    let named =
        "failing broken servers chunk stall_threshold tasks server slwo slow 1h 1m 1ms 100ms";
    foreign.known.extend(words(named).map(str::to_owned));
    let mut desk = Desk::new();
    in_chinese(&mut desk);
    let scenario = desk.path("broken.toml");
    let text = "title = 'x'\nstall_threshold = '1h'\n[[servers]]\nname = 'slow'\ntext = 'x'\nchunk = 0\n\
        delay = '10'\n[[tasks]]\nserver = 'slwo'\n";
    fs::write(&scenario, text).expect("the folder is ours");
    desk.apply(Command::LoadScenario(scenario));
    assert_eq!(desk.message().lines().count(), 4, "{}", desk.message());
    foreign.listen("a scenario with mistakes", &desk);

    let trace = desk.path("damaged.loopscope");
    fs::write(&trace, "not a trace").expect("the folder is ours");
    desk.apply(Command::Open(trace));
    desk.until("it is refused", |desk| !desk.app().is_busy());
    foreign.listen("a damaged trace", &desk);

    let scenario = desk.path("failing.toml");
    let text = "title = 'x'\n[[servers]]\nname = 'slow'\ndead = true\n[[tasks]]\nserver = 'slow'\n";
    fs::write(&scenario, text).expect("the folder is ours");
    desk.apply(Command::LoadScenario(scenario));
    desk.apply(Command::Run);
    desk.until("the run ends", |desk| !desk.app().is_running());
    foreign.listen("tasks that failed", &desk);

    desk.apply(Command::Export(desk.path("none").join("x.loopscope")));
    desk.until("it is refused", |desk| !desk.app().is_busy());
    assert!(desk.message().contains("无法写入"), "{}", desk.message());
    foreign.listen("an export into no folder", &desk);
    foreign.check();
}
