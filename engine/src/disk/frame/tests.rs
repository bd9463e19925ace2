//! Owns the tests of the frame codec.

use proptest::prelude::*;

use super::*;
use crate::words::catalogue::FieldDescription;

fn header(correlation: u128, cause: Option<u128>, lane: u32, depth: u32) -> EventHeader {
    let position = DagPosition::with_hlc(0, 0, depth, lane, 7);
    let kind = EventKind::custom(0xF, 0x123);
    let mut header = EventHeader::new(42, correlation, cause, -5, position, 3, kind).with_flags(0b1011);
    header.content_hash = [0xAB; 32];
    header.payload_version = 9;
    header
}

fn extensions(count: usize) -> Extensions {
    let entry = |index: usize| (ExtensionKey::from_log(format!("acme.field{index:04}")), vec![7; index % 3]);
    (0..count).map(entry).collect()
}

fn event<'a>(header: &'a EventHeader, extensions: &'a Extensions, payload: &'a [u8]) -> EventFrame<'a> {
    EventFrame {
        global_sequence: 1_000,
        synced_through: 990,
        remaining: 0,
        header,
        payload_form: 0,
        event_hash: &[0xCD; 32],
        entity: "e",
        scope: "s",
        extensions,
        payload,
    }
}

fn check_event(frame: &EventFrame<'_>) -> Vec<u8> {
    let mut bytes = vec![0xEE];
    frame.encode(&mut bytes);
    let bytes = bytes.split_off(1);
    assert_eq!(bytes.len(), frame.encoded_len());
    assert_eq!(frame_len(*bytes.first_chunk().unwrap()), Ok(bytes.len() as u32));
    let Record::Event(view) = decode(&bytes).unwrap() else { panic!("an event decodes as an event") };
    assert_eq!(view.global_sequence, frame.global_sequence);
    assert_eq!(view.synced_through, Some(frame.synced_through));
    assert_eq!(view.remaining, frame.remaining);
    let coordinate = Coordinate::from_log(view.entity.into(), view.scope.into());
    let raw = view.to_raw(coordinate, view.payload.to_vec());
    let header = EventHeader { payload_size: frame.payload.len() as u32, ..frame.header.clone() };
    assert_eq!((&raw.header, raw.payload_form), (&header, frame.payload_form));
    assert_eq!((raw.coordinate.entity(), raw.coordinate.scope()), (frame.entity, frame.scope));
    assert_eq!((&raw.extensions, raw.payload.as_slice()), (frame.extensions, frame.payload));
    assert_eq!((&raw.event_hash, raw.global_sequence), (frame.event_hash, frame.global_sequence));
    bytes
}

fn check_record(encode: impl FnOnce(&mut Vec<u8>), expected: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    assert_eq!(decode(&bytes).as_ref(), Ok(expected));
    bytes
}

fn stub() -> Stub {
    Stub {
        reason: RemovalReason::Tombstone,
        global_sequence: 5,
        stream_sequence: 2,
        event_id: EventId::from_u128(77),
        kind: EventKind::custom(1, 2),
        content_hash: [1; 32],
        event_hash: [2; 32],
        entity: "order:1".to_owned(),
    }
}

fn description() -> KindDescription {
    let field = |name: &str| FieldDescription { name: name.to_owned(), type_name: "u64".to_owned() };
    let kind = EventKind::custom(1, 2);
    KindDescription {
        kind, version: 3, name: "OrderPlaced".to_owned(), fields: vec![field("a"), field("ü")]
    }
}

/// Computes the checksum anew, so that a lie reaches the decoder.
fn reseal(bytes: &mut [u8]) {
    let sum = crc(*bytes.first_chunk().unwrap(), &bytes[8..]).to_le_bytes();
    bytes[4..8].copy_from_slice(&sum);
}

#[test]
fn an_event_reads_back_with_each_combination_of_optional_parts() {
    for bits in 0..32 {
        let has = |bit: u32| bits & (1 << bit) != 0;
        let correlation = if has(1) { 1 } else { 42 };
        let branch = if has(3) { 6 } else { 0 };
        let header = header(correlation, has(2).then_some(8), branch, branch / 2);
        let extensions = extensions(if has(4) { 5 } else { 0 });
        let mut frame = event(&header, &extensions, b"abc");
        frame.remaining = if has(0) { u32::MAX } else { 0 };
        let bytes = check_event(&frame);
        assert_eq!(u32::from(bytes[9]), bits);
    }
}

#[test]
fn an_event_costs_124_bytes_and_136_in_a_group_on_a_branch() {
    let (plain, branched) = (header(42, None, 0, 0), header(42, None, 1, 1));
    let none = Extensions::new();
    assert_eq!(event(&plain, &none, b"").encoded_len(), 124 + 2);
    let mut frame = event(&branched, &none, b"");
    frame.remaining = 1;
    assert_eq!(check_event(&frame).len(), 136 + 2);
}

#[test]
fn the_greatest_names_and_most_extensions_read_back() {
    let (header, long) = (header(1, Some(2), 3, 4), "x".repeat(1_024));
    let extensions = extensions(usize::from(MAX_EXTENSIONS));
    let payload = vec![9; 70_000];
    let mut frame = event(&header, &extensions, &payload);
    (frame.entity, frame.scope) = (&long, &long);
    check_event(&frame);
}

