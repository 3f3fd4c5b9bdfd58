"""Writes JPEGs, and what OpenCV makes of them or why they must be refused, for the imaging tests.

Run `python imaging_fixtures.py ../Tests/Fixtures/imaging`. For each valid file `expected.json` has the upright size,
the SHA-256 of the upright RGB bytes as `cv2.imread` gives them, the crop, and for some target sizes the SHA-256 of the
RGB bytes after centre crop and INTER_LINEAR resize; `raw` names a file with those bytes. For each file to refuse it has
the problem's code. `area` names files with the square after INTER_AREA; `--area` writes those alone, from the files that are there.
"""

import hashlib
import io
import json
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import jpeg_surgery as surgery
from deterministic import synthetic_lesion
from opencv_linear import center_square, resize
from reference import read

SIZES = (75, 224, 240)
# Reduced by area: by a whole number (twice), by a little, by a lot, turned, and up.
AREA = (("landscape", 75), ("odd", 97), ("twice", 75), ("megapixel", 97), ("orientation-6", 24), ("orientation-2", 31), ("small", 48))


def encode(photo: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    mode = "CMYK" if photo.ndim == 3 and photo.shape[2] == 4 else None
    Image.fromarray(photo, mode).save(stream, "JPEG", **({"quality": 85, "subsampling": "4:2:0"} | options))
    return stream.getvalue()


def opencv(photo: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def four_inks(photo: np.ndarray) -> np.ndarray:
    """Cyan, magenta, yellow and black (255 = full ink) for an RGB photo."""
    black = 255 - photo.max(axis=2).astype(np.int32)
    inks = (255 - photo.astype(np.int32) - black[..., None]) * 255 // np.maximum(255 - black[..., None], 1)
    return np.dstack([inks, black]).astype(np.uint8)


def ycck(photo: np.ndarray) -> bytes:
    """The four-ink photo with its first three channels as Y, Cb, Cr and the Adobe marker saying so."""
    inks = four_inks(photo)
    luma = np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr"))
    data = encode(np.dstack([255 - luma, inks[..., 3]]), subsampling="4:4:4")  # Pillow inverts all four as it writes
    return surgery.patched(data, surgery.find(data, surgery.APP14) + 15, b"\x02")


def scan_by_scan(photo: np.ndarray, count: int = 3) -> bytes:
    """The photo with a scan for each of Y, Cb and Cr, of which the first `count` are there."""
    planes = np.moveaxis(np.asarray(Image.fromarray(photo).convert("YCbCr")), 2, 0)
    return surgery.scan_by_scan([encode(plane) for plane in planes], count)


def valid() -> dict[str, tuple[bytes, tuple[int, ...]]]:
    """Files to read: their bytes and the target sizes for which the raw result is kept."""
    wide, small = synthetic_lesion(640, 426), synthetic_lesion(150, 113)
    odd, tiny = synthetic_lesion(97, 131), synthetic_lesion(97, 64)
    # Where the square ends, at 96 and 160, blocks and stripes of colour end, which bleed into each other as they are upsampled.
    stripes = (np.arange(256)[:, None] // 8 + np.arange(3)) % 3 * 60 - 60
    long = np.clip(synthetic_lesion(256, 64) + stripes, 0, 255).astype(np.uint8)
    plain = encode(tiny)
    exif, tiff, put = surgery.exif, surgery.tiff, surgery.inserted
    files = {
        "landscape": (encode(wide), (224,)),
        "small": (encode(small, quality=90), (224,)),
        "portrait": (encode(synthetic_lesion(301, 487), subsampling="4:2:2"), ()),
        "tall": (encode(synthetic_lesion(301, 487)), ()),
        "megapixel": (encode(synthetic_lesion(1180, 860)), ()),
        "odd": (encode(odd), (97,)),
        "twice": (encode(synthetic_lesion(200, 150)), (75,)),  # exactly 2 to 1
        "one-pixel": (encode(synthetic_lesion(1, 1)), ()),
        "full-colour": (encode(odd, subsampling="4:4:4"), ()),
        "vertical-chroma": (opencv(odd, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440), ()),
        "quarter-chroma": (opencv(odd, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411), ()),
        "progressive": (encode(small, progressive=True), ()),
        "restart-markers": (opencv(small, cv2.IMWRITE_JPEG_RST_INTERVAL, 3), ()),
        "grayscale": (encode(np.asarray(Image.fromarray(odd).convert("L"))), ()),
        "rgb": (encode(odd, subsampling="4:4:4", keep_rgb=True), ()),
        "cmyk": (encode(four_inks(odd), subsampling="4:4:4"), ()),
        "cmyk-subsampled": (encode(four_inks(synthetic_lesion(97, 64))), ()),
        "ycck": (ycck(odd), ()),
        "scan-by-scan": (scan_by_scan(odd), ()),
        # The square leaves out blocks at either side, of each width that a block can have.
        "long": (encode(long), ()),
        "long-full-colour": (encode(long, subsampling="4:4:4"), ()),
        "long-half-colour": (encode(long, subsampling="4:2:2"), ()),
        "long-vertical-chroma": (opencv(long, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440), ()),
        "long-quarter-chroma": (opencv(long, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411), ()),
        "long-grayscale": (encode(np.asarray(Image.fromarray(long).convert("L"))), ()),
        "long-ycck": (ycck(long), ()),
        "long-progressive": (encode(long, progressive=True), ()),
        "long-scan-by-scan": (scan_by_scan(long), ()),
        "trailing-bytes": (plain + bytes(range(200)), ()),
        "exif-after-jfif": (encode(tiny, exif=tiff_bytes(6)), ()),
        "exif-after-comment": (put(plain, surgery.segment(surgery.COM, b"a comment"), exif(tiff(6))), ()),
        "exif-after-xmp": (put(plain, surgery.segment(surgery.APP1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
                               exif(tiff(6))), ()),
        "exif-long": (put(plain, exif(tiff(6, kind=4))), ()),
        "exif-value-0": (put(plain, exif(tiff(0))), ()),
        "exif-value-9": (put(plain, exif(tiff(9))), ()),
        "exif-offset-outside": (put(plain, exif(tiff(6, ifd=0xFFFFFFF0))), ()),
        "exif-offset-inside-header": (put(plain, exif(tiff(6, ifd=2))), ()),
        "exif-next-is-itself": (put(plain, exif(tiff(6, following=8))), ()),
        "exif-count-huge": (put(plain, exif(tiff(6, count=0xFFFFFFFF))), ()),
        "exif-entries-huge": (put(plain, exif(b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0" * 3)), ()),
        "exif-empty": (put(plain, exif(b"")), ()),
        "exif-not-tiff": (put(plain, exif(b"XX\0\0" + b"\xff" * 40)), ()),
        "app1-empty": (put(plain, surgery.segment(surgery.APP1, b"")), ()),
    }
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        files[f"orientation-{orientation}"] = (put(plain, exif(tiff(orientation, order=order))), (48,))
    return files


def tiff_bytes(orientation: int) -> bytes:
    return b"Exif\0\0" + surgery.tiff(orientation)


def refused() -> dict[str, tuple[bytes, str]]:
    """Files to refuse: their bytes and the problem's code."""
    photo = synthetic_lesion(97, 64)
    plain, progressive = encode(photo), encode(synthetic_lesion(150, 113), progressive=True)
    start = surgery.scan_data(plain)
    picture = Image.fromarray(photo[:16, :16])
    streams = {name: io.BytesIO() for name in ("png", "gif", "webp", "bmp", "tiff")}
    for name, stream in streams.items():
        picture.save(stream, name)
    heic = surgery.box(b"ftyp", b"heic\0\0\0\0mif1heic") + surgery.box(b"meta", b"\0" * 40)
    damaged = {
        "truncated": plain[:start + (len(plain) - start) // 2],
        "truncated-progressive": progressive[:len(progressive) * 2 // 3],
        "header-only": plain[:start],
        "cut-in-header": plain[:surgery.find(plain, surgery.SOF0) + 7],
        "start-only": surgery.SOI + b"\xff",
        "no-scan": plain[:surgery.find(plain, surgery.SOS)] + b"\xff\xd9",
        "no-quantisation": surgery.without(surgery.without(plain, surgery.DQT), surgery.DQT),
        "segment-past-end": surgery.SOI + struct.pack(">BBH", 0xFF, surgery.APP1, 0xFFFF) + b"Exif\0\0II",
        "colour-missing": scan_by_scan(photo, 2),
        "segment-length-zero-later": surgery.patched(two := scan_by_scan(photo), two.rindex(b"\xff\xda"), b"\xff\xfe\0\0"),
        "segment-length-zero": surgery.SOI + struct.pack(">BBH", 0xFF, surgery.APP1, 0) + plain[2:],
        "size-zero": surgery.with_size(plain, 0, 0),
        "garbled": surgery.patched(plain, start + 60, b"\xff\xd3\xff\xff\x00\xff\xc0\x55" * 6),
    }
    files = {f"{name}.jpg": (data, "image-damaged") for name, data in damaged.items()}
    files |= {
        "empty.jpg": (b"", "image-empty"),
        "65535.jpg": (surgery.with_size(plain, 65535, 65535), "image-too-many-pixels"),
        "over-50-megapixels.jpg": (surgery.with_size(plain, 10000, 5001), "image-too-many-pixels"),
        "bomb-100-scans.jpg": (surgery.progressive_bomb(1024, 100), "image-too-complex"),
        "bomb-190-scans.jpg": (surgery.progressive_bomb(1024, 190), "image-too-complex"),
        "twelve-bits.jpg": (surgery.with_frame(plain, 0xC1, precision=12), "image-unsupported"),
        "lossless.jpg": (surgery.with_frame(plain, 0xC3), "image-unsupported"),
        "arithmetic.jpg": (surgery.with_frame(plain, 0xC9), "image-unsupported"),
        "start-then-nothing.jpg": (surgery.SOI, "image-not-jpeg"),
        "text.jpg": (b"This is not a photo.\n", "image-not-jpeg"),
        "photo.heic": (heic, "image-not-jpeg"),
    }
    return files | {f"photo.{name}": (stream.getvalue(), "image-not-jpeg") for name, stream in streams.items()}


def expectation(path: Path, raw: tuple[int, ...]) -> dict:
    """What OpenCV makes of a file, and the raw results beside it."""
    photo = read(str(path))
    height, width = photo.shape[:2]
    side = min(width, height)
    entry = {"file": path.name, "width": width, "height": height,
             "crop": {"x": (width - side) // 2, "y": (height - side) // 2, "side": side},
             "sha256": hashlib.sha256(photo.tobytes()).hexdigest(), "results": []}
    for size in sorted({*SIZES, *raw, side}):
        pixels = cv2.resize(center_square(photo), (size, size), interpolation=cv2.INTER_LINEAR)
        if not np.array_equal(pixels, resize(center_square(photo), size, size)):
            raise SystemExit(f"{path.name} at {size}: the plain twin differs from OpenCV")
        result = {"size": size, "sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}
        if size in raw:
            result["raw"] = f"{path.stem}-{size}.rgb"
            path.with_name(result["raw"]).write_bytes(pixels.tobytes())
        entry["results"].append(result)
    return entry


def by_area(folder: Path) -> list[dict]:
    """Squares reduced by area, as raw bytes beside the files."""
    results = []
    for name, size in AREA:
        square = center_square(read(str(folder / f"{name}.jpg")))
        pixels = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if len(square) > size else cv2.INTER_LINEAR)
        raw = f"{name}-area-{size}.rgb"
        (folder / raw).write_bytes(pixels.tobytes())
        results.append({"file": f"{name}.jpg", "size": size, "raw": raw})
    return results


def main() -> None:
    folder = Path(sys.argv[1])
    if "--area" in sys.argv:
        expected = json.loads((folder / "expected.json").read_text())
        expected["area"] = by_area(folder)
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
        return
    folder.mkdir(parents=True, exist_ok=True)
    expected = {"reference": f"OpenCV {cv2.__version__}", "valid": [], "refused": []}
    for name, (data, raw) in valid().items():
        path = folder / f"{name}.jpg"
        path.write_bytes(data)
        expected["valid"].append(expectation(path, raw))
    for name, (data, code) in refused().items():
        (folder / name).write_bytes(data)
        expected["refused"].append({"file": name, "code": code})
    expected["area"] = by_area(folder)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
