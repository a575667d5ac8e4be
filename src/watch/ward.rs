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

pub(super) struct Ward {
    subject: Arc<Subject>,
    files: Option<ThreadFiles>,
    /// When to look from afar again.
    due: Instant,
    last: Option<Beat>,
    calm: u32,
    first: Option<FirstLook>,
    /// The one that is looked at closely.
    stretch: Option<Stretch>,
    /// Data that came in after the stretch that was looked at: when, and by the ids of the descriptors.
    strays: Vec<(Ticks, Vec<u64>)>,
}

impl Ward {
    pub(super) fn new(subject: Arc<Subject>) -> Self {
        Self {
            subject,
            files: None,
            due: Instant::now(),
            last: None,
            calm: 0,
            first: None,
            stretch: None,
            strays: Vec::new(),
        }
    }

    /// Looks at it, if it is time to. When to look again; `None` is not before it asks for it.
    pub(super) fn look(
        &mut self,
        now: Instant,
        desk: &mut Desk,
        registry: &Registry,
    ) -> Option<Duration> {
        let is_over = |stretch: &mut Stretch| self.subject.is_over(stretch.begin);
        if let Some(stretch) = self.stretch.take_if(is_over) {
            self.conclude(stretch, desk, registry);
            // What came after it may last as well.
            self.due = now;
        }
        if self.stretch.is_none() {
            if now < self.due {
                return Some(self.due - now);
            }
            let wait = self.look_from_afar(desk)?;
            if self.stretch.is_none() {
                self.due = now + wait;
                return Some(wait);
            }
        }
        Some(self.look_closely(desk, registry))
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
        let recorder = desk.lend(first.at);
        let mut stretch = Stretch::new(first, self.subject.thread, recorder);
        self.subject.pulse.attend(Some(first.begin));
        for (at, came) in std::mem::take(&mut self.strays) {
            // What came before, the poll at its begin has told the loop of.
            if at >= stretch.begin
                && let Some(observer) = &*lock(&self.subject.observer)
            {
                stretch.tell_arrivals(observer, at, &came, false);
            }
        }
        self.stretch = Some(stretch);
    }

    /// When to look again at a stretch that lasts.
    fn look_closely(&mut self, desk: &mut Desk, registry: &Registry) -> Duration {
        self.begin_to_observe(desk, registry);
        let Some(stretch) = &mut self.stretch else {
            return LOOK;
        };
        self.subject.count_look();
        let now = desk.ticks();
        let moment = (now, desk.time_between(stretch.begin, now));
        let (_, elapsed) = moment;
        if stretch.is_sample_due(elapsed) {
            stretch.sample(&self.subject, self.files.as_ref(), moment, desk);
        }
        stretch.report(&self.subject, moment, desk);
        let next = stretch.next_look(self.subject.threshold());
        next.saturating_sub(elapsed).clamp(OFTEN, SELDOM)
    }

    /// Has the wait end when data comes in for the loop that is stuck, once it reads any, and tells what there is.
    fn begin_to_observe(&mut self, desk: &mut Desk, registry: &Registry) {
        let Some(stretch) = self.stretch.as_mut().filter(|stretch| !stretch.observed) else {
            return;
        };
        if let Some(observer) = &*lock(&self.subject.observer) {
            let source = &mut SourceFd(&observer.fd());
            // Without it, what comes in is told at its next look.
            let _ = registry.register(source, ARRIVED, Interest::READABLE);
            stretch.observed = true;
        }
        if stretch.observed {
            self.observe(desk, true);
        }
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
            let now = desk.ticks();
            if !came.is_empty() && self.subject.is_over(stretch.begin) {
                // It is told only once, and the loop may be stuck again.
                self.strays.push((now, came));
                return true;
            }
            is_news |= stretch.tell_arrivals(observer, now, &came, at_first_look);
            if !observer.is_full() {
                break;
            }
        }
        is_news
    }

    /// The stretch is over. What was seen of one that was no stall is forgotten.
    fn conclude(&self, stretch: Stretch, desk: &mut Desk, registry: &Registry) {
        self.subject.pulse.attend(None);
        if stretch.observed
            && let Some(observer) = &*lock(&self.subject.observer)
        {
            // It was registered, unless there was no room for it.
            let _ = registry.deregister(&mut SourceFd(&observer.fd()));
        }
        let account = self.subject.take_account(stretch.begin);
        // The loop may be far ahead: then there is only its account to go by.
        let beat = self.subject.pulse.beat();
        let was_stall = account.is_some() || (beat.begin == stretch.begin && beat.was_stall);
        let recorder = stretch.conclude(account, was_stall, desk);
        desk.take_back(recorder);
    }

    /// It is looked at no more, for now or for good.
    pub(super) fn let_go(mut self, desk: &mut Desk, registry: &Registry) {
        if let Some(stretch) = self.stretch.take() {
            self.conclude(stretch, desk, registry);
        }
        if let Some(files) = self.files.take() {
            desk.shut(files);
        }
        if let Some(count) = lock(&self.subject.limit).take_held_back() {
            desk.tell(EventKind::ReportsHeldBack { count });
        }
    }

    /// How its time was spent so far. `None` where the system does not say.
    fn times(&mut self, desk: &mut Desk) -> Option<Times> {
        if self.files.is_none() {
            self.files = desk.open(&self.subject);
        }
        desk.count_read();
        self.files.as_ref()?.times()
    }
}
