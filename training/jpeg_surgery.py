"""Takes JPEG files apart and puts unusual, broken or hostile ones together; used by `imaging_fixtures.py`.

Nothing to run: see `python imaging_fixtures.py`.
"""

import struct

SOF0, SOF2, DHT, SOS, DQT, EOI = 0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xD9
APP0, APP1, APP14, COM = 0xE0, 0xE1, 0xEE, 0xFE
SOI = b"\xff\xd8"


def segment(marker: int, payload: bytes) -> bytes:
    """A marker with its length and payload."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def find(data: bytes, marker: int) -> int:
    """The offset of the first segment with this marker, before the first scan's data."""
    offset = 2
    while data[offset + 1] != marker:
        if data[offset + 1] == SOS:
            raise ValueError(f"no marker {marker:#x}")
        offset += 2 + struct.unpack_from(">H", data, offset + 2)[0]
    return offset


def length(data: bytes, offset: int) -> int:
    """The bytes a segment takes with its marker."""
    return 2 + struct.unpack_from(">H", data, offset + 2)[0]


def without(data: bytes, marker: int) -> bytes:
    """The file less its first segment of a kind."""
    offset = find(data, marker)
    return data[:offset] + data[offset + length(data, offset):]


def patched(data: bytes, offset: int, replacement: bytes) -> bytes:
    return data[:offset] + replacement + data[offset + len(replacement):]


def with_size(data: bytes, width: int, height: int) -> bytes:
    """The file with another size in its frame header."""
    return patched(data, find(data, SOF0) + 5, struct.pack(">HH", height, width))


def with_frame(data: bytes, marker: int, precision: int = 8) -> bytes:
    """The file with another kind of frame, or bits a sample, in its frame header."""
    frame = find(data, SOF0)
    return patched(patched(data, frame + 1, bytes([marker])), frame + 4, bytes([precision]))


def scan_data(data: bytes) -> int:
    """The offset of the first byte of entropy-coded data."""
    offset = find(data, SOS)
    return offset + length(data, offset)


def inserted(data: bytes, *segments: bytes) -> bytes:
    """The file with segments right after its start."""
    return SOI + b"".join(segments) + data[2:]


def exif(tiff: bytes) -> bytes:
    return segment(APP1, b"Exif\0\0" + tiff)


def tiff(orientation: int, *, order: str = "<", kind: int = 3, count: int = 1, ifd: int = 8,
         following: int = 0) -> bytes:
    """A TIFF header and one directory with an orientation; the keywords make it wrong.

    `order` is "<" (II) or ">" (MM); `kind` 3 is SHORT, 4 is LONG; `ifd` is where the directory claims to be;
    `following` is the offset of the next one.
    """
    header = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, ifd)
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    # A make before the orientation, as cameras write it.
    make = struct.pack(order + "HHI", 0x010F, 2, 4) + b"abc\0"
    entry = struct.pack(order + "HHI", 0x0112, kind, count) + value
    return header + struct.pack(order + "H", 2) + make + entry + struct.pack(order + "I", following)


def progressive_bomb(side: int, scans: int) -> bytes:
    """A correct progressive JPEG (mid-grey, 4:4:4): a small file that walks a decoder over the picture `scans` times.

    One scan brings the DC values; each other one says, for one coefficient of one component, that all are zero.
    `side` is a multiple of 8; there can be 1 + 3 * 63 scans.
    """
    blocks = (side // 8) ** 2
    frame = struct.pack(">BHHB", 8, side, side, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    run = min(blocks.bit_length() - 1, 14)  # symbol EOBn: a run of 2^n empty blocks (and n more bits, here zero)
    bands = [(component, k) for k in range(1, 64) for component in (1, 2, 3)][:scans - 1]
    parts = [
        SOI, segment(DQT, b"\0" + b"\x08" * 64), segment(SOF2, frame),
        # One symbol a table, of one bit: DC difference 0, and the run.
        segment(DHT, b"\x00\x01" + b"\0" * 15 + b"\x00"), segment(DHT, b"\x10\x01" + b"\0" * 15 + bytes([run << 4])),
        segment(SOS, b"\x03\x01\0\x02\0\x03\0\0\0\0"), padded("0" * 3 * blocks),
    ]
    codes, rest = divmod(blocks, 1 << run)
    if rest:
        raise ValueError("the number of blocks must be a multiple of the run")
    empty = padded("0" * (run + 1) * codes)
    parts += [segment(SOS, bytes([1, component, 0, k, k, 0])) + empty for component, k in bands]
    return b"".join(parts) + bytes([0xFF, EOI])


def padded(bits: str) -> bytes:
    """Bits as bytes, filled up with ones."""
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")


def scan_by_scan(planes: list[bytes], count: int) -> bytes:
    """A baseline file with a scan for each of its colour components, of which the first `count` are there.

    `planes` are greyscale JPEGs of one size and quality: what each has as its scan is what a component has.
    """
    first, frame = planes[0], find(planes[0], SOF0)
    components = b"".join(bytes([number + 1, 0x11, 0]) for number in range(len(planes)))
    header = segment(SOF0, first[frame + 4:frame + 9] + bytes([len(planes)]) + components)
    scans = [segment(SOS, bytes([1, number + 1, 0, 0, 63, 0])) + plane[scan_data(plane):-2]
             for number, plane in enumerate(planes[:count])]
    tables = first[frame + length(first, frame):find(first, SOS)]
    return first[:frame] + header + tables + b"".join(scans) + bytes([0xFF, EOI])


def box(kind: bytes, payload: bytes) -> bytes:
    """A box of an ISO media file (HEIC, AVIF)."""
    return struct.pack(">I", len(payload) + 8) + kind + payload
