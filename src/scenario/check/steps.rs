//! The steps of a task.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::{Check, Uses, blocks_already, empty, no_name, so_many};
use crate::scenario::error::ValueError;
use crate::scenario::file::{LinkTable, StepTable, allowed, missing};
use crate::scenario::limits;
use crate::scenario::model::{Fault, Over, Server, Speaks};
use crate::scenario::program::{Call, Link, Promise, Step, Work};
use crate::scenario::words::one_of;
use crate::trace::Phrase;

/// The keys that say which step it is, each with those that say more of it.
const VERBS: [(&str, &[&str]); 9] = [
    ("every", &["call", "times", "block", "compute", "fails"]),
    ("call", &["block", "compute", "fails"]),
    ("download", &["lines", "fails_after"]),
    ("request", &["by"]),
    ("say", &["to", "times", "pause"]),
    ("hold", &["count"]),
    ("deferred", &["wait", "fails", "chain"]),
    ("wait", &[]),
    ("stop", &[]),
];

impl Check<'_> {
    pub(super) fn steps(
        &mut self,
        key: &str,
        list: &Spanned<Vec<Spanned<StepTable>>>,
        uses: &Uses<'_>,
    ) -> Vec<Step> {
        let length = list.get_ref().len();
        if length == 0 || length > limits::MAX_STEPS {
            self.refuse(&list.span(), key, so_many(length, "tasks.steps"));
        }
        list.get_ref()
            .iter()
            .enumerate()
            .filter_map(|(place, table)| self.step(&format!("{key}[{}]", place + 1), table, uses))
            .collect()
    }

    fn step(&mut self, key: &str, table: &Spanned<StepTable>, uses: &Uses<'_>) -> Option<Step> {
        let step = table.get_ref();
        let given = given(step);
        let Some((verb, more)) = VERBS
            .iter()
            .find(|(verb, _)| given.iter().any(|(name, _)| name == verb))
        else {
            let message = Phrase::new("does not say what to do: {verbs}")
                .with_words("verbs", one_of(VERBS.map(|(verb, _)| verb)));
            self.refuse(&table.span(), key, message);
            return None;
        };
        for (name, span) in &given {
            if name != verb && !more.contains(name) {
                let message = Phrase::new("not in a step with `{verb}`").with("verb", verb);
                self.refuse(span, format!("{key}.{name}"), message);
            }
        }
        let allowed_here = !uses.has_service || matches!(*verb, "say" | "wait");
        if !allowed_here {
            let message = Phrase::new(
                "the tasks are the clients of the service: they `say` something and `wait`",
            );
            self.refuse(&table.span(), format!("{key}.{verb}"), message);
        }
        self.say_step(verb, key, table, uses)
    }

    fn say_step(
        &mut self,
        verb: &str,
        key: &str,
        table: &Spanned<StepTable>,
        uses: &Uses<'_>,
    ) -> Option<Step> {
        let step = table.get_ref();
        let sub = |name: &str| format!("{key}.{name}");
        Some(match verb {
            "call" => Step::Call(self.call(key, step.call.as_ref()?, Does::of_step(step))),
            "every" => {
                let every = step.every.as_ref()?;
                let Some(call) = &step.call else {
                    let message = Phrase::new("missing: what is called, such as {example}")
                        .with("example", "call = \"tick\"");
                    self.refuse(&table.span(), sub("call"), message);
                    return None;
                };
                self.required(table, key, "times", step.times.is_none());
                Step::Every {
                    interval: self
                        .duration(&sub("every"), Some(every), &limits::INTERVAL)
                        .unwrap_or_default(),
                    times: self
                        .number(&sub("times"), step.times.as_ref(), &limits::TIMES)
                        .unwrap_or(1),
                    call: self.call(key, call, Does::of_step(step)),
                }
            }
            "download" => Step::Download {
                server: self.server_of(&sub(verb), step.download.as_ref()?, uses, Speaks::Drip)?,
                by_lines: step.lines.as_ref().is_some_and(|lines| *lines.get_ref()),
                fails_after: self.number(
                    &sub("fails_after"),
                    step.fails_after.as_ref(),
                    &(0..=limits::MAX_TEXT),
                ),
            },
            "request" => Step::Request {
                server: self.server_of(&sub(verb), step.request.as_ref()?, uses, Speaks::Http)?,
                by: self.word(&sub("by"), step.by.as_ref()),
            },
            "say" => self.say(key, table, uses)?,
            "hold" => {
                let name = step.hold.as_ref()?;
                let server = self.server_of(&sub(verb), name, uses, Speaks::Echo)?;
                if uses.servers[server].over != Over::Tcp {
                    let message = Phrase::new("connections are held over `tcp` only");
                    self.refuse(&name.span(), sub(verb), message);
                }
                Step::Hold {
                    server,
                    count: self
                        .number(&sub("count"), step.count.as_ref(), &limits::HELD)
                        .unwrap_or(1),
                }
            }
            "deferred" => Step::Deferred(self.promise(key, step.deferred.as_ref()?, step)),
            "wait" => Step::Wait(
                self.duration(&sub(verb), step.wait.as_ref(), &limits::WAIT)
                    .unwrap_or_default(),
            ),
            _ => {
                let stop = step.stop.as_ref()?;
                if !stop.get_ref() {
                    let error = ValueError::new("false", allowed("tasks.steps.stop"));
                    self.refuse(&stop.span(), sub(verb), error.phrase());
                }
                Step::Stop
            }
        })
    }

    fn required(&mut self, table: &Spanned<StepTable>, key: &str, name: &str, is_missing: bool) {
        if is_missing {
            let message = missing(&format!("tasks.steps.{name}"));
            self.refuse(&table.span(), format!("{key}.{name}"), message);
        }
    }

    fn say(&mut self, key: &str, table: &Spanned<StepTable>, uses: &Uses<'_>) -> Option<Step> {
        let step = table.get_ref();
        let sub = |name: &str| format!("{key}.{name}");
        let texts = step.say.as_ref()?;
        if texts.get_ref().is_empty() {
            self.refuse(&texts.span(), sub("say"), empty("tasks.steps.say"));
        }
        if texts
            .get_ref()
            .iter()
            .any(|text| text.contains(['\n', '\r']))
        {
            let message = Phrase::new("each text is one line: none has a line break");
            self.refuse(&texts.span(), sub("say"), message);
        }
        let to = match (&step.to, uses.has_service) {
            (None, true) => None,
            (Some(to), true) => {
                let message = Phrase::new("the tasks talk to the service: leave it out");
                self.refuse(&to.span(), sub("to"), message);
                None
            }
            (Some(to), false) => Some(self.server_of(&sub("to"), to, uses, Speaks::Echo)?),
            (None, false) => {
                self.required(table, key, "to", true);
                return None;
            }
        };
        Some(Step::Say {
            to,
            texts: texts.get_ref().clone(),
            times: self
                .number(&sub("times"), step.times.as_ref(), &limits::TIMES)
                .unwrap_or(1),
            pause: self
                .duration(&sub("pause"), step.pause.as_ref(), &limits::WAIT)
                .unwrap_or_default(),
        })
    }

    /// The place of a server that speaks as it has to.
    pub(super) fn server_of(
        &mut self,
        key: &str,
        name: &Spanned<String>,
        uses: &Uses<'_>,
        speaks: Speaks,
    ) -> Option<usize> {
        let is_meant = |server: &Server| server.name == *name.get_ref();
        let Some(place) = uses.servers.iter().position(is_meant) else {
            let known = uses.servers.iter().map(|server| server.name.as_str());
            let error = ValueError::unknown(name.get_ref(), known);
            self.refuse(&name.span(), key, error.phrase());
            return None;
        };
        let server = &uses.servers[place];
        if server.speaks != speaks && server.fault != Some(Fault::Dead) {
            let message = Phrase::new(
                "`{name}` is a server that speaks \"{given}\": here it takes one that speaks \"{speaks}\"",
            )
            .with("name", &server.name)
            .with("given", server.speaks.name())
            .with("speaks", speaks.name());
            self.refuse(&name.span(), key, message);
        }
        Some(place)
    }

    fn promise(&mut self, key: &str, name: &Spanned<String>, step: &StepTable) -> Promise {
        let links = step.chain.iter().flat_map(|chain| chain.get_ref());
        let chain = links
            .enumerate()
            .map(|(place, link)| self.link(&format!("{key}.chain[{}]", place + 1), link))
            .collect();
        Promise {
            name: self.callback_name(&format!("{key}.deferred"), name),
            wait: self
                .duration(&format!("{key}.wait"), step.wait.as_ref(), &limits::WAIT)
                .unwrap_or_default(),
            fails: step.fails.as_ref().map(|text| text.get_ref().clone()),
            chain,
        }
    }

    fn link(&mut self, key: &str, table: &Spanned<LinkTable>) -> Link {
        let link = table.get_ref();
        if link.callback.is_none() && link.errback.is_none() {
            let message = Phrase::new("does not say what is called: `callback`, `errback` or both");
            self.refuse(&table.span(), key, message);
        }
        let mut call = |name: &Option<Spanned<String>>| {
            name.as_ref()
                .map(|name| self.call(key, name, Does::of_link(link)))
        };
        let (callback, errback) = (call(&link.callback), call(&link.errback));
        Link {
            callback,
            errback,
            wait: self
                .duration(&format!("{key}.wait"), link.wait.as_ref(), &limits::WAIT)
                .unwrap_or_default(),
        }
    }

    fn call(&mut self, key: &str, name: &Spanned<String>, does: Does<'_>) -> Call {
        let block_key = format!("{key}.block");
        let compute_key = format!("{key}.compute");
        let block = self.duration(&block_key, does.block, &limits::BLOCKING);
        let compute = self.duration(&compute_key, does.compute, &limits::BLOCKING);
        if let (Some(_), Some(compute)) = (does.block, does.compute) {
            self.refuse(&compute.span(), compute_key, blocks_already());
        }
        Call {
            name: self.callback_name(key, name),
            work: work(block, compute),
            fails: does.fails.map(|text| text.get_ref().clone()),
        }
    }

    fn callback_name(&mut self, key: &str, name: &Spanned<String>) -> String {
        if name.get_ref().trim().is_empty() {
            self.refuse(&name.span(), key, no_name());
        }
        name.get_ref().clone()
    }
}

