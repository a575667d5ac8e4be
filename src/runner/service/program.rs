//! Which program serves a client in a process of its own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, io};

use super::super::error::TaskError;

/// What the program is told to do, before what it is to know.
const COMMAND: &str = "serve-client";

/// Set in processes that serve a client. One that runs the model instead does not know the command, and would start
/// itself again and again.
const MARK: &str = "LOOPSCOPE_SERVES_A_CLIENT";

static PROCESS_WIDE: OnceLock<PathBuf> = OnceLock::new();

/// The program that is started for each client of a [`ProcessServer`](super::ProcessServer), with the arguments
/// `serve-client` and one more, which it passes on to [`serve_client`](super::serve_client). Unless another one is
/// chosen it is this program itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildProgram(Option<PathBuf>);

impl ChildProgram {
    /// The program in this file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(Some(path.into()))
    }

    /// Lets it be the program in this file wherever none is chosen, in the whole process. The first call counts.
    pub fn set_default(path: impl Into<PathBuf>) {
        PROCESS_WIDE.get_or_init(|| path.into());
    }

    /// How it is started, up to the last argument.
    pub(super) fn command(&self) -> Result<Command, TaskError> {
        let chosen = self.0.as_ref().or_else(|| PROCESS_WIDE.get());
        let path = match chosen {
            Some(path) => Ok(path.clone()),
            None => env::current_exe(),
        };
        let path = path.map_err(|error| TaskError::starting("this program".to_owned(), error))?;
        let name = path.display().to_string();
        if env::var_os(MARK).is_some() {
            return Err(TaskError::NotAServant(name));
        }
        Ok(Command { path, name })
    }
}

/// A program that was found.
pub(super) struct Command {
    path: PathBuf,
    name: String,
}

impl Command {
    /// One process of it, which is told `order`.
    pub(super) fn with(&self, order: impl Into<OsString>) -> std::process::Command {
        let mut command = std::process::Command::new(&self.path);
        command.arg(COMMAND).arg(order.into()).env(MARK, "1");
        command
    }

    /// Why it could not be started.
    pub(super) fn refused(&self, error: io::Error) -> TaskError {
        TaskError::starting(self.name.clone(), error)
    }
}
