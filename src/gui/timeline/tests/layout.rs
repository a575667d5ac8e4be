//! What is laid out.

use egui::Rect;

use super::super::items::{Bar, Look, Of, Picture, SHARES, Shape};
use super::super::locate::locate;
use super::super::outline::TASK;
use super::super::place::{NARROWEST, TASK_PADDING};
use super::super::{stalls, waits};
use super::*;
use crate::store::SpanKind;
use crate::trace::{Batch, Cause, Event, EventKind, ModelId, Source, TaskId, ThreadId};

fn in_band<'a>(
    picture: &'a Picture,
    place: &Placement<'_>,
    band: &Band<'_>,
) -> impl Iterator<Item = &'a Bar> {
    let top = place.top(band);
    let bottom = top + band.height;
    let bars = picture.bars.iter();
    bars.filter(move |bar| top <= bar.rect.top() && bar.rect.bottom() <= bottom)
}

fn has(bar: &Bar, kind: SpanKind) -> bool {
    bar.look == Look::Span(kind)
}

#[test]
fn a_callback_lies_under_its_turn_and_within_it() {
    let world = World::new(Sample::default()).at(600 * MS, 800 * MS);
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let bars: Vec<_> = in_band(&picture, place, thread(outline, 2)).collect();
        let readiness = SpanKind::Callback(Cause::Readiness);
        let callback = bars
            .iter()
            .find(|bar| has(bar, readiness) && bar.rect.width() > 500.0);
        let callback = callback.expect("the callback that sleeps").rect;
        let around = |bar: &&&Bar| {
            has(bar, SpanKind::Turn)
                && bar.rect.x_range().contains(callback.center().x)
                && bar.rect.bottom() <= callback.top()
        };
        let turn = bars.iter().find(around).expect("its turn").rect;
        assert!(turn.left() <= callback.left() && callback.right() <= turn.right());
        let blocking = bars.iter().find(|bar| has(bar, SpanKind::Blocking));
        assert!(blocking.expect("the sleep").rect.top() >= callback.bottom());
    });
}

#[test]
fn a_task_is_seen_to_wait_to_be_ready_and_to_run() {
    let world = World::new(Sample::default()).at(700 * MS, 1_100 * MS);
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let bars: Vec<_> = in_band(&picture, place, task(outline, 2, 1)).collect();
        let first = |kind| {
            let mut found = bars.iter().filter(|bar| has(bar, kind));
            found.next().unwrap_or_else(|| panic!("{kind:?}")).rect
        };
        let (waiting, ready) = (first(SpanKind::Waiting), first(SpanKind::Ready));
        let running = first(SpanKind::Running);
        assert!((ready.left() - waiting.right()).abs() < 0.5);
        assert!(running.left() >= ready.right() - 2.0);
        assert!(bars.iter().all(|bar| bar.of == Of::Task));
        let ready_text = picture
            .labels
            .iter()
            .find(|label| label.text.starts_with("ready"));
        assert!(ready_text.is_some());
    });
}

#[test]
fn what_nobody_works_on_is_queued() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let queued = in_band(&picture, place, task(outline, 0, 2))
            .find(|bar| has(bar, SpanKind::Queued))
            .expect("the third task waits for the first two");
        assert!(queued.rect.width() > 500.0);
    });
}

#[test]
fn a_read_of_microseconds_shows_on_a_screen_of_seconds() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let reads =
            in_band(&picture, place, task(outline, 1, 1)).filter(|bar| bar.look.is_active());
        let widths: Vec<_> = reads.map(|bar| bar.rect.width()).collect();
        assert!(
            widths.len() >= 20,
            "the rhythm of reads shows: {}",
            widths.len()
        );
        assert!(widths.iter().all(|&width| width >= NARROWEST - 0.01));
    });
}

