//! Owns the heads of the columns: names, dragging to another place or to another width, and the menu that chooses them. Never decides
//! where a column is.

use egui::{
    Align, Align2, CursorIcon, Id, Key, Layout, Popup, PopupCloseBehavior, Rect, Response, Role, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::panels::inside;
use crate::state::table::{Column, TableAction, TimeMode};
use crate::theme::metrics::{COLUMN_HEAD, CONTROL, RADIUS_CHIP};
use crate::theme::{icons, type_roles};
use crate::view::columns::{Cell, Columns, END_STRIP, LANE_FIRST};
use crate::widgets::segmented::segmented;
use crate::widgets::{button, focus, hairline, paint, tooltip};

/// Half of the strip at the right end of a column that changes its width, points.
const GRIP: f32 = 4.0;
/// Width of the menu, points.
const MENU_WIDTH: f32 = 264.0;

/// Private state: what is being dragged.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// A column that is being widened, its width and the pointer's place when that began.
    widened: Option<(Column, f32, f32)>,
    /// The menu is to open.
    open: bool,
}

impl Head {
    /// Opens the menu when the head is drawn next.
    pub(super) fn open_menu(&mut self) {
        self.open = true;
    }

    /// Draws the heads; gives back a column that is to be as wide as what it shows.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, columns: &Columns) -> Option<Column> {
        let t = ctx.view.tokens;
        let (bar, whole) = paint::allocate(ui, vec2(ui.available_width(), COLUMN_HEAD), Sense::click());
        whole.widget_info(|| WidgetInfo::labeled(Role::Group, true, "columns of the event table"));
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
        if columns.gutter > 0.0 {
            let at = pos2(bar.left() + LANE_FIRST, bar.center().y);
            paint::text(ui.painter(), Align2::LEFT_CENTER, at, "Flow", type_roles::column_head(), t.text3);
        }
        menu(ctx, &whole, columns, false);
        for cell in &columns.cells {
            head_ui(ctx, ui, bar, columns, *cell);
        }
        let mut fitted = None;
        for cell in &columns.cells {
            if self.grip_ui(ctx, ui, bar, columns, *cell) {
                fitted = Some(cell.column);
            }
        }
        self.chooser_ui(ctx, ui, bar, columns);
        fitted
    }

    /// The strip between two columns: dragging it widens the left one, a double click makes it as wide as what it shows.
    fn grip_ui(&mut self, ctx: StoreContext<'_>, ui: &Ui, bar: Rect, columns: &Columns, cell: Cell) -> bool {
        let t = ctx.view.tokens;
        let x = bar.left() + cell.right + columns.gap / 2.0;
        let place = Rect::from_center_size(pos2(x, bar.center().y), vec2(GRIP * 2.0, bar.height()));
        let response = ui.interact(place, ui.scope_id().with(("grip", cell.column)), Sense::click_and_drag());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Splitter, true, format!("width of {}", cell.column.name()))
        });
        if response.hovered() || response.dragged() {
            hairline::vertical(ui.painter(), x, bar.shrink2(vec2(0.0, 5.0)).y_range(), t.line_strong);
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            if response.drag_started() {
                self.widened = Some((cell.column, cell.right - cell.left, pointer.x));
            }
            if let Some((column, width, from)) = self.widened.filter(|(column, ..)| *column == cell.column) {
                let width = (width + pointer.x - from).round().clamp(0.0, f32::from(u16::MAX)) as u16;
                ctx.view.commands.send(Action::Table(TableAction::Width(column, Some(width))));
            }
        }
        response.double_clicked()
    }

    /// The button at the right end that opens the menu.
    fn chooser_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, bar: Rect, columns: &Columns) {
        let place = bar.with_min_x(bar.right() - END_STRIP);
        let response = inside(ui, place, Layout::right_to_left(Align::Center), |ui| {
            button::small_icon(ui, icons::COLUMNS, "Choose columns")
        });
        if std::mem::take(&mut self.open) {
            Popup::open_id(ui.ctx(), Popup::default_response_id(&response));
        }
        menu(ctx, &response, columns, true);
    }
}

/// The name of a column; a click tells times another way, dragging it moves the column, a right click opens the menu.
fn head_ui(ctx: StoreContext<'_>, ui: &Ui, bar: Rect, columns: &Columns, cell: Cell) {
    let t = ctx.view.tokens;
    let half = columns.gap / 2.0;
    let x = bar.left() + cell.left - half..=bar.left() + cell.right + half;
    let place = Rect::from_x_y_ranges(x, bar.y_range());
    let response = ui.interact(place, ui.scope_id().with(("head", cell.column)), Sense::click_and_drag());
    let time = ctx.store.table.time;
    let words = match cell.column {
        Column::Sequence => "#",
        Column::Time => time.head(),
        Column::Correlation => "Corr",
        Column::Lock => "",
        other => other.name(),
    };
    let clickable = cell.column == Column::Time;
    response.widget_info(|| {
        WidgetInfo::labeled(Role::ColumnHeader, true, format!("{} column", cell.column.name()))
    });
    let p = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    let loud = response.dragged() || (response.hovered() && clickable);
    let color = if loud { t.text } else { t.text3 };
    let y = bar.center().y;
    if cell.column == Column::Lock {
        paint::icon(&p, pos2(bar.left() + cell.centre(), y), icons::LOCK_SIMPLE, 12.0, color);
    } else if is_right(cell.column) {
        let at = pos2(bar.left() + cell.right, y);
        paint::text(&p, Align2::RIGHT_CENTER, at, words, type_roles::column_head(), color);
    } else {
        let at = pos2(bar.left() + cell.left, y);
        paint::text(&p, Align2::LEFT_CENTER, at, words, type_roles::column_head(), color);
    }
    focus::ring(ui, &response, place.shrink(2.0), RADIUS_CHIP);
    if clickable && response.clicked() {
        ctx.view.commands.send(Action::Table(TableAction::Time(time.next())));
    }
    moved_ui(ctx, ui, bar, columns, cell, &response);
    menu(ctx, &response, columns, false);
    if clickable && !response.dragged() {
        tooltip::hint(response, "Click: as a clock, how long ago, or how much after the row above");
    }
}

