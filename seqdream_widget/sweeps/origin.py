"""What the dreams of a sweep were made of, written down so that each can be dreamed again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Decoder, Encoder, Json, fingerprint_of
from seqdream_widget.log import versions
from seqdream_widget.objectives.base import Resolved
from seqdream_widget.session import Session
from seqdream_widget.starts import index_of
from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.studio import Studio

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Origin:
    """What the dreams were made of, beside model and data: so that one can be dreamed again, or gone on with.

    Attributes
    ----------
    described : dict
        JSON: what they have in common, the recipes and the starts.
    tensors : dict of str to Tensor
        What that refers to, by hash.
    objects : mapping of str to object
        Classes that are not the package's, by ``module:qualname``; they are not saved.
    recipe, start : int array of shape (dream,)
        Which of them each dream has.
    """

    described: Json
    tensors: dict[str, Tensor]
    objects: Mapping[str, Any]
    recipe: NDArray[np.int64]
    start: NDArray[np.int64]

    @staticmethod
    def of(studio: Studio, grid: Grid, data: SequenceDataset | None) -> Origin:
        """Say what a sweep makes its dreams of."""
        encoder, settings, probe = Encoder(data), studio.settings, studio.scene.probe
        described = {
            "seqdream_atlas": VERSION,
            "versions": versions(),
            "model": probe.fingerprint,
            "data": None if data is None else fingerprint_of(data),
            "classes": [*studio.scene.classes.names],
            "shape": [*studio.scene.shape],
            "steps": settings.steps,
            "optimizer": encoder.encode(settings.optimizer),
            "parameterization": encoder.encode(settings.parameterization),
            "batch": grid.batch,
            "threads": settings.threads,
            "device": settings.device,
            "layout": settings.layout,
            "features": settings.features,
            "recipes": [
                {
                    "objective": encoder.encode(recipe.objective),
                    "regularizers": encoder.encode(recipe.regularizers),
                    "learning_rate": recipe.learning_rate,
                }
                for recipe in grid.recipes
            ],
            "starts": [start if isinstance(start, str) else encoder.encode(_plain(start)) for start in grid.starts],
        }
        return Origin(
            described,
            encoder.tensors,
            encoder.objects,
            np.array([dream.recipe for dream in grid.dreams]),
            np.array([dream.start for dream in grid.dreams]),
        )

    def start_of(self, dream: int, data: SequenceDataset | None) -> Any:
        """Return where a dream began, as `Session` takes it."""
        start = self.described["starts"][self.start[dream]]
        return start if isinstance(start, str) else self._decoder(data).decode(start)

    def session(self, dream: int, model: nn.Module, data: SequenceDataset | None, **settings: Any) -> Session:
        """Return a session with the objective, the regularizers and the settings of a dream, and these others."""
        described, decoder = self.described, self._decoder(data)
        recipe = described["recipes"][self.recipe[dream]]
        return Session(
            model,
            Resolved(decoder.decode(recipe["objective"])),
            data=data,
            regularizers=decoder.decode(recipe["regularizers"]),
            learning_rate=recipe["learning_rate"],
            optimizer=decoder.decode(described["optimizer"]),
            parameterization=decoder.decode(described["parameterization"]),
            threads=described["threads"],
            device=described["device"],
            layout=described["layout"],
            features=described["features"],
            **({} if data is not None else {"channels": described["shape"][0], "length": described["shape"][1]}),
            **settings,
        )

    def _decoder(self, data: SequenceDataset | None) -> Decoder:
        return Decoder(self.tensors, self.objects, data)


def _plain(start: Any) -> Any:
    """Return an index as one, and a sequence as a tensor."""
    index = index_of(start)
    return torch.as_tensor(start, dtype=torch.float32) if index is None else index
