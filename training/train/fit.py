"""One training: resumable to the batch, its every choice drawn from (seed, step), so that a resumed run is the same."""

import csv
import io
import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Event

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from .augment import augment
from .data import Fold
from .feed import feed
from .loss import set_loss, target_sets
from .networks import create, freeze, logits
from .recipe import Recipe
from .sampling import probabilities
from .score import auc_of_melanoma, predict

LOG_COLUMNS = ("step", "samples", "size", "loss", "rate", "photos_per_second", "monitor_auc")
LOG_EVERY = 50  # steps
SAVE_EVERY = 120  # seconds
MONITORED = 4  # times in a training
MONITOR_PHOTOS = 600  # at most; the same ones each time


def fit(recipe: Recipe, fold: Fold, pixels: Mapping[str, np.ndarray], folder: Path, stop: Event,
        fingerprint: str = "") -> bool:
    """Trains by `recipe` on `fold.train`, going on from the checkpoint in `folder` if there is one.

    Writes `folder`/weights.safetensors (averaged weights, fp16, timm's names) and log.csv. When `stop` is set it
    saves after the batch in work and returns False; True when the training is finished. A checkpoint of another
    recipe or other photos (`fingerprint`) is an error.
    """
    if (folder / "weights.safetensors").exists():
        return True
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder / "run.json", {"recipe": recipe.description(), "fold": fold.name, "photos": len(fold.train),
                                 "manifest": fingerprint})
    training = Training(recipe, fold)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        training.load(checkpoint)
    saved = time.monotonic()
    with closing(feed(training.batch(pixels), range(training.step, recipe.steps))) as batches:
        for batch in batches:
            training.advance(batch)
            if training.step % math.ceil(recipe.steps / MONITORED) == 0 or training.step == recipe.steps:
                training.monitor(pixels)
            if training.step % LOG_EVERY == 0:
                _write(folder / "log.csv", _table(training.log).encode())
            if stop.is_set() or time.monotonic() - saved > SAVE_EVERY:
                training.save(checkpoint)
                saved = time.monotonic()
            if stop.is_set() and training.step < recipe.steps:
                return False
    _write(folder / "log.csv", _table(training.log).encode())
    export(training.average, folder / "weights.safetensors")
    checkpoint.unlink(missing_ok=True)
    return True


