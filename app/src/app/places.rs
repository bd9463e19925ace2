//! Owns telling where the widgets are, so that a test of the window clicks on what it means and not on a spot of the screen.

use std::collections::BTreeMap;

use egui::accesskit::{Node, NodeId};
use egui::{Context, FullOutput, Plugin};

use super::log::Log;

/// Most characters of a label or of a field's text that are told: enough to know it, and no payload.
const TOLD_MAX: usize = 32;

/// Tells each widget that has a name when it appears, moves or changes its text, and when it is gone:
/// `widget role=TextInput label="Scope" rect=x0,y0,x1,y1 text="shop"`, `widget role=TextInput label="Scope" gone`.
struct Places {
    log: Log,
    told: BTreeMap<String, String>,
}

/// Tells the widgets of `ctx` in `log`, from now on.
pub fn tell_places(ctx: &Context, log: Log) {
    if log != Log::Silent {
        // The tree that screen readers get has roles, labels and places.
        ctx.enable_accesskit();
        ctx.add_plugin(Places { log, told: BTreeMap::new() });
    }
}

impl Plugin for Places {
    fn debug_name(&self) -> &'static str {
        "causeway places"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        let Some(update) = &output.platform_output.accesskit_update else { return };
        let scale = f64::from(output.pixels_per_point);
        let nodes: BTreeMap<NodeId, &Node> = update.nodes.iter().map(|(id, node)| (*id, node)).collect();
        let mut there = BTreeMap::new();
        for node in nodes.values() {
            let Some((name, place)) = name(node, &nodes).zip(node.bounds()) else { continue };
            let widget = format!("widget role={:?} label={}", node.role(), quoted(&name));
            let sides = [place.x0, place.y0, place.x1, place.y1].map(|side| format!("{:.0}", side * scale));
            let text = node.value().map(|value| format!(" text={}", quoted(value))).unwrap_or_default();
            there.entry(widget).or_insert_with(|| format!("rect={}{text}", sides.join(",")));
        }
        for (widget, state) in &there {
            if self.told.get(widget) != Some(state) {
                self.log.line(&format!("{widget} {state}"));
            }
        }
        for widget in self.told.keys().filter(|widget| !there.contains_key(*widget)) {
            self.log.line(&format!("{widget} gone"));
        }
        self.told = there;
    }
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(TOLD_MAX).collect();
    format!("{short:?}")
}

/// The widget's own name, or that of the widget which labels it.
fn name(node: &Node, nodes: &BTreeMap<NodeId, &Node>) -> Option<String> {
    let own = node.label().map(str::to_owned);
    own.or_else(|| {
        let labelling = node.labelled_by().first().and_then(|id| nodes.get(id))?;
        labelling.label().or_else(|| labelling.value()).map(str::to_owned)
    })
}
