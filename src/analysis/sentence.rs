//! What is said of a stall: the sentence for a newcomer, its cause in a few words, and what speaks for that.
//!
//! Each is a [`Phrase`], so that a report says it in English and the window in the language of its user.

use std::time::Duration;

use super::blame::Holder;
use super::{Cause, CauseKind, StallReport, VictimKind, plain_count, plain_duration};
use crate::trace::{Phrase, descriptor};

/// Where it had to wait for a core for this part of a stall, that is told beside what it was blocked in.
const CORE_TOLD: u32 = 5;

impl StallReport {
    /// What held the loop: a callback, or the loop itself where callbacks took the smaller part.
    pub fn holder(&self) -> Holder {
        let is_known = !self.lasts || !self.cause.in_callbacks.is_zero();
        if is_known && self.cause.in_callbacks < self.range.duration() / 2 {
            return Holder::LoopItself;
        }
        Holder::of(&self.callback, self.task_name.as_deref())
    }

    /// What held the loop, in a few words: `sleep 200ms in data_received`.
    pub fn what(&self) -> Phrase {
        let callback = Holder::of(&self.callback, None).said();
        match self.cause.kind {
            CauseKind::ManyCallbacks => self.cause.said(),
            CauseKind::Unknown => callback,
            _ => Phrase::new("{cause} in {callback}")
                .with_words("cause", self.cause.said())
                .with_words("callback", callback),
        }
    }

    /// What held the loop, why and who waited, as a sentence for a newcomer without its full stop.
    pub fn sentence(&self) -> Phrase {
        let cause = self.tell_cause();
        if !self.of_loop {
            return cause;
        }
        Phrase::new("{cause}; {victims}")
            .with_words("cause", cause)
            .with_words("victims", self.tell_victims())
    }

    /// What was held.
    const fn held(&self) -> Phrase {
        match self.of_loop {
            true => Phrase::new("the loop"),
            false => Phrase::new("its thread"),
        }
    }

    /// A time that grows as long as the stall lasts.
    fn so_far(&self, time: Duration) -> Phrase {
        let time = Phrase::same(plain_duration(time));
        match self.lasts {
            true => Phrase::new("{time} so far").with_words("time", time),
            false => time,
        }
    }

    /// How many others have to be told of.
    fn others(&self) -> usize {
        match self.holder() {
            Holder::LoopItself => 0,
            _ => self.cause.others,
        }
    }

    /// Who held the loop, with the others that took a good part of the time.
    fn tell_holders(&self) -> Phrase {
        let who = match self.holder() {
            // A loop does not hold itself.
            Holder::LoopItself => Phrase::new("what ran between callbacks"),
            holder => holder.said(),
        };
        match self.others() {
            0 => who,
            others => Phrase::new("{who} and {others}")
                .with_words("who", who)
                .with_words("others", Holder::Others(others).said()),
        }
    }

    fn tell_cause(&self) -> Phrase {
        let cause = &self.cause;
        let who = self.holder();
        if let Some(phrase) = self.tell_several() {
            return phrase;
        }
        let phrase = match cause.kind {
            CauseKind::OnCpu => Phrase::new("{who} held {what} for {lasted}, computing"),
            CauseKind::Blocked => return self.tell_blocked(),
            CauseKind::WaitingForCore => {
                let split = cause.split.unwrap_or_default();
                Phrase::new("{who} held {what} for {lasted}, and had no core for {waited} of that")
                    .with("waited", plain_duration(split.waiting_for_core))
            }
            CauseKind::ManyCalls => {
                let calls = match (&cause.call, &cause.syscall) {
                    (Some(call), _) => times(cause.calls, call),
                    (None, Some(_)) => Phrase::new("one {call} after another")
                        .with_words("call", cause.blocking_call()),
                    (None, None) => Phrase::new("one blocking call after another"),
                };
                Phrase::new("{who} held {what} for {lasted}: {calls}").with_words("calls", calls)
            }
            CauseKind::Unknown if who == Holder::LoopItself => {
                Phrase::new("{what} did not wait for {lasted}; callbacks took {called} of that")
                    .with("called", plain_duration(cause.in_callbacks))
            }
            // Many callbacks are several: of these it was told above.
            CauseKind::Unknown | CauseKind::ManyCallbacks => {
                Phrase::new("{who} held {what} for {lasted}, and it is not known why")
            }
        };
        phrase
            .with_words("who", self.tell_holders())
            .with_words("what", self.held())
            .with_words("lasted", self.so_far(self.range.duration()))
    }

