"""Recipes: everything that decides a training but the photos. The baseline, and contrasts that change one thing."""

from dataclasses import asdict, dataclass, field, replace

from .augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """One way of training a network."""

    name: str
    architecture: str = "tf_efficientnet_lite0"
    sizes: tuple[tuple[float, int], ...] = ((0.5, 128), (0.5, 160))  # (share of the samples, pixels a side), in order
    samples: int = 60_000  # photos shown, with repeats
    batch: int = 32
    frozen_stages: int | None = 2  # the stem and this many stages keep their ImageNet weights; None: nothing is frozen
    sampling: str = "sqrt-class"  # see sampling.py
    label_smoothing: float = 0.05
    head_rate: float = 1e-3  # largest learning rate of the classifier, one cycle
    body_rate: float = 5e-4  # the same of all else
    warm_up: float = 0.15  # share of the steps over which the rates rise
    weight_decay: float = 0.02
    ema: float = 0.998  # decay a step of the averaged weights, smaller at first
    head_first: float = 0.0  # share of the samples for which only the classifier is trained
    include_pad: bool = False  # also train on smartphone photos
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1

    @property
    def steps(self) -> int:
        """Batches in the whole training."""
        return self.samples // self.batch

    @property
    def final_size(self) -> int:
        """Pixels a side at the end of the training and in evaluation."""
        return self.sizes[-1][1]

    def size(self, step: int) -> int:
        """Pixels a side of the batch number `step`."""
        passed, part = 0.0, (step + 0.5) / self.steps
        for share, size in self.sizes:
            passed += share
            if part < passed:
                return size
        return self.final_size

    def frozen_parts(self, step: int) -> int:
        """How many of `networks.parts` are frozen in batch number `step`: all of them while the head goes first."""
        if step < self.head_first * self.steps:
            return 9
        return 0 if self.frozen_stages is None else 1 + self.frozen_stages

    def cost(self, step: int) -> float:
        """The work of one photo in batch number `step`, in photos of 128 pixels with two frozen stages."""
        frozen = self.frozen_parts(step)
        share = 0.5 if frozen == 9 else {0: 1.35, 3: 1.0, 4: 0.8}.get(frozen, 1.2)
        depth = {"tf_efficientnet_lite0": 1.0, "tf_efficientnet_lite1": 1.55, "tf_efficientnet_lite2": 2.1}
        return share * depth[self.architecture] * (self.size(step) / 128) ** 2

    def description(self) -> dict:
        """The recipe as JSON values, to tell whether an unfinished training was this one."""
        return asdict(self)


BASELINE = Recipe("baseline")

CONTRASTS = (
    # Families differ in their share of melanoma: evener families, and classes as they come within them.
    replace(BASELINE, name="source-balanced", sampling="source-balanced"),
    # Tuning under a random head bends features that transfer (2202.10054).
    replace(BASELINE, name="head-first", head_first=0.15),
    replace(BASELINE, name="all-layers", frozen_stages=None),
    # What lies on the skin goes with a source; drawn on all alike it says nothing (2306.13446).
    replace(BASELINE, name="artefacts", augmentation=Augmentation(artefact_chance=0.4, relight_chance=0.4)),
    replace(BASELINE, name="with-pad", include_pad=True),
    # Rather than mixup: hospitals differ by colour, and mixup in an ensemble spoils calibration (2007.08792).
    replace(BASELINE, name="wide-colour", augmentation=Augmentation(
        tone_chance=0.9, gain=0.2, cast=0.14, contrast=0.35, gamma=0.4, hue_chance=0.8, hue=0.3, saturation=0.6)),
    # No change but the seed: how far apart two trainings of one recipe are.
    replace(BASELINE, name="second-seed", seed=BASELINE.seed + 1),
)

RECIPES = {recipe.name: recipe for recipe in (BASELINE, *CONTRASTS)}
