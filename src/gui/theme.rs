//! The look of the whole window: one palette for dark and one for light, one scale of type, one of spacing.
//!
//! The states of a task are told apart by lightness first, hue second, and never by colour alone: what matters
//! also has a pattern or an outline (see `timeline`). The hues start from Okabe and Ito's palette for
//! colour-blind eyes and were moved until they stay apart in both themes for every kind of eye; the tests
//! hold them there.
//!
//! Nobody else in the window names a colour, a font or a size.

mod hues;

use egui::style::{HandleShape, ScrollAnimation, WidgetVisuals, Widgets};
use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke,
    Style, TextStyle, Theme, Visuals, vec2,
};

use crate::store::SpanKind;
use crate::trace::{Cause, Outcome};

pub use hues::hues;

/// Size of notes, ticks and text in spans, in points.
pub const SMALL: f32 = 11.0;
/// Size of all other text, in points.
pub const BODY: f32 = 13.0;
/// Size of a panel's title, in points.
pub const HEADING: f32 = 15.0;
/// Size of the one title on an empty page, in points.
pub const DISPLAY: f32 = 21.0;

/// Height of a line of running text, in points: what goes over several lines is read, and needs air between them.
pub const LINE: f32 = 18.0;
/// Height of a line of notes that go over several lines, in points.
pub const SMALL_LINE: f32 = 15.0;

/// The step of all distances, in points: margins and gaps are multiples of it.
pub const STEP: f32 = 4.0;
/// Rounding of widgets, in points. What stands for time is never rounded: its edges are moments.
pub const RADIUS: u8 = 4;

/// The font of notes and of text in spans.
pub const fn small() -> FontId {
    FontId::new(SMALL, FontFamily::Proportional)
}

/// The font of text.
pub const fn body() -> FontId {
    FontId::new(BODY, FontFamily::Proportional)
}

/// The font of titles.
pub const fn heading() -> FontId {
    FontId::new(HEADING, FontFamily::Proportional)
}

/// The font of numbers that change or stand in columns. Every digit is as wide as every other, so that a number
/// that counts does not tremble.
pub const fn number() -> FontId {
    small()
}

/// What each colour is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// Whether it is the dark one.
    pub dark: bool,

    /// Behind the lanes of the timeline, and of plots.
    pub background: Color32,
    /// Panels and bars around it.
    pub panel: Color32,
    /// A lane.
    pub lane: Color32,
    /// Every other lane.
    pub lane_alt: Color32,
    /// The header of a group of lanes.
    pub header: Color32,
    /// Menus, tooltips and windows that float.
    pub raised: Color32,
    /// A button at rest.
    pub widget: Color32,
    /// A button under the pointer.
    pub widget_hover: Color32,
    /// A button under the finger.
    pub widget_active: Color32,
    /// Edges of panels and widgets.
    pub border: Color32,
    /// Lines of time in the background of lanes and plots.
    pub grid: Color32,

    /// Text.
    pub text: Color32,
    /// Text that may be overlooked: notes, units, labels of ticks.
    pub text_weak: Color32,
    /// Links, and whatever else can be followed.
    pub link: Color32,

    /// What is chosen: the outline of a selected span, a pressed switch.
    pub selection: Color32,
    /// Behind selected text and pressed switches; text is legible on it.
    pub selection_fill: Color32,
    /// The newest moment of a live trace.
    pub now: Color32,
    /// Lines that follow the pointer.
    pub cursor: Color32,

    /// Queued: nobody works on it yet. Dots.
    pub queued: Color32,
    /// Waiting: pale.
    pub waiting: Color32,
    /// The hatching on what waits.
    pub waiting_hatch: Color32,
    /// Ready and not served: an outline.
    pub ready: Color32,
    /// Running: solid.
    pub running: Color32,
    /// Stalled: red, and striped with [`Self::stalled_stripe`].
    pub stalled: Color32,
    /// The stripes on what is stalled.
    pub stalled_stripe: Color32,
    /// Failed: the cross at its end, and what tells of it.
    pub failed: Color32,
    /// Done: the tick at its end.
    pub done: Color32,
    /// Bytes that arrived.
    pub progress: Color32,

    /// The loop waits in the event provider; a thread waits in a system call. Pale.
    pub poll: Color32,
    /// The loop works: between two polls.
    pub turn: Color32,
    /// A call that blocks.
    pub blocking: Color32,
    /// A callback that a timer caused.
    pub timer: Color32,
    /// A callback that another thread asked for.
    pub thread_call: Color32,
    /// A callback that the program's own order of statements, a start or an end caused.
    pub program: Color32,

    /// Models of execution, by their places in the trace.
    pub models: [Color32; 5],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

