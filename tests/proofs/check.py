#!/usr/bin/env python3
"""Checks heads and proofs of a Causeway store with nothing but engine/FORMAT.md and the standard library of Python 3.

A stranger's checker: it shares no code with the store. BLAKE3 and the verification of Ed25519 are written out below and are
compared with their official test vectors before anything else is done.

    check.py [--key PUBLIC_KEY_HEX] head HEAD               the signature of a head
    check.py [--key PUBLIC_KEY_HEX] inclusion HEAD PROOF    an event is in the log that the head covers
    check.py [--key PUBLIC_KEY_HEX] consistency OLD NEW PROOF   the newer log begins with the older one
    check.py [--key PUBLIC_KEY_HEX] store DIR HEAD          the bytes of a store directory are what the head covers

HEAD, OLD, NEW and PROOF are files of JSON. Without --key signatures are not looked at, and the answer says so.
Exit code 0: it holds. 1: it does not. 2: asked in a wrong way.
"""

import hashlib
import json
import os
import re
import struct
import sys
import zlib


class Wrong(Exception):
    """What does not hold."""


def must(holds, what):
    if not holds:
        raise Wrong(what)


# --- BLAKE3: https://github.com/BLAKE3-team/BLAKE3-specs ---

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)
CHUNK_START, CHUNK_END, PARENT, ROOT, DERIVE_CONTEXT, DERIVE_MATERIAL = 1, 2, 4, 8, 32, 64
MASK = 0xFFFFFFFF


