"""Random changes of a training photo: another place, light, camera and compression, but the same lesion.

Every function is pure: (image, generator, settings) to a new image; the generator is its only source of chance.
Images are (H, W, RGB) uint8.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .artefacts import draw_artefacts
from .resize import resize_square


@dataclass(frozen=True)
class Augmentation:
    """How strong each change is, and with which probability it happens (fields named `*_chance`)."""

    zoom: tuple[float, float] = (0.6, 1.08)  # side of the cut, in sides of the centre square
    aspect: float = 0.13  # width to height within exp(±aspect)
    shift: float = 0.08  # of the centre square's side, each way
    tone_chance: float = 0.8
    gain: float = 0.12  # standard deviation of the common log gain
    cast: float = 0.06  # standard deviation of each channel's own log gain
    contrast: float = 0.2  # factor within 1 ± contrast
    gamma: float = 0.25  # exponent within exp(±gamma)
    hue_chance: float = 0.5
    hue: float = 0.12  # turn of the colour plane, radians each way
    saturation: float = 0.3  # factor within 1 ± saturation
    relight_chance: float = 0.0
    relight: float = 0.35  # log gain of red against blue in linear light, each way; a third of it for green
    artefact_chance: float = 0.0
    blur_chance: float = 0.2
    blur: tuple[float, float] = (0.4, 1.3)  # sigma in pixels of a 160-pixel picture
    coarse_chance: float = 0.25
    coarse: tuple[float, float] = (0.45, 0.9)  # the picture is reduced to this part and enlarged again
    jpeg_chance: float = 0.5
    jpeg: tuple[int, int] = (40, 95)  # quality
    cutout_chance: float = 0.4
    cutout: tuple[float, float] = (0.12, 0.35)  # each side of the hole, in sides of the picture


def augment(image: np.ndarray, generator: np.random.Generator, size: int, settings: Augmentation) -> np.ndarray:
    """A random view of the frame (H, W, 3) as (size, size, 3) uint8."""
    picture = cut(image, generator, size, settings)
    if generator.random() < settings.artefact_chance:
        picture = draw_artefacts(picture, generator)
    picture = tone(picture, generator, settings)
    if generator.random() < settings.hue_chance:
        picture = turn_hue(picture, generator, settings)
    if generator.random() < settings.blur_chance:
        picture = cv2.GaussianBlur(picture, (0, 0), generator.uniform(*settings.blur) * size / 160)
    if generator.random() < settings.coarse_chance:
        small = max(8, round(size * generator.uniform(*settings.coarse)))
        picture = resize_square(resize_square(picture, small), size)
    if generator.random() < settings.jpeg_chance:
        picture = compress(picture, int(generator.integers(settings.jpeg[0], settings.jpeg[1] + 1)))
    if generator.random() < settings.cutout_chance:
        picture = cut_out(picture, generator, settings)
    return picture


def cut(image: np.ndarray, generator: np.random.Generator, size: int, settings: Augmentation) -> np.ndarray:
    """A turned, flipped, zoomed, shifted and slightly stretched square of the frame, as (size, size, 3).

    The turn happens at the frame's own scale and the reduction by area afterwards, so that nothing aliases. What lies
    beyond the frame is reflected.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    extent = side * generator.uniform(*settings.zoom)
    stretch = np.exp(generator.uniform(-settings.aspect, settings.aspect) / 2)
    angle = generator.uniform(0, 2 * np.pi)
    mirror = 1 if generator.random() < 0.5 else -1
    center = (np.array([width - 1, height - 1]) / 2
              + generator.uniform(-settings.shift, settings.shift, 2) * side)
    pixels = max(size, round(extent))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # The stretch is across the frame's own axes: what it imitates is a squeezed file, whichever way the lesion lies.
    linear = np.diag([stretch, 1 / stretch]) @ turn @ np.diag([mirror, 1]) * (extent / pixels)
    offset = center - linear @ np.full(2, (pixels - 1) / 2)
    turned = cv2.warpAffine(image, np.column_stack([linear, offset]), (pixels, pixels),
                            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101)
    return turned if pixels == size else resize_square(turned, size)


def tone(picture: np.ndarray, generator: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """Another exposure, cast, contrast and gamma, and perhaps another light, by one table a channel."""
    levels = np.repeat(np.linspace(0, 1, 256)[:, None], 3, axis=1)
    if generator.random() < settings.relight_chance:
        levels = _relit(levels, generator, settings.relight)
    if generator.random() < settings.tone_chance:
        levels = levels ** np.exp(generator.uniform(-settings.gamma, settings.gamma))
        levels = (levels - 0.5) * (1 + generator.uniform(-settings.contrast, settings.contrast)) + 0.5
        levels = levels * np.exp(generator.normal(0, settings.gain) + generator.normal(0, settings.cast, 3))
    table = np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)
    return cv2.LUT(picture, table[None])


def turn_hue(picture: np.ndarray, generator: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """The colour plane (I and Q of YIQ) turned and scaled; the brightness Y stays."""
    angle = generator.uniform(-settings.hue, settings.hue)
    scale = 1 + generator.uniform(-settings.saturation, settings.saturation)
    turn = np.eye(3)
    turn[1:, 1:] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return cv2.transform(picture, _RGB_OF_YIQ @ turn @ _YIQ_OF_RGB)


def compress(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture after a JPEG of this quality, 1...100."""
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


def cut_out(picture: np.ndarray, generator: np.random.Generator, settings: Augmentation) -> np.ndarray:
    """One rectangle painted over with the picture's mean colour."""
    size = picture.shape[0]
    height, width = (generator.uniform(*settings.cutout, 2) * size).astype(int)
    y, x = generator.integers(0, size - height + 1), generator.integers(0, size - width + 1)
    result = picture.copy()
    result[y:y + height, x:x + width] = np.rint(cv2.mean(picture)[:3])
    return result


def _relit(levels: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Levels (256, 3) in 0...1 under another illuminant: von Kries gains in linear light (sRGB), warm to cold."""
    warmth, green = generator.uniform(-strength, strength), generator.uniform(-strength, strength) / 3
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear * np.exp([warmth / 2, green, -warmth / 2]), 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


_YIQ_OF_RGB = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_RGB_OF_YIQ = np.linalg.inv(_YIQ_OF_RGB)
