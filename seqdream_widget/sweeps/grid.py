"""What a sweep dreams of: a grid of recipes, starts and seeds, and how its dreams come together in batches."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget import presets
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Encoder, hash_of
from seqdream_widget.errors import shown
from seqdream_widget.objectives import Diversity, Objective, Scaled, Sum
from seqdream_widget.optimizers import DEFAULT_RATE
from seqdream_widget.parameters import parameters_of, whole
from seqdream_widget.presets import Preset, merged
from seqdream_widget.regularizers import Penalty, Projection, Regularizer
from seqdream_widget.regularizers.base import NO_SETTINGS, checked
from seqdream_widget.scene import Scene
from seqdream_widget.starts import index_of, shape_of, start_of

MOST = 1_000_000
"""Dreams of one sweep."""
WHOLE = 32
"""Batches are of one dream or of multiples of this: torch computes numbers by up to so many at once and those left over
by other instructions, so that the last bit of a dream would depend on its place."""
LARGEST, LARGEST_SAMPLES = 64, 64 * 1024
"""Dreams of one batch, and samples of it: more are no faster per dream, since what a step touches leaves the cache."""
OVERHEAD = 1.5
"""What a step costs whatever its batch, in dreams: about what one of a batch of one takes more than one of many."""


@dataclasses.dataclass(frozen=True, eq=False)
class Recipe:
    """An objective with its regularizers: what dreams of different starts and seeds share.

    Attributes
    ----------
    objective : Objective
        Resolved.
    regularizers : tuple of Regularizer
        Also those that are off.
    learning_rate : float
    words, target, regularizers_in_words : str
        For the table.
    key : str
        All of it as JSON: equal recipes have equal ones.
    keys : tuple of str
        Of the objective, and of every enabled regularizer, of a penalty without its weight.
    """

    objective: Objective
    regularizers: tuple[Regularizer, ...]
    learning_rate: float
    words: str
    target: str
    regularizers_in_words: str
    key: str
    keys: tuple[str, ...]

    @property
    def acting(self) -> tuple[Regularizer, ...]:
        """The regularizers that are on."""
        return tuple(one for one in self.regularizers if one.enabled)

    @property
    def structure(self) -> tuple[Any, ...]:
        """What dreams must have in common to share a batch; weights, targets and starts are not in it."""
        acting = ((one.group, one.name, one.every if isinstance(one, Projection) else 1) for one in self.acting)
        return (self.objective.layers, self.learning_rate, *acting)


@dataclasses.dataclass(frozen=True, slots=True)
class Dream:
    """One dream of a grid: indices of its recipe and start, and its seed."""

    recipe: int
    start: int
    seed: int


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """All dreams of a sweep, in the order of the table: objectives, starts, regularizers, seeds.

    Attributes
    ----------
    recipes : tuple of Recipe
    starts : tuple
        As a session takes them; one sequence each.
    start_names : tuple of str
    dreams : tuple of Dream
    batch : int
        Dreams of every batch. Where fewer are left it is filled up, so that no dream sees another shape.
    """

    recipes: tuple[Recipe, ...]
    starts: tuple[Any, ...]
    start_names: tuple[str, ...]
    dreams: tuple[Dream, ...]
    batch: int

    @staticmethod
    def of(  # noqa: PLR0917 - the axes, in their order
        objectives: object,
        starts: Sequence[Any],
        regularizers: object,
        seeds: object,
        scene: Scene,
        data: SequenceDataset | None,
        learning_rate: float | None,
        batch: int | None,
    ) -> Grid:
        """Make the grid, and check all of it.

        Raises
        ------
        ValueError, TypeError, ShapeError
            As a session would for the dream in question; or if an axis is empty, or there are too many dreams.
        """
        listed_seeds = [whole("seed", seed, 0, 2**53) for seed in _listed("seeds", seeds, "range(8)")]
        listed_starts = list(starts)
        for start in listed_starts:
            start_of(start, scene.shape, scene.reference, [torch.Generator()])
        settings = _listed("regularizers", regularizers, "[[], [sd.regularizers.L2(1e-3)]]")
        if any(isinstance(setting, Regularizer) for setting in settings):
            raise TypeError("regularizers is a list of settings, each a list; give e.g. [[sd.regularizers.L2(1e-3)]]")
        encoder = Encoder(data)
        recipes = [
            _recipe(objective, setting, learning_rate, scene, encoder)
            for objective in _listed("objectives", objectives, "[sd.objectives.Logit(0)]")
            for setting in settings
        ]
        count = len(recipes) * len(listed_starts) * len(listed_seeds)
        if count > MOST:
            raise ValueError(f"a sweep of {count:,} dreams is not allowed; give at most {MOST:,}")
        by_objective = [range(first, first + len(settings)) for first in range(0, len(recipes), len(settings))]
        dreams = tuple(
            Dream(recipe, start, seed)
            for variants in by_objective
            for start, recipe, seed in itertools.product(range(len(listed_starts)), variants, listed_seeds)
        )
        names = tuple(_start_name(start, number) for number, start in enumerate(listed_starts))
        grid = Grid(tuple(recipes), tuple(listed_starts), names, dreams, 1)
        most = min(LARGEST, LARGEST_SAMPLES // (scene.shape[0] * scene.shape[1]))
        size = grid._best_batch(most) if batch is None else _checked_batch(batch)
        return dataclasses.replace(grid, batch=size)

    def batches(self) -> list[tuple[int, ...]]:
        """Return the dreams of each batch, by their numbers: at most `batch`, all of one structure."""
        return [
            tuple(group[first : first + self.batch])
            for group in self._groups()
            for first in range(0, len(group), self.batch)
        ]

    def first_sequence(self, dream: Dream, scene: Scene, generator: torch.Generator) -> Float[Tensor, "1 channel time"]:
        """Make the sequence in which a dream begins, drawn from its own generator."""
        return start_of(self.starts[dream.start], scene.shape, scene.reference, [generator])

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that tell grids apart."""
        starts = [_start_key(start) for start in self.starts]
        said = [[recipe.key for recipe in self.recipes], starts, [dataclasses.astuple(one) for one in self.dreams]]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def _groups(self) -> list[list[int]]:
        groups: dict[tuple[Any, ...], list[int]] = {}
        structures = [recipe.structure for recipe in self.recipes]
        for number, dream in enumerate(self.dreams):
            groups.setdefault(structures[dream.recipe], []).append(number)
        return list(groups.values())

    def _best_batch(self, most: int) -> int:
        """Return the size of batch with the least work in all; what is filled up is work as well."""
        sizes = [len(group) for group in self._groups()]
        return min(
            [*range(most - most % WHOLE, 0, -WHOLE), 1],
            key=lambda batch: sum(-(-size // batch) for size in sizes) * (batch + OVERHEAD),
        )


def starts_of(
    given: object, data: SequenceDataset | None, length: int | None, channels: int | None
) -> tuple[list[Any], tuple[int, int]]:
    """Return the starts of a sweep, and channels and samples of their sequences.

    Raises
    ------
    ShapeError, TypeError, ValueError
        If there are none, nothing tells the shape, or they are of different ones.
    """
    starts = _listed("starts", [given] if isinstance(given, str) else given, '["noise", 0, 1]')
    telling = [start for start in starts if not isinstance(start, str) and index_of(start) is None]
    shape = shape_of(telling[0] if telling else starts[0], data, length, channels)
    for start in telling:
        shape_of(start, data, shape[1], shape[0])
    return starts, shape


def _checked_batch(batch: object) -> int:
    size = whole("batch", batch, 1, 4096)
    if size > 1 and size % WHOLE:
        raise ValueError(
            f"batch = {size} is not allowed; give 1 or a multiple of {WHOLE}: in another one the last bit of a dream "
            f"would depend on its place"
        )
    return size


def _listed(axis: str, given: object, example: str) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{axis} = {shown(given)} is no list; give e.g. {axis}={example}")
    listed = list(cast("Iterable[Any]", given))
    if not listed:
        raise ValueError(f"{axis} is empty, so there is nothing to dream; give e.g. {axis}={example}")
    return listed


def _recipe(given: object, setting: object, learning_rate: float | None, scene: Scene, encoder: Encoder) -> Recipe:
    regularizers = checked(setting, scene.reference, scene.shape)
    objective, words = given, str(given)
    if isinstance(given, Preset):
        preset = given.on(None if scene.reference is None else scene.reference.data)
        regularizers = checked(merged(preset.regularizers, regularizers), scene.reference, scene.shape)
        learning_rate = preset.learning_rate if learning_rate is None else learning_rate
        words = presets.PHRASES[preset.name].format(*map(str, preset.targets))
        objective = preset.objective
    if not isinstance(objective, Objective):
        raise TypeError(f"{shown(given)} is no objective; give e.g. sd.objectives.Logit(0)")
    if _has_diversity(objective):
        raise ValueError(
            f"{words}: dreams of a sweep do not know of each other, so none can be unlike the others; "
            f"use sd.dream(…, batch_size=…) for Diversity"
        )
    resolved = objective.resolve(scene)
    rate = DEFAULT_RATE if learning_rate is None else learning_rate
    objective_key = json.dumps(encoder.encode(resolved), sort_keys=True)
    described = [encoder.encode(one) for one in regularizers]
    key = json.dumps([objective_key, described, rate], sort_keys=True)
    keys = [objective_key, *(_key(one, text) for one, text in zip(regularizers, described, strict=True) if one.enabled)]
    target = " / ".join(scene.classes.names[index] for index in resolved.targets)
    in_words = ", ".join(in_brief(one) for one in regularizers if one.enabled)
    return Recipe(resolved, regularizers, rate, words, target, in_words, key, tuple(keys))


def _key(regularizer: Regularizer, described: dict[str, Any]) -> str:
    fields = dict(described["fields"])
    if isinstance(regularizer, Penalty):
        del fields["weight"]
    return json.dumps({**described, "fields": fields}, sort_keys=True)


def _has_diversity(objective: Objective) -> bool:
    if isinstance(objective, Sum):
        return any(map(_has_diversity, objective.terms))
    return isinstance(objective.objective if isinstance(objective, Scaled) else objective, Diversity)


def in_brief(regularizer: Regularizer) -> str:
    """Write a regularizer as a person would: its main parameter, and what differs from the defaults.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> in_brief(sd.regularizers.L2(1e-3)), in_brief(sd.regularizers.GaussianBlur(every=5))
    ('L2(weight=0.001)', 'GaussianBlur(every=5, sigma=1)')
    """
    said: list[str] = []
    numbers = {parameter.name for parameter in parameters_of(type(regularizer))}
    for field in dataclasses.fields(regularizer):
        value = getattr(regularizer, field.name)
        if field.name in NO_SETTINGS or (value == field.default and field.name != regularizer.slider):
            continue
        said.append(
            f"{field.name}={value:g}" if field.name in numbers and value is not None else f"{field.name}={value!r}"
        )
    return f"{type(regularizer).__name__}({', '.join(said)})"


def _start_name(start: object, number: int) -> str:
    index = index_of(start)
    return start if isinstance(start, str) else f"given {number}" if index is None else f"sample {index}"


def _start_key(start: Any) -> str | int:
    index = index_of(start)
    return start if isinstance(start, str) else hash_of(torch.as_tensor(start).float()) if index is None else index
