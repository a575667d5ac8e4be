//! What the system tells of one of this process's threads: `/proc/self/task/TID`, on Linux.
//!
//! The files are kept open and read again from their beginning, a microsecond a look; where many threads are looked at, they
//! are opened for each look, which takes four. Where they are missing (another system, no permission) nothing is told.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The longest line: nine numbers of 64 bits in hexadecimal, with blanks between them.
const LINE_BYTES: usize = 256;

/// How the time of a thread was spent so far. In nanoseconds where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) on_cpu: u64,
    pub(super) waiting_for_core: u64,
    /// How often it was given a core.
    pub(super) turns: u64,
}

/// What a thread is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Running,
    SystemCall {
        name: Cow<'static, str>,
        fd: Option<i32>,
    },
    /// It waits for something else in the kernel, most likely for a page of memory.
    Elsewhere,
}

/// A thread as the system knows it, while it lives.
#[derive(Clone, Debug)]
pub(super) struct SystemThread(Option<PathBuf>);

impl SystemThread {
    /// The calling one.
    #[cfg(target_os = "linux")]
    pub(super) fn this() -> Self {
        let thread = rustix::thread::gettid();
        Self(Some(format!("/proc/self/task/{thread}").into()))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn this() -> Self {
        Self(None)
    }

    fn file(&self, name: &str, is_kept: bool) -> ThreadFile {
        ThreadFile {
            path: self.0.as_ref().map(|folder| folder.join(name)),
            is_kept,
            kept: OnceCell::new(),
        }
    }
}

/// The files of one thread.
#[derive(Debug)]
pub(super) struct ThreadFiles {
    syscall: ThreadFile,
    schedstat: ThreadFile,
}

impl ThreadFiles {
    /// Each is opened when it is wanted first, and kept open if they are to be.
    pub(super) fn of(thread: &SystemThread, are_kept: bool) -> Self {
        Self {
            syscall: thread.file("syscall", are_kept),
            schedstat: thread.file("schedstat", are_kept),
        }
    }

    /// Whether they are kept open.
    pub(super) const fn are_kept(&self) -> bool {
        self.syscall.is_kept
    }

    /// `None` where the system does not say.
    pub(super) fn activity(&self) -> Option<Activity> {
        self.syscall.read(parse_activity)
    }

    /// How its time was spent. Of a thread that is on a core just now, as of the last tick of that core.
    pub(super) fn times(&self) -> Option<Times> {
        self.schedstat.read(parse_times)
    }
}

#[derive(Debug)]
struct ThreadFile {
    path: Option<PathBuf>,
    is_kept: bool,
    kept: OnceCell<File>,
}

impl ThreadFile {
    fn read<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if let Some(file) = self.kept.get() {
            return read(file, parse);
        }
        let file = File::open(self.path.as_ref()?).ok()?;
        let told = read(&file, parse);
        if self.is_kept {
            self.kept.get_or_init(|| file);
        }
        told
    }
}

fn read<T>(file: &File, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let mut line = [0; LINE_BYTES];
    let bytes = file.read_at(&mut line, 0).ok()?;
    parse(str::from_utf8(&line[..bytes]).ok()?)
}

/// `running`, or the number of a system call and its arguments, or `-1` where it is none: proc_pid_syscall(5).
fn parse_activity(line: &str) -> Option<Activity> {
    let mut words = line.split_ascii_whitespace();
    let name = match words.next()? {
        "running" => return Some(Activity::Running),
        "-1" => return Some(Activity::Elsewhere),
        number => name_of(number.parse().ok()?),
    };
    let argument = words.next().filter(|_| takes_descriptor(&name));
    let fd = argument.and_then(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok());
    Some(Activity::SystemCall {
        name,
        // An `int` in a register: the lower half counts.
        fd: fd.map(|register| register as i32),
    })
}

