"""What a linear classifier says on a plane: the region of each class, and the border between two, as polygons.

On a plane the logits of a linear layer are linear too, so each region is what a few straight lines leave of the map.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.lab.projection import PCA

Polygon = NDArray[np.float64]
"""Corners, of shape (corner, 2); empty where nothing is left."""


@dataclasses.dataclass(frozen=True, eq=False)
class Slice:
    """The logits on a plane through feature space: ``slope @ point + level``.

    Attributes
    ----------
    slope : array of shape (class, 2)
    level : array of shape (class,)
    """

    slope: NDArray[np.float64]
    level: NDArray[np.float64]

    @staticmethod
    def through(plane: PCA, weight: Float[Tensor, "class feature"], bias: Float[Tensor, " class"]) -> Slice:
        """Return the slice along a plane of the logits ``weight @ feature + bias``."""
        slope = (weight @ plane.components.T).double().numpy()
        return Slice(slope, (weight @ plane.mean + bias).double().numpy())

    def region(self, index: int, box: Polygon) -> Polygon:
        """Return where a class leads, within a box."""
        return self._leading(index, index, box)

    def border(self, first: int, second: int, within: float, box: Polygon) -> Polygon:
        """Return where two classes lead, and their logits differ by at most `within`."""
        slope, level = self.slope[first] - self.slope[second], self.level[first] - self.level[second]
        band = clipped(clipped(box, slope, level + within), -slope, within - level)
        return self._leading(first, second, band)

    def _leading(self, first: int, second: int, left: Polygon) -> Polygon:
        for other in set(range(len(self.level))) - {first, second}:
            if not len(left):
                break
            for one in {first, second}:
                left = clipped(left, self.slope[one] - self.slope[other], self.level[one] - self.level[other])
        return left


def clipped(polygon: Polygon, slope: NDArray[np.float64], level: float) -> Polygon:
    """Return what is left of a convex polygon where ``slope @ point + level ≥ 0``.

    Notes
    -----
    Sutherland, Hodgman 1974, "Reentrant polygon clipping", doi 10.1145/360767.360802.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> clipped(square, np.array([1.0, 0.0]), -0.5)[:, 0].min()
    np.float64(0.5)
    """
    if not len(polygon):
        return polygon
    side = polygon @ slope + level
    kept: list[NDArray[np.float64]] = []
    for here, there, at, beyond in zip(polygon, np.roll(polygon, -1, axis=0), side, np.roll(side, -1), strict=True):
        if at >= 0:
            kept.append(here)
        if at * beyond < 0:
            kept.append(here + (there - here) * (at / (at - beyond)))
    return np.array(kept).reshape(-1, 2)


def together(polygons: list[Polygon]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of several polygons as x and y of shape (polygon, corner), the last one repeated."""
    most = max((len(one) for one in polygons), default=0)
    padded = [np.concatenate([one, np.repeat(one[-1:], most - len(one), axis=0)]) for one in polygons if len(one)]
    corners = np.array(padded).reshape(len(padded), most, 2)
    return corners[..., 0], corners[..., 1]
