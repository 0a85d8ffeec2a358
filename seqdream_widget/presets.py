"""Recipes that get there: an objective with the regularizers and settings that lead to a place among real data.

Their weights are without units: every term is measured in terms of what real members do, so that one recipe serves any
network and data. `docs/plausibility.md` tells how often they arrive.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import Literal, NoReturn, cast

from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import is_a, shown, unknown
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.objectives import Boundary, Crossing, Logit, Objective, Prototype, Rim
from seqdream_widget.optimizers import DEFAULT_RATE, HIGHEST_RATE, LOWEST_RATE
from seqdream_widget.reference import Members, Reference
from seqdream_widget.regularizers import DataEnvelope, Regularizer, Roughness, SpectralPrior, Standardize

__all__ = ["Preset", "border", "centered", "extreme", "rim"]

Name = Literal["centered", "border", "rim", "extreme"]
Target = int | str

N_TARGETS: dict[Name, int] = {"centered": 1, "rim": 1, "border": 2, "extreme": 1}
PHRASES: dict[Name, str] = {
    "centered": "centre of {}",
    "rim": "rim of {}",
    "border": "border between {} and {}",
    "extreme": "extreme of {}",
}
ENVELOPE_WEIGHT, COVERAGE = 100.0, 0.9
ROUGHNESS_WEIGHT = 10.0
KEEPERS = ("spectral_prior", "roughness", "data_envelope", "standardize")
"""The names of the regularizers that keep a preset's dream plausible; `extreme` does without."""
HIGHEST_WEIGHT = 1e6


@dataclasses.dataclass(frozen=True)
class Preset:
    """An objective with regularizers and settings, accepted wherever an objective is. It does not compose.

    Make one with `centered`, `border`, `rim` or `extreme`.

    Attributes
    ----------
    name : str
    targets : tuple of int or str
        The classes it is about.
    data : SequenceDataset, optional
        The real sequences it was made from; ``None`` for `extreme`.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> preset = sd.presets.centered(demo.data, "abnormal")
    >>> preset.objective
    Prototype(target='abnormal')
    >>> [regularizer.name for regularizer in preset.regularizers]
    ['spectral_prior', 'roughness', 'data_envelope', 'standardize']
    """

    name: Name
    targets: tuple[Target, ...]
    data: SequenceDataset | None = dataclasses.field(default=None, compare=False, repr=False)

    @functools.cached_property
    def learning_rate(self) -> float:
        """The size of an update: a twentieth of the amplitude of the classes' real sequences, or of 1 without data."""
        return _rate(self._members)

    @property
    def needs_data(self) -> bool:
        """Whether it goes by real sequences and has none yet."""
        return self.data is None and self.name != "extreme"

    def on(self, data: SequenceDataset | None) -> Preset:
        """Return it with real sequences to go by: its own, or else these.

        Parameters
        ----------
        data : SequenceDataset, optional
            Those of the run.

        Raises
        ------
        ValueError
            If it needs some and there are none, or the classes are not there.
        """
        if not self.needs_data:
            return self
        if data is None:
            raise ValueError(f"{self.name} goes by real data and this run has none; give data=")
        return _checked(self.name, data, *self.targets)

    @staticmethod
    def from_json(message: object) -> Preset | None:
        """Read a preset off the wire, ``None`` where the message is about something else; it has no data yet.

        Raises
        ------
        ValueError
            If the message is not as it should be.
        """
        fields = dict(cast("Mapping[str, object]", message)) if isinstance(message, Mapping) else {}
        if fields.pop("type", None) != "preset":
            return None
        name, targets = fields.pop("name", None), fields.pop("targets", None)
        if fields:
            raise ValueError(f"preset has no field {shown(next(iter(fields)))}")
        if not isinstance(name, str) or name not in N_TARGETS:
            raise ValueError(unknown("preset", name, N_TARGETS))
        count = N_TARGETS[name]
        listed = cast("list[object]", targets) if isinstance(targets, list) else []
        good = [target for target in listed if isinstance(target, str | int) and not isinstance(target, bool)]
        if len(good) != count or len(listed) != count:
            said = shown(cast("object", targets))
            raise ValueError(f"{name}: targets = {said} is not allowed; give a list of {count} class(es)")
        return Preset(name, tuple(good))

    @functools.cached_property
    def objective(self) -> Objective:
        """What it climbs; this composes."""
        target = self.targets[0]
        if self.name == "centered":
            return Prototype(target, data=self.data)
        if self.name == "rim":
            return Rim(target, data=self.data)
        if self.name == "border":
            return Boundary(*self.targets) + Crossing(*self.targets, data=self.data)
        return Logit(target)

    @staticmethod
    def behind(objective: Objective) -> Preset | None:
        """Return the preset that has this resolved objective, without data; ``None`` where none has.

        Examples
        --------
        >>> import seqdream_widget as sd
        >>> sd.presets.Preset.behind(sd.objectives.Prototype(1))
        Preset(name='centered', targets=(1,))
        """
        targets = objective.targets
        found = (Preset(name, targets) for name, count in N_TARGETS.items() if count == len(targets))
        return next((preset for preset in found if preset.objective == objective), None)

    def holds(self, regularizers: Iterable[Regularizer], learning_rate: float) -> bool:
        """Tell whether a run that has its objective is as it would have it."""
        on = {regularizer.name: regularizer for regularizer in regularizers if regularizer.enabled}
        if self.name == "extreme":
            return on.keys().isdisjoint(KEEPERS) and learning_rate == DEFAULT_RATE
        if not on.keys() >= set(KEEPERS):
            return False
        # What stands behind an objective has no data; what keeps the dream plausible has those that it came with.
        real = next((one.data for one in on.values() if isinstance(one, Roughness)), None)
        return learning_rate == _rate(None if real is None else Reference.of(real).members())

    def over(self, regularizers: Iterable[Regularizer]) -> tuple[Regularizer, ...]:
        """Return a run's regularizers with its own: another preset's are replaced, and off for `extreme`."""
        if self.name != "extreme":
            return merged(regularizers, self.regularizers)
        return tuple(one.changed(False, {}) if one.name in KEEPERS else one for one in regularizers)

    @functools.cached_property
    def regularizers(self) -> tuple[Regularizer, ...]:
        """What keeps it plausible."""
        real, members = self._real, self._members
        if real is None or members is None:
            return ()
        samples = real.x[0].numel()
        frequencies = members.log_spectrum.numel()
        return (
            SpectralPrior(_weight(1, frequencies * members.spectrum_spread**2), slack=1.0, data=real),
            Roughness(ROUGHNESS_WEIGHT, data=real),
            DataEnvelope(
                _weight(ENVELOPE_WEIGHT, samples * float(members.amplitude.square().mean())),
                coverage=COVERAGE,
                data=real,
            ),
            Standardize(data=real),
        )

    @functools.cached_property
    def _real(self) -> SequenceDataset | None:
        return None if self.data is None else self.data.only(*self.targets)

    @functools.cached_property
    def _members(self) -> Members | None:
        return None if self._real is None else Reference.of(self._real).members()

    def __add__(self, *_: object) -> NoReturn:
        """Refuse: what it climbs composes, its regularizers do not."""
        raise TypeError(f"the preset {self.name} does not compose; its objective does: preset.objective + …")

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __add__


