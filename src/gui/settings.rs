//! What the window remembers from one start to the next. (egui remembers the sizes of the panels and whether it is
//! dark or light.)

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::beside::Split;
use super::command::{Detail, Side, StallOrder};
use super::playback::Speed;
use super::plot::Measures;
use super::texts::LanguageChoice;

/// What the window remembers. What an older or newer version wrote is read as far as it fits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether the scenario and its switches are shown.
    pub controls: bool,
    /// Whether the inspector and the stalls are shown.
    pub details: bool,
    /// Whether the plots are shown.
    pub plot: bool,
    /// What is plotted.
    pub measures: Measures,
    /// Whether the whole trace is shown at a glance.
    pub overview: bool,
    /// Whether the comparison is shown.
    pub comparison: bool,
    /// Whether the statistics are shown.
    pub statistics: bool,
    /// How two traces lie that are compared.
    pub split: Split,
    /// Whether everything in view has its arrows, and not only what is looked at closely.
    pub all_arrows: bool,
    /// How fast the playhead moves.
    pub speed: Speed,
    /// What is told beside the timeline.
    pub detail: Detail,
    /// How stalls are listed.
    pub stall_order: StallOrder,
    /// How much of a run is kept in memory.
    pub kept: Kept,
    /// The folder that runs are recorded into, where they are to stay.
    pub recordings: Option<PathBuf>,
    /// The language of the texts.
    pub language: LanguageChoice,
    /// How large everything is drawn where the window has room for it; 1 is as the display has it.
    pub scale: f32,
    /// Whether nothing moves by itself; as the desktop has it where nobody chose.
    pub still: Option<bool>,
    /// Whether the guided walk was walked, or skipped.
    pub walked: bool,
    /// Where a file was opened or exported last.
    pub folder: Option<PathBuf>,
    /// Whether the key to the timeline's patterns and shapes is shown.
    pub legend: bool,
}

/// How much of a run is kept in memory: of a longer one the oldest events go, and stay in its recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// About 80 megabytes.
    Little,
    /// About 800 megabytes.
    #[default]
    Much,
    /// All of it.
    All,
}

impl Kept {
    /// How many events at most; `None` for all of them.
    pub const fn events(self) -> Option<u64> {
        match self {
            Self::Little => Some(2_000_000),
            Self::Much => Some(20_000_000),
            Self::All => None,
        }
    }
}

impl Default for Settings {
    /// Everything is shown but the statistics, which come with the first stretch of time that is chosen.
    fn default() -> Self {
        Self {
            controls: true,
            details: true,
            plot: true,
            measures: Measures::default(),
            overview: true,
            comparison: true,
            statistics: false,
            split: Split::default(),
            all_arrows: false,
            speed: Speed::default(),
            detail: Detail::default(),
            stall_order: StallOrder::default(),
            kept: Kept::default(),
            recordings: None,
            language: LanguageChoice::default(),
            scale: 1.0,
            still: None,
            walked: false,
            folder: None,
            legend: true,
        }
    }
}

impl Settings {
    /// Whether a side of the window is shown.
    pub const fn shows(&self, side: Side) -> bool {
        match side {
            Side::Controls => self.controls,
            Side::Details => self.details,
            Side::Plot => self.plot,
            Side::Overview => self.overview,
            Side::Comparison => self.comparison,
            Side::Statistics => self.statistics,
        }
    }

    /// Shows a side of the window, or hides it.
    pub const fn show(&mut self, side: Side, shown: bool) {
        *match side {
            Side::Controls => &mut self.controls,
            Side::Details => &mut self.details,
            Side::Plot => &mut self.plot,
            Side::Overview => &mut self.overview,
            Side::Comparison => &mut self.comparison,
            Side::Statistics => &mut self.statistics,
        } = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_another_version_are_read_as_far_as_they_fit() {
        let read: Settings = serde_json::from_str(r#"{"plot": false, "from_the_future": 1}"#)
            .expect("it is lenient");
        assert!(!read.shows(Side::Plot));
        assert!(read.shows(Side::Controls));
    }
}
