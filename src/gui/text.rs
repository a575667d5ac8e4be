//! Moments as people read them, and texts that have little room. (Lengths of time are said by
//! [`crate::analysis::plain_duration`].)

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Galley, Painter};

use crate::trace::Timestamp;

/// A moment, in seconds since the beginning of the trace, to the microsecond: `1.250 000 s`, which no line breaks apart.
pub(super) fn moment(at: Timestamp) -> String {
    let micros = at.as_nanos() / 1_000;
    format!(
        "{}.{:03}\u{a0}{:03}\u{a0}s",
        micros / 1_000_000,
        micros / 1_000 % 1_000,
        micros % 1_000
    )
}

/// A text that ends in `…` where it is wider than `width`, in points.
pub(super) fn elided(painter: &Painter, text: &str, font: FontId, width: f32) -> Arc<Galley> {
    let format = TextFormat::simple(font, Color32::PLACEHOLDER);
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap = TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_to_the_microsecond() {
        assert_eq!(moment(Timestamp(1_250_000_999)), "1.250\u{a0}000\u{a0}s");
        assert_eq!(moment(Timestamp(61_000_001_000)), "61.000\u{a0}001\u{a0}s");
    }
}
