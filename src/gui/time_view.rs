//! Which stretch of time is on the screen.
//!
//! Moments are `f64` nanoseconds here and nowhere else: a view may reach before the trace's beginning and lie
//! between two nanoseconds. 53 bits hold a hundred days to the nanosecond.

#[cfg(test)]
mod tests;

use super::command::ViewCommand;
use crate::trace::{TimeRange, Timestamp};

/// The shortest view, in nanoseconds: a nanosecond is then a tenth of the screen.
const SHORTEST: f64 = 10.0;
/// The longest view, in nanoseconds: a hundred days.
const LONGEST: f64 = 8.64e15;
/// How much of the view is kept free at each end when a stretch is shown, as a share of the stretch.
const MARGIN: f64 = 0.04;
/// How much is kept free behind all of a trace: there is written how it ended.
const AFTER: f64 = 0.1;
/// Where in the view the newest moment is after a step, as a share of its length: the rest is what comes until the next.
const STEP: f64 = 0.5;
/// How many jumps, and ways of a hand between them, can be undone.
const HISTORY: usize = 100;

/// The stretch of time on the screen, and how it came there.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeView {
    begin: f64,
    length: f64,
    mode: Mode,
    /// Whether it goes along with a trace step by step, and not all the time.
    in_steps: bool,
    /// Whether hands moved it since the last jump: that is one step back, however often they did.
    in_hand: bool,
    undo: Vec<Place>,
    redo: Vec<Place>,
}

/// Where a view was: its beginning, its length, and who decided on it.
type Place = (f64, f64, Mode);

/// From when to when there is something to see, in nanoseconds. Where two traces are compared it may begin before the
/// beginning of one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The first moment.
    pub begin: f64,
    /// The first moment after it.
    pub end: f64,
    /// The one that is followed: the newest of what is recorded.
    pub newest: f64,
}

impl Extent {
    /// The same for a clock that shows `by` more.
    #[must_use]
    pub fn shifted(self, by: f64) -> Self {
        Self {
            begin: self.begin + by,
            end: self.end + by,
            newest: self.newest + by,
        }
    }

    /// The smallest that holds both; what is followed stays.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            begin: self.begin.min(other.begin),
            end: self.end.max(other.end),
            newest: self.newest,
        }
    }
}

impl From<TimeRange> for Extent {
    fn from(range: TimeRange) -> Self {
        let [begin, end] = [range.begin, range.end].map(|at| at.0 as f64);
        Self {
            begin,
            end,
            newest: end,
        }
    }
}

/// Who decides what is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The hand.
    Free,
    /// The whole trace stays on the screen while it grows.
    Whole,
    /// The newest moment stays on the screen, at the same scale.
    Follow,
}

impl Default for TimeView {
    /// The whole trace, while it grows.
    fn default() -> Self {
        Self {
            begin: 0.0,
            length: 1e9,
            mode: Mode::Whole,
            in_steps: false,
            in_hand: false,
            undo: Vec::new(),
            redo: Vec::new(),
        }
    }
}

impl TimeView {
    /// The first moment on the screen, in nanoseconds.
    pub const fn begin(&self) -> f64 {
        self.begin
    }

    /// How many nanoseconds are on the screen.
    pub const fn length(&self) -> f64 {
        self.length
    }

    /// The first moment right of the screen, in nanoseconds.
    pub fn end(&self) -> f64 {
        self.begin + self.length
    }

    /// What of the trace's time is on the screen.
    pub fn range(&self) -> TimeRange {
        TimeRange::new(
            Timestamp(self.begin.max(0.0) as u64),
            Timestamp(self.end().max(0.0).ceil() as u64),
        )
    }

    /// Whether it keeps the newest moment on the screen by itself.
    pub fn is_following(&self) -> bool {
        self.mode != Mode::Free
    }

    /// Whether there is a jump to undo.
    pub const fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is an undone jump to do again.
    pub const fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Where a moment lies on a screen that is `width` wide.
    pub fn x_of(&self, at: Timestamp, width: f32) -> f32 {
        ((at.0 as f64 - self.begin) / self.length * f64::from(width)) as f32
    }

    /// Which moment, in nanoseconds, lies at `x` on a screen that is `width` wide.
    pub fn at_x(&self, x: f32, width: f32) -> f64 {
        self.begin + f64::from(x) / f64::from(width.max(1.0)) * self.length
    }

    /// The same view for a clock that shows `by` nanoseconds more, with its way back and forward.
    #[must_use]
    pub fn shifted(&self, by: f64) -> Self {
        let shift = |jumps: &[Place]| {
            let shifted = jumps
                .iter()
                .map(|(begin, length, mode)| (begin + by, *length, *mode));
            shifted.collect()
        };
        Self {
            begin: self.begin + by,
            length: self.length,
            mode: self.mode,
            in_steps: self.in_steps,
            in_hand: self.in_hand,
            undo: shift(&self.undo),
            redo: shift(&self.redo),
        }
    }

