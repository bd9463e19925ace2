//! Owns `#[derive(EventPayload)]`: the kind, the version and the description of a payload type.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Field, Fields, Variant, parse_quote};

use crate::attributes::{Group, groups};
use crate::upcasts::{Chain, Step};

const KNOWN: &str = "`category`, `type_id` and `version`, or `from_version` with `upcast` or `try_upcast`";

pub(crate) fn expand(input: &DeriveInput, store: &TokenStream) -> Result<TokenStream, Error> {
    let Binding { category, type_id, version, upcasts } = Binding::read(input)?;
    let fields = described_fields(&input.data, input.ident.span())?.into_iter().map(|(name, type_name)| {
        quote!(#store::event::FieldDescription {
            name: ::std::string::String::from(#name),
            type_name: ::std::string::String::from(#type_name),
        })
    });
    let type_name = input.ident.unraw().to_string();
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        let bound = parse_quote!(Self: #store::__private::Serialize + #store::__private::DeserializeOwned);
        generics.make_where_clause().predicates.push(bound);
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let upcast = upcasts.method(store);
    Ok(quote! {
        #store::__private::inventory::submit! {
            #store::__private::RegisteredPayload::new(
                #store::event::EventKind::custom(#category, #type_id),
                ::core::concat!(::core::module_path!(), "::", #type_name),
            )
        }

        #[automatically_derived]
        impl #impl_generics #store::event::EventPayload for #ident #type_generics #where_clause {
            const KIND: #store::event::EventKind = #store::event::EventKind::custom(#category, #type_id);
            const PAYLOAD_VERSION: u16 = #version;

            fn description() -> ::core::option::Option<#store::event::KindDescription> {
                ::core::option::Option::Some(#store::event::KindDescription {
                    kind: <Self as #store::event::EventPayload>::KIND,
                    version: <Self as #store::event::EventPayload>::PAYLOAD_VERSION,
                    name: ::std::string::String::from(#type_name),
                    fields: ::std::vec![#(#fields),*],
                })
            }

            #upcast
        }
    })
}

/// What the attributes say, checked.
struct Binding {
    category: u8,
    type_id: u16,
    version: u16,
    upcasts: Chain,
}

impl Binding {
    fn read(input: &DeriveInput) -> Result<Self, Error> {
        let (steps, kinds): (Vec<_>, Vec<_>) = groups(&input.attrs)?.into_iter().partition(Step::is);
        let mut kinds = kinds.into_iter();
        let Some(mut kind) = kinds.next() else {
            return Err(Error::new(
                input.ident.span(),
                "a payload needs its kind: #[causeway(category = 1, type_id = 1)]",
            ));
        };
        if let Some(second) = kinds.next() {
            return Err(Error::new(second.span, "the kind is given twice; write one attribute"));
        }
        let category = check_category(kind.required("category", Group::number)?)?;
        let type_id = check_type_id(kind.required("type_id", Group::number)?)?;
        let (version, span) = match kind.number("version")? {
            Some((version, span)) => (check_version((version, span))?, span),
            None => (1, kind.span),
        };
        kind.finish(KNOWN)?;
        let steps = steps.into_iter().map(Step::read).collect::<Result<_, Error>>()?;
        Ok(Self { category, type_id, version, upcasts: Chain::new(steps, version, span)? })
    }
}

fn check_category((category, span): (u64, Span)) -> Result<u8, Error> {
    let refused = |why: String| Err(Error::new(span, why));
    match u8::try_from(category) {
        Ok(0x0) => refused("category 0x0 is reserved for the store's own events".to_owned()),
        Ok(0xD) => refused("category 0xD is reserved for effects".to_owned()),
        Ok(category @ ..=0xF) => Ok(category),
        Ok(_) | Err(_) => refused(format!("category {category:#x} is greater than 0xF")),
    }
}

fn check_type_id((type_id, span): (u64, Span)) -> Result<u16, Error> {
    match u16::try_from(type_id) {
        Ok(type_id @ ..=0xFFF) => Ok(type_id),
        Ok(_) | Err(_) => Err(Error::new(span, format!("type_id {type_id:#x} is greater than 0xFFF"))),
    }
}

fn check_version((version, span): (u64, Span)) -> Result<u16, Error> {
    match u16::try_from(version) {
        Ok(version @ 1..) => Ok(version),
        Ok(0) => Err(Error::new(span, "version 0 stands for untyped payloads; the first version is 1")),
        Err(_) => Err(Error::new(span, "version is greater than 65535")),
    }
}

/// Name and type of each field, or of each variant.
fn described_fields(data: &Data, span: Span) -> Result<Vec<(String, String)>, Error> {
    match data {
        Data::Struct(data) => Ok(numbered(&data.fields)),
        Data::Enum(data) => Ok(data.variants.iter().map(described_variant).collect()),
        Data::Union(_) => Err(Error::new(span, "a union cannot be a payload")),
    }
}

