//! Whether everything has room: the main views, from small windows to large ones, in both languages.

use egui::accesskit::Role;
use egui::epaint::ClippedShape;
use egui::{Rect, Shape, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use loopscope::gui::action::MENUS;
use loopscope::gui::beside::{BesideCommand, Split};
use loopscope::gui::command::{Command, Selection, Side};
use loopscope::gui::texts::LanguageChoice;

use crate::desk::Desk;
use crate::views::VIEWS;

/// Windows, in points of the display, and how many pixels those have: from the smallest to a large one. On a display of 200 %
/// one of 1024 by 640 pixels has 512 by 320 points, too few to lay it out: it is drawn smaller.
const WINDOWS: [(f32, f32, f32); 8] = [
    (1024.0, 640.0, 1.0),
    (512.0, 320.0, 2.0),
    (960.0, 540.0, 2.0),
    (720.0, 450.0, 2.0),
    (1280.0, 720.0, 1.5),
    (1440.0, 900.0, 1.0),
    (1920.0, 1080.0, 2.0),
    (3840.0, 2160.0, 1.0),
];

/// What lies around or below other controls, as it should.
const AROUND: [&str; 6] = [
    "Edge of ",
    "的边缘",
    "Width of ",
    "一列的宽度",
    "Timeline",
    "时间线",
];

/// A control that can be seen.
#[derive(Debug)]
struct Control {
    name: String,
    /// All of it.
    rect: Rect,
    /// What of it is not clipped.
    seen: Rect,
}

/// All controls that have a name and can be seen at least in part. What has no size is only there to be read aloud.
fn controls(desk: &Desk) -> Vec<Control> {
    let names: Vec<(Rect, String)> = desk
        .harness
        .root()
        .children_recursive()
        .filter_map(|node| {
            let name = node.accesskit_node().label()?;
            Some((node.rect(), name))
        })
        .collect();
    let name_of = |rect: Rect| {
        let (_, name) = names.iter().find(|(one, _)| {
            (one.min - rect.min).length() < 0.5 && (one.max - rect.max).length() < 0.5
        })?;
        Some(name.clone())
    };
    desk.harness.ctx.viewport(|viewport| {
        let widgets = &viewport.prev_pass.widgets;
        widgets
            .layers()
            .flat_map(|(_, widgets)| widgets)
            .filter(|widget| widget.sense.senses_click() && widget.interact_rect.is_positive())
            .filter_map(|widget| {
                Some(Control {
                    name: name_of(widget.rect)?,
                    rect: widget.rect,
                    seen: widget.interact_rect,
                })
            })
            // Edges of panels can be grabbed from both sides of them, and the timeline holds controls of its own.
            .filter(|control| !AROUND.iter().any(|name| control.name.contains(name)))
            .collect()
    })
}

/// How wide a scroll bar is at most, in points.
const BAR: f32 = 14.0;

/// The bars of what can be scrolled up and down: as high as what is seen of it. Timelines, which scroll by themselves, as a
/// whole.
fn scrolled(desk: &Desk) -> Vec<Rect> {
    let named = |rect: Rect| {
        let mut nodes = desk.harness.root().children_recursive();
        nodes.any(|node| node.accesskit_node().label().is_some() && node.rect() == rect)
    };
    let bars: Vec<Rect> = desk.harness.ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        let widgets = layers.flat_map(|(_, widgets)| widgets);
        let bars = widgets.filter(|one| one.sense.senses_drag() && one.rect.width() <= BAR);
        bars.map(|one| one.rect).collect()
    });
    let mut found: Vec<Rect> = bars.into_iter().filter(|rect| !named(*rect)).collect();
    found.extend(timelines(desk));
    found
}

