//! Owns the hostile logs: each lies about one thing, and every checksum fits the lie.

use std::fs;
use std::path::Path;

use crate::bytes::{Event, Header, Index, catalogue, events, frame, mark, put, segment_name, sparse, words};
use crate::{Case, Expected};

const FIRST: &str = "00000000000000000000-0.seg";
const INDEX: &str = "00000000000000000000-0.idx";
/// Length of a plain event frame.
const EVENT_BYTES: u32 = 136;

fn log(directory: &Path, frames: &[u8]) {
    put(directory, FIRST, &[&Header::new(0).bytes(), frames].concat());
}

/// Three events, the frame that lies, and three more events behind it.
fn among(directory: &Path, lie: &[u8]) {
    log(directory, &[&events(0..3), lie, &events(3..6)].concat());
}

fn with_event(directory: &Path, change: impl FnOnce(&mut Event)) {
    let mut event = Event::new(3);
    change(&mut event);
    log(directory, &[events(0..3), event.bytes(), events(4..7)].concat());
}

fn with_header(directory: &Path, name: &str, change: impl FnOnce(&mut Header)) {
    log(directory, &events(0..3));
    let mut header = Header::new(3);
    change(&mut header);
    put(directory, name, &[header.bytes(), events(3..5)].concat());
}

/// A segment of nine events that was closed, with an index beside it.
fn with_index(directory: &Path, change: impl FnOnce(&mut Index)) -> Vec<u8> {
    let frames = [events(0..9), mark(9, 2)].concat();
    log(directory, &frames);
    let mut index = Index::of(9, EVENT_BYTES, 84 + frames.len() as u64);
    change(&mut index);
    let bytes = index.bytes();
    put(directory, INDEX, &bytes);
    bytes
}

fn section(index: &mut Index, tag: u32) -> &mut Vec<u8> {
    &mut index.sections.iter_mut().find(|(found, _)| *found == tag).unwrap().1
}

/// Names that all have the same postings: walking them costs the square of what they take.
fn shared_postings(names: u32, postings: u32) -> Vec<u8> {
    let text = (0..names).map(|name| format!("{name:06}")).collect::<Vec<_>>().concat();
    let mut out = words(&[names, text.len() as u32]);
    (0..names).for_each(|name| out.extend(words(&[name * 6, 6, 0, postings])));
    out.extend(text.as_bytes());
    out.extend(words(&(0..postings).map(|at| at % 9).collect::<Vec<_>>()));
    out
}

/// The first bytes of an event that says it is this long.
fn bait(len: u32) -> Vec<u8> {
    let mut bait = Event::new(0).bytes();
    bait.truncate(22);
    bait[..4].copy_from_slice(&len.to_le_bytes());
    bait
}

fn with_payload(directory: &Path, payload: Vec<u8>) {
    with_event(directory, |event| event.payload = payload);
}

const fn opens(name: &'static str, make: fn(&Path)) -> Case {
    Case { name, make, expected: Expected::Opens }
}

const fn refused(name: &'static str, make: fn(&Path)) -> Case {
    Case { name, make, expected: Expected::Refused }
}