#[test]
fn what_cannot_be_told_apart_is_folded_and_says_how_busy_it_was() {
    let mut world = World::new(Sample::default());
    world = world.at(0, 100_000 * MS);
    let picture = world.picture();
    let shares = picture.bars.iter().filter_map(|bar| match bar.look {
        Look::Fold { share, .. } => Some(share),
        Look::Span(_) => None,
    });
    let shares: Vec<_> = shares.collect();
    assert!(!shares.is_empty());
    assert!(shares.iter().all(|&share| share <= SHARES));
    assert!(shares.iter().any(|&share| share > 0));
    assert!(picture.bars.len() < 1_500, "{}", picture.bars.len());
}

#[test]
fn what_lasts_still_reaches_to_the_present() {
    let until = Timestamp(1_550 * MS);
    let world = World::new(Sample {
        until,
        ..Sample::default()
    });
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let now = place.axis.x(until);
        let last = in_band(&picture, place, task(outline, 1, 0))
            .map(|bar| bar.rect.right())
            .fold(0.0, f32::max);
        assert!((last - now).abs() < 1.0, "{last} {now}");
    });
}

#[test]
fn a_stall_that_lasts_still_grows() {
    let width = |until| {
        let until = Timestamp(until);
        let world = World::new(Sample {
            until,
            ..Sample::default()
        })
        .at(600 * MS, 800 * MS);
        let picture = world.picture();
        let growing = picture.stalls.iter().filter(|stall| stall.growing);
        growing.map(|stall| stall.rect.width()).fold(0.0, f32::max)
    };
    assert_eq!(width(640 * MS), 0.0, "not over the threshold yet");
    assert!(width(700 * MS) > 100.0);
    assert!(width(780 * MS) > width(700 * MS) + 100.0);
    assert_eq!(
        width(830 * MS),
        0.0,
        "another one began, and is not over the threshold yet"
    );
}

#[test]
fn a_stall_that_a_watchdog_noticed_grows_although_its_loop_has_told_of_nothing() {
    let sample = Sample {
        until: Timestamp(600 * MS),
        ..Sample::default()
    };
    let mut store = sample.store();
    let model = &store.models()[2];
    let (id, thread_id) = (model.id, model.threads[0].id);
    let before = model.stalls.len();
    let noticed = EventKind::StallNoticed {
        thread: thread_id,
        task: TaskId::new(2),
        callback: None,
        begin: Timestamp(610 * MS),
    };
    store.push(&Batch {
        source: Source {
            model: id,
            thread: ThreadId::from_index(99),
        },
        names: Vec::new(),
        events: vec![Event {
            at: Timestamp(665 * MS),
            kind: noticed,
        }],
    });
    let width = |until| {
        let mut world = World::of(store.clone(), Timestamp(until)).at(600 * MS, 1_000 * MS);
        world.selection = Some(Selection::Stall(id, before));
        world.look(|place, outline| {
            let picture = lay_out(place, outline);
            let band = thread(outline, 2);
            let mut growing = picture.stalls.iter().filter(|stall| stall.growing);
            let bar = growing.next().expect("it is drawn");
            assert!((place.top(band)..place.top(band) + band.height).contains(&bar.rect.top()));
            assert_eq!(growing.next(), None, "once");
            assert!(locate(place, outline, world.selection.expect("it was set")).is_some());
            bar.rect.width()
        })
    };
    assert!(width(900 * MS) > width(700 * MS) + 100.0);
}

/// As the loop hands over what it begins before it blocks, and a watchdog tells of it later.
#[test]
fn a_stall_is_drawn_on_its_loop_and_on_its_task_before_it_is_noticed_and_after() {
    let sample = Sample {
        until: Timestamp(640 * MS),
        ..Sample::default()
    };
    let mut store = sample.store();
    let now = Timestamp(800 * MS);
    let growing = |store: &TraceStore| {
        let world = World::of(store.clone(), now).at(600 * MS, 1_000 * MS);
        world.look(|place, outline| {
            let stalls = lay_out(place, outline).stalls.into_iter();
            let rects = stalls.filter(|stall| stall.growing).map(|stall| stall.rect);
            rects.collect::<Vec<_>>()
        })
    };
    let before = growing(&store);
    let model = &store.models()[2];
    let stretch = model.threads[0].open_stretch().expect("it is busy");
    let callback = model.threads[0].lane.open().last().expect("it runs");
    let noticed = EventKind::StallNoticed {
        thread: model.threads[0].id,
        task: callback.task,
        callback: callback.name,
        begin: stretch.begin,
    };
    let source = Source {
        model: model.id,
        thread: ThreadId::from_index(99),
    };
    store.push(&Batch {
        source,
        names: Vec::new(),
        events: vec![Event {
            at: Timestamp(700 * MS),
            kind: noticed,
        }],
    });
    assert_eq!(growing(&store), before);
}

