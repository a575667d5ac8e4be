//! Back-pressure: when more waits to be sent than is good, and who is told so.

use std::cell::RefCell;
use std::rc::Rc;

use super::{AlreadyProducing, Producer, Transport, count};
use crate::reactor::{Failure, Label, Reactor, Reason};
use crate::trace::{Cause, EventKind};

/// Above this many waiting bytes a producer is to pause, unless a program says otherwise.
const HIGH_WATER: usize = 64 * 1024;

/// The low-water mark is this part of the high one.
const LOW_WATER_PART: usize = 4;

/// How much waits to be sent, in relation to what is good.
#[repr(C)]
pub(super) struct Pressure {
    pub(super) high_water: usize,
    /// More than the high-water mark waits, or did, and not yet so little as the low-water mark.
    is_high: bool,
    /// What the producer was told last.
    told_to_pause: bool,
    producer: Option<Rc<RefCell<dyn Producer>>>,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            high_water: HIGH_WATER,
            is_high: false,
            producer: None,
            told_to_pause: false,
        }
    }
}

impl Pressure {
    /// Little waits, and whoever produces knows that.
    pub(super) const fn is_at_rest(&self) -> bool {
        !self.is_high && !self.told_to_pause
    }

    pub(super) const fn has_producer(&self) -> bool {
        self.producer.is_some()
    }

    /// The connection is over.
    pub(super) fn end(&mut self) -> Option<Rc<RefCell<dyn Producer>>> {
        self.producer.take()
    }
}

impl Transport {
    /// Lets `producer` be told when to pause and when to go on. It is told to pause at once if too much waits
    /// already, and to stop at once if the connection is lost. [`Transport::lose_connection`] waits until it
    /// is unregistered.
    ///
    /// # Errors
    /// When another one is registered.
    pub fn register_producer(
        &self,
        reactor: &mut Reactor,
        mut producer: impl Producer + 'static,
    ) -> Result<(), AlreadyProducing> {
        let mut state = self.shared.state.borrow_mut();
        if state.pressure.has_producer() {
            return Err(AlreadyProducing);
        }
        if state.lost {
            drop(state);
            // Its failure is recorded, and there is nothing left to lose.
            let _ = self.call_producer(reactor, "stop_producing", |reactor| {
                producer.stop_producing(reactor)
            });
            return Ok(());
        }
        state.pressure.producer = Some(Rc::new(RefCell::new(producer)));
        state.pressure.told_to_pause = false;
        drop(state);
        self.tell_producer(reactor);
        Ok(())
    }

    /// The producer has nothing more to write.
    pub fn unregister_producer(&self, reactor: &mut Reactor) {
        let producer = self.shared.state.borrow_mut().pressure.producer.take();
        drop(producer);
        self.close_if_due(reactor);
    }

    /// How many bytes wait to be sent.
    pub fn buffered(&self) -> usize {
        self.shared.state.borrow().out.len()
    }

    /// Whether more waits to be sent than is good: whoever can should pause.
    pub fn is_under_pressure(&self) -> bool {
        self.shared.state.borrow().pressure.is_high
    }

    /// Sets the high-water mark, in bytes (64 KiB unless set). The low-water mark is a quarter of it.
    pub fn set_high_water(&self, reactor: &mut Reactor, bytes: usize) {
        self.shared.state.borrow_mut().pressure.high_water = bytes;
        self.check_pressure(reactor);
    }

    /// Looks at how much waits, and tells the producer.
    pub(super) fn check_pressure(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        let waiting = state.out.len();
        let buffered = count(waiting);
        let pressure = &mut state.pressure;
        let low_water = pressure.high_water / LOW_WATER_PART;
        if !pressure.is_high && waiting > pressure.high_water {
            pressure.is_high = true;
            self.record(reactor, |connection, task| EventKind::BackPressureBegin {
                connection,
                task,
                buffered,
            });
        } else if pressure.is_high && waiting <= low_water {
            pressure.is_high = false;
            self.record(reactor, |connection, task| EventKind::BackPressureEnd {
                connection,
                task,
                buffered,
            });
        }
        drop(state);
        self.tell_producer(reactor);
    }

    /// Tells the producer to pause or to go on, until it was told what is true.
    fn tell_producer(&self, reactor: &mut Reactor) {
        loop {
            let (producer, is_high) = {
                let mut state = self.shared.state.borrow_mut();
                let pressure = &mut state.pressure;
                let Some(producer) = &pressure.producer else {
                    return;
                };
                let producer = Rc::clone(producer);
                // One that is being told at this moment is told the rest by the loop that does so.
                if pressure.told_to_pause == pressure.is_high || producer.try_borrow_mut().is_err()
                {
                    return;
                }
                pressure.told_to_pause = pressure.is_high;
                (producer, pressure.is_high)
            };
            let name = if is_high {
                "pause_producing"
            } else {
                "resume_producing"
            };
            let told = self.call_producer(reactor, name, |reactor| {
                let mut producer = producer.borrow_mut();
                if is_high {
                    producer.pause_producing(reactor)
                } else {
                    producer.resume_producing(reactor)
                }
            });
            if let Err(failure) = told {
                self.shared.state.borrow_mut().pressure.end();
                self.break_off(reactor, Reason::Failed(failure));
                return;
            }
        }
    }

    pub(super) fn call_producer(
        &self,
        reactor: &mut Reactor,
        name: &'static str,
        code: impl FnOnce(&mut Reactor) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let label = Label::new(name, self.shared.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        reactor.dispatch(callback, code)
    }
}
