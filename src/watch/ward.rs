//! One thread that is looked at: from afar while its stretches are short, closely where one lasts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry};

use super::desk::Desk;
use super::lock;
use super::pulse::Beat;
use super::stretch::{FirstLook, Stretch};
use super::subject::Subject;
use super::system::{ThreadFiles, Times};
use super::watcher::ARRIVED;
use crate::clock::Ticks;
use crate::trace::EventKind;

/// How often a busy loop is looked at; also, from how long on a stretch is looked at closely, unless the threshold is
/// shorter still.
pub(super) const LOOK: Duration = Duration::from_millis(4);
/// After so many looks at a loop that does nothing it is looked at no more, until it does something.
const CALM_LOOKS: u32 = 5;
/// A stretch that lasts is looked at no more often than this, and no less often than that.
const OFTEN: Duration = Duration::from_millis(1);
const SELDOM: Duration = Duration::from_millis(250);

/// Who is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Its stretch is over, which leaves the more time for the others.
    Over,
    /// Why its stretch lasts, if it does, is not known at all yet; who has been stuck for longest first.
    Unknown(Ticks),
    /// It was looked at closely already.
    Known(Ticks),
}

pub(super) struct Ward {
    subject: Arc<Subject>,
    files: ThreadFiles,
    /// When to look again.
    due: Instant,
    last: Option<Beat>,
    calm: u32,
    first: Option<FirstLook>,
    /// The one that is looked at closely.
    stretch: Option<Stretch>,
}

impl Ward {
    pub(super) fn new(subject: Arc<Subject>, desk: &mut Desk, now: Instant) -> Self {
        let files = desk.open(&subject);
        Self {
            subject,
            files,
            due: now,
            last: None,
            calm: 0,
            first: None,
            stretch: None,
        }
    }

    /// When to look again.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// If it is time to look: the least comes first where there are several.
    pub(super) fn rank(&self, now: Instant) -> Option<Rank> {
        let rank = match &self.stretch {
            Some(stretch) if self.subject.is_over(stretch.begin) => return Some(Rank::Over),
            Some(stretch) => Rank::Known(stretch.begin),
            None => Rank::Unknown(self.subject.pulse.beat().begin),
        };
        (self.due <= now).then_some(rank)
    }

    /// Looks at it. Whether it is to be looked at again, when it is due, without asking for it.
    pub(super) fn look(&mut self, desk: &mut Desk, registry: &Registry) -> bool {
        let is_over = |stretch: &mut Stretch| self.subject.is_over(stretch.begin);
        if let Some(stretch) = self.stretch.take_if(is_over) {
            // What came after it may last as well.
            self.conclude(stretch, desk);
        }
        let mut wait = match self.stretch {
            Some(_) => Some(Duration::ZERO),
            None => self.look_from_afar(desk),
        };
        if self.stretch.is_some() {
            wait = Some(self.look_closely(desk, registry));
        }
        self.due = Instant::now() + wait.unwrap_or_default();
        wait.is_some()
    }

    /// When to look again, `None` if there is nothing to see. A stretch that lasts is there to be looked at closely then.
    fn look_from_afar(&mut self, desk: &mut Desk) -> Option<Duration> {
        if self.subject.is_gone() {
            return None;
        }
        self.subject.count_look();
        let beat = self.subject.pulse.beat();
        let is_new = self.last.replace(beat) != Some(beat);
        if !beat.is_over {
            self.calm = 0;
            return Some(self.look_at_stretch(beat, desk));
        }
        if is_new {
            self.calm = 0;
        } else if self.calm < CALM_LOOKS {
            self.calm += 1;
        } else if self.subject.falls_asleep(beat) {
            return None;
        }
        Some(LOOK)
    }

