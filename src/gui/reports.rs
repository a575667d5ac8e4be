//! Keeps the reports of a trace's stalls up to date, a little in each frame: what a frame has no time for waits for the
//! next one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::analysis::{self, Finding, StallReport};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{ModelId, Timestamp};

/// How often findings are made anew where there are many stalls: each time all of them are looked at.
const SELDOM: Duration = Duration::from_millis(500);
/// One part in so many of the time of the window is spent on renewing what is not settled, at most: in a stall thousands may
/// wait.
const SHARE: u32 = 10;
/// Of so many stalls findings are made at once.
const FEW: usize = 256;

/// Up to where stalls were reported.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// How many stalls of each model are reported.
    counted: BTreeMap<ModelId, usize>,
    /// Before this place all reports are settled.
    settled: usize,
    /// When findings were made last.
    found: Option<Instant>,
    /// Whether they are to be made anew.
    stale: bool,
    /// When the reports that are not settled were renewed last, and how long that took.
    renewed: Option<(Instant, Duration)>,
}

impl Reports {
    /// Renews the reports that are not settled and adds those that are new, in the order in which the stalls began; then
    /// makes findings of them. Stops at `until`. Whether that was all there is to do.
    pub(super) fn update(
        &mut self,
        store: &TraceStore,
        now: Timestamp,
        stalls: &mut Vec<StallReport>,
        findings: &mut Vec<Finding>,
        until: Option<Instant>,
    ) -> bool {
        let rests = |(at, took): (Instant, Duration)| at.elapsed() < took * SHARE;
        let is_renewed = until.is_none() || !self.renewed.is_some_and(rests);
        if is_renewed {
            let begun = Instant::now();
            self.renew(store, now, stalls);
            self.renewed = Some((Instant::now(), begun.elapsed()));
        }
        let is_late = || until.is_some_and(|until| Instant::now() >= until);
        let mut all = true;
        for model in store.models() {
            while let Some(report) = self.next(store, model, now) {
                self.add(stalls, report);
                if is_late() {
                    all = false;
                    break;
                }
            }
        }
        let is_time = |found: Instant| found.elapsed() >= SELDOM;
        let is_due = until.is_none() || stalls.len() <= FEW || self.found.is_none_or(is_time);
        if self.stale && is_due {
            *findings = analysis::findings(stalls);
            self.found = Some(Instant::now());
            self.stale = false;
        }
        all && !self.stale && is_renewed
    }

    fn renew(&mut self, store: &TraceStore, now: Timestamp, stalls: &mut [StallReport]) {
        let settled = |stall: &&StallReport| stall.settled;
        self.settled += stalls[self.settled..].iter().take_while(settled).count();
        let unsettled = stalls[self.settled..].iter_mut();
        for stall in unsettled.filter(|stall| !stall.settled) {
            let model = store.model(stall.model);
            let renewed = model.and_then(|one| analysis::stall(store, one, stall.index, now));
            if let Some(renewed) = renewed.filter(|renewed| renewed != stall) {
                *stall = renewed;
                self.stale = true;
            }
        }
    }

    /// The first stall of a model that is not reported.
    fn next(
        &mut self,
        store: &TraceStore,
        model: &ModelTrack,
        now: Timestamp,
    ) -> Option<StallReport> {
        let counted = self.counted.entry(model.id).or_default();
        while *counted < model.stalls.len() {
            let report = analysis::stall(store, model, *counted, now);
            *counted += 1;
            if report.is_some() {
                return report;
            }
        }
        None
    }

    fn add(&mut self, stalls: &mut Vec<StallReport>, report: StallReport) {
        let key = |stall: &StallReport| (stall.range.begin, stall.model, stall.index);
        // Nearly always the last place.
        let place = match stalls.last() {
            Some(last) if key(last) > key(&report) => {
                stalls.partition_point(|known| key(known) < key(&report))
            }
            _ => stalls.len(),
        };
        if place < stalls.len() {
            // Findings know stalls by their places.
            self.found = None;
        }
        self.settled = self.settled.min(place);
        stalls.insert(place, report);
        self.stale = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_to_renew_is_renewed_the_more_rarely_and_is_not_called_done_before() {
        let hour = Duration::from_secs(3_600);
        let update = |took, until| {
            let mut reports = Reports {
                renewed: Some((Instant::now(), took)),
                ..Reports::default()
            };
            let (mut stalls, mut findings) = (Vec::new(), Vec::new());
            let (store, now) = (TraceStore::new(), Timestamp::ZERO);
            reports.update(&store, now, &mut stalls, &mut findings, until)
        };
        let soon = Some(Instant::now() + hour);
        assert!(!update(hour, soon), "it rests");
        assert!(update(Duration::ZERO, soon), "that took no time at all");
        assert!(update(hour, None), "somebody waits for it");
    }
}
