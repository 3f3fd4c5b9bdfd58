"""Compares our engine with PyTorch, ONNX Runtime and OpenVINO here, and draws where its time goes and how it grows.

Run `make bench`, or `scripts/bench [OPTIONS]`, on a machine that does nothing else: about twenty minutes, with `--quick` about
five; the first time about ten more. Prints tables; writes roofline.svg and scaling.svg into this folder.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from comparison import Comparison, play
from engines import FOLDER, ours, peers
from plots import roofline_plot, scaling_plot
from roofline import profiles
from scaling import panels
from tables import comparison_table, profile_table
from workloads import NETWORKS, Workload

PRECISIONS = ("fp32", "bf16")


def choice(allowed: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A comma-separated list of allowed words."""

    def read(text: str) -> list[str]:
        words = text.split(",")
        if unknown := set(words) - set(allowed):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(allowed)}")
        return words

    return read


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=choice(tuple(NETWORKS)), default="b0,b3,b5,b7",
                        help=f"of {','.join(NETWORKS)}; default: %(default)s")
    parser.add_argument("--precisions", type=choice(PRECISIONS), default=",".join(PRECISIONS), help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one on each processor")
    parser.add_argument("--rounds", type=int, help="default: 5, with --quick 2")
    parser.add_argument("--quick", action="store_true", help="a fifth of the passes: figures for a look, not for quoting")
    parser.add_argument("--profile", action="store_true", help="the table of layers for every network, not the largest only")
    parser.add_argument("--markdown", action="store_true", help="prints the tables as Markdown")
    parser.add_argument("--no-plots", action="store_true", help="leaves the plots as they are")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    return arguments


def processor() -> str:
    """The processor's name, as the kernel knows it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "a processor without a name")


def compare(arguments: argparse.Namespace, workloads: list[Workload]) -> list[Comparison]:
    """All rounds of every network in every precision."""
    comparisons = [Comparison(workload, ours(precision), peers(precision))
                   for workload in workloads for precision in arguments.precisions]
    play(comparisons, arguments.rounds)
    return comparisons


def heading(arguments: argparse.Namespace, comparisons: list[Comparison]) -> str:
    """How it was measured, and on what."""
    command = shlex.join(["scripts/bench", *sys.argv[1:]])
    kernels = {answer["kernels"] for comparison in comparisons for answer in comparison.answers[comparison.ours]}
    return (f"{command}: {processor()}, {arguments.threads} threads, kernels {', '.join(sorted(kernels))}; "
            f"rounds: {arguments.rounds}, passes at a time: 1")


def main() -> None:
    arguments = options()
    networks = sorted((NETWORKS[name] for name in arguments.networks), key=lambda network: network.multiply_adds)
    workloads = [network.workload(arguments.threads, quick=arguments.quick) for network in networks]
    comparisons = compare(arguments, workloads)
    print(heading(arguments, comparisons), comparison_table(comparisons, arguments.markdown), sep="\n\n", flush=True)
    taken = profiles(workloads, arguments.precisions)
    for profile in taken:
        if arguments.profile or profile.workload is workloads[-1]:
            print("", profile.title, "", profile_table(profile, arguments.markdown), sep="\n", flush=True)
    if taken and not arguments.no_plots:
        roofline_plot(taken, FOLDER / "roofline.svg")
        scaling_plot(panels(comparisons, networks[0], networks[-1], arguments.threads, arguments.quick), FOLDER / "scaling.svg")


if __name__ == "__main__":
    main()
