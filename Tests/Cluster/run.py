"""Three hosts behind a central, one store in PostgreSQL, all over mutual TLS, each on a machine of its own (a network namespace).

Under load one worker is killed and started again, one host is cut off and comes back, and at last the database is, which all
need. Afterwards all that was answered is held against what was kept: no wrong answer, no consent lost or doubled, errors only for
requests that were on the host in trouble (or came while the database was away), each answered analysis in a log whose chain holds. As root: `make cluster-test`.
"""

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import service
from load import Answers, Device, Doctor, Probe, Target, enter, form, reckon
from network import Network
from service import REPOSITORY, Nginx, PostgreSQL, Process, Worker, run, temporary_folder, wait_until

HOSTS = ["host1", "host2", "host3"]
# Of these photos the networks' answers are known from a run without a server.
PHOTOS = ["landscape.jpg", "portrait.jpg", "small.jpg", "odd.jpg"]
# What a test may know and a log may not.
MARKED = "log_format marked '$http_x_mela_mark|$status|$upstream_addr|$upstream_bytes_sent|$remote_addr';\nupstream melascan_"


def marking(folder: Path):
    """A site that also writes marked.log."""
    line = f'access_log "{folder}/access.log" melascan;'
    return lambda text: text.replace("upstream melascan_", MARKED, 1).replace(line, f'{line}\naccess_log "{folder}/marked.log" marked;')


class Cluster:
    """All machines and what runs on them."""

    def __init__(self, folder: Path, clients: int) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        self.network = Network(["client", "central", "database", *HOSTS])
        # As deploy/README.md asks for: a host that is gone shows within about fifteen seconds.
        self.network.set("central", tcp_keepalive_time=6, tcp_keepalive_intvl=3, tcp_keepalive_probes=3, tcp_retries2=5)
        self.sources = [f"10.203.1.{number + 1}" for number in range(clients)]
        for source in self.sources:
            self.network.add_address("client", source)
        self.authority = self.make_authority()
        address = self.network.addresses
        self.database = self.run_process(PostgreSQL(
            folder / "database", address=address["database"], namespace=self.network.namespace("database")))
        self.database.make(self.authority)
        self.text_version = service.write_consent_text(folder / "consent.json")
        service.new_key(folder / "records.key")
        # The administrator's way in, on the database's machine.
        self.records = self.database.local_address
        self.tokens = [service.add_token(self.records, f"Phone {number + 1}") for number in range(clients + 1)]
        self.workers = {name: self.make_host(name) for name in HOSTS}
        self.central = self.make_central()
        self.target = Target(
            address["central"], 443, self.authority / "ca.pem", "melascan.test", self.network.namespace("client"), self.text_version)

    def run_process(self, process: Process) -> Process:
        self.processes.append(process)
        return process

    def make_authority(self) -> Path:
        folder = self.folder / "authority"

        def make(*words: str) -> None:
            run(REPOSITORY / "scripts/certificates", folder, *words)

        make("authority", "Cluster")
        make("client", "central.melascan.internal", "central")
        make("client", "melascan", "records")
        make("client", "central.elsewhere.internal", "stranger")
        make("server", "public", "melascan.test")
        make("server", "database", "database.melascan.internal")
        for name in HOSTS:
            make("server", name, "hosts.melascan.internal")
        return folder

    def make_host(self, name: str) -> Worker:
        space, address = self.network.namespace(name), self.network.addresses
        records = (
            f"postgresql://melascan@database.melascan.internal/melascan?hostaddr={address['database']}&sslmode=verify-full"
            f"&sslrootcert={self.authority}/ca.pem&sslcert={self.authority}/records.pem&sslkey={self.authority}/records.key")
        worker = Worker(self.folder / name, {
            "MELASCAN_MODE": "cloud", "MELASCAN_RECORDS": records, "MELASCAN_KEY": f"{self.folder}/records.key",
            "MELASCAN_CONSENT": f"{self.folder}/consent.json", "MELASCAN_DONATION": "on", "MELASCAN_THREADS": "1",
            "MELASCAN_ENSEMBLE": f"{REPOSITORY}/ensembles/default",
        }, space)
        self.run_process(worker).start()
        nginx = Nginx(
            self.folder / name / "nginx",
            ["127.0.0.1:8443", worker.path, REPOSITORY / "web", f"{address[name]}:443", self.authority / f"{name}.pem",
             self.authority / f"{name}.key", "hosts.melascan.internal"],
            {"SITE": "host", "CENTRAL": address["central"], "AUTHORITY": str(self.authority)}, space,
            marking(self.folder / name / "nginx"))
        self.run_process(nginx).start()
        worker.wait_ready()
        nginx.wait_ready()
        return worker

    def make_central(self) -> Nginx:
        address = self.network.addresses
        folder = self.folder / "central"

        central = Nginx(
            folder,
            [f"{address['central']}:80", folder / "unused.sock", REPOSITORY / "web", f"{address['central']}:443",
             self.authority / "public.pem", self.authority / "public.key", "melascan.test"],
            {"SITE": "central", "HOSTS": " ".join(f"{address[name]}:443" for name in HOSTS), "AUTHORITY": str(self.authority)},
            self.network.namespace("central"), marking(folder))
        self.run_process(central).start()
        central.wait_ready()
        return central

    def marks(self) -> dict[str, tuple[int, str, str]]:
        """By mark: the central's status, the hosts that were asked, and the bytes that were sent to each."""
        found = {}
        for line in (self.folder / "central/marked.log").read_text().splitlines():
            mark, status, hosts, sent, _ = line.split("|")
            found[mark] = (int(status), hosts, sent)
        return found

    def seen_addresses(self) -> set[str]:
        """Of the clients, as the hosts saw them."""
        return {line.rpartition("|")[2] for name in HOSTS
                for line in (self.folder / name / "nginx/marked.log").read_text().splitlines()}

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
        self.network.close()


