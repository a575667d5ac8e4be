//! What moments are called in the formats of others.

use crate::store::TraceStore;
use crate::trace::{DeferredStep, Doing, Event, EventKind, Half, Interest, Side, TaskId, Wire};

/// A moment in words and numbers.
pub(super) struct Moment<'a> {
    /// What happened.
    pub(super) word: &'static str,
    /// Its own name, or what a person reads.
    pub(super) text: Option<&'a str>,
    /// For which task.
    pub(super) task: Option<TaskId>,
    /// How many: bytes, nanoseconds late, events dropped, nanoseconds in the queue.
    pub(super) value: Option<(&'static str, u64)>,
}

impl<'a> Moment<'a> {
    /// In words what `event` is, if it is a moment: what has a length is a span, or a stall.
    pub(super) fn of(store: &'a TraceStore, event: &Event) -> Option<Self> {
        let plain = |word| Self {
            word,
            text: None,
            task: None,
            value: None,
        };
        let task = |word, task| Self {
            task: Some(task),
            ..plain(word)
        };
        Some(match event.kind {
            EventKind::ModelBegin { name } => plain("model begins").said(store.name(name)),
            EventKind::ModelEnd { .. } => plain("model ends"),
            EventKind::TaskQueued { task: id, .. } => task("task queued", id),
            EventKind::TaskBegin { task: id, .. } => task("task begins", id),
            EventKind::TaskEnd { task: id, .. } => task("task ends", id),
            EventKind::Connected { task: id } => task("connected", id),
            EventKind::BytesRead { task: id, bytes } => {
                task("bytes read", id).counted("bytes", u64::from(bytes))
            }
            EventKind::Readiness { task, interest, .. } => Self {
                task,
                ..plain(match interest {
                    Interest::Readable => "readable",
                    Interest::Writable => "writable",
                })
            },
            EventKind::TimerSet { name, deadline, .. } => plain("timer set")
                .said(store.name(name))
                .counted("due_in_ns", deadline.0.saturating_sub(event.at.0)),
            EventKind::TimerFired { late, .. } => plain("timer fired").counted("late_ns", late),
            EventKind::TimerCancelled { .. } => plain("timer cancelled"),
            EventKind::ThreadCall { queued_at, .. } => plain("call from a thread")
                .counted("queued_ns", event.at.0.saturating_sub(queued_at.0)),
            EventKind::Failure { task, message } => Self {
                task,
                ..plain("failure").said(store.name(message))
            },
            EventKind::Dropped { count } => plain("events dropped").counted("count", count),
            EventKind::ConnectionMade { task, side, .. } => Self {
                task,
                ..plain(match side {
                    Side::Client => "connection made",
                    Side::Server => "connection taken in",
                })
            },
            EventKind::ConnectionHalfClosed { task, half, .. } => Self {
                task,
                ..plain(match half {
                    Half::Reading => "end of data",
                    Half::Writing => "end of data sent",
                })
            },
            EventKind::ConnectionLost { task, message, .. } => Self {
                task,
                text: message.map(|message| store.name(message)),
                ..plain("connection lost")
            },
            EventKind::BytesWritten { task, bytes, .. } => Self {
                task,
                ..plain("bytes written").counted("bytes", u64::from(bytes))
            },
            EventKind::BackPressureBegin { task, buffered, .. } => Self {
                task,
                ..plain("back-pressure begins").counted("buffered_bytes", u64::from(buffered))
            },
            EventKind::BackPressureEnd { task, buffered, .. } => Self {
                task,
                ..plain("back-pressure ends").counted("buffered_bytes", u64::from(buffered))
            },
            EventKind::ReadingPaused { task, .. } => Self {
                task,
                ..plain("reading paused")
            },
            EventKind::ReadingResumed { task, .. } => Self {
                task,
                ..plain("reading resumed")
            },
            EventKind::ConnectedBy { task: id, wire } => match wire {
                Wire::Tcp { client, .. } | Wire::Udp { client, .. } => {
                    task("connected from port", id).counted("port", client.into())
                }
                Wire::Unix(inode) => {
                    task("connected from a Unix socket", id).counted("inode", inode.into())
                }
                Wire::Pipe(inode) => task("connected by a pipe", id).counted("inode", inode.into()),
            },
            EventKind::DeferredMade { name, .. } => plain("deferred made").said(store.name(name)),
            EventKind::DeferredStep { step, .. } => plain(match step {
                DeferredStep::Fired => "deferred fired",
                DeferredStep::FiredWithFailure => "deferred fired with a failure",
                DeferredStep::Failed => "deferred failed",
                DeferredStep::Recovered => "deferred recovered",
                DeferredStep::Resumed => "deferred resumed",
                DeferredStep::Cancelled => "deferred cancelled",
                DeferredStep::Unhandled => "deferred unhandled",
            }),
            EventKind::DeferredPaused { .. } => plain("deferred paused"),
            EventKind::WorkQueued { name, .. } => plain("work queued").said(store.name(name)),
            EventKind::WorkDone { .. } => plain("work done"),
            EventKind::StallNoticed { task, callback, .. } => Self {
                task,
                text: callback.map(|callback| store.name(callback)),
                ..plain("stall noticed")
            },
            EventKind::ReportsHeldBack { count } => {
                plain("reports held back").counted("count", u64::from(count))
            }
            EventKind::ThreadSample { doing, .. } => match doing {
                Doing::Running => plain("thread seen running"),
                Doing::SystemCall { name, .. } => {
                    plain("thread seen in a system call").said(store.name(name))
                }
                Doing::Unknown => plain("thread cannot be seen"),
            },
            EventKind::ThreadTimes { on_cpu, .. } => {
                plain("thread's CPU time").counted("on_cpu_ns", on_cpu)
            }
            EventKind::ThreadSpent { on_cpu, .. } => {
                plain("CPU time in all").counted("on_cpu_ns", on_cpu)
            }
            EventKind::ThreadRan { times, .. } => {
                plain("thread ran").counted("times", u64::from(times))
            }
            EventKind::DescriptorIs { task, what, .. } => Self {
                task,
                ..plain("descriptor seen").said(store.name(what))
            },
            EventKind::Recorded { spent, .. } => plain("recorded").counted("spent_ns", spent),
            EventKind::DataArrived { task, .. } => Self {
                task,
                ..plain("data arrived")
            },
            EventKind::Memory { resident } => plain("memory").counted("resident_bytes", resident),
            EventKind::Watched { spent, .. } => plain("watched").counted("spent_ns", spent),
            _ => return None,
        })
    }

    const fn said(mut self, text: &'a str) -> Self {
        self.text = Some(text);
        self
    }

    const fn counted(mut self, unit: &'static str, value: u64) -> Self {
        self.value = Some((unit, value));
        self
    }
}
