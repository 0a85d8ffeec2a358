"""What a run is about: the model, its classes and the real data, against which objectives are resolved."""

from __future__ import annotations

import dataclasses

from seqdream_widget.classes import Classes
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
    reference : Reference, optional
        Statistics of the real data, where there is any.
    """

    probe: Probe
    classes: Classes
    reference: Reference | None = None
