//! Owns the icon of the window, painted by arithmetic: three stones of a causeway, each further than the one before.

use egui::IconData;

use crate::theme::Theme;

/// Width and height in pixels.
const SIZE: u32 = 64;
/// Centre, half width and half height of each stone, in pixels.
const STONES: [(f32, f32, f32, f32); 3] =
    [(20.0, 48.0, 15.0, 8.0), (38.0, 31.0, 12.0, 6.5), (50.0, 17.0, 9.0, 5.0)];

/// The icon.
pub fn icon() -> IconData {
    let [red, green, blue, _] = Theme::Dark.tokens().accent.to_array();
    let rgba = (0..SIZE * SIZE)
        .flat_map(|pixel| {
            let (x, y) = ((pixel % SIZE) as f32 + 0.5, (pixel / SIZE) as f32 + 0.5);
            let covered = STONES.iter().map(|stone| coverage(x, y, *stone)).fold(0.0, f32::max);
            [red, green, blue, (covered * 255.0).round() as u8]
        })
        .collect();
    IconData { rgba, width: SIZE, height: SIZE }
}

/// How much of a pixel an ellipse covers, from 0 to 1.
fn coverage(x: f32, y: f32, (centre_x, centre_y, half_width, half_height): (f32, f32, f32, f32)) -> f32 {
    let distance = ((x - centre_x) / half_width).hypot((y - centre_y) / half_height);
    ((1.0 - distance) * half_height + 0.5).clamp(0.0, 1.0)
}
