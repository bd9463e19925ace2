//! The eight classes an event kind can belong to, and the mark each is drawn as.
//!
//! Never draws: the shapes become polygons in `widgets::kind_mark`.

use serde::{Deserialize, Serialize};

/// A class of event kinds: it fixes hue and shape, so that colour never stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindClass {
    /// Circle.
    Teal,
    /// Diamond.
    Violet,
    /// Square.
    Olive,
    /// Triangle pointing up.
    Apricot,
    /// Hexagon.
    Indigo,
    /// Triangle pointing right.
    Rose,
    /// Pill.
    Sky,
    /// Ring; what the store itself writes.
    System,
}

/// The shape of a kind class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindShape {
    /// A disc.
    Circle,
    /// A square on its corner.
    Diamond,
    /// A square on its side.
    Square,
    /// A triangle that points up.
    TriangleUp,
    /// A hexagon that stands on a corner.
    Hexagon,
    /// A triangle that points right.
    TriangleRight,
    /// A lying bar with round ends.
    Pill,
    /// A circle line.
    Ring,
}

impl KindClass {
    /// How many classes there are.
    pub const COUNT: usize = 8;

    /// All classes, in the order of the tokens.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Teal,
        Self::Violet,
        Self::Olive,
        Self::Apricot,
        Self::Indigo,
        Self::Rose,
        Self::Sky,
        Self::System,
    ];

    /// The shape that goes with the class.
    pub fn shape(self) -> KindShape {
        match self {
            Self::Teal => KindShape::Circle,
            Self::Violet => KindShape::Diamond,
            Self::Olive => KindShape::Square,
            Self::Apricot => KindShape::TriangleUp,
            Self::Indigo => KindShape::Hexagon,
            Self::Rose => KindShape::TriangleRight,
            Self::Sky => KindShape::Pill,
            Self::System => KindShape::Ring,
        }
    }

    /// The name shown where a user picks a class.
    pub fn name(self) -> &'static str {
        match self {
            Self::Teal => "teal circle",
            Self::Violet => "violet diamond",
            Self::Olive => "olive square",
            Self::Apricot => "apricot triangle",
            Self::Indigo => "indigo hexagon",
            Self::Rose => "rose arrow",
            Self::Sky => "sky pill",
            Self::System => "grey ring",
        }
    }
}

/// What stands before a kind's name: its class, and whether the shape is an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KindMark {
    /// Hue and shape.
    pub class: KindClass,
    /// Outline only: the second category that shares a class.
    pub hollow: bool,
}

impl KindMark {
    /// The filled mark of a class.
    pub const fn of(class: KindClass) -> Self {
        Self { class, hollow: false }
    }

    /// The mark of a kind by its category nibble (the low four bits of `category`).
    ///
    /// Fourteen user categories share seven classes, so 1 to 7 are filled and the rest hollow.
    pub fn of_category(category: u8) -> Self {
        Self { class: kind_class(category), hollow: !matches!(category & 0xF, 0..=7 | 0xD) }
    }
}

/// The class of a category nibble: 0 and 0xD are the store's own, the others spread over the seven hues.
pub fn kind_class(category: u8) -> KindClass {
    let hue = match category & 0xF {
        0 | 0xD => return KindClass::System,
        nibble @ 1..=7 => nibble - 1,
        nibble @ 8..=0xC => nibble - 8,
        nibble => nibble - 9,
    };
    KindClass::ALL[usize::from(hue)]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn categories_of_the_store_are_grey_and_all_others_have_a_mark_of_their_own() {
        assert_eq!(kind_class(0), KindClass::System);
        assert_eq!(kind_class(0xD), KindClass::System);
        let user = (1..=0xF).filter(|nibble| *nibble != 0xD);
        let marks: HashSet<KindMark> = user.map(KindMark::of_category).collect();
        assert_eq!(marks.len(), 14);
        assert!(marks.iter().all(|mark| mark.class != KindClass::System));
    }
}
