//! The scenarios and poems that are in the binary, so that it works from any folder.

use super::story::Story;

/// A scenario that is in the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// By which it is loaded.
    pub name: &'static str,
    /// Its file: a person may copy it to begin a scenario of their own.
    pub source: &'static str,
}

/// What a built-in scenario is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// One line.
    pub title: String,
    /// The first sentence of its summary.
    pub summary: String,
    /// Both in Chinese.
    pub chinese: Story,
}

macro_rules! builtin {
    ($name:literal) => {
        Builtin {
            name: $name,
            source: include_str!(concat!("../../scenarios/", $name, ".toml")),
        }
    };
}

const BUILTINS: [Builtin; 17] = [
    builtin!("three-slow-servers"),
    builtin!("broken-client"),
    builtin!("big-poems"),
    builtin!("dead-port"),
    builtin!("hello-reactor"),
    builtin!("doing-nothing"),
    builtin!("the-circle"),
    builtin!("exception"),
    builtin!("callback-stack"),
    builtin!("deferred-chain"),
    builtin!("ask-another-server"),
    builtin!("echo-server"),
    builtin!("the-bank"),
    builtin!("cpu-wait"),
    builtin!("many-tasks"),
    builtin!("which-poll"),
    builtin!("transports"),
];

/// The built-in scenarios, the one to begin with first.
pub const fn builtins() -> &'static [Builtin] {
    &BUILTINS
}

/// The built-in poems, each with the name by which a scenario calls it. All are in the public domain.
pub const POEMS: [(&str, &str); 3] = [
    ("ecstasy", include_str!("../../assets/poems/ecstasy.txt")),
    (
        "fascination",
        include_str!("../../assets/poems/fascination.txt"),
    ),
    ("science", include_str!("../../assets/poems/science.txt")),
];

/// The poem of this name.
pub(super) fn poem(name: &str) -> Option<&'static str> {
    POEMS
        .iter()
        .find(|(poem, _)| *poem == name)
        .map(|(_, text)| *text)
}
