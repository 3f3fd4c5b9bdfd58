"""The engines that take turns: each is a command that makes some passes and prints JSON, so only one is in memory at a time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from workloads import Workload

FOLDER = Path(__file__).parent
TOOL = Path(os.environ.get("MELASCAN_BIN_DIR", FOLDER.parent / ".build" / "release")) / "melascan"

# The C library gives large blocks back to the kernel at once, and each pass would pay for new ones: PyTorch's guide to performance
# advises allocators that keep them. These settings do the same, and take large pages. The other engines have buffers of their own.
KEEPING = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296"}


class Lacking(Exception):
    """The processor lacks a precision."""


@dataclass(frozen=True)
class Engine:
    """An engine in one precision."""

    name: str
    precision: str
    command: Callable[[Workload], list[str]]
    # By which exit statuses it says that it lacks the precision.
    lacks: tuple[int, ...] = (64,)
    # The forms of a network that it reads.
    forms: tuple[str, ...] = ()

    def turn(self, workload: Workload, *options: str) -> dict:
        """What it printed of its passes: at least `msPerPass`. Throws Lacking; any other failure ends the comparison."""
        done = subprocess.run([*self.command(workload), *options], capture_output=True, text=True, env=os.environ | KEEPING)
        if done.returncode in self.lacks:
            raise Lacking(f"{self.name}: {last_line(done.stderr)}")
        if done.returncode:
            raise SystemExit(f"{self.name}, {workload.title}, {self.precision}: {last_line(done.stderr)}")
        return json.loads(done.stdout)

    def prepare(self, workload: Workload) -> None:
        """Writes the network's files that are missing: the largest take some minutes, once."""
        for form in self.forms:
            if workload.stored(form, self.precision).exists():
                continue
            print(f"writing {workload.title}, {self.precision}: {form}", file=sys.stderr)
            command = [sys.executable, str(FOLDER / "networks.py"), form, workload.architecture, str(workload.size), self.precision,
                       "--threads", str(workload.threads)]
            with tempfile.TemporaryDirectory() as scratch:
                done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"TMPDIR": scratch})
            if done.returncode:
                raise SystemExit(f"{workload.title} could not be written ({form}): {last_line(done.stderr)}")


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["ended without a word"])[-1]


def ours(precision: str) -> Engine:
    """Our engine. Every processor has fp32: where that fails, nothing is lacking but something is wrong."""

    def command(workload: Workload) -> list[str]:
        return [str(TOOL), "bench", "--network", workload.architecture, "--size", str(workload.size), "--precision", precision,
                "--threads", str(workload.threads), "--passes", str(workload.passes), "--json"]

    return Engine("MelaScan", precision, command, lacks=() if precision == "fp32" else (1, 64))


def peer(name: str, key: str, form: str | None, precision: str) -> Engine:
    def command(workload: Workload) -> list[str]:
        return [sys.executable, str(FOLDER / "peers.py"), key, workload.architecture, str(workload.size), precision,
                "--threads", str(workload.threads), "--passes", str(workload.passes)]

    return Engine(name, precision, command, forms=("logits", form) if form else ("logits",))


def peers(precision: str) -> list[Engine]:
    """Whom to compare with in a precision. On a CPU of this kind ONNX Runtime has no bf16."""
    pytorch, onnxruntime, openvino = (f"{name} {version(package)}" for name, package in (
        ("PyTorch", "torch"), ("ONNX Runtime", "onnxruntime"), ("OpenVINO", "openvino")))
    engines = [peer(openvino, "openvino", "onnx", precision),
               peer(f"{pytorch}, compiled", "pytorch-compiled", "compiled", precision),
               peer(f"{pytorch}, channels last", "pytorch-channels-last", None, precision)]
    if precision == "fp32":
        engines += [peer(pytorch, "pytorch", None, precision), peer(onnxruntime, "onnxruntime", "onnx", precision)]
    return engines
