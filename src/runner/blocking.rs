//! Callbacks that block, on purpose: the switch, and what they do.

use std::hint::black_box;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::time::{ClockId, clock_gettime};

use super::BUFFER_BYTES;
use super::running::{Running, record_read};
use super::stop::StopToken;
use crate::record::Recorder;
use crate::scenario::{Blocking, BlockingKind, Work};
use crate::trace::{EventKind, Phrase, TaskId, TimedCall};

/// For how long nobody can be woken to be stopped, at most.
const SLICE: Duration = Duration::from_millis(100);

/// Makes callbacks block. Clones are the same switch; any thread may set it at any time, and it is effective
/// from the next callback on.
#[derive(Clone, Debug, Default)]
pub struct BlockingSwitch(Arc<Mutex<Option<Blocking>>>);

impl BlockingSwitch {
    /// A switch that is set to `blocking`; `None` is off.
    pub fn new(blocking: Option<Blocking>) -> Self {
        Self(Arc::new(Mutex::new(blocking)))
    }

    /// Sets it; `None` is off.
    pub fn set(&self, blocking: Option<Blocking>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = blocking;
    }

    /// How the callbacks of `task` are to block now.
    pub(super) fn for_task(&self, task: TaskId) -> Option<Blocking> {
        let blocking = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocking.filter(|blocking| blocking.task.is_none_or(|chosen| chosen == task))
    }

    /// Blocks in a callback of `task`, if it is set to. There is no socket that could be read to its end.
    pub(super) fn block_callback(&self, task: TaskId, recorder: &mut Recorder, stop: &StopToken) {
        if let Some(blocking) = self.for_task(task) {
            block_without_socket(&blocking, task, recorder, stop);
        }
    }
}

/// Blocks as `blocking` says, in a callback of `running`, and returns whether the data came to its end
/// meanwhile. It is handed over before it has begun to block, so that a person sees it grow.
pub(super) fn block<S>(
    blocking: &Blocking,
    stream: &Arc<S>,
    running: &mut Running,
    buffer: &mut [u8],
    recorder: &mut Recorder,
    stop: &StopToken,
) -> io::Result<bool>
where
    S: AsFd + Send + Sync + 'static,
    for<'a> &'a S: Read,
{
    if blocking.kind != BlockingKind::Read {
        block_without_socket(blocking, running.task(), recorder, stop);
        return Ok(false);
    }
    read_blocking(stream, running, buffer, recorder, stop)
}

/// Reads until the other side closes, however long that takes. Whether it did.
pub(super) fn read_blocking<S>(
    stream: &Arc<S>,
    running: &mut Running,
    buffer: &mut [u8],
    recorder: &mut Recorder,
    stop: &StopToken,
) -> io::Result<bool>
where
    S: AsFd + Send + Sync + 'static,
    for<'a> &'a S: Read,
{
    let task = running.task();
    read_to_end(stream, task, buffer, recorder, stop, |data| {
        running.keep(data);
    })
}

/// The same for a thread that has nothing but the stream: returns what it read until then.
pub(super) fn read_all<S>(
    stream: &Arc<S>,
    task: TaskId,
    recorder: &mut Recorder,
    stop: &StopToken,
) -> io::Result<Vec<u8>>
where
    S: AsFd + Send + Sync + 'static,
    for<'a> &'a S: Read,
{
    let mut all = Vec::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let keep = |data: &[u8]| all.extend_from_slice(data);
    read_to_end(stream, task, &mut buffer, recorder, stop, keep)?;
    Ok(all)
}

/// Blocks as `blocking` says, unless that is to read.
pub(super) fn block_without_socket(
    blocking: &Blocking,
    task: TaskId,
    recorder: &mut Recorder,
    stop: &StopToken,
) {
    let duration = blocking.duration;
    match blocking.kind {
        BlockingKind::Sleep => {
            begin(&TimedCall::Sleep.name(duration), task, recorder);
            sleep(duration, stop);
        }
        BlockingKind::Cpu | BlockingKind::Many => {
            begin(&TimedCall::Compute.name(duration), task, recorder);
            compute(duration, wall_clock(), stop);
        }
        BlockingKind::Read => return,
        BlockingKind::Lock => {
            begin(&TimedCall::Lock.name(duration), task, recorder);
            wait_for_lock(duration, stop);
        }
        BlockingKind::Fsync => {
            begin(&TimedCall::Fsync.name(duration), task, recorder);
            if let Err(error) = sync_file(duration, stop) {
                let message =
                    Phrase::new("cannot write to a temporary file: {error}").with("error", error);
                let message = recorder.message(&message.to_string());
                let task = Some(task);
                recorder.record(EventKind::Failure { task, message });
            }
        }
    }
    recorder.record(EventKind::BlockingEnd);
}

/// Does the work of a callback of `task`. A stop ends it early.
pub(super) fn perform(work: Work, task: TaskId, recorder: &mut Recorder, stop: &StopToken) {
    match work {
        Work::Nothing => return,
        Work::Block(duration) => {
            begin(&TimedCall::Sleep.name(duration), task, recorder);
            sleep(duration, stop);
        }
        Work::Compute(duration) => {
            begin(&TimedCall::Compute.name(duration), task, recorder);
            compute(duration, thread_clock(), stop);
        }
    }
    recorder.record(EventKind::BlockingEnd);
}

