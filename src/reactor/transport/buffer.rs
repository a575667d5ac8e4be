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

    pub(super) fn push(&mut self, data: &[u8]) {
        // What went out is moved over only when it is the larger part, so that each byte moves once.
        if self.sent > self.len() {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        self.bytes.extend_from_slice(data);
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The first `bytes` went out.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets all. Memory that one large write took is given back.
    pub(super) fn clear(&mut self) {
        const KEPT: usize = 64 * 1024;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
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
}
