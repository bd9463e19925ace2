//! Owns the settings of the user, for all stores alike.
//!
//! Invariant: whatever a file says gives settings; what is not understood is the usual.

use serde::{Deserialize, Serialize};

use super::lenient::lenient;
use crate::command::OwnKeys;
use crate::theme::Theme;

/// How large everything can be shown, in percent of what the desktop asks for.
pub const SCALES: [u16; 8] = [80, 90, 100, 110, 125, 150, 200, 300];

/// How high the rows of tables are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// 20 points.
    Compact,
    /// 22 points.
    #[default]
    Normal,
    /// 26 points.
    Comfortable,
}

impl Density {
    /// All of them, from low to high.
    pub const ALL: [Self; 3] = [Self::Compact, Self::Normal, Self::Comfortable];

    /// The name shown in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compact => "Compact",
            Self::Normal => "Normal",
            Self::Comfortable => "Comfortable",
        }
    }

    /// The height of a row, points.
    pub fn row(self) -> f32 {
        match self {
            Self::Compact => 20.0,
            Self::Normal => crate::theme::metrics::TABLE_ROW,
            Self::Comfortable => 26.0,
        }
    }
}

/// Settings of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Colours.
    #[serde(deserialize_with = "lenient")]
    pub theme: Theme,
    /// Times in UTC instead of the local zone.
    #[serde(deserialize_with = "lenient")]
    pub utc: bool,
    /// How high rows are.
    #[serde(deserialize_with = "lenient")]
    pub density: Density,
    /// True if nothing moves or fades by itself.
    #[serde(deserialize_with = "lenient")]
    pub reduced_motion: bool,
    /// How large everything is, in percent of what the desktop asks for.
    #[serde(deserialize_with = "scale")]
    pub scale: u16,
    /// Keys that the user chose.
    #[serde(deserialize_with = "lenient")]
    pub keys: OwnKeys,
    /// True if nothing is verified without being asked to.
    #[serde(deserialize_with = "lenient")]
    pub verify_on_demand: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            utc: false,
            density: Density::default(),
            reduced_motion: false,
            scale: 100,
            keys: OwnKeys::new(),
            verify_on_demand: false,
        }
    }
}

impl Settings {
    /// The next larger scale, or the next smaller one; the same at the end.
    pub fn scale_beside(&self, larger: bool) -> u16 {
        let mut beside: Box<dyn Iterator<Item = &u16>> =
            if larger { Box::new(SCALES.iter()) } else { Box::new(SCALES.iter().rev()) };
        let beside = beside.find(|scale| if larger { **scale > self.scale } else { **scale < self.scale });
        beside.copied().unwrap_or(self.scale)
    }
}

/// A scale that a window can be used at.
fn scale<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let scale: Option<u16> = lenient(from)?;
    Ok(scale.filter(|scale| SCALES.contains(scale)).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_the_usual_and_takes_nothing_else_with_it() {
        let saved =
            r#"{"theme": "sepia", "utc": true, "density": "compact", "scale": 7, "keys": 1, "more": 2}"#;
        let read: Settings = serde_json::from_str(saved).unwrap();
        assert_eq!(read, Settings { utc: true, density: Density::Compact, ..Settings::default() });
    }

    #[test]
    fn scales_go_up_and_down_in_steps_and_end() {
        let mut settings = Settings::default();
        settings.scale = settings.scale_beside(true);
        assert_eq!((settings.scale, settings.scale_beside(false)), (110, 100));
        settings.scale = 300;
        assert_eq!(settings.scale_beside(true), 300);
    }
}
