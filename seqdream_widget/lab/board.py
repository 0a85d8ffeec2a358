"""The Lab: the widget and the views around it, on one board."""

from __future__ import annotations

import inspect
from typing import Any

from ipywidgets import VBox
from torch import nn

from seqdream_widget.keywords import check_keywords
from seqdream_widget.lab.activations import LayerActivations
from seqdream_widget.lab.compare import Compare
from seqdream_widget.lab.embedding import EmbeddingMap
from seqdream_widget.lab.plausibility import PlausibilityPanel
from seqdream_widget.lab.probabilities import ClassProbabilities
from seqdream_widget.lab.scores import ScoreHistory
from seqdream_widget.lab.spectrum import Spectrum
from seqdream_widget.lab.starts import StartPicker
from seqdream_widget.lab.untyped import Part, ipywidgets
from seqdream_widget.lab.view import View, close_parts
from seqdream_widget.objectives import Logit, Objective
from seqdream_widget.presets import Preset
from seqdream_widget.widget import SeqDream


class Lab(VBox):
    """The widget with all views around it, linked to it and to each other.

    Parameters
    ----------
    model : nn.Module
        A classifier of sequences; a private copy of it is used.
    objective : Objective or Preset, optional
        What to climb at first; the logit of the first class unless given.
    widget : SeqDream, optional
        Instead of all else: one that exists.
    projection : str
        Of the map: ``"pca"``, or ``"umap"`` where umap-learn is installed.
    **keywords
        Those of `SeqDream`: `data`, `start`, `regularizers`, `session` and the others.

    Attributes
    ----------
    widget : SeqDream
    map : EmbeddingMap
    plausibility : PlausibilityPanel
    probabilities : ClassProbabilities
    scores : ScoreHistory
    spectrum : Spectrum
    activations : LayerActivations
    compare : Compare
    starts : StartPicker
        Each can be shown elsewhere as well: they are widgets of their own.

    Raises
    ------
    ShapeError, ValueError, TypeError
        As `SeqDream` does.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> lab = sd.Lab(demo.model, sd.presets.centered(demo.data, "abnormal"), data=demo.data)
    >>> lab.widget.step(5)
    >>> lab.plausibility.plausibility.verdict
    'outside'
    >>> lab.close()
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        objective: Objective | Preset | None = None,
        *,
        widget: SeqDream | None = None,
        projection: str = "pca",
        **keywords: Any,
    ) -> None:
        if widget is not None and (model is not None or objective is not None or keywords):
            raise TypeError("Lab: a widget brings its own model, objective and settings; give widget= alone")
        if widget is None:
            check_keywords("Lab", keywords, ["widget", "projection", *inspect.signature(SeqDream).parameters])
            if objective is None and keywords.get("session") is None:
                objective = Logit(0)
            widget = SeqDream(model, objective, **keywords)
            self._made_widget = True
        self.widget: SeqDream = widget
        self.map = EmbeddingMap(widget, projection)
        self.plausibility = PlausibilityPanel(widget)
        self.probabilities = ClassProbabilities(widget)
        self.scores = ScoreHistory(widget)
        self.spectrum = Spectrum(widget)
        self.activations = LayerActivations(widget)
        self.compare = Compare(widget)
        self.starts = StartPicker(widget)
        columns = [
            ipywidgets.VBox([self.map, self.scores, self.spectrum]),
            ipywidgets.VBox([self.plausibility, self.probabilities, self.activations]),
        ]
        self._grid: Part = ipywidgets.GridBox(columns)
        # Two columns where there is room, else one below the other.
        self._grid.layout.grid_template_columns = "repeat(auto-fit, minmax(min(100%, 440px), 1fr))"
        self._grid.layout.grid_gap = "0 28px"
        super().__init__(children=(widget, self.starts, self._grid, self.compare))

    @property
    def views(self) -> tuple[View, ...]:
        """All views, in the order of the page."""
        return (
            self.starts,
            self.map,
            self.plausibility,
            self.scores,
            self.activations,
            self.probabilities,
            self.spectrum,
            self.compare,
        )

    def close(self) -> None:
        """Stop the run, and free what widget and views hold in the browser and here."""
        # Also called by the base class, when a constructor did not come to its end.
        if hasattr(self, "starts"):
            for view in self.views:
                view.close()
            close_parts(self._grid, self.layout)
        if hasattr(self, "widget"):
            self.widget.close()
        super().close()
