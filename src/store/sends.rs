//! What the servers of the scenario sent, and to whom.

use std::collections::BTreeMap;

use crate::trace::{Event, EventKind, Timestamp, Wire};

/// What the servers sent, by connection. Servers belong to no model: all models have the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sends(BTreeMap<Wire, Vec<Sent>>);

/// Something that a server sent on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was handed to the system.
    pub at: Timestamp,
    /// How many bytes the server has sent on this connection so far, these included.
    pub total: u64,
}

impl Sends {
    /// What was sent on the connection that began about `begin`, in the order of time. The two ports may have been those
    /// of another connection before, and may be again.
    pub fn on(&self, wire: Wire, begin: Timestamp) -> &[Sent] {
        let all = self.0.get(&wire).map_or(&[][..], Vec::as_slice);
        // Each connection begins with nothing sent. The server may take the client in before this one notices or after.
        let begins = |from: usize| (from..all.len()).filter(|&place| all[place].total == 0);
        let nearest = begins(0).min_by_key(|&place| all[place].at.0.abs_diff(begin.0));
        let Some(first) = nearest else {
            return &[];
        };
        let end = begins(first + 1).next().unwrap_or(all.len());
        &all[first + 1..end]
    }

    /// Lets go of what was sent before a moment; where a connection begins is remembered as long as it is.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.0.retain(|_, sent| {
            sent.retain(|one| one.at >= moment || one.total == 0);
            sent.last().is_some_and(|last| last.at >= moment)
        });
    }

    pub(super) fn push(&mut self, event: &Event) {
        let EventKind::Sent { wire, bytes } = event.kind else {
            return;
        };
        let sent = self.0.entry(wire).or_default();
        let before = sent.last().map_or(0, |last| last.total);
        sent.push(Sent {
            at: event.at,
            total: if bytes == 0 {
                0
            } else {
                before + u64::from(bytes)
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_over_the_same_ports_are_told_apart() {
        let wire = Wire {
            client: 40_000,
            server: 80,
        };
        let mut sends = Sends::default();
        for (at, bytes) in [(10, 0), (11, 5), (20, 7), (50, 0), (51, 3)] {
            let (at, kind) = (Timestamp(at), EventKind::Sent { wire, bytes });
            sends.push(&Event { at, kind });
        }
        let on = |begin| {
            let sent = sends.on(wire, Timestamp(begin)).iter();
            sent.map(|sent| (sent.at.0, sent.total)).collect::<Vec<_>>()
        };
        assert_eq!(on(9), [(11, 5), (20, 12)]);
        assert_eq!(on(48), [(51, 3)]);
        let mut late = sends.clone();
        late.forget_before(Timestamp(51));
        assert_eq!(late.on(wire, Timestamp(48)).len(), 1);
        late.forget_before(Timestamp(60));
        assert_eq!(late, Sends::default());
        let other = Wire { client: 1, ..wire };
        assert_eq!(sends.on(other, Timestamp(9)), []);
    }
}