    /// Where no callback took most of it, what is said of none of them alone.
    fn tell_several(&self) -> Option<Phrase> {
        let cause = &self.cause;
        let (longest, took) = cause.longest.as_ref()?;
        let half = self.range.duration() / 2;
        if cause.callbacks < 2 || *took >= half || cause.in_callbacks < half {
            return None;
        }
        let phrase = match cause.kind {
            CauseKind::ManyCallbacks | CauseKind::Unknown => Phrase::new(
                "{count} callbacks in one turn held {what} for {lasted}, the longest, {longest}, for {took}",
            ),
            _ => Phrase::new(
                "{count} callbacks in one turn held {what} for {lasted}, the longest, {longest}, for {took}: {cause}",
            )
            .with_words("cause", cause.said()),
        };
        let phrase = phrase
            .with("count", told(cause.callbacks))
            .with_words("what", self.held())
            .with_words("lasted", self.so_far(self.range.duration()))
            .with_words("longest", longest.said())
            .with("took", plain_duration(*took));
        Some(phrase)
    }

    fn tell_blocked(&self) -> Phrase {
        let cause = &self.cause;
        // A program that announces its calls knows best how long they took.
        let blocked = match cause.in_calls {
            Duration::ZERO => self.range.duration(),
            announced => announced,
        };
        let phrase = match cause.syscall.as_deref() {
            Some("nanosleep" | "clock_nanosleep") => Phrase::new("{who} slept {blocked} in {call}"),
            Some("futex") => Phrase::new("{who} waited {blocked} for a lock, in {call}"),
            Some("fsync" | "fdatasync" | "sync_file_range" | "msync") => {
                Phrase::new("{who} waited {blocked} for the disk, in {call}")
            }
            Some(_) if self.others() > 0 => {
                Phrase::new("{who} were blocked for {blocked} in {call}")
            }
            Some(_) => Phrase::new("{who} was blocked for {blocked} in {call}"),
            None => Phrase::new("{who} held {what} for {lasted}: {call}")
                .with_words("what", self.held())
                .with_words("lasted", self.so_far(self.range.duration())),
        };
        let phrase = phrase
            .with_words("who", self.tell_holders())
            .with_words("blocked", self.so_far(blocked))
            .with_words("call", cause.blocking_call());
        let waited = cause.split.unwrap_or_default().waiting_for_core;
        if waited * CORE_TOLD < self.range.duration() {
            return phrase;
        }
        Phrase::new("{sentence}, and had no core for {waited} of that")
            .with_words("sentence", phrase)
            .with("waited", plain_duration(waited))
    }

    fn tell_victims(&self) -> Phrase {
        let Some(worst) = self.victims.first() else {
            return match self.watched {
                // What the loop itself has put off it tells when it is free.
                _ if self.lasts => Phrase::new("nobody is known to wait yet"),
                true => Phrase::new("nobody waited"),
                false => Phrase::new("nobody is known to have waited"),
            };
        };
        let who: usize = self.waiters.iter().map(|(_, count)| count).sum();
        let phrase = match (self.victims.len(), who, self.lasts) {
            (1, _, false) => Phrase::new("{who} waited {worst}"),
            (1, _, true) => Phrase::new("{who} has waited for {worst}"),
            (_, 1, false) => Phrase::new("{who} waited {count} times, the longest {worst}"),
            (_, 1, true) => Phrase::new("{who} has waited {count} times, the longest for {worst}"),
            (_, _, false) => Phrase::new("{who} waited, the worst {worst}"),
            (_, _, true) => Phrase::new("{who} have waited, the worst for {worst}"),
        };
        phrase
            .with("count", told(self.victims.len()))
            .with_words("who", self.tell_who())
            .with("worst", plain_duration(worst.delay()))
    }

    /// `2 connections, 1 timer and 1 call from a thread`.
    fn tell_who(&self) -> Phrase {
        let counts = self.waiters.iter();
        let mut parts = counts.map(|(kind, count)| counted(*count, *kind)).rev();
        let last = parts.next().unwrap_or_default();
        let mut before = parts.rev();
        let Some(first) = before.next() else {
            return last;
        };
        let before = before.fold(first, |before, next| {
            Phrase::new("{before}, {next}")
                .with_words("before", before)
                .with_words("next", next)
        });
        Phrase::new("{before} and {last}")
            .with_words("before", before)
            .with_words("last", last)
    }
}

/// A count as a person reads it.
fn told(count: usize) -> String {
    plain_count(count as u64)
}

/// So many victims of a kind.
fn counted(count: usize, kind: VictimKind) -> Phrase {
    let phrase = match (kind, count) {
        (VictimKind::Descriptor, 1) => Phrase::new("1 connection"),
        (VictimKind::Descriptor, _) => Phrase::new("{count} connections"),
        (VictimKind::Timer, 1) => Phrase::new("1 timer"),
        (VictimKind::Timer, _) => Phrase::new("{count} timers"),
        (VictimKind::ThreadCall, 1) => Phrase::new("1 call from a thread"),
        (VictimKind::ThreadCall, _) => Phrase::new("{count} calls from threads"),
        (VictimKind::Deferred, 1) => Phrase::new("1 result of the thread pool"),
        (VictimKind::Deferred, _) => Phrase::new("{count} results of the thread pool"),
        (VictimKind::Startup, 1) => Phrase::new("1 startup callback"),
        (VictimKind::Startup, _) => Phrase::new("{count} startup callbacks"),
    };
    phrase.with("count", told(count))
}

