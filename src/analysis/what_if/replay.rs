//! The loop, once more: what the trace has as its work, through a turn like the reactor's, with what is guilty carried
//! out otherwise.
//!
//! A turn is: the calls from threads that were queued when it began, the timers that were due then, the poll, and what
//! is ready, in the order in which it became so. What follows from a callback moves with it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::part::Part;

/// How many threads do what is carried out in a thread: those of the reactor's pool.
const POOL: usize = 10;

/// All that a loop had to do. Jobs are known by their places, which are those in the order of time. All times are
/// nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    pub(super) streams: Vec<Vec<Chunk>>,
}

/// A callback that lies in no other, as it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) wakes: Wakes,
    pub(super) begin: u64,
    pub(super) end: u64,
    /// What the loop took before it, though it had time.
    pub(super) before: u64,
    /// What it did, one after the other.
    pub(super) parts: Vec<Part>,
}

/// What makes the loop run a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wakes {
    /// It followed from the job before it.
    #[default]
    Follows,
    /// Its data: see the streams.
    Data,
    /// It could have run from this moment on.
    From(Queue, Moment),
}

/// Where in a turn something has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    Calls,
    Timers,
    Descriptors,
}

/// A moment, as it was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: u64,
    /// From which point of which job it follows: it moves with that.
    pub(super) after: Option<(usize, Point)>,
    /// On a grid of this interval a moment does not move, unless it is past.
    pub(super) grid: Option<u64>,
}

/// A point of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Begin,
    End,
}

/// Data that a task read, and by which job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) arrives: Moment,
    /// Nobody reads before this job is over, which made the connection.
    pub(super) gate: Option<usize>,
    pub(super) job: usize,
}

/// How what is guilty is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// As it was.
    #[cfg(test)]
    Unchanged,
    /// By the first thread of a pool that has time.
    Pool,
    /// In pieces of so many nanoseconds, one a turn.
    Slices(u64),
    /// It is waited for, and nobody is busy with it.
    Waits,
}

/// From when on a job could have run, and when it began. In nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) ready: u64,
    pub(super) begin: u64,
}

/// How each job is served; `None` for what did not come to pass, because nothing led to it.
pub(super) fn replay(plan: &Plan, means: Means) -> Vec<Option<Served>> {
    let jobs = plan.jobs.len();
    let mut pieces = vec![0; jobs];
    for chunk in plan.streams.iter().flatten() {
        pieces[chunk.job] += 1;
    }
    let mut replay = Replay {
        plan,
        means,
        now: 0,
        polled: 0,
        queues: Default::default(),
        served: vec![None; jobs],
        done: vec![None; jobs],
        waiters: vec![Vec::new(); jobs],
        read: vec![Read::default(); plan.streams.len()],
        pieces,
        paused: Vec::new(),
        pool: BinaryHeap::from(vec![Reverse(0); POOL]),
        order: jobs,
    };
    for (place, job) in plan.jobs.iter().enumerate() {
        if matches!(job.wakes, Wakes::From(..)) {
            replay.plan_job(place);
        }
    }
    for stream in 0..plan.streams.len() {
        replay.plan_data(stream);
    }
    while replay.turn() {}
    replay.served
}

/// What the loop comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Job(usize),
    Stream(usize),
    /// The rest of something, by its place among what is paused.
    Rest(usize),
}

/// Since when, in which place among those of the same moment, and what.
type Entry = (u64, usize, Item);

/// What the loop is busy with.
#[derive(Clone, Debug, Default)]
struct Running {
    /// What is still to do, the next one last.
    parts: Vec<Part>,
    /// The jobs that are done with it.
    jobs: Vec<usize>,
    /// Which stream is read again after it.
    stream: Option<usize>,
    /// When what it has begun beside what comes next is done.
    beside: u64,
    /// Whether it has let the loop go meanwhile.
    left: bool,
}

/// How far a stream was read.
#[derive(Clone, Copy, Debug, Default)]
struct Read {
    next: usize,
    /// Since when it is read again.
    open: u64,
    /// What came before the last poll: so many.
    heard: usize,
}

struct Replay<'a> {
    plan: &'a Plan,
    means: Means,
    now: u64,
    /// When the poll before returned.
    polled: u64,
    /// As [`Queue`] has them.
    queues: [BTreeSet<Entry>; 3],
    served: Vec<Option<Served>>,
    done: Vec<Option<u64>>,
    /// What follows from a job.
    waiters: Vec<Vec<Item>>,
    read: Vec<Read>,
    /// In how many pieces the data of each job came.
    pieces: Vec<u64>,
    paused: Vec<Running>,
    pool: BinaryHeap<Reverse<u64>>,
    /// The next place in a queue for what has none of its own.
    order: usize,
}

