//! Draws egui's output on the CPU: pictures of a screen without a display, a window or a graphics driver.
//!
//! Never knows what is on the screen.
//!
//! Invariants:
//! - Colours are premultiplied and blended in gamma space, as egui's own OpenGL shader does, so that a picture
//!   and a window agree.
//! - Paint callbacks are not drawn; the inspector has none.

use std::cmp::Ordering;
use std::collections::HashMap;

use egui::epaint::{ClippedPrimitive, ImageData, Mesh, Primitive, Vertex};
use egui::{Color32, Context, Pos2, RawInput, Rect, TextureFilter, TextureId, TextureOptions, Ui, Vec2};

use crate::theme::{self, Theme};

/// Seconds between two passes of a picture; longer than any animation, so that all of them are over.
const PASS_SECONDS: f64 = 0.5;

/// A picture: RGBA, 8 bits a channel, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `4 * width * height` bytes, opaque.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When the picture is larger than the format allows.
    pub fn encode_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::Adaptive);
        encoder.write_header()?.write_image_data(&self.rgba)?;
        Ok(bytes)
    }
}

/// How a picture is taken.
#[derive(Clone, Copy, Debug)]
pub struct Shot {
    /// Size of the screen in points.
    pub size: Vec2,
    /// Pixels per point.
    pub scale: f32,
    /// The look.
    pub theme: Theme,
    /// How often the user interface runs before it is drawn; panels and tables need three to settle.
    pub passes: u32,
}

impl Shot {
    /// A picture at one pixel per point after four passes.
    pub fn new(size: Vec2, theme: Theme) -> Self {
        Self { size, scale: 1.0, theme, passes: 4 }
    }
}

/// Runs `run_ui` for `shot.passes` passes on a clock of its own and draws the last one.
pub fn render(shot: Shot, mut run_ui: impl FnMut(&mut Ui)) -> Picture {
    let ctx = Context::default();
    theme::apply(&ctx, shot.theme);
    let mut raster = Raster::default();
    let mut picture = None;
    for pass in 0..shot.passes.max(1) {
        let mut output = ctx.run_ui(input(shot, pass), &mut run_ui);
        raster.apply(&mut output.textures_delta);
        if pass + 1 >= shot.passes {
            let primitives = ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
            picture = Some(raster.draw(&primitives, shot.size, output.pixels_per_point));
        }
    }
    picture.expect("at least one pass runs and the last one is drawn")
}

/// [`render`] and encode as PNG.
///
/// # Errors
/// When the picture is larger than the format allows.
pub fn render_png(shot: Shot, run_ui: impl FnMut(&mut Ui)) -> Result<Vec<u8>, png::EncodingError> {
    render(shot, run_ui).encode_png()
}

fn input(shot: Shot, pass: u32) -> RawInput {
    let mut input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, shot.size)),
        time: Some(f64::from(pass) * PASS_SECONDS),
        focused: true,
        ..RawInput::default()
    };
    if let Some(viewport) = input.viewports.get_mut(&egui::ViewportId::ROOT) {
        viewport.native_pixels_per_point = Some(shot.scale);
    }
    input
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
    options: TextureOptions,
}

/// The rasteriser: it keeps textures from pass to pass.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, Texture>,
}