def check_ways_in(cluster: Cluster) -> list[str]:
    """What must not work, and what must, before any load."""
    faults = []
    space, address, authority = cluster.network.namespace("client"), cluster.network.addresses, cluster.authority

    def curl(*words: object, inside: str = space) -> str:
        return run("ip", "netns", "exec", inside, "curl", "-s", "--noproxy", "*", "--cacert", authority / "ca.pem", "-w", "\n%{http_code}",
                   "-m", "20", *words)

    def expect(what: str, said: str, status: int, word: str = "") -> None:
        if not said.endswith(f"\n{status}") or word not in said:
            faults.append(f"{what}: {said[-300:]}")

    host = ["--connect-to", f"hosts.melascan.internal:443:{address['host1']}:443", "https://hosts.melascan.internal/v1/ensemble"]
    central = ["--connect-to", f"melascan.test:443:{address['central']}:443"]
    token = ["-H", f"Authorization: Bearer {cluster.tokens[0]}"]

    def certificate(name: str) -> list[object]:
        return ["--cert", authority / f"{name}.pem", "--key", authority / f"{name}.key"]

    expect("a host without a certificate", curl(*token, *host), 400)
    expect("a host with another certificate of the authority", curl(*token, *certificate("stranger"), *host), 403)
    expect("a host with the central's certificate and no token", curl(*certificate("central"), *host), 401, "unauthorised")
    expect("the central without a token", curl(*central, "https://melascan.test/v1/ensemble"), 401, "unauthorised")
    for name in ("SSL_CLIENT_S_DN", "SSL-Client-S-DN", "HTTP_SSL_CLIENT_S_DN"):
        forged = curl(*central, "-H", f"{name}: CN=central.melascan.internal", "https://melascan.test/v1/ensemble")
        expect(f"a forged {name}", forged, 401)
    expect("the central with a token", curl(*central, *token, "https://melascan.test/v1/ensemble"), 200)
    forged = ["-H", "X-Real-IP: 198.51.100.9", "-H", "X-Forwarded-For: 198.51.100.9"]
    expect("a forged address", curl(*central, *token, *forged, "https://melascan.test/v1/ensemble"), 200)
    expect("the same at a host", curl(*certificate("central"), *token, *forged, *host), 200)
    if strangers := cluster.seen_addresses() - {address["client"], *cluster.sources}:
        faults.append(f"the hosts saw {strangers}")
    expect("metrics at the central", curl(*central, *token, "https://melascan.test/metrics"), 404, "path-unknown")
    expect("the inner path at the central", curl(*central, *token, "https://melascan.test/repeatable/v1/ensemble"), 404)
    expect("the page", curl(*central, "https://melascan.test/"), 200, "<title>")
    expect("no length", curl(*central, *token, "-X", "POST", "-H", "Transfer-Encoding: chunked", "-d", "x",
                             "https://melascan.test/v1/analyses"), 411, "length-required")
    return faults


def check_shedding(cluster: Cluster, photo: bytes, code: str) -> list[str]:
    """Sixty at once: some are answered, the others are told to come again, by the central or by a host, and by nobody else."""
    answers = Answers()

    def send(number: int) -> None:
        enter(cluster.target.namespace)
        source = number % 4
        device = Device(cluster.target, cluster.tokens[source], cluster.sources[source], answers)
        device.send("POST", "/v1/analyses", {"image": photo, "consent": code}, name="shed")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kinds = {(one.status, one.problem) for one in answers.tries}
    marks = cluster.marks()
    by_central = sum(marks[one.mark][1] == "-" for one in answers.tries if one.status == 503)
    faults = [] if kinds == {(200, ""), (503, "busy")} else [f"sixty at once were answered {kinds}"]
    if not by_central:
        faults.append("the central shed nothing")
    return faults


