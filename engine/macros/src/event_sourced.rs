//! Owns `#[derive(EventSourced)]`: a fold that hands each event to the handler of its payload type.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Error, Field, Ident, Type, parse_quote};

use crate::attributes::{Group, groups};

const KNOWN: &str = "`input`, `cache_version` and `incremental`, or `event` with `handler`";

pub(crate) fn expand(input: &DeriveInput, store: &TokenStream) -> Result<TokenStream, Error> {
    let Projection { lane, cache_version, incremental, whole, bindings } = Projection::read(input)?;
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: ::core::default::Default));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let kinds =
        bindings.iter().map(|Binding { event, .. }| quote!(<#event as #store::event::EventPayload>::KIND));
    let steps = bindings.iter().map(|Binding { event, handler }| {
        quote! {
            if let ::core::option::Option::Some(payload) =
                #store::event::DecodeTyped::route_typed::<#event>(event)?
            {
                Self::#handler(self, &payload);
            }
        }
    });
    let fallible = fallible_methods(store, steps);
    Ok(quote! {
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

            fn relevant_event_kinds() -> &'static [#store::event::EventKind] {
                const { &#store::__private::distinct_kinds([#(#kinds),*]) }
            }

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
fn fallible_methods(store: &TokenStream, steps: impl Iterator<Item = TokenStream>) -> TokenStream {
    quote! {
        fn try_from_events(
            events: &[#store::event::ProjectionEvent<Self>],
        ) -> ::core::result::Result<::core::option::Option<Self>, #store::event::TypedDecodeError> {
            let kinds = <Self as #store::event::EventSourced>::relevant_event_kinds();
            let mut state = ::core::option::Option::None;
            for event in events.iter().filter(|event| kinds.contains(&event.header.event_kind)) {
                let state = state.get_or_insert_with(<Self as ::core::default::Default>::default);
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

/// One payload type and the method that takes it.
struct Binding {
    event: Type,
    handler: Ident,
}

impl Projection {
    fn read(input: &DeriveInput) -> Result<Self, Error> {
        let (mut settings, mut bindings): (Option<Group>, Vec<Binding>) = (None, Vec::new());
        for group in groups(&input.attrs)? {
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

    fn check_refused(input: &str, expected: &str) {
        let input = syn::parse_str(input).expect("the text is Rust");
        let refusal = expand(&input, &quote!(::causeway)).map(|tokens| tokens.to_string());
        assert_eq!(refusal.map_err(|error| error.to_string()), Err(expected.to_owned()));
    }

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
            (
                "#[causeway(input = JsonValueInput)] #[causeway(event = E)] struct A;",
                "`handler` is missing beside the other of the pair",
            ),
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
            check_refused(input, expected);
        }
    }
}
