//! Owns the steps that lead from one version of a payload type to the next: reading them, refusing a chain with a hole, calling them.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, TypePath};

use crate::attributes::Group;

/// `#[causeway(from_version = N, upcast = function)]`, or `try_upcast` where the function returns a `Result`.
pub(crate) struct Step {
    from_version: u16,
    span: Span,
    function: TypePath,
    fallible: bool,
}

impl Step {
    /// True if the attribute is a step and not the kind.
    pub(crate) fn is(group: &Group) -> bool {
        ["from_version", "upcast", "try_upcast"].iter().any(|key| group.has(key))
    }

    pub(crate) fn read(mut group: Group) -> Result<Self, Error> {
        let (from_version, span) = group.required("from_version", Group::number)?;
        let (function, fallible) = match group.function("try_upcast")? {
            Some(function) => (function, true),
            None => (group.required("upcast", Group::function)?, false),
        };
        group.finish("`from_version` and one of `upcast` and `try_upcast` in this attribute")?;
        Ok(Self { from_version, span, function, fallible })
    }

    /// The call, at the place of the function's name, so that the compiler complains of it there.
    fn called_with(&self, payload: &TokenStream) -> TokenStream {
        let Self { from_version, function, .. } = self;
        let span = function.span();
        if self.fallible {
            quote_spanned!(span=> stored.step(#from_version, #function(#payload))?)
        } else {
            quote_spanned!(span=> #function(#payload))
        }
    }
}

/// One step from each version below that of the type, in order.
pub(crate) struct Chain(Vec<Step>);

impl Chain {
    pub(crate) fn new(mut steps: Vec<Step>, version: u16, span: Span) -> Result<Self, Error> {
        for (index, step) in steps.iter().enumerate() {
            let from = step.from_version;
            let refused = |why: String| Err(Error::new(step.span, why));
            if from == 0 {
                return refused("payloads of version 0 are untyped and decode as they stand".to_owned());
            }
            if from >= version {
                return refused(format!(
                    "the type has version {version}: nothing leads on from version {from}"
                ));
            }
            if steps.iter().take(index).any(|earlier| earlier.from_version == from) {
                return refused(format!("version {from} has an upcast already"));
            }
        }
        if let Some(hole) = (1..version).find(|from| steps.iter().all(|step| step.from_version != *from)) {
            let why = format!(
                "events of version {hole} would not decode: #[causeway(from_version = {hole}, upcast = function)]"
            );
            return Err(Error::new(span, why));
        }
        steps.sort_by_key(|step| step.from_version);
        Ok(Self(steps))
    }

    /// The method that decodes a payload as the version that stored it, and brings it up from there. Nothing for a first version.
    pub(crate) fn method(&self, store: &TokenStream) -> TokenStream {
        if self.0.is_empty() {
            return TokenStream::new();
        }
        let arms = (0..self.0.len()).map(|first| {
            let steps = &self.0[first..];
            let version = steps[0].from_version;
            let payload =
                steps.iter().fold(quote!(stored.decode()?), |payload, step| step.called_with(&payload));
            quote!(#version => #payload,)
        });
        quote! {
            fn upcast(
                stored: &#store::event::StoredPayload<'_>,
            ) -> ::core::result::Result<Self, #store::event::TypedDecodeError> {
                let payload: Self = match stored.version() {
                    #(#arms)*
                    _ => {
                        let known = <Self as #store::event::EventPayload>::PAYLOAD_VERSION;
                        return ::core::result::Result::Err(stored.no_upcast(known));
                    }
                };
                ::core::result::Result::Ok(payload)
            }
        }
    }
}
