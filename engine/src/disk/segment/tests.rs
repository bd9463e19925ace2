//! Owns the tests of segment names, headers and births.

use super::*;
use crate::disk::memory::{CrashImage, MemoryDirectory};

fn header() -> SegmentHeader {
    SegmentHeader {
        store_id: StoreId([7; 16]),
        epoch: 3,
        first_sequence: 1_234,
        generation: 0,
        created_us: -1,
        replaced: None,
        parent: None,
        boot: None,
    }
}

fn read(bytes: &[u8]) -> Result<(SegmentHeader, u64), SegmentError> {
    let file = MemoryDirectory::new().create("x").unwrap();
    file.write_at(bytes, 0).unwrap();
    SegmentHeader::read(&*file)
}

/// Computes the checksum anew, so that a lie reaches the decoder.
fn reseal(bytes: &mut [u8]) {
    let end = bytes.len() - 4;
    let sum = crc32fast::hash(&bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&sum);
}

fn with_section(tag: u16, len: u16) -> Vec<u8> {
    let mut bytes = header().encode();
    bytes.truncate(80);
    bytes.extend_from_slice(&tag.to_le_bytes());
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend(vec![1; usize::from(len) + 4]);
    let total = bytes.len() as u32;
    bytes[12..16].copy_from_slice(&total.to_le_bytes());
    reseal(&mut bytes);
    bytes
}

#[test]
fn only_the_canonical_spelling_names_a_segment() {
    let name = SegmentName { first: 7, generation: 2 };
    assert_eq!(name.to_string(), "00000000000000000007-2.seg");
    assert_eq!(name.index_name(), "00000000000000000007-2.idx");
    assert_eq!(SegmentName::parse(&name.to_string()), Some(name));
    let last = SegmentName { first: u64::MAX / 2, generation: u32::MAX / 2 };
    assert_eq!(SegmentName::parse(&last.to_string()), Some(last));
    for wrong in [
        "",
        "7-0.seg",
        "00000000000000000007-02.seg",
        "00000000000000000007-2.idx",
        "+0000000000000000007-2.seg",
        "99999999999999999999-0.seg",
        "09223372036854775808-0.seg",
        "00000000000000000007-2147483648.seg",
        "00000000000000000007-2.seg.tmp",
    ] {
        assert_eq!(SegmentName::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_header_reads_back_with_and_without_its_optional_parts() {
    let parent = Some(Parent { store_id: StoreId([9; 16]), size: 40, root: [5; 32] });
    let compacted = SegmentHeader { generation: 1, replaced: Some((1_234, 2_000)), ..header() };
    let boot = Some(BootId([3; 16]));
    for (header, len) in [
        (header(), 84),
        (compacted, 84),
        (SegmentHeader { parent, ..header() }, 144),
        (SegmentHeader { boot, ..header() }, 104),
        (SegmentHeader { parent, boot, ..header() }, 164),
    ] {
        let mut bytes = header.encode();
        bytes.extend_from_slice(&[0; 100]);
        assert_eq!(read(&bytes).unwrap(), (header, len));
    }
}

#[test]
fn each_flipped_bit_and_each_cut_of_a_header_is_noticed() {
    let parent = Some(Parent { store_id: StoreId([9; 16]), size: 40, root: [5; 32] });
    let boot = Some(BootId([3; 16]));
    let mut bytes = SegmentHeader { parent, boot, ..header() }.encode();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn a_header_that_cannot_be_read_says_why() {
    let with = |at: usize, byte: u8| {
        let mut bytes = header().encode();
        bytes[at] = byte;
        reseal(&mut bytes);
        bytes
    };
    assert!(matches!(read(b"something else"), Err(SegmentError::NotASegment)));
    assert!(matches!(read(b""), Err(SegmentError::NotASegment)));
    assert!(matches!(read(&with(8, 2)), Err(SegmentError::NewerFormat { found: 2 })));
    for (at, byte) in [(8, 0), (10, 1), (12, 83), (14, 2), (48, 1), (52, 1), (64, 1)] {
        assert!(matches!(read(&with(at, byte)), Err(SegmentError::Damaged(_))), "{byte} at {at}");
    }
}

#[test]
fn an_unknown_section_is_skipped_unless_it_must_be_understood() {
    assert_eq!(read(&with_section(0x7FFF, 3)).unwrap(), (header(), 84 + 4 + 3));
    assert!(matches!(read(&with_section(0x8000, 3)), Err(SegmentError::UnknownSection { tag: 0x8000 })));
    assert!(matches!(read(&with_section(PARENT_TAG, 55)), Err(SegmentError::Damaged(_))));
    assert!(matches!(read(&with_section(BOOT_TAG, 15)), Err(SegmentError::Damaged(_))));
}

#[test]
fn a_segment_that_was_created_survives_every_crash_once_its_name_is_synced() {
    let directory = MemoryDirectory::new();
    let (file, len) = create_segment(&*directory, &header()).unwrap();
    assert_eq!(file.len().unwrap(), len);
    directory.sync().unwrap();
    for image in CrashImage::ALL {
        let after = directory.crash(image);
        let file = after.open(&header().name().to_string()).unwrap();
        assert_eq!(SegmentHeader::read(&*file).unwrap(), (header(), len), "{image:?}");
    }
}

#[test]
fn a_segment_is_whole_or_absent_whichever_call_of_its_birth_fails() {
    let calls = {
        let directory = MemoryDirectory::new();
        create_segment(&*directory, &header()).unwrap();
        directory.calls()
    };
    for call in 1..=calls {
        let directory = MemoryDirectory::new();
        directory.fail_call(call, io::ErrorKind::StorageFull, false);
        assert!(create_segment(&*directory, &header()).is_err(), "call {call}");
        for image in CrashImage::ALL {
            if let Ok(file) = directory.crash(image).open(&header().name().to_string()) {
                assert_eq!(SegmentHeader::read(&*file).unwrap().0, header(), "call {call}, {image:?}");
            }
        }
    }
}

#[test]
fn a_leftover_temporary_file_does_not_hinder_a_birth_and_a_segment_is_never_replaced() {
    let directory = MemoryDirectory::new();
    let name = header().name().to_string();
    directory.create(&format!("{name}{TEMPORARY_SUFFIX}")).unwrap();
    create_segment(&*directory, &header()).unwrap();
    let again = create_segment(&*directory, &SegmentHeader { epoch: 9, ..header() });
    assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let names: Vec<_> = directory.list().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [name.as_str()]);
    assert_eq!(SegmentHeader::read(&*directory.open(&name).unwrap()).unwrap().0, header());
}

#[test]
fn a_name_or_a_header_with_numbers_that_no_store_reaches_is_neither_read_nor_given() {
    let last = SegmentName { first: u64::MAX / 2, generation: u32::MAX / 2 };
    assert_eq!(SegmentName::parse(&last.to_string()), Some(last));
    for name in [
        SegmentName { first: last.first + 1, ..last },
        SegmentName { generation: last.generation + 1, ..last },
    ] {
        assert_eq!(SegmentName::parse(&name.to_string()), None);
        let replaced = Some((name.first.min(last.first), u64::MAX));
        let bad =
            SegmentHeader { first_sequence: name.first, generation: name.generation, replaced, ..header() };
        let directory = MemoryDirectory::new();
        assert!(create_segment(&*directory, &bad).is_err());
        assert!(directory.files().is_empty());
        directory.create("a").unwrap().write_at(&bad.encode(), 0).unwrap();
        let read = SegmentHeader::read(&*directory.open("a").unwrap());
        assert!(matches!(read, Err(SegmentError::Damaged(_))), "{read:?}");
    }
}
