//! Draws every widget on one screen and writes a picture of it for each theme, for people to look at.
//!
//! `cargo run -p causeway-inspector --example gallery -- FOLDER [SCALE]`

use std::path::PathBuf;

use anyhow::Context as _;
use causeway_inspector::raster::{self, Shot};
use causeway_inspector::theme::{KindClass, KindMark, Theme, Tokens, icons, metrics, type_roles};
use causeway_inspector::widgets::badge::{Tone, badge};
use causeway_inspector::widgets::button::{self, Button};
use causeway_inspector::widgets::card::card;
use causeway_inspector::widgets::chip::{self, FacetState};
use causeway_inspector::widgets::empty_state::EmptyState;
use causeway_inspector::widgets::error_tile::{self, ErrorTile};
use causeway_inspector::widgets::hash_label::hash_label;
use causeway_inspector::widgets::hex_view::HexView;
use causeway_inspector::widgets::json_tree::JsonTree;
use causeway_inspector::widgets::key_cap::shortcut;
use causeway_inspector::widgets::row_scroller::{RowScroller, Rows};
use causeway_inspector::widgets::section_header;
use causeway_inspector::widgets::segmented::segmented;
use causeway_inspector::widgets::select::Select;
use causeway_inspector::widgets::slider::slider;
use causeway_inspector::widgets::sparkline::sparkline;
use causeway_inspector::widgets::spinner::spinner;
use causeway_inspector::widgets::tabs::{Tab, sub_tabs, tabs};
use causeway_inspector::widgets::text_input::{FieldError, TextInput};
use causeway_inspector::widgets::toast::Toasts;
use causeway_inspector::widgets::toggle::{checkbox, switch};
use causeway_inspector::widgets::tooltip::{Tip, float_frame};
use causeway_inspector::widgets::tree_row::TreeRow;
use causeway_inspector::widgets::{focus, hairline, kind_mark, link, paint};
use egui::{Align2, CornerRadius, Frame, Margin, Rect, Sense, Ui, UiBuilder, pos2, vec2};
use serde_json::json;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("say which folder the pictures go to")?);
    let scale: f32 = arguments.next().map_or(Ok(1.0), |scale| scale.parse())?;
    std::fs::create_dir_all(&folder)?;
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::HighContrast, "hc")] {
        let mut gallery = Gallery::new();
        let shot = Shot { scale, ..Shot::new(vec2(1440.0, 900.0), theme) };
        let png = raster::render_png(shot, |ui| gallery.ui(ui))?;
        let file = folder.join(format!("gallery-{name}.png"));
        std::fs::write(&file, png).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

struct Gallery {
    tree: JsonTree,
    hex: HexView,
    list: RowScroller,
    toasts: Toasts,
    tab: usize,
}

impl Gallery {
    fn new() -> Self {
        let mut toasts = Toasts::default();
        toasts.add(Tone::Bad, "Segment 12 could not be read");
        toasts.add_failure("Commit refused: sequence moved", "expected 4, found 5");
        let mut list = RowScroller::default();
        list.center_on(9_811_992);
        Self { tree: JsonTree::default(), hex: HexView::default(), list, toasts, tab: 0 }
    }

    fn ui(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let screen = ui.ctx().content_rect();
        ui.painter().rect_filled(screen, CornerRadius::ZERO, t.panel);
        let columns = [(0.0, 232.0), (232.0, 560.0), (792.0, 320.0), (1112.0, 328.0)];
        let column = |index: usize| -> Rect {
            let (left, width) = columns[index];
            Rect::from_min_size(pos2(left, 0.0), vec2(width, screen.height()))
        };
        let at = |ui: &mut Ui, rect: Rect, add: &mut dyn FnMut(&mut Ui)| {
            ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| add(ui));
        };
        let middle = column(1);
        ui.painter().rect_filled(middle, CornerRadius::ZERO, t.canvas);
        at(ui, column(0), &mut explorer);
        at(ui, middle, &mut |ui| self.middle(ui));
        at(ui, column(2).shrink(16.0), &mut form);
        at(ui, column(3), &mut |ui| self.inspector(ui));
        for index in [1, 2, 3] {
            hairline::vertical(ui.painter(), columns[index].0, screen.y_range(), t.line);
        }
        self.toasts.show(ui.ctx(), metrics::STATUS_BAR);
    }

    fn middle(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let all = [
            Tab::new("Events").icon(icons::ROWS),
            Tab::new("Causal graph").icon(icons::GRAPH),
            Tab::new("Projections").icon(icons::FUNCTION),
        ];
        tabs(ui, &all, &mut self.tab, |ui| {
            button::small_icon(ui, icons::CORNERS_OUT, "Full screen");
            button::small_icon(ui, icons::COLUMNS, "Split");
        });
        error_tile::banner(ui, Tone::Warn, "The index is 412 events behind the log", Some("Catch up"));
        let rest = ui.available_rect_before_wrap();
        let table = Rect::from_min_size(rest.min, vec2(rest.width(), 318.0));
        ui.scope_builder(UiBuilder::new().max_rect(table), |ui| self.table(ui));
        let below = Rect::from_min_max(pos2(rest.left(), table.bottom()), rest.max);
        let builder = UiBuilder::new().max_rect(below.shrink2(vec2(16.0, 12.0)));
        ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.y = 10.0;
            parts(ui);
        });
    }

    fn table(&mut self, ui: &mut Ui) {
        let rows = Rows { label: "events", count: 9_812_004, height: metrics::TABLE_ROW, keys: true };
        self.list.show(ui, rows, table_row);
    }

    fn inspector(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let inner = ui.max_rect().shrink2(vec2(16.0, 12.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.horizontal(|ui| {
                let (rect, _) = paint::allocate(ui, vec2(14.0, 22.0), Sense::hover());
                let mark = KindMark::of(KindClass::Violet);
                kind_mark::paint(ui.painter(), rect.center(), metrics::MARK_TITLE, mark, t);
                ui.label(type_roles::rich("PaymentCaptured", type_roles::panel_title()).color(t.text));
            });
            sub_tabs(
                ui,
                &[
                    Tab::new("Event"),
                    Tab::new("State"),
                    Tab::new("Diff"),
                    Tab::new("Links").count("6"),
                    Tab::new("Notes"),
                ],
                &mut 0,
            );
            ui.add_space(8.0);
            section_header::fixed(ui, "Payload", "decoded by schema v2", |ui| {
                button::small_icon(ui, icons::COPY, "Copy payload");
                button::small_icon(ui, icons::BRACKETS_CURLY, "Show as text");
            });
        });
        let place = |top: f32, height: f32| {
            Rect::from_min_size(pos2(ui.max_rect().left() + 1.0, top), vec2(327.0, height))
        };
        let (tree, hex, facts, empty) =
            (place(118.0, 260.0), place(380.0, 130.0), place(516.0, 60.0), place(590.0, 150.0));
        let value = json!({
            "payment_id": "p-77120", "order_id": "8841", "amount": {"value": 129.90, "currency": "EUR"},
            "payer": {"name": "Testkunde Öß", "city": "京都市"}, "lines": (0..90).collect::<Vec<u32>>(),
            "settled": true, "note": "paid\u{202e}diap", "refund": null
        });
        ui.scope_builder(UiBuilder::new().max_rect(tree), |ui| self.tree.show(ui, "payload", &value, 1));
        let bytes: Vec<u8> = b"\x84\xa8order_id\xa48842\xa6amount\x82\xa5value\xcb@\xb3t"
            .iter()
            .copied()
            .cycle()
            .take(4000)
            .collect();
        ui.scope_builder(UiBuilder::new().max_rect(hex), |ui| self.hex.show(ui, "bytes", &bytes, 0));
        let facts = facts.shrink2(vec2(16.0, 0.0));
        ui.scope_builder(UiBuilder::new().max_rect(facts), |ui| {
            hairline::rule(ui);
            for (name, hex) in
                [("prev", "9f0c41d2000000000000000000007b16"), ("this", "c3aa08e1000000000000000052f4")]
            {
                ui.horizontal(|ui| {
                    ui.label(type_roles::rich(name, type_roles::mono()).color(t.text3));
                    hash_label(ui, name, hex, t.text);
                });
            }
        });
        ui.scope_builder(UiBuilder::new().max_rect(empty), |ui| {
            let state = EmptyState {
                reason: "No event matches these filters",
                advice: "Loosen the time range or clear the kind filter",
                link: Some("Clear filters"),
            };
            state.show(ui);
        });
    }
}

