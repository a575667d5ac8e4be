//! Which statistics are shown and how they are sorted, and what a person can ask of them.

use super::app::App;
use super::command::Side;
use super::counting::Scope;
use super::sheet::{Order, Sheet, Subject};
use crate::gui::texts::english;

/// What a person does with the table of statistics. All of it also shows the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatisticsCommand {
    /// Show a table of these.
    Of(Subject),
    /// Count this stretch of time.
    During(Scope),
    /// Sort the rows by this column of the subject, by its place; the other way round where they are sorted by it.
    SortBy(usize),
    /// Copy the rows as they stand, as CSV.
    Copy,
}

/// What the table of statistics shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tabled {
    pub(super) subject: Subject,
    pub(super) scope: Scope,
    /// How the rows of each subject are sorted, where somebody has chosen it.
    orders: [Option<Order>; Subject::ALL.len()],
}

impl Tabled {
    /// How the rows are sorted.
    pub(super) fn order(&self) -> Order {
        self.orders[self.place()].unwrap_or(self.subject.order())
    }

    fn sort_by(&mut self, column: usize) {
        let is_word = column < self.subject.worded();
        self.orders[self.place()] = Some(self.order().pressed(column, is_word));
    }

    fn place(&self) -> usize {
        let place = Subject::ALL.iter().position(|one| *one == self.subject);
        place.expect("all of them are on the list")
    }
}

impl App {
    /// Does what was asked for.
    pub(super) fn tabulate(&mut self, command: StatisticsCommand) {
        self.settings.show(Side::Statistics, true);
        let table = &mut self.statistics;
        match command {
            StatisticsCommand::Of(subject) => table.tabled.subject = subject,
            StatisticsCommand::During(scope) => table.tabled.scope = scope,
            StatisticsCommand::SortBy(column) => table.tabled.sort_by(column),
            StatisticsCommand::Copy => {
                let shown = self.documents.shown();
                let sheet = shown.and_then(|shown| table.sheet(shown));
                if let Some(csv) = sheet.map(Sheet::csv) {
                    self.ctx.copy_text(csv);
                    // Of a clipboard nothing is to be seen.
                    self.explain(english("The table was copied"));
                }
            }
        }
    }

    /// Whether there are rows of the trace that is shown.
    pub(super) fn has_counted(&self) -> bool {
        let shown = self.documents.shown();
        self.settings.shows(Side::Statistics)
            && shown.is_some_and(|shown| self.statistics.sheet(shown).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_has_an_order_of_its_own() {
        let mut tabled = Tabled::default();
        assert_eq!(tabled.order(), Subject::Callbacks.order());
        tabled.sort_by(0);
        let by_name = tabled.order();
        assert_eq!((by_name.column, by_name.falling), (0, false));
        tabled.subject = Subject::Threads;
        assert_eq!(tabled.order(), Subject::Threads.order());
        tabled.subject = Subject::Callbacks;
        assert_eq!(tabled.order(), by_name);
        tabled.sort_by(0);
        assert!(tabled.order().falling, "the other way round");
    }
}