impl Replay<'_> {
    /// One turn; whether there was anything left to do.
    fn turn(&mut self) -> bool {
        for queue in [Queue::Calls, Queue::Timers] {
            self.serve_all(queue);
        }
        let firsts = self.queues.iter().filter_map(|queue| queue.first());
        let Some(earliest) = firsts.map(|(ready, ..)| *ready).min() else {
            return false;
        };
        self.now = self.now.max(earliest);
        self.serve_ready();
        true
    }

    /// What is in a queue now; what comes meanwhile waits a turn.
    fn serve_all(&mut self, queue: Queue) {
        for (ready, _, item) in self.take(queue) {
            self.serve(item, ready);
        }
    }

    /// What the poll brings, in the order in which the system heard of it first since the poll before.
    fn serve_ready(&mut self) {
        let batch = self.take(Queue::Descriptors).into_iter();
        let mut batch: Vec<_> = batch
            .map(|(ready, order, item)| {
                let heard = match item {
                    Item::Stream(stream) => self.heard(stream).unwrap_or(ready).min(ready),
                    _ => ready,
                };
                (heard, order, item, ready)
            })
            .collect();
        batch.sort_unstable();
        self.polled = self.now;
        for (_, _, item, ready) in batch {
            self.serve(item, ready);
        }
    }

    /// When the first data of a stream came since the last poll. It may have been read since with other data: it keeps
    /// its place in the system's list all the same.
    fn heard(&mut self, stream: usize) -> Option<u64> {
        loop {
            let Read { next, open, heard } = self.read[stream];
            let chunk = self.plan.streams[stream][..next].get(heard)?;
            let at = self.resolve(chunk.arrives).ok()?;
            if at > self.polled {
                return Some(at.max(open));
            }
            self.read[stream].heard += 1;
        }
    }

    fn take(&mut self, queue: Queue) -> BTreeSet<Entry> {
        let later = (self.now.saturating_add(1), 0, Item::Job(0));
        let queue = &mut self.queues[queue as usize];
        let later = queue.split_off(&later);
        std::mem::replace(queue, later)
    }

    fn serve(&mut self, item: Item, ready: u64) {
        match item {
            Item::Job(place) => self.start(place, ready),
            Item::Stream(stream) => self.read(stream, ready),
            Item::Rest(place) => {
                let running = std::mem::take(&mut self.paused[place]);
                self.run(running);
            }
        }
    }

    fn start(&mut self, place: usize, ready: u64) {
        self.begin(place);
        self.serves(place, ready);
        self.run(Running {
            parts: self.parts(place),
            jobs: vec![place],
            ..Running::default()
        });
    }

    /// Takes all that has come in of a stream by now, as the job did that read the first of it.
    fn read(&mut self, stream: usize, ready: u64) {
        let first = self.plan.streams[stream][self.read[stream].next].job;
        self.begin(first);
        let mut jobs: Vec<usize> = Vec::new();
        let mut taken = 0;
        while let Some(chunk) = self.plan.streams[stream].get(self.read[stream].next)
            && let Ok(at) = self.resolve(chunk.arrives)
            && at <= self.now
            && (jobs.is_empty() || chunk.gate.is_none_or(|gate| self.done[gate].is_some()))
        {
            self.read[stream].next += 1;
            taken += u64::from(chunk.job == first);
            if jobs.last() != Some(&chunk.job) {
                jobs.push(chunk.job);
            }
        }
        for &job in &jobs {
            if self.served[job].is_none() {
                self.serves(job, ready);
            }
        }
        // What is read in more pieces than it was is over with the last of them.
        let next = self.plan.streams[stream].get(self.read[stream].next);
        if let Some(next) = next {
            jobs.retain(|job| *job != next.job);
        }
        self.run(Running {
            parts: self.parts_of_share(first, taken),
            jobs,
            stream: Some(stream),
            ..Running::default()
        });
    }

    fn begin(&mut self, place: usize) {
        let before = self.plan.jobs[place].before;
        self.now = self.now.saturating_add(before);
    }

    fn serves(&mut self, place: usize, ready: u64) {
        self.served[place] = Some(Served {
            ready,
            begin: self.now,
        });
        self.wake(place);
    }

    fn parts(&self, place: usize) -> Vec<Part> {
        self.plan.jobs[place].parts.iter().rev().copied().collect()
    }

    /// What a job does with so many of the pieces that it read.
    fn parts_of_share(&self, place: usize, taken: u64) -> Vec<Part> {
        let share = |nanos: u64| {
            let share = u128::from(nanos) * u128::from(taken) / u128::from(self.pieces[place]);
            u64::try_from(share).unwrap_or(nanos)
        };
        let parts = self.parts(place).into_iter();
        parts
            .map(|part| match part {
                Part::Handles(nanos) => Part::Handles(share(nanos)),
                part => part,
            })
            .collect()
    }

    /// Runs something, and what follows right after it, until that lets the loop go.
    fn run(&mut self, running: Running) {
        let mut next = Some(running);
        while let Some(mut running) = next.take() {
            while let Some(part) = running.parts.pop() {
                let (queue, done) = match (part.guilty(), self.means) {
                    (Some(nanos), Means::Pool) => (Queue::Calls, self.in_pool(nanos)),
                    (Some(nanos), Means::Waits) => (Queue::Timers, self.now.saturating_add(nanos)),
                    (Some(nanos), Means::Slices(slice)) if nanos > slice => {
                        self.now = self.now.saturating_add(slice);
                        running.parts.push(Part::Guilty(nanos - slice));
                        return self.pause(running, Queue::Timers, self.now);
                    }
                    _ => {
                        self.now = self.now.saturating_add(part.nanos());
                        continue;
                    }
                };
                running.beside = running.beside.max(done);
                if !matches!(part, Part::Beside(_)) {
                    let all_done = std::mem::take(&mut running.beside);
                    return self.pause(running, queue, all_done);
                }
            }
            next = self.over(running);
        }
    }

    /// Hands work of this length to the first thread that has time, and returns when it is done.
    fn in_pool(&mut self, nanos: u64) -> u64 {
        let free = self.pool.pop().map_or(0, |Reverse(free)| free);
        let done = self.now.max(free).saturating_add(nanos);
        self.pool.push(Reverse(done));
        done
    }

    /// Lets the loop go until then.
    fn pause(&mut self, mut running: Running, queue: Queue, until: u64) {
        running.left = true;
        self.paused.push(running);
        let rest = Item::Rest(self.paused.len() - 1);
        self.queue(queue, until, self.order, rest);
    }

    /// Something is over; what runs right after it.
    fn over(&mut self, running: Running) -> Option<Running> {
        let mut follows = Running::default();
        for &place in &running.jobs {
            if self.done[place].replace(self.now).is_some() {
                continue;
            }
            self.wake(place);
            let next = place + 1;
            let next_job = self.plan.jobs.get(next);
            if let Some(job) = next_job.filter(|job| job.wakes == Wakes::Follows) {
                self.begin(next);
                self.serves(next, self.now);
                // Of several in a row the last one's part comes last.
                follows.parts.splice(0..0, job.parts.iter().rev().copied());
                follows.jobs.push(next);
            }
        }
        if let Some(stream) = running.stream {
            if running.left {
                self.read[stream].open = self.now;
            }
            self.plan_data(stream);
        }
        (!follows.jobs.is_empty()).then_some(follows)
    }

    /// A job began or is over: what waits for that may have its moment now.
    fn wake(&mut self, place: usize) {
        for item in std::mem::take(&mut self.waiters[place]) {
            match item {
                Item::Job(waiter) => self.plan_job(waiter),
                Item::Stream(stream) => self.plan_data(stream),
                Item::Rest(_) => {}
            }
        }
    }

    fn plan_job(&mut self, place: usize) {
        let Wakes::From(queue, moment) = self.plan.jobs[place].wakes else {
            return;
        };
        match self.resolve(moment) {
            Ok(at) => self.queue(queue, at, place, Item::Job(place)),
            Err(after) => self.waiters[after].push(Item::Job(place)),
        }
    }

    /// The next data of a stream is to be read.
    fn plan_data(&mut self, stream: usize) {
        let Read { next, open, .. } = self.read[stream];
        let Some(chunk) = self.plan.streams[stream].get(next) else {
            return;
        };
        let gate = match chunk.gate {
            Some(gate) => self.done[gate].ok_or(gate),
            None => Ok(0),
        };
        match gate.and_then(|gate| Ok(gate.max(self.resolve(chunk.arrives)?))) {
            Ok(at) => {
                let item = Item::Stream(stream);
                self.queue(Queue::Descriptors, at.max(open), chunk.job, item);
            }
            Err(after) => self.waiters[after].push(Item::Stream(stream)),
        }
    }

    fn queue(&mut self, queue: Queue, at: u64, order: usize, item: Item) {
        self.order += 1;
        self.queues[queue as usize].insert((at, order, item));
    }

    /// When a moment is now, or the job that it waits for.
    fn resolve(&self, moment: Moment) -> Result<u64, usize> {
        let Some((place, point)) = moment.after else {
            return Ok(moment.at);
        };
        let job = &self.plan.jobs[place];
        let (was, is) = match point {
            Point::Begin => (job.begin, self.served[place].map(|served| served.begin)),
            Point::End => (job.end, self.done[place]),
        };
        let is = is.ok_or(place)?;
        Ok(match moment.grid {
            None => moment.at.saturating_add(is).saturating_sub(was),
            Some(interval) => {
                let missed = is.saturating_sub(moment.at).div_ceil(interval.max(1));
                moment.at + missed * interval
            }
        })
    }
}

#[cfg(test)]
mod tests;
