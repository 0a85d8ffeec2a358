"""Bundled models with a part of the data they were tested on: small, real and offline."""

from __future__ import annotations

import dataclasses
from importlib import resources

from safetensors import torch as safetensors
from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos.resnet import ResNet
from seqdream_widget.errors import unknown


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a demo is made of. To add one, add it to `RECIPES` and run ``demos.train``.

    Attributes
    ----------
    dataset : str
        Name in the UCR archive.
    class_names : tuple of str
        One per class, in the sorted order of the archive's labels.
    bundled_per_class : int
        Sequences of the test split that are bundled, per class.
    """

    dataset: str
    class_names: tuple[str, ...]
    bundled_per_class: int


RECIPES = {
    "forda": Recipe("FordA", ("normal", "abnormal"), bundled_per_class=250),
}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Demo:
    """A trained model and data to dream against.

    Attributes
    ----------
    name : str
        Name of the demo.
    model : nn.Module
        In eval mode; takes (batch, channel, time) and gives logits.
    data : SequenceDataset
        A part of the test split; the model has never seen it.
    """

    name: str
    model: nn.Module
    data: SequenceDataset

    def __repr__(self) -> str:
        return f"Demo({self.name!r}, {type(self.model).__name__}, {self.data!r})"


def load_demo(name: str) -> Demo:
    """Load a bundled model and its data. Nothing is downloaded, nothing is unpickled.

    Parameters
    ----------
    name : {"forda"}
        Name of the demo.

    Returns
    -------
    Demo
        A new one at each call: yours to change.

    Raises
    ------
    ValueError
        If there is no such demo; the message lists the known ones.

    Examples
    --------
    >>> load_demo("forda")
    Demo('forda', ResNet, SequenceDataset(500 × 1 × 500, classes: normal (250), abnormal (250)))
    """
    if name not in RECIPES:
        raise ValueError(unknown("demo", name, RECIPES))
    files = resources.files(__name__) / name
    tensors = safetensors.load((files / "data.safetensors").read_bytes())
    data = SequenceDataset(tensors["x"], tensors["labels"], RECIPES[name].class_names)
    model = ResNet(data.n_channels, data.n_classes)
    model.load_state_dict(safetensors.load((files / "model.safetensors").read_bytes()))
    return Demo(name, model.eval(), data)