def check_stream(cluster: Cluster, photo: bytes) -> list[str]:
    """An event stream arrives event by event through both servers; a body of 15 MB leaves no file."""
    code = []
    device_answers = Answers()
    faults = []

    def inside() -> None:
        enter(cluster.target.namespace)
        device = Device(cluster.target, cluster.tokens[-1], None, device_answers)
        _, consent = device.send("POST", "/v1/consents", {
            "processing": "granted", "language": "en", "text_version": cluster.text_version}, key="stream")
        code.append(consent["code"])
        body, kind = form({"image": photo, "consent": consent["code"]})
        file = cluster.folder / "body"
        file.write_bytes(body)
        curl = ["curl", "-sN", "--noproxy", "*", "--cacert", cluster.authority / "ca.pem", "--connect-to",
                f"melascan.test:443:{cluster.target.address}:443", "-H", f"Authorization: Bearer {cluster.tokens[-1]}"]
        stream = subprocess.Popen(
            [*map(str, curl), "-H", "Accept: text/event-stream", "-H", f"Content-Type: {kind}", "--data-binary", f"@{file}",
             "https://melascan.test/v1/analyses"], stdout=subprocess.PIPE, text=True)
        times = []
        for line in stream.stdout:
            if line.startswith("event:"):
                times.append((time.monotonic(), line.split()[1]))
        stream.wait(20)
        if not times or times[-1][1] != "analysis":
            faults.append(f"the event stream ended with {times[-1:]}")
        elif len({round(moment, 2) for moment, _ in times}) < 4:
            faults.append("the event stream came in one piece")
        file.write_bytes(os.urandom(15_000_000))
        status = run(*curl, "-o", cluster.folder / "answer", "-w", "%{http_code}", "-H", "Content-Type: multipart/form-data; boundary=x",
                     "--data-binary", f"@{file}", "https://melascan.test/v1/analyses").strip()
        file.unlink()
        # A file that is read shows that there is something to see.
        run(*curl, "-o", cluster.folder / "answer", "https://melascan.test/")
        if status != "400":
            faults.append(f"15 MB of noise were answered {status}")

    trace = cluster.folder / "strace"
    pids = [word for process in cluster.processes if isinstance(process, Nginx)
            for pid in service.descendants(process.process.pid) for word in ("-p", str(pid))]
    tracer = subprocess.Popen(["strace", "-f", "-q", "-e", "trace=open,openat,creat", "-o", trace, *pids], stderr=subprocess.DEVNULL)
    time.sleep(1)
    thread = threading.Thread(target=inside)
    thread.start()
    thread.join(60)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    written = [line for line in trace.read_text().splitlines() if any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))]
    faults += [f"a file was written: {line}" for line in written]
    if "index.html" not in trace.read_text():
        faults.append("nothing was traced")
    return faults + (check_shedding(cluster, photo, code[0]) if code else ["there is no consent"])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments.add_argument("--keep", action="store_true", help="leave the folder with all logs")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    folder = temporary_folder()
    cluster = None
    try:
        cluster = Cluster(folder, options.clients)
        return judge(cluster, options)
    finally:
        if cluster:
            cluster.close()
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def gap(moments: list[float], start: float, end: float) -> float:
    inside = [moment for moment in moments if start - 1 < moment < end]
    return max((later - earlier for earlier, later in zip(inside, inside[1:])), default=0)


