"""Is a dream plausible, and where does it lie? Judged against real data, figure by figure.

Each figure of a dream is placed in the band of the same figure of real members; `docs/plausibility.md` defines them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from seqdream_widget.arguments import known_data, known_model
from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError, shown
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.objectives.base import Objective
from seqdream_widget.population import PerModel, Population, key_of
from seqdream_widget.probe import Probe
from seqdream_widget.probe.custody import fingerprint
from seqdream_widget.scene import Scene
from seqdream_widget.standards import Band, Standard
from seqdream_widget.starts import sequences_of
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.ties import LINES, ties_between

Verdict = Literal["centered", "rim", "border", "outside"]
Target = int | str | Sequence[int | str] | None

FEWEST_MEMBERS, FEWEST_TIES = 15, 16
TIED = 0.02
EDGE = 0.9  # of the members: the outer tenth is the edge of a class
TOLERANCE = 1e-3  # of a bound: real data that was standardized has a band of no width

# Which bound of its band a figure must keep to.
BOUNDS: dict[str, Literal["lower", "upper", "both"]] = {
    "probability": "lower",
    "embedding_distance": "upper",
    "neighbour_distance": "upper",
    "spectrum_distance": "upper",
    "roughness": "both",
    "amplitude": "both",
    "envelope_violation": "upper",
    "noise_stability": "both",
}
PLACE = ("probability", "embedding_distance")  # say where a dream lies; the others, whether it is plausible


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of a dream beside that of real members.

    Attributes
    ----------
    value : float
    band : (float, float)
        The 5 and 95 % quantiles of real members; NaN where there are fewer than two.
    inside : bool
        Whether it keeps to the band: distances and violation to its upper bound, the probability to its lower one.
        ``False`` where there is no band.
    """

    value: float
    band: Band
    inside: bool


