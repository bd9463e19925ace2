//! Owns the attributes that name handlers: one of settings, then `event = Type, handler = method` for each payload type. Knows no setting.

use quote::ToTokens;
use syn::{Attribute, Error, Ident, Type};

use crate::attributes::{Group, groups};

/// One payload type and the method that takes it.
pub(crate) struct Binding {
    pub(crate) event: Type,
    pub(crate) handler: Ident,
}

/// The settings, if there are any, and the bindings in order. No payload type is bound twice.
pub(crate) fn read(attributes: &[Attribute]) -> Result<(Option<Group>, Vec<Binding>), Error> {
    let (mut settings, mut bindings): (Option<Group>, Vec<Binding>) = (None, Vec::new());
    for group in groups(attributes)? {
        if group.has("event") || group.has("handler") {
            let binding = Binding::read(group)?;
            binding.check_new(&bindings)?;
            bindings.push(binding);
        } else if settings.is_some() {
            return Err(Error::new(group.span, "the input is given twice; write one attribute"));
        } else {
            settings = Some(group);
        }
    }
    Ok((settings, bindings))
}

impl Binding {
    fn read(mut group: Group) -> Result<Self, Error> {
        let missing =
            |key| Error::new(group.span, format!("`{key}` is missing beside the other of the pair"));
        let (no_event, no_handler) = (missing("event"), missing("handler"));
        let event = group.type_name("event")?.ok_or(no_event)?;
        let handler = group.method("handler")?.ok_or(no_handler)?;
        group.finish("`event` and `handler` in this attribute")?;
        Ok(Self { event, handler })
    }

    fn check_new(&self, earlier: &[Self]) -> Result<(), Error> {
        let text = self.event.to_token_stream().to_string();
        if earlier.iter().any(|binding| binding.event.to_token_stream().to_string() == text) {
            return Err(Error::new_spanned(&self.event, "this event has a handler already"));
        }
        Ok(())
    }
}
