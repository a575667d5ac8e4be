//! A run that goes on: what it records is fetched once per frame and put into its document.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::document::Document;
use crate::format::{Recording, WriteError};
use crate::record::{Receiver, TryRecvError};
use crate::scenario::{Expectations, Scenario};
use crate::session::{Options, Session, SessionError};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{Batch, Event, EventKind};

/// How long a frame may spend on fetching, at least. What is left waits for the next one.
const BUDGET: Duration = Duration::from_millis(4);
/// How soon after something was recorded a frame shows it.
const SOON: Duration = Duration::from_millis(16);
/// How often a frame is painted while a run goes on, whether or not anything was recorded: the clock moves.
const TICK: Duration = Duration::from_millis(33);
/// Where everybody waits and nothing was recorded for so long, the run is calm and frames become rare: whenever the
/// silence has doubled, and at least as often as this. Whatever is recorded brings one at once. So an idle loop leaves
/// an idle process: on X11 a frame wakes it about twenty times, for what the windowing library asks the display each time.
const CALM: Duration = Duration::from_secs(1);
const RAREST: Duration = Duration::from_secs(10);

/// A run that goes on. Dropping it stops it and waits for its threads.
pub struct Live {
    session: Session,
    receiver: Receiver,
    bell: Arc<Bell>,
    /// When it was fetched from last.
    fetched_at: Instant,
    /// Whether there was more than that frame had time for.
    is_behind: bool,
    /// When anything came last.
    news_at: Instant,
    /// The number of the run, by which its document is found.
    pub number: u32,
    /// What each model is expected to do.
    expected: Expectations,
    /// What was fetched while somebody read the store, in its order: left in the channel, more and more of it would be
    /// dropped there.
    waiting: VecDeque<Batch>,
    /// How many models run, together or one after another.
    models: usize,
    /// Whether it was asked to stop.
    pub stopping: bool,
}

/// What fetching brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// All there is at present.
    All,
    /// As much as a frame has time for.
    Some,
    /// The last of it: the run is over.
    Last,
}

impl Live {
    /// Starts a run. `ctx` is asked for a repaint when there is something to see.
    ///
    /// # Errors
    /// When there is nothing to run, or the system refuses what it takes.
    pub fn start(
        ctx: &egui::Context,
        scenario: &Scenario,
        options: Options,
        number: u32,
        expected: Expectations,
    ) -> Result<Self, SessionError> {
        let bell = Arc::new(Bell::hang(ctx).map_err(SessionError::Thread)?);
        let models = options.models.len();
        let rope = Arc::clone(&bell);
        let (session, receiver) = Session::start(scenario, options, Arc::new(move || rope.ring()))?;
        Ok(Self {
            session,
            receiver,
            bell,
            fetched_at: Instant::now(),
            is_behind: false,
            news_at: Instant::now(),
            number,
            expected,
            waiting: VecDeque::new(),
            models,
            stopping: false,
        })
    }

    /// The handle of what runs.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// How much of the run is done, from 0 to 1.
    pub fn share(&self, document: &Document) -> f64 {
        let of_model = |model: &ModelTrack| {
            let tasks = model.tasks.iter();
            let so_far = tasks.map(|task| (task.id, task.so_far(document.now)));
            self.expected.share_of_all(so_far)
        };
        let models = document.store.models().iter();
        models.map(of_model).sum::<f64>() / self.models.max(1) as f64
    }

    /// Asks it to stop; returns at once.
    pub fn stop(&mut self) {
        self.stopping = true;
        self.session.stop();
    }

