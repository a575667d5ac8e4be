//! Which stretch of time is on the screen.
//!
//! Moments are `f64` nanoseconds here and nowhere else: a view may reach before the trace's beginning and lie
//! between two nanoseconds. 53 bits hold a hundred days to the nanosecond.

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
    undo: Vec<(f64, f64)>,
    redo: Vec<(f64, f64)>,
}

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
        let shift = |jumps: &[(f64, f64)]| {
            let shifted = jumps.iter().map(|(begin, length)| (begin + by, *length));
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
            ViewCommand::Undo => self.go_back(),
            ViewCommand::Redo => self.go_forward(),
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
        if self.undo.last() != Some(&(self.begin, self.length)) {
            self.undo.push((self.begin, self.length));
        }
        if self.undo.len() > HISTORY {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    fn go_back(&mut self) {
        if let Some((begin, length)) = self.undo.pop() {
            self.redo.push((self.begin, self.length));
            (self.begin, self.length, self.mode) = (begin, length, Mode::Free);
        }
    }

    fn go_forward(&mut self) {
        if let Some((begin, length)) = self.redo.pop() {
            self.undo.push((self.begin, self.length));
            (self.begin, self.length, self.mode) = (begin, length, Mode::Free);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> TimeRange {
        TimeRange::new(Timestamp(0), Timestamp(10_000_000_000))
    }

    fn view() -> TimeView {
        let mut view = TimeView::default();
        view.apply(ViewCommand::Fit, trace());
        view
    }

    #[test]
    fn zooming_keeps_the_moment_under_the_pointer_to_the_nanosecond() {
        let mut view = view();
        let at = 3_000_000_001.0;
        let x = (at - view.begin()) / view.length();
        for _ in 0..60 {
            view.apply(ViewCommand::Zoom { at, factor: 0.7 }, trace());
        }
        assert!((view.begin() + x * view.length() - at).abs() < 1.0);
        assert!(
            (view.length() - SHORTEST).abs() < f64::EPSILON,
            "it stops at the shortest view"
        );
    }

    #[test]
    fn the_whole_trace_stays_on_the_screen_until_a_hand_takes_over() {
        let mut view = view();
        let longer = TimeRange::new(Timestamp(0), Timestamp(20_000_000_000));
        view.advance(longer);
        assert!(view.end() > 20e9);
        view.apply(ViewCommand::Pan(1e9), longer);
        assert!(!view.is_following());
        let before = view.begin();
        view.advance(TimeRange::new(Timestamp(0), Timestamp(40_000_000_000)));
        assert!((view.begin() - before).abs() < f64::EPSILON);
    }

    #[test]
    fn in_steps_the_view_rests_until_the_newest_moment_leaves_it() {
        let until = |end: u64| TimeRange::new(Timestamp(0), Timestamp(end));
        for follow in [false, true] {
            let mut view = TimeView::default();
            view.apply(ViewCommand::Fit, until(1_000));
            view.move_in_steps(true);
            if follow {
                view.apply(ViewCommand::Follow(true), until(1_000));
            }
            let moves = (1_000..5_000).filter(|end| {
                let before = (view.begin(), view.length());
                view.advance(until(*end));
                assert!(view.end() >= *end as f64 && view.begin() <= *end as f64);
                before != (view.begin(), view.length())
            });
            let moves = moves.count();
            assert!((1..12).contains(&moves), "{moves} of 4000");
            view.move_in_steps(false);
            view.advance(until(5_000));
            let free = view.end() - 5_000.0;
            let least = if follow { 0.05 } else { 0.1 };
            assert!(free < view.length() * least, "at rest it is as it would be");
        }
    }

    #[test]
    fn behind_all_of_a_trace_there_is_room_for_how_it_ended() {
        let free = |view: &TimeView| (view.end() - 10e9) / 10e9;
        let mut view = view();
        assert!((free(&view) - AFTER).abs() < 1e-9);
        assert!((view.begin() / 10e9 + MARGIN).abs() < 1e-9);
        view.apply(ViewCommand::Show(trace()), trace());
        assert!(
            (free(&view) - MARGIN).abs() < 1e-9,
            "of a part nothing ends"
        );
    }

    #[test]
    fn following_keeps_the_scale() {
        let mut view = view();
        view.apply(
            ViewCommand::Show(TimeRange::new(Timestamp(0), Timestamp(1_000_000))),
            trace(),
        );
        let length = view.length();
        view.apply(ViewCommand::Follow(true), trace());
        assert!((view.length() - length).abs() < f64::EPSILON);
        assert!(view.begin() < 10e9 && view.end() > 10e9);
    }

    #[test]
    fn what_hands_did_since_the_last_jump_is_undone_at_once() {
        let mut view = view();
        let seen = |view: &TimeView| (view.begin(), view.length());
        let whole = seen(&view);
        for _ in 0..9 {
            let (begin, end) = (view.begin() + 1e7, view.end() - 1e8);
            view.apply(ViewCommand::Window { begin, end }, trace());
            view.apply(ViewCommand::Pan(1e7), trace());
        }
        let near = seen(&view);
        view.apply(ViewCommand::Undo, trace());
        assert_eq!(seen(&view), whole);
        view.apply(ViewCommand::Redo, trace());
        assert_eq!(seen(&view), near);
        view.apply(ViewCommand::Pan(1e7), trace());
        view.apply(ViewCommand::Undo, trace());
        assert_eq!(seen(&view), near);
    }

    #[test]
    fn a_jump_can_be_undone_and_done_again() {
        let mut view = view();
        let before = (view.begin(), view.length());
        view.apply(
            ViewCommand::Show(TimeRange::new(Timestamp(5), Timestamp(500))),
            trace(),
        );
        let after = (view.begin(), view.length());
        view.apply(ViewCommand::Undo, trace());
        assert_eq!((view.begin(), view.length()), before);
        view.apply(ViewCommand::Redo, trace());
        assert_eq!((view.begin(), view.length()), after);
    }

    #[test]
    fn a_shifted_view_shows_the_same_and_remembers_the_same() {
        let mut view = view();
        let whole = (view.begin(), view.length());
        let part = TimeRange::new(Timestamp(5), Timestamp(500));
        view.apply(ViewCommand::Show(part), trace());
        let mut shifted = view.shifted(-1e9);
        assert!((shifted.begin() - (view.begin() - 1e9)).abs() < 1e-3);
        assert!((shifted.length() - view.length()).abs() < f64::EPSILON);
        let there = Extent::from(trace()).shifted(-1e9);
        shifted.apply(ViewCommand::Undo, there);
        assert_eq!(
            (shifted.begin(), shifted.length()),
            (whole.0 - 1e9, whole.1)
        );
        assert_eq!(shifted.shifted(1e9).shifted(-1e9), shifted);
    }

    #[test]
    fn what_begins_before_the_beginning_is_shown_whole() {
        let mut view = view();
        let other = Extent::from(trace()).shifted(-4e9);
        let both = Extent::from(trace()).union(other);
        view.apply(ViewCommand::Fit, both);
        assert!(view.begin() < -4e9 && view.end() > 10e9);
        view.apply(
            ViewCommand::Follow(true),
            Extent {
                newest: 6e9,
                ..both
            },
        );
        assert!(view.begin() < 6e9 && 6e9 < view.end());
    }

    #[test]
    fn nobody_gets_lost() {
        let mut view = view();
        view.apply(ViewCommand::Pan(1e18), trace());
        assert!(view.begin() < 10e9);
        view.apply(ViewCommand::Pan(-1e18), trace());
        assert!(view.end() > 0.0);
        view.apply(
            ViewCommand::Zoom {
                at: f64::NAN,
                factor: 1.0,
            },
            trace(),
        );
        view.apply(
            ViewCommand::Zoom {
                at: 0.0,
                factor: f64::INFINITY,
            },
            trace(),
        );
        assert!(view.begin() < 10e9 && view.end() > 0.0);
    }
}
