"""What a run is about: the model, its classes and the real data, against which objectives are resolved."""

from __future__ import annotations

import dataclasses

from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError
from seqdream_widget.population import Members, Population
from seqdream_widget.probe import Probe
from seqdream_widget.reference import Reference


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """The model, its classes and the real data of a run.

    Attributes
    ----------
    probe : Probe
        The model.
    classes : Classes
        Its classes.
    shape : (int, int)
        Channels and samples of a dream.
    reference : Reference, optional
        Statistics of the real data, where there is any.
    batch_size : int
        How many dreams there are.
    """

    probe: Probe
    classes: Classes
    shape: tuple[int, int]
    reference: Reference | None = None
    batch_size: int = 1

    def beside(self, data: SequenceDataset) -> Scene:
        """Return the scene with other real data.

        Raises
        ------
        ShapeError
            If its sequences have another shape than the dreams.
        ValueError
            If it has other classes.
        """
        shape = (data.n_channels, data.length)
        if shape != self.shape:
            raise ShapeError(
                f"the data has shape {shape} and the dream {self.shape} (channel, time); give data like it"
            )
        classes = Classes.of(self.probe.n_classes, data.class_names)
        if self.reference is not None and classes != self.classes:
            raise ValueError(
                f"the data has the classes {', '.join(classes.names)} and the run's {', '.join(self.classes.names)}; "
                f"give data with the same classes in the same order"
            )
        return dataclasses.replace(self, classes=classes, reference=Reference.of(data))

    def population(self, who: str) -> Population:
        """Return the real sequences as the model sees them.

        Raises
        ------
        ValueError
            If there are none; the message says `who` needs them.
        """
        if self.reference is None:
            raise ValueError(f"{who} compares with real members and this run has no data; give data=")
        return Population.of(self.probe, self.reference.data)

    def members(self, who: str, target: int | str) -> Members:
        """Return the real members of a class.

        Raises
        ------
        ValueError
            If there is no such class, or it has no members, or there is no data.
        """
        index = self.classes.index(target)
        members = self.population(who).members(index)
        if not len(members):
            raise ValueError(
                f'{who}: the model recognizes no real member of "{self.classes.names[index]}" in the data; '
                f"give data with some, or another class"
            )
        return members
