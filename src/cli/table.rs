//! Tables as all commands print them: without lines, words at the left and numbers at the right.

use std::ops::RangeBounds;

use comfy_table::{CellAlignment, Table, presets};

/// A table with these titles, and no rows yet.
pub(super) fn table<const COLUMNS: usize>(titles: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(titles);
    table
}

/// The same with its columns of numbers, at these places, aligned at the right.
pub(super) fn numbers_right(mut table: Table, columns: impl RangeBounds<usize>) -> Table {
    for (place, column) in table.column_iter_mut().enumerate() {
        if columns.contains(&place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Stands for what is not known, or did not happen.
pub(super) fn unknown() -> String {
    "–".to_owned()
}
