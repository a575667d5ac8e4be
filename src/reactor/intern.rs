//! Names that are known only when the program runs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The texts that were asked for so far.
static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same text, for as long as the process lives. Each text is kept once, and for good: meant for the names of
/// callbacks, of which there are few, and not for what differs from call to call.
///
/// ```
/// use loopscope::reactor::{Label, intern};
///
/// let name = format!("count_{}", "down");
/// assert_eq!(Label::new(intern(&name), None).name, "count_down");
/// ```
pub fn intern(text: &str) -> &'static str {
    // Somebody who panicked here left the set whole.
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = Box::leak(text.into());
    texts.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let first = intern(&String::from("tick"));
        let again = intern(&String::from("tick"));
        assert_eq!(first, "tick");
        assert!(std::ptr::eq(first, again));
        assert_ne!(intern("tock"), first);
    }
}
