"""Times the way from a 12-megapixel JPEG to the networks' squares: `melascan` on two threads and OpenCV, whose decoder has one, by turns.

Run `python Benchmarks/jpeg.py .build/release/melascan PHOTO [--side 640] [--rounds 15]` with numpy and opencv-python-headless installed.
PHOTO is enlarged to 4032 x 3024 and given a sensor's noise of three strengths, quality 90, 4:2:0. Without --side the squares are those of
the default ensemble's members. Prints medians in milliseconds with the second lowest and second highest, and ours / OpenCV's.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

BUNDLE = Path(__file__).resolve().parent.parent / "ensembles/default"
WIDTH, HEIGHT = 4032, 3024


def photos(source: Path, folder: Path) -> list[Path]:
    """The photo as a phone might store it: texture at five scales, and noise that no enlargement has."""
    random = np.random.default_rng(1)
    photo = cv2.imread(str(source))
    height = min(photo.shape[0], photo.shape[1] * HEIGHT // WIDTH)
    width = height * WIDTH // HEIGHT
    large = cv2.resize(photo[:height, :width], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    for scale in (2, 4, 8, 16, 32):
        texture = random.normal(0, 3, (HEIGHT // scale, WIDTH // scale)).astype(np.float32)
        large += cv2.resize(texture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None]
    files = []
    for noise in (2, 6, 10):
        pixels = np.clip(large + random.normal(0, noise, large.shape), 0, 255).astype(np.uint8)
        files.append(folder / f"noise-{noise}.jpg")
        cv2.imwrite(str(files[-1]), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return files


def bundle(folder: Path, side: int | None) -> tuple[Path, list[int]]:
    """An ensemble and its members' sides: the default one, or its first member with another side."""
    manifest = json.loads((BUNDLE / "ensemble.json").read_text())
    if side:
        manifest["members"] = manifest["members"][:1]
        manifest["members"][0]["inputSize"] = side
        manifest.pop("selfTest", None)
        manifest.pop("defaults", None)
    for member in manifest["members"]:
        (folder / member["file"]).symlink_to(BUNDLE / member["file"])
    (folder / "ensemble.json").write_text(json.dumps(manifest))
    return folder, [member["inputSize"] for member in manifest["members"]]


def melascan(tool: Path, ensemble: Path, photo: Path) -> tuple[float, float]:
    """Milliseconds for decoding and for the squares, the last of three in a process."""
    command = [tool, "analyze", "--json", "--views", "1", "--ensemble", ensemble, *[photo] * 3]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    timing = json.loads(lines[-1])["timing_ms"]
    return timing["decode"], timing["preprocess"]


def opencv(data: np.ndarray, sides: list[int]) -> tuple[float, float]:
    start = time.perf_counter()
    photo = cv2.imdecode(data, cv2.IMREAD_COLOR)
    decoded = time.perf_counter()
    left = (WIDTH - HEIGHT) // 2
    for side in sides:
        cv2.resize(photo[:, left:left + HEIGHT], (side, side), interpolation=cv2.INTER_LINEAR)
    return (decoded - start) * 1000, (time.perf_counter() - decoded) * 1000


def text(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(ordered):.1f} ({ordered[1]:.1f} to {ordered[-2]:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--side", type=int)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        ensemble, sides = bundle(Path(folder), options.side)
        print(f"| MB | squares | decode | squares | both | of OpenCV's | MB/s | MP/s |\n|{'---|' * 8}")
        for photo in photos(options.photo, Path(folder)):
            data = np.frombuffer(photo.read_bytes(), np.uint8)
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(melascan(options.tool, ensemble, photo))
                theirs.append(opencv(data, sides))
            decode, squares = zip(*ours)
            both = [sum(pair) for pair in ours]
            median = statistics.median(both)
            ratio = median / statistics.median(map(sum, theirs))
            speed = statistics.median(decode) / 1000
            print(f"| {data.size / 1e6:.1f} | {', '.join(map(str, sides))} | {text(decode)} | {text(squares)} | {text(both)} "
                  f"| {ratio:.2f} | {data.size / 1e6 / speed:.0f} | {WIDTH * HEIGHT / 1e6 / speed:.0f} |")


if __name__ == "__main__":
    main()
