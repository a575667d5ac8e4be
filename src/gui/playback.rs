//! The playhead: a moment of a trace that is looked at closely, and that can move by itself at any speed.
//!
//! Steps and plain arithmetic are here; what happens at that moment is told by `panel::loop_state`.

use serde::{Deserialize, Serialize};

use super::app::App;
use super::command::Detail;
use super::document::Document;
use crate::gui::texts::english;
use crate::store::{Lane, ThreadTrack, TraceStore};
use crate::trace::{TimeRange, Timestamp};

/// How often the speed of life, and how that is written. The slowest first.
const SPEEDS: [(f64, &str); 8] = [
    (0.001, "1/1000"),
    (0.01, "1/100"),
    (0.1, "1/10"),
    (0.25, "1/4"),
    (1.0, "1×"),
    (2.0, "2×"),
    (5.0, "5×"),
    (10.0, "10×"),
];
/// How much time a frame may take at once, in seconds: one that took longer makes no leap.
const LONGEST_STEP: f64 = 0.1;
/// Where on the screen the playhead is kept while it moves, as shares of its width.
const KEPT: [f64; 2] = [0.04, 0.85];
/// In what time the view comes two thirds nearer to where it has to be, in seconds.
const SOFT: f64 = 0.09;
/// What part of the screen's width is too little to move the view by.
const STILL: f64 = 5e-4;

/// How fast the playhead moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Speed(usize);

impl Default for Speed {
    /// As fast as it happened.
    fn default() -> Self {
        Self::from(1.0)
    }
}

impl Speed {
    /// All of them, the slowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SPEEDS.len()).map(Self)
    }

    /// How often the speed of life.
    pub const fn factor(self) -> f64 {
        SPEEDS[self.0].0
    }

    /// How it is written.
    pub const fn word(self) -> &'static str {
        SPEEDS[self.0].1
    }

    /// The next one, if there is one.
    pub fn next(self, faster: bool) -> Option<Self> {
        let place = match faster {
            true => self.0 + 1,
            false => self.0.checked_sub(1)?,
        };
        (place < SPEEDS.len()).then_some(Self(place))
    }
}

/// The nearest that there is.
impl From<f64> for Speed {
    fn from(factor: f64) -> Self {
        let faster = SPEEDS.iter().filter(|(one, _)| *one < factor * 0.999);
        Self(faster.count().min(SPEEDS.len() - 1))
    }
}

impl From<Speed> for f64 {
    fn from(speed: Speed) -> Self {
        speed.factor()
    }
}

/// What a person can ask of the playhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlaybackCommand {
    /// Let it move, or stop it.
    Toggle,
    /// Put it at this moment.
    Seek(Timestamp),
    /// Put it away.
    Leave,
    /// Move it to the next of these (`true`) or to the previous one.
    Step(StepBy, bool),
    /// Move this fast.
    SetSpeed(Speed),
}

/// What the playhead can go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepBy {
    /// By anything that happened on any thread.
    Event,
    /// From poll to poll of any loop.
    Turn,
}

/// The playhead of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playback {
    /// In nanoseconds: a slow playhead moves by less than one in a frame.
    at: Option<f64>,
    playing: bool,
    /// Whether the view has to come to where it is.
    sought: bool,
}

impl Playback {
    /// Where it is, if it was put anywhere.
    pub fn at(&self) -> Option<Timestamp> {
        self.at.map(|at| Timestamp(at as u64))
    }

    /// Whether it moves.
    pub const fn is_playing(&self) -> bool {
        self.playing
    }

    /// The same at a clock that shows `by` nanoseconds more; nowhere where that is before its beginning.
    #[must_use]
    pub fn shifted(self, by: f64) -> Self {
        Self {
            at: self.at.map(|at| at + by).filter(|at| *at >= 0.0),
            playing: self.playing,
            sought: false,
        }
    }

