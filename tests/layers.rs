//! The wall between the rooms of `src`: one package has none between crates, so this test is it.
//!
//! Every path that starts at `crate::` or climbs there with `super::` is looked up in the table. The search is
//! plain: it knows comments, texts, braces and modules, and nothing else of Rust. Tests inside a room are held to
//! the same rule. `main.rs` and `lib.rs` stand outside the house.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, ground floor first, each with those that it may use. A room is a folder or a file of `src`.
const ROOMS: &[(&str, &[&str])] = &[
    ("trace", &[]),
    ("alarm", &[]),
    ("clock", &["trace"]),
    ("record", &["trace", "clock"]),
    ("scenario", &["trace"]),
    ("watch", &["trace", "clock", "record"]),
    ("reactor", &["trace", "clock", "alarm", "record", "watch"]),
    ("server", &["trace", "clock", "alarm", "record", "scenario"]),
    (
        "runner",
        &["trace", "clock", "record", "scenario", "watch", "reactor"],
    ),
    ("store", &["trace"]),
    ("analysis", &["trace", "store"]),
    // Of `record` only the receiving end, with the clock that its tests make one on.
    ("format", &["trace", "clock", "record", "store", "analysis"]),
    (
        "session",
        &[
            "trace", "clock", "record", "scenario", "reactor", "server", "runner",
        ],
    ),
    // Of `record` only the receiving end; nothing of what runs: that is `session`.
    (
        "gui",
        &[
            "trace", "clock", "record", "scenario", "store", "analysis", "format", "session",
        ],
    ),
    // `gui` only to open it.
    (
        "cli",
        &[
            "trace", "clock", "record", "scenario", "store", "analysis", "format", "session", "gui",
        ],
    ),
];

/// No file of source is longer than this.
const LONGEST_FILE: usize = 500;

