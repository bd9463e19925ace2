//! Owns the derives of causeway: `EventPayload`, `EventSourced` and `MultiEventReactor`. Emits code only; never reads or writes a file of its user.

mod attributes;
mod bindings;
mod event_payload;
mod event_sourced;
mod multi_event_reactor;
mod upcasts;

use proc_macro::TokenStream;
use proc_macro_crate::{FoundCrate, crate_name};
use quote::quote;
use syn::{DeriveInput, Error, parse_macro_input};

/// Derives `EventPayload`: ties a type to an event kind.
///
/// `#[causeway(category = N, type_id = N, version = N)]`, or the same under the name `batpak`. The category is 1 to 15 without 13,
/// the type 0 to 4,095; the version is 1 unless given. Structs, tuple structs, unit structs and enums are accepted, with or without
/// generic parameters. The description lists fields as the source spells them; tuple fields by number, enums by variant.
///
/// A version above 1 needs one `#[causeway(from_version = N, upcast = function)]` per version below it. Each function takes what version
/// N stored, decoded into whatever type its parameter has, and returns what version N + 1 stored; the last returns this type. With
/// `try_upcast` in place of `upcast` it returns a `Result`, whose error is anything that turns into a `Box<dyn Error + Send + Sync>`.
/// The path must leave no doubt about the parameter: `<New as From<Old>>::from`, not `New::from`.
#[proc_macro_derive(EventPayload, attributes(causeway, batpak))]
pub fn derive_event_payload(input: TokenStream) -> TokenStream {
    expand(&parse_macro_input!(input as DeriveInput), event_payload::expand)
}

/// Derives `EventSourced`: a fold of events into a state that starts at `Default`.
///
/// `#[causeway(input = JsonValueInput)]` or `RawMsgpackInput`, then one `#[causeway(event = Type, handler = method)]` per payload type;
/// the methods are `fn(&mut self, &Type)`. Optional beside `input`: `cache_version = N` (the schema version, 0 unless given) and
/// `incremental = true | false`. A derived fold is a pure sequence of handler calls, so it is applied incrementally unless the type has
/// a `#[serde(skip..)]` attribute: its serialised form would then not be its whole state.
///
/// An event that does not decode is an error of the projection, never a panic.
#[proc_macro_derive(EventSourced, attributes(causeway, batpak))]
pub fn derive_event_sourced(input: TokenStream) -> TokenStream {
    expand(&parse_macro_input!(input as DeriveInput), event_sourced::expand)
}

/// Derives `MultiReactive`: a reactor that hands each event to the method for its payload type.
///
/// `#[causeway(input = JsonValueInput, error = Type)]` or `RawMsgpackInput`, then one `#[causeway(event = Type, handler = method)]` per
/// payload type, at least one; or the same under the name `batpak`. The methods are
/// `fn(&mut self, &StoredEvent<Type>, &mut ReactionBatch, Option<&AtLeastOnce>) -> Result<(), Error>`, where `Error` is the type that
/// `error` names. A JSON reactor runs in `Store::react_loop_multi`, one of stored bytes in `Store::react_loop_multi_raw`.
///
/// Any type will do that is `Send` and borrows nothing, with or without generic parameters. Two events of one kind are refused when the
/// type is compiled, or, if it is generic, when it is used. An event of a kind that no method takes is passed over; one that does not
/// decode as the type of its kind is an error.
#[proc_macro_derive(MultiEventReactor, attributes(causeway, batpak))]
pub fn derive_multi_event_reactor(input: TokenStream) -> TokenStream {
    expand(&parse_macro_input!(input as DeriveInput), multi_event_reactor::expand)
}

type Expand = fn(&DeriveInput, &proc_macro2::TokenStream) -> Result<proc_macro2::TokenStream, Error>;

fn expand(input: &DeriveInput, derive: Expand) -> TokenStream {
    derive(input, &store_crate()).unwrap_or_else(Error::into_compile_error).into()
}

/// The path of the store's crate under the name that the user's manifest gives it.
///
/// Inside the engine, in its tests and where the manifest does not tell, the crate goes by its own name.
fn store_crate() -> proc_macro2::TokenStream {
    let name = match crate_name("causeway") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "causeway".to_owned(),
    };
    let name = proc_macro2::Ident::new(&name, proc_macro2::Span::call_site());
    quote!(::#name)
}

#[cfg(test)]
fn check_refused(derive: Expand, input: &str, expected: &str) {
    let input = syn::parse_str(input).expect("the text is Rust");
    let refusal = derive(&input, &quote!(::causeway)).map(|tokens| tokens.to_string());
    assert_eq!(refusal.map_err(|error| error.to_string()), Err(expected.to_owned()));
}
