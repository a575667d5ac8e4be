//! Marks go into the native file, and come out of it.

use super::*;
use crate::format::Mark;
use crate::format::native::VERSION;

fn mark(at: u64, note: &str) -> Mark {
    Mark {
        at: Timestamp(at),
        note: note.to_owned(),
    }
}

#[test]
fn marks_are_added_changed_and_taken_away_and_the_events_stay() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let [first, second, third] =
        ["a", "b", "c"].map(|name| folder.path().join(name).with_extension("loopscope"));
    write_sample(&first);
    let marks = [mark(5, "here it begins"), mark(9, "")];
    let mut origin = Origin::File(first.clone());
    origin
        .save_with_marks(&second, &marks)
        .expect("a writable folder");
    let trace = open(&second).expect("a trace");
    assert_eq!((trace.truncated, trace.store), (None, sample::store()));
    assert_eq!(trace.marks, marks);
    let mut origin = Origin::File(second);
    origin
        .save_with_marks(&third, &marks[1..])
        .expect("a writable folder");
    assert_eq!(open(&third).expect("a trace").marks, marks[1..]);
    origin
        .save_with_marks(&third, &[])
        .expect("a writable folder");
    let bytes = |path: &Path| std::fs::read(path).expect("it is there");
    assert_eq!(bytes(&third), bytes(&first), "as if there had been none");
}

#[test]
fn a_file_that_breaks_off_keeps_its_marks_and_still_says_so() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("cut.loopscope");
    write_sample(&path);
    let bytes = std::fs::read(&path).expect("it is there");
    std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("a writable folder");
    let mut origin = Origin::File(path.clone());
    origin
        .save_with_marks(&path, &[mark(1, "x")])
        .expect("a writable folder");
    let trace = open(&path).expect("a trace");
    assert_eq!(trace.marks, [mark(1, "x")]);
    assert!(trace.truncated.is_some());
    assert_eq!(trace.store, sample::store());
}

#[test]
fn a_run_is_saved_with_its_marks() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("run.loopscope");
    let recording = Recording::temporary(&info()).expect("a writable folder");
    Origin::Recording(recording)
        .save_with_marks(&path, &[mark(3, "soon")])
        .expect("a writable folder");
    let trace = open(&path).expect("a trace");
    assert_eq!(
        (trace.truncated, trace.marks),
        (None, vec![mark(3, "soon")])
    );
}

#[test]
fn the_table_has_the_marks_in_the_order_of_time() {
    let marks = [mark(9_000, "then, \"this\""), mark(5_000, "")];
    let mut bytes = Vec::new();
    crate::format::csv::write(&mut bytes, &sample::store(), &marks, now()).expect("memory");
    let mut table = ::csv::Reader::from_reader(&bytes[..]);
    let rows: Vec<_> = table.records().map(|row| row.expect("a row")).collect();
    let marked = rows.iter().filter(|row| &row[4] == "mark");
    let told: Vec<_> = marked
        .map(|row| [&row[0], &row[1], &row[5], &row[7], &row[8]])
        .collect();
    let expected = [
        ["", "trace", "", "0.000005000", ""],
        ["", "trace", "then, \"this\"", "0.000009000", ""],
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_file_of_an_older_version_stays_one_until_it_gets_marks() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("old.loopscope");
    write_sample(&path);
    let version = || {
        let bytes = std::fs::read(&path).expect("it is there");
        u16::from_le_bytes([bytes[14], bytes[15]])
    };
    let mut older = std::fs::read(&path).expect("it is there");
    older[14..16].copy_from_slice(&3_u16.to_le_bytes());
    std::fs::write(&path, &older).expect("a writable folder");
    let mut origin = Origin::File(path.clone());
    for (marks, expected) in [(&[][..], 3), (&[mark(1, "x")], VERSION)] {
        origin
            .save_with_marks(&path, marks)
            .expect("a writable folder");
        assert_eq!(version(), expected);
    }
}
