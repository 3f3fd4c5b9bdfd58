"""The parts of a service as systemd would run them: real programs, in folders of this run, that can be killed and started again."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("MELASCAN_BIN_DIR") or REPOSITORY / ".build/release")
POSTGRESQL = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"), key=lambda path: int(path.parent.name))
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """PR_SET_PDEATHSIG: what this run starts ends with it, however it ends."""
    _libc.prctl(1, signal.SIGKILL)


def run(*words: object, **options: object) -> str:
    """Runs a command to its end and gives what it printed; raises with its words if it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(what: str, condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError(f"after {seconds:.0f} s still not so: {what}")


def descendants(pid: int) -> list[int]:
    """The processes below one, the nearest first."""
    found = []
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    for child in children:
        found += [child, *descendants(child)]
    return found


class Process:
    """One program that can be killed with all its children and started again; in a network namespace if one is named."""

    def __init__(self, name: str, folder: Path, namespace: str | None = None) -> None:
        self.name = name
        self.folder = folder
        self.namespace = namespace
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[object]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def descriptors(self) -> tuple[int, ...]:
        return ()

    def is_ready(self) -> bool:
        return True

    def start(self) -> None:
        words = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        with open(self.folder / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in [*words, *self.command()]], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), pass_fds=self.descriptors(), preexec_fn=_die_with_parent, cwd=self.folder)

    def wait_ready(self, seconds: float = 60) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} has ended:\n{self.log[-2000:]}")
            return self.is_ready()

        wait_until(f"{self.name} is ready", ready, seconds)

    def kill(self) -> None:
        """kill -9, of its children too: the parent first, so that it starts no new ones."""
        if self.process is None:
            return
        below = descendants(self.process.pid)
        for pid in [self.process.pid, *below]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        # A child that is not ours to wait for is gone a moment later.
        wait_until(f"{self.name} is gone", lambda: not any(self._lives(pid) for pid in below), 10)
        self.process = None

    @staticmethod
    def _lives(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    @property
    def log(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")


class PostgreSQL(Process):
    """A server of this run's own, with TLS for those who come over a network. It does not run as root."""

    def __init__(self, folder: Path, port: int = 5432, address: str = "", namespace: str | None = None) -> None:
        super().__init__("postgresql", folder, namespace)
        self.address, self.port = address, port
        self.rights = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL"] if os.getuid() == 0 else []
        if self.rights:
            shutil.chown(folder, "postgres", "postgres")

    def make(self, authority: Path | None = None) -> None:
        run(*self.rights, POSTGRESQL / "initdb", "--pgdata=data", "--username=postgres", "--auth=peer", "--locale=C",
            "--encoding=UTF8", "--no-sync", cwd=self.folder)
        settings = [
            f"listen_addresses = '{self.address}'", f"port = {self.port}", f"unix_socket_directories = '{self.folder}'",
            "max_connections = 80",
        ]
        rules = ["local all all trust"]
        if authority:
            for name in ("database.pem", "database.key", "ca.pem"):
                shutil.copy(authority / name, self.folder / name)
                shutil.chown(self.folder / name, "postgres", "postgres")
                (self.folder / name).chmod(0o600)
            settings += ["ssl = on", *(f"ssl_{key}_file = '{self.folder}/{name}'" for key, name in
                         [("cert", "database.pem"), ("key", "database.key"), ("ca", "ca.pem")])]
            # Both ends by certificate: no password anywhere.
            rules.append("hostssl melascan melascan 0.0.0.0/0 cert")
        with open(self.folder / "data/postgresql.conf", "a") as file:
            file.write("\n".join(settings) + "\n")
        (self.folder / "data/pg_hba.conf").write_text("\n".join(rules) + "\n")
        self.start()
        self.wait_ready()
        self.query("CREATE ROLE melascan LOGIN", "postgres")
        self.query("CREATE DATABASE melascan OWNER melascan", "postgres")

    def command(self) -> list[object]:
        return [*self.rights, POSTGRESQL / "postgres", "-D", self.folder / "data"]

    def is_ready(self) -> bool:
        ready = [POSTGRESQL / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)]
        return subprocess.run(ready, timeout=10).returncode == 0

    def query(self, sql: str, database: str = "melascan") -> list[list[str]]:
        text = run("psql", "-X", "-A", "-t", "-h", self.folder, "-p", self.port, "-U", "postgres", "-d", database, "-c", sql,
                   env={**os.environ, "LC_ALL": "C"})
        return [line.split("|") for line in text.splitlines() if line]

    @property
    def local_address(self) -> str:
        return f"postgresql://melascan@/melascan?host={self.folder}&port={self.port}"


class Worker(Process):
    """MelaFCGI behind a socket that is held here, as systemd holds it: requests wait while the worker starts again."""

    def __init__(self, folder: Path, settings: dict[str, str], namespace: str | None = None) -> None:
        super().__init__("worker", folder, namespace)
        self.settings = settings
        self.path = folder / "worker.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.path.chmod(0o660)
        self.socket.listen(256)  # melascan.socket's Backlog

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LISTEN_FDS": "1", "MELASCAN_KERNELS": "", **self.settings}

    def command(self) -> list[object]:
        # The socket becomes descriptor 3, and LISTEN_PID the worker's own number.
        handed_on = f"exec 3<&{self.socket.fileno()}; " if self.socket.fileno() != 3 else ""
        return ["bash", "-c", f"{handed_on}LISTEN_PID=$$ exec '{BINARIES}/MelaFCGI'"]

    def descriptors(self) -> tuple[int, ...]:
        return (self.socket.fileno(),)

    def start(self) -> None:
        self.starts = self.log.count(" ready: ") if (self.folder / "worker.log").exists() else 0
        super().start()

    def is_ready(self) -> bool:
        return self.log.count(" ready: ") > self.starts


class Nginx(Process):
    """nginx with a site of deploy/, made by scripts/nginx-config."""

    def __init__(self, folder: Path, words: list[object], environment: dict[str, str] | None = None,
                 namespace: str | None = None, change=lambda text: text) -> None:
        super().__init__("nginx", folder, namespace)
        text = run(REPOSITORY / "scripts/nginx-config", folder, *words, env={**os.environ, **(environment or {})})
        self.file = folder / "nginx.conf"
        self.file.write_text(change(text))

    def command(self) -> list[object]:
        return ["nginx", "-e", self.folder / "error.log", "-c", self.file, "-g", "daemon off;"]

    def is_ready(self) -> bool:
        return (self.folder / "nginx.pid").exists() and len(descendants(self.process.pid)) > 0

    def start(self) -> None:
        (self.folder / "nginx.pid").unlink(missing_ok=True)
        super().start()


def write_consent_text(path: Path) -> str:
    """deploy/consent.json with its places filled in; gives its version."""

    def filled(value: object) -> object:
        if isinstance(value, dict):
            return {key: filled(part) for key, part in value.items()}
        if isinstance(value, list):
            return [filled(part) for part in value]
        return value.replace("[", "").replace("]", "") if isinstance(value, str) else value

    text = filled(json.loads((REPOSITORY / "deploy/consent.json").read_text()))
    path.write_text(json.dumps(text))
    return text["version"]


def add_token(records: str, name: str, role: str = "doctor") -> str:
    """The token of a new device, as `melascan token add` shows it."""
    lines = run(BINARIES / "melascan", "token", "add", name, "--role", role, "--records", records).splitlines()
    return next(line.strip() for line in lines if line.startswith("    "))


def new_key(path: Path) -> None:
    run(BINARIES / "melascan", "records", "new-key", path)


def audit_entries(records: str) -> list[dict]:
    """All entries of the log; raises if its chain does not hold."""
    run(BINARIES / "melascan", "audit", "verify", "--records", records)
    lines = run(BINARIES / "melascan", "audit", "list", "--records", records).splitlines()
    return [json.loads(line) for line in lines]


def expected_probabilities(photos: list[Path], *options: str) -> dict[str, float]:
    """What each photo must be answered, by the same engine without a server."""
    lines = run(BINARIES / "melascan", "analyze", "--json", *options, *photos, cwd=REPOSITORY).splitlines()
    return {photo.name: json.loads(line)["probability"] for photo, line in zip(photos, lines, strict=True)}


def temporary_folder() -> Path:
    """For all users to enter, as PostgreSQL is another one; under /tmp, where the names of sockets stay short."""
    folder = Path(tempfile.mkdtemp(prefix="mela-"))
    folder.chmod(0o755)
    return folder