    /// Looks at a thread outside its poll. When to look again.
    fn look_at_stretch(&mut self, beat: Beat, desk: &mut Desk) -> Duration {
        let at = desk.ticks();
        let known = self.first.filter(|first| first.begin == beat.begin);
        let first = known.unwrap_or_else(|| FirstLook {
            begin: beat.begin,
            at,
            times: self.times(desk),
        });
        if known.is_none() && !desk.is_still(at) {
            return Duration::ZERO;
        }
        self.first = Some(first);
        let close = LOOK.min(self.subject.threshold());
        let left = close.saturating_sub(desk.time_between(beat.begin, at));
        if left.is_zero() {
            self.attend(first, desk);
        }
        left
    }

    /// From now on a stretch is looked at closely, until it is over.
    fn attend(&mut self, first: FirstLook, desk: &mut Desk) {
        let recorder = desk.lend(first.begin);
        self.subject.pulse.attend(Some(first.begin));
        self.stretch = Some(Stretch::new(first, self.subject.thread, recorder));
    }

    /// When to look again at a stretch that lasts.
    fn look_closely(&mut self, desk: &mut Desk, registry: &Registry) -> Duration {
        self.subject.count_look();
        let now = desk.ticks();
        let observes_at = self.begin_to_observe(desk, registry);
        // It would end the next wait, but whoever loses its core before that comes late: what came in before a look is told
        // with it.
        self.observe(desk, false);
        let Some(stretch) = &mut self.stretch else {
            return LOOK;
        };
        if self.subject.is_over(stretch.begin) {
            return Duration::ZERO;
        }
        let moment = (now, desk.time_between(stretch.begin, now));
        let (_, elapsed) = moment;
        stretch.look_again(&self.subject, desk.clock());
        if stretch.is_sample_due(elapsed) {
            stretch.sample(&self.subject, &self.files, moment, desk);
        }
        stretch.report(&self.subject, moment, desk);
        let next = stretch.next_look(self.subject.threshold());
        let next = observes_at.map_or(next, |observes_at| observes_at.min(next));
        next.saturating_sub(elapsed).clamp(OFTEN, SELDOM)
    }

    /// Has the wait end when data comes in for the loop that is stuck, once it reads any and that is worth its cost, and
    /// tells what there is. How old the stretch will be when it is, if it is not yet.
    fn begin_to_observe(&mut self, desk: &mut Desk, registry: &Registry) -> Option<Duration> {
        let stretch = self.stretch.as_mut().filter(|stretch| !stretch.observed)?;
        let fd = {
            let mut observer = lock(&self.subject.observer);
            let observer = observer.as_mut()?;
            // Of a stall that is just long enough to be one, the larger part is to be seen.
            let from = observer.patience().min(self.subject.threshold() / 2);
            if desk.time_between(stretch.begin, desk.ticks()) < from {
                return Some(from);
            }
            observer.begin()?
        };
        // Without it, what comes in is told at its next look.
        let _ = registry.register(&mut SourceFd(&fd), ARRIVED, Interest::READABLE);
        stretch.observed = true;
        self.observe(desk, true);
        None
    }

    /// Whether the wait ends when data comes in for its loop.
    pub(super) fn observes(&self) -> bool {
        let stretch = self.stretch.as_ref();
        stretch.is_some_and(|stretch| stretch.observed)
    }

    /// Tells of data that came in for a loop that is stuck. Whether that is any news.
    pub(super) fn observe(&mut self, desk: &mut Desk, at_first_look: bool) -> bool {
        let Some(stretch) = self.stretch.as_mut().filter(|stretch| stretch.observed) else {
            return false;
        };
        let mut is_news = false;
        let mut observer = lock(&self.subject.observer);
        while let Some(observer) = &mut *observer {
            desk.count_read();
            let came = observer.wait(Duration::ZERO);
            if came.is_empty() {
                break;
            }
            let now = desk.ticks();
            if self.subject.is_over(stretch.begin) {
                // Should the loop be stuck again, what is there still comes again.
                return true;
            }
            // Who looks late finds what came in before, and does not know when.
            let is_old = at_first_look || desk.had_no_core();
            is_news |= stretch.tell_arrivals(observer, now, &came, is_old, desk.clock());
            if !observer.is_full() {
                break;
            }
        }
        is_news
    }

