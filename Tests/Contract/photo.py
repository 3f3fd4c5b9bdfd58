"""JPEG photos drawn by the tests: baseline, 8 bits, no subsampling, every block of 8 x 8 pixels of one colour."""

import struct

SKIN, LESION = (190, 115, 150), (80, 120, 140)  # Y, Cb, Cr

# With flat blocks a coefficient of 8 is one level. DC: twelve codes of four bits; AC: one code of one bit, "end of block".
QUANTIZATION = bytes([0]) + bytes([8] * 64)
DC_TABLE = bytes([0x00, 0, 0, 0, 12] + [0] * 12) + bytes(range(12))
AC_TABLE = bytes([0x10, 1] + [0] * 15) + bytes([0])


def mole(width=640, height=480, colours=3):
    """A dark ellipse on skin, in colour or (colours=1) in grey."""

    def colour(column, row):
        x, y = (2 * column + 1) * 8 / width - 1, (2 * row + 1) * 8 / height - 1
        return LESION if x * x * 4 + y * y * 3 < 1 else SKIN

    return encoded(width, height, colours, colour)


def blank(width=640, height=480):
    """A photo that shows nothing but one colour."""
    return encoded(width, height, 3, lambda column, row: SKIN)


def encoded(width, height, colours, colour):
    """The file; `colour` gives the Y, Cb and Cr of a block by its column and row."""
    bits = []
    before = [128] * 3
    for row in range((height + 7) // 8):
        for column in range((width + 7) // 8):
            for channel, level in enumerate(colour(column, row)[:colours]):
                bits.append(block(level - before[channel]))
                before[channel] = level
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    data = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\x00")
    components = range(1, colours + 1)
    frame = struct.pack(">BHHB", 8, height, width, colours) + b"".join(bytes([c, 0x11, 0]) for c in components)
    return (
        b"\xff\xd8" + segment(0xDB, QUANTIZATION) + segment(0xC0, frame) + segment(0xC4, DC_TABLE) + segment(0xC4, AC_TABLE)
        + scan(components) + data + b"\xff\xd9"
    )


def block(difference):
    """A block's bits: the category and value of its DC difference, then the end of the block."""
    category = abs(difference).bit_length()
    value = difference if difference > 0 else difference + (1 << category) - 1
    return f"{category:04b}" + (f"{value:0{category}b}" if category else "") + "0"


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def scan(components):
    """The header of a scan of all components."""
    selectors = b"".join(bytes([c, 0x00]) for c in components)
    return segment(0xDA, bytes([len(components)]) + selectors + bytes([0, 63, 0]))


# What is wrong with these, the server must say.


def cut_short(jpeg):
    return jpeg[: len(jpeg) // 2]


def of_twelve_bits(jpeg):
    """The frame header states 12 bits a sample."""
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 4] + b"\x0c" + jpeg[frame + 5 :]


def of_size(jpeg, width, height):
    """The frame header states another size."""
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", height, width) + jpeg[frame + 9 :]


def of_scans(jpeg, count):
    """Further scan headers stand in front of the end marker."""
    return jpeg[:-2] + scan(range(1, 4)) * (count - 1) + jpeg[-2:]


def png():
    """The beginning of another format."""
    return b"\x89PNG\r\n\x1a\n" + bytes(64)
