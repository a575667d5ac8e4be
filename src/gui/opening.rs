//! A trace that is being opened: read on a thread, taken in frame by frame. What there is of it can be looked at
//! meanwhile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::app::App;
use super::document::Document;
use super::messages::Severity;
use super::panel::files::Purpose;
use crate::format::{Mark, ReadError, Reader, TraceInfo};
use crate::gui::texts::say;
use crate::trace::{Batch, Phrase};

/// How long a frame may spend on taking in, at least. What is left waits for the next one.
const BUDGET: Duration = Duration::from_millis(8);
/// And at most: what a person does meanwhile is to be answered.
const MOST: Duration = Duration::from_millis(40);
/// How many events are handed over together, at least.
const TOGETHER: usize = 4096;
/// How long to wait where all is read that was recorded so far.
const PAUSE: Duration = Duration::from_millis(50);
/// How many of those may wait to be taken in: more would only fill the memory.
const AHEAD: usize = 16;

/// A trace that is being opened. Dropping it ends that.
pub struct Opening {
    /// The file.
    pub path: PathBuf,
    /// The id of its document, once its first events are here.
    pub document: Option<u32>,
    /// The id of the trace that it is to be compared with.
    beside: Option<u32>,
    info: TraceInfo,
    parts: Receiver<Part>,
    /// When something was taken in last.
    taken_at: Instant,
    /// How many bytes the file has.
    size: u64,
    /// How many of them were read.
    read: Arc<AtomicU64>,
    /// Whether all was read that there is, and somebody records on.
    is_growing: Arc<AtomicBool>,
}

/// What the reading thread tells.
enum Part {
    Begin(TraceInfo),
    Batches(Vec<Batch>),
    /// There is no more: what was marked, and what is missing.
    End(Vec<Mark>, Option<Phrase>),
    Failed(Phrase),
}

impl Opening {
    /// Begins to read. `ctx` is asked for a repaint when there is something to take in.
    ///
    /// # Errors
    /// When the system has no thread to give.
    fn start(path: PathBuf, ctx: &egui::Context) -> io::Result<Self> {
        let (sender, parts) = sync_channel(AHEAD);
        let read = Arc::new(AtomicU64::new(0));
        let is_growing = Arc::new(AtomicBool::new(false));
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let work = Reading {
            read: Arc::clone(&read),
            is_growing: Arc::clone(&is_growing),
            sender,
            ctx: ctx.clone(),
        };
        let from = path.clone();
        thread::Builder::new()
            .name("loopscope-open".to_owned())
            .spawn(move || work.run(&from))?;
        Ok(Self {
            path,
            document: None,
            beside: None,
            info: TraceInfo::default(),
            parts,
            taken_at: Instant::now(),
            size,
            read,
            is_growing,
        })
    }

    /// How much of the file was read, from 0 to 1.
    pub fn share(&self) -> f32 {
        let read = self.read.load(Ordering::Relaxed);
        (read as f64 / self.size.max(1) as f64).clamp(0.0, 1.0) as f32
    }

    /// Whether it is a recording that goes on, and all of it that there is was read.
    pub fn is_growing(&self) -> bool {
        self.is_growing.load(Ordering::Relaxed)
    }

    /// What it is opened for.
    const fn purpose(&self) -> Purpose {
        match self.beside {
            Some(_) => Purpose::Compare,
            None => Purpose::OpenTrace,
        }
    }
}

/// The work of the reading thread.
struct Reading {
    read: Arc<AtomicU64>,
    is_growing: Arc<AtomicBool>,
    sender: SyncSender<Part>,
    ctx: egui::Context,
}

impl Reading {
    fn run(&self, path: &Path) {
        let last = match self.read(path) {
            Ok((marks, missing)) => Part::End(marks, missing),
            Err(error) => Part::Failed(error.phrase()),
        };
        self.send(last);
    }

    /// Reads to the end, or until nobody wants it any more; what is still being recorded, as it comes.
    fn read(&self, path: &Path) -> Result<(Vec<Mark>, Option<Phrase>), ReadError> {
        let mut reader = Reader::open(path)?;
        let mut wanted = self.send(Part::Begin(reader.info().clone()));
        let mut together = Vec::new();
        let mut events = 0;
        loop {
            while wanted && let Some(batch) = reader.next()? {
                events += batch.events.len();
                together.push(batch);
                if events >= TOGETHER {
                    events = 0;
                    self.read.store(reader.bytes(), Ordering::Relaxed);
                    wanted = self.send(Part::Batches(std::mem::take(&mut together)));
                }
            }
            let is_growing = wanted && reader.is_growing();
            let begins_to_grow = self.is_growing.swap(is_growing, Ordering::Relaxed) != is_growing;
            // Of a file with nothing in it there is something to show as well.
            if !is_growing || begins_to_grow || !together.is_empty() {
                events = 0;
                wanted &= self.send(Part::Batches(std::mem::take(&mut together)));
            }
            if is_growing {
                thread::sleep(PAUSE);
            }
            if !wanted || self.is_left() || !reader.resume()? {
                return Ok((reader.take_marks(), reader.missing().cloned()));
            }
        }
    }

