"""Holds a running server's FHIR bundles to the models of FHIR R4 (PyPI's fhir.resources, its R4B models).

Run `make run` in one window and `python validate_fhir.py PHOTO … [--url http://localhost:8080]` in another. Exits with 1 if a bundle is not valid.
Where the server keeps records with donation switched on (scripts/trial-records), its consents are looked at too.
"""

import argparse
import json
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from fhir.resources.R4B.bundle import Bundle

CASES = ({}, {"age": "63", "sex": "female", "site": "torso"}, {"sex": "unknown", "site": "unknown", "age": "0"}, {"views": "1", "members": "1"})


def ask(address: str, fields: dict[str, str | bytes]) -> dict:
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in fields.items():
        file_name = '; filename="photo.jpg"' if isinstance(value, bytes) else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode()
        body += (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/fhir+json"}
    request = urllib.request.Request(address, body + f"--{boundary}--\r\n".encode(), headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def consents(url: str) -> Iterator[tuple[str, dict]]:
    """Bundles of a consent as it is given, looked up, withdrawn in part, and withdrawn."""
    with urllib.request.urlopen(f"{url}/v1/consent-texts", timeout=60) as answer:
        texts = json.load(answer)
    if not texts["donation"]:
        return
    fields = {"text_version": texts["version"], "language": texts["texts"][0]["language"], "given_by": "guardian"}
    given = ask(f"{url}/v1/consents", fields | {"processing": "granted", "donation": "granted"})
    yield "given", given
    identifiers = next(e["resource"]["identifier"] for e in given["entry"] if e["resource"]["resourceType"] == "Consent")
    code = next(i["value"] for i in identifiers if "type" in i)
    yield "looked up", ask(f"{url}/v1/consents/lookup", {"code": code})
    for scope in ("donation", "all"):
        ask(f"{url}/v1/withdrawals", {"code": code, "scope": scope})
        yield f"withdrawn: {scope}", ask(f"{url}/v1/consents/lookup", {"code": code})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--url", default="http://localhost:8080")
    options = parser.parse_args()
    bundles = [(name, bundle) for name, bundle in consents(options.url)]
    for path in options.photos:
        for fields in CASES:
            bundles.append((f"{path.name} {fields}", ask(f"{options.url}/v1/analyses", {**fields, "image": path.read_bytes()})))
    failures = 0
    for name, bundle in bundles:
        try:
            print(name, [entry.resource.__class__.__name__ for entry in Bundle.model_validate(bundle).entry])
        except ValueError as error:
            failures += 1
            print(name, "NOT VALID:", error)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
