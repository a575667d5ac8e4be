//! The grammar of a scenario file. What its values may be, beyond their types, is said in [`super::check`].
//!
//! Values that are checked later keep their place in the text, so that a mistake can point at it.

use serde::Deserialize;
use toml::Spanned;

use super::limits;
use super::model::{BlockingKind, Model};
use super::words::one_of;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) title: Spanned<String>,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) look_for: Vec<String>,
    pub(super) models: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) together: Option<bool>,
    pub(super) stall_threshold: Option<Spanned<String>>,
    pub(super) servers: Spanned<Vec<Spanned<ServerTable>>>,
    pub(super) tasks: Spanned<Vec<Spanned<TaskTable>>>,
    pub(super) blocking: Option<BlockingTable>,
}

/// One `[[servers]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTable {
    pub(super) name: Spanned<String>,
    pub(super) poem: Option<Spanned<String>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) repeat: Option<Spanned<i64>>,
    pub(super) chunk: Option<Spanned<i64>>,
    pub(super) delay: Option<Spanned<String>>,
    pub(super) dead: Option<Spanned<bool>>,
    pub(super) closes_after: Option<Spanned<i64>>,
}

/// One `[[tasks]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskTable {
    pub(super) name: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) server: Spanned<String>,
}

/// The `[blocking]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockingTable {
    pub(super) kind: Option<Spanned<String>>,
    pub(super) duration: Option<Spanned<String>>,
    pub(super) task: Option<Spanned<TaskWord>>,
    #[serde(default)]
    pub(super) on: bool,
}

/// A task, by its number or its name, or `all` of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TaskWord {
    Number(i64),
    Word(String),
}

/// What may stand at a key, in words. The key is written without places in lists: `servers.chunk`.
pub(super) fn allowed(key: &str) -> String {
    match key {
        "models" => format!(
            "a list of models, such as [\"threaded\"], out of {}",
            models()
        ),
        "models[]" => models(),
        "together" | "blocking.on" | "servers.dead" => "true or false".to_owned(),
        "stall_threshold" => limits::durations(&limits::STALL_THRESHOLD),
        "look_for" => "a list of texts, such as [\"this\", \"that\"]".to_owned(),
        "servers" => format!(
            "1 to {} sections that begin with `[[servers]]`",
            limits::MAX_SERVERS
        ),
        "servers[]" => "a section that begins with `[[servers]]`".to_owned(),
        "servers.repeat" => numbers(*limits::REPEAT.start(), *limits::REPEAT.end()),
        "servers.chunk" => numbers(*limits::CHUNK.start(), *limits::CHUNK.end()),
        "servers.closes_after" => numbers(0, limits::MAX_TEXT),
        "servers.delay" => limits::durations(&limits::DELAY),
        "tasks" => format!(
            "1 to {} sections that begin with `[[tasks]]`",
            limits::MAX_TASKS
        ),
        "tasks[]" => "a section that begins with `[[tasks]]`".to_owned(),
        "tasks.count" => numbers(1, limits::MAX_TASKS),
        "tasks.server" => "the name of a server".to_owned(),
        "blocking" => "one section that begins with `[blocking]`".to_owned(),
        "blocking.kind" => one_of(BlockingKind::ALL.map(BlockingKind::name)),
        "blocking.duration" => limits::durations(&limits::BLOCKING),
        "blocking.task" => "the number or the name of a task, or \"all\"".to_owned(),
        _ => "a text in quotes".to_owned(),
    }
}

fn models() -> String {
    one_of(Model::ALL.map(Model::name))
}

pub(super) fn numbers(from: usize, to: usize) -> String {
    format!("a whole number from {from} to {to}")
}