fn explorer(ui: &mut Ui) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let inner = Frame::NONE.inner_margin(Margin::symmetric(12, 8));
    inner.show(ui, |ui| {
        let input = TextInput::new("Filter").without_label().placeholder("Filter").icon(icons::FUNNEL_SIMPLE);
        input.show(ui, &mut String::new());
        ui.add_space(6.0);
        section_header::folding(ui, "Entities", "6", &mut true, |ui| {
            button::small_icon(ui, icons::DOTS_THREE, "More");
        });
    });
    for (name, count, open, depth, selected) in [
        ("agent", "1,204", Some(false), 0, false),
        ("order", "412,380", Some(true), 0, false),
        ("order/8841", "9", None, 1, true),
        ("order/8842", "4", None, 1, false),
        ("stock", "2,115", Some(false), 0, false),
    ] {
        TreeRow { open, depth, selected, ..TreeRow::new(name, count) }.show(ui);
    }
    inner.show(ui, |ui| section_header::folding(ui, "Kinds", "41", &mut true, |_| {}));
    let names = [
        "OrderPlaced",
        "PaymentCaptured",
        "ParcelPacked",
        "StockReserved",
        "RunStarted",
        "ToolCalled",
        "MailQueued",
        "NoteSealed",
    ];
    for (class, name) in KindClass::ALL.into_iter().zip(names) {
        TreeRow { mark: Some(KindMark::of(class)), ..TreeRow::new(name, "390,871") }.show(ui);
    }
    for category in [8, 9, 0xA, 0xB, 0xC, 0xE, 0xF] {
        let mark = KindMark::of_category(category);
        TreeRow { mark: Some(mark), ..TreeRow::new("hollow", "12") }.show(ui);
    }
    TreeRow { icon: Some(icons::CUBE), ..TreeRow::new("shop", "8.9M") }.show(ui);
    inner.show(ui, |ui| {
        for row in icons::ALL.chunks(9) {
            ui.horizontal(|ui| {
                for (_, icon) in row {
                    let (rect, _) = paint::allocate(ui, vec2(14.0, 20.0), Sense::hover());
                    paint::icon(ui.painter(), rect.center(), *icon, 16.0, Tokens::of(ui).text2);
                }
            });
        }
    });
}

