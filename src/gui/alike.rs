//! The next of its kind, or the one before it: found a part in each frame, as it may lie at the other end of a long trace.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem::{Discriminant, discriminant};

use super::app::App;
use super::command::{Command, Selection, Step};
use super::hinting::nothing_there;
use super::messages::Severity;
use crate::gui::texts::tr;
use crate::store::{Lane, LaneRef, ModelTrack, Row, Span, SpanRef, TraceStore};
use crate::trace::{EventKind, ModelId, NameId, ThreadId, Timestamp};

/// How many spans or moments are looked at in a frame: a few milliseconds.
const AT_ONCE: usize = 100_000;
/// From so many on it is told that it takes a while.
const LONG: usize = 1_000_000;

/// A search for the next of a kind, or for the one before.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// From where.
    pub(super) from: Selection,
    forward: bool,
    among: Among,
    seen: usize,
    /// Up to where it has come.
    pub(super) at: Timestamp,
}

#[derive(Clone, Debug)]
enum Among {
    Spans(Spans),
    Moments {
        model: ModelId,
        thread: ThreadId,
        kind: Discriminant<EventKind>,
        next: Option<usize>,
    },
}

/// Spans of the same kind: those of the own lane come first, and then the nearest on another lane of the model.
#[derive(Clone, Debug)]
struct Spans {
    from: SpanRef,
    like: Span,
    /// Where it has come to in each row, that which is next in time on top.
    next: BinaryHeap<Next>,
    /// Whether those are the rows of the other lanes.
    others: bool,
    /// The id that was compared last, and whether it says the same: neighbours mostly have the same name.
    known: Option<(NameId, bool)>,
}

/// The next span of a row. The one with the largest key comes first.
type Next = (Key, LaneRef, usize);
/// Which comes first: forwards what begins earlier and lies further out, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Forward(Reverse<(Timestamp, usize)>),
    Back((Timestamp, usize)),
}

impl Key {
    const fn depth(self) -> usize {
        match self {
            Self::Forward(Reverse((_, depth))) | Self::Back((_, depth)) => depth,
        }
    }

    const fn begin(self) -> Timestamp {
        match self {
            Self::Forward(Reverse((begin, _))) | Self::Back((begin, _)) => begin,
        }
    }
}

/// What came of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Found(Selection),
    Nothing,
    /// There is more to look at.
    NotYet,
}

impl Search {
    /// From something to the next of its kind, or to the one before; `None` for another step, or for what has its
    /// neighbours beside it.
    pub(super) fn begin(store: &TraceStore, from: Selection, step: Step) -> Option<Self> {
        let forward = match step {
            Step::Next => true,
            Step::Previous => false,
            _ => return None,
        };
        let (at, among) = match from {
            Selection::Span(from) => {
                let like = store.span(from)?;
                let mut spans = Spans {
                    from,
                    like,
                    next: BinaryHeap::new(),
                    others: false,
                    known: None,
                };
                spans.begin_on(store, from.lane, forward);
                (like.begin, Among::Spans(spans))
            }
            Selection::Instant(model, thread, index) => {
                let event = store.model(model)?.thread(thread)?.instants().get(index)?;
                let moments = Among::Moments {
                    model,
                    thread,
                    kind: discriminant(&event.kind),
                    next: beside(index, forward),
                };
                (event.at, moments)
            }
            Selection::Stall(..) => return None,
        };
        Some(Self {
            from,
            forward,
            among,
            seen: 0,
            at,
        })
    }

    /// Looks at `most` more.
    pub(super) fn look(&mut self, store: &TraceStore, most: usize) -> Looked {
        for _ in 0..most {
            let looked = match &mut self.among {
                Among::Spans(spans) => spans.look(store, self.forward, &mut self.at),
                Among::Moments {
                    model,
                    thread,
                    kind,
                    next,
                } => {
                    let moment = next.and_then(|place| {
                        let thread = store.model(*model)?.thread(*thread)?;
                        Some((place, thread.instants().get(place)?))
                    });
                    match moment {
                        None => Looked::Nothing,
                        Some((place, event)) if discriminant(&event.kind) == *kind => {
                            Looked::Found(Selection::Instant(*model, *thread, place))
                        }
                        Some((place, event)) => {
                            self.at = event.at;
                            *next = beside(place, self.forward);
                            Looked::NotYet
                        }
                    }
                }
            };
            self.seen += 1;
            if looked != Looked::NotYet {
                return looked;
            }
        }
        Looked::NotYet
    }

    /// The step that began it.
    const fn step(&self) -> Step {
        match self.forward {
            true => Step::Next,
            false => Step::Previous,
        }
    }

