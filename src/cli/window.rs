//! What needs the window: opening it, and painting it into a file. A program that was built without it says so.

use std::io::{self, Write};
use std::path::Path;

use super::run;
use crate::scenario::builtins;

/// `loopscope` by itself: the window with the first scenario ready; where there is no display, the scenario here.
pub(super) fn open() -> anyhow::Result<()> {
    let Err(why) = show(None) else { return Ok(()) };
    let scenario = builtins()[0].name;
    writeln!(
        io::stderr(),
        "loopscope: {why}; running {scenario} in the terminal instead (see loopscope -h)"
    )?;
    run::run_as_shipped(scenario)
}

/// `loopscope view`: a trace in the window.
pub(super) fn view(file: &Path) -> anyhow::Result<()> {
    let advice = format!(
        "`loopscope report {}` prints what the trace says",
        file.display()
    );
    // The window would open with an error message; here the person still looks at the terminal.
    crate::format::read_info(file)?;
    show(Some(file)).map_err(|why| anyhow::anyhow!("{why}; {advice}"))
}

#[cfg(feature = "gui")]
fn show(trace: Option<&Path>) -> Result<(), crate::gui::GuiError> {
    crate::gui::run(trace.map_or_else(crate::gui::Launch::default, |file| {
        crate::gui::Launch::Trace(file.to_owned())
    }))
}

#[cfg(not(feature = "gui"))]
fn show(_: Option<&Path>) -> Result<(), &'static str> {
    Err("this loopscope was built without its window (cargo's feature `gui`)")
}

/// `loopscope screenshot`: the window as it shows a trace, or a scenario after its run.
#[cfg(feature = "gui")]
pub(super) fn screenshot(args: &super::args::ScreenshotArgs) -> anyhow::Result<()> {
    use super::args::{Language, Theme};
    use crate::gui::App;
    use crate::gui::command::Command;
    use crate::gui::screenshot::{PASSES, capture, save_png};
    use crate::gui::settings::Settings;
    use crate::gui::texts::LanguageChoice;

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
    let picture = capture(&ctx, args.size, 1.0, PASSES, |ui| app.ui(ui));
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