#[test]
fn lines_lead_from_the_stall_that_is_looked_at_to_those_who_waited() {
    let mut world = World::new(Sample::default()).at(500 * MS, 1_500 * MS);
    assert_eq!(world.look(waits::waits), []);
    let store = world.store.clone();
    let model = &store.models()[2];
    let reports = crate::analysis::stalls(&store, world.now);
    let of_model = reports.iter().filter(|report| report.model == model.id);
    let report = of_model
        .max_by_key(|report| report.victims.len())
        .expect("it stalled");
    world.selection = Some(Selection::Stall(model.id, report.index));
    world.look(|place, outline| {
        let lines = waits::waits(place, outline);
        assert_eq!(lines.len(), report.victims.len());
        assert!(!lines.is_empty(), "others waited for ecstasy");
        for (line, victim) in lines.iter().zip(&report.victims) {
            let number = victim.task.expect("a download");
            let band = task(outline, 2, number.index());
            assert!((place.top(band)..place.top(band) + TASK).contains(&line.ready.y));
            assert_eq!(line.ready.x, place.axis.x(victim.waited.begin));
            assert_eq!(line.served.x, place.axis.x(victim.waited.end));
            assert!(!line.lasts);
        }
    });
}

#[test]
fn no_stall_is_folded_away_at_any_scale() {
    for power in 0..=20 {
        let world = World::new(Sample::default()).at(0, (1 << power) * 7_000 * MS);
        world.look(|place, outline| {
            let picture = lay_out(place, outline);
            let counted: usize = picture.stall_marks.iter().map(|mark| mark.count).sum();
            let all: usize = world
                .store
                .models()
                .iter()
                .map(|model| model.stalls.len())
                .sum();
            assert_eq!(counted, all);
            for model in 0..3 {
                let band = thread(outline, model);
                let rows = place.top(band)..place.top(band) + band.height;
                let mut stalls = picture.stalls.iter();
                let seen = stalls.any(|stall| rows.contains(&stall.rect.top()));
                assert!(seen, "model {model} at scale {power}");
            }
            assert!(picture.stalls.iter().all(|stall| stall.rect.width() >= 1.0));
            assert!(!stalls::on_ruler(place).is_empty());
        });
    }
}

#[test]
fn a_stall_is_named_with_its_callback_its_task_and_its_length() {
    let picture = World::new(Sample::default())
        .at(600 * MS, 1_500 * MS)
        .picture();
    let names: Vec<_> = picture.stall_marks.iter().map(|mark| &mark.name).collect();
    assert!(
        names
            .iter()
            .any(|name| *name == "Stall: data_received of ecstasy, 200 ms"),
        "{names:?}"
    );
}

#[test]
fn only_the_task_that_held_the_thread_is_stalled() {
    let world = World::new(Sample::default()).at(500 * MS, 1_500 * MS);
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let stalled = |index| {
            let top = place.top(task(outline, 2, index));
            let mut stalls = picture.stalls.iter();
            stalls.any(|stall| (top..top + TASK).contains(&stall.rect.top()))
        };
        assert!(stalled(0));
        assert!(!stalled(1) && !stalled(2));
    });
}

#[test]
fn a_collapsed_model_keeps_its_header_and_its_stalls() {
    let open = World::new(Sample::default());
    let closed = World::new(Sample::default()).collapse("asynchronous");
    let height = |world: &World| world.look(|_, outline| outline.height());
    assert!(height(&closed) < height(&open));
    let picture = closed.picture();
    let id = ModelId::from_index(2);
    assert!(picture.stall_marks.iter().any(|mark| mark.model == id));
    closed.look(|_, outline| {
        let bands = outline.bands().iter().filter(|band| band.model.id == id);
        assert_eq!(bands.count(), 1);
    });
}

