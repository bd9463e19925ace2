//! Owns the reading of `#[causeway(key = value, ..)]` attributes, which the derives share. Knows no key of any of them.

use std::fmt::Display;
use std::str::FromStr;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, Lit, LitBool, LitInt, Token, Type, TypePath};

const NAMES: [&str; 2] = ["causeway", "batpak"];

/// One attribute: its keys in order. Each key is taken at most once; what is left is unknown.
pub(crate) struct Group {
    pub(crate) span: Span,
    entries: Vec<Entry>,
}

struct Entry {
    key: Ident,
    value: Value,
}

/// What may stand behind an equals sign.
enum Value {
    Number(LitInt),
    Bool(LitBool),
    Type(Type),
    /// What no key takes.
    Other(Expr),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        let value = if input.peek(LitInt) {
            Value::Number(input.parse()?)
        } else if input.peek(LitBool) {
            Value::Bool(input.parse()?)
        } else if input.peek(Lit) || input.peek(Token![-]) {
            Value::Other(input.parse()?)
        } else {
            Value::Type(input.parse()?)
        };
        Ok(Self { key, value })
    }
}

/// The attributes of ours that stand on a type, in order.
pub(crate) fn groups(attributes: &[Attribute]) -> Result<Vec<Group>, Error> {
    attributes.iter().filter(|attribute| is_ours(attribute)).map(parse_group).collect()
}

fn is_ours(attribute: &Attribute) -> bool {
    NAMES.iter().any(|name| attribute.path().is_ident(name))
}

fn parse_group(attribute: &Attribute) -> Result<Group, Error> {
    let entries = attribute
        .parse_args_with(syn::punctuated::Punctuated::<Entry, Token![,]>::parse_terminated)?
        .into_iter()
        .collect::<Vec<_>>();
    for (index, entry) in entries.iter().enumerate() {
        if entries.iter().take(index).any(|earlier| earlier.key == entry.key) {
            return Err(Error::new(entry.key.span(), format!("`{}` is given twice", entry.key)));
        }
    }
    Ok(Group { span: attribute.path().span(), entries })
}

impl Group {
    /// Whether the group has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Takes a number.
    pub(crate) fn number<N>(&mut self, key: &str) -> Result<Option<(N, Span)>, Error>
    where
        N: FromStr,
        N::Err: Display,
    {
        match self.take(key) {
            None => Ok(None),
            Some(Entry { value: Value::Number(literal), .. }) => match literal.base10_parse() {
                Ok(number) => Ok(Some((number, literal.span()))),
                Err(why) => Err(Error::new(literal.span(), format!("`{key}` takes a whole number: {why}"))),
            },
            Some(entry) => Err(entry.refused("a whole number")),
        }
    }

    /// Takes a truth value.
    pub(crate) fn bool(&mut self, key: &str) -> Result<Option<bool>, Error> {
        match self.take(key) {
            None => Ok(None),
            Some(Entry { value: Value::Bool(literal), .. }) => Ok(Some(literal.value)),
            Some(entry) => Err(entry.refused("`true` or `false`")),
        }
    }

    /// Takes a type.
    pub(crate) fn type_name(&mut self, key: &str) -> Result<Option<Type>, Error> {
        match self.take(key) {
            None => Ok(None),
            Some(Entry { value: Value::Type(found), .. }) => Ok(Some(found)),
            Some(entry) => Err(entry.refused("a type")),
        }
    }

    /// Takes the path of a function.
    pub(crate) fn function(&mut self, key: &str) -> Result<Option<TypePath>, Error> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        entry.path().cloned().map(Some).ok_or_else(|| entry.refused("the path of a function"))
    }

    /// Takes the name of a method.
    pub(crate) fn method(&mut self, key: &str) -> Result<Option<Ident>, Error> {
        let Some(entry) = self.take(key) else { return Ok(None) };
        let name = entry.path().filter(|path| path.qself.is_none()).and_then(|path| path.path.get_ident());
        name.cloned().map(Some).ok_or_else(|| entry.refused("the name of a method of this type"))
    }

    /// Takes what must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &str,
        take: impl FnOnce(&mut Self, &str) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let span = self.span;
        take(self, key)?.ok_or_else(|| Error::new(span, format!("`{key}` is missing")))
    }

    /// Ends the reading: whatever was not taken is an unknown key.
    pub(crate) fn finish(self, known: &str) -> Result<(), Error> {
        match self.entries.first() {
            None => Ok(()),
            Some(entry) => {
                Err(Error::new(entry.key.span(), format!("unknown key `{}`; known are {known}", entry.key)))
            }
        }
    }

    fn take(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }
}

impl Entry {
    fn path(&self) -> Option<&TypePath> {
        match &self.value {
            Value::Type(Type::Path(path)) => Some(path),
            Value::Number(_) | Value::Bool(_) | Value::Type(_) | Value::Other(_) => None,
        }
    }

    fn refused(&self, wanted: &str) -> Error {
        let span = match &self.value {
            Value::Number(literal) => literal.span(),
            Value::Bool(literal) => literal.span(),
            Value::Type(found) => found.span(),
            Value::Other(found) => found.span(),
        };
        Error::new(span, format!("`{}` takes {wanted}", self.key))
    }
}
