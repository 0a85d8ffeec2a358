"""What a model returns, read as logits: tails are found out by their values and by what autograd says of them."""

from __future__ import annotations

import re
from typing import Any, Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import ShapeError
from seqdream_widget.probe.network import first_tensor

Tail = Literal["", "softmax", "sigmoid"]

SATURATED = 0.02  # so near to 0 or 1 come squashed values: sequences up to 1000 saturate them
# What autograd calls operations that only move numbers around or average them.
_MOVES = {"View", "ReshapeAlias", "UnsafeView", "Squeeze", "Unsqueeze", "Select", "Slice", "Transpose", "Permute"} | {
    *("T", "Clone", "Mean", "Sum", "ToCopy", "Alias", "Expand", "Stack", "Cat")
}
# What it calls operations that may end in [0, 1] on purpose.
_SQUASHES = {"Sigmoid", "Hardsigmoid", "Reciprocal", "Div", "Clamp", "ClampMin", "ClampMax", "Softmax"}


def tensor_of(output: object) -> Tensor:
    """Return the tensor in what a model returned.

    Raises
    ------
    ShapeError
        If there is none.
    """
    found = first_tensor(output)
    if found is None:
        raise ShapeError(
            f"the model returned a {type(output).__name__}; it must return a tensor of logits (N, class), a tuple "
            f'that begins with one, or an object or dict with "logits"'
        )
    return found


def tail_of(output: Tensor) -> Tail:
    """Say which squashing the model ends with, from what it returns for varied sequences.

    Raises
    ------
    ValueError
        If it has several independent labels.
    """
    values = output.detach().reshape(len(output), -1).double()
    values = values[values.isfinite().all(dim=1)]
    if not len(values) or values.amin() < 0 or values.amax() > 1:
        return ""
    tolerance = max(1e-3, 4 * torch.finfo(output.dtype).eps)
    if values.shape[1] > 1 and (values.sum(dim=1) - 1).abs().amax() <= tolerance:
        return "softmax"
    if not _is_squashed(output, values):
        return ""
    if values.shape[1] == 1:
        return "sigmoid"
    raise ValueError(
        f"the model returns {values.shape[1]} independent probabilities (several labels may hold at once), and a dream "
        f"is about classes that exclude each other. Wrap the model so that it returns one label as (N, 1): two classes"
    )


def _is_squashed(output: Tensor, values: Tensor) -> bool:
    """Whether values within [0, 1] are so on purpose, and not because an untrained network says little."""
    node = cast("Any", output.grad_fn)
    while node is not None:
        found = re.fullmatch(r"(\w+?)Backward\d*", node.name())
        if found is None:  # TorchScript and functions of the user's: only the values tell
            return bool(values.amin() < SATURATED or values.amax() > 1 - SATURATED)
        if found[1] not in _MOVES:
            return found[1] in _SQUASHES
        before = cast("tuple[tuple[Any, int], ...]", node.next_functions)
        node = next((entry[0] for entry in before if entry[0] is not None), None)
    return False


def logits_of(output: Tensor, tail: Tail) -> Float[Tensor, "batch class"]:
    """Turn what a model returns, (batch, class), (batch, 1) or (batch,), into logits, finite where it saturates."""
    if output.ndim == 2 and output.shape[1] > 1:  # noqa: PLR2004 - (batch, class)
        return output.clamp_min(torch.finfo(output.dtype).tiny).log() if tail == "softmax" else output
    one = output.reshape(-1)
    if tail == "sigmoid":
        limits = torch.finfo(output.dtype)
        one = one.clamp_min(limits.tiny).log() - (1 - one).clamp_min(limits.eps).log()
    return torch.stack([torch.zeros_like(one), one], dim=1)