#[test]
fn a_room_uses_only_the_rooms_that_it_may() {
    let mut complaints = String::new();
    for (path, text) in sources(&in_project("src")) {
        let Some(room) = room_of(&path) else { continue };
        let allowed = ROOMS.iter().find(|(name, _)| *name == room);
        let Some((_, allowed)) = allowed else {
            let _ = writeln!(
                complaints,
                "src/{}: the room `{room}` is not in the table of tests/layers.rs",
                path.display()
            );
            continue;
        };
        for used in uses(&text, depth_of(&path)) {
            if used.room != room && !allowed.contains(&used.room.as_str()) {
                let _ = writeln!(
                    complaints,
                    "src/{}:{}: `{room}` may not use `{}`; it may use: {}",
                    path.display(),
                    used.line,
                    used.room,
                    allowed.join(", ")
                );
            }
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn the_table_only_looks_down_and_names_rooms_that_exist() {
    for (place, (room, allowed)) in ROOMS.iter().enumerate() {
        let below = &ROOMS[..place];
        for used in *allowed {
            assert!(
                below.iter().any(|(name, _)| name == used),
                "`{used}` is not below `{room}`"
            );
        }
        let exists = |path: String| in_project("src").join(path).exists();
        assert!(
            exists(format!("{room}.rs")) || exists(format!("{room}/mod.rs")),
            "there is no room `{room}`"
        );
    }
}

#[test]
fn no_file_is_too_long_to_be_read_in_one_go() {
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(&in_project(folder)) {
            let lines = text.lines().count();
            assert!(
                lines <= LONGEST_FILE,
                "{folder}/{} has {lines} lines; split it, {LONGEST_FILE} are enough",
                path.display()
            );
        }
    }
}

fn in_project(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// Every Rust file below a folder, by its path from there, with its text.
fn sources(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder was just found") {
            let path = entry.expect("a folder that can be listed").path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("source is text");
                let relative = path.strip_prefix(root).expect("found below it");
                found.push((relative.to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The room of a file, by its path from `src`; none for those outside the house.
fn room_of(path: &Path) -> Option<String> {
    let first = path.iter().next()?.to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(room, "lib" | "main")).then(|| room.to_owned())
}

/// How many modules deep a file lies: 1 for `clock.rs` and `trace/mod.rs`, 2 for `trace/time.rs`.
fn depth_of(path: &Path) -> usize {
    path.iter().count() - usize::from(path.ends_with("mod.rs"))
}

/// A path that leads to a room.
#[derive(Debug, PartialEq)]
struct Use {
    line: usize,
    room: String,
}

/// What a text uses that lies `depth` modules deep. A way to reach every room at once is the room `*`.
fn uses(text: &str, depth: usize) -> Vec<Use> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", |(_, word)| word.as_str());
    let mut found = Vec::new();
    // For every open brace, whether it is that of a module.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match word(at) {
            "{" => braces.push(at >= 2 && word(at - 2) == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" | "super" | "self" => {
                let depth = depth + braces.iter().filter(|&&module| module).count();
                at = follow(&tokens, at, depth, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Follows a path, or a tree of them, from a module that lies `depth` deep. Returns where it ends.
fn follow(tokens: &[(usize, String)], from: usize, depth: usize, found: &mut Vec<Use>) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |(_, word)| word.as_str());
    let (mut at, mut depth) = (from, depth);
    loop {
        let goes_on = word(at + 1) == "::";
        match word(at) {
            "{" => {
                at += 1;
                while !matches!(word(at), "}" | "") {
                    let end = follow(tokens, at, depth, found);
                    at = end + usize::from(word(end) == ",");
                }
                return at + 1;
            }
            "crate" => depth = 0,
            "super" => depth = depth.saturating_sub(1),
            "self" if goes_on => {}
            room if depth == 0 => {
                let room = if room == "self" { "*" } else { room }.to_owned();
                let line = tokens[at].0;
                found.push(Use { line, room });
                depth = usize::MAX;
            }
            _ => {}
        }
        if goes_on {
            at += 2;
            continue;
        }
        if word(at + 1) == "as" {
            if depth == 0 {
                let line = tokens[at].0;
                found.push(Use {
                    line,
                    room: "*".to_owned(),
                });
            }
            return at + 3;
        }
        return at + 1;
    }
}

/// The words and signs of a text with their lines, without comments and texts. Only `::` is longer than one
/// character among the signs.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = match chars[at..] {
            ['/', '/', ..] => line_end(&chars, at),
            ['/', '*', ..] => comment_end(&chars, at),
            ['"', ..] => quote_end(&chars, at),
            ['\'', '\\', ..] => (at + 3..chars.len())
                .find(|&i| chars[i] == '\'')
                .map_or(chars.len(), |i| i + 1),
            ['\'', _, '\'', ..] => at + 3,
            ['r', '"' | '#', ..] => raw_end(&chars, at + 1),
            ['b' | 'c', 'r', '"' | '#', ..] => raw_end(&chars, at + 2),
            [c, ..] if is_word(c) => {
                let end = (at..chars.len())
                    .find(|&i| !is_word(chars[i]))
                    .unwrap_or(chars.len());
                tokens.push((line, chars[at..end].iter().collect()));
                end
            }
            [':', ':', ..] => {
                tokens.push((line, "::".to_owned()));
                at + 2
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push((line, c.to_string()));
                }
                at + 1
            }
            [] => chars.len(),
        };
        line += chars[at..end].iter().filter(|&&c| c == '\n').count();
        at = end;
    }
    tokens
}

fn line_end(chars: &[char], from: usize) -> usize {
    (from..chars.len())
        .find(|&i| chars[i] == '\n')
        .unwrap_or(chars.len())
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut at, mut open) = (from, 0);
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (open, at) = (open + 1, at + 2),
            ['*', '/', ..] => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            break;
        }
    }
    at
}

