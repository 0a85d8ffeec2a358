"""Commands about what is climbed and how: objective, regularizers, learning rate, optimizer, parameterization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast

from seqdream_widget.commands.base import Command
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import is_a, shown
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import HIGHEST_RATE, LOWEST_RATE, OptimizerFactory, chosen, factory_of
from seqdream_widget.parameterizations import Parameterization, parameterization_of
from seqdream_widget.parameters import check_fields, described, number
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers.base import Regularizer, by_name, checked


@described
class SetRegularizer(Command):
    """Switch a regularizer on or off, or change its parameters.

    A registered one that the run does not have yet is appended with its defaults.

    Parameters
    ----------
    name : str
        Its name, e.g. ``"total_variation"``.
    enabled : bool, optional
        On or off; as it was unless given.
    **parameters : float, bool or str
        New values, e.g. ``weight=0.02``.

    Raises
    ------
    ValueError
        When it is submitted, if a name is unknown or a value out of bounds.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.SetRegularizer("total_variation", enabled=True, weight=0.02)
    """

    name: str
    enabled: bool | None
    parameters: Mapping[str, Any]

    def __init__(self, name: str, enabled: bool | None = None, **parameters: Any) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "enabled", enabled)
        object.__setattr__(self, "parameters", parameters)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Make the command from the fields of a message, where the parameters stand apart."""
        parameters: object = fields.get("parameters", {})
        check_fields(cls, [*fields, "enabled", "parameters"])
        if not isinstance(parameters, Mapping):
            raise ValueError(
                f"set_regularizer: parameters = {shown(parameters)} is not allowed; give an object of numbers"
            )
        command = cls(fields["name"], fields.get("enabled"))
        # Not as keywords: a parameter may be called anything here, and is looked up later.
        object.__setattr__(command, "parameters", dict(cast("Mapping[str, Any]", parameters)))
        return command

    def check(self, dreamer: Dreamer) -> None:
        """Refuse an unknown name or parameter, and values out of bounds."""
        self._changed(dreamer)

    def apply(self, dreamer: Dreamer) -> None:
        """Change it."""
        dreamer.regularizers = self._changed(dreamer)

    def _changed(self, dreamer: Dreamer) -> tuple[Regularizer, ...]:
        if not is_a(self.name, str):
            raise ValueError(f"SetRegularizer: name = {shown(self.name)} is not allowed; give a string")
        present = {regularizer.name: regularizer for regularizer in dreamer.regularizers}
        old = present.get(self.name) or by_name(self.name)
        present[self.name] = old.changed(self.enabled, self.parameters)
        _, channels, samples = dreamer.start.shape
        return checked(present.values(), dreamer.scene.reference, (channels, samples))