class Training:
    """The state of one training between two batches."""

    def __init__(self, recipe: Recipe, fold: Fold) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.fold = recipe, fold
        self.network = create(recipe.architecture)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()
                        if value.is_floating_point()}
        self.optimiser = torch.optim.AdamW(_groups(self.network, recipe.weight_decay))
        self.step = 0
        self.log: list[dict] = []
        self._loss, self._since, self._started = 0.0, 0, time.monotonic()

    def batch(self, pixels: Mapping[str, np.ndarray]):
        """A function from a step to its batch: pixels (N, S, S, 3) uint8 and sets of classes (N, 9)."""
        recipe, photos, sets = self.recipe, self.fold.train, target_sets()
        chances = probabilities(photos, recipe.sampling)

        def make(step: int) -> tuple[torch.Tensor, torch.Tensor]:
            generator = np.random.default_rng([recipe.seed, step])
            chosen = [photos[index] for index in generator.choice(len(photos), recipe.batch, p=chances)]
            size = recipe.size(step)
            images = np.stack([augment(pixels[photo.path], generator, size, recipe.augmentation) for photo in chosen])
            return torch.from_numpy(images), torch.from_numpy(sets[[photo.label for photo in chosen]])

        return make

    def advance(self, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        """One step of AdamW on the batch number `step`, and of the average."""
        recipe, frozen = self.recipe, self.recipe.frozen_parts(self.step)
        freeze(self.network, frozen)
        rate = self._rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate * (recipe.head_rate if group["head"] else recipe.body_rate)
        loss = set_loss(logits(self.network, batch[0], frozen), batch[1], recipe.label_smoothing)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self._average()
        self.step += 1
        self._note(float(loss.detach()), rate * recipe.body_rate)

    def monitor(self, pixels: Mapping[str, np.ndarray]) -> None:
        """Adds to the log the averaged network's AUC for melanoma on some validation photos of kept families."""
        photos = self.fold.monitor[::max(1, len(self.fold.monitor) // MONITOR_PHOTOS)]
        network = create(self.recipe.architecture)
        network.load_state_dict(self.average, strict=False)
        scores = predict(network, photos, pixels, self.recipe.final_size, views=1)
        self.log.append({"step": self.step, "samples": self.step * self.recipe.batch,
                         "monitor_auc": f"{auc_of_melanoma(photos, scores):.4f}"})
        self._started = time.monotonic()
        self._loss, self._since = 0.0, 0

    def save(self, file: Path) -> None:
        """Writes all of the state to `file`, whole or not at all."""
        buffer = io.BytesIO()
        torch.save({"network": self.network.state_dict(), "average": self.average,
                    "optimiser": self.optimiser.state_dict(), "step": self.step, "log": self.log}, buffer)
        _write(file, buffer.getvalue())

    def load(self, file: Path) -> None:
        """Takes up the state that `save` wrote."""
        state = torch.load(file, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step, self.log = state["average"], state["step"], state["log"]

    def _rate(self) -> float:
        """The learning rate of this step as a part of the largest: a rise by a line, a fall by a cosine.

        When the head goes first, both phases have their own cycle.
        """
        steps, first = self.recipe.steps, int(np.ceil(self.recipe.head_first * self.recipe.steps))
        start, end = (0, first) if self.step < first else (first, steps)
        part = (self.step - start + 0.5) / (end - start)
        if part < self.recipe.warm_up:
            return 0.04 + 0.96 * part / self.recipe.warm_up
        return 0.5 * (1 + math.cos(math.pi * (part - self.recipe.warm_up) / (1 - self.recipe.warm_up)))

    def _average(self) -> None:
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        state = self.network.state_dict()
        values = [state[name] for name in self.average]
        torch._foreach_lerp_(list(self.average.values()), values, 1 - decay)

    def _note(self, loss: float, rate: float) -> None:
        self._loss += loss
        self._since += 1
        if self.step % LOG_EVERY == 0:
            seconds = time.monotonic() - self._started
            self.log.append({"step": self.step, "samples": self.step * self.recipe.batch,
                             "size": self.recipe.size(self.step - 1), "loss": f"{self._loss / self._since:.4f}",
                             "rate": f"{rate:.2e}",
                             "photos_per_second": f"{self._since * self.recipe.batch / seconds:.1f}"})
            self._loss, self._since, self._started = 0.0, 0, time.monotonic()


def export(state: dict[str, torch.Tensor], file: Path) -> None:
    """Writes the floating-point tensors of a state as fp16 safetensors; a value that fp16 can't hold is an error."""
    halves = {name: value.half().contiguous() for name, value in state.items()}
    if not all(value.isfinite().all() for value in halves.values()):
        raise ValueError(f"a weight is too large for fp16 or not a number: {file} was not written")
    temporary = file.with_suffix(".tmp")
    save_file(halves, temporary)
    os.replace(temporary, file)


def _groups(network: nn.Module, weight_decay: float) -> list[dict]:
    """The parameters in three groups: the head, matrices with weight decay, and vectors without."""
    head = list(network.classifier.parameters())
    body = [value for name, value in network.named_parameters() if not name.startswith("classifier.")]
    return [{"params": head, "weight_decay": weight_decay, "head": True},
            {"params": [value for value in body if value.ndim > 1], "weight_decay": weight_decay, "head": False},
            {"params": [value for value in body if value.ndim == 1], "weight_decay": 0.0, "head": False}]


def _claim(file: Path, description: dict) -> None:
    """Writes what is trained here, or makes sure that it is what was begun here."""
    text = json.dumps(description, indent=1)
    if not file.exists():
        _write(file, text.encode())
    elif file.read_text() != text:
        raise ValueError(f"{file.parent} holds a training of another recipe or other photos: remove it to start anew")


def _table(rows: list[dict]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, LOG_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_suffix(file.suffix + ".tmp")
    temporary.write_bytes(content)
    os.replace(temporary, file)
