"""Whether a finding holds on a network trained anew."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError, is_a, kind_of
from seqdream_widget.headless import Result
from seqdream_widget.judge import Plausibility, judge_of, probe_of
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.probe import Probe


@dataclasses.dataclass(frozen=True, eq=False)
class Transfer:
    """What another network says of dreams.

    Attributes
    ----------
    holds : tuple of bool
        For each dream, whether the other network puts it into the class that it was dreamed for; between two classes,
        whether both lead there. For an objective about no class: whether it predicts the same class.
    share : float
        Of dreams that hold, 0 … 1.
    probabilities : Tensor of shape (batch, class)
        What the other network gives each class.
    plausibility : tuple of Plausibility
        Each dream judged with the other network's eyes; empty without data.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=20, progress=False)
    >>> sd.transfer(result, demo.model).share
    1.0
    """

    holds: tuple[bool, ...]
    share: float
    probabilities: Float[Tensor, "batch class"]
    plausibility: tuple[Plausibility, ...]

    def __repr__(self) -> str:
        """Tell the share and the verdicts; never print arrays."""
        verdicts = ", ".join(str(judged.verdict) for judged in self.plausibility)
        return f"Transfer({sum(self.holds)} of {len(self.holds)} hold{f'; {verdicts}' if verdicts else ''})"


@known_keywords_only
def transfer(result: Result, model: nn.Module, data: SequenceDataset | None = None) -> Transfer:
    """Ask another network what it makes of a dream.

    Parameters
    ----------
    result : Result
        What `sd.dream` returned.
    model : nn.Module
        Another network for the same classes: trained from another seed, or of another family.
    data : SequenceDataset, optional
        Real sequences to judge by; those of the dream unless given.

    Returns
    -------
    Transfer

    Raises
    ------
    ShapeError
        If the network does not take such sequences or has other classes, or the data has another shape.
    TypeError
        If it is no result.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=20, progress=False)
    >>> sd.transfer(result, demo.model).holds
    (True,)
    """
    if not is_a(result, Result):
        raise TypeError(f"transfer: the result is {kind_of(result)}; give what sd.dream returned")
    session, x = result.session, result.sequence
    if data is None:
        data = session.data
    probe = Probe(model, x.shape[1], x.shape[2]) if data is None else probe_of(model, data)
    if probe.n_classes != len(session.classes):
        raise ShapeError(
            f"the other network has {probe.n_classes} classes and the dream's {len(session.classes)}; "
            f"give one for the same classes"
        )
    targets = session.objective.targets
    judged = () if data is None else tuple(judge_of(model, data).judge(x, targets))
    with torch.no_grad():
        other = probe(x).probabilities().float().cpu()
        own = session.scene.probe(x).probabilities().cpu()
    wanted = torch.tensor([sorted(targets)]).expand(len(x), -1) if targets else own.topk(1, dim=1).indices
    led = other.topk(wanted.shape[1], dim=1).indices.sort(dim=1).values
    holds = tuple(bool(same) for same in (led == wanted).all(dim=1))
    return Transfer(holds, sum(holds) / len(holds), other, judged)
