"""Prints the table by which kernels look SiLU up, for Sources/CKernels/generic/silu_table.h.

SiLU(x) = max(x, 0) - g(|x|) with g(a) = a / (1 + exp(a)). The segments of a are those of a floating-point number: eight for each of the
four exponents of b = SCALE a + 1, so that bits of b are the index. In each a cubic in a itself has the least maximum of the error
(Lawson 1961: least squares, each point weighted anew by the error that it kept); in the first, which begins with 0 for 0, of the error
over g. Needs numpy.
"""

import numpy as np

SCALE = 0.85
POINTS = 400
ROUNDS = 300


def g(a: np.ndarray) -> np.ndarray:
    return a / (1 + np.exp(a))


def cubic(low: float, high: float) -> np.ndarray:
    """Coefficients of a cubic near g between low and high, the constant first."""
    a = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    first = 1 if low == 0 else 0
    importance = 1 / g(a) if low == 0 else np.ones(POINTS)
    matrix = np.stack([a**power * importance for power in range(first, 4)], 1)
    weights = np.full(POINTS, 1 / POINTS)
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        solution = np.linalg.lstsq(matrix * root[:, None], g(a) * importance * root, rcond=None)[0]
        weights *= np.abs(matrix @ solution - g(a) * importance)
        weights /= weights.sum()
    return np.concatenate([np.zeros(first), solution])


def table() -> np.ndarray:
    """(segments, coefficients)"""
    edges = [(2.0 ** (i // 8) * (1 + i % 8 / 8) - 1) / SCALE for i in range(33)]
    return np.array([cubic(low, high) for low, high in zip(edges, edges[1:])], dtype=np.float32)


def main() -> None:
    # Where the lowest bits of an exponent of 127 lead.
    for power, coefficients in enumerate(np.roll(table(), 127 * 8, axis=0).T):
        print(f"    {{  // a^{power}")
        for start in range(0, len(coefficients), 4):
            print("       ", " ".join(f"{value:.9e}f," for value in coefficients[start:start + 4]))
        print("    },")


if __name__ == "__main__":
    main()
