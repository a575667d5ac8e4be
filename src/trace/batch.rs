//! What a thread hands over at once.

use super::{Event, ModelId, NameId, ThreadId};

/// Where events come from.
///
/// ```
/// use loopscope::trace::{Batch, Source};
/// use std::collections::HashMap;
///
/// /// How much each thread has recorded.
/// fn count(batches: &[Batch]) -> HashMap<Source, usize> {
///     let mut counts = HashMap::new();
///     for batch in batches {
///         *counts.entry(batch.source).or_default() += batch.events.len();
///     }
///     counts
/// }
/// # assert!(count(&[]).is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// The model of execution that the thread works for.
    pub model: ModelId,
    /// The thread.
    pub thread: ThreadId,
}

/// Events of one thread in their order, with the names that they are the first to use.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::channel;
/// use loopscope::trace::{EventKind, ModelId};
/// use std::collections::HashMap;
///
/// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let name = recorder.name("read the settings");
/// recorder.record(EventKind::BlockingBegin { name, task: None });
/// recorder.flush();
///
/// let batch = receiver.try_recv()?;
/// let texts: HashMap<_, _> = batch.names.into_iter().collect();
/// for event in batch.events {
///     match event.kind {
///         EventKind::ThreadBegin { name } => assert_eq!(texts[&name], "my loop"),
///         EventKind::BlockingBegin { name, .. } => assert_eq!(texts[&name], "read the settings"),
///         _ => {}
///     }
/// }
/// # Ok::<(), loopscope::record::TryRecvError>(())
/// ```
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
