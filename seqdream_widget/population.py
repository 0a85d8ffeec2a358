"""Real sequences as the model sees them: the members of each class, and how they differ among themselves."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.probe import Probe
from seqdream_widget.reference import Members as Statistics
from seqdream_widget.threads import intra_op_threads, statistic
from seqdream_widget.untyped import linalg

CHUNK = 256  # sequences handed to the model at once
NEIGHBOURS = 5

Kept = TypeVar("Kept")


class PerModel(Generic[Kept]):
    """Keeps what was computed of a data set and a model: as long as the data is, for the latest few models.

    What is kept must not hold the data set, or neither would ever go.

    Examples
    --------
    >>> kept = PerModel(latest=2)
    """

    def __init__(self, latest: int = 8) -> None:
        self._latest = latest
        self._lock = threading.RLock()
        self._kept: WeakKeyDictionary[SequenceDataset, dict[Hashable, Kept]] = WeakKeyDictionary()

    def get(self, data: SequenceDataset, model: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what is kept of a data set and a model, or make it."""
        with self._lock:  # who needs the same meanwhile waits for it
            of_data = self._kept.setdefault(data, {})
            found = of_data.pop(model, None)
            of_data[model] = make() if found is None else found
            while len(of_data) > self._latest:
                del of_data[next(iter(of_data))]
            return of_data[model]


def key_of(probe: Probe) -> Hashable:
    """Return what tells apart how models see sequences: the model, its penultimate layer, its input layout."""
    return probe.fingerprint, probe.feature_layer, probe.layout


@dataclasses.dataclass(frozen=True, eq=False)
class Members:
    """Real members of one class: labelled so, and predicted so.

    Attributes
    ----------
    index : Tensor of shape (member,)
        Their indices into the data.
    x : Tensor of shape (member, channel, time)
    features : Tensor of shape (member, feature)
        Where they lie in the penultimate layer.
    probability : Tensor of shape (member,)
        What the model gives the class.
    """

    index: Int64[Tensor, " member"]
    x: Float[Tensor, "member channel time"]
    features: Float[Tensor, "member feature"]
    probability: Float[Tensor, " member"]

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: Int64[Tensor, " row"]) -> Members:
        """Return some of them, as members of a smaller group."""
        return Members(self.index[rows], self.x[rows], self.features[rows], self.probability[rows])

    def where(self, mask: Bool[Tensor, " member"]) -> Members:
        """Return those of them for which a mask is true."""
        return self.take(mask.nonzero()[:, 0])

    @statistic
    def centroid(self) -> Float[Tensor, " feature"]:
        """The mean of the features."""
        return self.features.mean(dim=0)

    @statistic
    def distances(self) -> Float[Tensor, " member"]:
        """Each member's distance to the centroid of the others."""
        # f − (m·c − f) / (m − 1) = m / (m − 1) · (f − c)
        others = len(self) / max(1, len(self) - 1)
        return others * linalg.vector_norm(self.features - self.centroid, dim=1)

    @statistic
    def neighbour_distances(self) -> Float[Tensor, " member"]:
        """Each member's mean distance to the five nearest others."""
        found: list[Tensor] = []
        for first in range(0, len(self), CHUNK):
            rows = distances(self.features[first : first + CHUNK], self.features)
            own = torch.arange(len(rows))
            rows[own, first + own] = torch.inf
            found.append(nearest_mean(rows, len(self) - 1))
        return torch.cat(found) if found else torch.zeros(0)


@dataclasses.dataclass(frozen=True, eq=False)
class Ties:
    """Points on straight lines between members of two classes, where both classes lead with equal logits.

    Attributes
    ----------
    x : Tensor of shape (tie, channel, time)
    features : Tensor of shape (tie, feature)
        Where they lie in the penultimate layer.
    ends : pair of Members
        The members at the ends of all lines drawn, also of those that have no tie.
    """

    x: Float[Tensor, "tie channel time"]
    features: Float[Tensor, "tie feature"]
    ends: tuple[Members, Members]


def chunks(x: Tensor, size: int) -> Iterator[Tensor]:
    """Cut a tensor along its first axis into pieces of at most `size`."""
    return (x[first : first + size] for first in range(0, len(x), size))


def distances(one: Float[Tensor, "row feature"], other: Float[Tensor, "member feature"]) -> Tensor:
    """Return the Euclidean distance of each row of one to each of the other.

    Never by a matrix product, which loses small distances between large features.
    """
    return torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")


def nearest_mean(distances: Float[Tensor, "row member"], members: int) -> Float[Tensor, " row"]:
    """Return the mean of each row's five smallest distances, of fewer where there are fewer members."""
    count = min(NEIGHBOURS, members)
    if count < 1:
        return torch.zeros(len(distances))
    return distances.topk(count, dim=1, largest=False).values.mean(dim=1)


def features_of(probe: Probe, x: Float[Tensor, "n channel time"]) -> Float[Tensor, "n feature"]:
    """Return where sequences lie in the penultimate layer: float32, on the CPU."""
    with torch.no_grad(), intra_op_threads(1):
        return torch.cat([probe(part).features.float().cpu() for part in chunks(x, CHUNK)])


class Population:
    """Real sequences as a model sees them. Use `of`, which computes them once per model and data.

    Parameters
    ----------
    probe : Probe
        The model.
    data : SequenceDataset
        The real sequences.

    Attributes
    ----------
    x : Tensor of shape (n, channel, time)
    y : Tensor of shape (n,)
        Their classes, as labelled.
    probabilities : Tensor of shape (n, class)
    features : Tensor of shape (n, feature)

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> from seqdream_widget.probe import Probe
    >>> demo = sd.load_demo("forda")
    >>> population = Population.of(Probe(demo.model, 1, 500), demo.data)
    >>> len(population.members(1)) <= 250
    True
    """

    def __init__(self, probe: Probe, data: SequenceDataset) -> None:
        self.x, self.y = data.x, data.y
        probabilities: list[Tensor] = []
        features: list[Tensor] = []
        with torch.no_grad(), intra_op_threads(1):
            for x in chunks(data.x, CHUNK):
                activity = probe(x)
                probabilities.append(activity.probabilities().float().cpu())
                features.append(activity.features.float().cpu())
        self.probabilities = torch.cat(probabilities)
        self.features = torch.cat(features)
        self._members: dict[int, Members] = {}
        self.ties: dict[tuple[int, int], Ties] = {}

    @staticmethod
    def of(probe: Probe, data: SequenceDataset) -> Population:
        """Return the population of a model and data; computed at the first call, kept as long as the data is."""
        return _populations.get(data, key_of(probe), lambda: Population(probe, data))

    @statistic
    def floor(self) -> Float[Tensor, "channel 1"]:
        """Magnitude under which a frequency counts as absent."""
        return Statistics(self.x).floor

    def nearest(self, features: Float[Tensor, "1 feature"]) -> tuple[int, float]:
        """Return the index of the real sequence that the network places nearest to a dream's features, and how far."""
        away = distances(features, self.features)[0]
        index = int(away.argmin())
        return index, float(away[index])

    def members(self, index: int) -> Members:
        """Return the real members of a class; there may be none."""
        if index not in self._members:
            chosen = ((self.y == index) & (self.probabilities.argmax(dim=1) == index)).nonzero()[:, 0]
            self._members[index] = Members(
                chosen, self.x[chosen], self.features[chosen], self.probabilities[chosen, index]
            )
        return self._members[index]


_populations: PerModel[Population] = PerModel()
