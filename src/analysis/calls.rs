//! All calls of a stretch of time, by their names.

use std::collections::HashMap;
use std::time::Duration;

use super::{CallStatistics, Histogram};
use crate::store::{Span, SpanKind, SpanRef, TraceStore};
use crate::trace::NameId;

/// Of what was called more often, the quantiles are told by a [`Histogram`], to one part in 32.
const EXACT: usize = 65_536;

/// What is known of all calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// Each thread has its own ids for the same text.
    by_name: HashMap<(Option<NameId>, bool), usize>,
    by_text: HashMap<(String, bool), usize>,
    all: Vec<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    name: String,
    blocking: bool,
    total: u64,
    /// May be less than nothing in between: what lies in a call is heard of after it.
    own: i128,
    lengths: Lengths,
    longest: (u64, SpanRef),
}

impl Calls {
    /// A span lasted for so long, inside the one `above` it.
    pub(super) fn add(
        &mut self,
        store: &TraceStore,
        span: &Span,
        above: Option<&Span>,
        nanos: u64,
        at: SpanRef,
    ) {
        if let Some(place) = above.and_then(|above| self.place(store, above, at)) {
            self.all[place].own -= i128::from(nanos);
        }
        let Some(place) = self.place(store, span, at) else {
            return;
        };
        let call = &mut self.all[place];
        call.total = call.total.saturating_add(nanos);
        call.own += i128::from(nanos);
        if call.lengths.count() == 0 || nanos > call.longest.0 {
            call.longest = (nanos, at);
        }
        call.lengths.add(nanos);
    }

    /// The place of the calls to which a span belongs.
    fn place(&mut self, store: &TraceStore, span: &Span, at: SpanRef) -> Option<usize> {
        let blocking = match span.kind {
            SpanKind::Callback(_) => false,
            SpanKind::Blocking => true,
            _ => return None,
        };
        let all = &mut self.all;
        let by_text = &mut self.by_text;
        let place = self.by_name.entry((span.name, blocking));
        Some(*place.or_insert_with(|| {
            let name = span.name.map_or("?", |name| store.name(name)).to_owned();
            *by_text.entry((name.clone(), blocking)).or_insert_with(|| {
                all.push(Call {
                    name,
                    blocking,
                    total: 0,
                    own: 0,
                    lengths: Lengths::default(),
                    longest: (0, at),
                });
                all.len() - 1
            })
        }))
    }

    /// What was counted, what took longest first.
    pub(super) fn statistics(self) -> Vec<CallStatistics> {
        let counted = self.all.into_iter().filter(|call| call.lengths.count() > 0);
        let mut calls: Vec<_> = counted
            .map(|call| {
                let nanos = Duration::from_nanos;
                let count = call.lengths.count();
                let (p50, p99) = call.lengths.quantiles();
                CallStatistics {
                    count,
                    total: nanos(call.total),
                    own: nanos(u64::try_from(call.own).unwrap_or(0)),
                    mean: nanos(call.total / count),
                    p50: nanos(p50),
                    p99: nanos(p99),
                    max: nanos(call.longest.0),
                    longest: call.longest.1,
                    name: call.name,
                    blocking: call.blocking,
                }
            })
            .collect();
        calls.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.name.cmp(&b.name)));
        calls
    }
}

/// How long each of many calls took: exactly, as long as they are not too many.
#[derive(Clone, Debug, Default)]
struct Lengths {
    exact: Vec<u64>,
    /// All of them, once they are too many.
    many: Option<Histogram>,
}

impl Lengths {
    fn add(&mut self, nanos: u64) {
        if let Some(many) = &mut self.many {
            many.add(nanos);
        } else {
            self.exact.push(nanos);
            if self.exact.len() > EXACT {
                let mut many = Histogram::default();
                self.exact.drain(..).for_each(|nanos| many.add(nanos));
                self.many = Some(many);
            }
        }
    }

    fn count(&self) -> u64 {
        let many = self.many.as_ref().map(Histogram::count);
        many.unwrap_or(self.exact.len() as u64)
    }

    /// Half of them, and all but one in a hundred, are no longer.
    fn quantiles(mut self) -> (u64, u64) {
        if let Some(many) = self.many {
            let quantiles = many.quantiles();
            return (nanos(quantiles.p50), nanos(quantiles.p99));
        }
        self.exact.sort_unstable();
        let rank = |percent: usize| {
            let place = (self.exact.len() * percent).div_ceil(100).saturating_sub(1);
            self.exact.get(place).copied().unwrap_or(0)
        };
        (rank(50), rank(99))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