/// While a head is dragged, a line shows where it would go.
fn moved_ui(ctx: StoreContext<'_>, ui: &Ui, bar: Rect, columns: &Columns, cell: Cell, response: &Response) {
    let Some(pointer) = response.interact_pointer_pos() else { return };
    let places = columns.places_to(&ctx.store.table, cell.column, pointer.x - bar.left());
    if response.dragged() {
        let half = columns.gap / 2.0;
        let before = columns.cells.iter().find(|other| pointer.x - bar.left() < other.centre());
        let x = before.map_or_else(
            || columns.cells.last().map_or(0.0, |last| last.right + half),
            |before| before.left - half,
        );
        let line = Rect::from_center_size(pos2(bar.left() + x, bar.center().y), vec2(2.0, bar.height()));
        ui.painter().rect_filled(line, 0, ctx.view.tokens.accent);
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    }
    if response.drag_stopped() && places != 0 {
        ctx.view.commands.send(Action::Table(TableAction::Move(cell.column, places)));
    }
}

/// Numbers end where their column ends.
pub(super) fn is_right(column: Column) -> bool {
    matches!(column, Column::Sequence | Column::Time | Column::Clock | Column::Cause | Column::Size)
}

/// The menu of columns: below a button, or where the right button was pressed.
fn menu(ctx: StoreContext<'_>, response: &Response, columns: &Columns, below: bool) {
    let popup = if below { Popup::menu(response) } else { Popup::context_menu(response) };
    popup.width(MENU_WIDTH).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.set_width(MENU_WIDTH);
        let list = &ctx.store.table.columns;
        for (index, choice) in list.iter().enumerate() {
            let can = (index > 1, index > 0 && index + 1 < list.len());
            choice_ui(ctx, ui, choice.column, choice.shown, columns.folded.contains(&choice.column), can);
        }
        hairline::rule(ui);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            let mut time = ctx.store.table.time;
            let options =
                [(TimeMode::Clock, "Absolute"), (TimeMode::Ago, "Ago"), (TimeMode::Delta, "Since above")];
            if segmented(ui, "times", &mut time, &options).changed() {
                ctx.view.commands.send(Action::Table(TableAction::Time(time)));
            }
        });
        ui.add_space(6.0);
        if crate::widgets::select::menu_row(ui, "Reset columns", false).clicked() {
            ctx.view.commands.send(Action::Table(TableAction::Reset));
        }
        let keys = Command::ChooseColumns.keys();
        ui.add_space(2.0);
        let words = format!(
            "Drag heads to move, edges to widen. {keys} opens this, Alt+Up and Alt+Down move a column."
        );
        ui.horizontal_wrapped(|ui| {
            ui.set_width(MENU_WIDTH - 16.0);
            ui.label(type_roles::rich(words, type_roles::caption()).color(ctx.view.tokens.text3));
        });
    });
}

/// A column in the menu: shown or not, and one place up or down.
fn choice_ui(
    ctx: StoreContext<'_>,
    ui: &mut Ui,
    column: Column,
    shown: bool,
    folded: bool,
    (up, down): (bool, bool),
) {
    let t = ctx.view.tokens;
    let id = Id::unique(("column choice", column));
    let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), CONTROL - 2.0), Sense::hover());
    let response = ui.interact(rect, id, Sense::click());
    let name = column.name();
    let fixed = !column.can_be_hidden();
    let about = if folded {
        "no room now"
    } else if fixed {
        "always"
    } else {
        ""
    };
    let spoken = if folded { format!("{name}, no room now") } else { name.to_owned() };
    response.widget_info(|| WidgetInfo::selected(Role::MenuItemCheckBox, !fixed, shown, &spoken));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, RADIUS_CHIP, t.active);
    }
    let y = rect.center().y;
    if shown {
        let color = if fixed { t.text3 } else { t.text2 };
        paint::icon(ui.painter(), pos2(rect.left() + 14.0, y), icons::CHECK, 13.0, color);
    }
    let color = if shown { t.text } else { t.text2 };
    let at = paint::text(
        ui.painter(),
        Align2::LEFT_CENTER,
        pos2(rect.left() + 28.0, y),
        name,
        type_roles::body(),
        color,
    );
    let beside = pos2(at.right() + 8.0, y);
    paint::text(ui.painter(), Align2::LEFT_CENTER, beside, about, type_roles::caption(), t.text3);
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    let mut places = 0;
    if response.has_focus() && column != Column::Flow {
        let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::ALT, key));
        places += isize::from(pressed(Key::ArrowDown)) - isize::from(pressed(Key::ArrowUp));
    }
    inside(ui, rect.with_max_x(rect.right() - 4.0), Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        if column == Column::Flow {
            return;
        }
        for (can, icon, step, word) in
            [(down, icons::CARET_DOWN, 1, "right"), (up, icons::CARET_UP, -1, "left")]
        {
            ui.add_enabled_ui(can, |ui| {
                if button::small_icon(ui, icon, &format!("Move {name} {word}")).clicked() {
                    places += step;
                }
            });
        }
    });
    if response.clicked() && !fixed {
        ctx.view.commands.send(Action::Table(TableAction::Show(column, !shown)));
    }
    if places != 0 {
        ctx.view.commands.send(Action::Table(TableAction::Move(column, places)));
    }
}
