"""Random-looking numbers that Swift and Python produce bit for bit, so that no weights need to be committed.

Run `python deterministic.py` to print known values and write a picture of the synthetic lesion.

Numbers: value i of a name is `mix(fnv1a64(name) + (i + 1) * 0x9E3779B97F4A7C15)` modulo 2^64, with splitmix64's `mix`;
`u = Float(z >> 40) / 2^24`, exact in float32 and in [0, 1).

A network's parameter, by its key (each line: one float32 rounding an operation, in this order):
    weight, two or more dimensions   (2 * u - 1) * bound, bound = float32(sqrt(6 / (product of dimensions 1...)))
    the same, of `se.conv_expand`    (2 * u - 1) * bound * 0.5
    batch norm weight                0.5 + u
    the same, last of a block        (0.5 + u) * 1.5 in the first block of a stage, (0.5 + u) * 0.25 in the others
    batch norm running_mean          (2 * u - 1) * 0.3
    batch norm running_var           0.5 + u
    batch norm bias                  (2 * u - 1) * 0.2
    convolution or linear bias       (2 * u - 1) * 0.1
A key belongs to a batch norm if its last module is `bn1`, `bn2` or `bn3`, or its module `meta.1` or `meta.5`. The last of a block is `bn2` in `blocks.0.*`
and `bn3` in the other stages. `num_batches_tracked` is ignored. The gains 0.5, 1.5 and 0.25 keep every depth from B0 to
B8 lively: without them the signal of the SiLU networks dies behind the biases or grows until float32 is no reference.
"""

import math

import numpy as np

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def fnv1a64(name: str) -> int:
    """The FNV-1a hash of the name's UTF-8 bytes."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def mix(z: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 on unsigned 64-bit integers."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def bits(name: str, count: int) -> np.ndarray:
    """The first `count` 64-bit values of a name."""
    index = np.arange(1, count + 1, dtype=np.uint64)
    return mix(np.uint64(fnv1a64(name)) + index * np.uint64(GOLDEN))


def uniform(name: str, count: int) -> np.ndarray:
    """The first `count` values of a name as float32 in [0, 1)."""
    return (bits(name, count) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def parameter(key: str, shape: tuple[int, ...], seed: str = "") -> np.ndarray:
    """The float32 tensor for a key of a network's state dictionary; another for another seed."""
    u = uniform(seed + key, math.prod(shape)).reshape(shape)
    module, _, kind = key.rpartition(".")
    signed = np.float32(2) * u - np.float32(1)
    path = module.split(".")
    if len(shape) >= 2:
        bounded = signed * np.float32(math.sqrt(6 / math.prod(shape[1:])))
        return bounded * np.float32(0.5) if path[-1] == "conv_expand" else bounded
    if path[-1] not in ("bn1", "bn2", "bn3") and module not in ("meta.1", "meta.5"):
        return signed * np.float32(0.1)
    if kind == "running_mean":
        return signed * np.float32(0.3)
    if kind == "bias":
        return signed * np.float32(0.2)
    weight = np.float32(0.5) + u
    if kind == "weight" and path[0] == "blocks" and path[-1] == ("bn2" if path[1] == "0" else "bn3"):
        return weight * np.float32(1.5 if path[2] == "0" else 0.25)
    return weight


def network_input(size: int) -> np.ndarray:
    """A (3, size, size) float32 input in network space: 4u - 2 of the name `input`, in C, H, W order."""
    return (np.float32(4) * uniform("input", 3 * size * size) - np.float32(2)).reshape(3, size, size)


# The synthetic lesion's outline and shades: centre, radius (1024 = half of the picture's short side), strength.
OUTLINE = ((-60, 30, 560, 768), (240, -210, 420, 768), (-330, -170, 330, 640), (150, 310, 380, 768),
           (-330, 230, 260, 640))
