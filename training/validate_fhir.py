"""Holds a running server's FHIR bundles to the models of FHIR R4 (PyPI's fhir.resources, its R4B models).

Run `make run` in one window and `python validate_fhir.py PHOTO … [--url http://localhost:8080]` in another. Exits with 1 if a bundle is not valid.
"""

import argparse
import json
import sys
import urllib.request
import uuid
from pathlib import Path

from fhir.resources.R4B.bundle import Bundle

CASES = ({}, {"age": "63", "sex": "female", "site": "torso"}, {"sex": "unknown", "site": "unknown", "age": "0"}, {"views": "1", "members": "1"})


def ask(url: str, photo: bytes, fields: dict[str, str]) -> dict:
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n'.encode()
    body = b"".join(parts) + head + photo + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/fhir+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/analyses", body, headers), timeout=300) as answer:
        return json.load(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--url", default="http://localhost:8080")
    options = parser.parse_args()
    failures = 0
    for path in options.photos:
        for fields in CASES:
            try:
                bundle = Bundle.model_validate(ask(options.url, path.read_bytes(), fields))
                print(path.name, fields, [entry.resource.__class__.__name__ for entry in bundle.entry])
            except ValueError as error:
                failures += 1
                print(path.name, fields, "NOT VALID:", error)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