def _rate(members: Members | None) -> float:
    if members is None:
        return DEFAULT_RATE
    amplitude = float(members.amplitude.mean()) or 1.0
    # Rounded, for people: sequences that were standardized have 0.999.
    return min(max(float(f"{DEFAULT_RATE * amplitude:.2g}"), LOWEST_RATE), HIGHEST_RATE)


def _weight(share: float, size: float) -> float:
    """Return the weight at which a term of that size counts as `share`; where nothing differs any will do."""
    return min(share / size, HIGHEST_WEIGHT) if size > 0 else share


def merged(first: Iterable[Regularizer], second: Iterable[Regularizer]) -> tuple[Regularizer, ...]:
    """Return the regularizers of both, in this order; of the same name only the second, in the place of the first."""
    return tuple({regularizer.name: regularizer for regularizer in itertools.chain(first, second)}.values())


@known_keywords_only
def centered(data: SequenceDataset, cls: Target) -> Preset:
    """Dream a typical member of a class: in the middle of its real members, and like them in every figure.

    Parameters
    ----------
    data : SequenceDataset
        Real sequences, such as the train split.
    cls : int or str
        Index or name of the class.

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        If there is no such class, or it has no members.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> preset = sd.presets.centered(demo.data, "abnormal")
    >>> result = sd.dream(demo.model, preset, data=demo.data, steps=9, progress=False)
    """
    return _checked("centered", data, cls)


@known_keywords_only
def rim(data: SequenceDataset, cls: Target) -> Preset:
    """Dream a member at the edge of a class: still of it, as far out as real members are.

    Parameters
    ----------
    data : SequenceDataset
        Real sequences, such as the train split.
    cls : int or str
        Index or name of the class.

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        If there is no such class, or it has no members.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.presets.rim(sd.load_demo("forda").data, "normal").objective
    Rim(target='normal')
    """
    return _checked("rim", data, cls)


@known_keywords_only
def border(data: SequenceDataset, a: Target, b: Target) -> Preset:
    """Dream a sequence on the border between two classes, as plausible as such can be.

    Parameters
    ----------
    data : SequenceDataset
        Real sequences, such as the train split.
    a, b : int or str
        Index or name of the two classes.

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        If there is no such class, one has no members, or both are the same.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> preset = sd.presets.border(demo.data, "normal", "abnormal")
    """
    return _checked("border", data, a, b)


@known_keywords_only
def extreme(cls: Target) -> Preset:
    """Climb the logit of a class with nothing to hold back: what the network wants most, plausible or not.

    Parameters
    ----------
    cls : int or str
        Index or name of the class.

    Returns
    -------
    Preset

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.presets.extreme("abnormal").objective
    Logit(target='abnormal')
    """
    return Preset("extreme", (cls,))


def _checked(name: Name, data: SequenceDataset, *targets: Target) -> Preset:
    if not is_a(data, SequenceDataset):
        raise TypeError(f"{name}: data is a {type(data).__name__}; give sd.SequenceDataset(x, y) and then the class")
    data.only(*targets)
    if len({Classes(data.class_names).index(target) for target in targets}) < len(targets):
        raise ValueError(f"{name}: both classes are {shown(targets[0])}; give two different ones")
    return Preset(name, targets, data)
