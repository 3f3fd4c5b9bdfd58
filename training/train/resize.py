"""Centre squares brought to a network's size, as a server does: by area when reducing, linear when enlarging."""

import cv2
import numpy as np


def center_square(image: np.ndarray) -> np.ndarray:
    """The largest centred square of (H, W, 3); an odd remainder leaves the extra row or column at the far side."""
    height, width = image.shape[:2]
    side = min(width, height)
    x, y = (width - side) // 2, (height - side) // 2
    return image[y:y + side, x:x + side]


def resize_square(square: np.ndarray, size: int) -> np.ndarray:
    """A square (S, S, 3, uint8) as (size, size, 3, uint8): OpenCV's INTER_AREA if S > size, else INTER_LINEAR."""
    interpolation = cv2.INTER_AREA if square.shape[0] > size else cv2.INTER_LINEAR
    return cv2.resize(square, (size, size), interpolation=interpolation)


def evaluation_square(image: np.ndarray, size: int) -> np.ndarray:
    """A frame (H, W, 3, uint8) as a network sees it in evaluation: (size, size, 3, uint8)."""
    return resize_square(center_square(image), size)
