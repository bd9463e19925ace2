//! Owns the parts of a query as tokens, each with a cross that takes it out.

use egui::{Align2, Rect, Ui};

use super::super::{from_left, inside};
use crate::context::StoreContext;
use crate::state::query::{Query, Term};
use crate::theme::type_roles;
use crate::widgets::{chip, escape, paint};

/// Characters of a value in a token.
const VALUE_CHARS: usize = 28;
/// Digits of a whole id that are shown.
const DIGITS: usize = 8;

/// True for a part that is shown as a token; plain text is shown as text.
pub(super) fn is_token(part: &Query) -> bool {
    !matches!(part, Query::Is(Term::Text(_)))
}

/// Draws the tokens, then the text. Gives back the query without the part whose cross was clicked.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui, room: Rect) -> Option<Query> {
    let query = &ctx.store.query;
    let mut without = None;
    inside(ui, room, from_left(), |ui| {
        ui.set_clip_rect(room.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing.x = 6.0;
        for (index, part) in query.parts().iter().enumerate().filter(|(_, part)| is_token(part)) {
            let (key, value) = words(ctx, part);
            if chip::query_token(ui, &key, &value).clicked() {
                without = Some(query.without_part(index));
            }
        }
        let vocabulary = ctx.vocabulary();
        let text = query.parts().iter().filter(|part| !is_token(part)).map(|part| part.line(&vocabulary));
        let text = text.collect::<Vec<_>>().join(" ");
        let t = ctx.view.tokens;
        let left = ui.cursor().left();
        let line = paint::line(
            ui.painter(),
            &escape::visible(&text),
            type_roles::mono(),
            t.text,
            room.right() - left,
        );
        paint::put(ui.painter(), Align2::LEFT_CENTER, egui::pos2(left, room.center().y), line);
    });
    without
}

fn words(ctx: StoreContext<'_>, part: &Query) -> (String, String) {
    let vocabulary = ctx.vocabulary();
    let (key, value) = match part {
        Query::Is(Term::Correlation(ends)) => {
            let short = |end: &String| end.get(end.len().saturating_sub(DIGITS)..).unwrap_or(end).to_owned();
            ("corr:".to_owned(), ends.iter().map(short).collect::<Vec<_>>().join(","))
        }
        Query::Is(term) => (term.key(), term.value(&vocabulary)),
        Query::Not(inner) => match &**inner {
            Query::Is(term) => (format!("-{}", term.key()), term.value(&vocabulary)),
            group => ("-".to_owned(), format!("({})", group.line(&vocabulary))),
        },
        group => (String::new(), group.line(&vocabulary)),
    };
    let short = |words: String| escape::visible(&words).chars().take(VALUE_CHARS).collect();
    (short(key), short(value))
}
