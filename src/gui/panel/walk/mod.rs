//! The guided walk of a first start: run, block, see. It points at the real controls, and goes on when they are used.

mod card;

use egui::{Context, Id, Rect};

use crate::gui::command::Selection;
use crate::gui::texts::english;

pub use card::show;

/// Where a walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The scenario is to be run.
    #[default]
    Run,
    /// A callback is to block.
    Block,
    /// A stall is to be looked at; where there is none yet, it is to be run again.
    See,
    /// The stall says what held the loop. Nothing is left to do.
    Read,
}

/// What of the window a walk looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight {
    /// How many runs have begun.
    pub runs: u32,
    /// Whether a run goes on.
    pub running: bool,
    /// Whether callbacks block.
    pub blocking: bool,
    /// Whether every task whose callbacks are to block has ended in that run.
    pub too_late: bool,
    /// How many stalls the trace has that is shown.
    pub stalls: usize,
    /// What is selected in it.
    pub selection: Option<Selection>,
}

/// A walk through the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    step: Step,
    /// How many runs there were when it began.
    runs: u32,
}

/// What a step points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The button that runs the scenario, or stops it.
    Run,
    /// The switch that makes callbacks block, and how they do.
    Blocking,
    /// The list of stalls.
    Stalls,
    /// The inspector.
    Inspector,
}

impl Walk {
    /// At its beginning, where so many runs have begun before.
    pub const fn new(runs: u32) -> Self {
        let step = Step::Run;
        Self { step, runs }
    }

    /// Goes on as far as the person has gone; never back, and over a step that was done already.
    pub fn advance(&mut self, sight: &Sight) {
        if self.step == Step::Run && sight.runs > self.runs {
            self.step = Step::Block;
        }
        if self.step == Step::Block && sight.blocking {
            self.step = Step::See;
        }
        if self.step == Step::See && matches!(sight.selection, Some(Selection::Stall(..))) {
            self.step = Step::Read;
        }
    }

    /// Where it is.
    pub const fn step(&self) -> Step {
        self.step
    }

    /// What it points at, and what it says, in English.
    const fn says(self, sight: &Sight) -> (Anchor, &'static str, &'static str) {
        match self.step {
            Step::Run => (
                Anchor::Run,
                english("Run"),
                english(
                    "The same work is done under each model of execution, live and on one clock. Press Run, or Space.",
                ),
            ),
            Step::Block => (
                Anchor::Blocking,
                english("Block"),
                english(
                    "Now let a callback block. It takes effect at once, also in the middle of a run. Watch what happens to the tasks that share a thread with it.",
                ),
            ),
            Step::See if sight.stalls > 0 => (
                Anchor::Stalls,
                english("See"),
                english(
                    "Red stripes are a stall: the loop is held, and nobody is served. The most harmful one is the first on this list. Click it.",
                ),
            ),
            Step::See if sight.running && sight.too_late => (
                Anchor::Run,
                english("See"),
                english("That task has ended in this run already. Stop it, and run again."),
            ),
            Step::See if sight.running => (
                Anchor::Blocking,
                english("See"),
                english("The next callback of that task holds its loop. A moment …"),
            ),
            Step::See => (
                Anchor::Run,
                english("See"),
                english("The run was over before anything could block. Run it again."),
            ),
            Step::Read => (
                Anchor::Inspector,
                english("Read"),
                english(
                    "What held the loop, why, and who waited for how long. Any bar of the timeline tells its story when it is clicked; the question mark shows the keys. Now try another scenario.",
                ),
            ),
        }
    }
}

/// Remembers where a control is, so that a walk can point at it.
pub(super) fn anchor(ctx: &Context, anchor: Anchor, rect: Rect) {
    let now = ctx.cumulative_pass_nr();
    ctx.data_mut(|data| data.insert_temp(id(anchor), (now, rect)));
}

/// Where a control is in this pass, if it is shown.
fn place(ctx: &Context, anchor: Anchor) -> Option<Rect> {
    let (at, rect) = ctx.data(|data| data.get_temp::<(u64, Rect)>(id(anchor)))?;
    (at == ctx.cumulative_pass_nr()).then_some(rect)
}

fn id(anchor: Anchor) -> Id {
    Id::unique("walk").with(anchor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ModelId;

    #[test]
    fn it_goes_on_when_a_step_is_done_and_never_back() {
        let mut walk = Walk::new(2);
        let mut sight = Sight {
            runs: 2,
            ..Sight::default()
        };
        let mut after = |sight: &Sight| {
            walk.advance(sight);
            walk.step()
        };
        assert_eq!(after(&sight), Step::Run, "the runs before it do not count");
        sight.runs = 3;
        assert_eq!(after(&sight), Step::Block);
        sight.blocking = true;
        assert_eq!(after(&sight), Step::See);
        sight.blocking = false;
        assert_eq!(after(&sight), Step::See);
        sight.selection = Some(Selection::Stall(ModelId::from_index(0), 0));
        assert_eq!(after(&sight), Step::Read);
    }

    #[test]
    fn who_blocks_before_the_run_is_not_asked_to_block_again() {
        let mut walk = Walk::new(0);
        walk.advance(&Sight {
            runs: 1,
            blocking: true,
            ..Sight::default()
        });
        assert_eq!(walk.step(), Step::See);
    }

    #[test]
    fn without_a_stall_it_asks_for_another_run() {
        let walk = Walk {
            step: Step::See,
            runs: 0,
        };
        let points_at = |running, too_late, stalls| {
            let sight = Sight {
                running,
                too_late,
                stalls,
                ..Sight::default()
            };
            walk.says(&sight).0
        };
        assert_eq!(points_at(false, false, 0), Anchor::Run);
        assert_eq!(points_at(true, false, 0), Anchor::Blocking);
        assert_eq!(points_at(true, true, 0), Anchor::Run);
        assert_eq!(points_at(true, true, 1), Anchor::Stalls);
    }
}
