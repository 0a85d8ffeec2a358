"""What a model takes: found out by trying, once."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import ShapeError, unknown
from seqdream_widget.probe.network import Network, first_tensor

TRANSPOSED = "(N, T, C)"
# How a sequence (batch, channel, time) is handed to the model, tried in this order.
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "(N, C, T)": lambda x: x,
    TRANSPOSED: lambda x: x.transpose(1, 2),
    "(N, T)": lambda x: x.squeeze(1),
}


def examples(
    channels: int, length: int, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "example channel time"]:
    """Make eight sequences as unlike each other as can be: a ramp, noise, waves, a spike, a step, small to huge."""
    generator = torch.Generator().manual_seed(0)
    time = torch.linspace(0, 1, length)
    noise = torch.randn(4, channels, length, generator=generator)
    shapes = torch.stack([2 * time - 1, (40 * time).sin(), (2 * time > 1).float(), (time - 0.5).abs().mul(-50).exp()])
    shapes = shapes[:, None] * torch.linspace(1, 2, channels)[:, None]
    scales = torch.tensor([1.0, 5.0, 50.0, 1000.0])[:, None, None]
    # A ramp and noise first: what is tried with two sequences only sees ordinary ones.
    varied = torch.stack([shapes[0], noise[0], *shapes[1:], *(scales * noise)[1:]])
    return varied.to(device=device, dtype=dtype)


@torch.no_grad()
def find_layout(network: Network, pair: Float[Tensor, "2 channel time"], layout: str | None = None) -> str:
    """Find the layout in which the model takes two sequences and returns one row of numbers for each.

    One in which a row depends on its own sequence alone is preferred; a warning says where there is none, and one where
    several channels fit both ways.

    Raises
    ------
    ShapeError
        If there is none; the message says what was tried, what came back and what to do.
    ValueError
        If `layout` is none of the known ones.
    """
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(unknown("layout", layout, LAYOUTS))
    failures: list[str] = []
    mixed = ""
    advice = "Give `length` and `channels` (or data) that fit the model, or wrap it so that it returns logits."
    for name in LAYOUTS if layout is None else (layout,):
        if name == "(N, T)" and pair.shape[1] != 1:
            continue
        try:
            output = _output(network, name, pair)
            fits = output is not None and output.ndim in (1, 2) and len(output) == len(pair)
            if output is not None and fits and _keeps_sequences_apart(network, name, pair, output):
                if layout is None and _takes_transposed(network, name, pair, output):
                    warnings.warn(
                        f"the model takes sequences as {name} and as {TRANSPOSED}, and tells them apart: taken as "
                        f"{name}. Give layout= to say which it was trained with",
                        stacklevel=2,
                    )
                return name
        except Exception as error:  # noqa: BLE001 - any failure means "not this layout"; all are reported
            failures.append(f"{name}: {type(error).__name__}: {_first_line(error)}")
            if _takes_integers(network, name, pair):
                advice = (
                    "It takes whole numbers (an embedding), and there is no gradient in those: give the part of the "
                    "model behind the embedding."
                )
            continue
        if output is None:
            failures.append(f"{name}: no tensor, no tuple that begins with one, nothing with logits")
        elif fits:
            mixed = mixed or name
        else:
            failures.append(f"{name}: output of shape {tuple(output.shape)}")
            if output.shape[2:] and len(output) == len(pair):  # not (N, class)
                advice = (
                    "One row of logits per sequence is needed, and this is a sequence: a forecaster, or a classifier "
                    "of every time step. Wrap the model so that it returns (N, class), e.g. the mean over time."
                )
    if mixed:
        warnings.warn(
            f"what the model says of one sequence depends on the others in the batch (taken as {mixed}): dream one at "
            f"a time, or check that the model takes the batch first",
            stacklevel=2,
        )
        return mixed
    channels, length = pair.shape[1:]
    raise ShapeError(
        f"the model takes no sequence of {channels} channel(s) and {length} samples, or returns no logits of "
        f"shape (N, class). Tried {'; '.join(failures)}. {advice}"
    )


def _output(network: Network, layout: str, x: Tensor) -> Tensor | None:
    return first_tensor(network(LAYOUTS[layout](x.clone()))[0])


def _keeps_sequences_apart(network: Network, layout: str, pair: Tensor, output: Tensor) -> bool:
    """Whether a sequence alone gives its row of the output: not so where a model takes the batch for time."""
    if network.find_draws(LAYOUTS[layout](pair.clone())) or not output.is_floating_point():
        return True  # each row has draws of its own; whole numbers are refused later
    alone = _output(network, layout, pair[1:])
    row = output[1].reshape(-1)
    tolerance = torch.finfo(output.dtype).eps ** 0.5 * output.nan_to_num().abs().amax().clamp_min(1e-3).item()
    return alone is not None and torch.allclose(alone.reshape(-1), row, rtol=0, atol=tolerance, equal_nan=True)


def _takes_transposed(network: Network, layout: str, pair: Tensor, output: Tensor) -> bool:
    """Whether the model takes channels and time the other way as well and answers otherwise, as one that flattens."""
    if layout == TRANSPOSED or pair.shape[1] == 1:
        return False
    try:
        other = _output(network, TRANSPOSED, pair)
        return other is not None and other.shape == output.shape and not torch.equal(other, output)
    except Exception:  # noqa: BLE001 - any failure means no
        return False


def _takes_integers(network: Network, layout: str, pair: Tensor) -> bool:
    try:
        return _output(network, layout, torch.zeros_like(pair, dtype=torch.long)) is not None
    except Exception:  # noqa: BLE001 - any failure means no
        return False


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