/// What a callback that sleeps, or computes, does.
pub(super) fn work(block: Option<Duration>, compute: Option<Duration>) -> Work {
    match (block, compute) {
        (Some(duration), _) => Work::Block(duration),
        (None, Some(duration)) => Work::Compute(duration),
        (None, None) => Work::Nothing,
    }
}

/// The keys that say what a callback does.
#[derive(Clone, Copy)]
struct Does<'a> {
    block: Option<&'a Spanned<String>>,
    compute: Option<&'a Spanned<String>>,
    fails: Option<&'a Spanned<String>>,
}

impl<'a> Does<'a> {
    fn of_step(step: &'a StepTable) -> Self {
        Self {
            block: step.block.as_ref(),
            compute: step.compute.as_ref(),
            fails: step.fails.as_ref(),
        }
    }

    fn of_link(link: &'a LinkTable) -> Self {
        Self {
            block: link.block.as_ref(),
            compute: link.compute.as_ref(),
            fails: link.fails.as_ref(),
        }
    }
}

/// The keys that a step has, with their places.
fn given(step: &StepTable) -> Vec<(&'static str, Range<usize>)> {
    let StepTable {
        call,
        every,
        wait,
        download,
        request,
        say,
        hold,
        deferred,
        stop,
        block,
        compute,
        fails,
        times,
        lines,
        fails_after,
        by,
        to,
        pause,
        count,
        chain,
    } = step;
    fn span<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
        value.as_ref().map(Spanned::span)
    }
    [
        ("call", span(call)),
        ("every", span(every)),
        ("wait", span(wait)),
        ("download", span(download)),
        ("request", span(request)),
        ("say", span(say)),
        ("hold", span(hold)),
        ("deferred", span(deferred)),
        ("stop", span(stop)),
        ("block", span(block)),
        ("compute", span(compute)),
        ("fails", span(fails)),
        ("times", span(times)),
        ("lines", span(lines)),
        ("fails_after", span(fails_after)),
        ("by", span(by)),
        ("to", span(to)),
        ("pause", span(pause)),
        ("count", span(count)),
        ("chain", span(chain)),
    ]
    .into_iter()
    .filter_map(|(name, span)| Some((name, span?)))
    .collect()
}
