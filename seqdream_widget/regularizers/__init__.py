"""What keeps a dream honest: penalties in the loss, projections after the update.

Each is a small frozen object with a `name`, a switch `enabled` and bounded parameters. To add one, write one class in
the module of its kind: it appears in the API, in the widget's panel, on the wire and in the history.
"""

from seqdream_widget.regularizers.base import Penalty, Projection, Regularizer
from seqdream_widget.regularizers.penalties import L1, L2, Curvature, HighFrequency, TotalVariation
from seqdream_widget.regularizers.projections import (
    Clamp,
    ExponentialSmoothing,
    GaussianBlur,
    Standardize,
)

__all__ = [
    "L1",
    "L2",
    "Clamp",
    "Curvature",
    "ExponentialSmoothing",
    "GaussianBlur",
    "HighFrequency",
    "Penalty",
    "Projection",
    "Regularizer",
    "Standardize",
    "TotalVariation",
]