fn numbered(fields: &Fields) -> Vec<(String, String)> {
    fields.iter().enumerate().map(|(number, field)| (field_name(field, number), spelled(&field.ty))).collect()
}

fn field_name(field: &Field, number: usize) -> String {
    field.ident.as_ref().map_or_else(|| number.to_string(), |name| name.unraw().to_string())
}

fn described_variant(variant: &Variant) -> (String, String) {
    let fields = numbered(&variant.fields);
    let type_name = match &variant.fields {
        Fields::Unit => "()".to_owned(),
        Fields::Unnamed(_) => {
            let types: Vec<_> = fields.into_iter().map(|(_, type_name)| type_name).collect();
            format!("({})", types.join(", "))
        }
        Fields::Named(_) => {
            let named: Vec<_> = fields.into_iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
            format!("{{ {} }}", named.join(", "))
        }
    };
    (variant.ident.unraw().to_string(), type_name)
}

/// A type in the usual spacing, `Option<Vec<u8>>`: printing tokens as they come would give `Option < Vec < u8 > >`.
fn spelled(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    spell(tokens.to_token_stream(), &mut text);
    text
}

fn spell(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                mark @ (',' | ';') => text.extend([mark, ' ']),
                mark @ ('+' | '=') => text.extend([' ', mark, ' ']),
                '-' => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                mark => text.push(mark),
            },
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                spell(group.stream(), text);
                text.push_str(close);
            }
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_refused;

    #[test]
    fn what_is_no_payload_is_refused_with_its_reason() {
        for (input, expected) in [
            ("struct A;", "a payload needs its kind: #[causeway(category = 1, type_id = 1)]"),
            ("#[causeway(category = 1)] struct A;", "`type_id` is missing"),
            (
                "#[causeway(category = 0, type_id = 1)] struct A;",
                "category 0x0 is reserved for the store's own events",
            ),
            ("#[batpak(category = 13, type_id = 1)] struct A;", "category 0xD is reserved for effects"),
            ("#[causeway(category = 300, type_id = 1)] struct A;", "category 0x12c is greater than 0xF"),
            ("#[causeway(category = 1, type_id = 0x1000)] struct A;", "type_id 0x1000 is greater than 0xFFF"),
            (
                "#[causeway(category = 1, type_id = 1, version = 0)] struct A;",
                "version 0 stands for untyped payloads; the first version is 1",
            ),
            (
                "#[causeway(category = 1, type_id = 1, colour = 1)] struct A;",
                "unknown key `colour`; known are `category`, `type_id` and `version`, or `from_version` with `upcast` or `try_upcast`",
            ),
            ("#[causeway(category = 1, category = 2, type_id = 1)] struct A;", "`category` is given twice"),
            ("#[causeway(category = One, type_id = 1)] struct A;", "`category` takes a whole number"),
            (
                "#[causeway(category = -1, type_id = 1)] struct A;",
                "`category` takes a whole number: invalid digit found in string",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 2)] struct A;",
                "events of version 1 would not decode: #[causeway(from_version = 1, upcast = function)]",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 4)] #[causeway(from_version = 3, upcast = c)] \
                 #[causeway(from_version = 1, upcast = a)] struct A;",
                "events of version 2 would not decode: #[causeway(from_version = 2, upcast = function)]",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 2)] #[causeway(from_version = 1, upcast = a)] \
                 #[causeway(from_version = 1, upcast = b)] struct A;",
                "version 1 has an upcast already",
            ),
            (
                "#[causeway(category = 1, type_id = 1)] #[causeway(from_version = 1, upcast = a)] struct A;",
                "the type has version 1: nothing leads on from version 1",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 2)] #[causeway(from_version = 0, upcast = a)] struct A;",
                "payloads of version 0 are untyped and decode as they stand",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 2)] #[causeway(from_version = 1)] struct A;",
                "`upcast` is missing",
            ),
            (
                "#[causeway(category = 1, type_id = 1, version = 2)] #[causeway(from_version = 1, upcast = 5)] struct A;",
                "`upcast` takes the path of a function",
            ),
            ("#[causeway(category = 1, type_id = 1)] union A { a: u8 }", "a union cannot be a payload"),
        ] {
            check_refused(expand, input, expected);
        }
    }

    #[test]
    fn types_are_spelled_in_the_usual_spacing() {
        for text in [
            "Vec<Option<(u32, [u8; 4])>>",
            "&'static mut str",
            "Box<dyn Fn(&str) -> u8 + Send>",
            "::std::string::String",
        ] {
            let tokens: TokenStream = text.parse().expect("the text is Rust");
            assert_eq!(spelled(&tokens), text);
        }
    }
}
