"""Real sequences on a map of the penultimate features, and what the classifier says there."""

from __future__ import annotations

import itertools
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import unknown
from seqdream_widget.lab.projection import PCA, PROJECTIONS, Projection
from seqdream_widget.lab.regions import Polygon, Slice
from seqdream_widget.lab.sample import Sample, sample_of
from seqdream_widget.population import Population
from seqdream_widget.scene import Scene

NEAR_BORDER = 0.6
"""The probability of the leading one of two classes up to which a point belongs to their border."""
MARGIN = 0.15
"""Of the span of the real points: room around them."""


def missing_for_a_map(scene: Scene) -> str:
    """Say what keeps a scene from having a map, and what to do; empty where nothing does."""
    if scene.reference is None:
        return "A map needs real sequences, and this run has none: give data=."
    if scene.probe.feature_layer is None:
        return (
            "The model has no penultimate features: no Linear layer was found in it. Name the layer whose output is to "
            "be mapped, one of sd.layers(model, data): features=."
        )
    return ""


class Landscape:
    """A map of the features of real sequences.

    Parameters
    ----------
    scene : Scene
        Model, classes and data.
    projection : str
        ``"pca"`` or ``"umap"``.

    Attributes
    ----------
    sample : Sample
        The real sequences that are drawn.
    population : Population
        What the model makes of them.
    points : array of shape (sequence, 2)
        Where they lie.
    centroids : dict of int to array of shape (2,)
        Of each class that has members, their mean.
    slice : Slice, optional
        What the classifier says on the map, where it can be drawn.
    box : (array, array)
        The lower and the upper corner of the map.

    Raises
    ------
    ValueError
        If there is no data, the model has no penultimate features, or the projection is unknown; the message says what
        to do.
    ImportError
        If the projection needs a package that is not there.
    """

    def __init__(self, scene: Scene, projection: str = "pca") -> None:
        if projection not in PROJECTIONS:
            raise ValueError(unknown("projection", projection, PROJECTIONS))
        if scene.reference is None or missing_for_a_map(scene):
            raise ValueError(missing_for_a_map(scene))
        self.sample: Sample = sample_of(scene.reference.data)
        self.population = Population.of(scene.probe, self.sample.data)
        self.projection = cast("Projection", PROJECTIONS[projection](self.population.features))
        self.points = self.place(self.population.features)
        members = ((index, self.population.members(index)) for index in range(len(scene.classes)))
        self.centroids = {index: self.place(some.centroid[None])[0] for index, some in members if len(some)}
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        room = MARGIN * np.maximum(high - low, 1e-6 + 0.05 * float((high - low).max()))
        self.box = low - room, high + room
        self.slice: Slice | None = None
        linear = scene.probe.classifier() if isinstance(self.projection, PCA) else None
        if linear is not None and isinstance(self.projection, PCA):
            self.slice = Slice.through(self.projection, *linear)

    def place(self, features: Float[Tensor, "row feature"]) -> NDArray[np.float64]:
        """Return where features lie on the map."""
        return self.projection.points(features).double().numpy()

    def regions(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[dict[int, Polygon], list[Polygon]]:
        """Return where each class leads, and the borders between two, within a box."""
        if self.slice is None:
            return {}, []
        box = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        classes = range(len(self.slice.level))
        leading = {index: self.slice.region(index, box) for index in classes}
        leading = {index: polygon for index, polygon in leading.items() if len(polygon)}
        within = float(torch.tensor(NEAR_BORDER).logit())
        pairs = itertools.combinations(classes, 2)
        borders = [self.slice.border(first, second, within, box) for first, second in pairs]
        return leading, [polygon for polygon in borders if len(polygon)]

    @property
    def words(self) -> str:
        """Say how the map is to be read."""
        said = [self.projection.words]
        if self.slice is not None:
            said.append(
                "shaded is what the classifier says on that plane, a slice through the mean of the data, and grey "
                "where two classes are closer than 60 : 40"
            )
        elif isinstance(self.projection, PCA):
            said.append("no regions: more than one Linear layer makes the logits of the features")
        else:
            said.append("no regions: there is no way back from it to the features")
        return ". ".join(one[0].upper() + one[1:] for one in [*said, self.sample.words] if one) + "."
