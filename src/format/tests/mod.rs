//! Files, written and read back.

mod chrome;
mod marks;
mod native;
mod recording;

use std::path::Path;

use super::*;
use crate::store::sample;

fn info() -> TraceInfo {
    TraceInfo {
        scenario: "three-slow-servers".to_owned(),
        title: "Three slow servers".to_owned(),
        started_unix_nanos: 1_700_000_000_123_456_789,
        stall_threshold_nanos: 50_000_000,
    }
}

fn write_sample(path: &Path) {
    let file = std::fs::File::create(path).expect("a writable folder");
    let mut writer = super::native::Writer::new(file, &info()).expect("room on the disk");
    for batch in sample::batches() {
        writer.write(&batch).expect("room on the disk");
    }
    writer.finish().expect("room on the disk");
}

fn now() -> Timestamp {
    sample::store().range().end
}

#[test]
fn the_ending_of_a_name_chooses_the_format() {
    let of = |name: &str| Format::of_path(Path::new(name));
    assert_eq!(of("a/b.loopscope").expect("known"), Format::Native);
    assert_eq!(of("b.JSON").expect("known"), Format::Chrome);
    assert_eq!(of("x.y.csv").expect("known"), Format::Csv);
    for name in ["x", "x.txt", ".json", "x.json.gz"] {
        let error = of(name).expect_err("unknown").to_string();
        for ending in [".loopscope", ".json", ".csv"] {
            assert!(error.contains(ending), "{error}");
        }
    }
}

#[test]
fn a_trace_from_a_file_exports_into_every_format() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let from = folder.path().join("from.loopscope");
    write_sample(&from);
    let trace = open(&from).expect("a trace");
    let mut origin = Origin::File(from.clone());
    for format in Format::ALL {
        let to = folder.path().join(format!("to.{}", format.ending()));
        origin
            .export(&to, &trace.info, &trace.store, &trace.marks, trace.now())
            .expect("a writable folder");
        assert!(to.metadata().expect("it is there").len() > 500);
    }
    let copy = open(&folder.path().join("to.loopscope")).expect("a trace");
    assert_eq!(copy.store, trace.store);
    let error = open(&folder.path().join("to.json")).expect_err("no trace");
    assert!(error.to_string().contains("does not read"), "{error}");
    let error = open(&folder.path().join("to.csv")).expect_err("no trace");
    assert!(error.to_string().contains("table"), "{error}");
}

#[test]
fn an_export_onto_itself_changes_nothing() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("a.loopscope");
    write_sample(&path);
    let before = std::fs::read(&path).expect("it is there");
    let trace = open(&path).expect("a trace");
    Origin::File(path.clone())
        .export(&path, &trace.info, &trace.store, &trace.marks, trace.now())
        .expect("a writable folder");
    assert_eq!(std::fs::read(&path).expect("it is there"), before);
}

#[test]
fn where_nothing_can_be_written_the_error_names_the_place_and_the_way_out() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "old").expect("a writable folder");
    let store = sample::store();
    let export = |path: &Path| {
        let error = super::chrome::export(path, &info(), &store, &[], now(), &Progress::default())
            .expect_err("it cannot");
        error.to_string()
    };
    let missing = folder.path().join("missing/x.json");
    let error = export(&missing);
    assert!(
        error.contains("there is no folder") && error.contains("missing"),
        "{error}"
    );
    let error = export(&file.join("x.json"));
    assert!(error.contains("there is no folder"), "{error}");
    let error = export(folder.path());
    assert!(error.contains("is a folder"), "{error}");
    #[cfg(unix)]
    assert!(export(Path::new("/dev/null")).contains("no ordinary file"));
    assert_eq!(std::fs::read(&file).expect("it is there"), b"old");
}