#[test]
fn a_frame_of_the_greatest_length_reads_back_and_a_greater_one_is_refused() {
    let header = header(42, None, 0, 0);
    let payload = vec![0; MAX_FRAME_LEN as usize - FIXED_EVENT_LEN - 2];
    let bytes = check_event(&event(&header, &Extensions::new(), &payload));
    assert_eq!(bytes.len(), MAX_FRAME_LEN as usize);
    let found = MAX_FRAME_LEN + 1;
    assert_eq!(frame_len(found.to_le_bytes()), Err(FrameError::Length { found }));
}

#[test]
fn an_event_that_is_too_far_ahead_of_the_disk_claims_nothing() {
    let (header, none) = (header(42, None, 0, 0), Extensions::new());
    for (synced_through, claimed) in [(u64::MAX, None), (0, None), (5_000_000_000 - 7, Some(4_999_999_993))] {
        let frame =
            EventFrame { global_sequence: 5_000_000_000, synced_through, ..event(&header, &none, b"") };
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        assert_eq!(decode(&bytes).unwrap().synced_through(), claimed);
    }
}

#[test]
fn stubs_catalogues_and_marks_read_back() {
    let stub = stub();
    check_record(|out| stub.encode(out), &Record::Stub(stub.clone()));
    for purpose in [MarkPurpose::Sealed, MarkPurpose::Closed] {
        let mark = Mark { synced_through: u64::MAX, purpose };
        assert_eq!(check_record(|out| mark.encode(out), &Record::Mark(mark)).len(), 18);
    }
    let description = description();
    let frame = CatalogueFrame { synced_through: 4, description: &description };
    let record = Record::Catalogue { synced_through: 4, description: description.clone() };
    check_record(|out| frame.encode(out), &record);
}

#[test]
fn a_description_that_is_too_long_is_cut_between_characters() {
    let mut long = description();
    long.name = format!("a{}", "ü".repeat(40_000));
    long.fields = vec![long.fields[0].clone(); MAX_CATALOGUE_FIELDS + 1];
    let mut bytes = Vec::new();
    CatalogueFrame { synced_through: 0, description: &long }.encode(&mut bytes);
    let Ok(Record::Catalogue { description, .. }) = decode(&bytes) else { panic!("the cut record is valid") };
    assert_eq!((description.name.len(), description.fields.len()), (65_535, MAX_CATALOGUE_FIELDS));
}

#[test]
fn each_flipped_bit_of_a_frame_is_noticed() {
    let (header, extensions) = (header(1, Some(2), 3, 4), extensions(2));
    let mut frames = vec![check_event(&event(&header, &extensions, b"payload")), Vec::new(), Vec::new()];
    stub().encode(&mut frames[1]);
    Mark { synced_through: 3, purpose: MarkPurpose::Closed }.encode(&mut frames[2]);
    for mut bytes in frames {
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn lengths_that_lie_are_refused_with_their_reason() {
    let (header, extensions) = (header(42, None, 0, 0), extensions(1));
    let bytes = check_event(&event(&header, &extensions, b""));
    let len = bytes.len() as u64;
    let short = &bytes[..bytes.len() - 1];
    assert_eq!(decode(short), Err(FrameError::Truncated { needed: len, available: len - 1 }));
    assert_eq!(decode(&bytes[..3]), Err(FrameError::Truncated { needed: 4, available: 3 }));
    assert_eq!(decode(&[&bytes[..], b"x"].concat()), Err(FrameError::Length { found: len as u32 }));
    assert_eq!((decode(&[0; 50]), frame_len([0; 4])), (Err(FrameError::End), Err(FrameError::End)));
    assert_eq!(frame_len([12, 0, 0, 0]), Err(FrameError::Length { found: 12 }));
    // Entity, scope, extension count, key length, value length: each far greater than what is there, or impossible.
    for (at, lie) in [
        (56, 0),
        (56, 1_025),
        (56, 1_024),
        (58, 0),
        (58, 1_024),
        (124, 1_025),
        (126, u16::MAX),
        (144, u16::MAX),
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + 2].copy_from_slice(&lie.to_le_bytes());
        reseal(&mut bytes);
        assert!(matches!(decode(&bytes), Err(FrameError::Malformed(_))), "{lie} at {at}");
    }
}

#[test]
fn records_that_break_a_rule_are_refused_although_their_checksum_fits() {
    let (header, extensions) = (header(42, None, 0, 0), extensions(2));
    let good = check_event(&event(&header, &extensions, b""));
    let swapped = {
        let mut bytes = good.clone();
        bytes[138..142].copy_from_slice(b"0009");
        bytes
    };
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let too_unsynced = {
        let mut bytes = good.clone();
        bytes[10..14].copy_from_slice(&1_001_u32.to_le_bytes());
        bytes
    };
    let not_text = with(good.len() - 1, 0xFF);
    for mut bytes in [with(8, 0), with(8, 5), with(9, 0x30), swapped, too_unsynced, not_text] {
        reseal(&mut bytes);
        assert!(matches!(decode(&bytes), Err(FrameError::Malformed(_))));
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..400),
        record_type in 0..6_u8,
    ) {
        let _ = decode(&bytes);
        let _ = looks_like_frame(&bytes, 400, 0);
        if bytes.len() >= MIN_FRAME_LEN as usize {
            let len = bytes.len() as u32;
            bytes[..4].copy_from_slice(&len.to_le_bytes());
            bytes[8] = record_type;
            reseal(&mut bytes);
            if let Ok(Record::Event(view)) = decode(&bytes) {
                prop_assert_eq!(view.extensions.iter().count(), view.extensions.to_extensions().len());
            }
        }
    }
}
