//! What if what held a loop were carried out otherwise: the prediction, the run, and both side by side.
//!
//! A question is about a stall that is looked at, or about the one for whose sake the trace was made that is looked at.
//! Its answer is kept until something in it changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::app::App;
use super::command::Selection;
use super::document::Document;
use super::jobs::Done;
use super::texts::{english, fill, tr};
use crate::analysis::{self, Compared, StallReport, Verdict};
use crate::scenario::{DEFAULT_SLICE, Scenario, Treatment};
use crate::session::Options;
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{Change, ModelId, Timestamp};

/// How often a comparison with a run that goes on is made anew.
const RENEWED: Duration = Duration::from_millis(250);

/// One part in so many of the time of the window is spent on it, at most.
const SHARE: u32 = 20;

/// Where a loop has called back more often than this, what would have been is worked out on a thread: it goes through up
/// to 200,000 of them, which takes as long as many frames.
const AT_ONCE: usize = 8_192;

/// How many waits are compared. There may be thousands, and nobody reads so many.
const COMPARED: usize = 100;

/// With what a run was started, so that it can be run again.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The scenario, with what was changed of it while it ran.
    pub scenario: Arc<Scenario>,
    /// How it was run, with what was switched on while it ran.
    pub options: Options,
    /// For the sake of which question, if for one.
    pub asks: Option<Question>,
}

/// What if?
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The id of the document.
    pub document: u32,
    /// The model.
    pub model: ModelId,
    /// The place of the stall among those of its model.
    pub stall: usize,
    /// What is carried out otherwise.
    pub treatment: Treatment,
}

impl Question {
    /// Whether the run for one answers the other: a callback is changed for all of its stalls.
    fn is_answered_with(&self, other: &Self) -> bool {
        (self.document, self.model, &self.treatment)
            == (other.document, other.model, &other.treatment)
    }
}

/// What there is to say to a question.
#[derive(Debug)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// The id of the document of the run that was made for it.
    pub other: Option<u32>,
    /// Each victim's wait, as it was, as it would be, and as it was in that run.
    pub compared: Vec<Compared>,
    /// What comes of it.
    pub verdict: Verdict,
    /// Whether that is still being worked out: it says nothing yet.
    pub is_coming: bool,
    /// Why it cannot be run so; `None` where it can.
    pub refusal: Option<&'static str>,
    /// What it was made of.
    made_of: MadeOf,
    made_at: Instant,
    /// How long it took to make.
    took: Duration,
}

/// What an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MadeOf {
    events: u64,
    now: Timestamp,
    other_events: Option<u64>,
}

/// What is asked about stalls, and the answer for the one that is looked at.
#[derive(Debug)]
pub struct WhatIf {
    /// How what holds the loop would be carried out.
    pub change: Change,
    /// How long a slice is, whether or not it is slices that are asked for.
    pub slice: Duration,
    /// What there is to say; `None` where no stall is looked at.
    pub answer: Option<Answer>,
    /// Whether a thread works something out.
    is_at_work: bool,
}

/// What was worked out on a thread.
#[derive(Debug)]
pub struct WorkedOut {
    question: Question,
    made_of: MadeOf,
    compared: Vec<Compared>,
    took: Duration,
}

/// What an answer is worked out of. It can be taken to a thread.
struct Asked {
    store: Arc<TraceStore>,
    now: Timestamp,
    stall: StallReport,
    change: Change,
    /// The trace that was made for the question, and its newest moment.
    other: Option<(Arc<TraceStore>, Timestamp)>,
}

impl Default for WhatIf {
    fn default() -> Self {
        Self {
            change: Change::InThread,
            slice: DEFAULT_SLICE,
            answer: None,
            is_at_work: false,
        }
    }
}

impl WhatIf {
    pub(super) fn set(&mut self, change: Change) {
        self.change = change;
        if let Change::Slices(slice) = change {
            self.slice = slice;
        }
    }
}

/// How something is carried out, in words.
pub(super) fn in_words(change: Change) -> String {
    match change {
        Change::InThread => tr("in a thread").to_owned(),
        Change::Slices(length) => {
            let length = analysis::plain_duration(length);
            fill(tr("in slices of {length}"), &[("length", &length)])
        }
        Change::Asynchronous => tr("asynchronously").to_owned(),
    }
}

