"""What lies on skin or lens and says nothing of the lesion: dark rims, ink, rulers and hairs, drawn at random.

Drawn on every class alike, they teach a network that they mean nothing. Images are (S, S, RGB) uint8.
"""

import cv2
import numpy as np

INKS = ((70, 40, 130), (40, 50, 120), (30, 60, 90), (60, 40, 70), (40, 90, 80))
FINE = 4  # bits of a drawn coordinate's fraction


def draw_artefacts(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The picture with one or two of the four kinds."""
    for kind in generator.permutation(4)[:generator.integers(1, 3)]:
        picture = (dark_rim, ink, ruler, hairs)[kind](picture, generator)
    return picture


def dark_rim(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A dark surround outside a circle, as of a round lens: sometimes only the corners, its edge soft or hard."""
    size = picture.shape[0]
    center = size / 2 + generator.uniform(-0.06, 0.06, 2) * size
    radius = generator.uniform(0.44, 0.66) * size
    softness = generator.uniform(0.01, 0.15) * size
    y, x = np.ogrid[:size, :size]
    distance = np.sqrt((x - center[0]) ** 2 + (y - center[1]) ** 2)
    light = np.clip((radius - distance) / softness + 1, generator.uniform(0, 0.15), 1).astype(np.float32)
    return (picture * light[..., None]).astype(np.uint8)


def ink(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One to three strokes of a surgical pen, half transparent, mostly away from the centre."""
    size = picture.shape[0]
    cover = np.zeros((size, size), np.uint8)
    for _ in range(generator.integers(1, 4)):
        angle = generator.uniform(0, 2 * np.pi)
        place = size / 2 + generator.uniform(0.3, 0.55) * size * np.array([np.cos(angle), np.sin(angle)])
        stroke = _curve(generator, place, generator.uniform(0.1, 0.5) * size, bend=1.5)
        cv2.polylines(cover, [stroke], False, 255, int(generator.integers(2, 7)) * size // 160 + 1, cv2.LINE_AA, FINE)
    cover = cv2.GaussianBlur(cover, (0, 0), 0.8)
    return _painted(picture, cover, INKS[generator.integers(len(INKS))], generator.uniform(0.4, 0.85))


def ruler(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A row of ticks at even distances, every fifth or tenth longer, along a line across the picture."""
    size = picture.shape[0]
    cover = np.zeros((size, size), np.uint8)
    angle = generator.uniform(0, 2 * np.pi)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    start = size / 2 + across * generator.uniform(0.3, 0.48) * size - along * 0.8 * size
    step, length = generator.uniform(0.02, 0.08) * size, generator.uniform(0.03, 0.07) * size
    long = int(generator.choice([5, 10]))
    for index in range(int(1.6 * size / step)):
        foot = start + along * index * step
        tip = foot + across * length * (1.8 if index % long == 0 else 1)
        cv2.line(cover, *[tuple(int(v) for v in point * (1 << FINE)) for point in (foot, tip)], 255, 1, cv2.LINE_AA,
                 FINE)
    shade = (20, 20, 25) if generator.random() < 0.8 else (235, 235, 235)
    return _painted(picture, cover, shade, generator.uniform(0.5, 0.95))


def hairs(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Two to fourteen hairs of one shade, most in about one direction."""
    size = picture.shape[0]
    cover = np.zeros((size, size), np.uint8)
    direction = generator.uniform(0, np.pi)
    for _ in range(generator.integers(2, 15)):
        place = generator.uniform(0, size, 2)
        hair = _curve(generator, place, generator.uniform(0.3, 0.9) * size, 0.5, direction + generator.normal(0, 0.4))
        cv2.polylines(cover, [hair], False, 255, 1 + int(generator.random() < 0.2), cv2.LINE_AA, FINE)
    shade = np.array([60, 42, 32]) * generator.uniform(0.3, 1.6)
    return _painted(picture, cover, shade, generator.uniform(0.5, 0.95))


def _curve(generator: np.random.Generator, middle: np.ndarray, length: float, bend: float,
           direction: float | None = None) -> np.ndarray:
    """An arc through `middle` of this length, bent by at most `bend` radians: (12, 1, 2) int32 in 1/2^FINE pixels."""
    direction = generator.uniform(0, 2 * np.pi) if direction is None else direction
    angles = direction + np.linspace(-0.5, 0.5, 11) * generator.uniform(-bend, bend)
    steps = np.column_stack([np.cos(angles), np.sin(angles)]) * length / 11
    points = np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    points += middle - points.mean(axis=0)
    return np.rint(points * (1 << FINE)).astype(np.int32)[:, None]


def _painted(picture: np.ndarray, cover: np.ndarray, shade: object, strength: float) -> np.ndarray:
    """The picture with `shade` (RGB) laid over it where `cover` (S, S, uint8) is, at most `strength` thick."""
    share = cover.astype(np.float32)[..., None] * (strength / 255)
    return (picture * (1 - share) + np.asarray(shade, np.float32) * share).astype(np.uint8)
