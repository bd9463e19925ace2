//! Owns the graph as a picture that any browser shows: the colours of the light theme, no font, no script, no reference.

use std::fmt::Write as _;

use crate::theme::{KindMark, KindShape, Theme, Tokens};
use crate::view::graph::{Card, CardLook, Cause, HULL, Line, LineKind, Sheet};

/// A character of a node's text is about so wide, points.
const CHARACTER: f32 = 6.4;

/// Writes elements into a picture.
struct Svg {
    out: String,
    t: &'static Tokens,
}

/// The picture.
pub(super) fn picture(sheet: &Sheet) -> String {
    let t = Theme::Light.tokens();
    let mut svg = Svg { out: String::new(), t };
    let (width, height) = (sheet.width + 2.0 * HULL, sheet.height + 2.0 * HULL);
    svg.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"{0:.0} {0:.0} {width:.0} {height:.0}\" font-family=\"Inter, sans-serif\">",
        -HULL
    ));
    let canvas = hex(&t.canvas.to_hex());
    svg.line(format_args!(
        "<rect x=\"{0:.0}\" y=\"{0:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" fill=\"{canvas}\"/>",
        -HULL
    ));
    for hull in &sheet.hulls {
        let [left, top, right, bottom] = hull.edges;
        let (line, panel) = (hex(&t.line.to_hex()), hex(&t.panel.to_hex()));
        let (wide, tall) = (right - left, bottom - top);
        svg.line(format_args!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" rx=\"8\" fill=\"{panel}\" stroke=\"{line}\"/>"
        ));
        let words = format!("corr {} · {}", hull.id, hull.facts);
        svg.text((left + HULL, top + 20.0), 11.5, &hex(&t.text3.to_hex()), &words);
    }
    for (moment, words) in &sheet.moments {
        svg.text((moment.x, -2.0), 11.0, &hex(&t.text3.to_hex()), words);
    }
    for line in &sheet.lines {
        svg.edge(sheet, line);
    }
    for card in &sheet.cards {
        svg.card(card);
    }
    svg.out.push_str("</svg>\n");
    svg.out
}

/// An opaque colour as it is written in a picture.
fn hex(color: &str) -> String {
    color.chars().take(7).collect()
}

fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// As much of a text as fits.
fn fitting(words: &str, room: f32) -> String {
    let most = (room / CHARACTER) as usize;
    if words.chars().count() <= most {
        return words.to_owned();
    }
    words.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

impl Svg {
    fn line(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{element}");
    }

    fn text(&mut self, (x, y): (f32, f32), size: f32, color: &str, words: &str) {
        let words = escaped(words);
        self.line(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{color}\">{words}</text>"
        ));
    }

    fn edge(&mut self, sheet: &Sheet, line: &Line) {
        let (Some(from), Some(to)) = (sheet.cards.get(line.from), sheet.cards.get(line.to)) else { return };
        let ([x, y, wide, tall], [tx, ty, to_wide, to_tall]) = (from.place, to.place);
        let t = self.t;
        let (color, width, dash) = match line.kind {
            LineKind::Chain => (t.line_strong, 1.0, ""),
            LineKind::Correlation => (t.control, 1.5, " stroke-dasharray=\"1.6 4\""),
            LineKind::Back => (t.red, 1.5, " stroke-dasharray=\"5 3\""),
            LineKind::Flow(width) => (t.control, width, ""),
            LineKind::Causation if line.critical => (t.amber, 2.5, ""),
            LineKind::Causation if line.on_path => (t.accent, 2.0, ""),
            LineKind::Causation => (t.control, 1.5, ""),
        };
        let color = hex(&color.to_hex());
        if line.kind == LineKind::Chain {
            let (from, to, low) = (x + wide / 2.0, tx + to_wide / 2.0, (y + tall).max(ty + to_tall));
            for down in [8.0, 11.0] {
                self.line(format_args!(
                    "<path d=\"M{from:.1} {:.1}V{:.1}H{to:.1}V{:.1}\" fill=\"none\" stroke=\"{color}\"/>",
                    y + tall,
                    low + down,
                    ty + to_tall
                ));
            }
            return;
        }
        let (from, to) = ((x + wide, y + tall / 2.0), (tx, ty + to_tall / 2.0));
        let bend = if to.0 > from.0 { (to.0 - from.0) / 2.0 } else { 48.0 };
        let head = if line.kind == LineKind::Correlation { 0.0 } else { 7.0 };
        self.line(format_args!(
            "<path d=\"M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width:.1}\"{dash}/>",
            from.0, from.1, from.0 + bend, from.1, to.0 - head - bend, to.1, to.0 - head, to.1
        ));
        if head > 0.0 {
            self.line(format_args!("<path d=\"M{:.1} {:.1}l-7 -3.5v7z\" fill=\"{color}\"/>", to.0, to.1));
        }
        // Between events there is no room, and the card says it.
        if matches!(line.kind, LineKind::Flow(_) | LineKind::Back) {
            let at = (f32::midpoint(from.0, to.0) - 20.0, f32::midpoint(from.1, to.1) - 5.0);
            self.text(at, 11.0, &hex(&t.text2.to_hex()), &line.label);
        }
    }

    fn card(&mut self, card: &Card) {
        let [x, y, wide, tall] = card.place;
        let t = self.t;
        let (fill, stroke, width) = match (card.selected, card.failed, card.on_path) {
            (true, ..) => (t.sel, t.accent, 2.0),
            (_, true, _) => (t.red_bg, t.red, 1.0),
            (.., true) => (t.raised, t.accent, 1.0),
            _ => (t.raised, t.line_strong, 1.0),
        };
        let (fill, stroke) = (hex(&fill.to_hex()), hex(&stroke.to_hex()));
        let radius = if card.look == CardLook::Pill { tall / 2.0 } else { 6.0 };
        let mut rect = |x: f32, y: f32| {
            self.line(format_args!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" rx=\"{radius:.1}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width:.1}\"/>"
            ));
        };
        if card.look == CardLook::Stack {
            rect(x + 4.0, y + 4.0);
        }
        rect(x, y);
        self.line(format_args!("<g><title>{}</title>", escaped(&card.name)));
        let (loud, quiet) = if card.failed { (t.red_text, t.red_text) } else { (t.text, t.text2) };
        if card.look == CardLook::Pill {
            self.text((x + 18.0, y + tall / 2.0 + 4.0), 12.0, &hex(&t.text2.to_hex()), &card.title);
        } else {
            self.mark((x + 13.0, y + 14.0), card.mark, card.failed);
            let room = wide - 32.0;
            self.text((x + 24.0, y + 18.0), 12.0, &hex(&loud.to_hex()), &fitting(&card.title, room));
            self.text((x + 24.0, y + 33.0), 11.0, &hex(&quiet.to_hex()), &fitting(&card.below, room));
        }
        self.out.push_str("</g>\n");
        if card.cause != Cause::Plain {
            let color = if card.cause == Cause::Lost { t.red } else { t.control };
            let color = hex(&color.to_hex());
            self.line(format_args!(
                "<path d=\"M{:.1} {:.1}h20\" stroke=\"{color}\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>",
                x - 20.0,
                y + tall / 2.0
            ));
        }
        if card.more > 0 {
            let words = format!("+{}", card.more);
            self.text((x + wide + 3.0, y + tall / 2.0 - 4.0), 11.0, &hex(&t.text3.to_hex()), &words);
        }
    }

    fn mark(&mut self, (x, y): (f32, f32), mark: KindMark, failed: bool) {
        let color = if failed { self.t.red } else { self.t.kind(mark.class).mark };
        let color = hex(&color.to_hex());
        let paint = if mark.hollow || mark.class.shape() == KindShape::Ring {
            format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"")
        } else {
            format!("fill=\"{color}\"")
        };
        let points = match mark.class.shape() {
            KindShape::Circle | KindShape::Ring => {
                self.line(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.8\" {paint}/>"));
                return;
            }
            KindShape::Diamond => "-4.7,0 0,-4.7 4.7,0 0,4.7",
            KindShape::Square => "-3.8,-3.8 3.8,-3.8 3.8,3.8 -3.8,3.8",
            KindShape::TriangleUp => "0,-4.2 4.4,3.6 -4.4,3.6",
            KindShape::TriangleRight => "4.2,0 -3.6,4.4 -3.6,-4.4",
            KindShape::Hexagon => "0,-4.4 3.8,-2.2 3.8,2.2 0,4.4 -3.8,2.2 -3.8,-2.2",
            KindShape::Pill => "-4.8,-2.2 4.8,-2.2 4.8,2.2 -4.8,2.2",
        };
        self.line(format_args!(
            "<polygon transform=\"translate({x:.1} {y:.1})\" points=\"{points}\" {paint}/>"
        ));
    }
}
