"""OpenCV's 8-bit INTER_LINEAR resize in numpy, the plain twin of `Resize.swift`, bit-equal to cv2.

Run `python opencv_linear.py` to compare it with the installed cv2 on many random sizes.
"""

import numpy as np


def horizontal_taps(source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Left column and (left, right) 11-bit weights for each target column; weights are (2048, 0) past an edge."""
    start, fraction = _positions(source, target)
    outside = (start < 0) | (start >= source - 1)
    fraction = np.where(outside, np.float32(0), fraction)
    return np.clip(start, 0, source - 1), _weights(fraction)


def vertical_taps(source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Upper row (may be -1) and (upper, lower) weights; past an edge the row is clamped, the weights stay."""
    start, fraction = _positions(source, target)
    return start, _weights(fraction)


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """`cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)` for uint8 (H, W, C)."""
    rows, columns = image.shape[:2]
    left, across = horizontal_taps(columns, width)
    upper, down = vertical_taps(rows, height)
    right = np.minimum(left + 1, columns - 1)
    lower = np.clip(upper + 1, 0, rows - 1)
    upper = np.clip(upper, 0, rows - 1)
    pixels = image.astype(np.int32)
    lines = pixels[:, left] * across[:, :1] + pixels[:, right] * across[:, 1:]  # at most 255 * 2048, 19 bits
    lines >>= 4  # OpenCV drops four bits here so that the second product fits 16 x 16 bits
    top = (lines[upper] * down[:, 0, None, None]) >> 16
    bottom = (lines[lower] * down[:, 1, None, None]) >> 16
    return ((top + bottom + 2) >> 2).astype(np.uint8)


def center_square(image: np.ndarray) -> np.ndarray:
    """The largest centred square; an odd remainder leaves the extra row or column at the far side."""
    height, width = image.shape[:2]
    side = min(width, height)
    x, y = (width - side) // 2, (height - side) // 2
    return image[y:y + side, x:x + side]


def _positions(source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    scale = 1.0 / (target / source)  # float64, and not source / target: the last bit can differ
    position = ((np.arange(target) + 0.5) * scale - 0.5).astype(np.float32)
    start = np.floor(position)
    return start.astype(np.int64), position - start


def _weights(fraction: np.ndarray) -> np.ndarray:
    pair = np.stack([np.float32(1) - fraction, fraction], axis=1)
    return np.rint(pair * np.float32(2048)).astype(np.int32)


def check(cases: int = 400, seed: int = 1) -> None:
    """Raises if any random picture, size or special ratio differs from cv2 in a single bit."""
    import cv2

    generator = np.random.default_rng(seed)
    sizes = [tuple(generator.integers(1, 700, 4)) for _ in range(cases)]
    sizes += [(448, 448, 224, 224), (224, 224, 224, 224), (112, 112, 224, 224), (450, 448, 225, 224),
              (448, 100, 224, 50), (3024, 3024, 224, 224), (3000, 3000, 240, 240), (5001, 4003, 97, 75),
              (1, 1, 224, 224), (2, 2, 640, 640), (150, 150, 224, 224), (2000, 2000, 640, 640)]
    for rows, columns, height, width in sizes:
        image = generator.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
        expected = cv2.resize(image, (int(width), int(height)), interpolation=cv2.INTER_LINEAR)
        if not np.array_equal(resize(image, int(width), int(height)), expected):
            raise SystemExit(f"differs from OpenCV {cv2.__version__}: {columns}x{rows} to {width}x{height}")
    print(f"{len(sizes)} sizes equal OpenCV {cv2.__version__} bit for bit")


if __name__ == "__main__":
    check()
