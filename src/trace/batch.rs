//! What a thread hands over at once.

use super::{Event, ModelId, NameId, ThreadId};

/// Where events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// The model of execution that the thread works for.
    pub model: ModelId,
    /// The thread.
    pub thread: ThreadId,
}

/// Events of one thread in their order, with the names that they are the first to use.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct Batch {
    /// Who recorded them.
    pub source: Source,
    /// Texts that this batch and later ones of the same thread name by their id.
    pub names: Vec<(NameId, String)>,
    /// What happened. Never goes back in time, also against the batch before.
    pub events: Vec<Event>,
}