/// Whether what is cut here comes into sight when it is scrolled to.
fn is_scrolled(scrolled: &[Rect], clip: Rect) -> bool {
    scrolled.iter().any(|bar| {
        let near = |a: f32, b: f32| (a - b).abs() < 3.0;
        let inside = bar.expand(1.0).contains_rect(clip) && bar.width() > BAR;
        inside || near(bar.bottom(), clip.bottom()) || near(bar.top(), clip.top())
    })
}

/// Texts that are cut off at any side; at the upper or lower one only where nobody can scroll to them.
fn cut_off(desk: &Desk) -> Vec<String> {
    let mut found = Vec::new();
    let scrolled = scrolled(desk);
    for ClippedShape {
        clip_rect, shape, ..
    } in &desk.harness.output().shapes
    {
        texts(shape, &mut |text| {
            let rect = text.visual_bounding_rect();
            let seen = rect.intersect(*clip_rect);
            let is_seen = seen.is_positive() && seen.height() > rect.height() / 2.0;
            let is_low = seen.is_positive() && seen.height() < rect.height() - 1.5;
            let is_cut = is_seen && seen.width() < rect.width() - 1.5;
            if is_cut || is_low && !is_scrolled(&scrolled, *clip_rect) {
                found.push(format!(
                    "{:?} at {rect:?}, of which {seen:?} is seen",
                    text.galley.text()
                ));
            }
        });
    }
    found
}

/// Texts that lie on others. In the timelines a flag may lie on what is below it, as it should.
fn overlapping(desk: &Desk) -> Vec<String> {
    let timelines = timelines(desk);
    let mut all = Vec::new();
    for ClippedShape {
        clip_rect, shape, ..
    } in &desk.harness.output().shapes
    {
        texts(shape, &mut |text| {
            let rect = text.visual_bounding_rect();
            let seen = rect.intersect(*clip_rect);
            let in_timeline = timelines.iter().any(|one| one.contains(seen.center()));
            if seen.is_positive() && !in_timeline && !text.galley.text().is_empty() {
                all.push((*clip_rect, seen, text.galley.text().to_owned()));
            }
        });
    }
    let mut found = Vec::new();
    for (place, (clip, rect, text)) in all.iter().enumerate() {
        for (other_clip, other_rect, other) in &all[place + 1..] {
            let both = rect.intersect(*other_rect);
            // What lies over the window has a clip of its own.
            if clip == other_clip && both.width() > 1.0 && both.height() > 2.0 {
                found.push(format!("{text:?} and {other:?} overlap at {both:?}"));
            }
        }
    }
    found
}

/// The timelines, as a whole.
fn timelines(desk: &Desk) -> Vec<Rect> {
    let named = ["Timeline", "时间线"].map(|name| desk.harness.query_all_by_label_contains(name));
    let lanes = named.into_iter().flatten().map(|one| one.rect());
    lanes.filter(|rect| rect.height() > 40.0).collect()
}

fn texts(shape: &Shape, each: &mut impl FnMut(&egui::epaint::TextShape)) {
    match shape {
        Shape::Text(text) => each(text),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, each)),
        _ => {}
    }
}

/// What is wrong with what is on the screen.
fn faults(desk: &Desk, screen: Rect) -> Vec<String> {
    let controls = controls(desk);
    let scrolled = scrolled(desk);
    assert!(controls.len() > 15, "the controls are there");
    let mut faults = cut_off(desk);
    faults.extend(overlapping(desk));
    for (place, one) in controls.iter().enumerate() {
        let sides = one.rect.x_range();
        let seen = one.seen.x_range();
        if seen.min > sides.min + 0.5 || seen.max < sides.max - 0.5 {
            faults.push(format!(
                "{} is cut off: {:?} of {:?}",
                one.name, seen, sides
            ));
        }
        let is_low = one.seen.height() < one.rect.height() - 0.5;
        if is_low && !is_scrolled(&scrolled, one.seen) {
            faults.push(format!(
                "{} is cut off below: {:?} of {:?}",
                one.name, one.seen, one.rect
            ));
        }
        if !screen.contains_rect(one.seen) {
            faults.push(format!("{} is outside: {:?}", one.name, one.seen));
        }
        for other in &controls[place + 1..] {
            let both = one.seen.intersect(other.seen);
            let is_same = one.name == other.name;
            if !is_same && both.width() > 1.0 && both.height() > 1.0 {
                faults.push(format!(
                    "{} and {} overlap at {both:?}",
                    one.name, other.name
                ));
            }
        }
    }
    faults
}

