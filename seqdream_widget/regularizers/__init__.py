"""What keeps a dream honest: penalties, gradient shaping, projections after the update, robustness transforms.

Each is a small frozen object with a `name`, a switch `enabled` and bounded parameters. To add one, write one class in
the module of its kind: it appears in the API, in the widget's panel, on the wire and in the history.
"""

from seqdream_widget.regularizers.base import GradientShaping, Penalty, Projection, Regularizer, Transform
from seqdream_widget.regularizers.gradients import BlurGradient, ClipGradient, NormalizeGradient
from seqdream_widget.regularizers.likeness import DataEnvelope, Range, Roughness, SpectralPrior
from seqdream_widget.regularizers.moment import Moment
from seqdream_widget.regularizers.penalties import L1, L2, Curvature, HighFrequency, TotalVariation
from seqdream_widget.regularizers.projections import (
    Clamp,
    ClipSmallContribution,
    ClipSmallNorm,
    RandomReinitialization,
    Standardize,
)
from seqdream_widget.regularizers.smoothers import ExponentialSmoothing, GaussianBlur, MovingAverage
from seqdream_widget.regularizers.transforms import Dropout, Jitter, Noise, Scale, Warp

__all__ = [
    "L1",
    "L2",
    "BlurGradient",
    "Clamp",
    "ClipGradient",
    "ClipSmallContribution",
    "ClipSmallNorm",
    "Curvature",
    "DataEnvelope",
    "Dropout",
    "ExponentialSmoothing",
    "GaussianBlur",
    "GradientShaping",
    "HighFrequency",
    "Jitter",
    "Moment",
    "MovingAverage",
    "Noise",
    "NormalizeGradient",
    "Penalty",
    "Projection",
    "RandomReinitialization",
    "Range",
    "Regularizer",
    "Roughness",
    "Scale",
    "SpectralPrior",
    "Standardize",
    "TotalVariation",
    "Transform",
    "Warp",
]
