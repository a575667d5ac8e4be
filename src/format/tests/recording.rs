//! The file of a run that goes on.

use std::path::PathBuf;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

fn append_sample(recording: &mut Recording, from: usize, to: usize) {
    for batch in &sample::batches()[from..to] {
        recording.append(batch).expect("room on the disk");
    }
    recording.flush().expect("room on the disk");
}

#[test]
fn a_recording_opens_at_every_moment_and_gets_its_name_at_the_end() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("run.loopscope");
    let mut recording = Recording::beside(&path, &info()).expect("a writable folder");
    append_sample(&mut recording, 0, 2);
    assert_eq!(names(folder.path()), ["run.loopscope.part"]);
    let so_far = open(recording.path()).expect("a trace");
    assert_eq!(so_far.store.models().len(), 1);
    assert!(so_far.truncated.is_some(), "it is not finished");
    append_sample(&mut recording, 2, 5);
    recording.finish().expect("room on the disk");
    recording.finish().expect("once more does nothing");
    assert_eq!(names(folder.path()), ["run.loopscope"]);
    assert_eq!(recording.path(), path);
    let trace = open(&path).expect("a trace");
    assert_eq!((trace.truncated, trace.store), (None, sample::store()));
}

#[test]
fn a_recording_is_read_on_while_it_grows_and_up_to_its_end() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("run.loopscope");
    let mut recording = Recording::beside(&path, &info()).expect("a writable folder");
    let mut reader = Reader::open(recording.path()).expect("it has its head");
    let mut store = TraceStore::new();
    let mut take = |reader: &mut Reader| {
        while let Some(batch) = reader.next().expect("readable") {
            store.push(&batch);
        }
        reader.missing().map(ToString::to_string)
    };
    for (from, to) in [(0, 1), (1, 3), (3, 5)] {
        append_sample(&mut recording, from, to);
        assert!(reader.resume().expect("readable"));
        let missing = take(&mut reader).expect("it is not finished");
        assert!(missing.contains("still being recorded"), "{missing}");
        assert!(reader.is_growing());
    }
    recording.finish().expect("room on the disk");
    drop(recording);
    assert!(reader.resume().expect("readable"));
    assert_eq!(take(&mut reader), None);
    assert!(!reader.resume().expect("readable"));
    assert_eq!(store, sample::store());
}

#[test]
fn a_recording_whose_program_is_killed_grows_no_more() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("run.loopscope");
    let mut recording = Recording::beside(&path, &info()).expect("a writable folder");
    append_sample(&mut recording, 0, 2);
    let part = recording.path().to_owned();
    let mut reader = Reader::open(&part).expect("a trace");
    while reader.next().expect("readable").is_some() {}
    // In the middle of writing, as far as a reader can tell.
    let mut file = std::fs::File::options()
        .append(true)
        .open(&part)
        .expect("it is there");
    std::io::Write::write_all(&mut file, b"B\x07").expect("room on the disk");
    assert!(reader.resume().expect("readable"));
    assert!(reader.next().expect("readable").is_none());
    let missing = |reader: &Reader| reader.missing().expect("it is not finished").to_string();
    assert!(missing(&reader).contains("still being recorded"));
    drop(recording);
    assert!(reader.resume().expect("readable"));
    assert!(reader.next().expect("readable").is_none());
    assert!(missing(&reader).contains("its last 2 bytes"));
    assert!(!reader.resume().expect("readable") && !reader.is_growing());
    // Whoever asks for it by the name that it was to get is told where it is.
    let error = open(&path).expect_err("it was not finished").to_string();
    assert!(error.ends_with("run.loopscope.part"), "{error}");
}

#[test]
fn what_a_crashed_run_has_left_is_kept() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let path = folder.path().join("run.loopscope");
    let mut crashed = Recording::beside(&path, &info()).expect("a writable folder");
    append_sample(&mut crashed, 0, 5);
    drop(crashed);
    let mut next = Recording::beside(&path, &info()).expect("a writable folder");
    next.finish().expect("room on the disk");
    assert_eq!(
        names(folder.path()),
        ["run.loopscope", "run.loopscope.part"]
    );
    let left = open(&folder.path().join("run.loopscope.part")).expect("a trace");
    assert_eq!(left.store, sample::store());
}

#[test]
fn a_live_run_can_be_saved_while_it_goes_on() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let mut recording = Recording::temporary(&info()).expect("a writable folder");
    append_sample(&mut recording, 0, 2);
    let (early, late) = (
        folder.path().join("a.loopscope"),
        folder.path().join("b.loopscope"),
    );
    recording.save_as(&early).expect("a writable folder");
    append_sample(&mut recording, 2, 5);
    recording.finish().expect("room on the disk");
    Origin::Recording(recording)
        .export(&late, &info(), &sample::store(), &[], now())
        .expect("a writable folder");
    let early = open(&early).expect("a trace");
    assert_eq!((early.truncated, early.store.models().len()), (None, 1));
    let late = open(&late).expect("a trace");
    assert_eq!((late.truncated, late.store), (None, sample::store()));
}

#[test]
fn a_temporary_recording_leaves_nothing() {
    let recording = Recording::temporary(&info()).expect("a writable folder");
    let path: PathBuf = recording.path().to_owned();
    assert!(path.exists());
    drop(recording);
    assert!(!path.exists());
}

#[test]
fn a_recording_into_a_place_where_no_file_can_be_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let error = Recording::beside(folder.path(), &info()).expect_err("a folder");
    assert!(error.to_string().contains("is a folder"), "{error}");
    let missing = folder.path().join("no/run.loopscope");
    let error = Recording::beside(&missing, &info()).expect_err("no folder");
    assert!(error.to_string().contains("there is no folder"), "{error}");
}