Figures = dict[str, Figure]
Placed = tuple[Verdict | None, str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Nearest:
    """The real sequence that the network places nearest.

    Attributes
    ----------
    index : int
        Into the data.
    label : str
        The name of its class.
    distance : float
        In the penultimate layer.
    """

    index: int
    label: str
    distance: float


@dataclasses.dataclass(frozen=True)
class Plausibility:
    """What `plausibility` says of one dream.

    Attributes
    ----------
    verdict : {"centered", "rim", "border", "outside"} or None
        Where it lies; ``None`` where too few real members tell.
    reason : str
        The verdict in words.
    figures : mapping of str to Figure
    nearest : Nearest
    failing : tuple of str
        The figures that keep it outside.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> judged = sd.plausibility(demo.model, demo.data, demo.data.x[0], "normal")
    >>> judged.figures["roughness"].inside, judged.nearest.index
    (False, 0)
    """

    verdict: Verdict | None
    reason: str
    figures: Mapping[str, Figure]
    nearest: Nearest
    failing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Write a table for people."""
        lines = [f"{self.verdict or 'not judged'}: {self.reason}", f"{'dream':>32}   real members, 5 to 95 %"]
        for name, figure in self.figures.items():
            mark = "✗" if name in self.failing else " "
            value = "–" if math.isnan(figure.value) else f"{figure.value:.4g}"
            lines.append(f"{mark} {name.replace('_', ' '):<20}{value:>10}   {_band_in_words(name, figure.band)}")
        near = self.nearest
        lines.append(f'  nearest real sequence: index {near.index}, class "{near.label}", distance {near.distance:.4g}')
        return "\n".join(lines)


def _band_in_words(name: str, band: Band) -> str:
    low, high = band
    if math.isnan(low):
        return "too few to tell"
    # Of the figures that tell the place the verdict judges, in its own way.
    return f"at most {high:.4g}" if BOUNDS[name] == "upper" and name not in PLACE else f"{low:.4g} … {high:.4g}"


class Judge:
    """Judges dreams against the real sequences of one data set, as one model sees them.

    Standards are made when first needed, and kept.

    Parameters
    ----------
    probe : Probe
        The model.
    data : SequenceDataset
        Real sequences it was not trained on, if the verdict is to mean something.

    Attributes
    ----------
    probe : Probe
    classes : Classes
    population : Population
    shape : (int, int)
        Channels and samples of a sequence.
    """

    def __init__(self, probe: Probe, data: SequenceDataset) -> None:
        self.probe = probe
        self.shape = (data.n_channels, data.length)
        self.classes = Classes.of(probe.n_classes, data.class_names)
        self.population = Population.of(probe, data)
        self._standards: dict[tuple[int, ...], Standard] = {}

    def standard(self, classes: tuple[int, ...]) -> Standard:
        """Return what members of a class look like, or points on the border between two; their indices are sorted."""
        if classes not in self._standards:
            self._standards[classes] = self._make_standard(classes)
        return self._standards[classes]

    def _make_standard(self, classes: tuple[int, ...]) -> Standard:
        groups = [self.population.members(index) for index in classes]
        if len(groups) == 1 or not all(map(len, groups)):
            return Standard(self.probe, self.population, [group for group in groups if len(group)] or groups)
        # Judged beside the members at the ends of the lines: among all members of a large class, the few points on the
        # border would be no part of the band.
        ties = ties_between(self.probe, self.population, (classes[0], classes[1]))
        return Standard(self.probe, self.population, ties.ends, ties)

    def judge(self, x: Float[Tensor, "batch channel time"], target: Target) -> list[Plausibility]:
        """Judge each sequence against a class, a pair of them, or the class that the model gives it.

        Raises
        ------
        ShapeError
            If they are not of the data's shape.
        ValueError
            If there is no such class.
        """
        if tuple(x.shape[1:]) != self.shape:
            raise ShapeError(
                f"the sequence has shape {tuple(x.shape[1:])} and the data {self.shape} (channel, time); "
                f"give a sequence of the data's shape"
            )
        classes = self._classes_of(target)
        # One thread: these are short calls, and waiting threads cost more than they bring.
        with torch.no_grad(), intra_op_threads(1):
            activity = self.probe(x)
            probabilities, features = activity.probabilities().float().cpu(), activity.features.float().cpu()
            return [
                self._judge_one(*rows)
                for rows in (
                    (x[[row]], features[[row]], probabilities[row], classes or (int(probabilities[row].argmax()),))
                    for row in range(len(x))
                )
            ]

    def _classes_of(self, target: Target) -> tuple[int, ...]:
        if target is None or target == ():
            return ()
        if isinstance(target, str) or not isinstance(target, Sequence):
            return (self.classes.index(target),)
        classes = tuple(sorted(self.classes.index(one) for one in target))
        if len(classes) > 2 or len(set(classes)) != len(classes):  # noqa: PLR2004 - said in the message
            raise ValueError(f"target = {shown(target)} is not allowed; give one class or a pair of different ones")
        return classes

    def _judge_one(self, x: Tensor, features: Tensor, probabilities: Tensor, classes: tuple[int, ...]) -> Plausibility:
        figures = self._figures(x, features, probabilities, classes)
        place = self._place_on_border if len(classes) > 1 else self._place_in_class
        verdict, reason, failing = place(figures, probabilities, classes)
        if verdict == "outside" and len(classes) == 1 and _tied(probabilities):
            border = self._judge_one(x, features, probabilities, tuple(sorted(_leading(probabilities))))
            if border.verdict == "border":
                return border
        return Plausibility(verdict, reason, figures, self._nearest(features), failing)

    def _place_in_class(self, figures: Figures, probabilities: Tensor, classes: tuple[int, ...]) -> Placed:
        (target,) = classes
        name, members = self.classes.names[target], self.population.members(target)
        if len(members) < FEWEST_MEMBERS:
            return None, f"{self._recognized(target)}; {FEWEST_MEMBERS} are needed", ()
        failing = _failing(figures)
        distance = figures["embedding_distance"].value
        likely = figures["probability"].value >= float(members.probability.quantile(0.25))
        leads = bool(probabilities.isfinite().all()) and int(probabilities.argmax()) == target
        middle, edge, end = (float(members.distances.quantile(share)) for share in (0.5, EDGE, 1.0))
        near, at_edge = distance <= middle, edge <= distance <= end
        if near and likely and not failing:
            return "centered", f'in the middle of "{name}"', ()
        if at_edge and leads and not failing:
            return "rim", f'at the edge of "{name}"', ()
        place: dict[str, str] = {}
        if not leads:
            place["probability"] = self._taken_for(probabilities)
        elif near and not likely:
            place["probability"] = f'the model is less sure of it than of three quarters of "{name}"'
        if not near and not at_edge:
            between = f'between the middle of "{name}" (up to {middle:.4g}) and its edge (from {edge:.4g})'
            place["embedding_distance"] = between if distance < edge else f'farther out than any real "{name}"'
        return _outside(place, failing)

    def _recognized(self, index: int) -> str:
        name, count = self.classes.names[index], len(self.population.members(index))
        return f'"{name}" has {count} real member{"s" * (count != 1)} that the model recognizes'

    def _taken_for(self, probabilities: Tensor) -> str:
        if not probabilities.isfinite().all():
            return "the model's answer is not finite"
        return f'the model takes it for "{self.classes.names[int(probabilities.argmax())]}"'

    def _place_on_border(self, figures: Figures, probabilities: Tensor, classes: tuple[int, ...]) -> Placed:
        ties = self.standard(classes).ties
        if ties < FEWEST_TIES:
            empty = [index for index in classes if not len(self.population.members(index))]
            few = f"{ties} of {LINES} lines between real members cross their border where both lead"
            return None, f"{self._recognized(empty[0]) if empty else few}; {FEWEST_TIES} are needed", ()
        failing = _failing(figures)
        leading = _leading(probabilities)
        if set(leading) != set(classes):
            return _outside({"probability": self._taken_for(probabilities)}, failing)
        if not _tied(probabilities):
            first, second = (float(probabilities[index]) for index in leading)
            leans = f'the model leans to "{self.classes.names[leading[0]]}": {first:.3g} against {second:.3g}'
            return _outside({"probability": leans}, failing)
        if failing:
            return _outside({}, failing)
        return "border", "on the border between " + " and ".join(f'"{self.classes.names[c]}"' for c in classes), ()

    def _figures(
        self, x: Tensor, features: Tensor, probabilities: Tensor, classes: tuple[int, ...]
    ) -> dict[str, Figure]:
        standard = self.standard(classes)
        values = {"probability": probabilities[list(classes)].amin(), **standard.measure(x, features)}
        figures: dict[str, Figure] = {}
        for name, bound in BOUNDS.items():
            value = float(values.get(name, torch.tensor(math.nan)))
            low, high = band = standard.bands.get(name, (math.nan, math.nan))
            above = bound == "upper" or value >= low - TOLERANCE * abs(low)
            below = bound == "lower" or value <= high + TOLERANCE * abs(high)
            figures[name] = Figure(value, band, above and below)
        return figures

    def _nearest(self, features: Tensor) -> Nearest:
        index, distance = self.population.nearest(features)
        return Nearest(index, self.classes.names[int(self.population.y[index])], distance)


def _leading(probabilities: Tensor) -> tuple[int, int]:
    """Return the two most probable classes, the first of them first."""
    first, second = probabilities.topk(2).indices
    return int(first), int(second)


def _tied(probabilities: Tensor) -> bool:
    first, second = probabilities.topk(2).values
    return float(first - second) <= TIED


def _failing(figures: Figures) -> tuple[str, ...]:
    return tuple(name for name, figure in figures.items() if name not in PLACE and not figure.inside)


def _outside(place: Mapping[str, str], failing: tuple[str, ...]) -> Placed:
    """Say why: of the figures that tell the place, in words of their own, and the others by name."""
    unlike = [f"unlike real members in {', '.join(failing).replace('_', ' ')}"] if failing else []
    return "outside", "; ".join([*place.values(), *unlike]), (*place, *failing)


@known_keywords_only
def plausibility(
    model: nn.Module, data: SequenceDataset, sequence: ArrayLike | Tensor, target: Target = None
) -> Plausibility | list[Plausibility]:
    """Judge a dream against real data: figure by figure, and where it lies.

    Parameters
    ----------
    model : nn.Module
        The model that was dreamed on, or another one.
    data : SequenceDataset
        Real sequences, best ones the model was not trained on.
    sequence : array or Tensor of shape (time,), (channel, time) or (batch, channel, time)
    target : int or str, or a pair of them, optional
        The class, or the two classes on whose border it should lie; what the model takes it for unless given.

    Returns
    -------
    Plausibility
        Or a list of them for a batch of more than one.

    Raises
    ------
    ShapeError
        If model, data and sequence do not fit together.
    ValueError
        If there is no such class.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> sd.plausibility(demo.model, demo.data, 30 * demo.data.x[0], "normal").verdict
    'outside'

    Notes
    -----
    The figures and verdicts are defined in ``docs/plausibility.md``. Statistics of real data are computed at the first
    call for a model and data set, and kept.
    """
    x = sequences_of("sequence", sequence, "an array or a tensor")
    verdicts = judge_of(model, data).judge(x, target)
    return verdicts[0] if len(verdicts) == 1 else verdicts


def judged(scene: Scene, x: Float[Tensor, "batch channel time"], objective: Objective) -> list[Plausibility] | None:
    """Judge the dreams of a run against its own data, for what it climbs; ``None`` where it has no data."""
    if scene.reference is None:
        return None
    return judge_of(scene.probe, scene.reference.data).judge(x, objective.targets)


def judge_of(model: nn.Module | Probe, data: SequenceDataset) -> Judge:
    """Return the judge of a model and data set; it is made at the first call and kept."""
    probe = probe_of(model, data)
    return _judges.get(data, key_of(probe), lambda: Judge(probe, data))


def probe_of(model: nn.Module | Probe, data: SequenceDataset) -> Probe:
    """Return a model ready for sequences such as those of a data set; it is made at the first call and kept."""
    data = known_data(data)
    if isinstance(model, Probe):
        return model
    model = known_model(model)
    return _probes.get(data, fingerprint(model), lambda: Probe(model, data.n_channels, data.length))


_judges: PerModel[Judge] = PerModel()
_probes: PerModel[Probe] = PerModel()