    fn seek(&mut self, at: Timestamp) {
        self.at = Some(at.0 as f64);
    }

    /// Plays or stops; from the beginning where it had come to the end.
    fn toggle(&mut self, trace: TimeRange) {
        self.playing = !self.playing;
        let at_end = self.at.is_none_or(|at| at >= trace.end.0 as f64);
        if self.playing && at_end {
            self.seek(trace.begin);
        }
    }

    /// Moves on by `seconds` of our time. At the end of a trace it stops; in one that grows it waits for more.
    fn advance(&mut self, seconds: f64, speed: Speed, trace: TimeRange, live: bool) {
        let Some(at) = self.at.filter(|_| self.playing) else {
            return;
        };
        let end = trace.end.0 as f64;
        let next = at + seconds.clamp(0.0, LONGEST_STEP) * speed.factor() * 1e9;
        self.at = Some(next.min(end));
        self.playing = next < end || live;
    }
}

impl App {
    /// Does to the playhead what was asked for.
    pub(super) fn play(&mut self, command: PlaybackCommand) {
        if let PlaybackCommand::SetSpeed(speed) = command {
            self.settings.speed = speed;
            return;
        }
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let trace = document.playable();
        let was = document.playback.at;
        let mut why = None;
        match command {
            PlaybackCommand::Toggle => {
                let here = document.where_one_looks(true);
                document.playback.at.get_or_insert(here.0 as f64);
                document.playback.toggle(trace);
            }
            PlaybackCommand::Seek(at) => document.playback.seek(at.min(trace.end)),
            PlaybackCommand::Leave => document.playback = Playback::default(),
            PlaybackCommand::Step(step, forward) => {
                document.playback.playing = false;
                let here = document.where_one_looks(forward);
                let from = document.playback.at().unwrap_or(here);
                let next = match step {
                    StepBy::Event => next_event(&document.store, from, forward),
                    StepBy::Turn => next_turn(&document.store, from, forward),
                };
                why = next.is_none().then_some(nothing_more(step, forward));
                document.playback.seek(next.unwrap_or(from));
            }
            PlaybackCommand::SetSpeed(_) => {}
        }
        let at = document.playback.at;
        document.playback.sought = at.is_some_and(|at| !is_seen(document, at));
        // The first time it is there to see what happens at it.
        if was.is_none() && document.playback.at.is_some() {
            self.settings.detail = Detail::Loop;
        }
        if let Some(why) = why {
            self.explain(why);
        }
    }

    /// Lets the playhead move, and the view go along with it.
    pub(super) fn play_on(&mut self, ctx: &egui::Context) {
        let live = self.shown_is_live();
        let speed = self.settings.speed;
        let seconds = ctx.input(|input| f64::from(input.unstable_dt));
        let still = super::theme::is_still(ctx);
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let before = document.playback.at;
        let seen = before.is_some_and(|at| is_seen(document, at));
        let trace = document.playable();
        document.playback.advance(seconds, speed, trace, live);
        let moves = seen && document.playback.at != before;
        if (moves || document.playback.sought) && document.follow_playhead(seconds, still) {
            ctx.request_repaint();
        }
        if document.playback.playing {
            ctx.request_repaint();
        }
    }
}

/// Why a step of the playhead led nowhere.
const fn nothing_more(step: StepBy, forward: bool) -> &'static str {
    match (step, forward) {
        (StepBy::Event, true) => english("Nothing happened after the playhead"),
        (StepBy::Event, false) => english("Nothing happened before the playhead"),
        (StepBy::Turn, true) => english("No loop polled after the playhead"),
        (StepBy::Turn, false) => english("No loop polled before the playhead"),
    }
}

fn is_seen(document: &Document, at: f64) -> bool {
    document.view.begin() <= at && at <= document.view.end()
}

