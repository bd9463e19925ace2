//! Files of a small graph to the byte, and of names that mean harm.

use causeway::event::EventKind;

use super::*;
use crate::state::zone::Zone;
use crate::view::graph::samples::{cell_mut, graph};
use crate::view::graph::{Shape, Words, critical, flow_sheet, layout};

fn small(name: &str, entity: &str) -> Sheet {
    let mut graph = graph(&[None, Some(0)]);
    cell_mut(&mut graph, 1).entity = entity.into();
    graph.nodes[1].hidden_effects = 2;
    let names = [(EventKind::DATA, name.to_owned())].into();
    let critical = critical(&graph);
    let words =
        Words { names: &names, zone: &Zone::UTC, selected: None, chain: false, critical: critical.as_ref() };
    flow_sheet(&graph, &layout(&graph, &Shape::default()), words)
}

#[test]
fn a_small_graph_is_written_the_same_to_the_byte() {
    let sheet = small("OrderPlaced", "payment:9");
    assert_eq!(
        export(&sheet, Format::Text),
        "OrderPlaced, order:7, #0, 1 effect\n  caused OrderPlaced, payment:9, #1, caused by #0, 2 effects\n    2 more effects not shown\n"
    );
    assert_eq!(
        export(&sheet, Format::Dot),
        "digraph causes {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  n0 [label=\"OrderPlaced\\n7 · 00.000\"];\n  n1 [label=\"OrderPlaced\\n9 · +1 ms\"];\n  n0 -> n1 [label=\"+1 ms\"];\n}\n"
    );
    assert_eq!(
        export(&sheet, Format::Mermaid),
        "flowchart LR\n  n0[\"OrderPlaced<br/>7 · 00.000\"]\n  n1[\"OrderPlaced<br/>9 · +1 ms\"]\n  n0 -->|\"+1 ms\"| n1\n  classDef failed stroke:#d73434,fill:#ffebea\n"
    );
    let svg = export(&sheet, Format::Svg);
    assert_eq!(svg, export(&small("OrderPlaced", "payment:9"), Format::Svg));
    let golden = include_str!("golden.svg");
    assert_eq!(svg, golden);
}

#[test]
fn names_that_mean_harm_end_no_string_and_open_no_element() {
    let harm = "</text><script>alert(1)</script>\"];rm->x[\"\\\u{202e}\n%%{init}%%`#;";
    let sheet = small(harm, harm);
    let svg = export(&sheet, Format::Svg);
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}'));
    // Whatever the names are, the elements are the same.
    let elements = |svg: &str| svg.matches('<').count();
    assert_eq!(elements(&svg), elements(&export(&small("a", "b:c"), Format::Svg)));
    let dot = export(&sheet, Format::Dot);
    for line in dot.lines().filter(|line| line.contains("label=")) {
        // Without what is escaped, a label has no quotes but its own two.
        let plain = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(plain.matches('"').count(), 2, "{line}");
    }
    let mermaid = export(&sheet, Format::Mermaid);
    for line in mermaid.lines().filter(|line| line.contains("[\"")) {
        assert_eq!((line.matches('"').count(), line.matches('<').count()), (2, 1), "{line}");
        assert!(!line.contains('`') && !line.contains('%'), "{line}");
    }
    let list = export(&sheet, Format::Text);
    assert!(list.lines().all(|line| !line.contains(crate::widgets::escape::is_hidden)), "{list:?}");
}
