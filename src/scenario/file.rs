//! The grammar of a scenario file. What its values may be, beyond their types, is said in [`super::check`].
//!
//! Values that are checked later keep their place in the text, so that a mistake can point at it.

use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::Spanned;

use super::limits;
use super::model::{BlockingKind, Over, Speaks};
use super::program::Requests;
use super::story::Story;
use super::variant::{EventProvider, Model};
use super::words::one_of;
use crate::trace::Phrase;

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
    pub(super) variants: Option<Spanned<Vec<Spanned<VariantTable>>>>,
    pub(super) together: Option<bool>,
    pub(super) stall_threshold: Option<Spanned<String>>,
    pub(super) servers: Option<Spanned<Vec<Spanned<ServerTable>>>>,
    pub(super) service: Option<Spanned<ServiceTable>>,
    pub(super) tasks: Spanned<Vec<Spanned<TaskTable>>>,
    pub(super) blocking: Option<BlockingTable>,
    /// The same story in Chinese.
    #[serde(default)]
    pub(super) zh: Story,
}

/// One `[[variants]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantTable {
    pub(super) name: Spanned<String>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) requests: Option<Spanned<String>>,
    pub(super) provider: Option<Spanned<String>>,
    pub(super) slices: Option<Spanned<String>>,
}

/// One `[[servers]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTable {
    pub(super) name: Spanned<String>,
    pub(super) speaks: Option<Spanned<String>>,
    pub(super) over: Option<Spanned<String>>,
    pub(super) poem: Option<Spanned<String>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) repeat: Option<Spanned<i64>>,
    pub(super) chunk: Option<Spanned<i64>>,
    pub(super) delay: Option<Spanned<String>>,
    pub(super) dead: Option<Spanned<bool>>,
    pub(super) closes_after: Option<Spanned<i64>>,
}

/// The `[service]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceTable {
    pub(super) name: Spanned<String>,
    pub(super) block: Option<Spanned<String>>,
    pub(super) compute: Option<Spanned<String>>,
    pub(super) threads: Option<Spanned<i64>>,
}

/// One `[[tasks]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskTable {
    pub(super) name: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) server: Option<Spanned<String>>,
    pub(super) steps: Option<Spanned<Vec<Spanned<StepTable>>>>,
    pub(super) after: Option<Spanned<String>>,
}

/// One of the `steps` of a task. Which it is, one of the first keys says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StepTable {
    pub(super) call: Option<Spanned<String>>,
    pub(super) every: Option<Spanned<String>>,
    pub(super) wait: Option<Spanned<String>>,
    pub(super) download: Option<Spanned<String>>,
    pub(super) request: Option<Spanned<String>>,
    pub(super) say: Option<Spanned<Vec<String>>>,
    pub(super) hold: Option<Spanned<String>>,
    pub(super) deferred: Option<Spanned<String>>,
    pub(super) stop: Option<Spanned<bool>>,
    // The rest says more of it.
    pub(super) block: Option<Spanned<String>>,
    pub(super) compute: Option<Spanned<String>>,
    pub(super) fails: Option<Spanned<String>>,
    pub(super) times: Option<Spanned<i64>>,
    pub(super) lines: Option<Spanned<bool>>,
    pub(super) fails_after: Option<Spanned<i64>>,
    pub(super) by: Option<Spanned<String>>,
    pub(super) to: Option<Spanned<String>>,
    pub(super) pause: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) chain: Option<Spanned<Vec<Spanned<LinkTable>>>>,
}

