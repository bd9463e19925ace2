//! Owns a file as it was when it was shorter: whoever reads it sees nothing that was written behind its end since.

use std::io;

use crate::disk::storage::{File, FileIdentity};
use crate::words::config::SyncMode;
use crate::words::sync::Arc;

/// The beginning of a file, for reading.
#[derive(Debug)]
pub(crate) struct Prefix {
    file: Arc<dyn File>,
    len_bytes: u64,
}

impl Prefix {
    pub(crate) fn of(file: &Arc<dyn File>, len_bytes: u64) -> Arc<dyn File> {
        Arc::new(Self { file: Arc::clone(file), len_bytes })
    }
}

fn only_read() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the beginning of a file is only read")
}

impl File for Prefix {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len()?.min(self.len_bytes))
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let room = usize::try_from(self.len_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(room);
        self.file.read_some(buffer.get_mut(..wanted).unwrap_or_default(), offset)
    }

    fn write_some(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(only_read())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(only_read())
    }

    fn sync(&self, _: SyncMode) -> io::Result<()> {
        Err(only_read())
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        self.file.identity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDirectory;
    use crate::disk::storage::Directory;

    #[test]
    fn nothing_behind_the_end_is_seen_and_nothing_is_written() {
        let file = MemoryDirectory::new().create("a").unwrap();
        file.write_at(b"0123456789", 0).unwrap();
        let prefix = Prefix::of(&file, 4);
        let mut read = [0; 8];
        assert_eq!((prefix.len().unwrap(), prefix.read_at(&mut read, 1).unwrap()), (4, 3));
        assert_eq!(&read[..4], b"123\0");
        assert_eq!(prefix.read_at(&mut read, 9).unwrap(), 0);
        assert!(prefix.write_at(b"x", 0).is_err() && prefix.set_len(0).is_err());
    }
}
