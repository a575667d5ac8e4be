//! Servers, and the service.

use std::collections::HashMap;
use std::sync::Arc;

use toml::Spanned;

use super::steps::work;
use super::{Check, blocks_already, no_name};
use crate::scenario::builtin::{POEMS, poem};
use crate::scenario::error::ValueError;
use crate::scenario::file::{ServerTable, ServiceTable, missing};
use crate::scenario::limits;
use crate::scenario::model::{Fault, Over, Server, Service, Speaks};
use crate::scenario::source::read_file;
use crate::trace::{Phrase, system_error};

/// As many as Twisted's pool has at most.
const DEFAULT_THREADS: usize = 10;

impl Check<'_> {
    pub(super) fn servers(
        &mut self,
        list: Option<&Spanned<Vec<Spanned<ServerTable>>>>,
    ) -> Vec<Server> {
        let Some(list) = list else {
            return Vec::new();
        };
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

    fn server(&mut self, key: &str, table: &Spanned<ServerTable>) -> Server {
        let ServerTable { name, speaks, .. } = table.get_ref();
        let speaks = self
            .word(&format!("{key}.speaks"), speaks.as_ref())
            .unwrap_or_default();
        let over = self.over(&format!("{key}.over"), table, speaks);
        let fault = self.fault(key, table);
        let is_dead = fault == Some(Fault::Dead);
        let (text, chunk) = match speaks {
            Speaks::Echo => {
                self.echoes(key, table);
                (Arc::default(), *limits::CHUNK.start())
            }
            Speaks::Drip | Speaks::Http => self.sends(key, table, is_dead),
        };
        let delays = match speaks {
            Speaks::Echo => limits::THINKING,
            Speaks::Drip | Speaks::Http => limits::DELAY,
        };
        let delay = table.get_ref().delay.as_ref();
        Server {
            name: name.get_ref().clone(),
            speaks,
            over,
            text,
            chunk,
            delay: self
                .duration(&format!("{key}.delay"), delay, &delays)
                .unwrap_or(*delays.start()),
            fault,
        }
    }

    /// How its clients reach it. What it says of itself has to come in order.
    fn over(&mut self, key: &str, table: &Spanned<ServerTable>, speaks: Speaks) -> Over {
        let given = table.get_ref().over.as_ref();
        let over: Over = self.word(key, given).unwrap_or_default();
        if let Some(given) = given.filter(|_| over != Over::Tcp && speaks != Speaks::Echo) {
            let message =
                Phrase::new("only a server that speaks \"{speaks}\" is reached over \"{over}\"")
                    .with("speaks", Speaks::Echo.name())
                    .with("over", over.name());
            self.refuse(&given.span(), key, message);
        }
        over
    }

    fn fault(&mut self, key: &str, table: &Spanned<ServerTable>) -> Option<Fault> {
        let ServerTable {
            dead, closes_after, ..
        } = table.get_ref();
        let is_dead = dead.as_ref().is_some_and(|dead| *dead.get_ref());
        let key = format!("{key}.closes_after");
        match closes_after {
            Some(bytes) if is_dead => {
                let message = Phrase::new("a server that is `dead` sends nothing: one of the two");
                self.refuse(&bytes.span(), key, message);
                None
            }
            Some(_) => self
                .number(&key, closes_after.as_ref(), &(0..=limits::MAX_TEXT))
                .map(Fault::ClosesAfter),
            None => is_dead.then_some(Fault::Dead),
        }
    }

    /// A server that echoes has nothing to say of its own.
    fn echoes(&mut self, key: &str, table: &Spanned<ServerTable>) {
        let ServerTable {
            poem,
            file,
            text,
            repeat,
            chunk,
            closes_after,
            ..
        } = table.get_ref();
        let texts = [("poem", poem), ("file", file), ("text", text)];
        let numbers = [
            ("repeat", repeat),
            ("chunk", chunk),
            ("closes_after", closes_after),
        ];
        let spans = texts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?.span())))
            .chain(
                numbers
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.as_ref()?.span()))),
            );
        for (name, span) in spans {
            let message =
                Phrase::new("not for a server that speaks \"echo\": it says what it hears");
            self.refuse(&span, format!("{key}.{name}"), message);
        }
    }

    /// What a server sends, and how many bytes at once. A dead one never does, so it need not say.
    fn sends(
        &mut self,
        key: &str,
        table: &Spanned<ServerTable>,
        is_dead: bool,
    ) -> (Arc<[u8]>, usize) {
        let ServerTable { chunk, delay, .. } = table.get_ref();
        if !is_dead {
            for (name, is_missing) in [("chunk", chunk.is_none()), ("delay", delay.is_none())] {
                if is_missing {
                    let message = missing(&format!("servers.{name}"));
                    self.refuse(&table.span(), format!("{key}.{name}"), message);
                }
            }
        }
        let text = self.text(key, table, is_dead);
        let text = self.repeated(&format!("{key}.repeat"), table, text);
        let chunk = self.number(&format!("{key}.chunk"), chunk.as_ref(), &limits::CHUNK);
        (text, chunk.unwrap_or(*limits::CHUNK.start()))
    }

    pub(super) fn service(&mut self, table: &Spanned<ServiceTable>) -> Service {
        let ServiceTable {
            name,
            block,
            compute,
            threads,
        } = table.get_ref();
        if name.get_ref().trim().is_empty() {
            self.refuse(&name.span(), "service.name", no_name());
        }
        if let (Some(_), Some(compute)) = (block, compute) {
            self.refuse(&compute.span(), "service.compute", blocks_already());
        }
        let block = self.duration("service.block", block.as_ref(), &limits::BLOCKING);
        let compute = self.duration("service.compute", compute.as_ref(), &limits::BLOCKING);
        Service {
            name: name.get_ref().clone(),
            work: work(block, compute),
            threads: self
                .number("service.threads", threads.as_ref(), &limits::POOL)
                .unwrap_or(DEFAULT_THREADS),
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
                let message =
                    Phrase::new("missing: what it sends, one of `poem`, `file` and `text`");
                self.refuse(&table.span(), format!("{key}.poem"), message);
                Arc::default()
            }
            [(name, value)] => self
                .read(name, value.get_ref())
                .map_err(|message| self.refuse(&value.span(), format!("{key}.{name}"), message))
                .unwrap_or_default(),
            [(first, _), (second, value), ..] => {
                let message = Phrase::new(
                    "it has a `{first}` already: one of `poem`, `file` and `text` is allowed",
                )
                .with("first", first);
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
            let message = Phrase::new(
                "{times} times {bytes} bytes are too many: at most {most} bytes in all",
            )
            .with("times", times)
            .with("bytes", text.len())
            .with("most", most);
            self.refuse(&value.span(), key, message);
            return text;
        }
        Arc::from(text.repeat(times))
    }

    fn read(&self, key: &str, value: &str) -> Result<Arc<[u8]>, Phrase> {
        match key {
            "poem" => poem(value)
                .map(|text| Arc::from(text.as_bytes()))
                .ok_or_else(|| ValueError::unknown(value, POEMS.map(|(name, _)| name)).phrase()),
            "file" => {
                let path = self.folder.join(value);
                read_file(&path).map(Arc::from).map_err(|reason| {
                    Phrase::new("cannot read {path}: {why}")
                        .with("path", path.display())
                        .with_words("why", system_error(&reason))
                })
            }
            _ => Ok(Arc::from(value.as_bytes())),
        }
    }
}