fn table_row(ui: &mut Ui, row: u64, rect: Rect) {
    let t = Tokens::of(ui);
    let selected = row == 9_811_992;
    if selected || row.is_multiple_of(5) {
        let fill = if selected { t.sel } else { t.sel_weak };
        ui.painter().rect_filled(rect, CornerRadius::ZERO, fill);
        let bar = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(bar, CornerRadius::ZERO, t.accent);
    }
    let class = KindClass::ALL[(row % 8) as usize];
    let y = rect.center().y;
    let number = format!("{},{:03},{:03}", row / 1_000_000, row / 1000 % 1000, row % 1000);
    let p = ui.painter();
    let right = |x: f32, text: &str, color| {
        paint::text(p, Align2::RIGHT_CENTER, pos2(rect.left() + x, y), text, type_roles::table(), color);
    };
    let left = |x: f32, text: &str, font, color| {
        paint::text(p, Align2::LEFT_CENTER, pos2(rect.left() + x, y), text, font, color);
    };
    right(90.0, &number, t.text3);
    right(150.0, "04.874", t.text2);
    left(164.0, "stock/sku-4410", type_roles::table(), t.text2);
    if row % 8 == 5 {
        kind_mark::failed(p, pos2(rect.left() + 282.0, y), 5.0, t);
        left(294.0, "ToolFailed", type_roles::table_medium(), t.red_text);
    } else {
        kind_mark::paint(p, pos2(rect.left() + 282.0, y), metrics::MARK, KindMark::of(class), t);
        left(294.0, "StockReserved", type_roles::table_medium(), t.text);
    }
    left(390.0, "急須「常滑焼」× 1 · 残り 6", type_roles::table(), t.text2);
    paint::icon(p, pos2(rect.right() - 14.0, y), icons::LOCK_SIMPLE, 12.0, t.disabled);
}