/// What that does.
pub(super) fn explained(change: Change) -> &'static str {
    match change {
        Change::InThread => tr("A thread of the pool does what takes time, and the loop goes on"),
        Change::Slices(_) => {
            tr("It does a part of its work, lets the loop look for others, and goes on after that")
        }
        Change::Asynchronous => {
            tr("The loop waits for it and calls back; what computes, computes all the same")
        }
    }
}

impl App {
    /// Brings the answer up to date.
    pub(super) fn update_what_if(&mut self) {
        let Some(question) = self.question() else {
            self.what_if.answer = None;
            return;
        };
        let old = self.what_if.answer.take();
        let old = old.filter(|old| old.question == question);
        let mut answer = match old {
            Some(old) if self.is_to_come(&old) || !self.is_outdated(&old) => Some(old),
            old => self.answer(question, old),
        };
        if let Some(answer) = &mut answer {
            answer.refusal = self.refusal(&answer.question);
        }
        self.what_if.answer = answer;
    }

    /// What is asked: of the stall that is selected, or else of the one for which the shown trace was made.
    fn question(&self) -> Option<Question> {
        let shown = self.documents.shown()?;
        let Some(Selection::Stall(model, index)) = shown.selection else {
            let asks = shown.ran.as_ref()?.asks.clone();
            return asks.filter(|_| shown.selection.is_none());
        };
        let stall = stall_of(shown, model, index)?;
        stall.of_loop.then(|| Question {
            document: shown.id,
            model,
            stall: index,
            treatment: Treatment {
                callback: stall.callback.as_str().into(),
                task: stall.task,
                change: self.what_if.change,
            },
        })
    }

    /// Whether a thread is busy: what is wanted of it has to wait, or is what it works at.
    const fn is_to_come(&self, answer: &Answer) -> bool {
        answer.is_coming && self.what_if.is_at_work
    }

    fn is_outdated(&self, answer: &Answer) -> bool {
        let Some(document) = self.documents.by_id(answer.question.document) else {
            return false;
        };
        let other = self.made_for(&answer.question);
        let known = other.map(|other| other.id) == answer.other;
        let is_live = self.is_running();
        // Of a long trace it takes a while: the window has better things to do.
        let renewed = RENEWED.max(answer.took * SHARE);
        let fresh = is_live && answer.made_at.elapsed() < renewed;
        answer.is_coming
            || !known
            || (!fresh && made_of(document, other, &answer.question) != Some(answer.made_of))
    }

    /// The newest trace that was made for a question.
    pub(super) fn made_for(&self, question: &Question) -> Option<&Document> {
        let all = self.documents.all().iter().rev();
        let asks = |document: &&Document| {
            let asked = document.ran.as_ref().and_then(|ran| ran.asks.as_ref());
            asked.is_some_and(|asked| asked.is_answered_with(question))
        };
        all.filter(|document| !document.store.models().is_empty())
            .find(asks)
    }

    /// The answer to a question; where that takes long, `old` until it is here.
    fn answer(&mut self, question: Question, old: Option<Answer>) -> Option<Answer> {
        let document = self.documents.by_id(question.document)?;
        let stall = stall_of(document, question.model, question.stall)?;
        let thread = document.store.model(stall.model)?.thread(stall.thread)?;
        let other = self.made_for(&question);
        let asked = Asked {
            store: Arc::clone(&document.store),
            now: document.now,
            stall: stall.clone(),
            change: question.treatment.change,
            other: other.map(|other| (Arc::clone(&other.store), other.now)),
        };
        let made_of = made_of(document, other, &question)?;
        let mut answer = Answer {
            other: other.map(|other| other.id),
            verdict: Verdict::default(),
            compared: Vec::new(),
            is_coming: true,
            refusal: None,
            made_of,
            made_at: Instant::now(),
            took: Duration::ZERO,
            question: question.clone(),
        };
        if thread.callbacks <= AT_ONCE {
            answer.take(asked.work_out(question, made_of));
        } else if !self.what_if.is_at_work {
            let work = move || Done::WorkedOut(Box::new(asked.work_out(question, made_of)));
            // Without a thread the next frame asks again.
            self.what_if.is_at_work = self.jobs.start(work).is_ok();
        }
        // What was known before is true of what there was before.
        let old = old.filter(|old| !old.is_coming && old.other == answer.other);
        match old {
            Some(old) if answer.is_coming => Some(old),
            _ => Some(answer),
        }
    }

