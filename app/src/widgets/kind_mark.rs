//! The small shape before a kind's name.
//!
//! Never a widget of its own: the name beside it is what is read and clicked.

use std::f32::consts::TAU;

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, vec2};

use crate::theme::{KindMark, KindShape, Tokens};

/// Line width of hollow marks and rings, points.
const OUTLINE: f32 = 1.5;

/// Paints the mark in the colour of its class.
pub fn paint(painter: &Painter, center: Pos2, radius: f32, mark: KindMark, tokens: &Tokens) {
    paint_in(painter, center, radius, mark, tokens.kind(mark.class).mark);
}

/// Paints the mark in `color`.
pub fn paint_in(painter: &Painter, center: Pos2, radius: f32, mark: KindMark, color: Color32) {
    painter.add(shape(center, radius, mark, color));
}

/// The shape of a mark of `radius` points, for those who collect many before painting.
pub fn shape(center: Pos2, radius: f32, mark: KindMark, color: Color32) -> Shape {
    let inner = radius - OUTLINE / 2.0;
    let line = Stroke::new(OUTLINE, color);
    match (mark.class.shape(), mark.hollow) {
        (KindShape::Circle, false) => Shape::circle_filled(center, radius, color),
        (KindShape::Ring, _) | (KindShape::Circle, true) => Shape::circle_stroke(center, inner, line),
        (KindShape::Pill, hollow) => {
            let size = vec2(radius * 2.3, radius * if hollow { 1.4 } else { 1.05 });
            let rect = Rect::from_center_size(center, size);
            if hollow {
                Shape::rect_stroke(rect, u8::MAX, Stroke::new(1.2, color), StrokeKind::Inside)
            } else {
                Shape::rect_filled(rect, u8::MAX, color)
            }
        }
        (KindShape::Square, hollow) => {
            let rect = Rect::from_center_size(center, Vec2::splat((radius * 1.8).round()));
            if hollow {
                Shape::rect_stroke(rect, 0, line, StrokeKind::Inside)
            } else {
                Shape::rect_filled(rect, 0, color)
            }
        }
        (kind, false) => Shape::convex_polygon(polygon(kind, center, radius), color, Stroke::NONE),
        (kind, true) => Shape::closed_line(polygon(kind, center, inner), line),
    }
}

/// A ring round a mark: what is selected (accent) or under the pointer elsewhere (text).
pub fn ring(painter: &Painter, center: Pos2, radius: f32, color: Color32) {
    painter.circle_stroke(center, radius, Stroke::new(OUTLINE, color));
}

/// The mark of what failed: a red disc with a cross, whatever the kind.
pub fn failed(painter: &Painter, center: Pos2, radius: f32, tokens: &Tokens) {
    painter.circle_filled(center, radius, tokens.red);
    let arm = radius * 0.4;
    let cross = Stroke::new(1.2, tokens.canvas);
    painter.line_segment([center - Vec2::splat(arm), center + Vec2::splat(arm)], cross);
    painter.line_segment([center + vec2(-arm, arm), center + vec2(arm, -arm)], cross);
}

fn polygon(shape: KindShape, center: Pos2, r: f32) -> Vec<Pos2> {
    let around = |sides: u8, start: f32, r: f32| {
        (0..sides)
            .map(|i| center + r * Vec2::angled(start + TAU * f32::from(i) / f32::from(sides)))
            .collect::<Vec<_>>()
    };
    let at = |points: &[(f32, f32)]| points.iter().map(|(x, y)| center + r * vec2(*x, *y)).collect();
    match shape {
        KindShape::Diamond => around(4, 0.0, r * 1.12),
        KindShape::Hexagon => around(6, TAU / 4.0, r * 1.05),
        KindShape::TriangleUp => at(&[(0.0, -1.0), (1.05, 0.85), (-1.05, 0.85)]),
        KindShape::TriangleRight => at(&[(1.0, 0.0), (-0.85, 1.05), (-0.85, -1.05)]),
        KindShape::Circle | KindShape::Square | KindShape::Pill | KindShape::Ring => {
            unreachable!("round and straight shapes are painted without a polygon")
        }
    }
}
