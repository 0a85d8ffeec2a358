"""Model and data as people give them: what else they give is answered with what to do."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast

from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import kind_of


def known_model(model: object) -> nn.Module:
    """Return a model.

    Raises
    ------
    TypeError
        If it is none.
    """
    if isinstance(model, nn.Module):
        return model
    remedy = "give a torch.nn.Module"
    if inspect.isclass(model):
        remedy = f"make one first, {model.__name__}(…)"
    elif isinstance(model, Mapping):
        remedy = "weights alone are none: make the network, network.load_state_dict(…), and give the network"
    elif isinstance(model, str):
        remedy = "make the network, network.load_state_dict(torch.load(path, weights_only=True)), and give the network"
    raise TypeError(f"the model is {kind_of(model)}; {remedy}")


def known_data(data: object) -> SequenceDataset:
    """Return a data set.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(data, SequenceDataset):
        raise TypeError(f"data is {kind_of(data)}; give sd.SequenceDataset(x, y)")
    return data


def known_objects(objects: object) -> Mapping[str, Any]:
    """Return what a person supplies for a log, by the names that it has there.

    Raises
    ------
    TypeError
        If it is no mapping.
    """
    if objects is None:
        return {}
    if not isinstance(objects, Mapping):
        raise TypeError(f'objects is {kind_of(objects)}; give them by their names in the log, {{"module:name": it}}')
    return cast("Mapping[str, Any]", objects)
