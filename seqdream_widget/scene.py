"""What a run is about: the model, its classes and the real data, against which objectives are resolved."""

from __future__ import annotations

import dataclasses

from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
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
    """

    probe: Probe
    classes: Classes
    shape: tuple[int, int]
    reference: Reference | None = None

    def population(self, who: str, data: SequenceDataset | None) -> Population:
        """Return real sequences as the model sees them: of `data`, or of the run's where that is ``None``.

        Raises
        ------
        ValueError
            If there is neither; the message says `who` needs it.
        """
        if data is None and self.reference is not None:
            data = self.reference.data
        if data is None:
            raise ValueError(f"{who} compares with real members and this run has no data; give data=")
        return Population.of(self.probe, data)

    def members(self, who: str, target: int | str, data: SequenceDataset | None) -> Members:
        """Return the real members of a class.

        Raises
        ------
        ValueError
            If there is no such class, or it has no members, or there is no data.
        """
        index = self.classes.index(target)
        members = self.population(who, data).members(index)
        if not len(members):
            raise ValueError(
                f'{who}: the model recognizes no real member of "{self.classes.names[index]}" in the data; '
                f"give data with some, or another class"
            )
        return members
