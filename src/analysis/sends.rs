//! From what a server sent to where a task read it: bytes leave a connection in the order in which they came.
//!
//! Known is what was sent by the servers of the scenario, and read from one connection of a task after the other. Which
//! end belongs to which, both ends know by what they name the connection ([`Wire`]): two ports, or the inode of a pipe
//! or of the client's end of a Unix socket. What does not fit together is left out.
//!
//! Datagrams may be lost, and nobody says which. So over UDP a read is tied to a send only if nothing was lost up to
//! there: if at this read, or at one soon after it, everything had been read that had been sent by then. Once one was
//! lost, that is never so again.

use std::ops::Range;

use super::{Happened, Link, LinkKind};
use crate::store::{Chunks, Sent};
use crate::store::{LaneRef, ModelTrack, SpanKind, SpanRef, TaskTrack, TraceStore};
use crate::trace::{Timestamp, Wire};

/// How many reads on it is looked for one at which nothing is on its way.
const LOOK_AHEAD: usize = 64;

/// What was sent of that which a task read in a span: the state of a task, or a callback that works for it. At most
/// `most` links, the first sent first.
pub fn sends_to(store: &TraceStore, span: SpanRef, most: usize) -> Vec<Link> {
    let found = || {
        let model = store.model(span.model)?;
        let begin = store.span(span)?.begin;
        let task = match span.lane {
            LaneRef::Task(id) => model.task(id)?,
            LaneRef::Thread(_) => model.task(store.span(span)?.task?)?,
        };
        let place = match span.lane {
            LaneRef::Task(_) => span.index,
            LaneRef::Thread(_) => task.lane.at(0, begin)?,
        };
        let state = task.lane.span(0, place)?;
        if state.kind != SpanKind::Running {
            return None;
        }
        // The loop reads right before it calls.
        let before = place
            .checked_sub(1)
            .and_then(|before| task.lane.span(0, before));
        let waited = before.filter(|one| one.kind != SpanKind::Running);
        let from = waited.map_or(state.begin, |one| one.begin);
        let reads = reads_between(task, from, state.end);
        Some(links(store, model, task, reads, most))
    };
    found().unwrap_or_default()
}

/// The places, among the moments of its progress, at which a task read from one moment to another.
pub fn reads_between(task: &TaskTrack, from: Timestamp, to: Timestamp) -> Range<usize> {
    let progress = task.progress();
    let first = progress.partition_point(|(at, _)| *at < from);
    let past = progress.partition_point(|(at, _)| *at <= to);
    first..past.max(first)
}

/// What was sent of that which a task read at these places of its progress; at most `most` links.
pub fn links(
    store: &TraceStore,
    model: &ModelTrack,
    task: &TaskTrack,
    reads: Range<usize>,
    most: usize,
) -> Vec<Link> {
    let mut found = Vec::new();
    for place in reads {
        if found.len() >= most {
            break;
        }
        found.extend(of_read(store, model, task, place).into_iter().flatten());
    }
    found.truncate(most);
    found
}

fn of_read<'a>(
    store: &'a TraceStore,
    model: &ModelTrack,
    task: &TaskTrack,
    place: usize,
) -> Option<impl Iterator<Item = Link> + use<'a>> {
    let progress = task.progress();
    let &(at, total) = progress.get(place)?;
    let before = match place.checked_sub(1) {
        Some(before) => progress.get(before)?.1,
        None => 0,
    };
    let (read_before, sent) = sent_at(store, task, at, place)?;
    let from = before.checked_sub(read_before)?;
    let to = total.checked_sub(read_before).filter(|to| *to > from)?;
    let first = sent.partition_point(|one| one.total <= from);
    let last = sent.partition_point(|one| one.total < to);
    // As much as it read, or more, is known to have been sent.
    sent.get(last)?;
    let sent = sent.range(first..=last);
    let index = task.lane.at(0, at)?;
    let (model, task) = (model.id, task.id);
    Some(sent.iter().map(move |one| Link {
        kind: LinkKind::Sent,
        from: Happened::Sent(model, task),
        // The server tells of it right after, and may be overtaken.
        left: one.at.min(at),
        to: SpanRef {
            model,
            lane: LaneRef::Task(task),
            depth: 0,
            index,
        },
        arrived: at,
    }))
}

/// What was sent on the connection that a task had at a moment, and how many bytes the task had read before that; for
/// what came of it up to the place `read` of its progress.
pub(super) fn sent_at<'a>(
    store: &'a TraceStore,
    task: &TaskTrack,
    moment: Timestamp,
    read: usize,
) -> Option<(u64, &'a Chunks<Sent>)> {
    let made = task.connections().partition_point(|one| one.at <= moment);
    let connection = task.connections().get(made.checked_sub(1)?)?;
    let sent = store.sends().on(connection.wire, connection.at)?;
    let before = connection.read_before;
    if matches!(connection.wire, Wire::Udp { .. }) {
        let next = task.connections().get(made).map(|next| next.at);
        let reads = task.progress().range(read..read + LOOK_AHEAD);
        let mut of_it = reads
            .iter()
            .take_while(|(at, _)| next.is_none_or(|next| *at < next));
        let is_all = |at: Timestamp, total: u64| {
            let by_then = sent.partition_point(|one| one.at <= at).checked_sub(1);
            let last = by_then.and_then(|last| sent.get(last));
            last.is_some_and(|last| last.total + before == total)
        };
        of_it.find(|(at, total)| is_all(*at, *total))?;
    }
    Some((before, sent))
}
