#!/usr/bin/env python3
"""Sends malformed FastCGI records to a worker that it starts, and asks after each batch whether all is well.

    fastcgi_records.py WORKER [--count 24000] [--seconds 0] [--seed N] [--first I]

Request I depends on the seed and on I alone: `--seed N --first I --count 1` sends it again. All is well if the process lives and has
said nothing, memory and descriptors have not grown, a photo is answered, and every thread is free: all but one are held by requests that
have only begun, and the last one answers. Debian's Python is enough.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PHOTO = REPOSITORY / "Tests/Fixtures/imaging/odd.jpg"
QUEUE = 8
THREADS = QUEUE + 5  # as MelaFCGI.serve makes them
BATCH = 300
PATIENCE = 10  # seconds for a good request on a busy machine
GROWTH = 64 << 10  # KiB that memory may grow by after the first batch
BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)
# A name and a value that are longer together are sent by accident only: libfcgi 2.4.2 adds the lengths up in an int, and an assertion of
# its own ends the process (SECURITY.md says why that is borne). Then a new worker is started, which shows no slow growth.
LARGEST = (1 << 31) - 3
BOUNDARY = b"fuzz"
FORM_TYPE = b"multipart/form-data; boundary=" + BOUNDARY


# What a web server sends.

def record(kind, content=b"", *, request=1, version=1, length=None, padding=0, claimed_padding=None):
    """One record; `length` and `claimed_padding` make its header lie."""
    return struct.pack(
        ">BBHHBB", version, kind, request, len(content) if length is None else length,
        padding if claimed_padding is None else claimed_padding, 0) + content + bytes(padding)


def begin(role=1, flags=0, **more):
    return record(BEGIN, struct.pack(">HB5x", role, flags), **more)


def size(count, long=False):
    return struct.pack(">I", count | 1 << 31) if long or count > 127 else bytes([count])


def pairs(parameters):
    return b"".join(size(len(name)) + size(len(value)) + name + value for name, value in parameters.items())


def stream(kind, content, **more):
    """The records of a whole stream, with the empty one that ends it."""
    pieces = [content[start:start + 65535] for start in range(0, len(content), 65535)]
    return [record(kind, piece, **more) for piece in [*pieces, b""]]


def parameters(method=b"GET", path=b"/v1/health/ready", body=b"", **more):
    return {b"REQUEST_METHOD": method, b"DOCUMENT_URI": path, b"CONTENT_TYPE": FORM_TYPE, b"CONTENT_LENGTH": b"%d" % len(body),
            **{name.encode(): value for name, value in more.items()}}


def form(image, **fields):
    parts = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (BOUNDARY, name.encode(), value)
        for name, value in {"image": image, **fields}.items())
    return parts + b"--%s--\r\n" % BOUNDARY


def whole(body=b"", **more):
    """The records of a sound request."""
    return [begin(), *stream(PARAMS, pairs(parameters(body=body, **more))), *stream(STDIN, body)]


# What none sends. Each takes a source of chance and gives the bytes of one attempt.

def short(chance, count):
    """Bytes that are no long lengths if they are taken for parameters."""
    return bytes(byte & 127 for byte in chance.randbytes(count))


def base(chance):
    """A request to spoil: a question, or an upload that is no photo."""
    if chance.random() < 0.3:
        return whole(path=chance.choice([b"/v1/health/live", b"/metrics", b"/nothing", b"/v1/ensemble"]))
    path = chance.choice([b"/v1/analyses", b"/melanoma"])
    return whole(form(short(chance, chance.choice([0, 10, 3000, 70000])), age=b"63"), method=b"POST", path=path)


def beginning(chance):
    """Roles, flags and lengths of BEGIN_REQUEST that are not a responder's."""
    records = base(chance)
    role = chance.choice([0, 1, 2, 3, 4, 255, 65535])
    content = struct.pack(">HB5x", role, chance.randrange(256))
    records[0] = chance.choice([
        record(BEGIN, content), record(BEGIN, content[:chance.randrange(8)]), record(BEGIN, content * chance.randrange(2, 5)),
        record(BEGIN, content) * 2, b"", record(BEGIN, content, request=0)])
    return b"".join(records)


