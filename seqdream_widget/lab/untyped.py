"""The libraries that the views are made with. Neither has types: here that is said once."""

from __future__ import annotations

import importlib
from typing import Any

bqplot: Any = importlib.import_module("bqplot")
ipywidgets: Any = importlib.import_module("ipywidgets")
Part = Any
"""A widget, a mark, a scale: something with traits that a front end shows."""