    /// Whether nobody waits for more: where nothing comes, sending it does not tell.
    fn is_left(&self) -> bool {
        Arc::strong_count(&self.is_growing) == 1
    }

    /// Hands something over; waits while there is no room. Whether anybody wants it.
    fn send(&self, part: Part) -> bool {
        let wanted = self.sender.send(part).is_ok();
        self.ctx.request_repaint();
        wanted
    }
}

impl App {
    /// Begins to open a trace.
    pub(super) fn open(&mut self, path: PathBuf) {
        self.open_beside(path, None);
    }

    /// Begins to open a trace, which is then compared with the one with this id, if there is one.
    pub(super) fn open_beside(&mut self, path: PathBuf, beside: Option<u32>) {
        match Opening::start(path, &self.ctx) {
            Ok(opening) => {
                let opening = Opening { beside, ..opening };
                self.set_busy(opening.purpose());
                self.opening.push(opening);
            }
            Err(error) => self.check_job(Err(error)),
        }
    }

    /// Gives up the traces that are being opened, with what is here of them. Of one that is still being recorded that is
    /// all there is, and it stays.
    pub(super) fn cancel_opening(&mut self) {
        for opening in self.opening.drain(..) {
            if let Some(document) = opening.document
                && !opening.is_growing()
            {
                self.documents.remove(document);
            }
        }
    }

    /// Takes in what was read since the last frame, within the budget of a frame.
    pub(super) fn take_in(&mut self) {
        let begun = Instant::now();
        let mut opening = std::mem::take(&mut self.opening);
        opening.retain_mut(|one| {
            let goes_on = self.take_in_from(one, begun);
            if let Some(document) = one.document.and_then(|id| self.documents.by_id_mut(id)) {
                document.advance(document.store.range().end);
            }
            goes_on
        });
        self.opening = opening;
    }

    /// Whether there is more to come.
    fn take_in_from(&mut self, opening: &mut Opening, begun: Instant) -> bool {
        // A window that paints slowly is not to open slowly for that.
        let budget = ((begun - opening.taken_at) / 3).clamp(BUDGET, MOST);
        opening.taken_at = begun;
        if let Some(id) = opening.document
            && self.documents.by_id_mut(id).is_none()
        {
            // The person has closed it.
            return false;
        }
        loop {
            let document = opening.document.and_then(|id| self.documents.by_id(id));
            if document.is_some_and(Document::is_lent) {
                return true;
            }
            let part = match opening.parts.try_recv() {
                Ok(part) => part,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            };
            match part {
                Part::Begin(info) => opening.info = info,
                Part::Batches(batches) => {
                    let id = match opening.document {
                        Some(id) => id,
                        None => self.begin_to_show(opening),
                    };
                    if let Some(document) = self.documents.by_id_mut(id) {
                        batches.iter().for_each(|batch| document.push(batch));
                    }
                }
                Part::End(marks, missing) => {
                    let document = opening.document.and_then(|id| self.documents.by_id_mut(id));
                    if let Some(document) = document {
                        document.marks.join(marks);
                        document.follow_file();
                    }
                    if let Some(what) = missing {
                        self.messages.say(Severity::Warning, say(&what));
                    }
                    return false;
                }
                Part::Failed(error) => {
                    self.fail(opening.purpose(), say(&error));
                    return false;
                }
            }
            if begun.elapsed() >= budget {
                self.ctx.request_repaint();
                return true;
            }
        }
    }

    /// The file is a trace: from here on there is something to look at.
    fn begin_to_show(&mut self, opening: &mut Opening) -> u32 {
        self.close_dialog(opening.purpose());
        self.remember_folder(&opening.path);
        let document = Document::of_opening(&opening.path, std::mem::take(&mut opening.info));
        let id = self.add(document);
        opening.document = Some(id);
        if let Some(beside) = opening.beside {
            self.documents.show_id(beside);
            self.compare([beside, id]);
        }
        id
    }
}
