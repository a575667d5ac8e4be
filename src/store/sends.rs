//! What the servers of the scenario sent, and to whom.

use std::collections::BTreeMap;

use super::chunks::Chunks;
use crate::trace::{Event, EventKind, Timestamp, Wire};

/// What the servers sent, by connection. Servers belong to no model: all models have the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sends(BTreeMap<Wire, Vec<Served>>);

/// A connection as its server knows it.
#[derive(Clone, Debug, PartialEq)]
struct Served {
    begin: Timestamp,
    sent: Chunks<Sent>,
    /// How many bytes.
    total: u64,
    /// When something was last heard of it.
    last: Timestamp,
}

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
    pub fn on(&self, wire: Wire, begin: Timestamp) -> Option<&Chunks<Sent>> {
        Some(&self.served(wire, begin)?.sent)
    }

    /// When the server took in the client whose connection began about `begin`: it stood then. Over UDP none stands.
    pub fn taken_in(&self, wire: Wire, begin: Timestamp) -> Option<Timestamp> {
        let stands = !matches!(wire, Wire::Udp { .. });
        let served = self.served(wire, begin).filter(|_| stands)?;
        Some(served.begin)
    }

    fn served(&self, wire: Wire, begin: Timestamp) -> Option<&Served> {
        let served = self.0.get(&wire)?.iter();
        // The server may take the client in before this one notices or after.
        served.min_by_key(|one| one.begin.0.abs_diff(begin.0))
    }

    /// Lets go of what was sent before a moment, in whole pieces, and of the connections of which nothing was heard since.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.0.retain(|_, served| {
            served.retain_mut(|one| {
                one.sent.forget_while(|sent| sent.at < moment);
                one.last >= moment
            });
            !served.is_empty()
        });
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let served = self.0.values().flatten();
        served
            .map(|one| size_of::<Served>() + one.sent.bytes())
            .sum()
    }

    pub(super) fn push(&mut self, event: &Event) {
        let EventKind::Sent { wire, bytes } = event.kind else {
            return;
        };
        let at = event.at;
        let served = self.0.entry(wire).or_default();
        // Each connection begins with nothing sent; over UDP there is none to begin.
        if bytes == 0 || served.is_empty() {
            served.push(Served {
                begin: at,
                sent: Chunks::default(),
                total: 0,
                last: at,
            });
        }
        if bytes > 0
            && let Some(one) = served.last_mut()
        {
            one.total += u64::from(bytes);
            one.last = at;
            one.sent.push(Sent {
                at,
                total: one.total,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_over_the_same_ports_are_told_apart() {
        let wire = Wire::Tcp {
            client: 40_000,
            server: 80,
        };
        let mut sends = Sends::default();
        for (at, bytes) in [(10, 0), (11, 5), (20, 7), (50, 0), (51, 3)] {
            let (at, kind) = (Timestamp(at), EventKind::Sent { wire, bytes });
            sends.push(&Event { at, kind });
        }
        let on = |begin| {
            let sent = sends.on(wire, Timestamp(begin)).into_iter().flatten();
            sent.map(|sent| (sent.at.0, sent.total)).collect::<Vec<_>>()
        };
        assert_eq!(on(9), [(11, 5), (20, 12)]);
        assert_eq!(on(48), [(51, 3)]);
        assert_eq!(sends.taken_in(wire, Timestamp(48)), Some(Timestamp(50)));
        let mut late = sends.clone();
        late.forget_before(Timestamp(51));
        let last = late.on(wire, Timestamp(9)).map(Chunks::len);
        assert_eq!(last, Some(1), "of the other nothing was heard since");
        late.forget_before(Timestamp(60));
        assert_eq!(late, Sends::default());
        let other = Wire::Udp {
            client: 40_000,
            server: 80,
        };
        assert_eq!(sends.on(other, Timestamp(9)), None);
        let (at, kind) = (
            Timestamp(9),
            EventKind::Sent {
                wire: other,
                bytes: 5,
            },
        );
        sends.push(&Event { at, kind });
        assert_eq!(
            sends.taken_in(other, at),
            None,
            "there is nothing to take in"
        );
    }
}
