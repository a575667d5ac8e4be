//! What a server has to say.

use std::sync::Arc;

/// What a server sends.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// All of it, with a head if it has one.
    pub(super) bytes: Arc<[u8]>,
    /// How many bytes its head has: they go with the first piece, and do not count as a part of it.
    pub(super) head: usize,
    /// How many bytes are sent, the head included.
    pub(super) end: usize,
}