def lying_lengths(chance):
    """Names and values whose lengths are not theirs."""
    content = b"".join(
        size(max(0, len(name) + chance.randint(-9, 9)), chance.random() < 0.5)
        + size(max(0, len(value) + chance.choice([-1, 0, 1, 100, 5000])), chance.random() < 0.5) + name + value
        for name, value in parameters().items())
    return b"".join([begin(), *stream(PARAMS, content), *stream(STDIN, b"")])


def huge_lengths(chance):
    """Lengths near the ends of what 31 bits hold, with little or nothing behind them."""
    name = chance.choice([0, 1, 127, 1 << 16, 1 << 28, 1 << 30, LARGEST - chance.randrange(4)])
    value = chance.choice([0, 1, 1 << 16, 1 << 30, LARGEST])
    refused = (1 << 31) - 1  # by either alone
    lengths = chance.choice([(name, min(value, LARGEST - name)), (name, refused), (refused, value)])
    content = pairs(parameters() if chance.random() < 0.3 else {}) + b"".join(size(length, True) for length in lengths)
    return b"".join([begin(), *stream(PARAMS, content + b"A" * chance.choice([0, 1, 200, 9000])), *stream(STDIN, b"")])


def no_end(chance):
    """A stream or more without the empty record that ends it."""
    records = [piece for piece in base(chance) if piece[4:6] != b"\0\0" or chance.random() < 0.3]
    return b"".join(records)


def wrong_content_length(chance):
    """A CONTENT_LENGTH that is not the body's."""
    body = form(chance.randbytes(chance.randrange(2000)))
    claimed = chance.choice([b"", b"0", b"-1", b"1", b"%d" % (len(body) - 1), b"%d" % (len(body) + 1), b"20971520", b"20971521",
                             b"9223372036854775807", b"9223372036854775808", b"1e3", b" 5", b"\xff", b"0" * 5000 + b"7"])
    return b"".join(whole(body, method=b"POST", path=b"/v1/analyses", CONTENT_LENGTH=claimed))


def aborted(chance):
    """ABORT_REQUEST anywhere."""
    records = base(chance)
    for _ in range(chance.randint(1, 3)):
        abort = record(ABORT, short(chance, chance.choice([0, 0, 8])), request=chance.choice([0, 1, 1, 2]))
        records.insert(chance.randrange(len(records) + 1), abort)
    return b"".join(records)


def management(chance):
    """Records of request 0, and of kinds that are not the web server's to send."""
    records = base(chance)
    for _ in range(chance.randint(1, 20)):
        content = chance.choice([
            b"", pairs({b"FCGI_MAX_CONNS": b"", b"FCGI_MPXS_CONNS": b""}), pairs({b"X" * 3000: b""}), size(1 << 29, True) + size(0),
            short(chance, chance.randrange(300))])
        kind = chance.choice([GET_VALUES, END, STDOUT, STDERR, DATA, 10, 11, 0, 255])
        records.insert(chance.randrange(len(records) + 1), record(kind, content, request=chance.choice([0, 0, 1])))
    return b"".join(records)


def interleaved(chance):
    """Two requests, record by record, on one connection."""
    other = chance.choice([0, 2, 256, 65535])
    records = base(chance)
    mixed = [piece[:2] + struct.pack(">H", other) + piece[4:] for piece in base(chance)]
    for piece in mixed:
        records.insert(chance.randrange(len(records) + 1), piece)
    return b"".join(records)


def cut(chance):
    """A sound request that ends anywhere."""
    sound = b"".join(base(chance))
    return sound[:chance.randrange(len(sound))]


def altered(chance):
    """A sound request with some bytes changed, most of them where records begin."""
    spoilt = bytearray(b"".join(base(chance)))
    for _ in range(chance.randint(1, 8)):
        spoilt[chance.randrange(min(len(spoilt), chance.choice([40, 400, 100000])))] = chance.randrange(0xBF)  # two lengths: below LARGEST
    return bytes(spoilt)


