//! Folds hold what they should, whatever the scale.

use proptest::prelude::*;

use super::*;
use crate::store::SpanKind;

fn row(parts: &[(u64, u64)]) -> Row {
    let mut row = Row::default();
    let mut at = 0;
    for &(gap, length) in parts {
        let kind = match length % 3 {
            0 => SpanKind::Poll,
            _ => SpanKind::Turn,
        };
        let mut span = Span::open(Timestamp(at + gap), kind);
        at += gap + length;
        span.end = Timestamp(at);
        row.push(span);
    }
    row
}

fn all() -> TimeRange {
    TimeRange::new(Timestamp::ZERO, Timestamp::MAX)
}

#[test]
fn what_is_long_enough_is_seen_by_itself() {
    let row = row(&[(0, 100), (5, 200)]);
    let pieces: Vec<_> = row.pieces(all(), 50).collect();
    assert_eq!(pieces, [Piece::Span { index: 0 }, Piece::Span { index: 1 }]);
}

#[test]
fn what_is_too_short_is_folded_and_says_how_much_it_holds() {
    let row = row(&[(0, 1), (1, 1), (1, 1), (1, 100)]);
    let pieces: Vec<_> = row.pieces(all(), 50).collect();
    let folded = TimeRange::new(Timestamp(0), Timestamp(5));
    assert_eq!(
        pieces,
        [
            Piece::Folded {
                first: 0,
                count: 3,
                range: folded,
                active: 3,
                kind: SpanKind::Turn
            },
            Piece::Span { index: 3 }
        ]
    );
}

#[test]
fn a_view_in_the_middle_begins_with_the_span_that_reaches_into_it() {
    let row = row(&[(0, 100), (0, 100), (0, 100)]);
    let view = TimeRange::new(Timestamp(150), Timestamp(200));
    assert_eq!(
        row.pieces(view, 1).collect::<Vec<_>>(),
        [Piece::Span { index: 1 }]
    );
    assert_eq!(row.at(Timestamp(199)), Some(1));
    assert_eq!(row.at(Timestamp(300)), None);
}

#[test]
fn a_million_spans_come_as_no_more_pieces_than_there_are_grains() {
    let row = row(&vec![(1, 1); 1_000_000]);
    let pieces = row.pieces(all(), 2_000).count();
    assert!(pieces <= 1_001, "{pieces}");
}

#[test]
fn a_fold_knows_its_longest_span() {
    let row = row(&[(1, 3), (1, 7), (1, 5)]);
    assert_eq!(row.longest_active(0, 3), Some(1));
    assert_eq!(row.longest_active(2, 9), Some(2));
    assert_eq!(row.longest_active(3, 9), None);
}

#[test]
fn what_is_told_late_of_a_span_is_known_at_the_border_of_a_block_too() {
    let waits = |begin: u64, end: u64| {
        let mut span = Span::open(Timestamp(begin), SpanKind::Waiting);
        span.end = Timestamp(end);
        span
    };
    let mut told = Row::default();
    let mut late = Row::default();
    for place in 0_u64..200 {
        let (begin, end) = (place * 10, place * 10 + 10);
        // Each ends three nanoseconds earlier than it seemed at first, and the next one begins there.
        told.push(waits(begin.saturating_sub(3), end - 3));
        late.push(waits(begin, end));
        if let Some(before) = (place as usize).checked_sub(1) {
            late.move_border(before, Timestamp(begin - 3));
        }
        // Something that never was.
        late.push(waits(end, end + 1));
        late.reopen_last();
    }
    late.end_earlier(199, Timestamp(1_997));
    assert_eq!(late, told);
    let place = told.begins_at(0, Timestamp(1_277));
    assert_eq!(place, 128, "where a block begins");
}

proptest! {
    // Nothing is written beside the sources: a failure prints its smallest input.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_span_is_in_exactly_one_piece(
        parts in prop::collection::vec((0_u64..40, 0_u64..40), 0..200),
        grain in 1_u64..60,
    ) {
        check_pieces(&row(&parts), grain)?;
    }

    #[test]
    fn so_it_is_where_a_grain_holds_very_many(
        // Stretches of equal spans, dense and sparse and with a long one between them.
        stretches in prop::collection::vec((0_u64..9, 0_u64..9, 1_usize..900, 0_u64..60_000), 1..12),
        grain in 1_u64..40_000,
        moments in prop::collection::vec(0_u64..400_000, 20),
    ) {
        let mut parts = Vec::new();
        for (gap, length, count, long) in stretches {
            parts.extend(std::iter::repeat_n((gap, length), count));
            parts.push((gap, long));
        }
        let row = row(&parts);
        check_pieces(&row, grain)?;
        let mut trail = Trail::default();
        for moment in moments.into_iter().map(Timestamp) {
            let begun = row.spans().partition_point(|span| span.begin < moment);
            prop_assert_eq!(row.begins_at(0, moment), begun);
            let from = begun / 2;
            let slack = grain / SLACK;
            let find = |trail: &mut Trail| row.levels.find(from, moment, slack, trail);
            let found = find(&mut Trail::default());
            match found {
                Found::Between(low, high) => {
                    prop_assert_eq!(row.begins_between(low, high, moment), begun);
                }
                Found::NearEnough(near) => {
                    prop_assert!(begun <= near);
                    let last = row.get(near - 1).map(|last| last.begin.0);
                    prop_assert!(last.is_none_or(|last| last <= moment.0 + slack));
                }
            }
            // Once more by the trail of any other moment.
            prop_assert_eq!(find(&mut trail), found);
        }
    }
}

/// Every span is in one piece, those that can be seen are so by themselves, and folds say what they hold.
fn check_pieces(row: &Row, grain: u64) -> Result<(), TestCaseError> {
    let nanos = |place: usize| row.nanos(place).unwrap_or(0);
    let mut next = 0;
    for piece in row.pieces(all(), grain) {
        let (first, count) = match piece {
            Piece::Span { index } => (index, 1),
            Piece::Folded {
                first,
                count,
                active,
                range,
                kind,
            } => {
                let past = first + count;
                let shorter = (first..past).all(|place| nanos(place) < grain);
                prop_assert!(shorter, "what is long enough is seen by itself");
                let summed: u64 = (first..past)
                    .map(|place| row.shelf.active_nanos(place))
                    .sum();
                prop_assert_eq!(active, summed);
                let ends = row.get(first).zip(row.get(past - 1));
                let whole = ends.map(|(first, last)| TimeRange::new(first.begin, last.end));
                prop_assert_eq!(Some(range), whole);
                // The last one may reach out of the grain.
                prop_assert!(range.nanos() < 2 * grain + grain / SLACK);
                let some = (first..past).filter_map(|place| row.get(place));
                let mut kinds = some.map(|span| span.kind);
                prop_assert!(kinds.any(|known| known == kind), "{:?}", kind);
                prop_assert!(
                    kind.is_active()
                        || active == 0
                        || row.levels.border(past, Trail::default()).is_none()
                );
                (first, count)
            }
        };
        prop_assert_eq!(first, next);
        next = first + count;
    }
    prop_assert_eq!(next, row.spans().len());
    Ok(())
}
