//! Who is to be served when.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

/// At most one time for each token.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_time: BTreeSet<(Instant, usize)>,
    by_token: HashMap<usize, Instant>,
}

impl Agenda {
    /// `token` is to be served at this time and no other, or at none.
    pub(super) fn set(&mut self, token: usize, due: Option<Instant>) {
        let before = match due {
            Some(due) => self.by_token.insert(token, due),
            None => self.by_token.remove(&token),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, token));
        }
        if let Some(due) = due {
            self.by_time.insert((due, token));
        }
    }

    /// When somebody is to be served.
    pub(super) fn first(&self) -> Option<Instant> {
        self.by_time.first().map(|(due, _)| *due)
    }

    /// Takes out the next one that is to be served at `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        let &(due, token) = self.by_time.first().filter(|(due, _)| *due <= now)?;
        self.by_time.remove(&(due, token));
        self.by_token.remove(&token);
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_is_there_once_and_in_order() {
        let now = Instant::now();
        let after = |seconds| Some(now + Duration::from_secs(seconds));
        let mut agenda = Agenda::default();
        agenda.set(1, after(5));
        agenda.set(2, after(3));
        agenda.set(1, after(2));
        agenda.set(3, after(1));
        agenda.set(3, None);
        agenda.set(2, after(3));
        assert_eq!(agenda.first(), after(2));
        assert_eq!(agenda.pop_due(now), None);
        let late = now + Duration::from_secs(10);
        let due: Vec<_> = std::iter::from_fn(|| agenda.pop_due(late)).collect();
        assert_eq!(due, [1, 2]);
        assert_eq!(agenda.first(), None);
    }
}
