//! Owns the attributes that name handlers: one of settings, then `event = Type, handler = method` for each payload type. Knows no setting.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Generics, Ident, Type};

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
        let event = group.required("event", Group::type_name)?;
        let handler = group.required("handler", Group::method)?;
        group.finish("`event` and `handler` in this attribute")?;
        Ok(Self { event, handler })
    }

    /// Where code that calls the handler belongs, so that the compiler refuses a wrong one at its name.
    ///
    /// Names mean there what they mean in the rest of the derived code, even if the name of the handler was given to a macro.
    pub(crate) fn place(&self) -> Span {
        self.handler.span().resolved_at(Span::call_site())
    }

    fn check_new(&self, earlier: &[Self]) -> Result<(), Error> {
        let text = self.event.to_token_stream().to_string();
        if earlier.iter().any(|binding| binding.event.to_token_stream().to_string() == text) {
            return Err(Error::new_spanned(&self.event, "this event has a handler already"));
        }
        Ok(())
    }
}

/// The kinds of the events that have a handler. Two that are the same are refused, at the place of the second.
pub(crate) struct Kinds {
    kinds: Vec<TokenStream>,
    distinct: TokenStream,
}

impl Kinds {
    pub(crate) fn of(bindings: &[Binding], store: &TokenStream) -> Self {
        let events = bindings.iter().map(|Binding { event, .. }| event);
        let kinds: Vec<_> =
            events.map(|event| quote!(<#event as #store::event::EventPayload>::KIND)).collect();
        let distinct = bindings.iter().enumerate().skip(1).map(|(index, Binding { event, .. })| {
            let so_far = &kinds[..=index];
            quote_spanned! {event.span()=>
                ::core::assert!(
                    #store::__private::are_distinct(&[#(#so_far),*]),
                    "another event with a handler has the same kind",
                );
            }
        });
        let distinct = distinct.collect();
        Self { kinds, distinct }
    }

    /// The check where the type is declared. A generic type learns its kinds, and whether two are one, where it is used.
    pub(crate) fn checked(&self, generics: &Generics) -> Option<TokenStream> {
        let Self { distinct, .. } = self;
        generics.params.is_empty().then(|| quote!(const _: () = { #distinct };))
    }

    /// The method that tells them.
    pub(crate) fn method(&self, store: &TokenStream) -> TokenStream {
        let Self { kinds, distinct } = self;
        quote! {
            fn relevant_event_kinds() -> &'static [#store::event::EventKind] {
                const {
                    #distinct
                    &[#(#kinds),*]
                }
            }
        }
    }
}