    /// Something was worked out on a thread: it counts if it is asked still.
    pub(super) fn finish_what_if(&mut self, worked_out: WorkedOut) {
        self.what_if.is_at_work = false;
        let answer = self.what_if.answer.as_mut();
        if let Some(answer) = answer.filter(|answer| answer.question == worked_out.question) {
            answer.take(worked_out);
        }
    }

    /// Why a question cannot be answered by a run.
    fn refusal(&self, question: &Question) -> Option<&'static str> {
        let document = self.documents.by_id(question.document)?;
        let Some(ran) = &document.ran else {
            return Some(english(
                "Only what was run in this window can be run again: a file does not say how it was set.",
            ));
        };
        let stall = stall_of(document, question.model, question.stall)?;
        let model = document.store.model(question.model)?;
        let treatment = &question.treatment;
        let objection = analysis::objection(&document.store, model, stall, treatment.change)
            .or_else(|| treatment.objection(&ran.scenario, ran.options.blocking));
        objection.or_else(|| self.is_running().then_some(english("Stop the run first")))
    }

    /// Runs what is asked about, with what held the loop carried out otherwise.
    pub(super) fn run_what_if(&mut self) {
        self.update_what_if();
        let Some(answer) = &self.what_if.answer else {
            return;
        };
        if answer.refusal.is_some() {
            return;
        }
        let question = answer.question.clone();
        let asked = self.documents.by_id(question.document);
        let Some(ran) = asked.and_then(|document| document.ran.clone()) else {
            return;
        };
        // Beside it nothing else runs: it is about one loop.
        let variant = ran.options.models.get(question.model.index()).cloned();
        let options = Options {
            models: variant.into_iter().collect(),
            treatment: Some(question.treatment.clone()),
            ..ran.options
        };
        self.start(Ran {
            scenario: ran.scenario,
            options,
            asks: Some(question),
        });
    }

    /// A run that goes on was told something: whoever runs it again tells it from the start.
    pub(super) fn remember(&mut self, change: impl FnOnce(&mut Ran)) {
        let number = self.live.as_ref().map(|live| live.number);
        let document = number.and_then(|number| self.documents.run_mut(number));
        if let Some(ran) = document.and_then(|document| document.ran.as_mut()) {
            change(ran);
        }
    }
}

fn made_of(document: &Document, other: Option<&Document>, question: &Question) -> Option<MadeOf> {
    let stall = stall_of(document, question.model, question.stall)?;
    // A stall that is settled changes no more, whatever comes after it.
    let settled = stall.settled;
    Some(MadeOf {
        events: if settled { 0 } else { document.store.events() },
        now: if settled {
            Timestamp::ZERO
        } else {
            document.now
        },
        other_events: other.map(|other| other.store.events()),
    })
}

/// The report of a stall of a document.
pub(super) fn stall_of(document: &Document, model: ModelId, index: usize) -> Option<&StallReport> {
    let mut stalls = document.stalls.iter();
    stalls.find(|stall| (stall.model, stall.index) == (model, index))
}

impl Answer {
    fn take(&mut self, worked_out: WorkedOut) {
        self.verdict = Verdict::of(&worked_out.compared);
        self.compared = worked_out.compared;
        self.made_of = worked_out.made_of;
        self.took = worked_out.took;
        self.made_at = Instant::now();
        self.is_coming = false;
    }
}

impl Asked {
    fn work_out(&self, question: Question, made_of: MadeOf) -> WorkedOut {
        let begin = Instant::now();
        let compared = self.store.model(self.stall.model);
        let compared = compared.map_or(Vec::new(), |model| self.compare(model));
        WorkedOut {
            question,
            made_of,
            compared,
            took: begin.elapsed(),
        }
    }

    fn compare(&self, model: &ModelTrack) -> Vec<Compared> {
        let (store, stall) = (&*self.store, &self.stall);
        let mut predictions = analysis::what_if(store, model, stall, self.change, self.now);
        // The worst come first.
        predictions.truncate(COMPARED);
        let there = self.other.as_ref();
        let there = there.and_then(|(other, now)| Some((&**other, other.models().first()?, *now)));
        match there {
            Some((other, there, now)) => {
                let there = (other, there);
                analysis::compare_with(stall, &predictions, (store, model), there, now)
            }
            None => predictions
                .into_iter()
                .map(|prediction| Compared {
                    prediction,
                    measured: None,
                })
                .collect(),
        }
    }
}