def compress(chaining, block, counter, length, flags):
    words = struct.unpack("<16I", block.ljust(64, b"\0"))
    state = list(chaining) + list(IV[:4]) + [counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        for half, (a, b, c, d) in enumerate(COLUMNS_AND_DIAGONALS):
            for word, (first, second) in ((words[2 * half], (16, 12)), (words[2 * half + 1], (8, 7))):
                state[a] = (state[a] + state[b] + word) & MASK
                turned = state[d] ^ state[a]
                state[d] = (turned >> first | turned << 32 - first) & MASK
                state[c] = (state[c] + state[d]) & MASK
                turned = state[b] ^ state[c]
                state[b] = (turned >> second | turned << 32 - second) & MASK
        words = [words[at] for at in PERMUTATION]
    return tuple(state[at] ^ state[at + 8] for at in range(8))


def subtree(data, counter, key, flags, root):
    """The chaining value of one subtree, whose first chunk has this number."""
    if len(data) <= 1024:
        value = key
        for at in range(0, max(len(data), 1), 64):
            block = data[at:at + 64]
            is_last = at + 64 >= len(data)
            own = flags | (CHUNK_START if at == 0 else 0) | (CHUNK_END | root if is_last else 0)
            value = compress(value, block, counter, len(block), own)
        return value
    chunks = (len(data) - 1) // 1024
    left = 1 << (chunks.bit_length() - 1)
    values = subtree(data[:left * 1024], counter, key, flags, 0) + subtree(
        data[left * 1024:], counter + left, key, flags, 0)
    return compress(key, struct.pack("<16I", *values), 0, 64, flags | PARENT | root)


def blake3(data):
    return struct.pack("<8I", *subtree(data, 0, IV, 0, ROOT))


def blake3_derive_key(context, material):
    key = subtree(context.encode(), 0, IV, DERIVE_CONTEXT, ROOT)
    return struct.pack("<8I", *subtree(material, 0, key, DERIVE_MATERIAL, ROOT))


# --- Ed25519: RFC 8032, section 5.1 ---

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_1 = pow(2, (PRIME - 1) // 4, PRIME)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE_D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % PRIME == 0 and (p[1] * q[2] - q[1] * p[2]) % PRIME == 0


def decompress(encoded):
    """The point that 32 bytes encode; None if they encode none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_1 % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


BASE = decompress((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))
NEUTRAL = (0, 1, 1, 0)


def ed25519_verifies(public, message, signature):
    """Strict: neither the key nor the commitment may be of small order."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = decompress(public), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    if same(multiply(8, key), NEUTRAL) or same(multiply(8, commitment), NEUTRAL):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return same(multiply(scalar, BASE), add(commitment, multiply(challenge, key)))


# --- The official test vectors of both ---

BLAKE3_CONTEXT = "BLAKE3 2019-12-27 16:29:52 test vectors context"
BLAKE3_VECTORS = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    2048: "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
    3072: "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2",
}
BLAKE3_DERIVED = {
    0: "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d",
    1: "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c",
}
ED25519_VECTORS = (
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"),
)


def check_own_tools():
    def pattern(length):
        return bytes(at % 251 for at in range(length))

    for length, expected in BLAKE3_VECTORS.items():
        must(blake3(pattern(length)).hex() == expected, f"BLAKE3 of {length} bytes is computed wrong here")
    for length, expected in BLAKE3_DERIVED.items():
        found = blake3_derive_key(BLAKE3_CONTEXT, pattern(length)).hex()
        must(found == expected, f"the derived key of {length} bytes is computed wrong here")
    for public, message, signature in ED25519_VECTORS:
        public, message, signature = map(bytes.fromhex, (public, message, signature))
        must(ed25519_verifies(public, message, signature), "a good Ed25519 signature is refused here")
        must(not ed25519_verifies(public, message + b"x", signature), "a bad Ed25519 signature is taken here")


# --- Heads: FORMAT.md, section 8.1 ---


def digits(value, length, what):
    must(isinstance(value, str) and re.fullmatch(f"[0-9a-fA-F]{{{2 * length}}}", value),
         f"{what} is not {2 * length} hexadecimal digits")
    return bytes.fromhex(value)


def number(value, what):
    must(isinstance(value, int) and 0 <= value < 1 << 64, f"{what} is no number")
    return value


class Head:
    def __init__(self, said):
        self.store_id = digits(said["store_id"], 16, "store_id")
        self.epoch, self.size = number(said["epoch"], "epoch"), number(said["size"], "size")
        self.root = digits(said["root"], 32, "root")
        self.time_us = said["time_us"]
        self.key_id, self.signature = said.get("key_id"), said.get("signature")

    def cover(self):
        return blake3_derive_key("causeway head 1", self.store_id + struct.pack("<QQ", self.epoch, self.size)
                                 + self.root + struct.pack("<q", self.time_us))

    def check_signature(self, keys):
        """Says who signed; nobody, if no key was given."""
        if not keys:
            return "signature not looked at: no --key"
        must(self.signature is not None and self.key_id is not None, "the head is not signed")
        key_id, signature = digits(self.key_id, 32, "key_id"), digits(self.signature, 64, "signature")
        key = next((key for key in keys if blake3(key) == key_id), None)
        must(key is not None, "the head is signed by an unknown key")
        must(ed25519_verifies(key, self.cover(), signature), "the signature does not fit the head")
        return f"signed by {key.hex()}"


# --- The tree and its proofs: FORMAT.md, sections 8.2 and 8.3 ---


def leaf(event_hash):
    return blake3(b"\0" + event_hash)


def node(left, right):
    return blake3(b"\1" + left + right)


def root_of(leaves):
    if not leaves:
        return blake3(b"")
    while len(leaves) > 1:
        pairs = [node(*leaves[at:at + 2]) for at in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[len(leaves) - len(leaves) % 2:]
    return leaves[0]


def check_inclusion(head, proof):
    at, size = number(proof["sequence"], "sequence"), number(proof["size"], "size")
    must(size == head.size, f"the proof is for {size} events, the head covers {head.size}")
    must(at < size, "the event lies behind what the head covers")
    found, last = leaf(digits(proof["event_hash"], 32, "event_hash")), size - 1
    for sibling in proof["path"]:
        sibling = digits(sibling, 32, "path")
        must(last > 0, "the path is too long")
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    must(last == 0, "the path is too short")
    must(found == head.root, "the path leads to another root")


def check_consistency(old, new, proof):
    must(old.store_id == new.store_id, "the heads are of different stores")
    for head, name in ((old, "old_size"), (new, "new_size")):
        must(number(proof[name], name) == head.size, f"{name} of the proof is not that of the head")
    path = [digits(sibling, 32, "path") for sibling in proof["path"]]
    must(old.size <= new.size, "the older head covers more")
    if old.size in (0, new.size):
        must(not path, "nothing is to be shown, and the path is not empty")
        must(old.root == (new.root if old.size else blake3(b"")), "the roots do not fit")
        return
    if old.size & old.size - 1 == 0:
        path.insert(0, old.root)
    must(path, "the path is too short")
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_root = new_root = path[0]
    for sibling in path[1:]:
        must(last > 0, "the path is too long")
        if at & 1 or at == last:
            old_root, new_root = node(sibling, old_root), node(sibling, new_root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_root = node(new_root, sibling)
        at, last = at >> 1, last >> 1
    must(last == 0, "the path is too short")
    must(old_root == old.root, "the path leads to another old root")
    must(new_root == new.root, "the path leads to another new root")


# --- The directory: FORMAT.md, sections 1 to 4 ---


class Reader:
    """Takes little-endian values out of bytes, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        must(self.at + length <= len(self.data), "a record ends early")
        self.at += length
        return self.data[self.at - length:self.at]

    def int(self, length):
        return int.from_bytes(self.take(length), "little")

    def rest(self):
        return self.data[self.at:]


class Segment:
    def __init__(self, path, first, generation):
        with open(path, "rb") as file:
            self.data = file.read()
        header = Reader(self.data)
        must(header.take(8) == b"CAUSEWAY" and header.int(2) == 1, f"{path} is no segment of version 1")
        header.take(2)
        self.length = header.int(4)
        must(84 <= self.length <= 65536 and self.length <= len(self.data), f"{path}: impossible header")
        crc = zlib.crc32(self.data[:self.length - 4])
        must(self.data[self.length - 4:self.length] == struct.pack("<I", crc), f"{path}: the header is damaged")
        self.store_id, self.epoch = header.take(16), header.int(8)
        must((header.int(8), header.int(4)) == (first, generation), f"{path} says that it is another segment")
        header.take(12)
        self.path, self.first, self.generation = path, first, generation
        self.replaced = range(header.int(8), header.int(8))

    def records(self):
        """Type and bytes of each frame up to the end."""
        at = self.length
        while at + 4 <= len(self.data):
            length = int.from_bytes(self.data[at:at + 4], "little")
            if length == 0:
                return
            frame = self.data[at:at + length]
            must(13 <= length == len(frame), f"{self.path}: no frame at byte {at}")
            crc = zlib.crc32(frame[8:], zlib.crc32(frame[:4]))
            must(frame[4:8] == struct.pack("<I", crc), f"{self.path}: the frame at byte {at} is damaged")
            yield frame[8], Reader(frame[9:])
            at += length


def segments_of(directory):
    found = []
    for name in sorted(os.listdir(directory)):
        match = re.fullmatch(r"([0-9]{20})-(0|[1-9][0-9]*)\.seg", name)
        if match:
            found.append(Segment(os.path.join(directory, name), int(match[1]), int(match[2])))
    replaced = [(segment.generation, segment.replaced) for segment in found]
    return [segment for segment in found
            if not any(generation > segment.generation and segment.first in range_
                       for generation, range_ in replaced)]


def event_of(record, streams):
    """Global sequence and event hash of an event, both of its hashes computed anew."""
    presence, _ = record.int(1), record.int(4)
    sequence, clock = record.int(8), record.int(4)
    event_id, time, kind, flags, form = (record.take(n) for n in (16, 8, 2, 1, 1))
    version, entity_length, scope_length = record.take(2), record.int(2), record.int(2)
    content_hash, event_hash = record.take(32), record.take(32)
    if presence & 1:
        record.take(4)
    correlation = record.take(16) if presence & 2 else event_id
    causation = record.take(16) if presence & 4 else bytes(16)
    branch = record.take(8) if presence & 8 else bytes(8)
    extensions = struct.pack("<H", 0)
    if presence & 16:
        start = record.at
        for _ in range(record.int(2)):
            record.take(record.int(2))
            record.take(record.int(4))
        extensions = record.data[start:record.at]
    entity, scope, payload = record.take(entity_length), record.take(scope_length), record.rest()
    must(blake3(payload) == content_hash, f"#{sequence}: the payload does not fit its hash")
    expected, before = streams.get(entity, (0, bytes(32)))
    must(clock == expected, f"#{sequence}: wrong place in its stream")
    computed = blake3_derive_key("causeway event 1", b"".join((
        before, struct.pack("<QI", sequence, clock), event_id, time, kind, flags, version, form, correlation,
        causation, branch, struct.pack("<H", entity_length), entity, struct.pack("<H", scope_length), scope,
        extensions, content_hash)))
    must(computed == event_hash, f"#{sequence}: the event does not fit its hash")
    streams[entity] = (clock + 1, event_hash)
    return sequence, event_hash


def stub_of(record, streams):
    """Global sequence and event hash of what compaction left of an event: its hash cannot be computed anew."""
    record.take(1)
    sequence, clock = record.int(8), record.int(4)
    record.take(18)
    entity_length = record.int(2)
    record.take(32)
    event_hash = record.take(32)
    streams[record.take(entity_length)] = (clock + 1, event_hash)
    return sequence, event_hash


def check_store(directory, head):
    leaves, streams, removed, owner = [], {}, 0, None
    for segment in segments_of(directory):
        owner = segment.store_id
        for kind, record in segment.records():
            if kind not in (1, 2) or len(leaves) == head.size:
                continue
            sequence, event_hash = (event_of if kind == 1 else stub_of)(record, streams)
            must(sequence == len(leaves), f"#{len(leaves)}: the event is missing")
            removed += kind == 2
            leaves.append(leaf(event_hash))
    must(owner == head.store_id, "the head is that of another store")
    must(len(leaves) == head.size, f"the log has {len(leaves)} events, the head covers {head.size}")
    must(root_of(leaves) == head.root, "history was rewritten: the root is another one")
    return f"{len(leaves)} events, {removed} of them removed by compaction"


def main(arguments):
    keys = []
    while arguments[:1] == ["--key"] and len(arguments) > 1:
        keys.append(bytes.fromhex(arguments[1]))
        arguments = arguments[2:]
    command, files = (arguments or [""])[0], arguments[1:]
    if {"head": 1, "inclusion": 2, "consistency": 3, "store": 2}.get(command) != len(files):
        print(__doc__, file=sys.stderr)
        return 2

    def read(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    try:
        check_own_tools()
        said = "head"
        if command == "inclusion":
            heads = [Head(read(files[0]))]
            check_inclusion(heads[0], read(files[1]))
            said = "the event is in the log"
        elif command == "consistency":
            heads = [Head(read(files[0])), Head(read(files[1]))]
            check_consistency(*heads, read(files[2]))
            said = "the newer log begins with the older one"
        elif command == "store":
            heads = [Head(read(files[1]))]
            said = check_store(files[0], heads[0])
        else:
            heads = [Head(read(files[0]))]
        vouched = [head.check_signature(keys) for head in heads]
        print(f"holds: {said}; {vouched[-1]}")
        return 0
    except Wrong as wrong:
        print(f"does not hold: {wrong}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        print(f"does not hold: cannot be read: {error!r}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