    /// Whether it takes so long that it is told.
    pub(super) const fn is_long(&self) -> bool {
        self.seen >= LONG
    }
}

fn beside(place: usize, forward: bool) -> Option<usize> {
    match forward {
        true => Some(place + 1),
        false => place.checked_sub(1),
    }
}

impl Spans {
    /// Looks at the one that is next in time.
    fn look(&mut self, store: &TraceStore, forward: bool, at: &mut Timestamp) -> Looked {
        let Some((key, lane, index)) = self.next.pop() else {
            let model = store.model(self.from.model).filter(|_| !self.others);
            let Some(model) = model else {
                return Looked::Nothing;
            };
            self.others = true;
            for lane in lanes_like(model, self.from.lane) {
                if lane != self.from.lane {
                    self.begin_on(store, lane, forward);
                }
            }
            return Looked::NotYet;
        };
        *at = key.begin();
        let place = SpanRef {
            model: self.from.model,
            lane,
            depth: key.depth(),
            index,
        };
        if store
            .span(place)
            .is_some_and(|span| self.is_alike(store, &span))
        {
            return Looked::Found(Selection::Span(place));
        }
        if let Some(spans) = store.lane(self.from.model, lane) {
            self.add(spans, lane, place.depth, beside(index, forward), forward);
        }
        Looked::NotYet
    }

    /// Where to begin on a lane: at the one beside that it comes from, or at the moment when that began.
    fn begin_on(&mut self, store: &TraceStore, lane: LaneRef, forward: bool) {
        let Some(spans) = store.lane(self.from.model, lane) else {
            return;
        };
        let moment = self.like.begin;
        for depth in 0..spans.depths() {
            let next = if (lane, depth) == (self.from.lane, self.from.depth) {
                beside(self.from.index, forward)
            } else {
                let ended = spans.row(depth).map(Row::spans);
                let past = ended.map_or(0, |all| {
                    all.partition_point(|span| match forward {
                        true => span.begin <= moment,
                        false => span.begin < moment,
                    })
                });
                match forward {
                    true => Some(past),
                    // What lasts still begins after all others.
                    false
                        if spans
                            .span(depth, past)
                            .is_some_and(|span| span.begin < moment) =>
                    {
                        Some(past)
                    }
                    false => past.checked_sub(1),
                }
            };
            self.add(spans, lane, depth, next, forward);
        }
    }

    fn add(&mut self, spans: &Lane, lane: LaneRef, depth: usize, at: Option<usize>, forward: bool) {
        let span = at.and_then(|index| Some((index, spans.span(depth, index)?)));
        let own = (lane, depth) == (self.from.lane, self.from.depth);
        let Some((index, span)) = span else { return };
        // What lasts still may have begun before.
        if forward && !own && span.begin <= self.like.begin {
            return;
        }
        let key = match forward {
            true => Key::Forward(Reverse((span.begin, depth))),
            false => Key::Back((span.begin, depth)),
        };
        self.next.push((key, lane, index));
    }

    /// Whether a span is of the same kind: of the same name, or the same thing where it has none.
    fn is_alike(&mut self, store: &TraceStore, span: &Span) -> bool {
        if discriminant(&self.like.kind) != discriminant(&span.kind) {
            return false;
        }
        let (Some(like), Some(name)) = (self.like.name, span.name) else {
            return self.like.name == span.name && self.like.kind == span.kind;
        };
        match self.known {
            Some((known, same)) if known == name => same,
            _ => {
                let same = like == name || store.name(like) == store.name(name);
                self.known = Some((name, same));
                same
            }
        }
    }
}

/// The lanes of a model that are of the sort of another.
fn lanes_like(model: &ModelTrack, lane: LaneRef) -> Vec<LaneRef> {
    match lane {
        LaneRef::Thread(_) => {
            let threads = model.threads.iter();
            threads.map(|one| LaneRef::Thread(one.id)).collect()
        }
        LaneRef::Task(_) => model
            .tasks
            .iter()
            .map(|one| LaneRef::Task(one.id))
            .collect(),
    }
}

impl App {
    /// Goes from what is looked at closely to one of its neighbours. Where that is far, in the frames that follow.
    pub(super) fn walk_to(&mut self, step: Step) {
        self.alike = None;
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let search = document.selection;
        let search = search.and_then(|from| Search::begin(&document.store, from, step));
        match search {
            Some(search) => {
                self.alike = Some((document.id, search));
                self.look_for_alike();
            }
            None => document.walk(step),
        }
    }

