"""Linked views around the widget: where the dream is, and what the network makes of it, live.

Each view is one module, and can be used alone; `view.py` says what all share, `pulse.py` when they are brought up to
date, and `board.py` puts them together.
"""

from seqdream_widget.lab.activations import LayerActivations
from seqdream_widget.lab.board import Lab
from seqdream_widget.lab.compare import Compare
from seqdream_widget.lab.embedding import EmbeddingMap
from seqdream_widget.lab.plausibility import PlausibilityPanel
from seqdream_widget.lab.probabilities import ClassProbabilities
from seqdream_widget.lab.scores import ScoreHistory
from seqdream_widget.lab.spectrum import Spectrum
from seqdream_widget.lab.starts import StartPicker

__all__ = [
    "ClassProbabilities",
    "Compare",
    "EmbeddingMap",
    "Lab",
    "LayerActivations",
    "PlausibilityPanel",
    "ScoreHistory",
    "Spectrum",
    "StartPicker",
]