fn quote_end(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The end of a raw text whose first `#` or quote is at `from`; of a raw word such as `r#type` only its sign.
fn raw_end(chars: &[char], from: usize) -> usize {
    let hashes = chars[from..].iter().take_while(|&&c| c == '#').count();
    if chars.get(from + hashes) != Some(&'"') {
        return from + hashes;
    }
    let closing = [vec!['"'], vec!['#'; hashes]].concat();
    (from + hashes + 1..chars.len())
        .find(|&i| chars[i..].starts_with(&closing))
        .map_or(chars.len(), |i| i + closing.len())
}

/// The rooms that a text two modules deep uses, with their lines.
fn rooms_in(text: &str) -> Vec<(usize, String)> {
    uses(text, 2)
        .into_iter()
        .map(|used| (used.line, used.room))
        .collect()
}

#[test]
fn a_path_is_found_wherever_it_stands() {
    for (text, expected) in [
        ("use crate::trace::Event;", vec!["trace"]),
        ("pub(crate) use crate::clock;", vec!["clock"]),
        ("use {std::fmt, crate::store::Row as R};", vec!["store"]),
        ("fn f(a: &crate::gui::App) -> b::c", vec!["gui"]),
        (
            "let x = crate::reactor::defer::<crate::cli::X>();",
            vec!["reactor", "cli"],
        ),
        (
            "use crate::{clock, trace::{Event, time::{A, B}}, store as s, gui};",
            vec!["clock", "trace", "store", "gui"],
        ),
        ("use super::super::reactor::Reactor;", vec!["reactor"]),
        (
            "use super::{super::{cli, gui::App}, near};",
            vec!["cli", "gui"],
        ),
        ("use self::super::super::cli;", vec!["cli"]),
        (
            "use crate::*; use crate as all; use super::super as all;",
            vec!["*", "*", "*"],
        ),
        ("use crate::{self as all, trace};", vec!["*", "trace"]),
        (
            "macro_rules! m { () => { $crate::server::Drip } }",
            vec!["server"],
        ),
    ] {
        let found: Vec<_> = rooms_in(text).into_iter().map(|(_, room)| room).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_stays_in_the_room_is_not_found() {
    for text in [
        "use super::near; use self::nearer; use super::*; pub(super) fn f(&self) -> Self { self.x }",
        "pub(crate) struct S; use std::crate_like::x; use other::gui;",
        "// crate::gui\n/* crate::gui /* super::super::gui */ crate::cli */ /// [`crate::gui`]",
        "let s = \"crate::gui \\\" crate::gui\"; let r = r#\"crate::\"gui\"#; let b = br\"crate::gui\";",
        "let r#type = ('\"', '\\'', b'\"'); fn f<'a>(x: &'a str) {}",
        "mod tests { mod deeper { use super::super::super::near; } use super::super::near; }",
    ] {
        let found = rooms_in(text);
        assert!(
            found.iter().all(|(_, room)| room == "near"),
            "{text}: {found:?}"
        );
    }
    assert!(rooms_in("mod tests { use super::super::near; }").is_empty());
}

#[test]
fn a_module_in_a_file_is_one_deeper() {
    let text = "mod tests {\n    use super::super::super::gui;\n}\nuse super::super::cli;";
    let expected = [(2, "gui".to_owned()), (4, "cli".to_owned())];
    assert_eq!(rooms_in(text), expected);
}

#[test]
fn files_know_their_rooms() {
    for (path, room, depth) in [
        ("clock.rs", Some("clock"), 1),
        ("trace/mod.rs", Some("trace"), 1),
        ("trace/time.rs", Some("trace"), 2),
        ("gui/raster/mod.rs", Some("gui"), 2),
        ("gui/raster/blend.rs", Some("gui"), 3),
        ("main.rs", None, 1),
    ] {
        let path = Path::new(path);
        assert_eq!(room_of(path).as_deref(), room);
        assert_eq!(depth_of(path), depth);
    }
}