    /// Fetches what was recorded, within the budget of a frame.
    ///
    /// # Errors
    /// When it cannot be written to the recording: told once. The document has it all the same.
    pub fn fetch(&mut self, document: &mut Document) -> (Fetched, Result<(), WriteError>) {
        if document.is_lent() {
            self.set_aside();
            return (Fetched::All, Ok(()));
        }
        // Asked before the channel: what was recorded before the end is in it then.
        let mut finished = self.session.is_finished();
        let begun = Instant::now();
        let budget = budget(begun.duration_since(self.fetched_at), self.is_behind);
        self.fetched_at = begun;
        let mut written = Ok(());
        let mut listens = false;
        let fetched = loop {
            let next = match self.waiting.pop_front() {
                Some(batch) => Ok(batch),
                None => self.receiver.try_recv(),
            };
            let batch = match next {
                Ok(batch) => batch,
                Err(TryRecvError::Empty) if finished => break Fetched::Last,
                // Where there was news, another frame comes soon by itself.
                Err(TryRecvError::Empty) if listens || self.has_news() => break Fetched::All,
                Err(TryRecvError::Empty) => {
                    self.bell.listen();
                    // What was there before anybody listened was not rung for: once more.
                    listens = true;
                    finished = self.session.is_finished();
                    continue;
                }
                Err(TryRecvError::Disconnected) => break Fetched::Last,
            };
            document.push(&batch);
            // That somebody looked at the memory is no news of the loop.
            let is_news = |event: &Event| !matches!(event.kind, EventKind::Memory { .. });
            if batch.events.iter().any(is_news) {
                self.news_at = begun;
            }
            if let Some(recording) = document.recording() {
                written = written.and(recording.append(&batch));
            }
            self.receiver.recycle(batch);
            if begun.elapsed() >= budget {
                break Fetched::Some;
            }
        };
        self.is_behind = fetched == Fetched::Some;
        if let Some(recording) = document.recording() {
            let write = match fetched {
                Fetched::Last => Recording::finish,
                Fetched::All | Fetched::Some => Recording::flush,
            };
            written = written.and_then(|()| write(recording));
        }
        document.advance(match fetched {
            // What was not fetched yet is not known: nothing is drawn as if it lasted.
            Fetched::Last => document.store.range().end,
            Fetched::Some => document.store.range().end.max(document.now),
            Fetched::All => self.receiver.now(),
        });
        (fetched, written)
    }

    /// Somebody reads the store, as an export does: what is recorded meanwhile waits here.
    fn set_aside(&mut self) {
        let begun = Instant::now();
        self.bell.listen();
        while let Ok(batch) = self.receiver.try_recv() {
            self.waiting.push_back(batch);
            if begun.elapsed() >= BUDGET {
                return;
            }
        }
    }

    /// How soon to paint again, if nothing is recorded before.
    pub fn next_frame(&self, document: &Document) -> Duration {
        if self.has_news() {
            return SOON;
        }
        next_frame(&document.store, self.news_at.elapsed())
    }

    /// Whether the last fetch brought any.
    fn has_news(&self) -> bool {
        self.news_at == self.fetched_at
    }

    /// Whether everybody waits, and has for a while: the picture then moves on when something is recorded, and seldom
    /// else.
    pub fn is_calm(&self, document: &Document) -> bool {
        self.next_frame(document) >= CALM
    }

    /// Waits for the end of a run that was stopped or is over.
    pub fn join(self) {
        self.session.join();
    }
}

/// How long a frame may spend on fetching, where the last one was so long ago: a quarter of that, so that a window
/// that paints slowly does not fall behind for good. Where it is behind, half: rather fewer frames than events lost.
fn budget(since_last: Duration, is_behind: bool) -> Duration {
    BUDGET.max(since_last / if is_behind { 2 } else { 4 })
}

/// How soon to paint again where that is wanted after `wanted`, and a frame takes `cost`: the window takes half of a core
/// at most, and leaves the rest to what it looks at.
pub fn unhurried(wanted: Duration, cost: Duration) -> Duration {
    wanted.max(2 * cost)
}

