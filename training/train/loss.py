"""The training loss: cross-entropy against a set of classes, of which any one may be the truth."""

import numpy as np
import torch

from .data import BENIGN, CLASSES


def target_sets() -> np.ndarray:
    """For each label (row) the classes that may be true, as 0 or 1: (9, 9) float32.

    A label stands for its own class; `unknown` stands for "one of the benign classes", as that is all that is known.
    """
    sets = np.eye(len(CLASSES), dtype=np.float32)
    sets[CLASSES.index("unknown"), list(BENIGN)] = 1
    return sets


def set_loss(logits: torch.Tensor, sets: torch.Tensor, smoothing: float) -> torch.Tensor:
    """The mean over a batch of -log(summed probability of the set), smoothed over all classes.

    logits (N, 9); sets (N, 9) of 0 and 1, as of `target_sets`. With one class in each set it is PyTorch's
    `cross_entropy(…, label_smoothing=smoothing)`. The sum of probabilities is taken by logsumexp.
    """
    log = logits.log_softmax(1)
    inside = log.masked_fill(sets == 0, -torch.inf).logsumexp(1)
    return -((1 - smoothing) * inside + smoothing * log.mean(1)).mean()