impl Raster {
    /// Takes over every change of textures; egui insists that none is lost.
    pub fn apply(&mut self, delta: &mut egui::TexturesDelta) {
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = &change.image;
                match change.pos {
                    None => {
                        let pixels = image.pixels.clone();
                        self.textures
                            .insert(id, Texture { size: image.size, pixels, options: change.options });
                    }
                    Some([x, y]) => {
                        let Some(texture) = self.textures.get_mut(&id) else { continue };
                        for (row, source) in image.pixels.chunks_exact(image.size[0].max(1)).enumerate() {
                            let start = (y + row) * texture.size[0] + x;
                            texture.pixels[start..start + source.len()].copy_from_slice(source);
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    /// Draws tessellated output on a screen of `size` points.
    pub fn draw(&self, primitives: &[ClippedPrimitive], size: Vec2, pixels_per_point: f32) -> Picture {
        let width = (size.x * pixels_per_point).round() as usize;
        let height = (size.y * pixels_per_point).round() as usize;
        let mut target = Target { width, height, pixels: vec![[0.0; 3]; width * height] };
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else { continue };
            let clip = target.clip(*clip_rect * pixels_per_point);
            target.mesh(mesh, texture, clip, pixels_per_point);
        }
        let rgba =
            target.pixels.iter().flat_map(|[r, g, b]| [byte(*r), byte(*g), byte(*b), u8::MAX]).collect();
        Picture { width, height, rgba }
    }
}

/// A length in pixels that may be compared with places left of or above the picture.
fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn byte(v: f32) -> u8 {
    (v.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// Pixel bounds: left, top, right, bottom; right and bottom are outside.
type Bounds = [i64; 4];

struct Target {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

impl Target {
    fn clip(&self, rect: Rect) -> Bounds {
        [
            (rect.min.x.round() as i64).max(0),
            (rect.min.y.round() as i64).max(0),
            (rect.max.x.round() as i64).min(signed(self.width)),
            (rect.max.y.round() as i64).min(signed(self.height)),
        ]
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: Bounds, scale: f32) {
        for [a, b, c] in mesh.triangles() {
            let corner = |index: u32| {
                let mut vertex = mesh.vertices[index as usize];
                vertex.pos = (vertex.pos.to_vec2() * scale).to_pos2();
                vertex
            };
            self.triangle([corner(a), corner(b), corner(c)], texture, clip);
        }
    }

    /// Fills the pixels whose centre lies inside; a shared edge belongs to one side only (top-left rule), so
    /// that translucent neighbours do not overlap.
    fn triangle(&mut self, [a, mut b, mut c]: [Vertex; 3], texture: &Texture, clip: Bounds) {
        let mut area = edge(a.pos, b.pos, c.pos);
        if area < 0.0 {
            std::mem::swap(&mut b, &mut c);
            area = -area;
        }
        if area <= 0.0 {
            return;
        }
        let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]);
        let (left, right) = ((bounds.min.x - 0.5).ceil() as i64, (bounds.max.x - 0.5).floor() as i64);
        let (top, bottom) = ((bounds.min.y - 0.5).ceil() as i64, (bounds.max.y - 0.5).floor() as i64);
        let owns = [owns_edge(b.pos, c.pos), owns_edge(c.pos, a.pos), owns_edge(a.pos, b.pos)];
        let flat = (a.uv == b.uv && b.uv == c.uv).then(|| texture.sample(a.uv));
        for y in top.max(clip[1])..=bottom.min(clip[3] - 1) {
            for x in left.max(clip[0])..=right.min(clip[2] - 1) {
                let center = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
                let sides =
                    [edge(b.pos, c.pos, center), edge(c.pos, a.pos, center), edge(a.pos, b.pos, center)];
                if sides.iter().zip(owns).any(|(side, owned)| *side < 0.0 || (*side <= 0.0 && !owned)) {
                    continue;
                }
                let share = sides.map(|side| side / area);
                let texel = flat.unwrap_or_else(|| {
                    let uv =
                        a.uv.to_vec2() * share[0] + b.uv.to_vec2() * share[1] + c.uv.to_vec2() * share[2];
                    texture.sample(uv.to_pos2())
                });
                let color = mix([a.color, b.color, c.color], share);
                let index = y as usize * self.width + x as usize;
                blend(&mut self.pixels[index], color, texel);
            }
        }
    }
}

/// Twice the signed area of the triangle `a b p`.
fn edge(a: Pos2, b: Pos2, p: Pos2) -> f32 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

/// Whether pixels exactly on the edge belong to the triangle on its right.
fn owns_edge(from: Pos2, to: Pos2) -> bool {
    match from.y.total_cmp(&to.y) {
        Ordering::Greater => true,
        Ordering::Equal => from.x < to.x,
        Ordering::Less => false,
    }
}

fn unit(c: Color32) -> [f32; 4] {
    c.to_array().map(|v| f32::from(v) / 255.0)
}

fn mix([a, b, c]: [Color32; 3], w: [f32; 3]) -> [f32; 4] {
    if a == b && b == c {
        return unit(a);
    }
    let (a, b, c) = (unit(a), unit(b), unit(c));
    std::array::from_fn(|i| a[i] * w[0] + b[i] * w[1] + c[i] * w[2])
}

fn blend(pixel: &mut [f32; 3], color: [f32; 4], texel: [f32; 4]) {
    let keep = 1.0 - color[3] * texel[3];
    for (channel, value) in pixel.iter_mut().enumerate() {
        // Rounded to eight bits a step, because that is what a window's frame buffer holds.
        let mixed = color[channel] * texel[channel] + *value * keep;
        *value = (mixed.clamp(0.0, 1.0) * 255.0).round() / 255.0;
    }
}

impl Texture {
    fn sample(&self, uv: Pos2) -> [f32; 4] {
        let (x, y) = (uv.x * self.size[0] as f32, uv.y * self.size[1] as f32);
        if self.options.magnification == TextureFilter::Nearest {
            return self.texel(x.floor() as i64, y.floor() as i64);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (dx, dy) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let corners = [
            (0, 0, (1.0 - dx) * (1.0 - dy)),
            (1, 0, dx * (1.0 - dy)),
            (0, 1, (1.0 - dx) * dy),
            (1, 1, dx * dy),
        ];
        let mut sum = [0.0; 4];
        for (right, down, weight) in corners {
            if weight > 0.0 {
                let texel = self.texel(left + right, top + down);
                sum.iter_mut().zip(texel).for_each(|(sum, texel)| *sum += texel * weight);
            }
        }
        sum
    }

    fn texel(&self, x: i64, y: i64) -> [f32; 4] {
        let x = x.clamp(0, signed(self.size[0]) - 1) as usize;
        let y = y.clamp(0, signed(self.size[1]) - 1) as usize;
        unit(self.pixels[y * self.size[0] + x])
    }
}

#[cfg(test)]
mod tests {
    use egui::{CornerRadius, pos2, vec2};

    use super::*;

    fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
        let start = 4 * (y * picture.width + x);
        [picture.rgba[start], picture.rgba[start + 1], picture.rgba[start + 2]]
    }

    #[test]
    fn a_rectangle_on_whole_points_fills_exactly_its_pixels() {
        let t = Theme::Dark.tokens();
        let picture = render(Shot::new(vec2(40.0, 20.0), Theme::Dark), |ui| {
            ui.painter().rect_filled(ui.ctx().content_rect(), CornerRadius::ZERO, t.canvas);
            let bar = Rect::from_min_max(pos2(10.0, 5.0), pos2(30.0, 6.0));
            ui.painter().rect_filled(bar, CornerRadius::ZERO, t.accent);
        });
        let rgb = |c: Color32| [c.r(), c.g(), c.b()];
        assert_eq!(pixel(&picture, 10, 5), rgb(t.accent));
        assert_eq!(pixel(&picture, 29, 5), rgb(t.accent));
        for (x, y) in [(9, 5), (30, 5), (20, 4), (20, 6)] {
            assert_eq!(pixel(&picture, x, y), rgb(t.canvas), "at {x} {y}");
        }
    }

    #[test]
    fn the_same_screen_gives_the_same_picture_and_a_readable_png() {
        let shot = Shot { scale: 2.0, ..Shot::new(vec2(120.0, 30.0), Theme::Light) };
        let draw = |ui: &mut Ui| drop(ui.label("9,812,004 events"));
        let picture = render(shot, draw);
        assert_eq!(picture, render(shot, draw));
        assert_eq!((picture.width, picture.height), (240, 60));
        let png = picture.encode_png().expect("the picture was encoded a moment ago");
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("the picture was encoded a moment ago");
        let mut rgba = vec![0; picture.rgba.len()];
        reader.next_frame(&mut rgba).expect("the picture was encoded a moment ago");
        assert_eq!(rgba, picture.rgba);
    }
}