#[test]
fn nothing_comes_of_an_empty_trace() {
    let world = World::of(TraceStore::new(), Timestamp::MAX);
    assert_eq!(world.picture(), Picture::default());
    world.look(|_, outline| assert_eq!(outline.height(), 0.0));
}

#[test]
fn what_is_scrolled_away_is_not_laid_out() {
    let mut world = World::new(Sample::default());
    let all = world.picture().bars.len();
    world.height = 60.0;
    world.scroll = 400.0;
    let picture = world.picture();
    assert!(picture.bars.len() < all / 2);
    let screen = Rect::everything_below(30.0 - 80.0);
    assert!(
        picture
            .bars
            .iter()
            .all(|bar| screen.contains_rect(bar.rect))
    );
    world.scroll = 100_000.0;
    assert_eq!(world.picture(), Picture::default());
}

#[test]
fn bytes_that_arrived_rise() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let top = place.top(task(outline, 1, 0));
        let columns = picture.progress.iter();
        let own = columns.filter(|column| (top..top + TASK).contains(&column.top()));
        let heights: Vec<_> = own.map(Rect::height).collect();
        assert!(heights.len() >= 25, "{}", heights.len());
        assert!(heights.is_sorted());
        assert!(
            (heights.last().expect("some") - (TASK - 2.0 * TASK_PADDING)).abs() < 0.01,
            "all bytes are there"
        );
    });
}

#[test]
fn an_end_says_how_long_it_took_or_why_it_failed() {
    let picture = World::new(Sample {
        failing: true,
        ..Sample::default()
    })
    .picture();
    let texts: Vec<_> = picture.ends.iter().map(|end| end.text.as_str()).collect();
    assert!(
        texts.iter().any(|text| text.starts_with("cannot connect")),
        "{texts:?}"
    );
    assert!(texts.contains(&"3.1 s"), "{texts:?}");
    assert_eq!(picture.ends.len(), 9);
}

/// A thread with many timers, a failure and a loss among them.
fn many_moments() -> TraceStore {
    let source = Source {
        model: ModelId::from_index(0),
        thread: ThreadId::from_index(0),
    };
    let name = crate::trace::NameId::from_index(0);
    let mut events = vec![Event {
        at: Timestamp(0),
        kind: EventKind::PollBegin,
    }];
    for count in 1..20_000_u64 {
        let kind = match count {
            7_000 => EventKind::Failure {
                task: None,
                message: name,
            },
            9_000 => EventKind::Dropped { count: 5 },
            _ => EventKind::TimerSet {
                timer: crate::trace::FlowId::from_index(count as usize),
                deadline: Timestamp::MAX,
                name,
            },
        };
        let at = Timestamp(count * MS);
        events.push(Event { at, kind });
    }
    let mut store = TraceStore::new();
    store.push(&Batch {
        source,
        names: vec![(name, "name".to_owned())],
        events,
    });
    store
}

#[test]
fn failures_and_losses_are_seen_among_any_number_of_moments() {
    let world = World::of(many_moments(), Timestamp::MAX);
    let shapes: Vec<_> = world
        .picture()
        .marks
        .iter()
        .map(|mark| mark.shape)
        .collect();
    assert_eq!(shapes, [Shape::Failure, Shape::Dropped]);
    let near = World::of(many_moments(), Timestamp::MAX).at(6_950 * MS, 7_050 * MS);
    let marks = near.picture().marks;
    let timers = marks.iter().filter(|mark| mark.shape == Shape::TimerSet);
    assert!(timers.count() > 50, "near enough, all are seen");
}

#[test]
fn a_text_has_room() {
    let picture = World::new(Sample::default())
        .at(600 * MS, 1_000 * MS)
        .picture();
    assert!(!picture.labels.is_empty());
    for label in &picture.labels {
        assert!(label.room.width() >= 16.0, "{label:?}");
        assert!(label.room.left() >= 100.0 && label.room.right() <= 1_100.0);
    }
}
