"""A checkpoint and the rows of a history as JSON and tensors, and back: the same bits."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.dreamer import Checkpoint
from seqdream_widget.encoding import Decoder, Encoder, Json
from seqdream_widget.holds import Holds
from seqdream_widget.iterate import Standing
from seqdream_widget.optimizers import chosen, restore, snapshot, transplanted
from seqdream_widget.record import Stretch
from seqdream_widget.scene import Scene


def stored(checkpoint: Checkpoint, encoder: Encoder) -> Json:
    """Describe a checkpoint; the encoder keeps its tensors."""
    standing = checkpoint.iterate
    return {
        "step": checkpoint.step_count,
        "objective": encoder.encode(checkpoint.objective),
        "regularizers": encoder.encode(checkpoint.regularizers),
        "parameterization": encoder.encode(checkpoint.parameterization),
        "optimizer": encoder.encode(standing.chosen.given),
        "learning_rate": standing.learning_rate,
        "theta": _packed(standing.theta, encoder),
        "memory": _packed(_memory_of(standing), encoder),
        "anchor": _packed(standing.anchor, encoder),
        "held": _packed(standing.held, encoder),
        "held_values": _packed(standing.held_values, encoder),
        "random_states": _packed(checkpoint.random_states, encoder),
        "frozen": _packed(checkpoint.holds.frozen, encoder),
        "stopped": _packed(checkpoint.stopped, encoder),
        "pins": _packed(checkpoint.holds.pins, encoder),
        "released": sorted(checkpoint.holds.released),
        "changes": _packed(checkpoint.changes, encoder),
        "start": _packed(checkpoint.start, encoder),
    }


def revived(record: Json, decoder: Decoder, scene: Scene, at: Float[Tensor, "batch channel time"]) -> Checkpoint:
    """Make the checkpoint that was described.

    Parameters
    ----------
    record : dict
        What `stored` returned.
    decoder : Decoder
    scene : Scene
        That of the run.
    at : Tensor of shape (batch, channel, time)
        The first start.

    Raises
    ------
    ValueError
        If a tensor or an object is missing, or it is that of other dreams.
    """
    held_values = _unpacked(record["held_values"], decoder, at.device)
    if held_values.shape != at.shape:
        raise ValueError(f"the checkpoint is of dreams of shape {tuple(held_values.shape)}, not {tuple(at.shape)}")
    parameterization = decoder.decode(record["parameterization"])
    learning_rate = float(record["learning_rate"])
    optimizer = chosen(decoder.decode(record["optimizer"]), learning_rate, at)
    theta = _unpacked(record["theta"], decoder, at.device)
    made = optimizer.make([theta.requires_grad_()], lr=learning_rate)
    made.load_state_dict(_unpacked(record["memory"], decoder, at.device))
    plain = theta.detach()
    standing = Standing(
        parameterization.bind(at, scene),
        optimizer,
        learning_rate,
        plain,
        snapshot(made, theta, onto=plain),
        _unpacked(record["anchor"], decoder, at.device),
        _unpacked(record["held"], decoder, at.device),
        held_values,
    )
    return Checkpoint(
        int(record["step"]),
        decoder.decode(record["objective"]),
        decoder.decode(record["regularizers"]),
        parameterization,
        standing,
        _unpacked(record["random_states"], decoder),
        Holds(
            _unpacked(record["frozen"], decoder, at.device),
            _unpacked(record["pins"], decoder, at.device),
            frozenset(record["released"]),
        ),
        _unpacked(record["stopped"], decoder),
        _unpacked(record["changes"], decoder),
        _unpacked(record["start"], decoder, at.device),
    )


def stored_rows(rows: Stretch, encoder: Encoder) -> Json:
    """Describe rows of a history."""
    steps, values = torch.as_tensor(rows.steps), torch.as_tensor(rows.values)
    return {"names": [*rows.names], "steps": encoder.tensor(steps), "values": encoder.tensor(values)}


def revived_rows(record: Json, decoder: Decoder) -> Stretch:
    """Read rows of a history."""
    steps, values = decoder.tensor(record["steps"]).numpy(), decoder.tensor(record["values"]).numpy()
    return Stretch(tuple(record["names"]), steps, values)


def _memory_of(standing: Standing) -> dict[str, Any]:
    """Return what the optimizer remembers, in the form that torch has for that."""
    theta = standing.theta.clone().requires_grad_()
    optimizer = standing.chosen.make([theta], lr=standing.learning_rate)
    if not type(optimizer).__module__.startswith(("torch.optim.", "seqdream_widget.")):
        raise TypeError(f"{type(optimizer).__name__} may remember more than torch's form for that holds")
    restore(optimizer, transplanted(standing.optimizer, standing.theta, onto=theta))
    return optimizer.state_dict()


def _packed(value: Any, encoder: Encoder) -> Any:
    """Describe plain containers of numbers, text and tensors so that every type comes back."""
    if isinstance(value, Tensor):
        return {"tensor": encoder.tensor(value)}
    if isinstance(value, np.ndarray | np.generic):
        scalar = isinstance(value, np.generic)
        return {"numpy": encoder.tensor(torch.as_tensor(np.asarray(cast("Any", value)))), "scalar": scalar}
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {"dict": [[_packed(key, encoder), _packed(item, encoder)] for key, item in items]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_packed(item, encoder) for item in cast("list[Any]", value)]}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    raise TypeError(f"a {type(value).__name__} in the memory of an optimizer cannot be stored")


def _unpacked(value: Any, decoder: Decoder, device: torch.device | str = "cpu") -> Any:
    if not isinstance(value, dict):
        return value
    (kind, inner), *_ = cast("Json", value).items()
    if kind == "tensor":  # always a copy: equal tensors are one in the file, and an optimizer writes into its own
        return decoder.tensor(inner).to(device, copy=True)
    if kind == "numpy":
        array = decoder.tensor(inner).clone().numpy()
        return array[()] if value["scalar"] else array
    if kind == "dict":
        return {_unpacked(key, decoder, device): _unpacked(item, decoder, device) for key, item in inner}
    if kind == "float":
        return float.fromhex(inner)
    return (list if kind == "list" else tuple)(_unpacked(item, decoder, device) for item in inner)
