"""Objectives about the sequences themselves: near a given one, or unlike the other dreams of the batch."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget.errors import ShapeError
from seqdream_widget.objectives.base import Objective
from seqdream_widget.parameters import described
from seqdream_widget.probe import Activity
from seqdream_widget.scene import Scene
from seqdream_widget.starts import sequences_of


@described
class Stay(Objective):
    """Near a given sequence: minus half the squared distance to it.

    Parameters
    ----------
    reference : array or Tensor of shape (time,), (channel, time) or (batch, channel, time)
        Where to stay; one for all dreams, or one for each.

    Raises
    ------
    ShapeError
        If the reference has another shape than the dreams, or there are neither one nor as many as they.
    ValueError
        If it is no array of finite numbers.

    Notes
    -----
    ``−½ Σ (x − reference)²``. The proximity term of counterfactual explanations: Wachter, Mittelstadt, Russell 2017
    (arXiv 1711.00399), there in another norm.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> counterfactual = sd.objectives.Margin("abnormal") + 0.1 * sd.objectives.Stay(demo.data.x[0])
    """

    reference: ArrayLike | Tensor

    def __post_init__(self) -> None:
        """Keep the reference as a tensor of its own."""
        super().__post_init__()
        given = sequences_of("Stay: reference", self.reference, "an array or a tensor")
        object.__setattr__(self, "reference", given.clone())

    @property
    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """The reference as a tensor."""
        return cast("Tensor", self.reference)

    def resolve(self, scene: Scene) -> Objective:
        """Check that the reference is a sequence such as the run's."""
        shape = tuple(self.sequence.shape[1:])
        if shape != scene.shape:
            raise ShapeError(f"Stay: the reference has shape {shape} and the dream {scene.shape} (channel, time)")
        if len(self.sequence) not in (1, scene.batch_size):
            raise ShapeError(
                f"Stay: the reference has {len(self.sequence)} sequences; give 1, or one for each of the "
                f"{scene.batch_size} dreams"
            )
        return self

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the reference it is, squared and negative."""
        return -0.5 * (activity.x - self.sequence.to(activity.x)).square().sum(dim=(1, 2))

    def to_json(self) -> dict[str, Any]:
        """Describe it, the reference as nested lists."""
        return {"type": "stay", "reference": cast("Any", self.sequence).tolist()}

    def __eq__(self, other: object) -> bool:
        """Compare the numbers."""
        return isinstance(other, Stay) and torch.equal(self.sequence, other.sequence)

    def __hash__(self) -> int:
        """Go by the shape: equal references have one."""
        return hash(self.sequence.shape)

    def __repr__(self) -> str:
        """Name the shape; never print arrays."""
        return f"Stay(reference={tuple(self.sequence.shape)})"


@described
class Diversity(Objective):
    """Unlike the other dreams of the batch, as the network sees them; 0 where there is only one.

    Notes
    -----
    Minus the mean cosine similarity of a dream's penultimate features to those of the others. Each dream's score counts
    the others as given; one whose features are zero or not finite counts as at a right angle. Diversity of
    visualizations: Wei, Zhou, Torralba, Freeman 2015 (arXiv 1507.02379); as a term in a batch: Olah, Mordvintsev,
    Schubert 2017 (distill.pub/2017/feature-visualization).

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> varied = sd.objectives.Logit(1) + 2 * sd.objectives.Diversity()
    """

    SMALLEST_SIZE: ClassVar[float] = 1e-6

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how unlike the others each dream is, −1 … 1."""
        features = activity.features
        if len(features) == 1:
            return 0.0 * features.sum(dim=1)
        directions = torch.nn.functional.normalize(features, dim=1, eps=self.SMALLEST_SIZE)
        given = directions.detach()
        # Never by a product: NaN times 0 is NaN.
        others = torch.where(given.isfinite().all(dim=1, keepdim=True), given, 0)
        similarity = directions @ others.T
        return -(similarity.sum(dim=1) - similarity.diagonal()) / (len(features) - 1)
