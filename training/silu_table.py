"""Prints a table by which kernels look SiLU up.

`python silu_table.py fp32` for Sources/CKernels/generic/silu_table.h, `python silu_table.py bf16` for silu_bf16.h beside it.

SiLU(x) = max(x, 0) - g(|x|) with g(a) = a / (1 + exp(a)), approximated in each of 32 segments by the polynomial in a with the least
maximum of the error (Lawson 1961: least squares, each point weighted anew by the error that it kept); in the first, which begins with 0 for 0, of
the error over g. For fp32 a cubic, in the segments of a floating-point number: eight for each of the four exponents of
b = SCALE a + 1, so that bits of b are the index. For bf16 a quadratic, in segments around the whole numbers of STEPS a. Needs numpy.
"""

import argparse

import numpy as np

SEGMENTS = 32
SCALE = 0.85
STEPS = 2.6
POINTS = 400
ROUNDS = 300


def g(a: np.ndarray) -> np.ndarray:
    return a / (1 + np.exp(a))


def polynomial(low: float, high: float, degree: int) -> np.ndarray:
    """Coefficients of a polynomial near g between low and high, the constant first."""
    a = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    first = 1 if low == 0 else 0
    importance = 1 / g(a) if low == 0 else np.ones(POINTS)
    matrix = np.stack([a**power * importance for power in range(first, degree + 1)], 1)
    weights = np.full(POINTS, 1 / POINTS)
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        solution = np.linalg.lstsq(matrix * root[:, None], g(a) * importance * root, rcond=None)[0]
        weights *= np.abs(matrix @ solution - g(a) * importance)
        weights /= weights.sum()
    return np.concatenate([np.zeros(first), solution])


def table(edges: list[float], degree: int) -> np.ndarray:
    """(segments, coefficients)"""
    return np.array([polynomial(low, high, degree) for low, high in zip(edges, edges[1:])], dtype=np.float32)


def for_fp32() -> np.ndarray:
    edges = [(2.0 ** (i // 8) * (1 + i % 8 / 8) - 1) / SCALE for i in range(SEGMENTS + 1)]
    return np.roll(table(edges, degree=3), 127 * 8, axis=0)  # where the lowest bits of an exponent of 127 lead


def for_bf16() -> np.ndarray:
    return table([max(i - 0.5, 0) / STEPS for i in range(SEGMENTS + 1)], degree=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("precision", choices=["fp32", "bf16"])
    rows = {"fp32": for_fp32, "bf16": for_bf16}[parser.parse_args().precision]()
    for power, coefficients in enumerate(rows.T):
        print(f"    {{  // a^{power}")
        for start in range(0, len(coefficients), 4):
            print("       ", " ".join(f"{value:.9e}f," for value in coefficients[start:start + 4]))
        print("    },")


if __name__ == "__main__":
    main()
