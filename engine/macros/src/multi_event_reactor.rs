//! Owns `#[derive(MultiEventReactor)]`: a reactor that hands each event to the handler of its payload type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Error, Type, parse_quote};

use crate::bindings::{self, Binding, Kinds};

const KNOWN: &str = "`input` and `error`, or `event` with `handler`";

pub(crate) fn expand(input: &DeriveInput, store: &TokenStream) -> Result<TokenStream, Error> {
    let Reactor { lane, error, bindings } = Reactor::read(input)?;
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        // What a reactor must be, because it runs in a thread of its own: its parameters need not say so.
        let bound = parse_quote!(Self: ::core::marker::Send + 'static);
        generics.make_where_clause().predicates.push(bound);
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let kinds = Kinds::of(&bindings, store);
    let (checked, relevant) = (kinds.checked(&input.generics), kinds.method(store));
    let routes = bindings.iter().map(|binding| route(binding, store));
    Ok(quote! {
        #checked

        #[automatically_derived]
        impl #impl_generics #store::event::MultiReactive<#lane> for #ident #type_generics #where_clause {
            type Error = #error;

            #relevant

            fn dispatch(
                &mut self,
                event: &#store::event::StoredEvent<<#lane as #store::event::ProjectionInput>::Payload>,
                out: &mut #store::store::ReactionBatch,
                at_least_once: ::core::option::Option<&#store::store::AtLeastOnce>,
            ) -> ::core::result::Result<(), #store::event::MultiDispatchError<Self::Error>> {
                #(#routes)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

/// The way of an event to one handler. No other handler takes it then, because no two take the same kind.
fn route(binding: &Binding, store: &TokenStream) -> TokenStream {
    let Binding { event, handler } = binding;
    let handled = quote_spanned! {binding.place()=>
        let handled: ::core::result::Result<(), Self::Error> = Self::#handler(self, &event, out, at_least_once);
    };
    quote! {
        if let ::core::option::Option::Some(payload) =
            #store::event::DecodeTyped::route_typed::<#event>(&event.event)
                .map_err(#store::event::MultiDispatchError::Decode)?
        {
            let event = #store::__private::with_payload(event, payload);
            #handled
            return handled.map_err(#store::event::MultiDispatchError::User);
        }
    }
}

/// What the attributes say, checked.
struct Reactor {
    lane: Type,
    /// What the handlers fail with.
    error: Type,
    bindings: Vec<Binding>,
}

impl Reactor {
    fn read(input: &DeriveInput) -> Result<Self, Error> {
        let (settings, bindings) = bindings::read(&input.attrs)?;
        let span = input.ident.span();
        let mut settings = settings.ok_or_else(|| {
            let needed = "a reactor needs its settings: #[causeway(input = JsonValueInput, error = Type)]";
            Error::new(span, needed)
        })?;
        let lane = settings.type_name("input")?.ok_or_else(|| {
            Error::new(settings.span, "`input` is missing: JsonValueInput or RawMsgpackInput")
        })?;
        let error = settings.type_name("error")?.ok_or_else(|| {
            Error::new(settings.span, "`error` is missing: the type that handlers fail with")
        })?;
        settings.finish(KNOWN)?;
        if bindings.is_empty() {
            let needed = "a reactor needs an event: #[causeway(event = Type, handler = method)]";
            return Err(Error::new(span, needed));
        }
        Ok(Self { lane, error, bindings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_refused;

    #[test]
    fn what_is_no_reactor_is_refused_with_its_reason() {
        for (input, expected) in [
            ("struct A;", "a reactor needs its settings: #[causeway(input = JsonValueInput, error = Type)]"),
            ("#[causeway(error = E)] struct A;", "`input` is missing: JsonValueInput or RawMsgpackInput"),
            ("#[causeway(input = J)] struct A;", "`error` is missing: the type that handlers fail with"),
            ("#[causeway(input = J, error = 3)] struct A;", "`error` takes a type"),
            (
                "#[causeway(input = J, error = E)] struct A;",
                "a reactor needs an event: #[causeway(event = Type, handler = method)]",
            ),
            (
                "#[causeway(input = J, error = E, cache_version = 1)] #[causeway(event = E, handler = e)] struct A;",
                "unknown key `cache_version`; known are `input` and `error`, or `event` with `handler`",
            ),
            (
                "#[causeway(input = J, error = E)] #[causeway(event = E, handler = A::e)] struct A;",
                "`handler` takes the name of a method of this type",
            ),
            (
                "#[batpak(input = J, error = E)] #[batpak(event = E, handler = e)] #[causeway(event = E, handler = f)] struct A;",
                "this event has a handler already",
            ),
        ] {
            check_refused(expand, input, expected);
        }
    }
}