def judge(cluster: Cluster, options: argparse.Namespace) -> int:
    fixtures = REPOSITORY / "Tests/Fixtures/imaging"
    photos = {name: (fixtures / name).read_bytes() for name in PHOTOS}
    expected = service.expected_probabilities([fixtures / name for name in PHOTOS])
    faults = check_ways_in(cluster) + check_stream(cluster, photos["landscape.jpg"])
    answers, stop = Answers(), threading.Event()
    doctors = [
        Doctor(cluster.target, token, source, answers, photos, expected, stop, pause=1.2, donates=True, seed=options.seed + index)
        for index, (token, source) in enumerate(zip(cluster.tokens, cluster.sources))
    ]
    probe = Probe(cluster.target, cluster.tokens[-1], None, stop)
    before = time.monotonic()
    for thread in [probe, *doctors]:
        thread.start()
    # When each host was in trouble; what was begun before may end as long after as it takes to be noticed.
    troubles: list[tuple[str, float, float]] = []
    time.sleep(8)

    worker = cluster.workers["host1"]
    begun = time.monotonic()
    worker.kill()
    time.sleep(5)  # RestartSec of melascan.service
    worker.start()
    worker.wait_ready()
    troubles.append(("host1", begun, time.monotonic()))
    time.sleep(8)

    begun = time.monotonic()
    cluster.network.cut("host2")
    time.sleep(25)
    cluster.network.join("host2")
    troubles.append(("host2", begun, time.monotonic()))
    time.sleep(15)

    begun = time.monotonic()
    cluster.network.cut("database")
    time.sleep(20)
    cluster.network.join("database")
    joined = time.monotonic()
    wait_until("the probe is answered again", lambda: probe.answered[-1] > joined + 1, 60)
    away = (begun, next(moment for moment in probe.answered if moment > joined))
    time.sleep(8)

    stop.set()
    for thread in [probe, *doctors]:
        thread.join(90)
    elapsed = time.monotonic() - before
    if answers.given_up:
        faults.append(f"given up: {answers.given_up}")
    if any(thread.is_alive() for thread in doctors):
        faults.append("a client did not come to its end")

    consents = int(cluster.database.query("SELECT count(*) FROM consents")[0][0]) - 1  # check_stream's
    cases = int(cluster.database.query("SELECT count(*) FROM cases")[0][0])
    entries = service.audit_entries(cluster.records)
    answers.keys.add("stream")
    faults += reckon(answers, entries, consents + 1, cases)
    kept = {row[0] for row in cluster.database.query("SELECT id FROM consents")}
    faults += [f"the consent {identifier} is lost" for identifier in answers.consents.values() if identifier not in kept]

    marks = cluster.marks()
    failed = [one for one in answers.tries if one.status == 0 or one.status >= 500]
    slowed = sum(one.status == 429 for one in answers.tries)
    by_host = {name: 0 for name in [*HOSTS, "database"]}
    for one in failed:
        status, hosts, _ = marks.get(one.mark, (0, "none", ""))
        trouble = [name for name, start, end in troubles
                   if cluster.network.addresses[name] in hosts and one.ended > start and one.started < end + 3]
        if trouble:
            by_host[trouble[0]] += 1
        elif one.ended > away[0] and one.started < away[1] + 5:
            by_host["database"] += 1
        else:
            faults.append(f"an error away from the trouble: {one.path} {one.status} {one.problem} on {hosts}")
    for one in answers.tries:
        _, hosts, sent = marks.get(one.mark, (0, "", ""))
        if "," in hosts and not one.is_keyed and sent.split(", ")[0] != "0":
            faults.append(f"sent to two hosts without a key: {one.path} {hosts} {sent}")
    again = sum(1 for _, hosts, _ in marks.values() if "," in hosts)
    served = {name: sum(1 for status, hosts, _ in marks.values() if status < 300 and hosts.endswith(f"{address}:443"))
              for name, address in cluster.network.addresses.items() if name in HOSTS}
    times = sorted(one.ended - one.started for one in answers.tries if one.path == "/v1/analyses" and one.status == 200)

    rows = [
        ("seconds under load", f"{elapsed:.0f}"),
        ("requests / answered / failed", f"{len(answers.tries)} / {sum(200 <= one.status < 300 for one in answers.tries)} / {len(failed)}"),
        ("failed: on the killed worker's host, on the cut host, while the database was away, else",
         f"{by_host['host1']}, {by_host['host2']}, {by_host['database']}, {len(failed) - sum(by_host.values())}"),
        ("told by the central to be slower (429)", str(slowed)),
        ("sent to a second host by the central", str(again)),
        ("answered by host 1, 2, 3", ", ".join(str(served[name]) for name in HOSTS)),
        ("analyses answered, wrong", f"{len(answers.analyses)}, {len(answers.wrong)}"),
        ("analyses' time: median, 99 %, longest", "{:.2f}, {:.2f}, {:.2f} s".format(
            statistics.median(times), times[int(len(times) * 0.99)], times[-1])),
        ("consents answered / kept / asked for", f"{len(answers.consents)} / {consents} / {len(answers.keys) - 1}"),
        ("donations answered / kept / asked for", f"{len(answers.cases)} / {cases} / {len(answers.case_keys)}"),
        ("given up by a client after 40 s", str(len(answers.given_up))),
        ("longest time without an answer to the probe: with a host away, with the database away",
         f"{gap(probe.answered, 0, away[0]):.1f} s, {gap(probe.answered, away[0], float('inf')):.1f} s"),
        ("answered again after the database came back", f"{away[1] - joined:.1f} s"),
        ("entries of the log, chain", f"{len(entries)}, holds"),
    ]
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {value}" for name, value in rows))
    for fault in faults[:40]:
        print(f"FAULT: {fault}")
    print(f"cluster: {'passed' if not faults else f'{len(faults)} faults'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
