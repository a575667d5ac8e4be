//! The marks of a trace: moments that a person wants to find again, each with a note.

use crate::format::Mark;
use crate::trace::Timestamp;

/// How many changes can be undone.
const HISTORY: usize = 100;

/// What a person does with marks. A mark is meant by its place, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkCommand {
    /// Mark a moment, and let a note be typed.
    Add(Timestamp),
    /// Note something down.
    Note(usize, String),
    /// Take a mark away.
    Remove(usize),
    /// Bring a mark into the middle of the screen.
    Go(usize),
    /// Take back the last change.
    Undo,
}

/// The marks of a trace, in the order of time.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    all: Vec<Mark>,
    /// As they are in the file of the trace.
    saved: Vec<Mark>,
    undo: Vec<Vec<Mark>>,
    /// The one whose note was changed last: typing is one change, not one per letter.
    noting: Option<usize>,
}

impl Marks {
    /// Those that are in a file.
    pub fn of_file(marks: Vec<Mark>) -> Self {
        Self {
            all: marks.clone(),
            saved: marks,
            ..Self::default()
        }
    }

    /// Those of the file are known now: they stand at its end, and somebody may have marked what came before.
    pub(super) fn join(&mut self, of_file: Vec<Mark>) {
        let mut all = std::mem::take(&mut self.all);
        all.extend(of_file.iter().cloned());
        all.sort_by_key(|mark| mark.at);
        *self = Self {
            all,
            ..Self::of_file(of_file)
        };
    }

    /// All of them.
    pub fn all(&self) -> &[Mark] {
        &self.all
    }

    /// Whether they are not all in the file as they are.
    pub fn are_unsaved(&self) -> bool {
        self.all != self.saved
    }

    /// Whether there is a change to take back.
    pub const fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// These are in the file now.
    pub(super) fn saved(&mut self, marks: Vec<Mark>) {
        self.saved = marks;
    }

    /// Does what was asked for, as far as it changes the marks.
    pub(super) fn apply(&mut self, command: MarkCommand) {
        match command {
            MarkCommand::Add(at) => {
                let place = self.all.partition_point(|mark| mark.at < at);
                if self.all.get(place).is_none_or(|mark| mark.at != at) {
                    self.remember();
                    let note = String::new();
                    self.all.insert(place, Mark { at, note });
                }
            }
            MarkCommand::Note(place, note) => {
                if self.noting != Some(place) {
                    self.remember();
                    self.noting = Some(place);
                }
                if let Some(mark) = self.all.get_mut(place) {
                    mark.note = note;
                }
            }
            MarkCommand::Remove(place) => {
                if place < self.all.len() {
                    self.remember();
                    self.all.remove(place);
                }
            }
            MarkCommand::Undo => {
                if let Some(before) = self.undo.pop() {
                    self.all = before;
                    self.noting = None;
                }
            }
            MarkCommand::Go(_) => {}
        }
    }

    fn remember(&mut self) {
        self.noting = None;
        self.undo.push(self.all.clone());
        if self.undo.len() > HISTORY {
            self.undo.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(marks: &Marks) -> Vec<(u64, &str)> {
        let all = marks.all().iter();
        all.map(|mark| (mark.at.0, mark.note.as_str())).collect()
    }

    #[test]
    fn what_was_marked_before_the_file_was_read_to_its_end_stays() {
        let mut marks = Marks::default();
        marks.apply(MarkCommand::Add(Timestamp(5)));
        let of_file = Mark {
            at: Timestamp(3),
            note: "there".to_owned(),
        };
        marks.join(vec![of_file]);
        assert_eq!(notes(&marks), [(3, "there"), (5, "")]);
        assert!(marks.are_unsaved() && !marks.can_undo());
    }

    #[test]
    fn marks_stand_in_the_order_of_time_and_every_change_is_undone() {
        let mut marks = Marks::default();
        marks.apply(MarkCommand::Add(Timestamp(9)));
        marks.apply(MarkCommand::Add(Timestamp(5)));
        marks.apply(MarkCommand::Add(Timestamp(9)));
        assert_eq!(notes(&marks), [(5, ""), (9, "")], "none twice");
        for text in ["h", "he", "here"] {
            marks.apply(MarkCommand::Note(1, text.to_owned()));
        }
        marks.apply(MarkCommand::Remove(0));
        assert_eq!(notes(&marks), [(9, "here")]);
        marks.apply(MarkCommand::Undo);
        marks.apply(MarkCommand::Undo);
        assert_eq!(notes(&marks), [(5, ""), (9, "")], "typing is one change");
        marks.apply(MarkCommand::Undo);
        marks.apply(MarkCommand::Undo);
        marks.apply(MarkCommand::Undo);
        assert!(marks.all().is_empty() && !marks.can_undo());
    }

    #[test]
    fn what_is_not_in_the_file_is_unsaved() {
        let mut marks = Marks::default();
        assert!(!marks.are_unsaved());
        marks.apply(MarkCommand::Add(Timestamp(1)));
        assert!(marks.are_unsaved());
        marks.saved(marks.all().to_vec());
        assert!(!marks.are_unsaved());
        marks.apply(MarkCommand::Note(0, "x".to_owned()));
        assert!(marks.are_unsaved());
        marks.apply(MarkCommand::Remove(7));
        assert_eq!(notes(&marks), [(1, "x")]);
    }
}