pub(crate) const CASES: &[Case] = &[
    opens("a good log", |at| log(at, &events(0..20))),
    opens("a good log with its index", |at| drop(with_index(at, |_| {}))),
    // Lengths.
    opens("a frame of 4 GB", |at| among(at, &[0xFF; 40])),
    opens("a frame of 256 MiB in a short file", |at| among(at, &bait(268_435_456))),
    opens("a frame of 256 MiB in a sparse file", |at| {
        let start = [Header::new(0).bytes(), events(0..3), bait(268_435_456)].concat();
        sparse(at, FIRST, &start, 300 << 20);
    }),
    opens("a frame shorter than any", |at| among(at, &12_u32.to_le_bytes())),
    opens("a group of 4 billion frames", |at| {
        with_event(at, |event| (event.presence, event.optional) = (1, words(&[u32::MAX])));
    }),
    opens("65,535 extensions in no bytes", |at| {
        with_event(at, |event| (event.presence, event.optional) = (16, vec![0xFF, 0xFF]));
    }),
    opens("an extension of 4 GB", |at| {
        let value = [&[1, 0, 1, 0, b'k'][..], &[0xFF; 4]].concat();
        with_event(at, |event| (event.presence, event.optional) = (16, value));
    }),
    opens("a catalogue of 65,535 fields in no bytes", |at| {
        among(at, &catalogue(1, b"Ordered", u16::MAX, &[]));
    }),
    opens("a catalogue of 1,024 fields without names", |at| {
        among(at, &catalogue(1, b"", 1_024, &[0; 4_096]));
    }),
    opens("40,000 catalogues", |at| {
        let one = |n: u32| catalogue(n as u16, &n.to_string().into_bytes(), 0, &[]);
        among(at, &(0..40_000).flat_map(one).collect::<Vec<_>>());
    }),
    opens("catalogues full of fields without names", |at| {
        let one = |n: u32| catalogue(n as u16, b"", 1_024, &[0; 4_096]);
        among(at, &(0..250).flat_map(one).collect::<Vec<_>>());
    }),
    opens("names that are not UTF-8", |at| with_event(at, |event| event.entity = vec![0xFF; 9])),
    opens("names of no bytes", |at| with_event(at, |event| event.scope = Vec::new())),
    opens("unknown presence and record", |at| {
        with_event(at, |event| event.presence = 0xE0);
        put(at, &segment_name(7, 0), &[Header::new(7).bytes(), frame(9, b"?")].concat());
    }),
    // Numbers.
    opens("an unsynced distance of 4 billion", |at| with_event(at, |event| event.unsynced = u32::MAX - 1)),
    opens("a mark that calls everything synced", |at| among(at, &mark(u64::MAX, 1))),
    opens("a closing mark that calls everything synced", |at| {
        log(at, &[events(0..3), mark(u64::MAX, 2)].concat());
    }),
    opens("times without a calendar", |at| {
        let time = |sequence: u64, time_us| Event { time_us, ..Event::new(sequence) }.bytes();
        log(at, &[time(0, i64::MAX), time(1, i64::MIN), time(2, 0), events(3..6)].concat());
    }),
    opens("a place at the end of its stream", |at| {
        let last = Event { clock: u32::MAX, entity: b"full".to_vec(), ..Event::new(3) };
        log(at, &[events(0..3), last.bytes()].concat());
    }),
    opens("a sequence at the end of all", |at| among(at, &Event::new(u64::MAX).bytes())),
    opens("an epoch at the end of all", |at| {
        with_header(at, &segment_name(3, 0), |header| header.epoch = u64::MAX);
    }),
    opens("an epoch that has no next but one", |at| {
        with_header(at, &segment_name(3, 0), |header| header.epoch = i64::MAX as u64);
        let path = at.join(segment_name(3, 0));
        fs::write(&path, [fs::read(&path).unwrap(), vec![0xAB; 50]].concat()).unwrap();
    }),
    opens("a creation out of all time", |at| {
        with_header(at, &segment_name(3, 0), |header| header.created_us = i64::MIN);
    }),
    opens("a first sequence at the end of all", |at| {
        with_header(at, &segment_name(u64::MAX, 0), |header| header.first = u64::MAX);
    }),
    opens("a generation at the end of all", |at| {
        with_header(at, &segment_name(3, u32::MAX), |header| {
            (header.generation, header.replaced) = (u32::MAX, (3, u64::MAX));
        });
    }),
    opens("a segment that claims to replace everything", |at| {
        with_header(at, &segment_name(3, 1), |header| {
            (header.generation, header.replaced) = (1, (0, u64::MAX));
        });
        put(at, &segment_name(90, 0), &Header::new(90).bytes());
    }),
    opens("segments that replace each other", |at| {
        for generation in 1..40 {
            let header = Header { generation, replaced: (0, 9), ..Header::new(0) };
            put(at, &segment_name(0, generation), &[header.bytes(), events(0..3)].concat());
        }
    }),
    opens("segments that overlap", |at| {
        for first in 0..40 {
            put(
                at,
                &segment_name(first, 0),
                &[Header::new(first).bytes(), events(first..first + 9)].concat(),
            );
        }
    }),
    opens("a header that names another segment", |at| {
        with_header(at, &segment_name(3, 0), |header| header.first = 9);
    }),
    // Headers.
    opens("a header of 64 KiB of unknown sections", |at| {
        let section = [&[9, 0, 0xF4, 0xFF][..], &vec![0; 0xFFF4]].concat();
        with_header(at, &segment_name(3, 0), |header| header.sections = section);
        put(at, FIRST, &[Header::new(0).bytes(), events(0..3)].concat());
    }),
    opens("a section that lies about its length", |at| {
        with_header(at, &segment_name(3, 0), |header| header.sections = vec![1, 0, 0xFF, 0xFF, 0]);
    }),
    opens("a header that says it has 4 GB", |at| {
        log(at, &events(0..3));
        let mut bytes = Header::new(3).bytes();
        bytes[12..16].fill(0xFF);
        put(at, &segment_name(3, 0), &bytes);
    }),
    refused("a lone header of 64 KiB in a short file", |at| {
        let mut bytes = Header::new(0).bytes();
        bytes[12..16].copy_from_slice(&65_536_u32.to_le_bytes());
        put(at, FIRST, &bytes);
    }),
    // Indexes.
    opens("an index of 4 billion sections", |at| drop(with_index(at, |index| index.count = Some(u32::MAX)))),
    opens("an index of more events than its segment can hold", |at| {
        drop(with_index(at, |index| index.end = u64::MAX));
    }),
    opens("an index whose sections lie on each other", |at| {
        drop(with_index(at, |index| index.place = Some((128, 36))));
    }),
    opens("an index whose sections lie outside", |at| {
        drop(with_index(at, |index| index.place = Some((u64::MAX - 3, 3))));
    }),
    opens("an index with a section of 1 TB", |at| {
        let bytes = with_index(at, |index| index.place = Some((500, 1 << 40)));
        sparse(at, INDEX, &bytes, (1 << 40) + 4_096);
    }),
    opens("an index whose names share their postings", |at| {
        drop(with_index(at, |index| {
            for tag in [5, 6] {
                *section(index, tag) = shared_postings(20_000, 50_000);
            }
        }));
    }),
    opens("an index whose names lie outside", |at| {
        drop(with_index(at, |index| {
            *section(index, 5) = words(&[u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX]);
            *section(index, 6) = words(&[1, 4, u32::MAX, 4, u32::MAX, u32::MAX, 0]);
        }));
    }),
    opens("an index whose postings lead nowhere", |at| {
        drop(with_index(at, |index| {
            for tag in [4, 5, 6, 7] {
                let bytes = section(index, tag);
                let tail = bytes.len() - 8;
                bytes[tail..].fill(0xFF);
            }
        }));
    }),
    opens("an index that says retention removed what is out of reach", |at| {
        drop(with_index(at, |index| {
            index.sections.push((12, words(&[u32::MAX - 1, u32::MAX])));
            index.sections.push((13, words(&[0, 0])));
        }));
    }),
    opens("an index whose frames lie at the end of 4 GB", |at| {
        drop(with_index(at, |index| section(index, 1).fill(0xFF)));
    }),
    opens("an index of empty sections", |at| {
        drop(with_index(at, |index| index.sections.iter_mut().for_each(|(_, bytes)| bytes.clear())));
    }),
    opens("an index whose last event lies", |at| {
        drop(with_index(at, |index| index.ending = 2));
        log(at, &[events(0..8), Event { clock: 77, ..Event::new(8) }.bytes(), mark(9, 2)].concat());
    }),
    // Payloads.
    opens("a payload 100,000 levels deep", |at| with_payload(at, [vec![0x91; 100_000], vec![0xC0]].concat())),
    opens("a payload 1,000 levels deep", |at| {
        with_payload(at, [[0x81, 0xA0].repeat(1_000), vec![0xC0]].concat());
    }),
    opens("a payload of a million entries in few bytes", |at| {
        with_payload(at, vec![0xDF, 0, 0x0F, 0x42, 0x40]);
    }),
    opens("a payload that is a text of 4 GB", |at| {
        with_payload(at, vec![0xDB, 0xFF, 0xFF, 0xFF, 0xFF, b'x']);
    }),
    opens("a payload that is an extension of 4 GB", |at| {
        with_payload(at, vec![0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 1]);
    }),
    opens("a payload of half a million nils", |at| {
        with_payload(at, [&[0xDD, 0, 0x07, 0xA1, 0x20][..], &vec![0xC0; 500_000]].concat());
    }),
    opens("a payload that is a log of its own, behind a damaged length", |at| {
        let inside = [Header::new(0).bytes(), events(0..200), mark(200, 2)].concat();
        with_payload(at, inside);
        let mut bytes = fs::read(at.join(FIRST)).unwrap();
        bytes[84 + 3 * EVENT_BYTES as usize] ^= 1;
        put(at, FIRST, &bytes);
    }),
    // Work.
    opens("a megabyte of bait", |at| among(at, &bait(500_000).repeat(45_000))),
    opens("bait between a thousand bad spots", |at| {
        let spot = |n: u64| [bait(300_000).repeat(30), Event::new(3 + n).bytes()].concat();
        log(at, &[events(0..3), (0..1_200).flat_map(spot).collect()].concat());
    }),
    opens("a bad spot before each of 5,000 events", |at| {
        log(at, &(0..5_000).flat_map(|n| [vec![0x3F], Event::new(n).bytes()].concat()).collect::<Vec<_>>());
    }),
    opens("a segment of 1 TB", |at| {
        sparse(at, FIRST, &[Header::new(0).bytes(), events(0..3)].concat(), 1 << 40);
    }),
    opens("a segment of 1 TB that begins with nothing", |at| {
        log(at, &events(0..3));
        sparse(at, &segment_name(3, 0), &[], 1 << 40);
    }),
    opens("a torn segment of 1 TB", |at| {
        sparse(at, FIRST, &[Header::new(0).bytes(), events(0..3), vec![0xAB; 99]].concat(), 1 << 40);
    }),
    opens("a segment of 1 TB in front of a far one", |at| {
        sparse(at, FIRST, &[Header::new(0).bytes(), events(0..3)].concat(), 1 << 40);
        put(
            at,
            &segment_name(1 << 33, 0),
            &[Header::new(1 << 33).bytes(), events(1 << 33..(1 << 33) + 3)].concat(),
        );
    }),
    opens("2,000 segments", |at| {
        for first in 0..2_000 {
            put(
                at,
                &segment_name(first, 0),
                &[Header::new(first).bytes(), events(first..first + 1)].concat(),
            );
        }
    }),
    opens("10,000 files that are no segments", |at| {
        log(at, &events(0..3));
        (0..10_000).for_each(|n| put(at, &format!("{n}.dat"), &[]));
    }),
    // What lies beside.
    refused("10,000 empty files", |at| (0..10_000).for_each(|n| put(at, &format!("{n:020}-0.seg"), &[]))),
    refused("nothing but empty files", |at| {
        for name in [FIRST, INDEX, "lock"] {
            put(at, name, &[]);
        }
    }),
    opens("a position of 1 GB, and one that is deep", |at| {
        log(at, &events(0..3));
        fs::create_dir(at.join("cursors")).unwrap();
        sparse(&at.join("cursors"), "c.json", b"{", 1 << 30);
    }),
    opens("a position 60,000 levels deep", |at| {
        log(at, &events(0..3));
        fs::create_dir(at.join("cursors")).unwrap();
        put(&at.join("cursors"), "c.json", &[b'['; 60_000]);
    }),
    opens("files where directories should be", |at| {
        log(at, &events(0..3));
        put(at, "cursors", b"");
    }),
];