/// So many calls of one name.
fn times(count: usize, call: &str) -> Phrase {
    Phrase::same(format_args!("{} × {call}", told(count)))
}

impl Cause {
    /// What held the loop, in a few words.
    pub fn said(&self) -> Phrase {
        match self.kind {
            CauseKind::OnCpu => Phrase::new("on CPU"),
            CauseKind::Blocked => match &self.call {
                // What the program calls it says more than the name of the system call.
                Some(call) => Phrase::same(call),
                None => self.blocking_call(),
            },
            CauseKind::WaitingForCore => Phrase::new("runnable, without a core"),
            CauseKind::ManyCallbacks => {
                Phrase::new("{count} callbacks in one turn").with("count", told(self.callbacks))
            }
            CauseKind::ManyCalls => match (&self.call, &self.syscall) {
                (Some(call), _) => times(self.calls, call),
                (None, Some(_)) => {
                    Phrase::new("a row of {call}").with_words("call", self.blocking_call())
                }
                (None, None) => Phrase::new("a row of short blocking calls"),
            },
            CauseKind::Unknown => Phrase::new("unknown"),
        }
    }

    /// The system call in which it blocked, `recvfrom on descriptor 7 (science)`, or else what the program called it.
    pub fn blocking_call(&self) -> Phrase {
        match (&self.syscall, &self.call) {
            (Some(syscall), _) => self.on_descriptor(syscall),
            (None, Some(call)) => Phrase::same(call),
            (None, None) => Phrase::new("a system call"),
        }
    }

    /// `recvfrom on descriptor 7 (science, TCP to 127.0.0.1:80)`, or only the name of the call.
    fn on_descriptor(&self, syscall: &str) -> Phrase {
        let Some(fd) = self.fd else {
            return Phrase::same(syscall);
        };
        let what = self.fd_what.as_deref().map(descriptor::said);
        let phrase = match (&self.fd_of, what) {
            (None, None) => Phrase::new("{call} on descriptor {fd}"),
            (Some(task), None) => {
                Phrase::new("{call} on descriptor {fd} ({known})").with("known", task)
            }
            (None, Some(what)) => {
                Phrase::new("{call} on descriptor {fd} ({known})").with_words("known", what)
            }
            (Some(task), Some(what)) => Phrase::new("{call} on descriptor {fd} ({task}, {what})")
                .with("task", task)
                .with_words("what", what),
        };
        phrase.with("call", syscall).with("fd", fd)
    }

    /// How often a watchdog looked, and what it saw.
    fn tell_looks(&self) -> Phrase {
        let count = match self.samples {
            1 => Phrase::new("1 look"),
            count => Phrase::new("{count} looks").with("count", told(count)),
        };
        let untold = self.samples.saturating_sub(self.samples_running);
        let looks = match &self.syscall {
            Some(syscall) => Phrase::new("{looks}: {running} × running, {inside} × {call}")
                .with("inside", told(self.samples_in_call))
                .with_words("call", self.on_descriptor(syscall)),
            None if untold > 0 => {
                Phrase::new("{looks}: {running} × running, {untold} × the system did not tell")
                    .with("untold", told(untold))
            }
            None => Phrase::new("{looks}: {running} × running"),
        };
        looks
            .with_words("looks", count)
            .with("running", told(self.samples_running))
    }

    /// What there is to say for it, each with what it is about: for whoever wants to check.
    pub fn evidence(&self) -> Vec<(Phrase, Phrase)> {
        let mut evidence = Vec::new();
        if let Some(split) = &self.split {
            for (about, time) in [
                (Phrase::new("on CPU"), split.on_cpu),
                (Phrase::new("waiting for a core"), split.waiting_for_core),
                (Phrase::new("blocked"), split.blocked),
                (Phrase::new("accounted"), split.measured),
            ] {
                evidence.push((about, Phrase::same(plain_duration(time))));
            }
        }
        if self.samples > 0 {
            evidence.push((Phrase::new("sampled"), self.tell_looks()));
        }
        if self.ran > 0 {
            let times = Phrase::new("{times} × since the first look").with("times", told(self.ran));
            evidence.push((Phrase::new("given a core"), times));
        }
        if let Some(call) = &self.call {
            let took = plain_duration(self.in_calls);
            let calls = format!("{} × {call}, {took}", told(self.calls));
            evidence.push((Phrase::new("announced"), Phrase::same(calls)));
        }
        if let Some((longest, took)) = &self.longest {
            let said = match self.callbacks {
                1 => Phrase::new("{longest}, {took}"),
                _ => Phrase::new("{count}, the longest {longest}, {took}"),
            };
            let said = said
                .with("count", told(self.callbacks))
                .with_words("longest", longest.said())
                .with("took", plain_duration(*took));
            evidence.push((Phrase::new("callbacks"), said));
        }
        evidence
    }
}