impl Document {
    /// Where a playhead comes in that was nowhere: at the beginning of what is on the screen, or at its end.
    fn where_one_looks(&self, forward: bool) -> Timestamp {
        let (trace, view) = (self.playable(), self.view.range());
        let at = if forward { view.begin } else { view.end };
        at.clamp(trace.begin, trace.end)
    }

    /// Where its playhead can be: as long as there is something to see of it, or of what it is compared with.
    fn playable(&self) -> TimeRange {
        let end = Timestamp(self.extent().end as u64);
        TimeRange::new(self.range().begin, end)
    }

    /// Moves the view softly, or in steps where all is `still`, towards where the playhead is seen. Whether it is not there yet. A hand that has moved the view
    /// elsewhere is not disturbed: this is for a playhead that was in sight, or was just put somewhere.
    fn follow_playhead(&mut self, seconds: f64, still: bool) -> bool {
        let Some(at) = self.playback.at else {
            return false;
        };
        let (begin, length) = (self.view.begin(), self.view.length());
        let [early, late] = KEPT.map(|share| begin + share * length);
        let by = match at {
            at if at < early => (at - early)
                .max(self.range().begin.0 as f64 - early)
                .min(0.0),
            // There is nothing to be seen beyond the end.
            at if at > late && self.view.end() < self.range().end.0 as f64 => at - late,
            _ => 0.0,
        };
        if by.abs() < STILL * length {
            self.playback.sought = false;
            return false;
        }
        // A fast playhead does not run out of the screen.
        let least = (at - self.view.end()).max(0.0).min(by.max(0.0));
        let soft = by * (1.0 - (-seconds.clamp(0.0, LONGEST_STEP) / SOFT).exp());
        let by = if still {
            // Where nothing moves by itself it is a leaf that is turned: the playhead goes on from its other end.
            let leaf = by + (late - early).copysign(by);
            let [first, last] = [self.range().begin, self.range().end].map(|at| at.0 as f64);
            match by > 0.0 {
                true => leaf.min((last - late).max(by)),
                false => leaf.max((first - early).min(by)),
            }
        } else {
            soft.max(least).min(by.max(soft))
        };
        self.look(super::command::ViewCommand::Pan(by));
        true
    }
}

/// The next moment after `from` at which anything happened, or the last one before it.
fn next_event(store: &TraceStore, from: Timestamp, forward: bool) -> Option<Timestamp> {
    let threads = store.models().iter().flat_map(|model| &model.threads);
    let near = threads.flat_map(|thread| near(thread, from, forward));
    if forward { near.min() } else { near.max() }
}

/// The nearest moments of one thread: of what it told, and of each depth.
fn near(thread: &ThreadTrack, from: Timestamp, forward: bool) -> impl Iterator<Item = Timestamp> {
    let instants = thread.instants();
    let place = match forward {
        true => Some(instants.partition_point(|event| event.at <= from)),
        false => instants
            .partition_point(|event| event.at < from)
            .checked_sub(1),
    };
    let instant = place.and_then(|place| instants.get(place));
    let spans =
        (0..thread.lane.depths()).filter_map(move |depth| edge(&thread.lane, depth, from, forward));
    instant.map(|event| event.at).into_iter().chain(spans)
}

/// The nearest begin or end of a span of a depth.
fn edge(lane: &Lane, depth: usize, from: Timestamp, forward: bool) -> Option<Timestamp> {
    let ended = lane.row(depth).and_then(|row| {
        let spans = row.spans();
        if forward {
            let next = spans.get(spans.partition_point(|span| span.end <= from))?;
            return Some(if next.begin > from {
                next.begin
            } else {
                next.end
            });
        }
        let before = spans.partition_point(|span| span.begin < from);
        let last = spans.get(before.checked_sub(1)?)?;
        Some(if last.end < from {
            last.end
        } else {
            last.begin
        })
    });
    let open = lane.open().get(depth).map(|span| span.begin);
    if forward {
        ended.or(open.filter(|begin| *begin > from))
    } else {
        open.filter(|begin| *begin < from).or(ended)
    }
}

