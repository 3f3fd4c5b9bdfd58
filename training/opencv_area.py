"""OpenCV's 8-bit INTER_AREA reduction in numpy, the plain twin of `Image+Area.swift`: within a level of cv2.

Run `python opencv_area.py` to compare it with the installed cv2 on many random sizes.
"""

import numpy as np


def taps(source: int, target: int) -> np.ndarray:
    """(target, source) weights of the source positions under each target position; each row sums to 1."""
    scale = source / target
    weights = np.zeros((target, source))
    for index in range(target):
        start, end = index * scale, (index + 1) * scale
        width = min(scale, source - start)
        last = min(int(np.floor(end)), source - 1)
        first = min(int(np.ceil(start)), last)
        weights[index, first:last] = 1
        if first - start > 1e-3:  # a sliver of a pixel is left out, as OpenCV does
            weights[index, first - 1] = first - start
        if end - last > 1e-3:
            weights[index, last] = min(end - last, 1)
        weights[index] /= width
    return weights


def reduce(image: np.ndarray, side: int) -> np.ndarray:
    """`cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)` for a uint8 square (S, S, C), S >= side."""
    weights = taps(len(image), side)
    mean = np.einsum("ys,xt,stc->yxc", weights, weights, image.astype(np.float64), optimize=True)
    return np.clip(np.rint(mean), 0, 255).astype(np.uint8)


def check(cases: int = 60, seed: int = 1) -> None:
    """Raises if any random square and size differs from cv2 by more than a level."""
    import cv2

    generator = np.random.default_rng(seed)
    sizes = [(int(side), int(generator.integers(1, side + 1))) for side in generator.integers(1, 500, cases)]
    sizes += [(448, 224), (672, 224), (224, 224), (225, 224), (3000, 224), (1, 1), (97, 75), (641, 640)]
    for side, target in sizes:
        image = generator.integers(0, 256, (side, side, 3), dtype=np.uint8)
        expected = cv2.resize(image, (target, target), interpolation=cv2.INTER_AREA).astype(int)
        apart = np.abs(reduce(image, target).astype(int) - expected)
        if apart.max() > 1:  # by one where a mean ends in a half, or float32 sums stop just short of it
            raise SystemExit(f"differs from OpenCV {cv2.__version__}: {side} to {target}, by up to {apart.max()}")
    print(f"{len(sizes)} sizes within a level of OpenCV {cv2.__version__}")


if __name__ == "__main__":
    check()
