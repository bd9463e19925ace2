//! Owns telling where the widgets are, so that a test of the window clicks on what it means and not on a spot of the screen.

use std::collections::HashMap;

use egui::accesskit::{Node, NodeId};
use egui::{Context, FullOutput, Plugin};

use super::log::Log;

/// Tells each widget that has a name when it appears, moves or changes its name.
#[derive(Default)]
struct Places {
    log: Log,
    told: HashMap<NodeId, String>,
}

/// Tells the widgets of `ctx` in `log`, from now on.
pub fn tell_places(ctx: &Context, log: Log) {
    if log != Log::Silent {
        ctx.enable_accesskit();
        ctx.add_plugin(Places { log, told: HashMap::new() });
    }
}

impl Plugin for Places {
    fn debug_name(&self) -> &'static str {
        "causeway places"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        let Some(tree) = &output.platform_output.accesskit_update else { return };
        let scale = f64::from(output.pixels_per_point);
        let named = |wanted: &NodeId| tree.nodes.iter().find(|(id, _)| id == wanted).map(|(_, node)| node);
        let lines = tree.nodes.iter().filter_map(|(id, node)| {
            // A field may have its name from the label beside it.
            let label = node.labelled_by().first().and_then(named);
            let name =
                node.label().or_else(|| label.and_then(|label| label.label().or_else(|| label.value())))?;
            Some((*id, line(node, name, scale)?))
        });
        let mut present = HashMap::new();
        for (id, line) in lines {
            if self.told.get(&id) != Some(&line) {
                self.log.line(&line);
            }
            present.insert(id, line);
        }
        // A widget that went away is told again when it comes back.
        self.told = present;
    }
}

/// Role, name and pixels of a widget.
fn line(node: &Node, name: &str, scale: f64) -> Option<String> {
    let place = node.bounds()?;
    let [left, top, right, bottom] =
        [place.x0, place.y0, place.x1, place.y1].map(|side| (side * scale).round());
    let name = name.replace('\n', " ");
    Some(format!("widget role={:?} label=\"{name}\" rect={left},{top},{right},{bottom}", node.role()))
}
