"""The document, the live server, and what it takes to hold the one to the other.

Run with a server that is up, keeps records with donation switched on, and knows the token of an admin:
MELASCAN_URL=http://127.0.0.1:8080 MELASCAN_TOKEN=mela_… python3 -m unittest discover -s Tests/Contract -p 'test_*.py'
Needs Debian's python3-jsonschema. Photos are drawn by the tests.
"""

import functools
import http.client
import json
import os
import pathlib
import unittest
import urllib.parse

from jsonschema import Draft202012Validator

import photo

BASE = urllib.parse.urlsplit(os.environ.get("MELASCAN_URL", "http://127.0.0.1:8080"))
TOKEN = os.environ.get("MELASCAN_TOKEN", "")
ADMINS = ("/v1/cases/balance", "/v1/audit/head")
PATIENCE = float(os.environ.get("MELASCAN_PATIENCE", "20"))  # seconds that an answer may take
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FILE = REPOSITORY / "Sources/MelaFCGI/Resources/openapi.json"
DOCUMENT = json.loads(FILE.read_text(encoding="utf-8"))
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
OPERATIONS = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items() if method in METHODS
]
BOUNDARY = "contract-7f3a"
NOTICE = "Decision support, not a diagnosis. For the final diagnosis refer to the biopsy."


class Answer:
    """What came back, read to its end."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def media_type(self):
        return self.headers.get_content_type() if "Content-Type" in self.headers else None

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        """The code of a problem."""
        return self.json["type"].removeprefix("urn:melascan:problem:")


def connect():
    return http.client.HTTPConnection(BASE.hostname, BASE.port or 80, timeout=PATIENCE)


def ask(method, path, body=None, **headers):
    """One request; a header `Content_Type` is sent as `Content-Type`. The admin's token goes along where this machine needs one."""
    connection = connect()
    # Elsewhere it would only be counted: requests with a token are limited per second.
    token = {"Authorization": f"Bearer {TOKEN}"} if path in ADMINS else {}
    headers = token | {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method.upper(), path, body, {name: value for name, value in headers.items() if value is not None})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def form(*parts, **fields):
    """A multipart/form-data body of (name, bytes) parts and text fields, and its type."""
    body = b""
    for name, data in [*parts, *((name, str(value).encode()) for name, value in fields.items())]:
        file_name = '; filename="photo.jpg"' if name == "image" else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def send(path, *parts, accept="application/json", **fields):
    """Posts a form; without parts, one with a good photo."""
    return post(path, *(parts or [("image", good_photo())]), Accept=accept, fields=fields)


def post(path, *parts, fields=None, **headers):
    """Posts a form of (name, bytes) parts and text fields."""
    body, media_type = form(*parts, **(fields or {}))
    return ask("post", path, body, Content_Type=media_type, **headers)


def consent(**changes):
    """Records a new consent to both purposes, and answers with it."""
    texts = ask("get", "/v1/consent-texts").json
    fields = {"processing": "granted", "donation": "granted", "text_version": texts["version"], "language": texts["texts"][0]["language"]}
    return post("/v1/consents", fields=fields | changes)


def good_form(path):
    """The parts and fields of a good form for a path, as little as it needs."""
    if path in ("/v1/analyses", "/melanoma"):
        return [("image", good_photo())], {"views": 1, "members": 1}
    if path == "/v1/consents":
        texts = ask("get", "/v1/consent-texts").json
        return [], {"processing": "granted", "text_version": texts["version"], "language": texts["texts"][0]["language"]}
    if path == "/v1/cases":
        return [("image", good_photo())], {"consent": consent().json["code"], "monk": 7}
    if path == "/v1/cases/histology":
        parts, fields = good_form("/v1/cases")
        return [], {"case": post("/v1/cases", *parts, fields=fields).json["case"], "histology": "nevus"}
    return [], {"code": consent().json["code"]}


@functools.cache
def good_photo():
    return photo.mole()


def events(text):
    """The (name, data) pairs of an event stream, each exactly as documented: one `event` line, one `data` line, an empty line."""
    assert text.endswith("\n\n"), "the stream does not end with an empty line"
    pairs = []
    for piece in text[:-2].split("\n\n"):
        name, data = piece.split("\n")
        assert name.startswith("event: ") and data.startswith("data: "), piece
        pairs.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return pairs


def resolved(node):
    """The node, or what its `$ref` points to."""
    while isinstance(node, dict) and "$ref" in node:
        node = at(node["$ref"])
    return node


def at(reference):
    """What a reference of the form `#/…` points to."""
    node = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def complaints(schema, value):
    """What a schema of the document has against a value."""
    # References begin at the root of the schema, so it takes the components with it.
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


class ContractTestCase(unittest.TestCase):
    """Holds an answer to what the document says about it."""

    def assertFits(self, schema, value):
        self.assertEqual(complaints(schema, value), [])

    def assertHolds(self, answer, method, path):
        """Status, headers, content type and body of an answer are documented for this operation."""
        responses = DOCUMENT["paths"][path][method]["responses"]
        key = str(answer.status) if str(answer.status) in responses else "default"
        self.assertIn(key, responses, f"{method} {path}: status {answer.status} is not documented: {answer.body[:300]}")
        self.assertIsResponse(answer, responses[key], is_head=method == "head")

    def assertIsResponse(self, answer, response, is_head=False):
        response = resolved(response)
        self.assertHeaders(answer, response)
        if "content" not in response or is_head:
            self.assertEqual(answer.body, b"")
            return
        self.assertIn(answer.media_type, response["content"])
        media = response["content"][answer.media_type]
        self.assertFits(media["schema"], answer.json if answer.media_type.endswith("json") else answer.text)
        if media["schema"] == {"$ref": "#/components/schemas/Page"}:
            self.assertIn(NOTICE, answer.text)
        for name, data in events(answer.text) if answer.media_type == "text/event-stream" else ():
            self.assertIn(name, media["x-events"])
            self.assertFits(media["x-events"][name], data)

    def assertHeaders(self, answer, response):
        for name, header in response.get("headers", {}).items():
            header = resolved(header)
            if name in answer.headers:
                self.assertFits(header["schema"], answer.headers[name])
                self.assertEqual(len(answer.headers.get_all(name)), 1, f"{name} is sent more than once")
            else:
                self.assertFalse(header.get("required"), f"{name} is missing")

    def assertProblem(self, answer, code, method, path):
        """A problem of this code, with a status that the document has for it."""
        self.assertHolds(answer, method, path)
        self.assertEqual(answer.media_type, "application/problem+json")
        self.assertEqual(answer.code, code)
        self.assertEqual(answer.json["status"], answer.status)
