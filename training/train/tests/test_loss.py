"""The loss of sets of classes, against plain computations."""

import numpy as np
import torch

from train.data import BENIGN, CLASSES
from train.loss import set_loss, target_sets

SETS = torch.from_numpy(target_sets())
UNKNOWN = CLASSES.index("unknown")


def test_unknown_is_one_of_the_benign_classes():
    logits = torch.randn(5, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    chance = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(1, keepdims=True)
    plain = -np.log(chance[:, list(BENIGN)].sum(1)).mean()
    assert abs(float(set_loss(logits, SETS[[UNKNOWN] * 5], 0)) - plain) < 1e-12
    assert [CLASSES[index] for index in BENIGN] == ["BKL", "DF", "VASC", "nevus", "unknown"]


def test_a_known_class_has_the_usual_loss():
    logits = torch.randn(8, 9, generator=torch.Generator().manual_seed(3))
    expected = torch.nn.functional.cross_entropy(logits, torch.arange(8), label_smoothing=0.05)
    assert torch.allclose(set_loss(logits, SETS[:8], 0.05), expected)


def test_far_logits_give_finite_losses_and_gradients():
    logits = torch.full((1, 9), -300.0)
    logits[0, CLASSES.index("melanoma")] = 300
    logits.requires_grad_()
    loss = set_loss(logits, SETS[[UNKNOWN]], 0.05)
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()