def false_heads(chance):
    """Versions, lengths and paddings that are not the record's."""
    records = base(chance)
    place = chance.randrange(len(records))
    head, content = records[place][:8], records[place][8:]
    records[place] = record(
        head[1], content, version=chance.choice([0, 1, 2, 255]), length=chance.choice([0, 1, min(len(content) + 1, 65535), 65535, len(content)]),
        padding=chance.choice([0, 7, 255]), claimed_padding=chance.choice([0, 1, 255]))
    return b"".join(records)


def odd_parameters(chance):
    """Parameters without end, without names, doubled, with bytes that are no text."""
    content = pairs(parameters(path=b"/" + chance.randbytes(chance.randrange(200))))
    for _ in range(chance.choice([1, 10, 3000])):
        name, value = chance.randbytes(chance.randrange(20)), chance.randbytes(chance.randrange(30))
        content += size(len(name), chance.random() < 0.1) + size(len(value)) + name + value
    content += pairs({b"HTTP_ACCEPT": chance.randbytes(chance.choice([0, 100, 40000]))})
    return b"".join([begin(), *stream(PARAMS, content), *stream(STDIN, b"")])


def noise(chance):
    """Bytes by chance, some of them behind a sound beginning."""
    return (begin() if chance.random() < 0.5 else b"") + chance.randbytes(chance.choice([1, 8, 100, 10000]))


KINDS = [beginning, lying_lengths, huge_lengths, no_end, wrong_content_length, aborted, management, interleaved, cut, altered, false_heads,
         odd_parameters, noise]


def connect(path, patience=PATIENCE):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(patience)
    client.connect(path)
    return client


def attack(path, seed, number):
    """Sends malformed request `number` and leaves; gives its kind. How it leaves is a matter of chance too."""
    chance = random.Random(f"{seed}/{number}")
    kind = chance.choice(KINDS)
    attempt = kind(chance)
    leaving = chance.choice(["close", "close half", "listen"])
    with connect(path) as client, contextlib.suppress(OSError):  # the worker may close first
        middle = chance.randrange(len(attempt) + 1)
        client.sendall(attempt[:middle])
        client.sendall(attempt[middle:])
        if leaving != "close":
            client.shutdown(socket.SHUT_WR)
        if leaving == "listen":
            client.settimeout(0.2)  # one that asked to keep the connection would wait for ever
            while client.recv(65536):
                pass
    return kind.__name__


Figures = collections.namedtuple("Figures", "memory threads descriptors")  # KiB, counts


class Worker:
    """A worker on a socket of its own, and what is asked of it."""

    def __init__(self, program, folder):
        self.path = f"{folder}/worker.sock"
        self.log = pathlib.Path(folder, "log")
        settings = {"MELASCAN_SOCKET": self.path, "MELASCAN_QUEUE": str(QUEUE), "MELASCAN_LOG_LEVEL": "warning",
                    "SWIFT_BACKTRACE": "enable=no"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program], cwd=REPOSITORY, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                sys.exit(f"The worker does not start: {self.log.read_text()}")
            time.sleep(0.05)

    def is_ready(self):
        try:
            return self.status(whole()) == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def status(self, records):
        with connect(self.path) as client:
            client.sendall(b"".join(records))
            return read_status(client)

    def measure(self, name):
        """A figure of /proc/PID/status: KiB, or a count."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

    def figures(self):
        return Figures(self.measure("VmRSS"), self.measure("Threads"), len(os.listdir(f"/proc/{self.process.pid}/fd")))

    def was_ended_by_libfcgi(self):
        """Whether it has ended by the one assertion that is known."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        return self.process.returncode == -signal.SIGABRT and "fcgiapp.c:75: Malloc: Assertion" in self.log.read_text()

    def free_threads(self):
        """Asks all threads at once: each but one is held by a request that has only begun. Gives the seconds of the last one's answer."""
        halves = [b"".join(whole())[:n + 1] for n in range(THREADS - 1)]
        with contextlib.ExitStack() as held:
            clients = [held.enter_context(connect(self.path)) for _ in halves]
            for client, half in zip(clients, halves):
                client.sendall(half)
            start = time.monotonic()
            assert self.status(whole()) == 200, "a good request is refused"
            seconds = time.monotonic() - start
            for client, half in zip(clients, halves):
                client.sendall(b"".join(whole())[len(half):])
                assert read_status(client) == 200, "a request that was held is refused"
        return seconds


