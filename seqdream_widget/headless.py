"""A whole dream in one call."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.exports import Exports
from seqdream_widget.history import History
from seqdream_widget.judge import Plausibility, judged
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.log import Log
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.session import Callback, Session, Start


@dataclasses.dataclass(frozen=True)
class Result(Exports):
    """What a dream came to.

    Attributes
    ----------
    sequence : Tensor of shape (batch, channel, time)
        The last sequence: float32, on the CPU, detached.
    history : History
        What every step measured.
    session : Session
        The session behind it, to go on from.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=3, progress=False)
    >>> result
    Result(sequence=(1, 1, 500), steps=3)
    >>> result.session.run(2)  # goes on
    """

    sequence: Float[Tensor, "batch channel time"]
    history: History
    session: Session

    @functools.cached_property
    def plausibility(self) -> Plausibility | list[Plausibility] | None:
        """Where it lies among the real sequences of its data: see `sd.plausibility`; ``None`` without data."""
        verdicts = judged(self.session.scene, self.sequence, self.session.objective)
        return verdicts[0] if verdicts and len(verdicts) == 1 else verdicts

    @property
    def log(self) -> Log:
        """All that happened; ``result.log.save("dream.jsonl")`` keeps it, `sd.replay` does it again."""
        return self.session.log

    def _told(self) -> Session:
        return self.session

    def __repr__(self) -> str:
        """Tell shape and steps; never print arrays."""
        return f"Result(sequence={tuple(self.sequence.shape)}, steps={self.session.step_count})"


@known_keywords_only
def dream(
    model: nn.Module,
    objective: Objective | Preset,
    *,
    data: SequenceDataset | None = None,
    start: Start = "noise",
    length: int | None = None,
    channels: int | None = None,
    batch_size: int = 1,
    steps: int = 500,
    seed: int = 0,
    optimizer: str | OptimizerFactory = "adam",
    learning_rate: float | None = None,
    parameterization: str | Parameterization = "samples",
    regularizers: Sequence[Regularizer] = (),
    threads: int = 1,
    device: torch.device | str | None = None,
    layout: str | None = None,
    features: str | None = None,
    autosave: str | Path | None = None,
    progress: bool = True,
    callback: Callback | None = None,
) -> Result:
    """Climb `objective` for `steps` steps and return the sequence found.

    The same seed on the same machine gives the same bits. The user's model and the global random state are untouched.
    Ctrl-C and the notebook's interrupt end it after the present step, with a warning; the result is what it came to.

    Parameters
    ----------
    model, objective, data, start, length, channels, batch_size, seed, optimizer, learning_rate
        As for `Session`.
    parameterization, regularizers, threads, device, layout, features, autosave
        As for `Session`.
    steps : int
        At least 0.
    progress : bool
        Show a progress bar.
    callback : callable, optional
        Called with the session after each step; returning ``False`` stops.

    Returns
    -------
    Result

    Raises
    ------
    ShapeError, ValueError, TypeError, StepError
        As `Session` and `Session.run` do.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=20, progress=False)
    >>> result.sequence.shape
    torch.Size([1, 1, 500])
    >>> bool(result.history["score"][-1] > result.history["score"][0])
    True

    Notes
    -----
    Activation maximization: Erhan et al. 2009, Simonyan et al. 2014 (arXiv 1312.6034); of time series, Schlegel, Keim,
    Sutter 2024 (arXiv 2408.10628).
    """
    session = Session(
        model,
        objective,
        data=data,
        start=start,
        length=length,
        channels=channels,
        batch_size=batch_size,
        seed=seed,
        optimizer=optimizer,
        learning_rate=learning_rate,
        parameterization=parameterization,
        regularizers=regularizers,
        threads=threads,
        device=device,
        layout=layout,
        features=features,
        autosave=autosave,
    )
    session.run(steps, callback, progress)
    return Result(session.sequence, session.history, session)
