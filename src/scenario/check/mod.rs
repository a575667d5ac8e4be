//! From a file of the right shape to a [`Scenario`] that can be run, or to everything that is wrong with it.
//!
//! A value that is not allowed is noted and replaced by one that is, so that the checks can go on.

mod servers;
mod steps;
mod tasks;
mod variants;

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;

use super::blocking::find_task;
use super::error::{Mistake, ValueError};
use super::file::{BlockingTable, File, TaskWord, allowed, numbers};
use super::limits;
use super::model::{Blocking, BlockingKind, Scenario, Server, Task};
use super::source::Source;
use crate::trace::{Phrase, TaskId};

/// The web's long task.
const DEFAULT_STALL_THRESHOLD: Duration = Duration::from_millis(50);

/// What the blocking switch is set to in a scenario that does not say.
const DEFAULT_BLOCKING: Blocking = Blocking {
    kind: BlockingKind::Sleep,
    duration: Duration::from_millis(200),
    task: TaskId::new(1),
};

/// The checked scenario, or its mistakes in the order of the file. `origin` is where the file is: its stem names the
/// scenario, and paths in it are relative to its folder.
pub(super) fn check(
    file: File,
    source: &Source<'_>,
    origin: &Path,
) -> Result<Scenario, Vec<Mistake>> {
    let name = origin.file_stem().unwrap_or_default().to_string_lossy();
    let mut check = Check {
        source,
        folder: origin.parent().unwrap_or(Path::new("")),
        mistakes: Vec::new(),
    };
    check.title(&file.title);
    let servers = check.servers(file.servers.as_ref());
    let service = file.service.as_ref().map(|table| check.service(table));
    let uses = Uses {
        servers: &servers,
        has_service: service.is_some(),
    };
    let tasks = check.tasks(&file.tasks, &uses);
    let (variants, models) = check.variants(&file, &tasks, service.is_some());
    let (blocking, blocking_on) = match &file.blocking {
        Some(table) => (check.blocking(table, &tasks), table.on),
        None => (DEFAULT_BLOCKING, false),
    };
    let scenario = Scenario {
        name: name.into_owned(),
        variants,
        models,
        stall_threshold: check
            .duration(
                "stall_threshold",
                file.stall_threshold.as_ref(),
                &limits::STALL_THRESHOLD,
            )
            .unwrap_or(DEFAULT_STALL_THRESHOLD),
        title: file.title.into_inner(),
        summary: file.summary.trim().to_owned(),
        look_for: file.look_for,
        chinese: file.zh,
        servers,
        service,
        tasks,
        together: file.together.unwrap_or(true),
        blocking,
        blocking_on,
        text: source.text.into(),
        origin: origin.to_owned(),
    };
    if check.mistakes.is_empty() {
        return Ok(scenario);
    }
    check
        .mistakes
        .sort_by_key(|mistake| (mistake.line, mistake.column));
    Err(check.mistakes)
}

/// What the steps of a task may use.
struct Uses<'a> {
    servers: &'a [Server],
    has_service: bool,
}

struct Check<'a> {
    source: &'a Source<'a>,
    folder: &'a Path,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn refuse(&mut self, span: &Range<usize>, key: impl Into<String>, message: Phrase) {
        self.mistakes.push(self.source.mistake(span, key, message));
    }

    /// What `parse` makes of the value; `None` if it is not there or not allowed.
    fn word<T: FromStr<Err = ValueError>>(
        &mut self,
        key: &str,
        value: Option<&Spanned<String>>,
    ) -> Option<T> {
        let value = value?;
        value
            .get_ref()
            .parse()
            .map_err(|error: ValueError| self.refuse(&value.span(), key, error.phrase()))
            .ok()
    }

    /// As [`Self::word`].
    fn duration(
        &mut self,
        key: &str,
        value: Option<&Spanned<String>>,
        allowed: &RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let value = value?;
        limits::parse_duration(value.get_ref(), allowed)
            .map_err(|error: ValueError| self.refuse(&value.span(), key, error.phrase()))
            .ok()
    }

    /// As [`Self::word`].
    fn number(
        &mut self,
        key: &str,
        value: Option<&Spanned<i64>>,
        allowed: &RangeInclusive<usize>,
    ) -> Option<usize> {
        let value = value?;
        let number = usize::try_from(*value.get_ref())
            .ok()
            .filter(|number| allowed.contains(number));
        if number.is_none() {
            let allowed = numbers(allowed);
            self.refuse(
                &value.span(),
                key,
                ValueError::new(value.get_ref(), allowed).phrase(),
            );
        }
        number
    }

    /// Whether the list has between one and `most` items.
    fn length<T>(&mut self, key: &str, list: &Spanned<Vec<T>>, most: usize) {
        let length = list.get_ref().len();
        if length == 0 || length > most {
            self.refuse(&list.span(), key, so_many(length, key));
        }
    }

    fn title(&mut self, title: &Spanned<String>) {
        let text = title.get_ref();
        if text.trim().is_empty() || text.contains('\n') {
            let message = Phrase::new("not allowed like this: one line that says what it shows");
            self.refuse(&title.span(), "title", message);
        }
    }

    /// Whether a name is neither empty nor another's.
    fn name(
        &mut self,
        key: &str,
        name: &str,
        span: &Range<usize>,
        names: &mut HashMap<String, String>,
    ) {
        if name.trim().is_empty() {
            self.refuse(span, key, no_name());
        } else if let Some(other) =
            names.insert(name.to_owned(), key.trim_end_matches(".name").to_owned())
        {
            let message =
                Phrase::new("`{name}` is the name of {other} already: each needs its own")
                    .with("name", name)
                    .with("other", other);
            self.refuse(span, key, message);
        }
    }

    fn blocking(&mut self, table: &BlockingTable, tasks: &[Task]) -> Blocking {
        let task = match &table.task {
            None => DEFAULT_BLOCKING.task,
            Some(value) => {
                let word = match value.get_ref() {
                    TaskWord::Number(number) => number.to_string(),
                    TaskWord::Word(word) => word.clone(),
                };
                find_task(&word, tasks).unwrap_or_else(|error| {
                    self.refuse(&value.span(), "blocking.task", error.phrase());
                    DEFAULT_BLOCKING.task
                })
            }
        };
        Blocking {
            kind: self
                .word("blocking.kind", table.kind.as_ref())
                .unwrap_or(DEFAULT_BLOCKING.kind),
            duration: self
                .duration(
                    "blocking.duration",
                    table.duration.as_ref(),
                    &limits::BLOCKING,
                )
                .unwrap_or(DEFAULT_BLOCKING.duration),
            task,
        }
    }
}

/// A list at `key` of a length that is not allowed.
fn so_many(length: usize, key: &str) -> Phrase {
    Phrase::new("{length} of them are not allowed: {allowed}")
        .with("length", length)
        .with_words("allowed", allowed(key))
}

/// A list at `key` with nothing in it.
fn empty(key: &str) -> Phrase {
    Phrase::new("empty: {allowed}").with_words("allowed", allowed(key))
}

const fn no_name() -> Phrase {
    Phrase::new("empty: it needs a name")
}

/// Of two keys one is too many.
const fn blocks_already() -> Phrase {
    Phrase::new("it has a `block` already: one of the two")
}
