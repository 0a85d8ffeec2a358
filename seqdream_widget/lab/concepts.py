"""What chosen samples have in common, as a direction in a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.objectives import Direction
from seqdream_widget.objectives.layers import mean_over_time
from seqdream_widget.population import Population, features_of
from seqdream_widget.probe import Probe
from seqdream_widget.scene import Scene


def direction_to(scene: Scene, everyone: Population, chosen: Sequence[int]) -> Direction:
    """Return the direction from the mean of all real sequences to that of chosen ones, in the penultimate layer.

    Parameters
    ----------
    scene : Scene
    everyone : Population
        The real sequences.
    chosen : sequence of int
        Indices into the data of the scene.

    Notes
    -----
    The difference of two means stands in for the normal of a linear classifier between them, the concept activation
    vector of Kim et al. 2018 (arXiv 1711.11279): it needs no training, and is the same each time.
    """
    assert scene.reference is not None, "chosen samples are those of real data"
    mean = features_of(scene.probe, scene.reference.data.x[list(chosen)]).mean(dim=0)
    return Direction(layer_of_features(scene.probe), mean - everyone.features.mean(dim=0))


def layer_of_features(probe: Probe) -> str:
    """Return the layer whose output is the penultimate features, flattened or averaged over time.

    Raises
    ------
    ValueError
        If no layer has them as its output.
    """
    example = probe.example
    with torch.no_grad():
        features = probe(example).features
        for name, shape in reversed(probe.layers.items()):
            if features.shape[1] not in (shape[0], math.prod(shape)):
                continue
            output = probe(example, (name,)).layers[name]
            if any(torch.allclose(one, features, atol=1e-5) for one in _rows(output, features)):
                return name
    raise ValueError(
        "no layer of the model has the penultimate features as its output, so no direction can be given in one; "
        "aim at the centre instead"
    )


def _rows(output: Float[Tensor, "batch channel ..."], like: Tensor) -> list[Tensor]:
    """Return an output as rows such as the features, in the ways in which `Direction` reads a layer."""
    found = [output.flatten(1), mean_over_time(output)]
    return [one for one in found if one.shape == like.shape]
