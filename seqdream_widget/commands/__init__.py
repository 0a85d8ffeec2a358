"""What a person can do between two steps.

A command is a frozen object. `check` says whether it may be carried out now, `apply` carries it out; what each
does to the sequence, the optimizer and the random stream is the table in `docs/contract.md`. To add one, write one
class in the module of its kind: it is known to sessions and on the wire.
"""

from seqdream_widget.commands.base import Command
from seqdream_widget.commands.beginnings import Reset, SetStart
from seqdream_widget.commands.brushes import (
    Erase,
    Invert,
    ReplaceByMean,
    ReplaceByNearest,
    Reverse,
    Scale,
    Shift,
)
from seqdream_widget.commands.notes import Note
from seqdream_widget.commands.samples import Edit, Freeze, MovePoint, Release, Unfreeze
from seqdream_widget.commands.settings import (
    SetLearningRate,
    SetObjective,
    SetOptimizer,
    SetParameterization,
    SetRegularizer,
)

__all__ = [
    "Command",
    "Edit",
    "Erase",
    "Freeze",
    "Invert",
    "MovePoint",
    "Note",
    "Release",
    "ReplaceByMean",
    "ReplaceByNearest",
    "Reset",
    "Reverse",
    "Scale",
    "SetLearningRate",
    "SetObjective",
    "SetOptimizer",
    "SetParameterization",
    "SetRegularizer",
    "SetStart",
    "Shift",
    "Unfreeze",
]