#[test]
fn what_is_given_up_leaves_the_old_file_and_what_is_done_is_told_as_done() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let from = folder.path().join("from.loopscope");
    write_sample(&from);
    let trace = open(&from).expect("a trace");
    let marks = [Mark {
        at: now(),
        note: "the end".to_owned(),
    }];
    for format in Format::ALL {
        let path = folder.path().join("to").with_extension(format.ending());
        std::fs::write(&path, "old").expect("a writable folder");
        let mut origin = Origin::File(from.clone());
        let mut export = |progress: &Progress| {
            let (info, store, now) = (&trace.info, &trace.store, trace.now());
            origin.export_watched(&path, info, store, &marks, now, progress)
        };
        let progress = Progress::default();
        progress.give_up();
        let error = export(&progress).expect_err("nobody wants it");
        assert!(matches!(error, WriteError::GivenUp(_)), "{error}");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"old");
        let progress = Progress::default();
        assert!(!progress.has_begun());
        export(&progress).expect("a writable folder");
        assert!(progress.has_begun());
        assert_eq!(progress.share(), 1.0, "{format:?}");
        assert_ne!(std::fs::read(&path).expect("it is there"), b"old");
    }
    let progress = Progress::default();
    let marked = folder.path().join("marked.loopscope");
    let mut origin = Origin::File(from.clone());
    origin
        .save_with_marks_watched(&marked, &marks, &progress)
        .expect("a writable folder");
    assert_eq!(progress.share(), 1.0);
    let progress = Progress::default();
    open_watched(&from, &progress).expect("a trace");
    assert_eq!(progress.share(), 1.0);
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 5);
}

#[test]
fn what_fails_in_the_middle_leaves_the_old_file_and_nothing_beside_it() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("x.json");
    std::fs::write(&path, "old").expect("a writable folder");
    let error = whole::write(&path, |out| {
        std::io::Write::write_all(out, b"half")?;
        Err(std::io::ErrorKind::StorageFull.into())
    });
    let error = error.expect_err("it failed").to_string();
    assert!(error.contains("make room"), "{error}");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"old");
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let (file, link) = (folder.path().join("x.csv"), folder.path().join("link.csv"));
    std::fs::write(&file, "old").expect("a writable folder");
    std::os::unix::fs::symlink(&file, &link).expect("links are known");
    super::csv::export(&link, &sample::store(), &[], now(), &Progress::default())
        .expect("a writable folder");
    assert!(link.is_symlink());
    assert!(file.metadata().expect("it is there").len() > 100);
}

#[test]
fn the_table_has_a_row_for_every_span_moment_and_stall() {
    let mut bytes = Vec::new();
    super::csv::write(&mut bytes, &sample::store(), &[], now()).expect("memory");
    let mut table = ::csv::Reader::from_reader(&bytes[..]);
    let rows: Vec<Vec<String>> = table
        .records()
        .map(|row| row.expect("sound").iter().map(str::to_owned).collect())
        .collect();
    let count = |kind: &str| rows.iter().filter(|row| row[4] == kind).count();
    assert_eq!((count("poll"), count("turn"), count("callback")), (3, 3, 6));
    assert_eq!((count("blocking call"), count("stall")), (1, 1));
    assert_eq!((count("wait in read"), count("bytes read")), (2, 4));
    let blocking = rows.iter().find(|row| row[4] == "blocking call");
    let expected = [
        "asynchronous",
        "thread",
        "reactor",
        "2",
        "blocking call",
        "sleep 60ms",
        "ecstasy",
        "0.012000000",
        "0.060000000",
        "",
        "",
        "",
    ];
    assert_eq!(blocking.expect("counted"), &expected);
    let failed = rows
        .iter()
        .find(|row| row[10] == "true")
        .expect("one failed");
    assert_eq!(
        (&*failed[6], &*failed[9]),
        ("science \"quoted\"", "call from a thread")
    );
    let fired = rows.iter().find(|row| row[4] == "timer fired");
    assert_eq!(fired.expect("one fired")[11], "61000000");
}