SHADES = ((80, -110, 300, 130), (-210, 170, 230, 80), (290, 40, 200, 70), (-260, -160, 210, 60), (130, 330, 190, 50))
SKIN = (226, 180, 156)
PIGMENT = (112, 122, 118)  # what full depth takes away from the skin


def synthetic_lesion(width: int, height: int) -> np.ndarray:
    """A (height, width, 3) uint8 RGB picture of a mole that never was, made by integer arithmetic alone.

    Every division is of non-negative integers, rounded down; every shift is arithmetic. With s = min(width, height),
    for the pixel in column i and row j:
        x = (2i + 1) * 1024 / s - width * 1024 / s            y the same of j and height
        light = 256 - (x * x + y * y) / 65536 - i * 24 / width
        glow(lobes) = the sum over (cx, cy, r, d) of (d * (t * 1024 / (r * r))^2) >> 20,
            t = r * r - (x - cx)^2 - (y - cy)^2, at least 0
        edge = glow(OUTLINE) - 100, at least 0, at most 256
        depth = (edge * (80 + glow(SHADES))) >> 8, at most 255
        weave = min(|((x + y) & 127) - 64|, |((x - y) & 127) - 64|)               a pigment network, 0...64
        depth = depth + ((depth * (32 - weave)) >> 9), at most 255
        noise = (bits("lesion")[j * width + i] >> 62) - 1                          -1...2
        channel = (((SKIN - ((PIGMENT * depth) >> 8)) * light) >> 8) + noise, clamped to 0...255
    """
    side = min(width, height)
    column = np.arange(width, dtype=np.int64)[None, :]
    row = np.arange(height, dtype=np.int64)[:, None]
    x = (2 * column + 1) * 1024 // side - width * 1024 // side
    y = (2 * row + 1) * 1024 // side - height * 1024 // side
    light = 256 - (x * x + y * y) // 65536 - column * 24 // width
    edge = np.clip(_glow(OUTLINE, x, y) - 100, 0, 256)
    depth = np.minimum(edge * (80 + _glow(SHADES, x, y)) >> 8, 255)
    weave = np.minimum(abs(((x + y) & 127) - 64), abs(((x - y) & 127) - 64))
    depth = np.minimum(depth + (depth * (32 - weave) >> 9), 255)
    noise = (bits("lesion", width * height) >> np.uint64(62)).astype(np.int64).reshape(height, width) - 1
    channels = [((skin - (pigment * depth >> 8)) * light >> 8) + noise for skin, pigment in zip(SKIN, PIGMENT)]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def _glow(lobes: tuple[tuple[int, int, int, int], ...], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    total = np.zeros((y.shape[0], x.shape[1]), np.int64)
    for center_x, center_y, radius, strength in lobes:
        inside = np.maximum(radius * radius - (x - center_x) ** 2 - (y - center_y) ** 2, 0)
        total += strength * (inside * 1024 // (radius * radius)) ** 2 >> 20
    return total


def main() -> None:
    """Prints values to check another implementation against, and writes the lesion as a picture."""
    import hashlib

    from PIL import Image

    print("fnv1a64('input') =", hex(fnv1a64("input")))
    print("bits('input')[0...2] =", [hex(value) for value in bits("input", 3)])
    print("uniform('input')[0...2] =", [float(value) for value in uniform("input", 3)])
    shapes = {"conv_stem.weight": (32, 3, 3, 3), "bn1.running_var": (32,), "blocks.1.1.bn3.weight": (24,)}
    for key, shape in shapes.items():
        print(key, [float(value) for value in parameter(key, shape).ravel()[:3]])
    for width, height in ((320, 240), (97, 65)):
        lesion = synthetic_lesion(width, height)
        print(f"lesion {width}x{height}: sha256 {hashlib.sha256(lesion.tobytes()).hexdigest()}")
    Image.fromarray(synthetic_lesion(320, 240)).save("lesion.png")


if __name__ == "__main__":
    main()
