"""The list of trainings in order: works through it one at a time, goes on where it was stopped, says where it is."""

import csv
import fcntl
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from . import compare, data
from .fit import fit
from .pixels import Pixels
from .recipe import BASELINE, CONTRASTS, RECIPES, Recipe
from .score import Stopped, score

LEAVING_OUT = tuple(name for name, families in data.FOLDS.items() if families)


@dataclass(frozen=True)
class Work:
    """One training of the list, and its folder."""

    recipe: Recipe
    fold: str
    folder: Path

    @property
    def name(self) -> str:
        """How people call it: recipe/fold."""
        return f"{self.recipe.name}/{self.fold}"

    @property
    def state(self) -> str:
        """`waiting`, `begun`, `trained` or `done` (scored as well)."""
        for file, state in (("scores.csv", "done"), ("weights.safetensors", "trained"), ("run.json", "begun")):
            if (self.folder / file).exists():
                return state
        return "waiting"


def listed(work: Path, names: list[str]) -> list[Work]:
    """The trainings called `names` (recipe/fold), or the whole list: the baseline first, then the contrasts, then
    what was begun by name.
    """
    pairs = [tuple(name.split("/", 1)) for name in names]
    if not names:
        pairs = [(recipe.name, fold) for recipe in (BASELINE, *CONTRASTS) for fold in LEAVING_OUT]
        begun = [(file.parts[-3], file.parts[-2]) for file in sorted((work / "runs").glob("*/*/run.json"))]
        pairs += [pair for pair in begun if pair not in pairs and pair[0] in RECIPES]
    return [Work(RECIPES[recipe], fold, work / "runs" / recipe / fold) for recipe, fold in pairs]


def run(data_folder: Path, work: Path, names: list[str], stop: Event) -> int:
    """Does what is unfinished of the list, a line a change of state. The exit status: 0 done, 1 busy, 130 stopped."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another training runs in {work}")
            return 1
        photos = data.load(data_folder)
        say(f"{len(photos):,} photos; decoding those that are not yet")
        pixels = Pixels(data_folder, work, photos)
        for item in listed(work, names):
            if item.state != "done" and not _finish(item, photos, pixels, data.fingerprint(data_folder), stop):
                say(f"{item.name}: stopped; the same command goes on from here")
                return 130
            if compare.write_report(work, list(RECIPES)):
                say(f"{item.name}: done; compared in {work / 'report.md'}")
        say("the list is done")
        return 0


def status(work: Path) -> None:
    """Prints the state of each training, and the hours that the list still needs at the speed of the last minutes."""
    left, speed = 0.0, None
    for item in listed(work, []):
        rows = _log(item)
        step = int(rows[-1]["step"]) if rows else 0
        todo = 0.0 if item.state in ("done", "trained") else _cost(item.recipe, step)
        left += todo
        paces = [row for row in rows if row["photos_per_second"]]
        if paces and (item.state == "begun" or speed is None):
            pace = float(paces[-1]["photos_per_second"])
            speed = pace * item.recipe.cost(int(paces[-1]["step"]) - 1)
        detail = f"{step * item.recipe.batch:,} of {item.recipe.samples:,} samples" if rows else ""
        if item.state == "begun" and paces:
            detail += f", {pace:.0f} photos/s at {paces[-1]['size']} pixels, loss {paces[-1]['loss']}"
        curve = [row["monitor_auc"] for row in rows if row["monitor_auc"]]
        if curve:
            detail += f", AUC on kept families {' '.join(curve)}"
        print(f"{item.name:32} {item.state:8} {detail}")
    if speed:
        print(f"about {left / speed / 3600:.1f} hours of training left at the speed of the last steps, and scoring")


def say(line: str) -> None:
    """One line for a person, with the time."""
    print(time.strftime("%Y-%m-%d %H:%M:%S "), line, flush=True)


def _finish(item: Work, photos: list[data.Photo], pixels: Pixels, fingerprint: str, stop: Event) -> bool:
    """Trains and scores one item, from where it is; False if it was stopped."""
    fold = data.fold(photos, item.fold, item.recipe.include_pad)
    say(f"{item.name}: {item.state}; {len(fold.train):,} photos to train on, {len(fold.scored):,} to score")
    begun = time.monotonic()
    if not fit(item.recipe, fold, pixels, item.folder, stop, fingerprint):
        return False
    say(f"{item.name}: trained ({(time.monotonic() - begun) / 60:.0f} minutes this time); scoring")
    try:
        score(item.folder / "weights.safetensors", item.recipe.architecture, fold.scored, pixels,
              item.recipe.final_size, item.folder / "scores.csv", stop)
    except Stopped:
        return False
    return True


def _cost(recipe: Recipe, step: int) -> float:
    """What a training still costs from `step` on, in `Recipe.cost`'s unit."""
    return sum(recipe.cost(later) for later in range(step, recipe.steps)) * recipe.batch


def _log(item: Work) -> list[dict]:
    file = item.folder / "log.csv"
    if not file.exists():
        return []
    with open(file, newline="") as source:
        return list(csv.DictReader(source))
