//! Owns reading fixed-width numbers and texts out of bytes. Never allocates and never panics.

use thiserror::Error;

/// The bytes end before the value does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the bytes end too early")]
pub(crate) struct EndsEarly;

/// Takes values from the front of some bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been taken yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], EndsEarly> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], EndsEarly> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, EndsEarly> {
        self.array().map(|bytes| u8::from_le_bytes(*bytes))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, EndsEarly> {
        self.array().map(|bytes| u16::from_le_bytes(*bytes))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, EndsEarly> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, EndsEarly> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, EndsEarly> {
        self.array().map(|bytes| i64::from_le_bytes(*bytes))
    }

    pub(crate) fn u128(&mut self) -> Result<u128, EndsEarly> {
        self.array().map(|bytes| u128::from_le_bytes(*bytes))
    }

    /// Bytes behind a length of sixteen bits.
    pub(crate) fn short(&mut self) -> Result<&'a [u8], EndsEarly> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }
}