/// One link of the `chain` of a Deferred.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LinkTable {
    pub(super) callback: Option<Spanned<String>>,
    pub(super) errback: Option<Spanned<String>>,
    pub(super) wait: Option<Spanned<String>>,
    pub(super) block: Option<Spanned<String>>,
    pub(super) compute: Option<Spanned<String>>,
    pub(super) fails: Option<Spanned<String>>,
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
pub(super) fn allowed(key: &str) -> Phrase {
    match key {
        "models" => {
            Phrase::new("a list of models, such as {example}").with("example", "[\"threaded\"]")
        }
        "models[]" => Phrase::new("{of_tasks}; with a service {of_a_service}")
            .with_words("of_tasks", one_of(Model::OF_TASKS.map(Model::name)))
            .with_words("of_a_service", one_of(Model::OF_A_SERVICE.map(Model::name))),
        "together" | "blocking.on" | "servers.dead" | "tasks.steps.lines" => {
            one_of(["true", "false"])
        }
        "tasks.steps.stop" => one_of(["true"]),
        "stall_threshold" => limits::durations(&limits::STALL_THRESHOLD),
        "look_for" | "zh.look_for" => texts("[\"this\", \"that\"]"),
        "variants" => sections("variants", limits::MAX_VARIANTS),
        "variants.model" => one_of(Model::OF_TASKS.map(Model::name)),
        "variants.requests" | "tasks.steps.by" => one_of(Requests::ALL.map(Requests::name)),
        "variants.provider" => one_of(EventProvider::ALL.map(EventProvider::name)),
        "servers" => sections("servers", limits::MAX_SERVERS),
        "tasks" => sections("tasks", limits::MAX_TASKS),
        "variants[]" | "servers[]" | "tasks[]" => {
            let head = format!("[[{}]]", key.trim_end_matches("[]"));
            Phrase::new("a section that begins with `{head}`").with("head", head)
        }
        "servers.speaks" => one_of(Speaks::ALL.map(Speaks::name)),
        "servers.over" => one_of(Over::ALL.map(Over::name)),
        "servers.repeat" => numbers(&limits::REPEAT),
        "servers.chunk" => numbers(&limits::CHUNK),
        "servers.closes_after" | "tasks.steps.fails_after" => numbers(&(0..=limits::MAX_TEXT)),
        "servers.delay" => limits::durations(&limits::DELAY),
        "service" | "zh" | "blocking" => {
            Phrase::new("one section that begins with `[{key}]`").with("key", key)
        }
        "service.threads" => numbers(&limits::POOL),
        "tasks.count" => numbers(&(1..=limits::MAX_TASKS)),
        "tasks.server"
        | "tasks.steps.download"
        | "tasks.steps.request"
        | "tasks.steps.to"
        | "tasks.steps.hold" => Phrase::new("the name of a server, in quotes"),
        "tasks.after" => Phrase::new("the name of a task before it, in quotes"),
        "tasks.steps" => Phrase::new("a list of 1 to {most} steps, such as {example}")
            .with("most", limits::MAX_STEPS)
            .with("example", "[{ wait = \"1s\" }]"),
        "tasks.steps[]" => {
            Phrase::new("a step, such as {example}").with("example", "{ wait = \"1s\" }")
        }
        "tasks.steps.every" => limits::durations(&limits::INTERVAL),
        "tasks.steps.times" => numbers(&limits::TIMES),
        "tasks.steps.count" => numbers(&limits::HELD),
        "tasks.steps.say" => texts("[\"Hello\"]"),
        "tasks.steps.chain" => Phrase::new("a list of links, such as {example}")
            .with("example", "[{ callback = \"parse\" }]"),
        "tasks.steps.chain[]" => {
            Phrase::new("a link, such as {example}").with("example", "{ callback = \"parse\" }")
        }
        "tasks.steps.wait" | "tasks.steps.pause" | "tasks.steps.chain.wait" => {
            limits::durations(&limits::WAIT)
        }
        "variants.slices"
        | "service.block"
        | "service.compute"
        | "tasks.steps.block"
        | "tasks.steps.compute"
        | "tasks.steps.chain.block"
        | "tasks.steps.chain.compute" => limits::durations(&limits::BLOCKING),
        "blocking.kind" => one_of(BlockingKind::ALL.map(BlockingKind::name)),
        "blocking.duration" => limits::durations(&limits::BLOCKING),
        "blocking.task" => Phrase::new("the number or the name of a task, or \"all\""),
        _ => Phrase::new("a text in quotes"),
    }
}

/// What is said of a key that has to be there, and is not.
pub(super) fn missing(key: &str) -> Phrase {
    Phrase::new("missing: {allowed}").with_words("allowed", allowed(key))
}

fn texts(example: &str) -> Phrase {
    Phrase::new("a list of texts, such as {example}").with("example", example)
}

fn sections(key: &str, most: usize) -> Phrase {
    Phrase::new("1 to {most} sections that begin with `[[{key}]]`")
        .with("most", most)
        .with("key", key)
}

pub(super) fn numbers(range: &RangeInclusive<usize>) -> Phrase {
    Phrase::new("a whole number from {least} to {most}")
        .with("least", range.start())
        .with("most", range.end())
}
