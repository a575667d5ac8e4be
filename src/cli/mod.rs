//! The command line: arguments, and what each of them does.
//!
//! Results go to standard output, everything else to standard error. The exit code is 0 when what was asked
//! for was done, 1 when it could not be done, 2 when it was not understood, 130 after an interrupt. A run in which tasks
//! fail is done where its scenario lets them fail.

mod args;
mod bell;
mod chart;
mod compare;
mod part;
mod progress;
mod report;
mod run;
mod scenarios;
mod table;
mod what_if;
mod window;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

use crate::{scenario, session};

/// Something was asked for that does not exist: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

/// The user stopped it before its end. What there was until then has been shown and written: exit code 130, as a
/// shell reports it, so that a script does not go on.
#[derive(Debug, thiserror::Error)]
#[error("stopped before its end")]
struct Interrupted;

/// What a shell reports for a program that an interrupt ended.
const INTERRUPTED: u8 = 130;

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let error = match dispatch(Cli::parse()) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    if is_closed_pipe(&error) {
        // Whoever read the output has seen enough.
        return ExitCode::SUCCESS;
    }
    // Errors say themselves what caused them. Where standard error is gone too there is nobody left to tell.
    let _ = writeln!(io::stderr(), "loopscope: {error}");
    ExitCode::from(if error.is::<Misuse>() {
        2
    } else if error.is::<Interrupted>() {
        INTERRUPTED
    } else {
        1
    })
}

fn dispatch(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        None => window::open(cli.subject.as_deref()),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Scenarios {
            name: Some(name), ..
        }) => scenarios::source(&name),
        Some(Command::Scenarios { name: None, json }) => scenarios::scenarios(json),
        Some(Command::View { subject }) => window::open(Some(&subject)),
        Some(Command::Report {
            file,
            range: None,
            json,
        }) => report::report(&file, json),
        Some(Command::Report {
            file,
            range: Some(part),
            json,
        }) => part::report(&file, part, json),
        Some(Command::Compare { a, b, json }) => compare::compare(&a, &b, json),
        Some(Command::Convert { file, out }) => report::convert(&file, &out),
        Some(Command::ServeClient { order }) => Ok(session::serve_client(&order)?),
        #[cfg(feature = "gui")]
        Some(Command::Screenshot(args)) => window::screenshot(&args),
    }
}

/// A guess at which of these was meant, to be put behind a message.
fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let meant = scenario::guess(word, candidates);
    meant.map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"))
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io_error = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        kind.or_else(|| {
            cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind)
        })
    };
    error
        .chain()
        .any(|cause| io_error(cause) == Some(io::ErrorKind::BrokenPipe))
}