@described
class SetObjective(Command):
    """Climb something else from the next step on.

    A preset brings its learning rate and its regularizers along: those the run has stay, of the same name the preset's.
    `extreme` switches off what the other presets bring.

    Parameters
    ----------
    objective : Objective or Preset

    Raises
    ------
    TypeError
        If it is no objective.
    ValueError
        When it is submitted, if a class or layer is unknown, or data is needed and missing.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.SetObjective(sd.objectives.Logit(0))
    """

    objective: Objective | Preset

    def __post_init__(self) -> None:
        """Refuse what is no objective."""
        if not is_a(self.objective, Objective | Preset):
            raise TypeError(f"SetObjective: {self.objective!r} is no objective; give e.g. sd.objectives.Logit(0)")

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Make the command from the fields of a message."""
        objective = fields.pop("objective", None)
        if fields:
            raise ValueError(f"set_objective has no field {shown(next(iter(fields)))}")
        return cls(Preset.from_json(objective) or Objective.from_json(objective))

    def check(self, dreamer: Dreamer) -> None:
        """Refuse an unknown class or layer, and a preset for which there is no data."""
        self._unfolded(dreamer)

    def apply(self, dreamer: Dreamer) -> None:
        """Retarget."""
        dreamer.objective, dreamer.regularizers, learning_rate = self._unfolded(dreamer)
        if learning_rate is not None:
            dreamer.set_learning_rate(learning_rate)

    def outcome(self, dreamer: Dreamer) -> Command:
        """Return the objective as it was resolved, and what a preset has brought along."""
        if isinstance(self.objective, Preset):
            return Adopt(dreamer.objective, dreamer.regularizers, dreamer.learning_rate)
        return Adopt(dreamer.objective)

    def _unfolded(self, dreamer: Dreamer) -> tuple[Objective, tuple[Regularizer, ...], float | None]:
        """Return objective, regularizers and learning rate to go on with; ``None`` where it stays."""
        scene = dreamer.scene
        if isinstance(self.objective, Objective):
            return self.objective.resolve(scene), dreamer.regularizers, None
        preset = self.objective.on(None if scene.reference is None else scene.reference.data)
        regularizers = checked(preset.over(dreamer.regularizers), scene.reference, scene.shape)
        return preset.objective.resolve(scene), regularizers, preset.learning_rate


@described
class Adopt(Command, abstract=True):
    """Climb an objective that has been resolved: what a `SetObjective` came to. It is not for the wire.

    Parameters
    ----------
    objective : Objective
    regularizers : tuple of Regularizer, optional
        All of the run; as they were unless given.
    learning_rate : float, optional
        As it was unless given.
    """

    objective: Objective
    regularizers: tuple[Regularizer, ...] | None = None
    learning_rate: float | None = number(default=None, low=LOWEST_RATE, high=HIGHEST_RATE, optional=True)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse regularizers that cannot act in this run."""
        if self.regularizers is not None:
            checked(self.regularizers, dreamer.scene.reference, dreamer.scene.shape)

    def apply(self, dreamer: Dreamer) -> None:
        """Take it up as it is."""
        dreamer.objective = self.objective
        if self.regularizers is not None:
            dreamer.regularizers = self.regularizers
        if self.learning_rate is not None:
            dreamer.set_learning_rate(self.learning_rate)


@described
class SetLearningRate(Command):
    """Change the size of an update.

    Parameters
    ----------
    learning_rate : float
        1e-6 … 100; with Adam about the change of a sample in one step.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.SetLearningRate(0.02)
    SetLearningRate(learning_rate=0.02)
    """

    learning_rate: float = number(low=LOWEST_RATE, high=HIGHEST_RATE, scale="log")

    def check(self, dreamer: Dreamer) -> None:
        """Allow it always: its bounds were checked when it was made."""

    def apply(self, dreamer: Dreamer) -> None:
        """Change it."""
        dreamer.set_learning_rate(self.learning_rate)


@described
class SetOptimizer(Command):
    """Climb with another optimizer from the next step on; it begins anew, the sequence stays.

    Parameters
    ----------
    optimizer : str or callable
        A name, or ``(params, lr=...) -> torch.optim.Optimizer``; see `Session`.

    Raises
    ------
    ValueError
        If the name is unknown; when it is submitted, if it cannot move these dreams.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.SetOptimizer("rmsprop")
    SetOptimizer(optimizer='rmsprop')
    """

    optimizer: str | OptimizerFactory

    def __post_init__(self) -> None:
        """Refuse an unknown name."""
        factory_of(self.optimizer)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse an optimizer that cannot move these dreams."""
        chosen(self.optimizer, dreamer.learning_rate, dreamer.start)

    def apply(self, dreamer: Dreamer) -> None:
        """Change it."""
        dreamer.set_optimizer(self.optimizer)


@described
class SetParameterization(Command):
    """Write the sequence with other parameters from the next step on; it stays as it is, the optimizer begins anew.

    Parameters
    ----------
    parameterization : str or Parameterization

    Raises
    ------
    ValueError
        If the name is unknown; when it is submitted, if data is needed and missing.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.SetParameterization("fourier")
    SetParameterization(parameterization=Fourier())
    """

    parameterization: str | Parameterization

    def __post_init__(self) -> None:
        """Look the name up."""
        object.__setattr__(self, "parameterization", parameterization_of(self.parameterization))

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Make the command from the fields of a message."""
        parameterization = Parameterization.from_json(fields.pop("parameterization", None))
        if fields:
            raise ValueError(f"set_parameterization has no field {shown(next(iter(fields)))}")
        return cls(parameterization)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse what needs data that the run does not have."""
        parameterization_of(self.parameterization).bind(dreamer.start, dreamer.scene)

    def apply(self, dreamer: Dreamer) -> None:
        """Change it."""
        dreamer.set_parameterization(parameterization_of(self.parameterization))