/// How soon to paint again, where nothing was recorded for so long. What goes on, such as a stall, is to be seen to grow.
fn next_frame(store: &TraceStore, silence: Duration) -> Duration {
    let running = store.models().iter().filter(|model| model.end.is_none());
    let mut threads = running.flat_map(|model| &model.threads);
    if silence < CALM || threads.any(|thread| thread.open_stretch().is_some()) {
        TICK
    } else {
        silence.min(RAREST)
    }
}

/// Asks for a frame on behalf of the recording threads, where nobody would look soon by themselves.
///
/// Those threads are what is being observed, and the window holds egui's lock for as long as it makes the triangles of a
/// frame: so another thread asks. And while there is news, nobody has to: each frame asks for the next.
struct Bell {
    /// Whether it is to be heard, once.
    listening: AtomicBool,
    rope: SyncSender<()>,
}

impl Bell {
    /// Makes one, with the thread that hears it. It ends with the bell.
    fn hang(ctx: &egui::Context) -> io::Result<Self> {
        let (rope, rung) = sync_channel(1);
        let ctx = ctx.clone();
        thread::Builder::new()
            .name("loopscope-bell".to_owned())
            .spawn(move || {
                while rung.recv().is_ok() {
                    // Without a delay egui would paint two frames.
                    ctx.request_repaint_after(SOON);
                }
            })?;
        Ok(Self {
            listening: AtomicBool::new(false),
            rope,
        })
    }

    /// It is heard from now on, until it has rung.
    fn listen(&self) {
        self.listening.store(true, Ordering::SeqCst);
    }

    /// Returns at once, whatever the window does.
    fn ring(&self) {
        // In one order with what was put into the channel before: either that is seen there, or this is heard.
        if self.listening.swap(false, Ordering::SeqCst) {
            // Where it has not been heard yet it need not ring again.
            let _ = self.rope.try_send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Batch, ModelId, Source, ThreadId, Timestamp};

    #[test]
    fn a_window_that_paints_slowly_paints_less_often() {
        let [short, long] = [3, 30].map(Duration::from_millis);
        assert_eq!(unhurried(SOON, short), SOON);
        assert_eq!(unhurried(SOON, long), 2 * long);
    }

    #[test]
    fn whoever_records_never_waits_for_the_window() {
        let ctx = egui::Context::default();
        let (asked, frames) = sync_channel(8);
        ctx.set_request_repaint_callback(move |_| {
            let _ = asked.try_send(());
        });
        let bell = Bell::hang(&ctx).expect("there are threads");
        bell.ring();
        bell.listen();
        // Whoever asked egui for anything now would wait until this is over.
        ctx.input(|_| (0..3).for_each(|_| bell.ring()));
        let long = Duration::from_secs(60);
        frames.recv_timeout(long).expect("it was heard");
        drop(bell);
        assert!(frames.try_recv().is_err(), "and only once");
    }

    fn store_of(kinds: &[EventKind]) -> TraceStore {
        let at = Timestamp::ZERO;
        let mut store = TraceStore::new();
        store.push(&Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: Vec::new(),
            events: kinds.iter().map(|&kind| Event { at, kind }).collect(),
        });
        store
    }

    #[test]
    fn where_everybody_waits_and_nothing_comes_hardly_anything_is_painted() {
        let waits = store_of(&[EventKind::PollBegin]);
        assert_eq!(next_frame(&waits, Duration::ZERO), TICK);
        assert_eq!(next_frame(&waits, CALM), CALM);
        assert_eq!(next_frame(&waits, 8 * CALM), 8 * CALM);
        assert_eq!(next_frame(&waits, 60 * CALM), RAREST);
        let stuck = store_of(&[EventKind::PollBegin, EventKind::PollEnd { ready: 1 }]);
        assert_eq!(next_frame(&stuck, CALM), TICK);
    }

    #[test]
    fn a_window_that_paints_slowly_fetches_for_longer() {
        let [short, long] = [16, 200].map(Duration::from_millis);
        assert_eq!(budget(short, false), BUDGET);
        assert_eq!(budget(long, false), long / 4);
        assert_eq!(budget(long, true), long / 2);
    }
}
