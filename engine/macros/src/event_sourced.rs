//! Owns `#[derive(EventSourced)]`: a fold that hands each event to the handler of its payload type.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Error, Field, Ident, Type, parse_quote};

use crate::bindings::{self, Binding, Kinds};

const KNOWN: &str = "`input`, `cache_version` and `incremental`, or `event` with `handler`";

pub(crate) fn expand(input: &DeriveInput, store: &TokenStream) -> Result<TokenStream, Error> {
    let Projection { lane, cache_version, incremental, whole, bindings } = Projection::read(input)?;
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: ::core::default::Default));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let kinds = Kinds::of(&bindings, store);
    let (checked, relevant) = (kinds.checked(&input.generics), kinds.method(store));
    let fallible = fallible_methods(ident, &bindings, store);
    Ok(quote! {
        #checked

        #[automatically_derived]
        impl #impl_generics #store::event::EventSourced for #ident #type_generics #where_clause {
            type Input = #lane;

            fn from_events(events: &[#store::event::ProjectionEvent<Self>]) -> ::core::option::Option<Self> {
                <Self as #store::event::EventSourced>::try_from_events(events)
                    .unwrap_or(::core::option::Option::None)
            }

            fn apply_event(&mut self, event: &#store::event::ProjectionEvent<Self>) {
                let _ = <Self as #store::event::EventSourced>::try_apply_event(self, event);
            }

            #relevant

            fn schema_version() -> u64 {
                #cache_version
            }

            fn supports_incremental_apply() -> bool {
                #incremental
            }

            fn serialises_whole() -> bool {
                #whole
            }

            #fallible
        }
    })
}

/// The two methods that the store calls: they say why an event does not fold.
///
/// What the compiler may refuse of the user's is called at its own place: the type for `Default`, the name of the handler for its method.
fn fallible_methods(ident: &Ident, bindings: &[Binding], store: &TokenStream) -> TokenStream {
    let default = quote_spanned!(ident.span()=> <Self as ::core::default::Default>::default());
    let steps = bindings.iter().map(|binding| {
        let Binding { event, handler } = binding;
        let call = quote_spanned!(binding.place()=> Self::#handler(self, &payload));
        quote! {
            if let ::core::option::Option::Some(payload) =
                #store::event::DecodeTyped::route_typed::<#event>(event)?
            {
                #call;
            }
        }
    });
    quote! {
        fn try_from_events(
            events: &[#store::event::ProjectionEvent<Self>],
        ) -> ::core::result::Result<::core::option::Option<Self>, #store::event::TypedDecodeError> {
            let kinds = <Self as #store::event::EventSourced>::relevant_event_kinds();
            let mut state = ::core::option::Option::None;
            for event in events.iter().filter(|event| kinds.contains(&event.header.event_kind)) {
                let state = state.get_or_insert_with(|| #default);
                <Self as #store::event::EventSourced>::try_apply_event(state, event)?;
            }
            ::core::result::Result::Ok(state)
        }

        fn try_apply_event(
            &mut self,
            event: &#store::event::ProjectionEvent<Self>,
        ) -> ::core::result::Result<(), #store::event::TypedDecodeError> {
            #(#steps)*
            ::core::result::Result::Ok(())
        }
    }
}

/// What the attributes say, checked.
struct Projection {
    lane: Type,
    cache_version: u64,
    incremental: bool,
    /// The serialised state is the whole state.
    whole: bool,
    bindings: Vec<Binding>,
}

impl Projection {
    fn read(input: &DeriveInput) -> Result<Self, Error> {
        let (settings, bindings) = bindings::read(&input.attrs)?;
        let span = input.ident.span();
        let mut settings = settings.ok_or_else(|| {
            Error::new(span, "a projection needs its input: #[causeway(input = JsonValueInput)]")
        })?;
        let lane = settings.type_name("input")?.ok_or_else(|| {
            Error::new(settings.span, "`input` is missing: JsonValueInput or RawMsgpackInput")
        })?;
        let cache_version = settings.number("cache_version")?.map_or(0, |(version, _)| version);
        let incremental = settings.bool("incremental")?;
        settings.finish(KNOWN)?;
        if bindings.is_empty() {
            return Err(Error::new(
                span,
                "a projection needs an event: #[causeway(event = Type, handler = method)]",
            ));
        }
        let whole = incremental == Some(true) || !skips_fields(&input.data, span)?;
        Ok(Self { lane, cache_version, incremental: incremental.unwrap_or(whole), whole, bindings })
    }
}

/// True if serde leaves a field out: then the serialised state is not the whole state and must not be built upon.
fn skips_fields(data: &Data, span: proc_macro2::Span) -> Result<bool, Error> {
    let skips = |field: &Field| field.attrs.iter().any(is_skip);
    match data {
        Data::Struct(data) => Ok(data.fields.iter().any(skips)),
        Data::Enum(data) => Ok(data
            .variants
            .iter()
            .any(|variant| variant.attrs.iter().any(is_skip) || variant.fields.iter().any(skips))),
        Data::Union(_) => Err(Error::new(span, "a union cannot be a projection")),
    }
}

fn is_skip(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde") && attribute.meta.to_token_stream().to_string().contains("skip")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_refused;

    #[test]
    fn what_is_no_projection_is_refused_with_its_reason() {
        for (input, expected) in [
            ("struct A;", "a projection needs its input: #[causeway(input = JsonValueInput)]"),
            (
                "#[causeway(cache_version = 1)] struct A;",
                "`input` is missing: JsonValueInput or RawMsgpackInput",
            ),
            (
                "#[causeway(input = JsonValueInput)] struct A;",
                "a projection needs an event: #[causeway(event = Type, handler = method)]",
            ),
            ("#[causeway(input = JsonValueInput)] #[causeway(event = E)] struct A;", "`handler` is missing"),
            (
                "#[causeway(input = J)] #[causeway(event = E, handler = 3)] struct A;",
                "`handler` takes the name of a method of this type",
            ),
            (
                "#[causeway(input = J, colour = 1)] #[causeway(event = E, handler = e)] struct A;",
                "unknown key `colour`; known are `input`, `cache_version` and `incremental`, or `event` with `handler`",
            ),
            (
                "#[causeway(input = J)] #[causeway(event = E, handler = e)] #[causeway(event = E, handler = f)] struct A;",
                "this event has a handler already",
            ),
        ] {
            check_refused(expand, input, expected);
        }
    }
}