    /// Looks on for the next of its kind, as far as a frame has time for: until it is found, or something else is looked
    /// at.
    pub(super) fn look_for_alike(&mut self) {
        let Some((id, mut search)) = self.alike.take() else {
            return;
        };
        let document = self.documents.shown();
        let document = document.filter(|one| one.id == id && one.selection == Some(search.from));
        let Some(document) = document else { return };
        match search.look(&document.store, AT_ONCE) {
            Looked::Found(found) => self.apply(Command::Reveal(found)),
            Looked::Nothing if search.is_long() => {
                let text = tr("All was looked through: there is no other one of its kind there.");
                self.messages.say(Severity::Note, text);
            }
            Looked::Nothing => self.explain(nothing_there(search.step(), Some(search.from))),
            Looked::NotYet => {
                self.alike = Some((id, search));
                self.ctx.request_repaint();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Batch, Cause, Event, Source};

    /// A loop's callbacks, of which the first and the last are alike, with its polls and turns all between them.
    fn far_apart() -> (TraceStore, [Selection; 2]) {
        let mut store = TraceStore::new();
        let mut events = Vec::new();
        let mut push = |at: u64, kind| {
            let at = Timestamp(at);
            events.push(Event { at, kind });
        };
        push(0, EventKind::PollBegin);
        for turn in 1..=1_000_u64 {
            let name = match turn {
                1 | 1_000 => NameId::from_index(1),
                _ => NameId::from_index(0),
            };
            push(turn * 10, EventKind::PollEnd { ready: 0 });
            let called = EventKind::CallbackBegin {
                name,
                task: None,
                cause: Cause::Timer,
                flow: None,
            };
            push(turn * 10 + 1, called);
            push(turn * 10 + 2, EventKind::CallbackEnd { failed: false });
            push(turn * 10 + 3, EventKind::PollBegin);
        }
        let source = Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        };
        store.push(&Batch {
            source,
            names: vec![
                (NameId::from_index(0), "often".to_owned()),
                (NameId::from_index(1), "rare".to_owned()),
            ],
            events,
        });
        let at = |index| {
            Selection::Span(SpanRef {
                model: source.model,
                lane: LaneRef::Thread(source.thread),
                depth: 1,
                index,
            })
        };
        (store, [at(0), at(999)])
    }

    #[test]
    fn the_one_beside_it_is_found_at_once_however_much_there_is_at_other_depths() {
        let (store, _) = far_apart();
        let at = SpanRef {
            model: ModelId::from_index(0),
            lane: LaneRef::Thread(ThreadId::from_index(0)),
            depth: 1,
            index: 500,
        };
        for (step, index) in [(Step::Next, 501), (Step::Previous, 499)] {
            let mut search =
                Search::begin(&store, Selection::Span(at), step).expect("it is a callback");
            let found = Looked::Found(Selection::Span(SpanRef { index, ..at }));
            assert_eq!(search.look(&store, 5), found, "past a poll and a turn");
        }
    }

    #[test]
    fn what_is_far_is_found_in_parts_none_of_which_looks_at_more_than_it_may() {
        let (store, [first, last]) = far_apart();
        for (from, to, step) in [(first, last, Step::Next), (last, first, Step::Previous)] {
            let mut search = Search::begin(&store, from, step).expect("it is a callback");
            let mut parts = 1;
            let found = loop {
                match search.look(&store, 100) {
                    Looked::NotYet => parts += 1,
                    found => break found,
                }
                assert_eq!(search.seen, (parts - 1) * 100);
            };
            assert_eq!(found, Looked::Found(to));
            assert!(parts >= 29, "3,000 spans lie between them: {parts}");
            let mut beyond = Search::begin(&store, to, step).expect("it is a callback");
            assert_eq!(beyond.look(&store, 10_000), Looked::Nothing);
        }
    }

    #[test]
    fn what_lasts_still_is_one_of_them() {
        let (store, [Selection::Span(first), _]) = far_apart() else {
            panic!("they are spans");
        };
        let lane = store.lane(first.model, first.lane).expect("it is a loop");
        let polls = lane.row(0).expect("it polled").spans().len();
        let at = |index| {
            Selection::Span(SpanRef {
                depth: 0,
                index,
                ..first
            })
        };
        let mut search = Search::begin(&store, at(polls - 2), Step::Next).expect("a poll");
        assert_eq!(search.look(&store, 10), Looked::Found(at(polls)));
        let mut back = Search::begin(&store, at(polls), Step::Previous).expect("a poll");
        assert_eq!(back.look(&store, 10), Looked::Found(at(polls - 2)));
    }
}
