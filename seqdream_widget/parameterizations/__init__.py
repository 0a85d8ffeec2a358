"""What the optimizer owns: θ, from which the sequence is decoded.

A `Parameterization` is a description, made by a person or read off the wire; bound to sequences of one shape and to
the run's data it becomes a `Form`, which encodes and decodes. To add one, write one class with `bind`, and its form.
"""

from seqdream_widget.parameterizations.base import Form, Parameterization, parameterization_of
from seqdream_widget.parameterizations.fourier import Fourier, MagnitudeFourier
from seqdream_widget.parameterizations.samples import Samples
from seqdream_widget.parameterizations.spline import Spline

__all__ = ["Form", "Fourier", "MagnitudeFourier", "Parameterization", "Samples", "Spline", "parameterization_of"]
