"""AUC against plain counting, weighted and not; and the rule of choice on made-up scores."""

import csv

import numpy as np

from train.compare import WORSE, compare, weighted_auc
from train.data import CLASSES
from train.score import auc


def plain_auc(scores, positive):
    pairs = [(above > below) + (above == below) / 2 for above in scores[positive] for below in scores[~positive]]
    return np.mean(pairs)


def test_auc_counts_pairs_with_ties_half():
    generator = np.random.default_rng(1)
    scores, positive = generator.integers(0, 8, 60) / 8, generator.random(60) < 0.3
    assert abs(auc(scores, positive) - plain_auc(scores, positive)) < 1e-12


def test_a_weight_counts_as_copies():
    generator = np.random.default_rng(2)
    scores, positive = generator.integers(0, 8, 40) / 8, generator.random(40) < 0.4
    weights = generator.integers(0, 4, (5, 40))
    for found, row in zip(weighted_auc(scores, positive, weights.astype(float)), weights):
        assert abs(found - plain_auc(np.repeat(scores, row), np.repeat(positive, row))) < 1e-12


def write_scores(folder, skill, seed):
    generator = np.random.default_rng(7)
    noise = np.random.default_rng(seed)
    for fold, families in (("ham", ["ham"]), ("isic2017+uda1", ["isic2017", "uda1"])):
        (folder / fold).mkdir(parents=True)
        with open(folder / fold / "scores.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image_path", "group", "family", "label", *CLASSES])
            for family in families:
                for index in range(400):
                    label = generator.choice(["melanoma", "nevus", "BCC" if family == "ham" else "BKL"])
                    melanoma = 1 / (1 + np.exp(-noise.normal(skill * (label == "melanoma"), 1)))
                    answer = [0] * 6 + [melanoma, 1 - melanoma, 0]
                    writer.writerow([f"{family}-{index}", index // 2, family, label, *answer])


def test_a_clearly_better_recipe_is_called_better_and_a_worse_one_is_not(tmp_path):
    for name, skill in (("plain", 1.0), ("good", 2.0), ("bad", 0.5)):
        write_scores(tmp_path / name, skill, seed=len(name))
    rows = {row["recipe"]: row for row in compare(tmp_path, ["plain", "good", "bad", "unfinished"])}
    assert rows.keys() == {"plain", "good", "bad"}
    assert rows["good"]["better"] == "yes" and rows["good"]["low"] > 0
    assert rows["bad"]["better"] == "no" and rows["bad"]["worst"] < -WORSE
    assert "cancer ham" in rows["plain"] and "cancer uda1" not in rows["plain"]
