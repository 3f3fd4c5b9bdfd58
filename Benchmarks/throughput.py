"""How many requests a running server answers in a second, and how long each takes, at 1, 8 and 64 connections at a time.

Run `make run` in one window and `python3 Benchmarks/throughput.py PHOTO [--url http://localhost:8080] [--seconds 20]` in another, on
the same machine: only the loopback is used, and this client takes its share of the cores. Standard library only.

With `--process PID`, the worker's, the last column is the share of all processors' time that its inference threads had, of which it has one
a processor: where others keep the machine busy, that still tells what is lost between analyses.

Each connection sends the next request as soon as it is answered; one that is refused (503) waits for 0.1 s first, much less than
Retry-After asks for, so that the line stays full.
"""

import argparse
import os
import socket
import statistics
import threading
import time
import urllib.parse
from pathlib import Path

from latency import form


class Connection:
    """A connection that is kept, and opened again where the server has closed it."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> int:
        """Sends a request and reads the answer to its end; gives the status, 0 where there was none."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(self.address, 120)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += self.receive()
            head, _, body = answer.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            missing = int(fields[b"content-length"]) - len(body)
            while missing > 0:
                missing -= len(self.receive())
            if fields.get(b"connection") == b"close":
                self.close()
            return int(head.split(b" ", 2)[1])
        except (OSError, KeyError, ValueError):
            self.close()
            return 0

    def receive(self) -> bytes:
        piece = self.socket.recv(65536)
        if not piece:
            raise OSError("closed")
        return piece

    def close(self) -> None:
        if self.socket:
            self.socket.close()
        self.socket = None


def measure(host: str, port: int, request: bytes, connections: int, seconds: float) -> dict[int, list[float]]:
    """Milliseconds of each request by its status."""
    times: dict[int, list[float]] = {}
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def client() -> None:
        connection, mine = Connection(host, port), []
        while time.perf_counter() < end:
            start = time.perf_counter()
            status = connection.ask(request)
            mine.append((status, (time.perf_counter() - start) * 1000))
            if status != 200:
                time.sleep(0.1)
        connection.close()
        with lock:
            for status, milliseconds in mine:
                times.setdefault(status, []).append(milliseconds)

    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def thread_seconds(process: int) -> dict[str, float]:
    """The processor time of each thread of a process."""
    seconds = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            fields = (thread / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        seconds[thread.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def inference_share(before: dict[str, float], after: dict[str, float], elapsed: float) -> float:
    """Of all processors' time, what the busiest threads had: as many as there are processors."""
    processors = os.cpu_count() or 1
    spent = sorted((seconds - before.get(thread, 0) for thread, seconds in after.items()), reverse=True)
    return sum(spent[:processors]) / (elapsed * processors)


def quantiles(times: list[float]) -> str:
    if not times:
        return "| | |"
    ordered = sorted(times)
    return f"| {statistics.median(ordered):.1f} | {ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]:.1f} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("photo", type=Path)
    arguments.add_argument("--url", default="http://localhost:8080")
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--connections", type=int, nargs="+", default=[1, 8, 64])
    arguments.add_argument("--process", type=int)
    options = arguments.parse_args()
    url = urllib.parse.urlsplit(options.url)
    host, port = url.hostname or "localhost", url.port or 80
    body, kind = form(options.photo.read_bytes())
    health = f"GET /v1/health/ready HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    analysis = (
        f"POST /v1/analyses HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    share = (" inference threads |", "---|") if options.process else ("", "")
    print(f"| request | connections | answered/s | refused/s (503) | failed | p50 ms | p99 ms |{share[0]}\n|{'---|' * 7}{share[1]}")
    for name, request in (("GET /v1/health/ready", health), (f"POST /v1/analyses, {len(body) / 1000:.0f} kB", analysis)):
        for connections in options.connections:
            before = thread_seconds(options.process) if options.process else {}
            start = time.perf_counter()
            times = measure(host, port, request, connections, options.seconds)
            elapsed = time.perf_counter() - start
            answered, refused = times.get(200, []), times.get(503, [])
            failed = sum(map(len, times.values())) - len(answered) - len(refused)
            share = f" {inference_share(before, thread_seconds(options.process), elapsed):.1%} |" if options.process else ""
            print(f"| {name} | {connections} | {len(answered) / elapsed:.1f} | {len(refused) / elapsed:.1f} | {failed} {quantiles(answered)}{share}",
                  flush=True)


if __name__ == "__main__":
    main()
