//! From a file of the right shape to a [`Scenario`] that can be run, or to everything that is wrong with it.
//!
//! A value that is not allowed is noted and replaced by one that is, so that the checks can go on.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::io::{self, Read as _};
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

use super::blocking::{ALL_TASKS, find_task};
use super::builtin::{POEMS, poem};
use super::error::{Mistake, ValueError};
use super::file::{BlockingTable, File, ServerTable, TaskTable, TaskWord, allowed, numbers};
use super::limits;
use super::model::{Blocking, BlockingKind, Fault, Model, Scenario, Server, Task};
use super::source::Source;
use crate::trace::TaskId;

/// The web's long task.
const DEFAULT_STALL_THRESHOLD: Duration = Duration::from_millis(50);

/// What the blocking switch is set to in a scenario that does not say.
const DEFAULT_BLOCKING: Blocking = Blocking {
    kind: BlockingKind::Sleep,
    duration: Duration::from_millis(200),
    task: TaskId::new(1),
};

/// The checked scenario, or its mistakes in the order of the file. Paths in the file are relative to `folder`.
pub(super) fn check(
    file: File,
    source: &Source<'_>,
    name: &str,
    folder: &Path,
) -> Result<Scenario, Vec<Mistake>> {
    let mut check = Check {
        source,
        folder,
        mistakes: Vec::new(),
    };
    check.title(&file.title);
    let servers = check.servers(&file.servers);
    let tasks = check.tasks(&file.tasks, &file.servers);
    let (blocking, blocking_on) = match &file.blocking {
        Some(table) => (check.blocking(table, &tasks), table.on),
        None => (DEFAULT_BLOCKING, false),
    };
    let scenario = Scenario {
        name: name.to_owned(),
        models: check.models(file.models.as_ref()),
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
        servers,
        tasks,
        together: file.together.unwrap_or(true),
        blocking,
        blocking_on,
    };
    if check.mistakes.is_empty() {
        return Ok(scenario);
    }
    check
        .mistakes
        .sort_by_key(|mistake| (mistake.line, mistake.column));
    Err(check.mistakes)
}

