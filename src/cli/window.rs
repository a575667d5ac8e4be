//! What needs the window: opening it, and painting it into a file. A program that was built without it says so.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;

use super::{Misuse, did_you_mean, run};
#[cfg(feature = "gui")]
use crate::gui::Launch;
use crate::scenario::{Scenario, ScenarioError, builtins};

/// `loopscope`: the window with a trace, or with a scenario ready, which is the first unless one is asked for. Where there
/// is no display, the scenario runs here.
pub(super) fn open(subject: Option<&str>) -> anyhow::Result<()> {
    let scenario = match subject {
        None => builtins()[0].name,
        Some(file) if is_trace(file) => return view(Path::new(file)),
        Some(scenario) => scenario,
    };
    // The window would open with an error message; here the person still looks at the terminal.
    Scenario::load(scenario).map_err(explain)?;
    let Err(why) = show(Launch::Scenario(scenario.to_owned())) else {
        return Ok(());
    };
    writeln!(
        io::stderr(),
        "loopscope: {why}; running {scenario} in the terminal instead (see loopscope -h)"
    )?;
    run::run_as_shipped(scenario)
}

/// Whether what was asked for is a file, and not one of a scenario: it may be a trace, or what says best that it is none.
fn is_trace(subject: &str) -> bool {
    let ends_in = |wanted: &str| {
        Path::new(subject)
            .extension()
            .is_some_and(|end| end == wanted)
    };
    let is_builtin = builtins().iter().any(|builtin| builtin.name == subject);
    ends_in("loopscope") || (Path::new(subject).is_file() && !ends_in("toml") && !is_builtin)
}

fn view(file: &Path) -> anyhow::Result<()> {
    let advice = format!(
        "`loopscope report {}` prints what the trace says",
        file.display()
    );
    crate::format::read_info(file)?;
    show(Launch::Trace(file.to_owned())).map_err(|why| anyhow::anyhow!("{why}; {advice}"))
}

/// A word that is no scenario may have been meant for a command.
fn explain(error: ScenarioError) -> anyhow::Error {
    let ScenarioError::Unknown { name, .. } = error else {
        return error.into();
    };
    let cli = super::args::Cli::command();
    let commands = cli
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let names = commands.map(clap::Command::get_name);
    let meant = did_you_mean(
        &name,
        names.chain(builtins().iter().map(|builtin| builtin.name)),
    );
    Misuse(format!(
        "`{name}` is neither a command (`loopscope -h` lists them) nor a scenario (`loopscope scenarios`) nor a file{meant}"
    ))
    .into()
}

#[cfg(feature = "gui")]
fn show(launch: Launch) -> Result<(), crate::gui::GuiError> {
    crate::gui::run(launch)
}

/// What the window would have begun with.
#[cfg(not(feature = "gui"))]
enum Launch {
    Scenario(#[expect(dead_code, reason = "there is no window")] String),
    Trace(#[expect(dead_code, reason = "there is no window")] std::path::PathBuf),
}

#[cfg(not(feature = "gui"))]
fn show(_: Launch) -> Result<(), &'static str> {
    Err("this loopscope was built without its window (cargo's feature `gui`)")
}

/// After so many frames all is counted that differs between two traces of a few seconds.
#[cfg(feature = "gui")]
const ENOUGH_TO_COUNT: usize = 60;

/// `loopscope screenshot`: the window as it shows a trace, or a scenario after its run.
#[cfg(feature = "gui")]
pub(super) fn screenshot(args: &super::args::ScreenshotArgs) -> anyhow::Result<()> {
    use super::args::{Language, Theme};
    use crate::gui::App;
    use crate::gui::beside::BesideCommand;
    use crate::gui::command::Command;
    use crate::gui::screenshot::{PASSES, capture, check_name, save_png};
    use crate::gui::settings::Settings;
    use crate::gui::texts::LanguageChoice;

    // Before a run that would be in vain.
    check_name(&args.out)?;
    let ctx = egui::Context::default();
    let mut app = App::new(&ctx, Settings::default());
    app.apply(Command::SetTheme(match args.theme {
        Theme::Dark => egui::ThemePreference::Dark,
        Theme::Light => egui::ThemePreference::Light,
    }));
    app.apply(Command::SetLanguage(match args.language {
        Language::En => LanguageChoice::English,
        Language::Zh => LanguageChoice::Chinese,
    }));
    let subject = Path::new(&args.subject);
    if subject
        .extension()
        .is_some_and(|ending| ending == "loopscope")
    {
        app.show_trace(subject, crate::format::open(subject)?);
    } else {
        run_in(&mut app, &ctx, &args.subject, args.block.as_deref())?;
    }
    let mut passes = PASSES;
    if let Some(other) = &args.beside {
        // What differs is counted a little in every frame.
        passes = ENOUGH_TO_COUNT;
        let shown = |app: &App| app.documents().shown().map(|document| document.id);
        let first = shown(&app);
        app.show_trace(other, crate::format::open(other)?);
        if let Some((a, b)) = first.zip(shown(&app)) {
            app.apply(Command::Beside(BesideCommand::Compare([a, b])));
        }
    }
    let picture = capture(
        &ctx,
        args.size,
        f32::from(args.scale) / 100.0,
        passes,
        |ui| app.ui(ui),
    );
    Ok(save_png(&picture, &args.out)?)
}

/// Runs a scenario in the app, as its Run button does, and waits for the end.
#[cfg(feature = "gui")]
fn run_in(
    app: &mut crate::gui::App,
    ctx: &egui::Context,
    scenario: &str,
    block: Option<&str>,
) -> anyhow::Result<()> {
    use crate::gui::command::Command;

    // The app would show a mistake in its window; here the person looks at the terminal.
    let loaded = crate::scenario::Scenario::load(scenario)?;
    app.apply(Command::PickScenario(scenario.to_owned()));
    if let Some(text) = block {
        app.apply(Command::SetBlocking(run::blocking(text, &loaded)?));
        app.apply(Command::SetBlockingOn(true));
    }
    app.apply(Command::Run);
    while app.is_running() {
        app.logic(ctx);
        std::thread::sleep(run::TICK);
    }
    match app.documents().shown() {
        Some(_) => Ok(()),
        None => anyhow::bail!("{scenario} could not be run: `loopscope run {scenario}` says why"),
    }
}

#[cfg(all(test, feature = "gui"))]
mod tests {
    use super::screenshot;
    use crate::cli::args::{Language, ScreenshotArgs, Theme};

    #[test]
    fn a_picture_shows_one_trace_or_two() {
        let folder = tempfile::tempdir().expect("there is room");
        let trace = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/three-slow-servers.loopscope"
        );
        let picture = |beside: Option<&str>| {
            let out = folder.path().join("picture.png");
            screenshot(&ScreenshotArgs {
                subject: trace.to_owned(),
                out: out.clone(),
                size: "1024x640".parse()?,
                scale: 100,
                theme: Theme::Dark,
                language: Language::En,
                block: None,
                beside: beside.map(Into::into),
            })?;
            anyhow::Ok(std::fs::read(out)?)
        };
        let one = picture(None).expect("there is a trace");
        let two = picture(Some(trace)).expect("there are two");
        assert!(one.starts_with(b"\x89PNG") && one != two);
        let error = picture(Some("nowhere.loopscope")).expect_err("there is none");
        assert!(error.to_string().contains("nowhere.loopscope"), "{error}");
    }
}
