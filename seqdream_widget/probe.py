"""The user's model, as the engine sees it: a private copy that takes ``(batch, channel, time)`` and gives logits."""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn
from torch.fx.experimental import optimization

from seqdream_widget.errors import ShapeError

# How a sequence (batch, channel, time) is handed to the model, tried in this order.
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "(N, C, T)": lambda x: x,
    "(N, T, C)": lambda x: x.transpose(1, 2),
    "(N, T)": lambda x: x.squeeze(1),
}


@dataclasses.dataclass(frozen=True)
class Activity:
    """What the model does with a batch of sequences.

    Attributes
    ----------
    logits : Tensor of shape (batch, class)
        Differentiable with respect to the sequences.
    x : Tensor of shape (batch, channel, time), optional
        The sequences.
    features : Tensor of shape (batch, feature), optional
        The penultimate features: the input of the last ``Linear``, where there is one.
    layers : mapping of str to Tensor
        The outputs of the layers that were asked for, by dotted name, the batch first.
    """

    logits: Float[Tensor, "batch class"]
    x: Float[Tensor, "batch channel time"] | None = None
    features: Float[Tensor, "batch feature"] | None = None
    layers: Mapping[str, Tensor] = dataclasses.field(default_factory=dict[str, Tensor])

    def probabilities(self) -> Float[Tensor, "batch class"]:
        """Return the softmax of the logits, detached."""
        return self.logits.detach().softmax(dim=1)


class Probe:
    """A private, frozen copy of a model in eval mode.

    The copy is taken once: the user's model is never changed, and may go on being trained meanwhile.

    Parameters
    ----------
    model : nn.Module
        Any classifier of sequences. It may take ``(N, C, T)``, ``(N, T, C)`` or ``(N, T)`` and return a tensor of
        logits ``(N, class)``, a tuple that begins with one, or an object with ``.logits``.
    channels, length : int
        The shape of one sequence.
    device : torch.device or str, optional
        Where to run; where the model is unless given.

    Attributes
    ----------
    layout : str
        The input layout that was found by trying, e.g. ``"(N, C, T)"``.
    n_classes : int
        The number of logits.
    folded : bool
        Whether BatchNorm was folded into the convolutions (checked to change the logits by less than 1e-5 relative
        to their size).

    Raises
    ------
    ShapeError
        If no layout works; the message says what was tried and what came back.
    TypeError
        If `model` is no ``nn.Module``.
    """

    def __init__(self, model: nn.Module, channels: int, length: int, device: torch.device | str | None = None) -> None:
        if not isinstance(model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked
            raise TypeError(f"the model is a {type(model).__name__}; give a torch.nn.Module")
        first = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
        self.device = torch.device(device) if device is not None else first.device
        self.dtype = first.dtype
        self._model = _private_copy(model).to(self.device).eval().requires_grad_(False)
        # Two sequences, so that a model that mixes up batch and time is noticed.
        example = torch.linspace(-1, 1, 2 * channels * length, dtype=self.dtype, device=self.device)
        example = example.reshape(2, channels, length)
        self.layout = self._find_layout(example)
        self._arrange = LAYOUTS[self.layout]
        self.n_classes = self(example).logits.shape[1]
        self.folded = self._fold(example)

    def __call__(self, x: Float[Tensor, "batch channel time"]) -> Activity:
        """Run the model on a batch of sequences."""
        # A copy: some models begin with an operation in place, which must reach neither θ nor the penalties.
        return Activity(_logits(self._model(self._arrange(x.clone()))), x)

    @torch.no_grad()
    def _find_layout(self, example: Tensor) -> str:
        failures: list[str] = []
        for name, arrange in LAYOUTS.items():
            if name == "(N, T)" and example.shape[1] != 1:
                continue
            try:
                logits = _logits(self._model(arrange(example.clone())))
            except Exception as error:  # noqa: BLE001 - any failure means "not this layout"; all are reported
                failures.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
                continue
            if logits.ndim == 2 and logits.shape[0] == 2 and logits.shape[1] > 1:  # noqa: PLR2004 - two sequences, (N, class)
                return name
            failures.append(f"{name}: output of shape {tuple(logits.shape)}")
        tried = "; ".join(failures)
        channels, length = example.shape[1:]
        raise ShapeError(
            f"the model takes no sequence of {channels} channel(s) and {length} samples, or returns no logits of "
            f"shape (N, class) with at least two classes. Tried {tried}. "
            f"Give `length` and `channels` (or data) that fit the model, or wrap it so that it returns logits."
        )

    @torch.no_grad()
    def _fold(self, example: Tensor) -> bool:
        """Fold BatchNorm into the convolutions before it: a third of the time of a step."""
        if not any(isinstance(module, nn.BatchNorm1d) for module in self._model.modules()):
            return False
        before = self(example).logits
        original = self._model
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._model = cast("fx.GraphModule", optimization.fuse(original)).eval()
                after = self(example).logits
            self._model.requires_grad_(False)
            faithful = torch.allclose(before, after, rtol=1e-5, atol=1e-5)
        except Exception:  # noqa: BLE001 - not every model can be traced; folding is only an optimization
            faithful = False
        if not faithful:
            self._model = original
        return faithful


def _private_copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise ValueError(
            f"the model cannot be copied ({type(error).__name__}: {error}); remove what cannot be, such as open files, "
            f"locks or activations kept from a forward pass"
        ) from error


def _logits(output: Any) -> Tensor:
    if isinstance(output, tuple | list):
        output = cast("tuple[Any, ...]", output)[0]
    output = getattr(output, "logits", output)
    if not isinstance(output, Tensor):
        raise ShapeError(
            f"the model returned a {type(output).__name__}; it must return a tensor of logits (N, class), a tuple "
            f"that begins with one, or an object with .logits"
        )
    return output
