//! Which colour of the palette tells a model.

use std::collections::BTreeSet;

use crate::scenario::Model;

/// The places in the palette of the models of a trace, by their names and in their order. A model of execution has
/// the same in every trace, and so is known again in the next; a scenario's variants take what is left, in turn.
pub fn hues<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let mut taken = BTreeSet::new();
    let homes: Vec<_> = names
        .into_iter()
        .map(|name| home(name).filter(|&hue| taken.insert(hue)))
        .collect();
    let mut left = (0..).filter(|hue| !taken.contains(hue));
    homes
        .into_iter()
        .map(|hue| hue.or_else(|| left.next()).unwrap_or_default())
        .collect()
}

/// Where a model of execution is at home. What serves clients looks like its kin that does tasks.
fn home(name: &str) -> Option<usize> {
    let models = Model::OF_TASKS.into_iter().chain(Model::OF_A_SERVICE);
    let model = models.into_iter().find(|model| model.name() == name)?;
    Some(match model {
        Model::Synchronous | Model::Sequential => 0,
        Model::Threaded | Model::Threads => 1,
        Model::Asynchronous | Model::Reactor => 2,
        Model::Processes => 3,
        Model::Pool => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::hues;

    #[test]
    fn a_model_is_known_again_by_its_colour_in_every_trace() {
        assert_eq!(hues(["synchronous", "threaded", "asynchronous"]), [0, 1, 2]);
        assert_eq!(hues(["asynchronous"]), [2]);
        assert_eq!(
            hues(["sequential", "processes", "threads", "pool", "reactor"]),
            [0, 3, 1, 4, 2]
        );
    }

    #[test]
    fn variants_take_the_colours_that_are_left() {
        assert_eq!(hues(["blocking", "in a thread", "asynchronous"]), [0, 1, 2]);
        assert_eq!(hues(["asynchronous", "in slices", "select"]), [2, 0, 1]);
        assert_eq!(hues(["a", "b", "c", "d", "e", "f"]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(hues(["reactor", "reactor"]), [2, 0]);
    }
}
