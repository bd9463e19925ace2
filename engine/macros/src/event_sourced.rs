//! Owns `#[derive(EventSourced)]`: a fold that hands each event to the handler of its payload type.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Ident, Type, parse_quote};

use crate::attributes::{Group, groups};

const KNOWN: &str = "`input`, `cache_version` and `incremental`, or `event` with `handler`";

pub(crate) fn expand(input: &DeriveInput, store: &TokenStream) -> Result<TokenStream, Error> {
    let Projection { lane, cache_version, incremental, bindings } = Projection::read(input)?;
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: ::core::default::Default));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let Kinds { kinds, distinct } = Kinds::new(&bindings, store);
    let fallible = fallible_methods(ident, &bindings, store);
    // A generic fold learns its kinds, and whether two are one, where it is used.
    let checked = input.generics.params.is_empty().then(|| quote!(const _: () = { #distinct };));
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

            fn relevant_event_kinds() -> &'static [#store::event::EventKind] {
                const {
                    #distinct
                    &[#(#kinds),*]
                }
            }

            fn schema_version() -> u64 {
                #cache_version
            }

            fn supports_incremental_apply() -> bool {
                #incremental
            }

            #fallible
        }
    })
}

/// The kinds of the events, and what refuses two that are the same, at the place of the second.
struct Kinds {
    kinds: Vec<TokenStream>,
    distinct: TokenStream,
}

impl Kinds {
    fn new(bindings: &[Binding], store: &TokenStream) -> Self {
        let events = bindings.iter().map(|Binding { event, .. }| event);
        let kinds: Vec<_> =
            events.map(|event| quote!(<#event as #store::event::EventPayload>::KIND)).collect();
        let distinct = bindings.iter().enumerate().skip(1).map(|(index, Binding { event, .. })| {
            let so_far = &kinds[..=index];
            quote_spanned! {event.span()=>
                ::core::assert!(
                    #store::__private::are_distinct(&[#(#so_far),*]),
                    "another event of this projection has the same kind",
                );
            }
        });
        let distinct = distinct.collect();
        Self { kinds, distinct }
    }
}

/// The two methods that the store calls: they say why an event does not fold.
///
/// What the compiler may refuse of the user's is called at its own place: the type for `Default`, the name of the handler for its method.
fn fallible_methods(ident: &Ident, bindings: &[Binding], store: &TokenStream) -> TokenStream {
    let default = quote_spanned!(ident.span()=> <Self as ::core::default::Default>::default());
    let steps = bindings.iter().map(|Binding { event, handler }| {
        let call = quote_spanned!(handler.span()=> Self::#handler(self, &payload));
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
        let incremental = match incremental {
            Some(incremental) => incremental,
            None => !skips_fields(&input.data, span)?,
        };
        Ok(Self { lane, cache_version, incremental, bindings })
    }
}

impl Binding {
    fn read(mut group: Group) -> Result<Self, Error> {
        let event = group.required("event", Group::type_name)?;
        let handler = group.required("handler", Group::method)?;
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
