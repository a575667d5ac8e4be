//! Differences in words: nobody has to know what a sign or a colour means.

use super::{Figure, FoundIn, Judgement, ModelDifference, Unit, What};
use crate::trace::Phrase;

/// From so many times on it is told how many times, and below by how much.
const TIMES: f64 = 2.0;

impl Judgement {
    /// One word for it, said of B.
    pub const fn word(self) -> Phrase {
        match self {
            Self::Same => Phrase::new("about the same"),
            Self::Better => Phrase::new("better"),
            Self::Worse => Phrase::new("worse"),
            Self::Different => Phrase::new("different"),
            Self::Unknown => Phrase::new("–"),
        }
    }
}

impl Figure {
    /// All there is to say of it: `worse: 12 times as long in B`.
    pub fn told(&self) -> Phrase {
        match self.judgement() {
            Judgement::Same | Judgement::Unknown => self.in_words(),
            judgement => Phrase::new("{judgement}: {words}")
                .with_words("judgement", judgement.word())
                .with_words("words", self.in_words()),
        }
    }

    /// In words: `12 times as long in B`.
    pub fn in_words(&self) -> Phrase {
        let (a, b) = match (self.a, self.b) {
            (Some(a), Some(b)) => (a, b),
            (Some(_), None) => return Phrase::new("only A has it"),
            (None, Some(_)) => return Phrase::new("only B has it"),
            (None, None) => return Phrase::new("–"),
        };
        let judgement = self.judgement();
        if judgement == Judgement::Same {
            return judgement.word();
        }
        if a <= 0.0 {
            return Phrase::new("none in A");
        }
        if b <= 0.0 {
            return Phrase::new("none in B");
        }
        let is_time = self.what.unit() == Unit::Time;
        let ratio = b / a;
        if ratio >= TIMES {
            let phrase = match is_time {
                true => Phrase::new("{times} times as long in B"),
                false => Phrase::new("{times} times as much in B"),
            };
            return phrase.with("times", times(ratio));
        }
        if ratio <= 1.0 / TIMES {
            let phrase = match is_time {
                true => Phrase::new("{times} times as long in A"),
                false => Phrase::new("{times} times as much in A"),
            };
            return phrase.with("times", times(1.0 / ratio));
        }
        let phrase = match (is_time, b > a) {
            (true, true) => Phrase::new("{difference} longer in B"),
            (true, false) => Phrase::new("{difference} shorter in B"),
            (false, true) => Phrase::new("{difference} more in B"),
            (false, false) => Phrase::new("{difference} less in B"),
        };
        phrase.with("difference", self.what.unit().plain((b - a).abs()))
    }
}

/// A ratio for a table: `0.56`, `1.01`, `6,159`.
pub fn plain_ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 9.995 => format!("{ratio:.2}"),
        ratio => crate::analysis::plain_count(ratio.round() as u64),
    }
}

/// `2.4` times, `187` times, `12,000` times.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 9.95 => format!("{ratio:.1}").trim_end_matches(".0").to_owned(),
        ratio => crate::analysis::plain_count(ratio.round() as u64),
    }
}

impl ModelDifference {
    /// What matters of it, in one sentence; `b` is what B is called in it, such as `B`.
    pub fn sentence(&self, b: &Phrase) -> Phrase {
        let said = match self.found_in {
            FoundIn::OnlyA => Phrase::new("only A has run it"),
            FoundIn::OnlyB => Phrase::new("only B has run it"),
            FoundIn::Both => {
                let parts = [
                    Some(self.elapsed(b)),
                    self.failed(),
                    self.stalls(),
                    self.delay(),
                ];
                let parts = parts.into_iter().flatten().rev();
                parts
                    .reduce(|rest, first| {
                        Phrase::new("{first}; {rest}")
                            .with_words("first", first)
                            .with_words("rest", rest)
                    })
                    .unwrap_or_default()
            }
        };
        Phrase::new("{said}.").with_words("said", said)
    }

    fn elapsed(&self, b: &Phrase) -> Phrase {
        let said = match self.ended {
            [_, false] => Phrase::new("{b} has not ended yet"),
            [false, _] => Phrase::new("A has not ended yet"),
            _ => match self.figure(What::Elapsed) {
                Some(figure) => took(figure),
                None => Phrase::new("{b} took as long as A"),
            },
        };
        said.with_words("b", b.clone())
    }

    fn failed(&self) -> Option<Phrase> {
        let figure = self.figure(What::Failed)?;
        let (a, b) = figure.a.zip(figure.b)?;
        let plain = |value| Unit::Count.plain(value);
        (a != b).then(|| {
            Phrase::new("{b} tasks failed instead of {a}")
                .with("a", plain(a))
                .with("b", plain(b))
        })
    }

    fn stalls(&self) -> Option<Phrase> {
        let figure = self.figure(What::Stalls)?;
        let (a, b) = figure.a.zip(figure.b)?;
        if a.max(b) <= 0.0 {
            return None;
        }
        let said = match (a == b, b < 0.5) {
            (true, _) => Phrase::new("it stalled {b} in both"),
            (false, true) => Phrase::new("it never stalled (A: {a})"),
            (false, false) => Phrase::new("it stalled {b} (A: {a})"),
        };
        Some(
            said.with_words("a", how_often(a))
                .with_words("b", how_often(b)),
        )
    }

    fn delay(&self) -> Option<Phrase> {
        let figure = self.figure(What::WorstDelay)?;
        let (a, b) = figure.a.zip(figure.b)?;
        let said = match figure.judgement() {
            Judgement::Same => return None,
            _ => Phrase::new("the worst delay was {b} instead of {a}"),
        };
        let plain = |value| Unit::Time.plain(value);
        Some(said.with("a", plain(a)).with("b", plain(b)))
    }
}

fn took(elapsed: &Figure) -> Phrase {
    let said = match elapsed.judgement() {
        Judgement::Worse => Phrase::new("{b} took {difference} longer"),
        Judgement::Better => Phrase::new("{b} was done {difference} sooner"),
        _ => Phrase::new("{b} took as long as A"),
    };
    let difference = elapsed.difference().unwrap_or_default().abs();
    said.with("difference", Unit::Time.plain(difference))
}

fn how_often(count: f64) -> Phrase {
    match count {
        count if count < 0.5 => Phrase::new("never"),
        count if count < 1.5 => Phrase::new("once"),
        count => Phrase::new("{count} times").with("count", Unit::Count.plain(count)),
    }
}
