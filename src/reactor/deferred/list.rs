//! Waiting for several.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Cancelled, Canceller, Context, Deferred, Firing, Step};
use crate::reactor::Failure;

/// The failure of [`gather_results`].
///
/// ```
/// use loopscope::reactor::{Deferred, FirstFailure, gather_results};
///
/// let all = gather_results(&mut (), [Deferred::<_, ()>::ready(1), Deferred::failed("no luck")]);
/// let failure = all.result().expect("it has failed").expect_err("one of them did");
/// let first = failure.downcast_ref::<FirstFailure>().expect("that is what it fails with");
/// assert_eq!((first.index, first.failure.to_string().as_str()), (1, "no luck"));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the deferred at place {index} failed: {failure}")]
pub struct FirstFailure {
    /// Whose failure it is, counting from 0.
    pub index: usize,
    /// What it failed with.
    pub failure: Failure,
}

/// The results of all of them, in their order, once the last one is there. None of the failures makes it fail;
/// all of them count as handled. Cancelling it cancels those that have no result yet.
///
/// ```
/// use loopscope::reactor::{Deferred, gather};
///
/// let (firing, late) = Deferred::<u32, ()>::pair();
/// let both = gather(&mut (), [Deferred::failed("no luck"), late]);
/// firing.fire(&mut (), 2).expect("it did not fire before");
/// let results = both.result().expect("all are there").expect("it does not fail");
/// assert!(results[0].is_err());
/// assert!(matches!(results[1], Ok(2)));
/// ```
pub fn gather<T: 'static, C: Context>(
    context: &mut C,
    deferreds: impl IntoIterator<Item = Deferred<T, C>>,
) -> Deferred<Vec<Result<T, Failure>>, C> {
    collect(context, deferreds, |_, result| Ok(result))
}

/// The values of all of them, in their order, once the last one is there; or the first failure, at once, as a
/// [`FirstFailure`]. The others go on then, and a failure among them is not handled. Cancelling it cancels those that
/// have no result yet.
///
/// ```
/// use loopscope::reactor::{Deferred, gather_results};
///
/// let sum = gather_results(&mut (), [1, 2, 3].map(Deferred::ready))
///     .then(&mut (), |_, numbers| Ok(numbers.iter().sum::<i32>()));
/// assert_eq!(sum.result().expect("all are there").expect("none failed"), 6);
/// ```
pub fn gather_results<T: 'static, C: Context>(
    context: &mut C,
    deferreds: impl IntoIterator<Item = Deferred<T, C>>,
) -> Deferred<Vec<T>, C> {
    collect(context, deferreds, |index, result| {
        result.map_err(|failure| FirstFailure { index, failure })
    })
}

/// What is there of the results.
struct Collected<U> {
    items: Vec<Option<U>>,
    missing: usize,
}

/// Collects what `item` makes of each result, up to the first failure.
fn collect<T: 'static, U: 'static, C: Context>(
    context: &mut C,
    deferreds: impl IntoIterator<Item = Deferred<T, C>>,
    item: fn(usize, Result<T, Failure>) -> Result<U, FirstFailure>,
) -> Deferred<Vec<U>, C> {
    let deferreds: Vec<_> = deferreds.into_iter().collect();
    let (firing, all) = Deferred::pair();
    if deferreds.is_empty() {
        return Deferred::ready(Vec::new());
    }
    let collected = Rc::new(RefCell::new(Collected {
        items: deferreds.iter().map(|_| None).collect(),
        missing: deferreds.len(),
    }));
    let cancellers: Vec<Canceller<C>> = deferreds.iter().map(Deferred::canceller).collect();
    firing.on_cancel(move |context, _| {
        for canceller in cancellers {
            canceller.cancel(context);
        }
    });
    for (index, deferred) in deferreds.into_iter().enumerate() {
        let (firing, collected) = (firing.clone(), Rc::clone(&collected));
        // What is left in the end of the chain is a failure that comes too late to be anybody's.
        drop(deferred.link(context, move |context, result| {
            if firing.has_fired() {
                return match result {
                    // It was cancelled with the others.
                    Err(failure) if failure.is::<Cancelled>() => Ok(Step::Value(())),
                    result => result.map(|_| Step::Value(())),
                };
            }
            match item(index, result) {
                Ok(item) => add(context, &firing, &collected, index, item),
                Err(failure) => {
                    // It has not: that was asked above.
                    let _ = firing.fail(context, failure);
                }
            }
            Ok(Step::Value(()))
        }));
    }
    all
}

fn add<U: 'static, C: Context>(
    context: &mut C,
    firing: &Firing<Vec<U>, C>,
    collected: &RefCell<Collected<U>>,
    index: usize,
    item: U,
) {
    let mut state = collected.borrow_mut();
    state.items[index] = Some(item);
    state.missing -= 1;
    if state.missing > 0 {
        return;
    }
    let items = std::mem::take(&mut state.items);
    drop(state);
    // It has not: whoever adds has asked.
    let _ = firing.fire(context, items.into_iter().flatten().collect());
}