    /// From now on it goes along with a trace step by step, or all the time.
    pub const fn move_in_steps(&mut self, in_steps: bool) {
        self.in_steps = in_steps;
    }

    /// Lets the view go along with a trace that now covers `trace`.
    pub fn advance(&mut self, trace: impl Into<Extent>) {
        let trace = trace.into();
        let is_seen = self.begin <= trace.newest && trace.newest <= self.end();
        match self.mode {
            Mode::Free => {}
            Mode::Whole | Mode::Follow if self.in_steps && is_seen => {}
            Mode::Whole if self.in_steps => {
                let length = trace.end - trace.begin;
                let end = trace.begin + length / STEP;
                self.frame(Extent { end, ..trace }, MARGIN);
            }
            Mode::Follow if self.in_steps => self.begin = trace.newest - self.length * STEP,
            Mode::Whole => self.frame(trace, AFTER),
            Mode::Follow => self.begin = trace.newest - self.length * (1.0 - MARGIN),
        }
    }

    /// Moves it, where `trace` is all there is to see.
    pub fn apply(&mut self, command: ViewCommand, trace: impl Into<Extent>) {
        let trace = trace.into();
        let in_hand = matches!(
            command,
            ViewCommand::Pan(_) | ViewCommand::Zoom { .. } | ViewCommand::Window { .. }
        );
        if in_hand && !self.in_hand {
            self.remember();
        }
        self.in_hand = in_hand;
        match command {
            ViewCommand::Pan(by) => {
                self.mode = Mode::Free;
                self.begin += by;
                self.clamp(trace);
            }
            ViewCommand::Zoom { at, factor } => self.zoom(at, factor, trace),
            ViewCommand::Show(range) => {
                self.remember();
                self.mode = Mode::Free;
                self.frame(range.into(), MARGIN);
            }
            ViewCommand::Fit => {
                self.remember();
                self.mode = Mode::Whole;
                self.frame(trace, AFTER);
            }
            ViewCommand::Beginning => {
                self.remember();
                self.mode = Mode::Free;
                self.begin = trace.begin - self.length * MARGIN;
            }
            ViewCommand::Center(at) => {
                self.remember();
                self.mode = Mode::Free;
                self.begin = at - self.length / 2.0;
                self.clamp(trace);
            }
            ViewCommand::Window { begin, end } => {
                self.mode = Mode::Free;
                self.begin = begin;
                self.length = (end - begin).clamp(SHORTEST, LONGEST);
                self.clamp(trace);
            }
            ViewCommand::Follow(true) => {
                self.remember();
                self.mode = Mode::Follow;
                self.advance(trace);
            }
            ViewCommand::Follow(false) => self.mode = Mode::Free,
            ViewCommand::Undo => self.step(true),
            ViewCommand::Redo => self.step(false),
        }
    }

    fn zoom(&mut self, at: f64, factor: f64, trace: Extent) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let length = (self.length * factor).clamp(SHORTEST, LONGEST);
        let scale = length / self.length;
        self.length = length;
        if self.mode == Mode::Follow {
            // The newest moment is what stays, wherever the pointer is.
            self.advance(trace);
            return;
        }
        self.mode = Mode::Free;
        self.begin = at - (at - self.begin) * scale;
        self.clamp(trace);
    }

    /// Keeps a corner of the trace on the screen, so that nobody gets lost.
    fn clamp(&mut self, trace: Extent) {
        let keep = self.length * 0.1;
        let (first, last) = (trace.begin, trace.end);
        self.begin = self
            .begin
            .max(first + keep - self.length)
            .min((last - keep).max(first + keep - self.length));
    }

    /// Shows a stretch, with so much of its length kept free behind it.
    fn frame(&mut self, range: Extent, after: f64) {
        let length = (range.end - range.begin).max(SHORTEST);
        self.length = (length * (1.0 + MARGIN + after)).min(LONGEST);
        self.begin = range.begin - length.min(self.length) * MARGIN;
    }

    fn remember(&mut self) {
        if self.undo.last() != Some(&self.place()) {
            self.undo.push(self.place());
        }
        if self.undo.len() > HISTORY {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    /// Back to where it was, or forward again.
    fn step(&mut self, back: bool) {
        let place = self.place();
        let (from, to) = match back {
            true => (&mut self.undo, &mut self.redo),
            false => (&mut self.redo, &mut self.undo),
        };
        if let Some(there) = from.pop() {
            to.push(place);
            (self.begin, self.length, self.mode) = there;
        }
    }

    const fn place(&self) -> Place {
        (self.begin, self.length, self.mode)
    }
}
