"""What to climb: scores of a sequence, one number per dream.

An objective is a small frozen object. It names classes and layers as people do (``"abnormal"`` or ``1``) and is
resolved once, when a run takes it up. To add one, write one class in the module of its kind: it appears in the API
and on the wire, and in the widget's picker where it is about one class. Objectives compose:
``Logit(0) + 0.5 * Margin(0)``.
"""

from seqdream_widget.objectives.base import Objective, Scaled, Sum
from seqdream_widget.objectives.layers import Channel, Direction, Layer, LayerObjective, Neuron
from seqdream_widget.objectives.logits import Boundary, ClassObjective, Logit, Margin, PairObjective, Probability
from seqdream_widget.objectives.members import Crossing, MemberObjective, Prototype, Rim
from seqdream_widget.objectives.sequences import Diversity, Stay

__all__ = [
    "Boundary",
    "Channel",
    "ClassObjective",
    "Crossing",
    "Direction",
    "Diversity",
    "Layer",
    "LayerObjective",
    "Logit",
    "Margin",
    "MemberObjective",
    "Neuron",
    "Objective",
    "PairObjective",
    "Probability",
    "Prototype",
    "Rim",
    "Scaled",
    "Stay",
    "Sum",
]
