//! What the system says of an error, as words that can be said in another language.

use std::io;

use super::Phrase;

/// What the system says to people, as it says it. What is not here is said as it is.
static OF_THE_SYSTEM: [Phrase; 30] = [
    Phrase::new("Operation not permitted"),
    Phrase::new("No such file or directory"),
    Phrase::new("No such process"),
    Phrase::new("Interrupted system call"),
    Phrase::new("Input/output error"),
    Phrase::new("Bad file descriptor"),
    Phrase::new("Resource temporarily unavailable"),
    Phrase::new("Cannot allocate memory"),
    Phrase::new("Permission denied"),
    Phrase::new("File exists"),
    Phrase::new("Not a directory"),
    Phrase::new("Is a directory"),
    Phrase::new("Invalid argument"),
    Phrase::new("Too many open files in system"),
    Phrase::new("Too many open files"),
    Phrase::new("File too large"),
    Phrase::new("No space left on device"),
    Phrase::new("Read-only file system"),
    Phrase::new("Broken pipe"),
    Phrase::new("File name too long"),
    Phrase::new("Address already in use"),
    Phrase::new("Cannot assign requested address"),
    Phrase::new("Network is unreachable"),
    Phrase::new("Connection reset by peer"),
    Phrase::new("Transport endpoint is not connected"),
    Phrase::new("Connection timed out"),
    Phrase::new("Connection refused"),
    Phrase::new("No route to host"),
    Phrase::new("Stale file handle"),
    Phrase::new("Disk quota exceeded"),
];

/// What the system says of an error: those that people meet are words, and all others as the system has them.
pub(crate) fn system_error(error: &io::Error) -> Phrase {
    let own = error.get_ref().and_then(|own| own.downcast_ref());
    own.cloned()
        .or_else(|| of_the_system(&error.to_string()))
        .unwrap_or_else(|| Phrase::same(error))
}

/// A sentence of the system, with the number of its error, in words.
pub(crate) fn of_the_system(text: &str) -> Option<Phrase> {
    let (said, behind) = text.split_once(" (os error ")?;
    let (code, behind) = behind.split_once(')')?;
    // The path is that of a temporary file, which means nothing to a person.
    if !behind.is_empty() && !behind.starts_with(" at path ") {
        return None;
    }
    let said = OF_THE_SYSTEM.iter().find(|one| one.template == said)?;
    Some(
        Phrase::new("{said} (os error {code})")
            .with_words("said", said.clone())
            .with("code", code),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_reads_as_the_system_has_it() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(system_error(&missing).to_string(), missing.to_string());
        let other = io::Error::other("not this one");
        assert_eq!(system_error(&other).to_string(), "not this one");
        let folder = std::path::Path::new("/there/is/none");
        let wrapped = tempfile::NamedTempFile::new_in(folder).expect_err("there is none");
        assert_eq!(system_error(&wrapped), system_error(&missing));
        let own = Phrase::new("one of {many}").with("many", 3);
        assert_eq!(system_error(&io::Error::other(own.clone())), own);
        let is_known = |code: &i32| {
            let error = io::Error::from_raw_os_error(*code);
            of_the_system(&error.to_string()).is_some()
        };
        let known = (1..200).filter(is_known).count();
        assert_eq!(
            known,
            OF_THE_SYSTEM.len(),
            "each is one that the system says"
        );
    }
}
