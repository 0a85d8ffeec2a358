"""A sequence as a smooth curve through few numbers."""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameterizations.base import Form, Parameterization
from seqdream_widget.parameters import described, number
from seqdream_widget.scene import Scene
from seqdream_widget.untyped import linalg

HALO = 64
"""How far a knot's influence on the others is followed: it falls to 0.54 from each to the next, 4e-18 in all."""
CORE = 64
WINDOW = HALO + CORE + HALO


@described
class Spline(Parameterization):
    """θ is the coefficients of a cubic spline, with a knot every so many samples.

    What oscillates faster than the knots cannot be written, so the gradient cannot add it; what a start or an edit
    has of it stays as it is.

    Parameters
    ----------
    every : int
        Samples from one knot to the next, 1 … 1,000,000; at most the length less one is used.

    Notes
    -----
    Uniform cubic B-splines (Schoenberg 1946), the second derivative zero at the first knot and behind the last.
    Encoding is the least-squares fit: Unser, Aldroubi, Eden 1993, "B-spline signal processing", whose inverse filter
    decays by 0.54 a knot. The normal equations are therefore solved exactly to rounding in windows of 192 knots, in
    time and memory linear in the length.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.parameterizations.Spline(every=16)
    Spline(every=16)
    """

    every: int = number(8, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="samples", integer=True)

    def bind(self, like: Float[Tensor, "batch channel time"], scene: Scene) -> Form:
        """Lay the knots."""
        del scene
        return SplineForm(self.every, like)


class SplineForm(Form):
    """θ of shape (batch, channel, knot): cubic B-spline coefficients, about the values at the knots.

    Parameters
    ----------
    every : int
        Samples from one knot to the next.
    like : Tensor of shape (batch, channel, time)
    """

    def __init__(self, every: int, like: Float[Tensor, "batch channel time"]) -> None:
        self._length = like.shape[2]
        every = min(every, self._length - 1)
        self._n_knots = -(-(self._length - 1) // every) + 1
        u = torch.arange(every, dtype=torch.float64) / every
        basis = torch.stack([(1 - u) ** 3, 4 - 6 * u**2 + 3 * u**3, 1 + 3 * u + 3 * u**2 - 3 * u**3, u**3]) / 6
        self._basis = basis.to(like)
        short = self._n_knots <= WINDOW + CORE
        n = self._n_knots if short else 2 * WINDOW
        gram = _gram(basis, n, self._length - (self._n_knots - n) * every)
        parts = [slice(0, n)] if short else [slice(0, WINDOW), slice(CORE, CORE + WINDOW), slice(n - WINDOW, n)]
        self._inverses = [_inverse(gram[part, part]).to(like) for part in parts]

    def encode(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel knot"]:
        """Return the coefficients of the least-squares fit."""
        with torch.enable_grad():
            zero = x.new_zeros(*x.shape[:2], self._n_knots, requires_grad=True)
            (moments,) = torch.autograd.grad(self.decode(zero), zero, x)  # decoding is linear: this is its transpose
        if len(self._inverses) == 1:
            return moments @ self._inverses[0]
        first, inner, last = self._inverses
        head = moments[..., :WINDOW] @ first[:, :-HALO]
        body = moments[..., CORE:].unfold(-1, WINDOW, CORE) @ inner[:, HALO:-HALO]
        rest = self._n_knots - head.shape[-1] - body.shape[-2] * CORE
        tail = moments[..., -WINDOW:] @ last[:, -rest:]
        return torch.cat([head, body.flatten(-2), tail], dim=-1)

    def decode(self, theta: Float[Tensor, "batch channel knot"]) -> Float[Tensor, "batch channel time"]:
        """Return the samples of the spline."""
        # Between two knots four coefficients weigh: one row of samples for each four neighbours.
        rows = _continued(theta).unfold(-1, 4, 1).reshape(-1, 4) @ self._basis
        return rows.reshape(*theta.shape[:2], -1)[..., : self._length]


def _continued(coefficients: Tensor) -> Tensor:
    """Continue the coefficients in a straight line: one before the first, two behind the last."""
    first, second = coefficients[..., :1], coefficients[..., 1:2]
    before_last, last = coefficients[..., -2:-1], coefficients[..., -1:]
    return torch.cat([2 * first - second, coefficients, 2 * last - before_last, 3 * last - 2 * before_last], dim=-1)


def _gram(basis: Float[Tensor, "4 every"], n_knots: int, length: int) -> Float[Tensor, "knot knot"]:
    """Return the normal matrix of the least-squares fit."""
    every = basis.shape[1]
    products = basis.new_zeros(n_knots + 3, n_knots + 3)
    for knot in range(n_knots):
        seen = basis[:, : max(0, min(every, length - knot * every))]
        products[knot : knot + 4, knot : knot + 4] += seen @ seen.T
    ends = _continued(torch.eye(n_knots, dtype=basis.dtype))
    return ends @ products @ ends.T


def _inverse(matrix: Tensor) -> Tensor:
    return cast("Tensor", linalg.inv(matrix))
