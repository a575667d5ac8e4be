//! The file of a run that goes on.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::TempPath;

use super::native::Writer;
use super::{Mark, Progress, TraceInfo, WriteError, marks, whole};
use crate::record::{Receiver, TryRecvError};
use crate::trace::Batch;

/// How often [`Recording::follow`] looks whether there is something to write.
const PAUSE: Duration = Duration::from_millis(10);

/// A native file that grows while its run goes on. It can be opened meanwhile; after a crash it opens up to what was
/// flushed.
///
/// Once the disk has refused, nothing more is written: [`Self::append`] tells it once and then takes batches
/// without a word, because the run does not depend on it; [`Self::finish`] and [`Self::save_as`] tell it again.
#[derive(Debug)]
pub struct Recording {
    writer: Writer<BufWriter<File>>,
    place: Place,
    finished: bool,
    failed: Option<(io::ErrorKind, String)>,
}

#[derive(Debug)]
enum Place {
    /// Grows at `part` and becomes `target` when it is finished.
    Beside { part: PathBuf, target: PathBuf },
    /// Goes when the recording goes.
    Temporary(TempPath),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Beside { part, .. } => part,
            Self::Temporary(path) => path,
        }
    }
}

impl Recording {
    /// Records into a file that is called `path` with `.part` after it, and becomes `path` when it is finished.
    /// What an earlier run that crashed has left there is kept, and this one is `.2.part` then, and so on:
    /// [`Self::path`] tells. A file that is called `path` already is replaced when this one is finished.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn beside(path: &Path, info: &TraceInfo) -> Result<Self, WriteError> {
        let target = whole::target(path)?;
        let failed = |error| WriteError::io(path, error);
        let (file, part) = create_part(&target).map_err(failed)?;
        // Tells whoever opens it that there is more to come. It goes with this process, whatever ends that. Where the file
        // system has no locks, nobody is told.
        let _ = file.try_lock();
        let mut writer = Writer::new(BufWriter::new(file), info).map_err(failed)?;
        // From now on it can be opened.
        writer.flush().map_err(failed)?;
        Ok(Self::new(writer, Place::Beside { part, target }))
    }

    /// What a file that grows at `part` is called once it is finished; `None` where no recording is called like that.
    pub fn finished_name(part: &Path) -> Option<PathBuf> {
        let name = part.file_name()?.to_str()?.strip_suffix(".part")?;
        let name = match name.rsplit_once('.') {
            Some((name, number)) if number.parse::<u32>().is_ok() => name,
            _ => name,
        };
        Some(part.with_file_name(name))
    }

    /// Records into a temporary file, for a run of which nobody knows yet whether it will be kept.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn temporary(info: &TraceInfo) -> Result<Self, WriteError> {
        let folder = std::env::temp_dir();
        let failed = |error| WriteError::io(&folder, error);
        let (file, path) = tempfile::Builder::new()
            .prefix("loopscope-")
            .suffix(".loopscope.part")
            .tempfile_in(&folder)
            .map_err(failed)?
            .into_parts();
        let writer = Writer::new(BufWriter::new(file), info).map_err(failed)?;
        Ok(Self::new(writer, Place::Temporary(path)))
    }

    const fn new(writer: Writer<BufWriter<File>>, place: Place) -> Self {
        Self {
            writer,
            place,
            finished: false,
            failed: None,
        }
    }

    /// Writes what `receiver` brings until no recorder is left, and finishes the file: for a thread beside the loops
    /// that record.
    ///
    /// ```
    /// use loopscope::clock::Clock;
    /// use loopscope::format::{self, Recording, TraceInfo};
    /// use loopscope::record::channel;
    /// use loopscope::trace::{EventKind, ModelId};
    /// use loopscope::watch::DEFAULT_STALL_THRESHOLD;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let path = folder.join("mine.loopscope");
    /// let file = Recording::beside(&path, &TraceInfo::of_run("mine", "My loop", DEFAULT_STALL_THRESHOLD))?;
    /// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
    /// let writer = std::thread::spawn(|| file.follow(receiver));
    ///
    /// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
    /// recorder.record(EventKind::PollBegin);
    /// // The writer goes on for as long as there may be somebody who records.
    /// drop((recorder, recorders));
    /// writer.join().expect("it does not panic")?;
    /// assert!(format::open(&path)?.truncated.is_none(), "the file is whole");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::append`] and [`Self::finish`], at once. The loops go on all the same, and nobody keeps what they
    /// record from then on.
    pub fn follow(mut self, receiver: Receiver) -> Result<(), WriteError> {
        loop {
            match receiver.try_recv() {
                Ok(batch) => {
                    self.append(&batch)?;
                    receiver.recycle(batch);
                }
                Err(TryRecvError::Empty) => {
                    self.flush()?;
                    thread::sleep(PAUSE);
                }
                Err(TryRecvError::Disconnected) => return self.finish(),
            }
        }
    }

    /// Where the file is now.
    pub fn path(&self) -> &Path {
        match &self.place {
            Place::Beside { target, .. } if self.finished => target,
            place => place.path(),
        }
    }

    /// The file that it becomes, where it is no temporary one.
    pub fn target(&self) -> Option<&Path> {
        match &self.place {
            Place::Beside { target, .. } => Some(target),
            Place::Temporary(_) => None,
        }
    }

    /// Whether it is whole: the run is over, and the file is called what it should be called.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Adds a batch, before it goes back to the recorder. It is in memory until [`Self::flush`].
    ///
    /// # Errors
    /// When the disk refuses, the first time.
    pub fn append(&mut self, batch: &Batch) -> Result<(), WriteError> {
        self.attempt(|writer| writer.write(batch))
    }

    /// Hands what was added to the system, so that it outlives a crash of this program. Once for all the batches
    /// that were fetched together is a good measure.
    ///
    /// # Errors
    /// When the disk refuses, the first time.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.attempt(Writer::flush)
    }

    /// The run is over: the trace is marked as finished, and is called what it should be called. Batches that
    /// come later are not taken.
    ///
    /// # Errors
    /// When the disk refuses, now or before. What was recorded until then stays where [`Self::path`] says.
    pub fn finish(&mut self) -> Result<(), WriteError> {
        if self.finished {
            return Ok(());
        }
        self.complain_again()?;
        self.attempt(|writer| {
            let mark = writer.end_mark()?;
            writer.out_mut().write_all(&mark)?;
            writer.flush()
        })?;
        if let Place::Beside { part, target } = &self.place {
            let file = self.writer.out_mut().get_ref();
            file.sync_all()
                .and_then(|()| fs::rename(part, target))
                .map_err(|error| WriteError::io(target, error))?;
        }
        self.finished = true;
        Ok(())
    }

    /// Writes what there is so far to `path`, as a finished trace, whole or not at all. The run may go on.
    ///
    /// # Errors
    /// When the disk refuses, now or before.
    pub fn save_as(&mut self, path: &Path) -> Result<(), WriteError> {
        self.save_with_marks(path, &[], &Progress::default())
    }

    /// As [`Self::save_as`], with marks; `progress` tells how far it is.
    ///
    /// # Errors
    /// When the disk refuses, now or before, or when it was given up.
    pub fn save_with_marks(
        &mut self,
        path: &Path,
        marks: &[Mark],
        progress: &Progress,
    ) -> Result<(), WriteError> {
        self.complain_again()?;
        self.attempt(Writer::flush)?;
        let from = self.path();
        let unreadable = |source| WriteError::Source {
            path: from.to_owned(),
            source,
        };
        let mark = self.writer.end_mark().map_err(unreadable)?;
        let bytes = self.writer.bytes();
        let so_far = File::open(from).map_err(unreadable)?.take(bytes);
        let mut so_far = progress.reading(so_far, bytes);
        whole::write(path, |out| {
            io::copy(&mut so_far, out)?;
            marks::write(out, marks)?;
            out.write_all(&mark)
        })
    }

    fn attempt(
        &mut self,
        write: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        if self.finished || self.failed.is_some() {
            return Ok(());
        }
        write(&mut self.writer).map_err(|error| {
            self.failed = Some((error.kind(), error.to_string()));
            WriteError::io(self.place.path(), error)
        })
    }

    fn complain_again(&self) -> Result<(), WriteError> {
        match &self.failed {
            None => Ok(()),
            Some((kind, text)) => Err(WriteError::io(
                self.place.path(),
                io::Error::new(*kind, text.clone()),
            )),
        }
    }
}

