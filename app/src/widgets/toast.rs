//! Short messages at the bottom right that go away by themselves, unless they are about a failure.
//!
//! Never more than three at a time; the oldest gives way.

use std::collections::VecDeque;
use std::time::Duration;

use egui::{
    Align2, Area, Context, Id, Order, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::badge::Tone;
use super::{button, link, paint, tooltip};
use crate::theme::metrics::{CARD_GAP, RADIUS_FLOAT, TOAST_HEIGHT, TOAST_WIDTH};
use crate::theme::{Tokens, icons, type_roles};

/// How many are shown at once.
const TOASTS_MAX: usize = 3;
/// How long one stays, seconds.
const STAY_SECONDS: f64 = 4.0;
/// How long it takes to go, seconds.
const FADE_SECONDS: f64 = 0.2;

#[derive(Clone, Debug)]
struct Toast {
    tone: Tone,
    text: String,
    details: Option<String>,
    shown_at: Option<f64>,
    serial: u64,
}

/// The messages in view, newest at the bottom.
#[derive(Clone, Debug, Default)]
pub struct Toasts {
    toasts: VecDeque<Toast>,
    serial: u64,
}

impl Toasts {
    /// Shows a message; failures stay until they are closed.
    pub fn add(&mut self, tone: Tone, text: impl Into<String>) {
        self.push(tone, text.into(), None);
    }

    /// Shows a failure whose details can be copied.
    pub fn add_failure(&mut self, text: impl Into<String>, details: impl Into<String>) {
        self.push(Tone::Bad, text.into(), Some(details.into()));
    }

    /// How many messages are in view.
    pub fn len(&self) -> usize {
        self.toasts.len()
    }

    /// Whether no message is in view.
    pub fn is_empty(&self) -> bool {
        self.toasts.is_empty()
    }

    fn push(&mut self, tone: Tone, text: String, details: Option<String>) {
        self.serial += 1;
        self.toasts.push_back(Toast { tone, text, details, shown_at: None, serial: self.serial });
        while self.toasts.len() > TOASTS_MAX {
            self.toasts.pop_front();
        }
    }

    /// Paints the messages, `bottom` points above the lower edge of the window.
    pub fn show(&mut self, ctx: &Context, bottom: f32) {
        let now = ctx.input(|input| input.time);
        let screen = ctx.content_rect();
        let mut top = screen.bottom() - bottom;
        let mut closed = None;
        // With reduced motion a message is there, and then it is gone.
        let fade = if ctx.global_style().animation_time > 0.0 { FADE_SECONDS } else { f64::EPSILON };
        for toast in self.toasts.iter_mut().rev() {
            let age = now - *toast.shown_at.get_or_insert(now);
            top -= TOAST_HEIGHT + CARD_GAP;
            let pos = pos2(screen.right() - TOAST_WIDTH - CARD_GAP, top);
            let area = Area::new(Id::unique(("toast", toast.serial))).order(Order::Foreground).fixed_pos(pos);
            let opacity = if toast.tone == Tone::Bad { 1.0 } else { 1.0 - (age - STAY_SECONDS) / fade };
            let close = area.show(ctx, |ui| {
                ui.set_opacity(opacity.clamp(0.0, 1.0) as f32);
                toast.ui(ui)
            });
            if close.inner {
                closed = Some(toast.serial);
            }
            if toast.tone != Tone::Bad {
                let wait = if age < STAY_SECONDS { STAY_SECONDS - age } else { 0.016 };
                ctx.request_repaint_after(Duration::from_secs_f64(wait));
            }
        }
        self.toasts.retain(|toast| {
            let over = toast.shown_at.is_some_and(|at| now - at > STAY_SECONDS + fade);
            Some(toast.serial) != closed && (toast.tone == Tone::Bad || !over)
        });
    }
}

impl Toast {
    /// Paints one message; true when it was closed.
    fn ui(&self, ui: &mut Ui) -> bool {
        let t = Tokens::of(ui);
        let (rect, response) = paint::allocate(ui, vec2(TOAST_WIDTH, TOAST_HEIGHT), Sense::hover());
        let role = if self.tone == Tone::Bad { Role::Alert } else { Role::Status };
        response.widget_info(|| WidgetInfo::labeled(role, true, &self.text));
        let p = ui.painter();
        p.add(ui.visuals().popup_shadow.as_shape(rect, RADIUS_FLOAT));
        p.rect(rect, RADIUS_FLOAT, t.overlay, Stroke::new(1.0, t.line_strong), StrokeKind::Inside);
        let icon = match self.tone {
            Tone::Neutral => icons::INFO,
            Tone::Good => icons::CHECK_CIRCLE,
            Tone::Warn => icons::WARNING,
            Tone::Bad => icons::WARNING_CIRCLE,
        };
        paint::icon(p, pos2(rect.left() + 22.0, rect.center().y), icon, 18.0, self.tone.mark(t));
        let actions = Rect::from_min_max(rect.min + vec2(42.0, 0.0), rect.max - vec2(8.0, 0.0));
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        let builder = egui::UiBuilder::new().max_rect(actions).layout(layout);
        ui.scope_builder(builder, |ui| {
            let closed = button::small_icon(ui, icons::X, "Close message").clicked();
            if let Some(details) = &self.details
                && link::link(ui, "Copy details").clicked()
            {
                ui.ctx().copy_text(details.clone());
            }
            let room = ui.available_width() - 4.0;
            let words = paint::line(ui.painter(), &self.text, type_roles::body(), t.text, room);
            if words.elided {
                tooltip::hint(response, &self.text);
            }
            paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 42.0, rect.center().y), words);
            closed
        })
        .inner
    }
}
