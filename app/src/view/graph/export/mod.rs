//! Owns the graph as a file: a picture, two languages that draw graphs, an indented list. The same graph gives the same bytes.
//!
//! Invariant: no name of the store can end a string, open an element or drive a terminal.

mod svg;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::{LineKind, Sheet, tree_lines};
use crate::view::text;

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A picture in light colours that needs nothing else.
    Svg,
    /// The language of Graphviz.
    Dot,
    /// The language that pages of documentation draw.
    Mermaid,
    /// An indented list.
    Text,
}

impl Format {
    /// How the names of its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Dot => "dot",
            Self::Mermaid => "mmd",
            Self::Text => "txt",
        }
    }
}

/// The graph as a file.
pub fn export(sheet: &Sheet, format: Format) -> String {
    match format {
        Format::Svg => svg::picture(sheet),
        Format::Dot => dot(sheet),
        Format::Mermaid => mermaid(sheet),
        Format::Text => list(sheet),
    }
}

fn dot(sheet: &Sheet) -> String {
    let quoted = |words: &str| words.replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = String::from(
        "digraph causes {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    for (at, card) in sheet.cards.iter().enumerate() {
        let (title, below) = (quoted(&card.title), quoted(&card.below));
        let below = if below.is_empty() { below } else { format!("\\n{below}") };
        let red = if card.failed { ", color=red" } else { "" };
        let _ = writeln!(out, "  n{at} [label=\"{title}{below}\"{red}];");
    }
    for line in &sheet.lines {
        let style = match line.kind {
            LineKind::Causation | LineKind::Back => String::new(),
            LineKind::Correlation => ", style=dotted, arrowhead=none".to_owned(),
            LineKind::Chain => ", style=dashed, arrowhead=none, constraint=false".to_owned(),
            LineKind::Flow(width) => format!(", penwidth={width:.1}"),
        };
        let label = quoted(&line.label);
        let _ = writeln!(out, "  n{} -> n{} [label=\"{label}\"{style}];", line.from, line.to);
    }
    out.push_str("}\n");
    out
}

/// Text that the language takes for nothing but text: whatever might be a sign of its own stands there as a number.
fn mermaid_text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            c if c.is_alphanumeric() || " .,:+-_/·→…−×".contains(c) => out.push(c),
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}

fn mermaid(sheet: &Sheet) -> String {
    let mut out = String::from("flowchart LR\n");
    for (at, card) in sheet.cards.iter().enumerate() {
        let (title, below) = (mermaid_text(&card.title), mermaid_text(&card.below));
        let below = if below.is_empty() { below } else { format!("<br/>{below}") };
        let class = if card.failed { ":::failed" } else { "" };
        let _ = writeln!(out, "  n{at}[\"{title}{below}\"]{class}");
    }
    for line in &sheet.lines {
        let arrow = match line.kind {
            LineKind::Causation | LineKind::Back => "-->",
            LineKind::Correlation => "-.-",
            LineKind::Chain => "---",
            LineKind::Flow(_) => "==>",
        };
        let label = mermaid_text(&line.label);
        let label = if label.is_empty() { label } else { format!("|\"{label}\"|") };
        let _ = writeln!(out, "  n{} {arrow}{label} n{}", line.from, line.to);
    }
    out.push_str("  classDef failed stroke:#d73434,fill:#ffebea\n");
    out
}

fn list(sheet: &Sheet) -> String {
    let mut out = String::new();
    for line in tree_lines(sheet) {
        let card = &sheet.cards[line.card];
        let indent = "  ".repeat(line.depth);
        let _ = writeln!(out, "{indent}{}{}", line.relation, card.name);
        if card.more > 0 {
            let _ = writeln!(out, "{indent}  {} not shown", text::counted(card.more, "more effect"));
        }
    }
    for line in sheet.lines.iter().filter(|line| matches!(line.kind, LineKind::Back | LineKind::Flow(_))) {
        let (from, to) = (&sheet.cards[line.from], &sheet.cards[line.to]);
        if line.kind == LineKind::Back {
            let (from, to) = (text::sequence(from.sequence), text::sequence(to.sequence));
            let _ = writeln!(out, "{from} caused {to}, which closes a ring");
        } else {
            let (from, to) = (format!("{} {}", from.below, from.title), format!("{} {}", to.below, to.title));
            let _ = writeln!(out, "{from} -> {to}: {}", line.label);
        }
    }
    out
}
