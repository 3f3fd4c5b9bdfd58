"""How a server's memory and answers hold over hours: analyses, consents, donations and withdrawals at a steady rate.

Start a server that keeps records (scripts/trial-records prints the settings for `make run`), then:
python3 Benchmarks/soak.py PHOTO … --url http://127.0.0.1:8080 --process $(pgrep -x MelaFCGI) --seconds 3600 --rate 2
Prints a line a minute, and at the end how many requests failed. Python's standard library only.
"""

import argparse
import http.client
import json
import statistics
import time
import urllib.parse
import uuid
from pathlib import Path


def post(address: urllib.parse.SplitResult, path: str, fields: dict[str, str | bytes]) -> dict:
    boundary, body = uuid.uuid4().hex, b""
    for name, value in fields.items():
        file_name = '; filename="photo.jpg"' if isinstance(value, bytes) else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode()
        body += (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=60)
    try:
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        connection.request("POST", path, body + f"--{boundary}--\r\n".encode(), headers)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status not in (200, 201):
            raise OSError(f"{path}: {answer.status} {data[:200]!r}")
        return json.loads(data)
    finally:
        connection.close()


def megabytes(process: int) -> dict[str, int]:
    lines = (line.split() for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines())
    return {words[0][:-1]: int(words[1]) // 1024 for words in lines if words[0] in ("VmRSS:", "VmHWM:")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--process", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=2, help="analyses a second")
    options = parser.parse_args()
    address = urllib.parse.urlsplit(options.url)
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=60)
    connection.request("GET", "/v1/consent-texts")
    texts = json.loads(connection.getresponse().read())
    consent = {"donation": "granted", "text_version": texts["version"], "language": texts["texts"][0]["language"]}

    photos = [path.read_bytes() for path in options.photos]
    begin, minute, count, failures, times = time.monotonic(), 0, 0, 0, []
    while time.monotonic() - begin < options.seconds:
        wait = begin + count / options.rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        photo = photos[count % len(photos)]
        started = time.monotonic()
        try:
            post(address, "/v1/analyses", {"image": photo})
            times.append(time.monotonic() - started)
            if count % 10 == 0:  # one in ten is donated, and withdrawn at once
                code = post(address, "/v1/consents", consent)["code"]
                post(address, "/v1/cases", {"image": photo, "consent": code, "monk": "7"})
                post(address, "/v1/withdrawals", {"code": code})
        except OSError as error:
            failures += 1
            print(error, flush=True)
        count += 1
        if time.monotonic() - begin > 60 * minute:
            held = megabytes(options.process)
            median = 1000 * statistics.median(times) if times else 0
            print(f"{minute} min: {count} analyses, median {median:.0f} ms, {held['VmRSS']} MB held, {held['VmHWM']} MB at most", flush=True)
            minute, times = minute + 1, []
    print(f"{count} analyses, {failures} requests failed; {megabytes(options.process)} MB")


if __name__ == "__main__":
    main()
