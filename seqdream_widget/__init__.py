"""A person and a gradient write a time series together, live, to find out what a network has learned.

Importing this is light: torch and ipywidgets load when a name that needs them is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqdream_widget import commands, lab, objectives, parameterizations, presets, regularizers, workshop
    from seqdream_widget.datasets import SequenceDataset
    from seqdream_widget.demos import load_demo
    from seqdream_widget.errors import ShapeError, StepError
    from seqdream_widget.headless import Result, dream
    from seqdream_widget.judge import Plausibility, plausibility
    from seqdream_widget.lab import Lab
    from seqdream_widget.log import Log
    from seqdream_widget.probe import layers
    from seqdream_widget.replaying import replay
    from seqdream_widget.resuming import resume
    from seqdream_widget.session import Session
    from seqdream_widget.sweeps.atlas import Atlas
    from seqdream_widget.sweeps.sweep import sweep
    from seqdream_widget.transfers import Transfer, transfer
    from seqdream_widget.widget import SeqDream

__version__ = "0.1.0"

_HOME = {
    "Atlas": "sweeps.atlas",
    "sweep": "sweeps.sweep",
    "SequenceDataset": "datasets",
    "load_demo": "demos",
    "ShapeError": "errors",
    "StepError": "errors",
    "Result": "headless",
    "dream": "headless",
    "Plausibility": "judge",
    "plausibility": "judge",
    "layers": "probe",
    "Lab": "lab",
    "Log": "log",
    "replay": "replaying",
    "resume": "resuming",
    "Session": "session",
    "Transfer": "transfers",
    "transfer": "transfers",
    "SeqDream": "widget",
}
_MODULES = ("commands", "lab", "objectives", "parameterizations", "presets", "regularizers", "workshop")

__all__ = [
    "Atlas",
    "Lab",
    "Log",
    "Plausibility",
    "Result",
    "SeqDream",
    "SequenceDataset",
    "Session",
    "ShapeError",
    "StepError",
    "Transfer",
    "__version__",
    "commands",
    "dream",
    "lab",
    "layers",
    "load_demo",
    "objectives",
    "parameterizations",
    "plausibility",
    "presets",
    "regularizers",
    "replay",
    "resume",
    "sweep",
    "transfer",
    "workshop",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
