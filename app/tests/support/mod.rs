//! What the inspector's own tests share: a harness in our look that draws its pictures without a graphics driver.
//!
//! Never waits and never reads a clock.

pub(crate) mod driver;
pub(crate) mod stores;

use causeway_inspector::raster::Raster;
use causeway_inspector::theme::{self, Theme};
use egui::{Ui, Vec2};
use egui_kittest::{Harness, HarnessBuilder, TestRenderer};

/// Draws egui_kittest's pictures with the program's own rasteriser.
#[derive(Default)]
pub(crate) struct CpuRenderer(Raster);

impl TestRenderer for CpuRenderer {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        self.0.apply(delta);
    }

    fn render(&mut self, ctx: &egui::Context, output: &egui::FullOutput) -> Result<image::RgbaImage, String> {
        let scale = output.pixels_per_point;
        let primitives = ctx.tessellate(output.shapes.clone(), scale);
        let picture = self.0.draw(&primitives, ctx.content_rect().size(), scale);
        let (width, height) = (picture.width as u32, picture.height as u32);
        image::RgbaImage::from_raw(width, height, picture.rgba)
            .ok_or_else(|| "picture of wrong size".to_owned())
    }
}

/// A harness of `size` points in `theme`, for any way of building.
pub(crate) fn builder<State>(size: Vec2, theme: Theme) -> HarnessBuilder<State> {
    HarnessBuilder::default()
        .with_size(size)
        .with_render_cursor(false)
        .with_context_setup(move |ctx| theme::apply(ctx, theme))
        .renderer(CpuRenderer::default())
}

#[allow(dead_code, reason = "each test program uses a part")]
/// A harness that shows one function of a widget or panel with its state.
pub(crate) fn harness<'a, State>(
    size: Vec2,
    state: State,
    ui: impl FnMut(&mut Ui, &mut State) + 'a,
) -> Harness<'a, State> {
    builder(size, Theme::Dark).build_ui_state(ui, state)
}
