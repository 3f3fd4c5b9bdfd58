"""One host whose parts are killed (kill -9) at random moments under load, again and again: the worker, nginx with its workers, the
database with its children. Each is started again, as systemd does, only sooner. Afterwards everything that was answered is held
against what was kept. Then two more troubles: a disk that is full, and a calendar that jumps. As root: `scripts/cluster-test rounds 200`.
"""

import argparse
import collections
import random
import shutil
import signal
import sqlite3
import struct
import sys
import threading
import time
import uuid
from pathlib import Path

import service
from load import Answers, Device, Doctor, Probe, Target, content, reckon
from service import REPOSITORY, Nginx, PostgreSQL, Worker, run, temporary_folder

PHOTOS = ["landscape.jpg", "portrait.jpg", "small.jpg", "odd.jpg"]
FIXTURES = REPOSITORY / "Tests/Fixtures/imaging"


class Host:
    """nginx with the cloud's site, one worker, and one store."""

    def __init__(self, folder: Path, store: str, port: int, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.database = None
        if store == "postgresql":
            self.database = PostgreSQL(folder / "database", port + 2)
            self.database.make()
            self.records = self.database.local_address
        else:
            self.records = str(folder / "records")
        authority = folder / "authority"
        run(REPOSITORY / "scripts/certificates", authority, "authority", "Rounds")
        run(REPOSITORY / "scripts/certificates", authority, "server", "server", "localhost")
        self.text_version = service.write_consent_text(folder / "consent.json")
        service.new_key(folder / "records.key")
        self.tokens = [service.add_token(self.records, f"Phone {number + 1}") for number in range(9)]
        self.worker = Worker(folder / "host", {
            "MELASCAN_MODE": "cloud", "MELASCAN_RECORDS": self.records, "MELASCAN_KEY": f"{folder}/records.key",
            "MELASCAN_CONSENT": f"{folder}/consent.json", "MELASCAN_DONATION": "on",
            "MELASCAN_ENSEMBLE": f"{REPOSITORY}/ensembles/default", **(environment or {}),
        })

        def without_limits(text: str) -> str:
            # A client that tries again ten times a second is what this is about.
            return text.replace("rate=60r/m", "rate=6000r/m").replace("rate=20r/s", "rate=2000r/s")

        self.nginx = Nginx(
            folder / "nginx", [f"127.0.0.1:{port}", self.worker.path, REPOSITORY / "web", f"127.0.0.1:{port + 1}",
                               authority / "server.pem", authority / "server.key", "localhost"], change=without_limits)
        self.target = Target("127.0.0.1", port + 1, authority / "ca.pem", text_version=self.text_version)
        for part in (self.worker, self.nginx):
            part.start()
            part.wait_ready()

    @property
    def parts(self) -> dict[str, service.Process]:
        named = {"worker": self.worker, "nginx": self.nginx}
        return {**named, "database": self.database} if self.database else named

    def start(self, names: list[str]) -> None:
        """Starts what was killed; a worker that finds no database ends and is started again, as by Restart=on-failure."""
        for name in names:
            self.parts[name].start()
        for name in names:
            for _ in range(100):
                try:
                    self.parts[name].wait_ready(30)
                    break
                except RuntimeError:
                    if self.parts[name].process.poll() is None:
                        raise
                    time.sleep(0.1)
                    self.parts[name].start()

    def count(self, table: str) -> int:
        if self.database:
            return int(self.database.query(f"SELECT count(*) FROM {table}")[0][0])
        with sqlite3.connect(f"file:{self.records}/records.sqlite?mode=ro", uri=True) as connection:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def device(self, token: int = 0) -> Device:
        return Device(self.target, self.tokens[token], None, Answers())

    def close(self) -> None:
        for part in reversed(self.parts.values()):
            part.kill()


class OneView(Doctor):
    """A doctor who asks for few passes: these rounds are about answers, not about load."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        send = self.device.send

        def quick(method: str, path: str, fields: dict | None = None, **more: str) -> tuple[int, dict]:
            return send(method, path, {**fields, "views": "1"} if path == "/v1/analyses" else fields, **more)

        self.device.send = lambda method, path, fields=None, key=None, name="": quick(method, path, fields, key=key, name=name)


def expected_with_one_view(photos: list[Path]) -> dict[str, float]:
    return service.expected_probabilities(photos, "--views", "1")


def table(title: str, rows: list[tuple[str, object]], faults: list[str]) -> bool:
    width = max(len(name) for name, _ in rows)
    print(f"\n== {title}")
    print("\n".join(f"{name:<{width}}  {value}" for name, value in rows))
    for fault in faults[:40]:
        print(f"FAULT: {fault}")
    print(f"{title}: {'passed' if not faults else f'{len(faults)} faults'}", flush=True)
    return not faults


def rounds(store: str, count: int, seed: int, port: int) -> bool:
    folder = temporary_folder()
    chance = random.Random(seed)
    host = None
    try:
        host = Host(folder, store, port)
        photos = {name: (FIXTURES / name).read_bytes() for name in PHOTOS}
        expected = expected_with_one_view([FIXTURES / name for name in PHOTOS])
        answers, stop = Answers(), threading.Event()
        doctors = [
            OneView(host.target, token, f"127.0.1.{number + 1}", answers, photos, expected, stop, pause=0.05, donates=True,
                    seed=seed + number)
            for number, token in enumerate(host.tokens[:6])
        ]
        probe = Probe(host.target, host.tokens[8], "127.0.1.99", stop)
        begun = time.monotonic()
        for thread in [probe, *doctors]:
            thread.start()
        killed: collections.Counter[str] = collections.Counter()
        outages: dict[str, float] = {}
        for number in range(count):
            time.sleep(chance.uniform(0.1, 0.7))
            names = chance.sample(list(host.parts), 2 if chance.random() < 0.1 else 1)
            killed.update(names)
            died = time.monotonic()
            for name in names:
                host.parts[name].kill()
            time.sleep(chance.uniform(0.02, 0.2))
            # The database first: it is what the worker waits for.
            host.start(sorted(names, key=["database", "worker", "nginx"].index))
            for name in names:
                outages[name] = max(outages.get(name, 0), time.monotonic() - died)
            if (number + 1) % 50 == 0:
                print(f"{store}: {number + 1} of {count} rounds, {time.monotonic() - begun:.0f} s", flush=True)
        stop.set()
        for thread in [probe, *doctors]:
            thread.join(90)
        elapsed = time.monotonic() - begun
        faults = [] if not any(thread.is_alive() for thread in doctors) else ["a client did not come to its end"]
        entries = service.audit_entries(host.records)
        faults += reckon(answers, entries, host.count("consents"), host.count("cases"))
        failed = [one for one in answers.tries if one.status == 0 or one.status == 429 or one.status >= 500]
        kinds = collections.Counter(f"{one.status} {one.problem}".strip() if one.status else "no answer" for one in failed)
        if kinds.pop("500 internal", 0):
            faults.append("an error 500")
        rows = [
            ("rounds; killed", f"{count}; " + ", ".join(f"{name} {number}" for name, number in sorted(killed.items()))),
            ("seconds", f"{elapsed:.0f}"),
            ("requests / answered / failed", f"{len(answers.tries)} / {len(answers.tries) - len(failed)} / {len(failed)}"),
            ("failed with", ", ".join(f"{kind}: {number}" for kind, number in kinds.most_common())),
            ("analyses answered / not in the log / wrong", f"{len(answers.analyses)} / "
             f"{sum('the analysis' in fault for fault in faults)} / {len(answers.wrong)}"),
            ("consents answered / kept / asked for", f"{len(answers.consents)} / {host.count('consents')} / {len(answers.keys)}"),
            ("donations answered / kept / asked for", f"{len(answers.cases)} / {host.count('cases')} / {len(answers.case_keys)}"),
            ("given up by a client after 40 s", len(answers.given_up)),
            ("longest from a kill to ready again", ", ".join(f"{name} {took:.1f} s" for name, took in sorted(outages.items()))),
            ("longest time without an answer", f"{probe.longest_gap:.1f} s"),
            ("entries of the log, chain", f"{len(entries)}, holds"),
        ]
        return table(f"{store}, seed {seed}", rows, faults)
    finally:
        if host:
            host.close()
        shutil.rmtree(folder, ignore_errors=True)


def consent(device: Device, text_version: str) -> tuple[int, dict]:
    statement = {"processing": "granted", "donation": "granted", "language": "en", "text_version": text_version}
    return device.send("POST", "/v1/consents", statement, key=uuid.uuid4().hex)


def full_disk(port: int) -> bool:
    """SQLite on a disk of 3 MB that something else fills."""
    folder = temporary_folder()
    host = None
    (folder / "records").mkdir(mode=0o700)
    run("mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", folder / "records")
    try:
        host = Host(folder, "sqlite", port)
        device, faults = host.device(), []
        photo = (FIXTURES / "landscape.jpg").read_bytes()
        expected = expected_with_one_view([FIXTURES / "landscape.jpg"])["landscape.jpg"]
        answered: list[str] = []
        seen: dict[str, collections.Counter[str]] = {}

        def analyse(phase: str, code: str) -> None:
            status, answer = device.send("POST", "/v1/analyses", {"image": photo, "consent": code, "views": "1"})
            note(phase, "analysis", status, answer)
            if status == 200:
                answered.append(answer["id"])
                if abs(answer["probability"] - expected) > 1e-6:
                    faults.append("a wrong answer")

        def note(phase: str, what: str, status: int, answer: dict) -> None:
            problem = answer.get("type", "").rpartition(":")[2] if status >= 400 else ""
            seen.setdefault(phase, collections.Counter())[f"{what} {status} {problem}".strip()] += 1

        code = consent(device, host.text_version)[1]["code"]
        for _ in range(5):
            analyse("room", code)
        with open(folder / "records/filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        for _ in range(60):
            analyse("full", code)
        for _ in range(5):
            note("full", "consent", *consent(device, host.text_version))
            note("full", "donation", *device.send("POST", "/v1/cases", {"image": photo, "consent": code}, key=uuid.uuid4().hex))
            note("full", "ensemble", *device.send("GET", "/v1/ensemble"))
        (folder / "records/filler").unlink()
        for _ in range(5):
            analyse("room again", code)
        note("room again", "consent", *consent(device, host.text_version))
        logged = set(analysis_ids(host.records))
        faults += [f"the analysis {identifier} is not in the log" for identifier in answered if identifier not in logged]
        if seen["room again"] != {"analysis 200": 5, "consent 201": 1}:
            faults.append("the service did not resume")
        allowed = {"analysis 200", "analysis 503 not-recorded", "consent 503 not-recorded", "consent 201",
                   "donation 503 not-recorded", "donation 201", "ensemble 200"}
        faults += [f"when full: {kind}" for kind in seen["full"] if kind not in allowed]
        if not seen["full"]["analysis 503 not-recorded"]:
            faults.append("the disk was never full")
        rows = [(phase, ", ".join(f"{kind}: {number}" for kind, number in kinds.items())) for phase, kinds in seen.items()]
        return table("full disk", rows + [("chain", "holds")], faults)
    finally:
        if host:
            host.close()
        run("umount", folder / "records")
        shutil.rmtree(folder, ignore_errors=True)


def analysis_ids(records: str) -> list[str]:
    return [content(entry)["id"] for entry in service.audit_entries(records) if entry["kind"] == "analysis"]


def clock_jumps(port: int) -> bool:
    """The worker's calendar jumps, forth and back, while it runs."""
    folder = temporary_folder()
    host = None
    try:
        run("gcc", "-shared", "-fPIC", "-O1", "-o", folder / "clock.so", REPOSITORY / "Tests/Cluster/clock.c")
        (folder / "offset").write_bytes(struct.pack("l", 0))
        host = Host(folder, "sqlite", port, {"LD_PRELOAD": str(folder / "clock.so"), "MELA_CLOCK": str(folder / "offset")})
        ends = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 10 * 86_400))
        lines = run(service.BINARIES / "melascan", "token", "add", "Guest", "--role", "doctor", "--expires", ends,
                    "--records", host.records).splitlines()
        guest = Device(host.target, next(line.strip() for line in lines if line.startswith("    ")), None, Answers())
        device, faults, rows = host.device(), [], []
        photo = (FIXTURES / "landscape.jpg").read_bytes()
        expected = expected_with_one_view([FIXTURES / "landscape.jpg"])["landscape.jpg"]
        first = consent(device, host.text_version)[1]["code"]
        hour, day = 3600, 86_400
        for name, offset, covered, admitted in [
            ("now", 0, True, True), ("an hour on", hour, True, True), ("two hours back", -hour, True, True),
            ("31 days on", 31 * day, False, False), ("ten years back", -3650 * day, True, True), ("now again", 0, True, True),
        ]:
            with open(folder / "offset", "r+b") as file:
                file.write(struct.pack("l", offset))
            said = []
            status, answer = device.send("POST", "/v1/analyses", {"image": photo, "consent": first, "views": "1"})
            said.append(f"analysis {status}")
            if status != (200 if covered else 422):
                faults.append(f"{name}: an analysis was answered {status}")
            if status == 200:
                if abs(answer["probability"] - expected) > 1e-6 or not 0 <= answer["timing_ms"]["total"] < 60_000:
                    faults.append(f"{name}: {answer['probability']} in {answer['timing_ms']['total']} ms")
            status, given = consent(device, host.text_version)
            said.append(f"new consent {status}")
            if status != 201:
                faults.append(f"{name}: a consent was answered {status}")
            elif device.send("POST", "/v1/analyses", {"image": photo, "consent": given["code"], "views": "1"})[0] != 200:
                faults.append(f"{name}: its own consent does not hold")
            status, _ = guest.send("GET", "/v1/ensemble")
            said.append(f"token that ends in ten days {status}")
            if status != (200 if admitted else 401):
                faults.append(f"{name}: the token was answered {status}")
            rows.append((name, ", ".join(said)))
        times = [entry["time"] for entry in service.audit_entries(host.records)]
        rows.append(("entries of the log, chain", f"{len(times)}, holds"))
        if times == sorted(times):
            faults.append("the calendar did not move")
        return table("calendar", rows, faults)
    finally:
        if host:
            host.close()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments.add_argument("--only", choices=["postgresql", "sqlite", "disk", "clock"])
    arguments.add_argument("--port", type=int, default=21080, help="the first of three on the loopback")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    wanted = {
        "postgresql": lambda: rounds("postgresql", options.rounds, options.seed, options.port),
        "sqlite": lambda: rounds("sqlite", options.rounds, options.seed, options.port),
        "disk": lambda: full_disk(options.port), "clock": lambda: clock_jumps(options.port),
    }
    passed = [part() for name, part in wanted.items() if options.only in (None, name)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
