//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::part::Part;
use crate::scenario::parse_change;
use crate::trace::Change;

/// See an event loop at work: real sockets, real threads, real clocks, under three models of execution.
///
/// Without a command the window opens with the first scenario ready: press Run, switch the blocking
/// callback on, and see whom it holds up. Where there is no display, the scenario runs in the terminal.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// With which the window opens: a shipped scenario, a TOML file or a .loopscope file
    #[arg(value_name = "WHAT")]
    pub(super) subject: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  loopscope                                              open the window
  loopscope the-circle                                   open it with that scenario, ready to run
  loopscope run three-slow-servers                       run it here, and draw the models as text
  loopscope run three-slow-servers --block sleep:200ms:1 the callbacks of task 1 sleep: who waits?
  loopscope run ask-another-server --what-if thread      and if a thread did what holds the loop?
  loopscope run many-tasks --set tasks.client.count=5000 more of them, without a file
  loopscope run three-slow-servers --trace run.json      then open run.json in ui.perfetto.dev
  loopscope run mine.toml --trace run.loopscope          a scenario of your own, kept as a trace
  loopscope run.loopscope                                look at it in the window
  loopscope report run.loopscope --range 1.2s..1.5s      what happened then?
  loopscope compare off.loopscope on.loopscope           what did the change change?";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario in the terminal
    ///
    /// The exit code is 0 if it went as the file says: also where tasks fail that it lets fail, such as one whose server is
    /// dead. It is 1 if others failed (for want of file descriptors, say), or a trace was not written; 130 after Ctrl-C.
    Run(RunArgs),
    /// List the shipped scenarios, or print the file of one, to begin one of your own with
    Scenarios {
        /// Of which one the file is printed, such as three-slow-servers, whose comments explain every key
        #[arg(conflicts_with = "json")]
        name: Option<String>,
        /// Print one JSON array instead of text
        #[arg(long)]
        json: bool,
    },
    /// Open a trace, or a scenario ready to run, in the window; `view` may be left out
    View {
        /// A .loopscope file, a shipped scenario or a TOML file
        #[arg(value_name = "WHAT")]
        subject: String,
    },
    /// Print what a trace says: tasks, stalls, and how the models compare
    Report {
        /// A .loopscope file
        file: PathBuf,
        /// Only what happened between two moments: calls, tasks, threads, stalls and the health of the loops
        ///
        /// Both are times of the trace, as the window's ruler shows them: 1.2s..1500ms, or in seconds, 1.2..1.5. Without
        /// FROM it is the beginning of the trace, without TO its end.
        #[arg(long, value_name = "FROM..TO", value_parser = Part::parse, allow_hyphen_values = true)]
        range: Option<Part>,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Compare two traces: what each figure of each model is in one and in the other
    ///
    /// Run the same thing twice, with one thing changed, and see what that changes. Models and callbacks are the same
    /// in both traces if they have the same name.
    Compare {
        /// A .loopscope file: A
        a: PathBuf,
        /// Another one: B
        b: PathBuf,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Write a trace in another format; the ending of OUT chooses it
    ///
    /// .json is Chrome's trace event format (for Perfetto and Chrome's performance panel), .csv a table,
    /// .loopscope our own.
    Convert {
        /// A .loopscope file
        file: PathBuf,
        /// Where to write: a name that ends in .json, .csv or .loopscope
        out: PathBuf,
    },
    /// Serve one client of a server that starts a process for each
    #[command(hide = true)]
    ServeClient {
        /// What that server says
        order: String,
    },
    /// Paint the window into a PNG file, without a display
    #[cfg(feature = "gui")]
    Screenshot(ScreenshotArgs),
}

#[derive(Debug, Default, Args)]
pub(super) struct RunArgs {
    /// The name of a shipped scenario (see `loopscope scenarios`), or a TOML file
    pub(super) scenario: String,
    /// Run only these models, by their names in the scenario
    #[arg(long, value_delimiter = ',', value_name = "MODEL,…")]
    pub(super) models: Vec<String>,
    /// Change a value of the scenario; may be given several times
    ///
    /// KEY is as in the file, with the name or the number of a section after it: `servers.ecstasy.delay`,
    /// `tasks.client.count`, `tasks.1.steps.2.wait`, `stall_threshold`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Start the models one after another, not together
    #[arg(long)]
    pub(super) one_after_another: bool,
    /// Make the callbacks of a task block
    ///
    /// KIND is `sleep` (a system call), `cpu` (computes), `read` (reads its socket to the end, which takes as
    /// long as the server does), `lock` (waits for a lock), `fsync` (writes a file to the disk, again and
    /// again) or `many` (a hundred callbacks of a hundredth each, in one turn). DURATION is such as 200ms or 1s. TASK is a number, a name or
    /// `all`. What is left out is as the scenario says.
    #[arg(long, value_name = "KIND:DURATION[:TASK]")]
    pub(super) block: Option<String>,
    /// Run it once more with what held the loop most carried out otherwise, and compare
    ///
    /// CHANGE is `thread` (a thread of the pool does it), `slices:5ms` (it lets the loop look every 5 ms) or
    /// `asynchronous` (it waits in the loop; what it computes, it computes all the same). The callback whose
    /// stalls did most harm is changed. Printed is how long each victim waited, how long it would have, as is
    /// predicted, and how long it did in the other run.
    #[arg(long, value_name = "CHANGE", value_parser = change)]
    pub(super) what_if: Option<Change>,
    /// From how long on a stretch without a poll is a stall [default: as the scenario says]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) stall_threshold: Option<Duration>,
    /// Do not watch the loops: stalls are found all the same, but neither while they last nor with their causes
    #[arg(long)]
    pub(super) no_watch: bool,
    /// Write the trace to FILE (.loopscope, .json or .csv); may be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Vec<PathBuf>,
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(feature = "gui")]
#[derive(Debug, Args)]
pub(super) struct ScreenshotArgs {
    /// A .loopscope file, or a scenario, which is run first
    pub(super) subject: String,
    /// Where to write the picture
    #[arg(long, value_name = "FILE.png")]
    pub(super) out: PathBuf,
    /// Its size in pixels
    #[arg(long, value_name = "WxH", default_value_t)]
    pub(super) size: crate::gui::screenshot::Size,
    /// The scale of the display, in percent: on one of 200 everything is twice as large
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(50..=400))]
    pub(super) scale: u16,
    /// Dark or light
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    pub(super) theme: Theme,
    /// The language of its texts
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(super) language: Language,
    /// Make the callbacks of a task block, where a scenario is run (as in `run`)
    #[arg(long, value_name = "KIND:DURATION[:TASK]")]
    pub(super) block: Option<String>,
    /// Show another trace below it, and compare the two
    #[arg(long, value_name = "FILE.loopscope")]
    pub(super) beside: Option<PathBuf>,
}

#[cfg(feature = "gui")]
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Theme {
    Dark,
    Light,
}

#[cfg(feature = "gui")]
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Language {
    En,
    Zh,
}

fn change(text: &str) -> Result<Change, String> {
    parse_change(text).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("longer than zero, such as 50ms".to_owned()),
        Err(error) => Err(format!("{error}: such as 50ms or 1s")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_threshold_of_zero_is_refused() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert!(duration("0s").is_err());
        assert!(duration("50").is_err());
    }
}
