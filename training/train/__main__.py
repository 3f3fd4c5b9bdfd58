"""The command line: `python -m train run`, `status`, `compare`, `check-weights`, `sheet`."""

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import torch

from . import data, networks, queue
from .augment import augment
from .compare import write_report
from .pixels import Pixels
from .recipe import RECIPES
from .resize import evaluation_square


def main() -> int:
    """Runs one subcommand; its exit status."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=os.environ.get("DATA"),
                        help="the folder with manifest.csv and images/ (default: $DATA)")
    common.add_argument("--work", type=Path, default=caches / "melascan" / "training",
                        help="the folder for decoded photos, checkpoints and reports (default: %(default)s)")
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run", parents=[common], help="do what is unfinished of the list, or what is named")
    command.add_argument("names", nargs="*", metavar="RECIPE/FOLD",
                         help=f"recipes: {', '.join(RECIPES)}; folds: {', '.join(data.FOLDS)}")
    commands.add_parser("status", parents=[common], help="what is done, what runs, and the hours left")
    commands.add_parser("compare", parents=[common], help="write report.md and comparison.csv of what is finished")
    commands.add_parser("check-weights", parents=[common], help="hold the ImageNet networks to their package's own")
    command = commands.add_parser("sheet", parents=[common], help="a picture of training photos as a recipe shows them")
    command.add_argument("recipe", choices=RECIPES)
    command.add_argument("file", type=Path, help="the PNG to write")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(2)
    return globals()[options.command.replace("-", "_")](options)


def run(options: argparse.Namespace) -> int:
    """Works through the list until it is done, or until SIGTERM or SIGINT."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return queue.run(_data(options), options.work, options.names, stop)


def status(options: argparse.Namespace) -> int:
    """Prints where the list is."""
    queue.status(options.work)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Writes and prints the comparison."""
    if not write_report(options.work, list(RECIPES)):
        raise SystemExit("The baseline is not yet finished on both folds.")
    print((options.work / "report.md").read_text())
    return 0


def check_weights(options: argparse.Namespace) -> int:
    """Fails if a network's logits differ from those of the package that its weights come from."""
    worst = 0.0
    for architecture in networks.ARCHITECTURES:
        worst = max(worst, difference := networks.check_weights(architecture))
        print(f"{architecture}: logits differ by at most {difference:.1e}")
    return 0 if worst < 1e-3 else 1


def sheet(options: argparse.Namespace) -> int:
    """Writes a sheet of 12 photos, one a row: as a server sees it, then seven random views."""
    recipe = RECIPES[options.recipe]
    photos = data.load(_data(options))
    pixels = Pixels(_data(options), options.work, photos)
    train = data.fold(photos, "all", recipe.include_pad).train
    generator = np.random.default_rng(recipe.seed)
    size, rows = recipe.final_size, []
    for index in generator.choice(len(train), 12, replace=False):
        image = pixels[train[index].path]
        views = [augment(image, generator, size, recipe.augmentation) for _ in range(7)]
        rows.append(np.hstack([evaluation_square(image, size), *views]))
    cv2.imwrite(str(options.file), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    return 0


def _data(options: argparse.Namespace) -> Path:
    if options.data is None or not (Path(options.data) / "manifest.csv").exists():
        raise SystemExit("Give the folder that holds manifest.csv: --data FOLDER, or DATA in the environment.")
    return Path(options.data)


if __name__ == "__main__":
    sys.exit(main())
