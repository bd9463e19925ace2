//! Checks the tokens: contrast of text and marks, and distance of the kinds for colour-blind eyes.
//!
//! Never repairs a colour; it fails and names the pair.

use egui::Color32;

use super::{KindClass, Theme, Tokens};

/// Severity-1 simulation matrices in linear sRGB (Machado, Oliveira and Fernandes, 2009).
const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protan",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deutan",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritan",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

fn linear(c: Color32) -> [f64; 3] {
    [c.r(), c.g(), c.b()].map(|v| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let luminance = |c| {
        let [r, g, b] = linear(c);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (x, y) = (luminance(a), luminance(b));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

fn mul(m: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn oklab(rgb: [f64; 3]) -> [f64; 3] {
    let lms = mul(
        &[
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ],
        rgb,
    );
    mul(
        &[
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ],
        lms.map(|v| v.max(0.0).cbrt()),
    )
}

/// OKLab distance times 100, as seen through `vision`.
fn distance(a: Color32, b: Color32, vision: &[[f64; 3]; 3]) -> f64 {
    let seen = |c| oklab(mul(vision, linear(c)).map(|v| v.clamp(0.0, 1.0)));
    let (a, b) = (seen(a), seen(b));
    100.0 * ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2) + (a[2] - b[2]).powi(2)).sqrt()
}

struct Floors(Vec<String>);

impl Floors {
    fn check(&mut self, theme: Theme, what: &str, a: Color32, b: Color32, least: f64) {
        let found = contrast(a, b);
        if found < least {
            self.0.push(format!("{theme:?} {what}: {found:.2} < {least}"));
        }
    }
}

fn check_text(floors: &mut Floors, t: &Tokens) {
    let grounds = [t.canvas, t.panel, t.raised, t.hover, t.sel, t.sel_weak, t.input];
    let texts = [t.text, t.text2, t.text3, t.accent_text, t.red_text, t.amber_text, t.green_text];
    for (g, ground) in grounds.into_iter().enumerate() {
        for (x, text) in texts.into_iter().enumerate() {
            floors.check(t.theme, &format!("text {x} on ground {g}"), text, ground, 4.5);
        }
    }
    let status = [
        ("red", t.red, t.red_text, t.red_bg),
        ("amber", t.amber, t.amber_text, t.amber_bg),
        ("green", t.green, t.green_text, t.green_bg),
    ];
    for (name, mark, text, ground) in status {
        floors.check(t.theme, &format!("{name} text on its ground"), text, ground, 4.5);
        floors.check(t.theme, &format!("{name} on canvas"), mark, t.canvas, 3.0);
        floors.check(t.theme, &format!("{name} on panel"), mark, t.panel, 3.0);
    }
}

fn check_controls(floors: &mut Floors, t: &Tokens) {
    for ground in [t.canvas, t.panel, t.input] {
        floors.check(t.theme, "control border", t.control, ground, 3.0);
    }
    floors.check(t.theme, "text on accent", t.on_accent, t.accent_solid, 4.5);
    floors.check(t.theme, "focus on canvas", t.focus, t.canvas, 3.0);
    floors.check(t.theme, "focus on panel", t.focus, t.panel, 3.0);
}

fn check_kinds(floors: &mut Floors, t: &Tokens) {
    for class in KindClass::ALL {
        let kind = t.kind(class);
        for ground in [t.canvas, t.panel, t.sel] {
            floors.check(t.theme, &format!("{} mark", class.name()), kind.mark, ground, 3.0);
            floors.check(t.theme, &format!("{} text", class.name()), kind.text, ground, 4.5);
        }
        floors.check(t.theme, &format!("{} text on tint", class.name()), kind.text, kind.tint, 4.5);
    }
}

#[test]
fn text_marks_and_controls_keep_their_contrast_in_every_theme() {
    let mut floors = Floors(Vec::new());
    for theme in Theme::ALL {
        let t = theme.tokens();
        check_text(&mut floors, t);
        check_controls(&mut floors, t);
        check_kinds(&mut floors, t);
    }
    assert!(floors.0.is_empty(), "{}", floors.0.join("\n"));
}

#[test]
fn kind_marks_stay_apart_for_every_kind_of_colour_vision() {
    for theme in Theme::ALL {
        let t = theme.tokens();
        for (vision, matrix) in &VISIONS {
            for (i, a) in KindClass::ALL.into_iter().enumerate() {
                for b in KindClass::ALL.into_iter().skip(i + 1) {
                    let found = distance(t.kind(a).mark, t.kind(b).mark, matrix);
                    // Grey is close to the muted hues by nature; there the shape has to speak.
                    let least = match (b, theme) {
                        (KindClass::System, _) => 2.8,
                        (_, Theme::Dark) => 6.0,
                        (_, Theme::Light) => 4.5,
                        (_, Theme::HighContrast) => 3.9,
                    };
                    assert!(found >= least, "{theme:?} {vision} {} {}: {found:.1}", a.name(), b.name());
                }
            }
        }
    }
}

#[test]
fn kind_marks_stay_apart_from_the_status_colours() {
    for theme in Theme::ALL {
        let t = theme.tokens();
        for (vision, matrix) in &VISIONS {
            for class in KindClass::ALL {
                for (name, status) in
                    [("red", t.red), ("amber", t.amber), ("green", t.green), ("accent", t.accent)]
                {
                    let found = distance(t.kind(class).mark, status, matrix);
                    // The worst pair is indigo beside the light accent; the shape tells them apart.
                    assert!(found >= 1.8, "{theme:?} {vision} {} {name}: {found:.1}", class.name());
                }
            }
        }
    }
}

#[test]
fn every_class_has_a_shape_of_its_own() {
    for (i, a) in KindClass::ALL.into_iter().enumerate() {
        assert!(KindClass::ALL.into_iter().skip(i + 1).all(|b| a.shape() != b.shape()));
    }
}