/// Shows a window of each size in both languages, and fails if anything has no room.
fn everything_has_room(view: &str, prepare: impl FnMut(&mut Desk)) {
    has_room_in(&WINDOWS, view, prepare);
}

fn has_room_in(windows: &[(f32, f32, f32)], view: &str, mut prepare: impl FnMut(&mut Desk)) {
    let mut all = Vec::new();
    for language in [LanguageChoice::English, LanguageChoice::Chinese] {
        for &(width, height, scale) in windows {
            let mut desk = Desk::sized(vec2(width, height), scale);
            prepare(&mut desk);
            desk.apply(Command::SetLanguage(language));
            desk.frames(4);
            let screen = desk.harness.ctx.content_rect();
            let pixels = screen.size() * desk.harness.ctx.pixels_per_point();
            assert!((pixels - scale * vec2(width, height)).length() < 1.0);
            let faults = faults(&desk, screen);
            all.extend(faults.into_iter().map(|fault| {
                format!("{view}, {width} x {height} at {scale}, {language:?}: {fault}")
            }));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_first_page_has_room() {
    everything_has_room("first page", |_| {});
}

#[test]
fn a_trace_has_room() {
    everything_has_room("trace", Desk::show_recorded);
}

#[test]
fn a_stall_has_room() {
    everything_has_room("stall", |desk| {
        desk.show_recorded();
        let stall = desk.shown().stalls[0].clone();
        desk.apply(Command::Reveal(Selection::Stall(stall.model, stall.index)));
    });
}

#[test]
fn every_other_view_has_room_in_the_smallest_windows() {
    // What lies over the window covers what is below it, as it should; the others are looked at above.
    let others = ["span", "loop", "delays", "marks", "statistics", "search"];
    for (name, prepare) in VIEWS.into_iter().filter(|(name, _)| others.contains(name)) {
        has_room_in(&WINDOWS[..4], name, prepare);
    }
}

#[test]
fn two_traces_have_room() {
    for split in [Split::Below, Split::Aside] {
        everything_has_room("two traces", |desk| {
            desk.show_recorded();
            desk.show_recorded();
            desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
            desk.apply(Command::Beside(BesideCommand::Split(split)));
        });
    }
}

#[test]
fn menus_fit_into_a_small_window() {
    let outside = |desk: &Desk| {
        let screen = desk.harness.ctx.content_rect();
        let nodes = desk.harness.root().children_recursive();
        let items = nodes.filter(|node| {
            let role = node.accesskit_node().role();
            matches!(role, Role::MenuItem | Role::MenuItemCheckBox)
        });
        let items: Vec<_> = items.collect();
        assert!(items.len() > 1, "there is a menu");
        let outside = items
            .iter()
            .filter(|item| !screen.contains_rect(item.rect()));
        outside
            .filter_map(|item| item.accesskit_node().label())
            .collect::<Vec<_>>()
    };
    let menus = MENUS.iter().flat_map(|(name, groups)| {
        let folded = groups.iter().filter(|group| group.is_folded());
        let folded = folded.map(|group| Some(group.word()));
        let each = std::iter::once(None).chain(folded);
        each.map(move |group| (*name, group))
    });
    for (name, group) in menus {
        for &(width, height, scale) in &WINDOWS[..3] {
            let mut desk = Desk::sized(vec2(width, height), scale);
            desk.show_recorded();
            desk.click(name);
            if let Some(group) = group {
                desk.click(group);
            }
            desk.frames(2);
            assert_eq!(outside(&desk), [""; 0], "{name}, {group:?}, {width}");
        }
    }
}

#[test]
fn all_models_are_seen_at_once_in_the_window_as_it_opens() {
    let desk = Desk::with_trace();
    let timeline = desk.control("Timeline").rect();
    let rows = ["ecstasy", "fascination", "science"].map(|task| format!("Lane {task} of threaded"));
    let last = "Lane reactor of asynchronous".to_owned();
    for lane in rows.iter().chain([&last]) {
        let rect = desk.control(lane).rect();
        assert!(timeline.contains_rect(rect), "{lane}: {rect} of {timeline}");
    }
}

#[test]
fn lanes_have_more_room_than_plots() {
    for (size, has_plots) in [(vec2(960.0, 600.0), false), (vec2(1440.0, 900.0), true)] {
        let mut desk = Desk::sized(size, 1.0);
        desk.show_recorded();
        desk.apply(Command::SetPanel(Side::Statistics, true));
        desk.frames(3);
        assert_eq!(desk.sees("Loop lag"), has_plots, "{size}");
        assert_eq!(desk.has("No room for plots"), !has_plots, "{size}");
        let timeline = desk.control("Timeline").rect();
        assert!(timeline.height() > 200.0, "{timeline} in {size}");
    }
}

#[test]
fn a_long_name_of_a_trace_is_cut_before_how_it_ended() {
    let mut desk = Desk::sized(vec2(1024.0, 640.0), 1.0);
    desk.show_recorded();
    let mut is_whole = None;
    for ClippedShape { shape, .. } in &desk.harness.output().shapes {
        texts(shape, &mut |text| {
            if text.galley.text().starts_with("finished in") {
                is_whole = Some(!text.galley.elided);
            }
        });
    }
    assert_eq!(is_whole, Some(true));
}

#[test]
fn the_timeline_keeps_its_room_whatever_is_shown_below_it() {
    let mut desk = Desk::new();
    desk.show_recorded();
    desk.apply(Command::SetPanel(Side::Statistics, true));
    desk.frames(2);
    for (size, least) in [(vec2(1440.0, 900.0), 220.0), (vec2(1024.0, 640.0), 140.0)] {
        desk.harness.set_size(size);
        desk.frames(4);
        let height = desk.control("Timeline").rect().height();
        assert!(height >= least, "{height} of {size}");
    }
    desk.harness.set_size(vec2(1440.0, 900.0));
    desk.show_recorded();
    desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
    desk.frames(4);
    for timeline in desk.harness.query_all_by_label("Timeline") {
        let height = timeline.rect().height();
        assert!(height >= 160.0, "{height} of two");
    }
}

#[test]
fn parts_that_no_hand_has_pulled_are_as_large_as_the_window_has_room_for() {
    let timeline = |desk: &Desk| desk.control("Timeline").rect();
    let sized = |width, height| {
        let mut desk = Desk::sized(vec2(width, height), 1.0);
        desk.show_recorded();
        desk.frames(3);
        desk
    };
    let (large, small) = (vec2(1920.0, 1080.0), vec2(960.0, 540.0));
    let expected = [small, large].map(|size| timeline(&sized(size.x, size.y)));
    let mut desk = sized(large.x, large.y);
    for (size, expected) in [small, large].into_iter().zip(expected) {
        desk.harness.set_size(size);
        desk.frames(4);
        assert_eq!(timeline(&desk), expected, "{size}");
    }
    // What the hand has pulled stays as it is.
    let edge = timeline(&desk).left_center();
    desk.drag(edge, edge + vec2(60.0, 0.0));
    let pulled = timeline(&desk).left();
    assert!((pulled - edge.x - 60.0).abs() < 2.0, "{pulled}");
    desk.harness.set_size(large - vec2(200.0, 200.0));
    desk.frames(4);
    assert_eq!(timeline(&desk).left(), pulled);
}