/// The next moment after `from` at which a loop polled, or the last one before it.
fn next_turn(store: &TraceStore, from: Timestamp, forward: bool) -> Option<Timestamp> {
    let threads = store.models().iter().flat_map(|model| &model.threads);
    let near = threads.filter_map(|thread| {
        let turns = thread.turns();
        let place = match forward {
            true => turns.partition_point(|turn| turn.at <= from),
            false => turns
                .partition_point(|turn| turn.at < from)
                .checked_sub(1)?,
        };
        turns.get(place).map(|turn| turn.at)
    });
    if forward { near.min() } else { near.max() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    const TRACE: TimeRange = TimeRange {
        begin: Timestamp::ZERO,
        end: Timestamp(1_000_000_000),
    };

    fn millis(millis: u64) -> Timestamp {
        Timestamp(millis * 1_000_000)
    }

    #[test]
    fn a_second_of_life_is_played_at_every_speed() {
        for speed in Speed::all() {
            let mut playback = Playback::default();
            playback.toggle(TRACE);
            for _ in 0..10 {
                playback.advance(0.01, speed, TRACE, false);
            }
            let expected = (0.1 * speed.factor()).min(1.0) * 1e9;
            let at = playback.at.expect("it was put somewhere");
            assert!((at - expected).abs() < 1.0, "{} {at}", speed.word());
            assert_eq!(playback.is_playing(), speed.factor() < 10.0);
        }
    }

    #[test]
    fn at_the_end_it_stops_and_begins_anew_but_waits_for_a_run_that_goes_on() {
        let mut playback = Playback::default();
        playback.seek(millis(999));
        playback.toggle(TRACE);
        playback.advance(0.05, Speed::default(), TRACE, true);
        assert_eq!(
            (playback.at(), playback.is_playing()),
            (Some(TRACE.end), true)
        );
        playback.advance(0.05, Speed::default(), TRACE, false);
        assert!(!playback.is_playing());
        playback.toggle(TRACE);
        assert_eq!(playback.at(), Some(TRACE.begin));
    }

    #[test]
    fn speeds_are_remembered_by_their_factor() {
        for speed in Speed::all() {
            let text = serde_json::to_string(&speed).expect("it is a number");
            let read: Speed = serde_json::from_str(&text).expect("it was just written");
            assert_eq!(read, speed);
        }
        assert_eq!(Speed::from(1e9).word(), "10×");
        assert_eq!(Speed::from(f64::NAN).factor(), 0.001);
        assert_eq!(Speed::default().word(), "1×");
        assert_eq!(Speed::from(0.0).next(false), None);
        assert_eq!(Speed::default().next(true).map(Speed::word), Some("2×"));
    }

    #[test]
    fn steps_forward_and_back_come_by_the_same_moments() {
        let store = sample::store();
        let mut forward = vec![Timestamp::ZERO];
        while let Some(next) = next_event(&store, forward[forward.len() - 1], true) {
            forward.push(next);
        }
        let mut back = vec![*forward.last().expect("there is one")];
        while let Some(next) = next_event(&store, back[back.len() - 1], false) {
            back.push(next);
        }
        back.reverse();
        assert_eq!(forward, back);
        assert!(forward.len() > 20 && forward.is_sorted());
        assert!(forward.contains(&millis(12)), "a call that blocks begins");
        assert_eq!(forward.last(), Some(&millis(100)));
    }

    #[test]
    fn a_step_by_turn_goes_from_poll_to_poll() {
        let store = sample::store();
        let next = |from, forward| next_turn(&store, millis(from), forward);
        assert_eq!(next(0, true), Some(millis(2)));
        assert_eq!(next(2, true), Some(millis(78)));
        assert_eq!(next(90, false), Some(millis(78)));
        assert_eq!(next(94, true), None);
    }
}