fn parts(ui: &mut Ui) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.add(Button::primary("Commit 2 events").icon(icons::CHECK));
        ui.add(Button::secondary("Dry-run").icon(icons::FLASK));
        ui.add(Button::ghost("Reset"));
        ui.add(Button::danger("Delete").icon(icons::TRASH));
        ui.add(Button::primary("Stage event").icon(icons::STACK).enabled(false));
    });
    ui.horizontal(|ui| {
        badge(ui, Tone::Neutral, Some(icons::EYE), "Read-only");
        badge(ui, Tone::Warn, Some(icons::PENCIL_SIMPLE), "Writable");
        badge(ui, Tone::Good, Some(icons::SEAL_CHECK), "Signature valid");
        badge(ui, Tone::Bad, Some(icons::LOCK_SIMPLE_OPEN), "Broken");
        shortcut(ui, "Ctrl+Enter");
    });
    ui.horizontal(|ui| {
        for class in [KindClass::Violet, KindClass::Teal, KindClass::Rose, KindClass::System] {
            chip::kind(ui, KindMark::of(class), "PaymentCaptured");
        }
    });
    ui.horizontal(|ui| {
        chip::facet(ui, Some(KindMark::of(KindClass::Violet)), "payment", "5", FacetState::Off);
        chip::facet(ui, Some(KindMark::of(KindClass::Rose)), "tool", "6", FacetState::On);
        chip::facet(ui, None, "agents", "9", FacetState::Excluded);
        chip::query_token(ui, "corr:", "a7f3,19c4,e02b");
        chip::query_token(ui, "after:", "14:32");
    });
    ui.horizontal(|ui| {
        segmented(ui, "order", &mut 1, &[(0, "Sequence"), (1, "Time"), (2, "Wall clock")]);
        switch(ui, &mut true, "Fold gaps");
        switch(ui, &mut false, "Log scale");
        button::icon(ui, icons::GEAR_SIX, "Settings");
        button::icon(ui, icons::QUESTION, "Help");
        spinner(ui, "loading");
    });
    ui.horizontal(|ui| {
        float_frame(ui).show(ui, |ui| {
            let mark = Some(KindMark::of(KindClass::Rose));
            let facts = "11.704 · timeout after 5,000 ms · #9,811,995";
            Tip { mark, title: "ToolFailed", subject: "agent/run-317", facts }.body(ui);
        });
        link::link(ui, "Show in graph");
        error_tile::inline(ui, Tone::Bad, "1 field to fix");
    });
    ui.horizontal(|ui| {
        let wave: Vec<f32> =
            (0u8..60).map(|i| 6.0 + (f32::from(i) * 0.7).sin() + (f32::from(i) * 2.3).cos()).collect();
        for tone in [Tone::Neutral, Tone::Warn, Tone::Bad] {
            sparkline(ui, "events per second", &wave, tone);
        }
    });
    ui.add_space(6.0);
    let tile = ErrorTile {
        title: "This store cannot be opened",
        cause: "Frame 81 of segment 12 ends after 40 of 212 bytes. Everything before it is intact.",
        facts: &[("Segment", "000012.log"), ("Offset", "1,048,576")],
        primary: "Open read-only",
        secondary: Some("Choose another store"),
        detail: "corruption: frame checksum",
    };
    tile.show(ui);
    ui.label(type_roles::rich("Display 24", type_roles::display()).color(t.text));
}

fn form(ui: &mut Ui) {
    let t = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 12.0;
    ui.label(type_roles::rich("Append an event", type_roles::title()).color(t.text));
    let mark = Some(KindMark::of(KindClass::Violet));
    let select = Select::new("Kind").hint("schema v3, learned from 431,902 events").mark(mark);
    select.show(ui, &mut 0, &["PaymentRequested", "PaymentCaptured"]);
    TextInput::new("order_id").hint("text").show(ui, &mut "8842".to_owned());
    let error = FieldError { message: "JPY has no decimals.", fix: Some("Fix") };
    let input = TextInput::new("amount.value").hint("number").error(Some(error)).mono();
    input.show(ui, &mut "4980.5".to_owned());
    let shown =
        TextInput::new("note").hint("text, optional").show(ui, &mut "期限切れのため再請求".to_owned());
    focus::paint(ui, shown.response.rect.expand2(vec2(10.0, 2.0)), metrics::RADIUS_CONTROL);
    TextInput::new("due").hint("date, optional").placeholder("2026-11-30").show(ui, &mut String::new());
    hairline::rule(ui);
    ui.label(type_roles::rich("Guards", type_roles::heading()).color(t.text));
    checkbox(ui, &mut true, "Expect order/8842 at sequence 4");
    checkbox(ui, &mut false, "Dry-run on a throw-away fork");
    ui.label(
        type_roles::rich("reading 13.5 The quick brown fox · ÄÖÜ ß", type_roles::reading()).color(t.text),
    );
    ui.label(type_roles::rich("body 12.5 primary 0123456789", type_roles::body()).color(t.text));
    ui.label(type_roles::rich("table 12 secondary 14:32:06.655 +01:00", type_roles::table()).color(t.text2));
    ui.label(
        type_roles::rich("caption 11.5 third · 24 of 9,812,004 events", type_roles::caption()).color(t.text3),
    );
    ui.label(type_roles::rich("mono 12 if $e.kind == \"x\" -> !=", type_roles::mono()).color(t.text));
    ui.label(type_roles::rich("mono bold 急須「常滑焼」", type_roles::mono_bold()).color(t.text));
    ui.style_mut().interaction.selectable_labels = false;
    let _ = ui.button("stock button");
    ui.add(egui::Slider::new(&mut 40, 0..=100).text("stock slider"));
    slider(ui, "step", &mut 6, 9);
    card(ui).show(ui, |ui| ui.label("A card"));
}
