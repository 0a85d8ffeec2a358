"""What real sequences look like, figure by figure: the standard that a dream is held to.

`docs/plausibility.md` defines the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.population import CHUNK, Members, Population, Ties, chunks, distances, nearest_mean
from seqdream_widget.probe import Probe
from seqdream_widget.spectrum import log_magnitude

Band = tuple[float, float]

BAND = (0.05, 0.95)
ENVELOPE = (0.005, 0.995)
NOISY_COPIES, NOISE = 16, 0.05
MOST_NOISE_TESTED = 64  # members whose stability against noise is measured
FEWEST = 2  # members: one alone has nothing to be compared with
COLUMNS = 2**22  # values sorted at once


class Standard:
    """What real sequences of one class look like, or such on the border between two.

    Parameters
    ----------
    probe : Probe
        The model.
    population : Population
        The real sequences as it sees them.
    groups : sequence of Members
        Of one class, or of two.
    ties : Ties, optional
        Points on the border between two classes.

    Attributes
    ----------
    bands : dict of str to (float, float)
        5 and 95 % quantiles of each figure; empty where there are fewer than two members.
    """

    def __init__(
        self,
        probe: Probe,
        population: Population,
        groups: Sequence[Members],
        ties: Ties | None = None,
    ) -> None:
        self._probe = probe
        self._floor = population.floor
        self.groups = groups
        self.ties = 0 if ties is None else len(ties.x)
        self._x = torch.cat([group.x for group in groups])
        self._features = torch.cat([group.features for group in groups])
        self.bands: dict[str, Band] = {}
        if len(self._x) < FEWEST:
            return
        self._mean_log_spectrum = log_magnitude(self._x, self._floor).mean(dim=0)
        self._low, self._high = _envelope(self._x)
        real = {"probability": torch.cat([group.probability for group in groups]), **self._measure_members()}
        if ties is not None and self.ties:
            tied = {"probability": torch.full((self.ties,), 0.5), **self.measure(ties.x, ties.features)}
            real = {name: torch.cat([values, tied[name]]) for name, values in real.items()}
        for name, values in real.items():
            self.bands[name] = (float(values.quantile(BAND[0])), float(values.quantile(BAND[1])))

    def measure(
        self, x: Float[Tensor, "batch channel time"], features: Float[Tensor, "batch feature"]
    ) -> dict[str, Tensor]:
        """Return every figure of each sequence; with fewer than two members only those that need none."""
        values = {
            "roughness": roughness(x),
            "amplitude": amplitude(x),
            "noise_stability": self._noise_stability(x),
        }
        if len(self._x) < FEWEST:
            return values
        to_centroids = torch.stack([distances(features, group.centroid[None])[:, 0] for group in self.groups])
        difference = log_magnitude(x, self._floor) - self._mean_log_spectrum
        outside = (x < self._low) | (x > self._high)
        return {
            "embedding_distance": to_centroids.amin(dim=0),
            "neighbour_distance": nearest_mean(distances(features, self._features), len(self._x)),
            "spectrum_distance": difference.square().mean(dim=(1, 2)).sqrt(),
            **values,
            "envelope_violation": outside.float().mean(dim=(1, 2)),
        }

    def _measure_members(self) -> dict[str, Tensor]:
        """Return every figure of each member, compared with the others of its own class or of both."""
        count = len(self._x)
        pooled = Members(torch.arange(count), self._x, self._features, torch.ones(count))
        tested = torch.linspace(0, count - 1, min(count, MOST_NOISE_TESTED)).round().long()
        # S − (m·S̄ − S) / (m − 1) = m / (m − 1) · (S − S̄)
        difference = count / (count - 1) * (log_magnitude(self._x, self._floor) - self._mean_log_spectrum)
        return {
            "embedding_distance": torch.cat([group.distances for group in self.groups]),
            "neighbour_distance": pooled.neighbour_distances,
            "spectrum_distance": difference.square().mean(dim=(1, 2)).sqrt(),
            "roughness": roughness(self._x),
            "amplitude": amplitude(self._x),
            "noise_stability": torch.cat([self._noise_stability(x) for x in chunks(self._x[tested], CHUNK)]),
            "envelope_violation": _outside_the_others(self._x),
        }

    def _noise_stability(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
        """Return the share of noisy copies of each sequence that keep its predicted class."""
        # The same noise for all, so that two sequences differ only by themselves.
        noise = torch.randn(NOISY_COPIES, *x.shape[1:], generator=torch.Generator().manual_seed(0))
        copies = x[:, None] + NOISE * amplitude(x)[:, None, None, None] * noise
        together = torch.cat([x[:, None], copies], dim=1).flatten(0, 1)
        with torch.no_grad():
            predicted = torch.cat([self._probe(part).logits.argmax(dim=1).cpu() for part in chunks(together, CHUNK)])
        predicted = predicted.reshape(len(x), 1 + NOISY_COPIES)
        return (predicted[:, 1:] == predicted[:, :1]).float().mean(dim=1)


def roughness(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
    """Return the mean of |xₜ − xₜ₋₁|."""
    return x.diff(dim=2).abs().mean(dim=(1, 2))


def amplitude(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
    """Return the standard deviation in time, its mean over the channels."""
    return x.std(dim=2, correction=0).mean(dim=1)


def _envelope(x: Float[Tensor, "member channel time"]) -> tuple[Tensor, Tensor]:
    """Return the 0.5 and 99.5 % quantiles at each time step."""
    bounds: list[Tensor] = []
    for share in ENVELOPE:
        position = share * (len(x) - 1)
        below = min(int(position), len(x) - 2)
        columns = [
            torch.lerp(part[below], part[below + 1], position - below)
            for part in (piece.sort(dim=0).values for piece in _in_columns(x))
        ]
        bounds.append(torch.cat(columns, dim=1))
    return bounds[0], bounds[1]


def _outside_the_others(x: Float[Tensor, "member channel time"]) -> Float[Tensor, " member"]:
    """Return the share of each member's samples outside the 0.5 to 99.5 % quantiles of the others."""
    count = len(x)
    if count <= FEWEST:  # one other has no quantiles
        return torch.zeros(count)
    outside = torch.zeros(count)
    for piece in _in_columns(x):
        ordered, order = piece.sort(dim=0)
        rank = order.argsort(dim=0)
        low, high = (_quantile_of_the_others(ordered, rank, share) for share in ENVELOPE)
        outside += ((piece < low) | (piece > high)).sum(dim=(1, 2))
    return outside / x[0].numel()


def _quantile_of_the_others(ordered: Tensor, rank: Tensor, share: float) -> Tensor:
    position = share * (len(ordered) - 2)
    below = min(int(position), len(ordered) - 3)
    # Without the member of rank r, the k-th of the others is the k-th of all before r, and the next one after it.
    low = torch.where(rank > below, ordered[below], ordered[below + 1])
    high = torch.where(rank > below + 1, ordered[below + 1], ordered[below + 2])
    return torch.lerp(low, high, position - below)


def _in_columns(x: Float[Tensor, "member channel time"]) -> Iterator[Float[Tensor, "member channel _"]]:
    width = max(1, COLUMNS // (len(x) * x.shape[1]))
    return (x[:, :, first : first + width] for first in range(0, x.shape[2], width))