/// What blocks is handed over before it begins to, so that a person sees it grow.
fn begin(what: &str, task: TaskId, recorder: &mut Recorder) {
    let name = recorder.name(what);
    let task = Some(task);
    recorder.record(EventKind::BlockingBegin { name, task });
    recorder.flush();
}

/// Lets so much time pass. A stop ends it early.
pub(super) fn sleep(duration: Duration, stop: &StopToken) {
    let begin = Instant::now();
    while !stop.is_stopped()
        && let Some(left) = duration.checked_sub(begin.elapsed())
        && !left.is_zero()
    {
        thread::sleep(left.min(SLICE));
    }
}

/// Waits for a lock that another thread holds for so long.
fn wait_for_lock(duration: Duration, stop: &StopToken) {
    let lock = Mutex::new(());
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let holder = thread::Builder::new().spawn_scoped(scope, || {
            let _held = lock.lock().unwrap_or_else(PoisonError::into_inner);
            // Who is told waits for it.
            let _ = tell.send(());
            sleep(duration, stop);
        });
        // Where the system gives no thread, nobody holds the lock.
        if holder.is_ok() && told.recv().is_ok() {
            drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
        }
    });
}

/// Writes to a temporary file for so long, and waits for the disk each time. Where its folder lies in memory there is
/// nothing to wait for, and it is the writing that takes the time.
fn sync_file(duration: Duration, stop: &StopToken) -> io::Result<()> {
    static BYTES: [u8; 64 * 1024] = [b'x'; 64 * 1024];
    let file = tempfile::tempfile()?;
    let elapsed = wall_clock();
    while !stop.is_stopped() && elapsed() < duration {
        file.write_all_at(&BYTES, 0)?;
        file.sync_all()?;
    }
    Ok(())
}

/// Tells how much time has passed since it was made.
fn wall_clock() -> impl Fn() -> Duration {
    let begin = Instant::now();
    move || begin.elapsed()
}

/// Tells how much CPU time this thread has used since it was made: an amount of work, however many threads share a core.
fn thread_clock() -> impl Fn() -> Duration {
    let now = || clock_gettime(ClockId::ThreadCPUTime);
    let begin = now();
    move || (now() - begin).try_into().unwrap_or_default()
}

fn compute(duration: Duration, elapsed: impl Fn() -> Duration, stop: &StopToken) {
    let mut state = 1_u64;
    while !stop.is_stopped() && elapsed() < duration {
        for _ in 0..10_000 {
            state = black_box(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1),
            );
        }
    }
}

/// Reads until the other side closes, and gives each piece to `keep`. Whether the other side closed.
fn read_to_end<S>(
    stream: &Arc<S>,
    task: TaskId,
    buffer: &mut [u8],
    recorder: &mut Recorder,
    stop: &StopToken,
    mut keep: impl FnMut(&[u8]),
) -> io::Result<bool>
where
    S: AsFd + Send + Sync + 'static,
    for<'a> &'a S: Read,
{
    let _wake = stop.shut_down(stream);
    let _mode = BlockingMode::set(stream.as_fd())?;
    while !stop.is_stopped() {
        // Each by itself: that all of them together take so long is what nobody sees who looks at one.
        begin("read", task, recorder);
        let read = (&**stream).read(buffer);
        let now = recorder.ticks();
        recorder.record_at(now, EventKind::BlockingEnd);
        match read {
            Ok(bytes) => {
                record_read(task, bytes, now, recorder);
                keep(&buffer[..bytes]);
                if bytes == 0 {
                    return Ok(true);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Makes a socket block until it is dropped, and puts it back as it was.
struct BlockingMode<'a> {
    fd: BorrowedFd<'a>,
    before: OFlags,
}

impl<'a> BlockingMode<'a> {
    fn set(fd: BorrowedFd<'a>) -> io::Result<Self> {
        let before = fcntl_getfl(fd)?;
        fcntl_setfl(fd, before - OFlags::NONBLOCK)?;
        Ok(Self { fd, before })
    }
}

impl Drop for BlockingMode<'_> {
    fn drop(&mut self) {
        // It worked the other way round a moment ago.
        let _ = fcntl_setfl(self.fd, self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_socket_is_put_back_as_it_was() {
        let (socket, _other) = UnixStream::pair().expect("there are sockets");
        for nonblocking in [false, true] {
            socket
                .set_nonblocking(nonblocking)
                .expect("it can be either");
            let flags = || fcntl_getfl(&socket).expect("it has flags");
            let before = flags();
            let mode = BlockingMode::set(socket.as_fd()).expect("it can block");
            assert!(!flags().contains(OFlags::NONBLOCK));
            drop(mode);
            assert_eq!(flags(), before);
        }
    }

    #[test]
    fn the_switch_knows_for_whom_it_is() {
        let task = TaskId::from_index;
        let mut blocking = Blocking {
            kind: BlockingKind::Sleep,
            duration: Duration::ZERO,
            task: Some(task(1)),
        };
        let switch = BlockingSwitch::default();
        assert_eq!(switch.for_task(task(1)), None);
        switch.set(Some(blocking));
        assert_eq!(switch.for_task(task(0)), None);
        assert_eq!(switch.for_task(task(1)), Some(blocking));
        blocking.task = None;
        switch.clone().set(Some(blocking));
        assert_eq!(switch.for_task(task(0)), Some(blocking));
    }
}