    /// The stretch is over. What was seen of one that was no stall is forgotten.
    fn conclude(&self, stretch: Stretch, desk: &mut Desk) {
        self.subject.pulse.attend(None);
        if stretch.observed
            && let Some(observer) = &mut *lock(&self.subject.observer)
        {
            observer.end();
        }
        let account = self.subject.take_account(stretch.begin);
        // The loop may be far ahead: then there is only its account to go by.
        let beat = self.subject.pulse.beat();
        let was_stall = account.is_some() || (beat.begin == stretch.begin && beat.was_stall);
        let recorder = stretch.conclude(&self.subject, account, was_stall, desk);
        desk.take_back(recorder);
    }

    /// It is looked at no more, for now or for good.
    pub(super) fn let_go(mut self, desk: &mut Desk) {
        if let Some(stretch) = self.stretch.take() {
            self.conclude(stretch, desk);
        }
        desk.shut(self.files);
        if let Some(count) = lock(&self.subject.limit).take_held_back() {
            desk.tell(EventKind::ReportsHeldBack { count });
        }
    }

    /// How its time was spent so far. `None` where the system does not say.
    fn times(&self, desk: &mut Desk) -> Option<Times> {
        desk.count_read();
        self.files.times()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::super::observer::{Observed, observer};
    #[cfg(target_os = "linux")]
    use super::super::stamp::tests::{connection, send_stamped};
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use crate::record::{Receiver, channel};
    use crate::trace::{Event, ModelId, Sighting, ThreadId, Timestamp};
    use crate::watch::StallThreshold;

    /// A loop that reads one descriptor under the id 7, on a clock that is moved by hand, and who looks at it.
    struct Stuck {
        clock: Clock,
        hand: ManualClock,
        subject: Arc<Subject>,
        _observed: Observed,
        poll: mio::Poll,
        desk: Desk,
        ward: Ward,
        receiver: Receiver,
    }

    /// What is new.
    fn told(receiver: &Receiver) -> Vec<Event> {
        let batches = std::iter::from_fn(|| receiver.try_recv().ok());
        batches.flat_map(|batch| batch.events).collect()
    }

    impl Stuck {
        fn reading(near: &impl AsRawFd) -> Self {
            let (clock, hand) = Clock::manual();
            let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
            let mut desk = Desk::new(recorders, ModelId::from_index(0));
            let threshold = StallThreshold::new(2 * LOOK);
            let subject = Arc::new(Subject::new(ThreadId::from_index(0), threshold));
            let (observed, observer) = observer().unwrap();
            observed.add(near.as_raw_fd(), 7, None);
            *lock(&subject.observer) = Some(observer);
            let ward = Ward::new(Arc::clone(&subject), &mut desk, Instant::now());
            Self {
                clock,
                hand,
                subject,
                _observed: observed,
                poll: mio::Poll::new().unwrap(),
                desk,
                ward,
                receiver,
            }
        }

        /// It leaves its poll, and stays away for longer than the threshold.
        fn begin(&self) -> Ticks {
            let begin = self.clock.ticks();
            self.subject.pulse.begin(begin);
            self.hand.advance(3 * LOOK);
            begin
        }

        fn look(&mut self) {
            self.ward.look(&mut self.desk, self.poll.registry());
        }

        /// On what data came in, after all is over.
        fn arrivals(mut self) -> Vec<Event> {
            self.ward.let_go(&mut self.desk);
            self.desk.close();
            let is_arrival = |event: &Event| matches!(event.kind, EventKind::DataArrived { .. });
            told(&self.receiver)
                .into_iter()
                .filter(is_arrival)
                .collect()
        }
    }

    /// A loop is stuck for the second time when data comes in. What is told then.
    fn stuck_again(is_read: bool) -> Vec<EventKind> {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let mut stuck = Stuck::reading(&near);
        stuck.begin();
        stuck.look();
        stuck.begin();
        far.write_all(b"x").unwrap();
        stuck.ward.observe(&mut stuck.desk, false);
        if is_read {
            near.read_exact(&mut [0]).unwrap();
        }
        stuck.look();
        stuck.arrivals().iter().map(|event| event.kind).collect()
    }

    #[test]
    fn what_came_in_between_two_looks_is_told_at_the_second_if_it_is_there_still() {
        let told = stuck_again(false);
        assert!(
            matches!(
                told[..],
                [EventKind::DataArrived {
                    sighting: Sighting::AtFirstLook,
                    ..
                }]
            ),
            "{told:?}"
        );
    }

    #[test]
    fn what_the_loop_has_read_between_two_looks_is_not_told() {
        assert_eq!(stuck_again(true), []);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_lay_there_at_the_first_look_is_told_since_when_the_system_says_that_it_came() {
        let (mut near, mut far) = connection();
        let mut stuck = Stuck::reading(&near);
        let begin = stuck.begin();
        let age = || lock(&stuck.subject.observer).as_ref()?.age(7);
        send_stamped((&mut near, &mut far), age);
        let look = stuck.clock.now();
        stuck.look();
        let [arrival] = stuck.arrivals()[..] else {
            panic!("it is one");
        };
        let is_found = matches!(
            arrival.kind,
            EventKind::DataArrived {
                sighting: Sighting::Stamped,
                ..
            }
        );
        assert!(is_found, "{arrival:?}");
        assert!(Timestamp(begin.0) <= arrival.at && arrival.at < look);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_comes_after_the_loop_has_read_in_the_same_stretch_is_told_as_well() {
        let (mut near, mut far) = connection();
        let mut stuck = Stuck::reading(&near);
        stuck.begin();
        let age = |stuck: &Stuck| lock(&stuck.subject.observer).as_ref()?.age(7);
        send_stamped((&mut near, &mut far), || age(&stuck));
        stuck.look();
        near.read_exact(&mut [0]).unwrap();
        // An hour later, as the clock says that is moved by hand: nothing of what follows can be as old.
        stuck.hand.advance(Duration::from_secs(3600));
        let before = stuck.clock.now();
        send_stamped((&mut near, &mut far), || age(&stuck));
        stuck.look();
        stuck.look();
        let arrivals = stuck.arrivals();
        let [first, second] = arrivals[..] else {
            panic!("each once: {arrivals:?}");
        };
        assert_eq!(first.kind, second.kind, "each is stamped");
        assert!(first.at + Duration::from_secs(3000) < second.at && second.at < before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn how_its_time_is_spent_and_what_it_costs_to_look_is_told_while_a_stall_lasts() {
        let (near, _far) = UnixStream::pair().unwrap();
        let mut stuck = Stuck::reading(&near);
        stuck.begin();
        stuck.look();
        told(&stuck.receiver);
        stuck.hand.advance(10 * LOOK);
        stuck.look();
        let told = told(&stuck.receiver);
        let mut kinds = told.iter().map(|event| event.kind);
        assert!(
            kinds.any(|kind| matches!(kind, EventKind::ThreadTimes { .. })),
            "{told:?}"
        );
        assert!(
            kinds.any(|kind| matches!(kind, EventKind::Watched { .. })),
            "{told:?}"
        );
    }

    #[test]
    fn who_has_been_stuck_for_longest_is_looked_at_first() {
        let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let mut desk = Desk::new(recorders, ModelId::from_index(0));
        let now = Instant::now();
        let [young, old] = [7, 3].map(|begin| {
            let subject = Subject::new(ThreadId::from_index(0), StallThreshold::default());
            subject.pulse.begin(Ticks(begin));
            Ward::new(Arc::new(subject), &mut desk, now)
        });
        assert!(old.rank(now) < young.rank(now));
        assert!(young.rank(now) < Some(Rank::Known(Ticks(1))));
        assert_eq!(old.rank(now - LOOK), None, "it is not time yet");
    }
}
