//! What the window has to say: errors and notes, the newest on top, until they are put away.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something went well, or is good to know.
    Note,
    /// Something is not as it should be; the work goes on.
    Warning,
    /// Something that was asked for did not happen.
    Error,
}

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub severity: Severity,
    /// What a person reads: what happened, and what to do.
    pub text: String,
}

/// What there is to say.
#[derive(Clone, Debug, Default)]
pub struct Messages(Vec<Message>);

impl Messages {
    /// Says something. A note makes room for whatever comes next; the same thing is not said twice.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        let text = text.into();
        self.0
            .retain(|message| message.severity != Severity::Note && message.text != text);
        self.0.push(Message { severity, text });
    }

    /// The newest.
    pub fn newest(&self) -> Option<&Message> {
        self.0.last()
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// Puts the newest away.
    pub fn dismiss(&mut self) {
        self.0.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_and_notes_make_room() {
        let mut messages = Messages::default();
        messages.say(Severity::Error, "no");
        messages.say(Severity::Note, "yes");
        messages.say(Severity::Note, "well");
        assert_eq!(messages.count(), 2);
        messages.dismiss();
        assert_eq!(messages.newest().map(|one| one.text.as_str()), Some("no"));
        messages.say(Severity::Error, "no");
        assert_eq!(messages.count(), 1);
    }
}