def read_status(client):
    """The HTTP status of an answer that is read to its end."""
    answer, text = b"", b""
    while piece := client.recv(65536):
        answer += piece
    while len(answer) >= 8:
        kind, length, padding = answer[1], *struct.unpack(">HB", answer[4:7])
        text += answer[8:8 + length] if kind == STDOUT else b""
        answer = answer[8 + length + padding:]
    return int(text[8:11]) if text.startswith(b"Status: ") else None


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("worker")
    options.add_argument("--count", type=int, default=24_000, help="malformed requests, at least")
    options.add_argument("--seconds", type=float, default=0, help="how long, at least")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options.add_argument("--first", type=int, default=0, help="number of the first request")
    options = options.parse_args()
    print(f"seed {options.seed}", flush=True)
    start = time.monotonic()
    kinds = collections.Counter()
    slowest, ended, number, end = 0, 0, options.first, options.first + options.count
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        worker = Worker(options.worker, folder)
        try:
            worker.free_threads()
            before = now = worker.figures()
            while number < end or time.monotonic() - start < options.seconds:
                batch = range(number, min(number + BATCH, end) if number < end else number + BATCH)
                try:
                    attack_all(worker, pool, options.seed, batch, kinds)
                    slowest = max(slowest, worker.free_threads())
                    now = worker.figures()
                    check(worker, before, now)
                except OSError:
                    if not worker.was_ended_by_libfcgi():
                        raise
                    ended += 1
                    worker = Worker(options.worker, folder)
                number = batch.stop
        except (AssertionError, OSError) as error:
            sys.exit(f"{error!r} in the batch from {number} of seed {options.seed}; exit status {worker.process.poll()}\n"
                     + worker.log.read_text()[-2000:])
        else:
            print(f"{kinds.total()} malformed requests in {time.monotonic() - start:.0f} s: "
                  + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
            print(f"memory {before.memory >> 10} MiB before, {now.memory >> 10} at the end, {worker.measure('VmHWM') >> 10} at most; "
                  f"threads {now.threads}; descriptors {before.descriptors}, {now.descriptors} at the end; "
                  f"slowest answer past held threads {slowest * 1000:.0f} ms; ended by libfcgi's assertion {ended} times")
        finally:
            worker.stop()


def attack_all(worker, pool, seed, batch, kinds):
    """Sends a batch on all threads, then leaves every thread at once with half a request."""
    for kind in pool.map(lambda number: attack(worker.path, seed, number), batch):
        kinds[kind] += 1
    halves = [connect(worker.path) for _ in range(THREADS)]
    for client, count in zip(halves, range(1, 400, 30)):
        client.sendall(b"".join(base(random.Random(count)))[:count])
    for client in halves:
        client.close()
    kinds["left together"] += THREADS


def check(worker, before, now):
    photo = form(PHOTO.read_bytes(), views=b"1", members=b"1")
    assert worker.status(whole(photo, method=b"POST", path=b"/melanoma")) == 200, "a photo is not answered"
    assert now.memory <= before.memory + GROWTH, f"memory grew from {before.memory} to {now.memory} KiB"
    assert now.threads == before.threads, f"{now.threads} threads, {before.threads} before"
    # A kept connection is closed by its thread's next request, and the last answer's a moment later.
    assert now.descriptors <= before.descriptors + THREADS, f"{now.descriptors} descriptors, {before.descriptors} before"
    assert not worker.log.read_bytes(), "the worker complains"


if __name__ == "__main__":
    main()