/// Time on a core, time in which it waited for one, and how often it got one.
fn parse_times(line: &str) -> Option<Times> {
    let mut words = line.split_ascii_whitespace();
    let mut next = || words.next()?.parse().ok();
    Some(Times {
        on_cpu: next()?,
        waiting_for_core: next()?,
        turns: next()?,
    })
}

fn name_of(number: usize) -> Cow<'static, str> {
    match known_name(number) {
        Some(name) => name.into(),
        None => format!("system call {number}").into(),
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn known_name(number: usize) -> Option<&'static str> {
    syscalls::Sysno::new(number).map(|call| call.name())
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
fn known_name(_: usize) -> Option<&'static str> {
    None
}

/// Whether the first argument of a system call is a descriptor, as far as it may block on one.
fn takes_descriptor(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "accept4"
            | "close"
            | "connect"
            | "copy_file_range"
            | "epoll_pwait"
            | "epoll_pwait2"
            | "epoll_wait"
            | "fallocate"
            | "fcntl"
            | "fdatasync"
            | "flock"
            | "fsync"
            | "ftruncate"
            | "getdents64"
            | "io_uring_enter"
            | "ioctl"
            | "pread64"
            | "preadv"
            | "preadv2"
            | "pwrite64"
            | "pwritev"
            | "pwritev2"
            | "read"
            | "readahead"
            | "readv"
            | "recvfrom"
            | "recvmmsg"
            | "recvmsg"
            | "sendfile"
            | "sendmmsg"
            | "sendmsg"
            | "sendto"
            | "splice"
            | "sync_file_range"
            | "syncfs"
            | "tee"
            | "vmsplice"
            | "write"
            | "writev"
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    fn call(name: &'static str, fd: Option<i32>) -> Option<Activity> {
        let name = name.into();
        Some(Activity::SystemCall { name, fd })
    }

    #[test]
    fn nonsense_tells_nothing() {
        assert_eq!(parse_activity("running\n"), Some(Activity::Running));
        assert_eq!(
            parse_activity("-1 0x7ffe 0x7f00\n"),
            Some(Activity::Elsewhere)
        );
        for line in ["", "\n", "-2 0x7ffe 0x7f00\n", "walking\n"] {
            assert_eq!(parse_activity(line), None, "{line}");
        }
        for line in ["", "12\n", "12 -1 4\n", "much 3 4"] {
            assert_eq!(parse_times(line), None, "{line}");
        }
    }

    #[test]
    fn a_system_call_without_a_name_has_its_number() {
        assert_eq!(parse_activity("99999 0x4 0x5"), call_numbered(99999));
    }

    fn call_numbered(number: usize) -> Option<Activity> {
        let name = format!("system call {number}").into();
        Some(Activity::SystemCall { name, fd: None })
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_descriptor_is_told_where_the_call_is_about_one() {
        let parse = parse_activity;
        assert_eq!(parse("45 0x4 0x7f 0x1 0x0"), call("recvfrom", Some(4)));
        assert_eq!(parse("230 0x1 0x0 0x7f"), call("clock_nanosleep", None));
        assert_eq!(parse("0"), call("read", None));
        assert_eq!(parse("0 four"), call("read", None));
    }

    #[test]
    fn a_thread_that_reads_is_seen_reading_from_its_descriptor() {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let fd = near.as_raw_fd();
        let (tell, told) = std::sync::mpsc::channel();
        let reader = thread::spawn(move || {
            tell.send(SystemThread::this()).unwrap();
            near.read_exact(&mut [0]).unwrap();
        });
        let files = ThreadFiles::of(&told.recv().unwrap(), true);
        // It is on its way there.
        while !matches!(files.activity(), Some(Activity::SystemCall { fd: Some(of), .. }) if of == fd)
        {
            thread::yield_now();
        }
        let before = files.times().unwrap();
        far.write_all(b"x").unwrap();
        reader.join().unwrap();
        assert!(before.on_cpu > 0);
        // It is gone, a moment after it was joined.
        while files.times().is_some() {
            thread::yield_now();
        }
    }
}
