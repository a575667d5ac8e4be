//! What of a scenario is worth changing: found in the scenario itself, whatever it is about.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml_edit::DocumentMut;

use super::edit::Edit;
use super::limits;
use super::model::{Fault, Scenario, Speaks};
use super::program::{Call, Promise, Step, Work};
use crate::trace::Phrase;

/// So many parameters are offered at once; the others only when asked for.
const AT_ONCE: usize = 12;

/// Something that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What has it.
    pub owner: Owner,
    /// What that is called.
    pub of: String,
    /// What it is called there; no two parameters have both names in common.
    pub name: Phrase,
    /// What it does, in a sentence.
    pub hint: Phrase,
    /// What it is set to.
    pub setting: Setting,
    /// When a change to it takes effect.
    pub effect: Effect,
    /// Whether it is among those to be offered at once.
    pub important: bool,
    key: String,
    rank: Rank,
}

/// What has a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A server, by its place in [`Scenario::servers`].
    Server(usize),
    /// The service.
    Service,
    /// The thread pool of the service.
    Pool,
    /// The tasks of a section, by the place of the section.
    Tasks(usize),
    /// A variant, by its place.
    Variant(usize),
}

/// When a change to a parameter takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At once, also in a run that goes on.
    AtOnce,
    /// The next time that it is asked for, also in a run that goes on.
    NextTime,
    /// In the next run.
    NextRun,
}

/// What a parameter is set to, and what it may be set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A duration.
    Duration(Duration, RangeInclusive<Duration>),
    /// A number.
    Number(usize, RangeInclusive<usize>),
}

/// What matters first stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Count,
    Delay,
    Chunk,
    Work,
    Rhythm,
    Wait,
    Rest,
}

impl Parameter {
    /// By what a person knows it: `ecstasy: delay`.
    pub fn title(&self) -> String {
        format!("{}: {}", self.of, self.name)
    }

    /// Where it stands, such as `servers[1].delay`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The change that sets it to what `setting` has; what that may be does not matter.
    pub fn set(&self, setting: &Setting) -> Edit {
        match setting {
            Setting::Duration(duration, _) => Edit::duration(&self.key, *duration),
            Setting::Number(number, _) => Edit::number(&self.key, *number),
        }
    }
}

impl Owner {
    /// What it is.
    pub const fn word(self) -> Phrase {
        match self {
            Self::Server(_) => Phrase::new("server"),
            Self::Service => Phrase::new("service"),
            Self::Pool => Phrase::new("thread pool"),
            Self::Tasks(_) => Phrase::new("task"),
            Self::Variant(_) => Phrase::new("variant"),
        }
    }
}

impl Scenario {
    /// What of it is worth changing, in the order of the file.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut found = Finder {
            scenario: self,
            text: self.document(),
            parameters: Vec::new(),
        };
        found.variants();
        found.servers();
        found.service();
        found.tasks();
        let mut parameters = found.parameters;
        tell_apart(&mut parameters);
        let mut by_rank: Vec<_> = (0..parameters.len()).collect();
        by_rank.sort_by_key(|&place| parameters[place].rank);
        for place in by_rank.into_iter().take(AT_ONCE) {
            parameters[place].important = true;
        }
        parameters
    }
}

/// Numbers those that would have the same names: `wait`, `wait 2`.
fn tell_apart(parameters: &mut [Parameter]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for parameter in parameters {
        let times = seen.entry(parameter.title()).or_default();
        *times += 1;
        if *times > 1 {
            let name = std::mem::take(&mut parameter.name);
            parameter.name = Phrase::new("{name} {number}")
                .with_words("name", name)
                .with("number", times);
        }
    }
}

/// What a call does: `tick every`.
fn of_call(call: &str, what: Phrase) -> Phrase {
    Phrase::new("{call} {what}")
        .with("call", call)
        .with_words("what", what)
}

struct Finder<'a> {
    scenario: &'a Scenario,
    text: DocumentMut,
    parameters: Vec<Parameter>,
}

/// What has the parameters that are being found, and where its keys stand.
#[derive(Clone)]
struct Place<'a> {
    owner: Owner,
    effect: Effect,
    of: &'a str,
    key: String,
}

