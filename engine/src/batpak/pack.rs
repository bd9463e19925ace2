//! Owns reading MessagePack values from untrusted bytes; must never recurse, allocate by a stored length or read past its slice.
//!
//! Floor 6. A structure may stand as a map with text keys in any order or as an array in declaration order; both read the same.

use rmp::Marker;
use thiserror::Error;

/// Why bytes are not the value that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {at} does not begin {expected}")]
pub(crate) struct PackError {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// A place in MessagePack bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The fields of a structure that are still to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    names: &'static [&'static str],
    named: bool,
    next: usize,
    left: usize,
}

impl<'a> PackReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Fails unless every byte was read.
    pub(crate) fn finish(&self) -> Result<(), PackError> {
        if self.is_at_end() { Ok(()) } else { self.wrong(self.at, "the end") }
    }

    /// Begins a structure whose declared fields are `names`.
    pub(crate) fn fields(&mut self, names: &'static [&'static str]) -> Result<Fields, PackError> {
        let at = self.at;
        let (named, left) = match self.marker()? {
            Marker::FixMap(len) => (true, usize::from(len)),
            Marker::Map16 => (true, self.length(2)?),
            Marker::Map32 => (true, self.length(4)?),
            Marker::FixArray(len) => (false, usize::from(len)),
            Marker::Array16 => (false, self.length(2)?),
            Marker::Array32 => (false, self.length(4)?),
            _ => return self.wrong(at, "a structure"),
        };
        Ok(Fields { names, named, next: 0, left })
    }

    /// The declared place of the next field, whose value then stands next. Values of unknown fields are skipped.
    pub(crate) fn next_field(&mut self, fields: &mut Fields) -> Result<Option<usize>, PackError> {
        while fields.left > 0 {
            fields.left -= 1;
            let expected = fields.next;
            if fields.named {
                let key = self.skip()?;
                let name = PackReader::new(key).str().ok();
                let known = if name.is_some() && name == fields.names.get(expected).copied() {
                    Some(expected)
                } else {
                    fields.names.iter().position(|candidate| Some(*candidate) == name)
                };
                if let Some(place) = known {
                    fields.next = place + 1;
                    return Ok(Some(place));
                }
            } else {
                fields.next += 1;
                if expected < fields.names.len() {
                    return Ok(Some(expected));
                }
            }
            self.skip()?;
        }
        Ok(None)
    }

    /// A whole number that is not negative.
    pub(crate) fn unsigned(&mut self) -> Result<u64, PackError> {
        let at = self.at;
        u64::try_from(self.integer()?).or_else(|_| self.wrong(at, "a number that is not negative"))
    }

    /// A whole number that fits the type that is asked for.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, PackError> {
        let at = self.at;
        T::try_from(self.unsigned()?).or_else(|_| self.wrong(at, "a number of that size"))
    }

    /// A whole number of 64 bits with a sign.
    pub(crate) fn signed(&mut self) -> Result<i64, PackError> {
        let at = self.at;
        i64::try_from(self.integer()?).or_else(|_| self.wrong(at, "a signed number of 64 bits"))
    }

    pub(crate) fn str(&mut self) -> Result<&'a str, PackError> {
        let at = self.at;
        let len = match self.marker()? {
            Marker::FixStr(len) => usize::from(len),
            Marker::Str8 => self.length(1)?,
            Marker::Str16 => self.length(2)?,
            Marker::Str32 => self.length(4)?,
            _ => return self.wrong(at, "a text"),
        };
        std::str::from_utf8(self.take(len)?).or_else(|_| self.wrong(at, "a text in UTF-8"))
    }

    /// Reads nil, if it stands here.
    pub(crate) fn nil(&mut self) -> bool {
        let is_nil = self.bytes.get(self.at) == Some(&0xC0);
        self.at += usize::from(is_nil);
        is_nil
    }

    /// Exactly `N` bytes, as a byte string or as an array of numbers.
    pub(crate) fn byte_array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let at = self.at;
        if let Some(len) = self.binary_length() {
            let bytes = self.take(len?)?;
            return bytes.try_into().or_else(|_| self.wrong(at, "a byte string of that length"));
        }
        if self.array_length()? != N {
            return self.wrong(at, "an array of that length");
        }
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.small()?;
        }
        Ok(bytes)
    }

    /// Bytes of any length, as a byte string or as an array of numbers.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, PackError> {
        if let Some(len) = self.binary_length() {
            return Ok(self.take(len?)?.to_vec());
        }
        let len = self.array_length()?;
        let mut bytes = Vec::with_capacity(len);
        for _ in 0..len {
            bytes.push(self.small()?);
        }
        Ok(bytes)
    }

    /// A number of one byte; nearly every stored byte has one of the first two forms.
    fn small(&mut self) -> Result<u8, PackError> {
        match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            (Some(byte), _) if *byte < 0x80 => {
                self.at += 1;
                Ok(*byte)
            }
            (Some(0xCC), Some(byte)) => {
                self.at += 2;
                Ok(*byte)
            }
            _ => self.number(),
        }
    }

    /// The length of the array that begins here. It never exceeds the bytes that remain.
    pub(crate) fn array_length(&mut self) -> Result<usize, PackError> {
        let at = self.at;
        let len = match self.marker()? {
            Marker::FixArray(len) => usize::from(len),
            Marker::Array16 => self.length(2)?,
            Marker::Array32 => self.length(4)?,
            _ => return self.wrong(at, "an array"),
        };
        if len > self.left() { self.wrong(at, "an array that fits the bytes that remain") } else { Ok(len) }
    }

    /// The number of entries of the map that begins here. It never exceeds the bytes that remain.
    pub(crate) fn map_length(&mut self) -> Result<usize, PackError> {
        let at = self.at;
        let len = match self.marker()? {
            Marker::FixMap(len) => usize::from(len),
            Marker::Map16 => self.length(2)?,
            Marker::Map32 => self.length(4)?,
            _ => return self.wrong(at, "a map"),
        };
        if len > self.left() / 2 { self.wrong(at, "a map that fits the bytes that remain") } else { Ok(len) }
    }

    /// Passes over one value of any depth and returns its bytes.
    pub(crate) fn skip(&mut self) -> Result<&'a [u8], PackError> {
        let start = self.at;
        let mut pending = 1_usize;
        while pending > 0 {
            pending -= 1;
            // Most values are the bytes of payloads and hashes, so these are passed over without looking further.
            if matches!(self.bytes.get(self.at), Some(..0x80)) {
                self.at += 1;
                continue;
            }
            let (content, children) = self.extent()?;
            self.take(content)?;
            pending = pending.saturating_add(children);
            if pending > self.left() {
                return self.wrong(start, "a value that fits the bytes that remain");
            }
        }
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    /// Reads a marker and its length: how many bytes of content and how many values follow.
    fn extent(&mut self) -> Result<(usize, usize), PackError> {
        let at = self.at;
        Ok(match self.marker()? {
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => (0, 0),
            Marker::U8 | Marker::I8 => (1, 0),
            Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
            Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
            Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
            Marker::FixStr(len) => (usize::from(len), 0),
            Marker::Str8 | Marker::Bin8 => (self.length(1)?, 0),
            Marker::Str16 | Marker::Bin16 => (self.length(2)?, 0),
            Marker::Str32 | Marker::Bin32 => (self.length(4)?, 0),
            Marker::FixArray(len) => (0, usize::from(len)),
            Marker::Array16 => (0, self.length(2)?),
            Marker::Array32 => (0, self.length(4)?),
            Marker::FixMap(len) => (0, 2 * usize::from(len)),
            Marker::Map16 => (0, 2 * self.length(2)?),
            Marker::Map32 => (0, self.length(4)?.saturating_mul(2)),
            Marker::FixExt2 => (3, 0),
            Marker::FixExt4 => (5, 0),
            Marker::FixExt8 => (9, 0),
            Marker::FixExt16 => (17, 0),
            Marker::Ext8 => (1 + self.length(1)?, 0),
            Marker::Ext16 => (1 + self.length(2)?, 0),
            Marker::Ext32 => (self.length(4)?.saturating_add(1), 0),
            Marker::Reserved => return self.wrong(at, "a value"),
        })
    }

    fn integer(&mut self) -> Result<i128, PackError> {
        let at = self.at;
        Ok(match self.marker()? {
            Marker::FixPos(number) => i128::from(number),
            Marker::FixNeg(number) => i128::from(number),
            Marker::U8 => i128::from(self.big_endian(1)?),
            Marker::U16 => i128::from(self.big_endian(2)?),
            Marker::U32 => i128::from(self.big_endian(4)?),
            Marker::U64 => i128::from(self.big_endian(8)?),
            Marker::I8 => i128::from((self.big_endian(1)? as u8).cast_signed()),
            Marker::I16 => i128::from((self.big_endian(2)? as u16).cast_signed()),
            Marker::I32 => i128::from((self.big_endian(4)? as u32).cast_signed()),
            Marker::I64 => i128::from(self.big_endian(8)?.cast_signed()),
            _ => return self.wrong(at, "a whole number"),
        })
    }

    /// The length of the byte string that begins here, or nothing if something else does.
    fn binary_length(&mut self) -> Option<Result<usize, PackError>> {
        let size = match self.bytes.get(self.at)? {
            0xC4 => 1,
            0xC5 => 2,
            0xC6 => 4,
            _ => return None,
        };
        self.at += 1;
        Some(self.length(size))
    }

    fn marker(&mut self) -> Result<Marker, PackError> {
        let at = self.at;
        match self.bytes.get(at) {
            Some(byte) => {
                self.at += 1;
                Ok(Marker::from_u8(*byte))
            }
            None => self.wrong(at, "a value before the end"),
        }
    }

    fn length(&mut self, size: usize) -> Result<usize, PackError> {
        Ok(self.big_endian(size)? as usize)
    }

    fn big_endian(&mut self, size: usize) -> Result<u64, PackError> {
        Ok(self.take(size)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], PackError> {
        let taken = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        match taken {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => self.wrong(self.at, "a value that ends before the end"),
        }
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[expect(clippy::unused_self, reason = "reads as the verdict of the reader on what stands there")]
    fn wrong<T>(&self, at: usize, expected: &'static str) -> Result<T, PackError> {
        Err(PackError { at, expected })
    }
}
