//! Models and other choices, read from their names.

use std::str::FromStr;

use super::error::ValueError;
use super::model::{BlockingKind, Over, Speaks};
use super::program::Requests;
use super::variant::EventProvider;

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

macro_rules! from_name {
    ($($choice:ty),+) => {
        $(
            /// From its name, as in files and on the command line.
            impl FromStr for $choice {
                type Err = ValueError;

                fn from_str(word: &str) -> Result<Self, ValueError> {
                    by_name(word, &Self::ALL, Self::name)
                }
            }
        )+
    };
}

from_name!(BlockingKind, EventProvider, Over, Requests, Speaks);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_misspelt_ones_guessed() {
        for kind in BlockingKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        for requests in Requests::ALL {
            assert_eq!(requests.name().parse(), Ok(requests));
        }
        for provider in EventProvider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
        }
        for over in Over::ALL {
            assert_eq!(over.name().parse(), Ok(over));
        }
        for speaks in Speaks::ALL {
            assert_eq!(speaks.name().parse(), Ok(speaks));
        }
        assert_eq!(
            "slep"
                .parse::<BlockingKind>()
                .map_err(|error| error.to_string()),
            Err(
                "`slep` is not allowed: `sleep`, `cpu`, `read`, `lock`, `fsync` or `many` (did you mean `sleep`?)"
                    .to_owned()
            )
        );
    }
}