impl Finder<'_> {
    /// Whether the text says something at a key.
    fn says(&self, key: &str) -> bool {
        let parts = key.split(['.', '[', ']']).filter(|part| !part.is_empty());
        let mut item = Some(self.text.as_item());
        for part in parts {
            item = item.and_then(|item| match part.parse::<usize>() {
                Ok(number) => item.get(number - 1),
                Err(_) => item.get(part),
            });
        }
        item.is_some()
    }

    fn add(
        &mut self,
        place: &Place<'_>,
        (key, name): (&str, Phrase),
        rank: Rank,
        setting: Setting,
        hint: Phrase,
    ) {
        self.parameters.push(Parameter {
            owner: place.owner,
            of: place.of.to_owned(),
            name,
            hint,
            effect: place.effect,
            setting,
            important: false,
            key: format!("{}.{key}", place.key),
            rank,
        });
    }

    fn variants(&mut self) {
        for (place, variant) in self.scenario.variants.iter().enumerate() {
            let Some(slices) = variant.slices else {
                continue;
            };
            let owner = Place {
                owner: Owner::Variant(place),
                effect: Effect::NextRun,
                of: &variant.name,
                key: format!("variants[{}]", place + 1),
            };
            let setting = Setting::Duration(slices, limits::BLOCKING);
            let hint =
                Phrase::new("Whoever computes lets the others have their turn after so long");
            self.add(
                &owner,
                ("slices", Phrase::new("slices")),
                Rank::Rhythm,
                setting,
                hint,
            );
        }
    }

    fn servers(&mut self) {
        for (place, server) in self.scenario.servers.iter().enumerate() {
            if server.fault == Some(Fault::Dead) {
                continue;
            }
            let owner = Place {
                owner: Owner::Server(place),
                effect: Effect::AtOnce,
                of: &server.name,
                key: format!("servers[{}]", place + 1),
            };
            let (allowed, hint) = match server.speaks {
                Speaks::Echo => (
                    limits::THINKING,
                    Phrase::new("How long it waits before each answer"),
                ),
                Speaks::Drip | Speaks::Http => (
                    limits::DELAY,
                    Phrase::new("How long it waits after each piece"),
                ),
            };
            let delay = Setting::Duration(server.delay, allowed);
            self.add(
                &owner,
                ("delay", Phrase::new("delay")),
                Rank::Delay,
                delay,
                hint,
            );
            if server.speaks != Speaks::Echo {
                // More than all of it at once makes no difference.
                let most = server.text.len().max(server.chunk);
                let chunk = Setting::Number(server.chunk, *limits::CHUNK.start()..=most);
                let hint = Phrase::new("How many bytes it sends at once");
                self.add(
                    &owner,
                    ("chunk", Phrase::new("chunk")),
                    Rank::Chunk,
                    chunk,
                    hint,
                );
            }
        }
    }

    fn service(&mut self) {
        let Some(service) = &self.scenario.service else {
            return;
        };
        let owner = Place {
            owner: Owner::Service,
            effect: Effect::NextTime,
            of: &service.name,
            key: "service".to_owned(),
        };
        self.work(&owner, "", None, service.work);
        let owner = Place {
            owner: Owner::Pool,
            effect: Effect::NextRun,
            ..owner
        };
        let threads = Setting::Number(service.threads, limits::POOL);
        let hint = Phrase::new("How many threads serve its clients under the model `pool`");
        self.add(
            &owner,
            ("threads", Phrase::new("threads")),
            Rank::Rhythm,
            threads,
            hint,
        );
    }

    /// For how long a callback sleeps or computes.
    fn work(&mut self, place: &Place<'_>, key: &str, call: Option<&str>, work: Work) {
        let (word, verb, duration, hint) = match work {
            Work::Nothing => return,
            Work::Block(duration) => {
                let hint = Phrase::new("For how long it sleeps in a system call");
                ("block", Phrase::new("blocks"), duration, hint)
            }
            Work::Compute(duration) => {
                let hint = Phrase::new("For how long it computes");
                ("compute", Phrase::new("computes"), duration, hint)
            }
        };
        let name = match call {
            Some(call) => of_call(call, verb),
            None => verb,
        };
        let setting = Setting::Duration(duration, limits::BLOCKING);
        let key = format!("{key}{word}");
        self.add(place, (&key, name), Rank::Work, setting, hint);
    }

    fn tasks(&mut self) {
        let all = &self.scenario.tasks;
        for tasks in all.chunk_by(|one, next| one.section == next.section) {
            let first = &tasks[0];
            let key = format!("tasks[{}]", first.section + 1);
            let counted = self.says(&format!("{key}.count"));
            let owner = Place {
                owner: Owner::Tasks(first.section),
                effect: Effect::NextRun,
                of: match counted {
                    true => first.name.strip_suffix(" 1").unwrap_or(&first.name),
                    false => &first.name,
                },
                key,
            };
            if counted {
                let room = limits::MAX_TASKS - (all.len() - tasks.len());
                let count = Setting::Number(tasks.len(), 1..=room);
                let hint = Phrase::new("How many tasks of this kind there are");
                self.add(
                    &owner,
                    ("count", Phrase::new("count")),
                    Rank::Count,
                    count,
                    hint,
                );
            }
            for (place, step) in first.steps.iter().enumerate() {
                self.step(&owner, &format!("steps[{}].", place + 1), step);
            }
        }
    }

    fn step(&mut self, owner: &Place<'_>, key: &str, step: &Step) {
        // What is read anew when it is next asked for.
        let live = &Place {
            effect: Effect::NextTime,
            ..owner.clone()
        };
        match step {
            Step::Call(call) => self.work(live, key, Some(&call.name), call.work),
            Step::Wait(wait) => {
                self.wait(live, (&format!("{key}wait"), Phrase::new("wait")), *wait)
            }
            Step::Every {
                interval,
                times,
                call,
            } => {
                let name = of_call(&call.name, Phrase::new("every"));
                let setting = Setting::Duration(*interval, limits::INTERVAL);
                let hint = Phrase::new("From one call to the next; 0 is once in each turn");
                let key_of = format!("{key}every");
                self.add(live, (&key_of, name), Rank::Rhythm, setting, hint);
                let name = of_call(&call.name, Phrase::new("times"));
                self.times(live, key, name, *times);
                self.work(live, key, Some(&call.name), call.work);
            }
            Step::Say { times, pause, .. } => {
                if !pause.is_zero() {
                    self.wait(live, (&format!("{key}pause"), Phrase::new("pause")), *pause);
                }
                if self.says(&format!("{}.{key}times", owner.key)) {
                    self.times(owner, key, Phrase::new("times"), *times);
                }
            }
            Step::Hold { count, .. } => {
                let setting = Setting::Number(*count, limits::HELD);
                let hint = Phrase::new("How many connections are held on which nothing happens");
                let key = format!("{key}count");
                self.add(
                    owner,
                    (&key, Phrase::new("connections")),
                    Rank::Count,
                    setting,
                    hint,
                );
            }
            Step::Deferred(promise) => self.promise(owner, key, promise),
            Step::Download { .. } | Step::Request { .. } | Step::Stop => {}
        }
    }

    fn wait(&mut self, owner: &Place<'_>, names: (&str, Phrase), wait: Duration) {
        let setting = Setting::Duration(wait, limits::WAIT);
        let hint = Phrase::new("How long nothing is done");
        self.add(owner, names, Rank::Wait, setting, hint);
    }

    fn times(&mut self, owner: &Place<'_>, key: &str, name: Phrase, times: usize) {
        let setting = Setting::Number(times, limits::TIMES);
        let key = format!("{key}times");
        let hint = Phrase::new("How often it is done");
        self.add(owner, (&key, name), Rank::Rest, setting, hint);
    }

    fn promise(&mut self, owner: &Place<'_>, key: &str, promise: &Promise) {
        let links = promise.chain.iter().enumerate();
        let own = (key.to_owned(), promise.name.as_str(), promise.wait);
        let mut waits = vec![own];
        for (place, link) in links {
            let key = format!("{key}chain[{}].", place + 1);
            let call: Option<&Call> = link.callback.as_ref().or(link.errback.as_ref());
            let Some(call) = call else { continue };
            self.work(owner, &key, Some(&call.name), call.work);
            waits.push((key, &call.name, link.wait));
        }
        for (key, name, wait) in waits {
            if !wait.is_zero() {
                let name = of_call(name, Phrase::new("after"));
                self.wait(owner, (&format!("{key}wait"), name), wait);
            }
        }
    }
}
