//! Models and ways to block, read from their names.

use std::str::FromStr;

use super::error::ValueError;
use super::model::{BlockingKind, Model};

/// The item whose name is `word`.
///
/// # Errors
/// Lists the names, and guesses which one was meant.
fn by_name<T: Copy>(
    word: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, ValueError> {
    all.iter()
        .copied()
        .find(|item| name(*item) == word)
        .ok_or_else(|| ValueError::unknown(word, all.iter().map(|item| name(*item))))
}

/// From its name, as in files and on the command line.
impl FromStr for Model {
    type Err = ValueError;

    fn from_str(word: &str) -> Result<Self, ValueError> {
        by_name(word, &Self::ALL, Self::name)
    }
}

/// From its name, as in files and on the command line.
impl FromStr for BlockingKind {
    type Err = ValueError;

    fn from_str(word: &str) -> Result<Self, ValueError> {
        by_name(word, &Self::ALL, Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_misspelt_ones_guessed() {
        for model in Model::ALL {
            assert_eq!(model.name().parse(), Ok(model));
        }
        for kind in BlockingKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!(
            "async".parse::<Model>().map_err(|error| error.to_string()),
            Err(
                "`async` is not allowed: `synchronous`, `threaded` or `asynchronous` \
                 (did you mean `asynchronous`?)"
                    .to_owned()
            )
        );
        assert_eq!(
            "slep"
                .parse::<BlockingKind>()
                .map_err(|error| error.to_string()),
            Err(
                "`slep` is not allowed: `sleep`, `cpu` or `read` (did you mean `sleep`?)"
                    .to_owned()
            )
        );
    }
}
