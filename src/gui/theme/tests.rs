use super::*;

/// What an eye without one kind of cone sees, in linear light: Machado, Oliveira and Fernandes, "A
/// Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, at
/// severity 1.
const EYES: [(&str, [[f32; 3]; 3]); 4] = [
    (
        "all cones",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

fn times(matrix: &[[f32; 3]; 3], vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

/// Björn Ottosson's Oklab, in which equal distances look equally far: 1 from black to white.
fn oklab(rgb: [f32; 3]) -> [f32; 3] {
    const TO_LMS: [[f32; 3]; 3] = [
        [0.412_221_47, 0.536_332_54, 0.051_445_993],
        [0.211_903_5, 0.680_699_5, 0.107_396_96],
        [0.088_302_46, 0.281_718_85, 0.629_978_7],
    ];
    const TO_LAB: [[f32; 3]; 3] = [
        [0.210_454_26, 0.793_617_8, -0.004_072_047],
        [1.977_998_5, -2.428_592_2, 0.450_593_7],
        [0.025_904_037, 0.782_771_77, -0.808_675_77],
    ];
    times(
        &TO_LAB,
        times(&TO_LMS, rgb.map(|channel| channel.clamp(0.0, 1.0))).map(f32::cbrt),
    )
}

fn distance(eye: &[[f32; 3]; 3], a: Color32, b: Color32) -> f32 {
    let (a, b) = (oklab(times(eye, linear(a))), oklab(times(eye, linear(b))));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
}

#[test]
fn black_on_white_has_the_contrast_that_wcag_says() {
    assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
    assert!((contrast(Color32::RED, Color32::RED) - 1.0).abs() < f32::EPSILON);
}

#[test]
fn text_can_be_read_wherever_it_stands() {
    for palette in [Palette::dark(), Palette::light()] {
        let grounds = [
            palette.background,
            palette.panel,
            palette.lane,
            palette.lane_alt,
            palette.header,
            palette.raised,
        ];
        for ground in grounds {
            for ink in [palette.text, palette.text_weak, palette.link] {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{ink:?} on {ground:?}: {ratio}");
            }
        }
        let widgets = [
            palette.widget,
            palette.widget_hover,
            palette.widget_active,
            palette.selection_fill,
        ];
        for ground in widgets {
            let ratio = contrast(palette.text, ground);
            assert!(ratio >= 4.5, "text on {ground:?}: {ratio}");
        }
    }
}

#[test]
fn what_warns_can_be_read_too() {
    for palette in [Palette::dark(), Palette::light()] {
        let grounds = [
            palette.panel,
            palette.lane,
            palette.lane_alt,
            palette.header,
            palette.raised,
        ];
        for ground in grounds {
            for ink in [palette.stalled, palette.failed, palette.ready] {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{ink:?} on {ground:?}: {ratio}");
            }
            // A mark, not a text: WCAG asks for 3.
            assert!(contrast(palette.done, ground) >= 3.0);
        }
    }
}

#[test]
fn text_in_spans_can_be_read() {
    for palette in [Palette::dark(), Palette::light()] {
        let fills = [
            palette.running,
            palette.turn,
            palette.blocking,
            palette.timer,
            palette.thread_call,
            palette.program,
            palette.poll,
            palette.stalled,
        ];
        for fill in fills {
            let ratio = contrast(palette.ink_on(fill), fill);
            assert!(ratio >= 4.5, "on {fill:?}: {ratio}");
        }
    }
}

/// What must be told apart at a glance is at least so far apart, for every kind of eye. A just noticeable difference of
/// two patches that touch is about 0.02 in Oklab; these do not touch, and are small.
const APART: f32 = 0.08;

/// Fails unless all of `colors` are [`APART`].
fn assert_apart(palette: &Palette, colors: &[(&str, Color32)]) {
    for (eye, matrix) in &EYES {
        for (place, (one, a)) in colors.iter().enumerate() {
            for (other, b) in &colors[place + 1..] {
                let apart = distance(matrix, *a, *b);
                let dark = palette.dark;
                assert!(
                    apart >= APART,
                    "{eye}, dark {dark}: {one} and {other} are {apart} apart"
                );
            }
        }
    }
}

#[test]
fn states_stay_apart_for_every_kind_of_eye() {
    for palette in [Palette::dark(), Palette::light()] {
        assert_apart(
            palette,
            &[
                ("lane", palette.lane),
                ("waiting", palette.waiting_hatch),
                ("ready", palette.ready),
                ("running", palette.running),
                ("stalled", palette.stalled),
                ("blocking", palette.blocking),
                ("failed", palette.failed),
                ("done", palette.done),
            ],
        );
    }
}

#[test]
fn models_stay_apart_for_every_kind_of_eye() {
    for palette in [Palette::dark(), Palette::light()] {
        assert_apart(
            palette,
            &[
                ("background", palette.background),
                ("first model", palette.model(0)),
                ("second model", palette.model(1)),
                ("third model", palette.model(2)),
                ("fourth model", palette.model(3)),
                ("fifth model", palette.model(4)),
                ("stall threshold", palette.stalled),
            ],
        );
    }
}

#[test]
fn what_a_thread_does_stays_apart_for_every_kind_of_eye() {
    for palette in [Palette::dark(), Palette::light()] {
        // A callback on readiness and a task that runs share a colour: it is the same thing seen twice. Causes are
        // told apart in words, and their colours only help.
        assert_apart(
            palette,
            &[
                ("lane", palette.lane),
                ("turn", palette.turn),
                ("callback", palette.running),
                ("call that blocks", palette.blocking),
                ("stalled", palette.stalled),
            ],
        );
    }
}

#[test]
fn marks_and_lines_can_be_seen() {
    for palette in [Palette::dark(), Palette::light()] {
        // No text: WCAG asks for 3 of what is needed to understand a picture, and of the ring around what has the focus.
        let on_lanes = [
            palette.running,
            palette.stalled,
            palette.failed,
            palette.done,
            palette.ready,
            palette.selection,
            palette.thread_call,
            palette.timer,
        ];
        for ground in [palette.lane, palette.lane_alt, palette.background] {
            for mark in on_lanes {
                let ratio = contrast(mark, ground);
                assert!(ratio >= 3.0, "{mark:?} on {ground:?}: {ratio}");
            }
        }
        for ground in [
            palette.panel,
            palette.raised,
            palette.widget,
            palette.header,
        ] {
            let ratio = contrast(palette.selection, ground);
            assert!(ratio >= 3.0, "the focus on {ground:?}: {ratio}");
        }
    }
}

#[test]
fn digits_are_equally_wide() {
    let ctx = egui::Context::default();
    install(&ctx);
    let output = ctx.run_ui(egui::RawInput::default(), |ui| {
        let width = |digit| ui.fonts_mut(|fonts| fonts.glyph_width(&number(), digit));
        let zero = width('0');
        assert!(('1'..='9').all(|digit| (width(digit) - zero).abs() < f32::EPSILON));
    });
    output.drop_without_applying_deltas();
}

#[test]
fn both_themes_are_installed_with_their_own_colours() {
    let ctx = egui::Context::default();
    install(&ctx);
    for (theme, palette) in [
        (Theme::Dark, Palette::dark()),
        (Theme::Light, Palette::light()),
    ] {
        let style = ctx.style_of(theme);
        assert_eq!(style.visuals.panel_fill, palette.panel);
        assert_eq!(Palette::of(&style.visuals), palette);
    }
}
