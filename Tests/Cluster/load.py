"""Clients that behave as the page does: a consent for each patient, photos under it, now and then a donation; what failed and may be
sent again is sent again under the same Idempotency-Key. They note all that they were answered, for the reckoning afterwards."""

import ctypes
import http.client
import json
import os
import random
import socket
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Target:
    """Where clients send to, and from where."""

    address: str
    port: int
    trusted: Path
    """The authority of the server's certificate."""
    name: str = "localhost"
    namespace: str | None = None
    text_version: str = "2026-01"


@dataclass
class Try:
    """One request on the wire."""

    request: str
    """Its Idempotency-Key, or a name for one that has none."""
    path: str
    started: float
    ended: float
    status: int
    """0 where no answer came."""
    problem: str = ""
    is_keyed: bool = False
    mark: str = ""
    """X-Mela-Mark, by which the central's log names the hosts that it was on (run.py)."""


@dataclass
class Answers:
    """All that the clients were told."""

    consents: dict[str, str] = field(default_factory=dict)
    """Key to the consent's identifier."""
    keys: set[str] = field(default_factory=set)
    """Keys of all consents that were asked for."""
    analyses: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Identifier to the photo's name and the probability."""
    cases: dict[str, str] = field(default_factory=dict)
    case_keys: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def form(fields: dict[str, str | bytes]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in fields.items():
        is_file = isinstance(value, bytes)
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += b'; filename="photo.jpg"\r\n\r\n' + value if is_file else f"\r\n\r\n{value}".encode()
        body += b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def enter(namespace: str | None) -> None:
    """Puts the calling thread into a network namespace (setns(2))."""
    if namespace is None:
        return
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if _libc.setns(descriptor, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(descriptor)


class Device:
    """One device with its token and its address; a connection for each request, as nothing here is about speed."""

    def __init__(self, target: Target, token: str | None, source: str | None, answers: Answers, timeout: float = 60) -> None:
        self.target, self.token, self.source, self.answers, self.timeout = target, token, source, answers, timeout
        self.context = ssl.create_default_context(cafile=str(target.trusted))

    def send(self, method: str, path: str, fields: dict | None = None, key: str | None = None, name: str = "") -> tuple[int, dict]:
        """One try. Status 0: no answer."""
        body, kind = form(fields) if fields else (None, "")
        mark = uuid.uuid4().hex
        headers = {"Accept": "application/json", "X-Mela-Mark": mark, "Connection": "close"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body:
            headers["Content-Type"] = kind
        if key:
            headers["Idempotency-Key"] = key
        begun, status, answer = time.monotonic(), 0, {}
        connection = None
        try:
            plain = socket.create_connection(
                (self.target.address, self.target.port), self.timeout, (self.source, 0) if self.source else None)
            connection = http.client.HTTPConnection(self.target.name)
            connection.sock = self.context.wrap_socket(plain, server_hostname=self.target.name)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read()
            answer = json.loads(text)
            status = response.status
        except (OSError, http.client.HTTPException, ValueError):
            status = 0
        finally:
            if connection:
                connection.close()
        problem = answer.get("type", "").rpartition(":")[2] if status >= 400 else ""
        note = Try(key or name, path, begun, time.monotonic(), status, problem, key is not None, mark)
        with self.answers.lock:
            self.answers.tries.append(note)
        return status, answer

    def persist(self, path: str, fields: dict, patience: float = 40) -> tuple[int, dict, str]:
        """Sends under one key until there is an answer that is none of a passing trouble."""
        key = uuid.uuid4().hex
        deadline = time.monotonic() + patience
        while True:
            status, answer = self.send("POST", path, fields, key)
            if 200 <= status < 500 and status != 429:
                return status, answer, key
            if time.monotonic() > deadline:
                with self.answers.lock:
                    self.answers.given_up.append(f"{path} {key} {status}")
                return status, answer, key
            time.sleep(random.uniform(0.1, 0.4))


class Doctor(threading.Thread):
    """Sees one patient after the other until told to stop."""

    def __init__(self, target: Target, token: str, source: str | None, answers: Answers, photos: dict[str, bytes],
                 expected: dict[str, float], stop: threading.Event, pause: float, donates: bool, seed: int) -> None:
        super().__init__(daemon=True)
        self.device = Device(target, token, source, answers)
        self.target, self.answers, self.photos, self.expected = target, answers, photos, expected
        self.stop_event, self.pause, self.donates = stop, pause, donates
        self.random = random.Random(seed)

    def run(self) -> None:
        enter(self.target.namespace)
        try:
            while not self.stop_event.is_set():
                self.see_patient()
        except Exception as error:  # a fault of the test: it must not pass for silence
            self.wrong(f"the client failed: {error!r}")

    def see_patient(self) -> None:
        device, answers = self.device, self.answers
        donates = self.donates and self.random.random() < 0.3
        statement = {
            "processing": "granted", "donation": "granted" if donates else "refused", "language": "en",
            "text_version": self.target.text_version,
        }
        status, answer, key = device.persist("/v1/consents", statement)
        with answers.lock:
            answers.keys.add(key)
            if status == 201:
                answers.consents[key] = answer["id"]
        if status != 201:
            if 0 < status < 500:
                self.wrong(f"a consent was answered {status} {answer.get('detail')}")
            return
        for name in self.random.sample(sorted(self.photos), 2):
            fields = {"image": self.photos[name], "consent": answer["code"]}
            # Every fifth as the original app: without a key, sent once.
            if self.random.random() < 0.2:
                status, analysis = device.send("POST", "/v1/analyses", fields, name=uuid.uuid4().hex)
            else:
                status, analysis, _ = device.persist("/v1/analyses", fields)
            if status == 200:
                self.check(name, analysis)
            elif 0 < status < 500 and status != 429:
                self.wrong(f"an analysis was answered {status} {analysis.get('detail')}")
            time.sleep(self.random.uniform(0, self.pause))
        if donates:
            fields = {"image": self.photos[name], "consent": answer["code"], "sex": "female", "age": "50"}
            status, case, key = device.persist("/v1/cases", fields)
            with answers.lock:
                answers.case_keys.add(key)
                if status == 201:
                    answers.cases[key] = case["case"]
            if 0 < status < 500 and status != 201:
                self.wrong(f"a donation was answered {status} {case.get('detail')}")

    def check(self, name: str, analysis: dict) -> None:
        with self.answers.lock:
            self.answers.analyses[analysis["id"]] = (name, analysis["probability"])
        if abs(analysis["probability"] - self.expected[name]) > 1e-6:
            self.wrong(f"{name} was answered {analysis['probability']}, it is {self.expected[name]}")

    def wrong(self, what: str) -> None:
        with self.answers.lock:
            self.answers.wrong.append(what)


class Probe(threading.Thread):
    """Asks ten times a second for what needs nginx, the worker and the records, and notes when it was answered."""

    def __init__(self, target: Target, token: str, source: str | None, stop: threading.Event, interval: float = 0.1) -> None:
        super().__init__(daemon=True)
        self.device = Device(target, token, source, Answers(), timeout=5)
        self.stop_event, self.interval = stop, interval
        self.answered = [time.monotonic()]

    def run(self) -> None:
        enter(self.device.target.namespace)
        while not self.stop_event.is_set():
            if self.device.send("GET", "/v1/ensemble")[0] == 200:
                self.answered.append(time.monotonic())
            time.sleep(self.interval)

    @property
    def longest_gap(self) -> float:
        return max((later - earlier for earlier, later in zip(self.answered, self.answered[1:])), default=0)


def reckon(answers: Answers, entries: list[dict], consents: int, cases: int) -> list[str]:
    """What does not add up between what was answered and what was kept; empty if all is well."""
    kinds: dict[str, list[dict]] = {}
    for entry in entries:
        kinds.setdefault(entry["kind"], []).append(content(entry))
    logged = {entry["id"] for entry in kinds.get("analysis", [])}
    consents_logged = [entry["consent"] for entry in kinds.get("consent", [])]
    cases_logged = [entry.get("donatedCase") or entry.get("donated_case") for entry in kinds.get("donation", [])]
    faults = list(answers.wrong)
    for identifier in answers.analyses:
        if identifier not in logged:
            faults.append(f"the analysis {identifier} was answered and is not in the log")
    for what, answered, keys, inside, kept in (
        ("consent", answers.consents, answers.keys, consents_logged, consents),
        ("case", answers.cases, answers.case_keys, cases_logged, cases),
    ):
        given = list(answered.values())
        if len(set(given)) != len(given):
            faults.append(f"two keys were answered the same {what}")
        for identifier in given:
            if inside.count(identifier) != 1:
                faults.append(f"the {what} {identifier} is in the log {inside.count(identifier)} times")
        if kept != len(inside):
            faults.append(f"{kept} {what}s are kept, {len(inside)} are in the log")
        if len(inside) > len(keys):
            faults.append(f"{len(inside)} {what}s were made of {len(keys)} requests")
    return faults


def content(entry: dict) -> dict:
    return json.loads(entry["content"]) if isinstance(entry["content"], str) else entry["content"]