static DARK: Palette = Palette {
    dark: true,
    background: rgb(0x10_151B),
    panel: rgb(0x15_1B22),
    lane: rgb(0x16_1D25),
    lane_alt: rgb(0x1A_222B),
    header: rgb(0x20_2A35),
    raised: rgb(0x1E_2731),
    widget: rgb(0x26_313D),
    widget_hover: rgb(0x30_3D4B),
    widget_active: rgb(0x3A_495A),
    border: rgb(0x2C_3844),
    grid: rgb(0x24_2E39),
    text: rgb(0xE4_EAF1),
    text_weak: rgb(0x9A_A9B9),
    link: rgb(0x7F_B8F8),
    selection: rgb(0xFF_FFFF),
    selection_fill: rgb(0x24_4F84),
    now: rgb(0x6F_D3B8),
    cursor: rgb(0x8A_9AAB),
    queued: rgb(0x45_5361),
    waiting: rgb(0x2A_3542),
    waiting_hatch: rgb(0x3E_4C5B),
    ready: rgb(0xF2_E38C),
    running: rgb(0x4D_9BF5),
    stalled: rgb(0xEF_6860),
    stalled_stripe: rgb(0x7E_1D1D),
    failed: rgb(0xC1_84B3),
    done: rgb(0x6F_D3B8),
    progress: rgb(0x6F_D3B8),
    poll: rgb(0x26_303B),
    turn: rgb(0x5B_7088),
    blocking: rgb(0xF5_A524),
    timer: rgb(0x5F_C4CF),
    thread_call: rgb(0xB3_9DF0),
    program: rgb(0x86_A9CE),
    models: [
        rgb(0xAD_609E),
        rgb(0x7C_DCFD),
        rgb(0x4D_9BF5),
        rgb(0xFB_B082),
        rgb(0xF4_F0C4),
    ],
};

static LIGHT: Palette = Palette {
    dark: false,
    background: rgb(0xEF_ECE5),
    panel: rgb(0xF6_F4EF),
    lane: rgb(0xFC_FBF8),
    lane_alt: rgb(0xF7_F5F0),
    header: rgb(0xE6_E3DB),
    raised: rgb(0xFF_FFFF),
    widget: rgb(0xE7_E4DC),
    widget_hover: rgb(0xDC_D8CE),
    widget_active: rgb(0xCE_C9BD),
    border: rgb(0xD5_D1C7),
    grid: rgb(0xE8_E5DE),
    text: rgb(0x1B_222B),
    text_weak: rgb(0x55_606D),
    link: rgb(0x1F_5FA8),
    selection: rgb(0x10_151B),
    selection_fill: rgb(0xBF_D8F3),
    now: rgb(0x20_9270),
    cursor: rgb(0x77_8290),
    queued: rgb(0xB4_BAC1),
    waiting: rgb(0xDF_E4E9),
    waiting_hatch: rgb(0xC3_CCD5),
    ready: rgb(0x5C_3A04),
    running: rgb(0x2A_62B8),
    stalled: rgb(0xBB_2A38),
    stalled_stripe: rgb(0xF6_B9BC),
    failed: rgb(0x8F_3A78),
    done: rgb(0x20_9270),
    progress: rgb(0x20_9270),
    poll: rgb(0xE4_E6E8),
    turn: rgb(0x9F_AEBD),
    blocking: rgb(0xDF_901C),
    timer: rgb(0x2A_8E9B),
    thread_call: rgb(0x7A_5FC0),
    program: rgb(0x6C_8DB0),
    models: [
        rgb(0x47_0D66),
        rgb(0x14_93A2),
        rgb(0x2A_62B8),
        rgb(0x6D_3501),
        rgb(0x0C_0B2C),
    ],
};

impl Palette {
    /// The dark one.
    pub const fn dark() -> &'static Self {
        &DARK
    }

    /// The light one.
    pub const fn light() -> &'static Self {
        &LIGHT
    }

    /// The one that goes with these visuals: `Palette::of(ui.visuals())`.
    pub const fn of(visuals: &Visuals) -> &'static Self {
        if visuals.dark_mode { &DARK } else { &LIGHT }
    }

    /// The colour of a span by what went on in it.
    pub const fn span(&self, kind: SpanKind) -> Color32 {
        match kind {
            SpanKind::Poll | SpanKind::Wait(_) => self.poll,
            SpanKind::Turn => self.turn,
            SpanKind::Callback(cause) => self.callback(cause),
            SpanKind::Blocking => self.blocking,
            SpanKind::Queued => self.queued,
            SpanKind::Waiting => self.waiting,
            SpanKind::Ready => self.ready,
            SpanKind::Running => self.running,
        }
    }

    /// The colour of a callback by what made the loop call it.
    pub const fn callback(&self, cause: Cause) -> Color32 {
        match cause {
            Cause::Readiness => self.running,
            Cause::Timer => self.timer,
            Cause::ThreadCall => self.thread_call,
            Cause::WhenRunning
            | Cause::Program
            | Cause::Shutdown
            | Cause::Deferred
            | Cause::ThreadPool => self.program,
        }
    }

    /// The colour that tells how a task or a model ended.
    pub const fn outcome(&self, outcome: Outcome) -> Color32 {
        match outcome {
            Outcome::Done => self.done,
            Outcome::Failed => self.failed,
            Outcome::Stopped => self.text_weak,
        }
    }

    /// The colour of a model in plots and beside its name, by what [`hues`] gave it.
    pub const fn model(&self, hue: usize) -> Color32 {
        self.models[hue % self.models.len()]
    }

    /// The colour of text on a fill: dark or bright ink, whichever is easier to read.
    pub fn ink_on(&self, fill: Color32) -> Color32 {
        const DARK_INK: Color32 = rgb(0x0C_1117);
        const BRIGHT_INK: Color32 = rgb(0xFF_FFFF);
        if contrast(DARK_INK, fill) >= contrast(BRIGHT_INK, fill) {
            DARK_INK
        } else {
            BRIGHT_INK
        }
    }
}