/// What a recording of `target` is called until it is finished; the `number`th, where the names before are taken.
pub(super) fn part_of(target: &Path, number: u32) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    if number > 1 {
        name.push(format!(".{number}"));
    }
    name.push(".part");
    name.into()
}

/// Makes a new file `TARGET.part`, or `TARGET.2.part` where that is taken, and so on.
fn create_part(target: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 1;
    loop {
        let name = part_of(target, number);
        match File::create_new(&name) {
            Ok(file) => return Ok((file, name)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::record::{MAX_PENDING, channel};
    use crate::trace::{EventKind, ModelId};

    fn on_a_full_disk() -> Recording {
        let device = File::options().write(true).open("/dev/full");
        let out = BufWriter::new(device.expect("linux has it"));
        let writer = Writer::new(out, &TraceInfo::default()).expect("it is buffered");
        let place = Place::Beside {
            part: "full.part".into(),
            target: "full".into(),
        };
        Recording::new(writer, place)
    }

    #[test]
    fn a_full_disk_is_told_once_and_again_when_the_file_is_wanted() {
        let mut recording = on_a_full_disk();
        let error = recording.flush().expect_err("the disk is full").to_string();
        assert!(
            error.contains("full.part") && error.contains("make room"),
            "{error}"
        );
        recording.flush().expect("it was told");
        let error = recording.finish().expect_err("it is not whole").to_string();
        assert!(error.contains("make room"), "{error}");
    }

    #[test]
    fn a_full_disk_ends_the_writing_and_holds_up_nobody_who_records() {
        let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
        recorder.flush();
        // It ends, though somebody records still.
        let written = on_a_full_disk().follow(receiver);
        assert!(written.is_err_and(|error| error.to_string().contains("make room")));
        for _ in 0..2 * MAX_PENDING {
            recorder.record(EventKind::PollBegin);
        }
        recorder.name("not kept");
        recorder.flush();
        assert!(!recorder.has_new_names(), "nobody wants it");
    }
}
