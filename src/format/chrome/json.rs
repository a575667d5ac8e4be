//! Single events, letter by letter.

use std::io::{self, Write};

use super::Written;
use crate::format::TraceInfo;
use crate::trace::{FlowId, TimeRange, Timestamp};

/// Where an event belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub(super) process: u32,
    pub(super) thread: u32,
}

/// The list of events, written one by one.
pub(super) struct Json<W: Write> {
    out: W,
    written: Written,
    is_first: bool,
}

impl<W: Write> Json<W> {
    pub(super) fn begin(mut out: W, info: &TraceInfo) -> io::Result<Self> {
        let about = serde_json::json!({
            "program": concat!("Loopscope ", env!("CARGO_PKG_VERSION")),
            "scenario": info.scenario,
            "title": info.title,
            "started_unix_ns": info.started_unix_nanos,
            "stall_threshold_ns": info.stall_threshold_nanos,
        });
        write!(out, "{{\"otherData\":{about},\n\"traceEvents\":[")?;
        Ok(Self {
            out,
            written: Written::default(),
            is_first: true,
        })
    }

    pub(super) fn end(mut self) -> io::Result<Written> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()?;
        Ok(self.written)
    }

    pub(super) fn name_process(
        &mut self,
        track: Track,
        name: &str,
        place: usize,
    ) -> io::Result<()> {
        self.about(track, "process_name")?
            .text("name", name)?
            .end()?;
        self.about(track, "process_sort_index")?
            .number("sort_index", place as u64)?
            .end()
    }

    pub(super) fn name_thread(&mut self, track: Track, name: &str, place: usize) -> io::Result<()> {
        self.about(track, "thread_name")?
            .text("name", name)?
            .end()?;
        self.about(track, "thread_sort_index")?
            .number("sort_index", place as u64)?
            .end()
    }

    /// What has a length.
    pub(super) fn slice(
        &mut self,
        track: Track,
        range: TimeRange,
        category: &'static str,
        name: &str,
    ) -> io::Result<Event<'_, W>> {
        self.written.slices += 1;
        let event = self.event('X', track, name)?;
        event
            .at(range.begin)?
            .duration(range.nanos())?
            .category(category)
    }

    /// What has no length.
    pub(super) fn instant(
        &mut self,
        track: Track,
        at: Timestamp,
        name: &str,
    ) -> io::Result<Event<'_, W>> {
        self.written.instants += 1;
        let event = self.event('i', track, name)?.at(at)?.category("moment")?;
        event.json.out.write_all(b",\"s\":\"t\"")?;
        Ok(event)
    }

    pub(super) fn arrow_begin(
        &mut self,
        track: Track,
        at: Timestamp,
        flow: FlowId,
    ) -> io::Result<()> {
        self.written.arrows += 1;
        self.event('s', track, "cause")?.at(at)?.flow(flow)?.end()
    }

    pub(super) fn arrow_end(
        &mut self,
        track: Track,
        at: Timestamp,
        flow: FlowId,
    ) -> io::Result<()> {
        let event = self.event('f', track, "cause")?.at(at)?.flow(flow)?;
        event.json.out.write_all(b",\"bp\":\"e\"")?;
        event.end()
    }

    /// The value of a counter from now on.
    pub(super) fn counter(
        &mut self,
        track: Track,
        at: Timestamp,
        name: &str,
    ) -> io::Result<Event<'_, W>> {
        self.written.counters += 1;
        self.event('C', track, name)?.at(at)
    }

    fn about(&mut self, track: Track, what: &str) -> io::Result<Event<'_, W>> {
        self.event('M', track, what)
    }

    fn event(&mut self, letter: char, track: Track, name: &str) -> io::Result<Event<'_, W>> {
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        let Track { process, thread } = track;
        write!(
            self.out,
            "{comma}\n{{\"ph\":\"{letter}\",\"pid\":{process},\"tid\":{thread},\"name\":"
        )?;
        serde_json::to_writer(&mut self.out, name)?;
        Ok(Event {
            json: self,
            has_args: false,
        })
    }
}

/// An event that is being written: first what it is, then its arguments, then [`Event::end`].
#[must_use = "it has to be ended"]
pub(super) struct Event<'a, W: Write> {
    json: &'a mut Json<W>,
    has_args: bool,
}

impl<W: Write> Event<'_, W> {
    fn at(self, at: Timestamp) -> io::Result<Self> {
        self.micros("ts", at.0)
    }

    fn duration(self, nanos: u64) -> io::Result<Self> {
        self.micros("dur", nanos)
    }

    /// Microseconds, made from whole nanoseconds.
    fn micros(self, key: &str, nanos: u64) -> io::Result<Self> {
        let (micros, rest) = (nanos / 1000, nanos % 1000);
        write!(self.json.out, ",\"{key}\":{micros}.{rest:03}")?;
        Ok(self)
    }

    fn category(self, category: &'static str) -> io::Result<Self> {
        write!(self.json.out, ",\"cat\":\"{category}\"")?;
        Ok(self)
    }

    fn flow(self, flow: FlowId) -> io::Result<Self> {
        write!(self.json.out, ",\"cat\":\"flow\",\"id\":{flow}")?;
        Ok(self)
    }

    pub(super) fn text(mut self, key: &'static str, text: &str) -> io::Result<Self> {
        self.key(key)?;
        serde_json::to_writer(&mut self.json.out, text)?;
        Ok(self)
    }

    pub(super) fn number(mut self, key: &'static str, number: u64) -> io::Result<Self> {
        self.key(key)?;
        write!(self.json.out, "{number}")?;
        Ok(self)
    }

    /// Nanoseconds as milliseconds.
    pub(super) fn millis(mut self, key: &'static str, nanos: u64) -> io::Result<Self> {
        self.key(key)?;
        let (millis, rest) = (nanos / 1_000_000, nanos % 1_000_000);
        write!(self.json.out, "{millis}.{rest:06}")?;
        Ok(self)
    }

    pub(super) fn yes(mut self, key: &'static str) -> io::Result<Self> {
        self.key(key)?;
        self.json.out.write_all(b"true")?;
        Ok(self)
    }

    pub(super) fn end(self) -> io::Result<()> {
        let close: &[u8] = if self.has_args { b"}}" } else { b"}" };
        self.json.out.write_all(close)
    }

    fn key(&mut self, key: &'static str) -> io::Result<()> {
        let before = if self.has_args { "," } else { ",\"args\":{" };
        self.has_args = true;
        write!(self.json.out, "{before}\"{key}\":")
    }
}