/// The contrast ratio of two opaque colours, 1 to 21, as WCAG 2.2 defines it.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance, as WCAG 2.2 defines it.
fn luminance(color: Color32) -> f32 {
    let [red, green, blue] = linear(color);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Linear light of the three channels, 0 to 1.
fn linear(color: Color32) -> [f32; 3] {
    let rgba = egui::Rgba::from(color);
    [rgba.r(), rgba.g(), rgba.b()]
}

/// Sets fonts, spacing and both themes. Once, when the window is made.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            set_type_and_spacing(style);
            style.visuals = visuals(palette);
        });
    }
    set_motion(ctx, true);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    // The proportional font has no arrows and no box drawing.
    if let Some(family) = fonts.families.get_mut(&FontFamily::Proportional) {
        family.push("Hack".to_owned());
    }
    // What no other font has: Chinese. Last, so that Latin letters and digits stay as they are.
    let chinese = include_bytes!("../../assets/fonts/noto-sans-sc-subset.otf");
    let name = "Noto Sans SC".to_owned();
    fonts
        .font_data
        .insert(name.clone(), FontData::from_static(chinese).into());
    for family in fonts.families.values_mut() {
        family.push(name.clone());
    }
    // The two are drawn at different sizes for the same number of points: beside each other they must match.
    if let Some(hack) = fonts.font_data.get_mut("Hack") {
        let mut data = FontData::clone(hack);
        data.tweak.scale = 0.96;
        *hack = data.into();
    }
    fonts
}

fn set_type_and_spacing(style: &mut Style) {
    style.text_styles = [
        (TextStyle::Small, small()),
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Heading, heading()),
        (TextStyle::Monospace, FontId::monospace(BODY - 1.0)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(2.0 * STEP, 1.5 * STEP);
    spacing.button_padding = vec2(2.5 * STEP, STEP);
    spacing.interact_size = vec2(32.0, 24.0);
    spacing.window_margin = Margin::same(12);
    spacing.menu_margin = Margin::same(6);
    spacing.indent = 4.0 * STEP;
    // A list that has room is not scrolled.
    spacing.default_area_size.y = 800.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = 1.5 * STEP;
    spacing.slider_rail_height = 4.0;
    spacing.tooltip_width = 340.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
}

/// Whether anything moves by itself: what opens or closes, what is scrolled to, the mark that blinks in a text.
pub fn set_motion(ctx: &egui::Context, moves: bool) {
    ctx.all_styles_mut(|style| {
        style.animation_time = if moves { 0.08 } else { 0.0 };
        style.scroll_animation = match moves {
            true => ScrollAnimation::default(),
            false => ScrollAnimation::none(),
        };
        style.visuals.text_cursor.blink = moves;
    });
}

/// Whether nothing moves by itself.
pub fn is_still(ctx: &egui::Context) -> bool {
    ctx.global_style().animation_time <= 0.0
}

fn visuals(palette: &Palette) -> Visuals {
    let base = if palette.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let shadow = Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(if palette.dark { 110 } else { 36 }),
    };
    Visuals {
        weak_text_color: Some(palette.text_weak),
        widgets: widgets(palette),
        selection: egui::style::Selection {
            bg_fill: palette.selection_fill,
            stroke: Stroke::new(1.0, palette.text),
        },
        hyperlink_color: palette.link,
        faint_bg_color: palette.lane_alt,
        extreme_bg_color: palette.background,
        text_edit_bg_color: Some(palette.background),
        code_bg_color: palette.header,
        warn_fg_color: palette.ready,
        error_fg_color: palette.stalled,
        window_corner_radius: CornerRadius::same(2 * RADIUS),
        window_shadow: shadow,
        window_fill: palette.raised,
        window_stroke: Stroke::new(1.0, palette.border),
        menu_corner_radius: CornerRadius::same(RADIUS + 2),
        panel_fill: palette.panel,
        popup_shadow: shadow,
        indent_has_left_vline: false,
        slider_trailing_fill: true,
        handle_shape: HandleShape::Circle,
        interact_cursor: Some(egui::CursorIcon::PointingHand),
        ..base
    }
}

fn widgets(palette: &Palette) -> Widgets {
    let look = |fill: Color32, edge: Color32, ink: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, edge),
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.0, ink),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: look(palette.panel, palette.border, palette.text),
        inactive: look(palette.widget, palette.border, palette.text),
        hovered: look(palette.widget_hover, palette.cursor, palette.text),
        active: look(palette.widget_active, palette.selection, palette.text),
        open: look(palette.widget_hover, palette.border, palette.text),
    }
}

#[cfg(test)]
mod tests;
