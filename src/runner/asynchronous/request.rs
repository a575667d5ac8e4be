//! HTTP requests, in the three ways in which a program on a loop can make them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::client::no_connection;
use super::errand::Errand;
use crate::reactor::{self, Agent, Failure, HttpError, Reactor, Response};
use crate::record::Recorder;
use crate::runner::Place;
use crate::runner::error::TaskError;
use crate::runner::request::{MAX_BYTES, request_blocking};
use crate::runner::running::{StepError, all_there};
use crate::scenario::Requests;
use crate::trace::{EventKind, WaitCall};

impl Errand {
    /// Asks a server for its one resource.
    pub(super) fn request(self, server: usize, by: Requests, reactor: &mut Reactor) {
        match by {
            Requests::Blocking => self.request_here(server, reactor),
            Requests::Thread => self.request_in_thread(server, reactor),
            Requests::Asynchronous => self.request_by_loop(server, reactor),
        }
    }

    /// In the callback that runs: everybody waits.
    fn request_here(self, server: usize, reactor: &mut Reactor) {
        let recorder = reactor.recorder();
        let endpoint = &self.run.endpoints[server];
        let name = recorder.name(&format!("GET {}", endpoint.place));
        let task = Some(self.task());
        recorder.record(EventKind::BlockingBegin { name, task });
        // So that a person sees it grow.
        recorder.flush();
        let answer = request_blocking(endpoint, &self.run.end);
        recorder.record(EventKind::BlockingEnd);
        self.answered(
            answer.received,
            answer.body.map_err(StepError::from),
            reactor,
        );
    }

    /// In a thread of the pool: it waits, and the loop goes on.
    fn request_in_thread(self, server: usize, reactor: &mut Reactor) {
        let task = self.task();
        let endpoint = self.run.endpoints[server].clone();
        let stop = self.run.end.clone();
        // Told beside the result: what was read of a response that is not whole was read all the same.
        let received = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&received);
        let code = move |recorder: &mut Recorder| {
            let call = WaitCall::Read;
            recorder.record(EventKind::WaitBegin { task, call });
            recorder.flush();
            let answer = request_blocking(&endpoint, &stop);
            recorder.record(EventKind::WaitEnd { task });
            count.store(answer.received, Ordering::Release);
            match answer.body {
                // An error after a stop means nothing.
                Err(_) if stop.is_stopped() => Ok(Vec::new()),
                body => Ok(body?),
            }
        };
        let body = reactor.defer_to_thread(self.label("request"), code);
        body.when_done(reactor, move |reactor, body| {
            let received = received.load(Ordering::Acquire);
            self.answered(received, body.map_err(of_thread), reactor);
        });
    }

    /// By the loop, which calls back.
    fn request_by_loop(self, server: usize, reactor: &mut Reactor) {
        let endpoint = &self.run.endpoints[server];
        let Place::Tcp(address) = endpoint.place else {
            let error = std::io::ErrorKind::Unsupported.into();
            let error = TaskError::connecting(&endpoint.place, error);
            return self.step_over(Err(error.into()), reactor);
        };
        let agent = Agent::new(Some(self.task())).with_max_bytes(MAX_BYTES);
        let errand = self.clone();
        let asked = agent.get(reactor, address, "/", &[], move |reactor, response| {
            errand.responded(server, response, reactor);
            Ok(())
        });
        if let Err(bad) = asked {
            let error = TaskError::connecting(&endpoint.place, std::io::Error::other(bad));
            self.step_over(Err(error.into()), reactor);
        }
    }

    fn responded(
        self,
        server: usize,
        response: Result<Response, HttpError>,
        reactor: &mut Reactor,
    ) {
        let endpoint = &self.run.endpoints[server];
        let response = response.map_err(|error| match error {
            HttpError::Connect(error) => no_connection(&endpoint.place, error),
            error => TaskError::Request(endpoint.place.clone(), error),
        });
        let result = response.and_then(|response| {
            if let Some(mut running) = self.running() {
                running.keep(&response.body);
            }
            all_there(response.body.len(), endpoint.expected)
        });
        self.step_over(result.map_err(StepError::from), reactor);
    }

    /// So many bytes came, all at once: the loop has not read them.
    fn answered(self, received: usize, body: Result<Vec<u8>, StepError>, reactor: &mut Reactor) {
        let now = reactor.recorder().ticks();
        if let Some(running) = self.running() {
            running.record_arrived(received, now, reactor.recorder());
        }
        let result = body.map(|body| {
            if let Some(mut running) = self.running() {
                running.keep(&body);
            }
        });
        self.step_over(result, reactor);
    }
}

/// Why a thread brought nothing: there was none, or its work failed, which is recorded.
fn of_thread(failure: Failure) -> StepError {
    match failure.downcast::<reactor::Error>() {
        Ok(error) => match *error {
            reactor::Error::NoThread(error) => TaskError::Thread(error).into(),
            _ => TaskError::LoopEnded.into(),
        },
        Err(failure) => StepError::Crashed(failure),
    }
}