struct Check<'a> {
    source: &'a Source<'a>,
    folder: &'a Path,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn refuse(&mut self, span: &Range<usize>, key: impl Into<String>, message: impl Display) {
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
            .map_err(|error| self.refuse(&value.span(), key, error))
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
            .map_err(|error| self.refuse(&value.span(), key, error))
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
            let allowed = numbers(*allowed.start(), *allowed.end());
            self.refuse(
                &value.span(),
                key,
                ValueError::new(value.get_ref(), allowed),
            );
        }
        number
    }

    /// Whether the list has between one and `most` items.
    fn length<T>(&mut self, key: &str, list: &Spanned<Vec<T>>, most: usize) {
        let length = list.get_ref().len();
        if length == 0 || length > most {
            let message = format!("{length} of them are not allowed: {}", allowed(key));
            self.refuse(&list.span(), key, message);
        }
    }

    fn title(&mut self, title: &Spanned<String>) {
        let text = title.get_ref();
        if text.trim().is_empty() || text.contains('\n') {
            let message = "not allowed like this: one line that says what it shows";
            self.refuse(&title.span(), "title", message);
        }
    }

    fn models(&mut self, list: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<Model> {
        let Some(list) = list else {
            return Model::ALL.to_vec();
        };
        if list.get_ref().is_empty() {
            let message = format!("empty: {}", allowed("models"));
            self.refuse(&list.span(), "models", message);
        }
        let mut models = Vec::new();
        for (place, name) in list.get_ref().iter().enumerate() {
            let key = format!("models[{}]", place + 1);
            let Some(model) = self.word(&key, Some(name)) else {
                continue;
            };
            if models.contains(&model) {
                self.refuse(&name.span(), key, format_args!("`{model}` is there twice"));
            } else {
                models.push(model);
            }
        }
        models
    }

    fn servers(&mut self, list: &Spanned<Vec<Spanned<ServerTable>>>) -> Vec<Server> {
        self.length("servers", list, limits::MAX_SERVERS);
        let mut names = HashMap::new();
        list.get_ref()
            .iter()
            .enumerate()
            .map(|(place, table)| {
                let key = format!("servers[{}]", place + 1);
                let name = &table.get_ref().name;
                self.name(
                    &format!("{key}.name"),
                    name.get_ref(),
                    &name.span(),
                    &mut names,
                );
                self.server(&key, table)
            })
            .collect()
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
            self.refuse(span, key, "empty: a name to be called by");
        } else if let Some(other) = names.insert(name.to_owned(), key.to_owned()) {
            let message = format!("`{name}` is the name of {other} already: each needs its own");
            self.refuse(span, key, message);
        }
    }

    fn server(&mut self, key: &str, table: &Spanned<ServerTable>) -> Server {
        let ServerTable {
            name,
            chunk,
            delay,
            dead,
            closes_after,
            ..
        } = table.get_ref();
        // A dead server never sends, so it need not say what, and how.
        let is_dead = dead.as_ref().is_some_and(|dead| *dead.get_ref());
        if !is_dead {
            for (name, missing) in [("chunk", chunk.is_none()), ("delay", delay.is_none())] {
                if missing {
                    let message = format!("missing: {}", allowed(&format!("servers.{name}")));
                    self.refuse(&table.span(), format!("{key}.{name}"), message);
                }
            }
        }
        let text = self.text(key, table, is_dead);
        let text = self.repeated(&format!("{key}.repeat"), table, text);
        let closes_key = format!("{key}.closes_after");
        let fault = match closes_after {
            Some(bytes) if is_dead => {
                let message = "a server that is `dead` sends nothing: one of the two";
                self.refuse(&bytes.span(), closes_key, message);
                None
            }
            Some(_) => self
                .number(&closes_key, closes_after.as_ref(), &(0..=limits::MAX_TEXT))
                .map(Fault::ClosesAfter),
            None => is_dead.then_some(Fault::Dead),
        };
        Server {
            name: name.get_ref().clone(),
            text,
            chunk: self
                .number(&format!("{key}.chunk"), chunk.as_ref(), &limits::CHUNK)
                .unwrap_or(*limits::CHUNK.start()),
            delay: self
                .duration(&format!("{key}.delay"), delay.as_ref(), &limits::DELAY)
                .unwrap_or(*limits::DELAY.start()),
            fault,
        }
    }

    /// What a server sends, which stands at exactly one of three keys.
    fn text(&mut self, key: &str, table: &Spanned<ServerTable>, is_dead: bool) -> Arc<[u8]> {
        let ServerTable {
            poem, file, text, ..
        } = table.get_ref();
        let given: Vec<(&str, &Spanned<String>)> = [("poem", poem), ("file", file), ("text", text)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .collect();
        match given.as_slice() {
            [] if is_dead => Arc::default(),
            [] => {
                let message = "missing: what it sends, one of `poem`, `file` and `text`";
                self.refuse(&table.span(), format!("{key}.poem"), message);
                Arc::default()
            }
            [(name, value)] => self
                .read(name, value.get_ref())
                .map_err(|message| self.refuse(&value.span(), format!("{key}.{name}"), message))
                .unwrap_or_default(),
            [(first, _), (second, value), ..] => {
                let message = format!(
                    "it has a `{first}` already: one of `poem`, `file` and `text` is allowed"
                );
                self.refuse(&value.span(), format!("{key}.{second}"), message);
                Arc::default()
            }
        }
    }

    /// The text as often as it is to be said.
    fn repeated(&mut self, key: &str, table: &Spanned<ServerTable>, text: Arc<[u8]>) -> Arc<[u8]> {
        let repeat = table.get_ref().repeat.as_ref();
        let Some((times, value)) = self.number(key, repeat, &limits::REPEAT).zip(repeat) else {
            return text;
        };
        if text.len().saturating_mul(times) > limits::MAX_TEXT {
            let most = limits::MAX_TEXT;
            let message = format!(
                "{times} times {} bytes are too many: at most {most} bytes in all",
                text.len()
            );
            self.refuse(&value.span(), key, message);
            return text;
        }
        Arc::from(text.repeat(times))
    }

    fn read(&self, key: &str, value: &str) -> Result<Arc<[u8]>, String> {
        match key {
            "poem" => poem(value)
                .map(|text| Arc::from(text.as_bytes()))
                .ok_or_else(|| ValueError::unknown(value, POEMS.map(|(name, _)| name)).to_string()),
            "file" => {
                let path = self.folder.join(value);
                read_file(&path)
                    .map_err(|reason| format!("cannot read {}: {reason}", path.display()))
            }
            _ => Ok(Arc::from(value.as_bytes())),
        }
    }

    fn tasks(
        &mut self,
        list: &Spanned<Vec<Spanned<TaskTable>>>,
        servers: &Spanned<Vec<Spanned<ServerTable>>>,
    ) -> Vec<Task> {
        self.length("tasks", list, limits::MAX_TASKS);
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, server) in servers.get_ref().iter().enumerate() {
            places
                .entry(server.get_ref().name.get_ref())
                .or_insert(place);
        }
        let mut names = HashMap::new();
        let mut tasks = Vec::new();
        for (place, table) in list.get_ref().iter().enumerate() {
            let key = format!("tasks[{}]", place + 1);
            let server = &table.get_ref().server;
            let server_place = places.get(server.get_ref().as_str()).copied();
            if server_place.is_none() {
                // In the order of the file, not of the map.
                let known = servers.get_ref().iter();
                let known = known.map(|server| server.get_ref().name.get_ref().as_str());
                let error = ValueError::unknown(server.get_ref(), known);
                self.refuse(&server.span(), format!("{key}.server"), error);
            }
            let count = self.count(
                &format!("{key}.count"),
                table,
                limits::MAX_TASKS - tasks.len(),
            );
            for number in 1..=count.unwrap_or(1) {
                let id = TaskId::from_index(tasks.len());
                let number = count.map(|_| number);
                tasks.push(Task {
                    id,
                    name: self.task_name(&key, id, number, table, &mut names),
                    server: server_place.unwrap_or(0),
                });
            }
        }
        tasks
    }

    /// How many tasks a section stands for, if it says so: no more than there is room for.
    fn count(&mut self, key: &str, table: &Spanned<TaskTable>, room: usize) -> Option<usize> {
        let value = table.get_ref().count.as_ref()?;
        let count = self.number(key, Some(value), &(1..=limits::MAX_TASKS))?;
        if count > room {
            let most = limits::MAX_TASKS;
            let message = format!("{count} more tasks are too many: at most {most} in all");
            self.refuse(&value.span(), key, message);
        }
        Some(count.min(room))
    }

    fn task_name(
        &mut self,
        key: &str,
        id: TaskId,
        number: Option<usize>,
        table: &Spanned<TaskTable>,
        names: &mut HashMap<String, String>,
    ) -> String {
        let key = format!("{key}.name");
        let (name, span) = match (&table.get_ref().name, number) {
            (Some(name), None) => (name.get_ref().clone(), name.span()),
            (Some(name), Some(number)) => (format!("{} {number}", name.get_ref()), name.span()),
            (None, _) => (format!("task {id}"), table.span()),
        };
        if name == ALL_TASKS || name.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() {
            let allowed = format!(
                "a name that is neither a number nor `{ALL_TASKS}`, which choose tasks elsewhere"
            );
            self.refuse(&span, &key, ValueError::new(&name, allowed));
        }
        self.name(&key, &name, &span, names);
        name
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
                    self.refuse(&value.span(), "blocking.task", error);
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

/// A whole file of at most [`limits::MAX_TEXT`] bytes; a device that never ends is not read to the end.
fn read_file(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut text = Vec::new();
    let most = limits::MAX_TEXT as u64;
    fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut text)?;
    if text.len() > limits::MAX_TEXT {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(Arc::from(text))
}
