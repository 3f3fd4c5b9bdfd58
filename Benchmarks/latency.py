"""Times whole analyses through a running server, as a client sees them, one after the other.

Run `make run` in one window and `python3 Benchmarks/latency.py PHOTO [--url http://localhost:8080] [--requests 20]` in another.
Prints the median and the slowest in milliseconds, and the medians of the server's own stages. Standard library only.
"""

import argparse
import json
import statistics
import time
import urllib.request
import uuid
from pathlib import Path


def form(photo: bytes) -> tuple[bytes, str]:
    """A multipart form with one photo, and its content type."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n'
    return head.encode() + photo + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def analyse(url: str, body: bytes, content_type: str) -> tuple[float, dict]:
    """One analysis: milliseconds as seen here, and the server's answer."""
    request = urllib.request.Request(f"{url}/v1/analyses", body, {"Content-Type": content_type})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        analysis = json.load(answer)
    return (time.perf_counter() - start) * 1000, analysis


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("photo", type=Path)
    arguments.add_argument("--url", default="http://localhost:8080")
    arguments.add_argument("--requests", type=int, default=20)
    options = arguments.parse_args()
    body, content_type = form(options.photo.read_bytes())
    analyse(options.url, body, content_type)
    answers = [analyse(options.url, body, content_type) for _ in range(options.requests)]
    times = [milliseconds for milliseconds, _ in answers]
    first = answers[0][1]
    image = first["image"]
    stages = {name: statistics.median(answer["timing_ms"][name] for _, answer in answers) for name in first["timing_ms"]}
    print(f"{image['width']} x {image['height']} pixels, {len(body) / 1e6:.1f} MB, {options.requests} requests, {first['passes']} of {first['passes_available']} passes")
    print(f"median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
    print("server: " + ", ".join(f"{name} {value:.0f} ms" for name, value in stages.items()))


if __name__ == "__main__":
    main()
