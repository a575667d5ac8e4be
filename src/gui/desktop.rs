//! What the desktop knows of its person: the language, and whether things may move by themselves.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::texts::Language;

/// What the desktop says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Desktop {
    /// The language that it speaks.
    pub language: Language,
    /// Whether nothing is to move by itself.
    pub still: bool,
}

impl Desktop {
    /// The one that this program runs on.
    pub fn ask() -> Self {
        Self::of(
            |name| env::var(name).ok(),
            |path| fs::read_to_string(path).ok(),
        )
    }

    /// The one with these variables and files. Of motion GNOME and its kin tell in the settings of GTK, and KDE in its own.
    fn of(
        variable: impl Fn(&str) -> Option<String>,
        read: impl Fn(&Path) -> Option<String>,
    ) -> Self {
        let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
        let says = |file: &str, key: &str, values: &[&str]| {
            let text = folder.as_ref().and_then(|folder| read(&folder.join(file)));
            let lines = text.iter().flat_map(|text| text.lines());
            let mut set = lines.filter_map(|line| line.split_once('='));
            set.any(|(one, value)| one.trim() == key && values.contains(&value.trim()))
        };
        let gtk = ["gtk-4.0/settings.ini", "gtk-3.0/settings.ini"];
        let still = gtk
            .into_iter()
            .any(|file| says(file, "gtk-enable-animations", &["false", "0"]))
            || says("kdeglobals", "AnimationDurationFactor", &["0"]);
        Self {
            language: Language::of_environment(variable),
            still,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, text: &str) -> Desktop {
        let home = |name: &str| (name == "HOME").then(|| "/home/ann".to_owned());
        let path = Path::new("/home/ann/.config").join(file);
        Desktop::of(home, |one| (one == path).then(|| text.to_owned()))
    }

    #[test]
    fn who_wants_no_motion_elsewhere_wants_none_here() {
        let gtk = "[Settings]\ngtk-enable-animations=false\n";
        assert!(with("gtk-3.0/settings.ini", gtk).still);
        assert!(with("gtk-4.0/settings.ini", "gtk-enable-animations = 0").still);
        assert!(with("kdeglobals", "[KDE]\nAnimationDurationFactor=0\n").still);
    }

    #[test]
    fn who_says_nothing_of_motion_has_it() {
        assert!(!with("gtk-3.0/settings.ini", "gtk-enable-animations=true").still);
        assert!(!with("kdeglobals", "AnimationDurationFactor=0.5").still);
        assert_eq!(Desktop::of(|_| None, |_| None), Desktop::default());
    }
}
