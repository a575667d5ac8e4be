//! What waits to be sent.

/// Bytes in the order in which they go out.
#[derive(Debug, Default)]
pub(super) struct SendBuffer {
    bytes: Vec<u8>,
    /// How many of them went out already.
    sent: usize,
}

impl SendBuffer {
    pub(super) const fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `memory` instead of its own, if it has none: what many take turns at is at hand in the processor's caches.
    #[inline]
    pub(super) fn borrow(&mut self, memory: &mut Vec<u8>) {
        if self.bytes.capacity() == 0 {
            std::mem::swap(&mut self.bytes, memory);
        }
    }

    /// Gives back memory that it needs no more, unless others have been given new one meanwhile.
    #[inline]
    pub(super) fn give_back(&mut self, memory: &mut Vec<u8>) {
        if self.is_empty() && memory.capacity() == 0 {
            std::mem::swap(&mut self.bytes, memory);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, data: &[u8]) {
        // What went out is moved over only when it is the larger part, so that each byte moves once.
        if self.sent > self.len() {
            self.compact();
        }
        self.bytes.extend_from_slice(data);
    }

    #[cold]
    fn compact(&mut self) {
        self.bytes.drain(..self.sent);
        self.sent = 0;
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The first `bytes` went out.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets all. Memory that one large write took is given back.
    #[inline]
    pub(super) fn clear(&mut self) {
        const KEPT: usize = 64 * 1024;
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes.shrink_to(KEPT);
        }
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_out_in_their_order_whatever_is_sent_of_them() {
        let mut buffer = SendBuffer::default();
        let mut out = Vec::new();
        for round in 0_u8..200 {
            buffer.push(&[round; 3]);
            let bytes = usize::from(round % 7).min(buffer.len());
            out.extend_from_slice(&buffer.pending()[..bytes]);
            buffer.advance(bytes);
        }
        out.extend_from_slice(buffer.pending());
        let all: Vec<u8> = (0_u8..200).flat_map(|round| [round; 3]).collect();
        assert_eq!(out, all);
        buffer.advance(buffer.len());
        assert!(buffer.is_empty() && buffer.pending().is_empty());
    }

    #[test]
    fn memory_is_lent_to_one_after_the_other() {
        let (mut memory, mut first, mut second) =
            (Vec::new(), SendBuffer::default(), SendBuffer::default());
        first.borrow(&mut memory);
        first.push(b"gone");
        first.advance(4);
        first.give_back(&mut memory);
        let lent = memory.capacity();
        assert!(lent >= 4);
        second.borrow(&mut memory);
        assert_eq!((memory.capacity(), second.bytes.capacity()), (0, lent));
        // What still waits stays where it is, and the next one begins anew.
        second.push(b"here");
        second.give_back(&mut memory);
        first.borrow(&mut memory);
        first.push(b"there");
        first.advance(5);
        first.give_back(&mut memory);
        assert_eq!(second.pending(), b"here");
        assert!(memory.is_empty() && memory.capacity() >= 5);
    }
}
