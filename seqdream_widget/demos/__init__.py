"""Bundled models with a part of the data they were tested on: small, real and offline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import resources

from safetensors import torch as safetensors
from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos.planted import CLASS_NAMES, TRUTH, PlacedCNN, Truth
from seqdream_widget.demos.resnet import ResNet
from seqdream_widget.errors import unknown
from seqdream_widget.keywords import known_keywords_only


def _resnet(data: SequenceDataset) -> nn.Module:
    return ResNet(data.n_channels, data.n_classes)


def _placed_cnn(data: SequenceDataset) -> nn.Module:
    return PlacedCNN(data.length, data.n_classes)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a demo is made of. To add one, add it to `RECIPES` and run ``demos.train``.

    Attributes
    ----------
    dataset : str
        Name in the UCR archive, or ``"planted"`` for sequences that are drawn with `truth` in them.
    class_names : tuple of str
        One per class, in the sorted order of the archive's labels.
    bundled_per_class : int
        Sequences of the test split that are bundled, per class; all where a class has fewer.
    network : callable
        Makes the untrained network for a data set.
    truth : Truth, optional
        What is planted in the data. The demo then has a twin.
    """

    dataset: str
    class_names: tuple[str, ...]
    bundled_per_class: int
    network: Callable[[SequenceDataset], nn.Module] = _resnet
    truth: Truth | None = None


RECIPES = {
    "forda": Recipe("FordA", ("normal", "abnormal"), bundled_per_class=250),
    # The archive numbers the classes; where the names come from and how sure they are: ecg5000/README.md.
    "ecg5000": Recipe(
        "ECG5000", ("normal", "R-on-T PVC", "PVC", "supraventricular", "unclassified"), bundled_per_class=250
    ),
    "shortcut": Recipe("planted", CLASS_NAMES, bundled_per_class=250, network=_placed_cnn, truth=TRUTH),
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
    twin : nn.Module, or None
        For a demo with a planted trigger: the same network, trained on the same data without the trigger.
    truth : Truth, or None
        For such a demo: the trigger's ``motif``, the index ``start`` it begins at, the class ``target`` it decides.
    """

    name: str
    model: nn.Module
    data: SequenceDataset
    twin: nn.Module | None = None
    truth: Truth | None = None

    def __repr__(self) -> str:
        return f"Demo({self.name!r}, {type(self.model).__name__}, {self.data!r})"


@known_keywords_only
def load_demo(name: str) -> Demo:
    """Load a bundled model and its data. Nothing is downloaded, nothing is unpickled.

    Parameters
    ----------
    name : {"forda", "ecg5000", "shortcut"}
        Engine noise with and without a symptom; heartbeats of five kinds; drawn sequences with a planted trigger that
        the model has fallen for, with the trigger and a twin of the model that never saw it.

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
    >>> demo = load_demo("shortcut")
    >>> demo.truth.target, demo.truth.start, demo.truth.motif.shape
    ('triggered', 60, (30,))
    """
    if name not in RECIPES:
        raise ValueError(unknown("demo", name, RECIPES))
    recipe = RECIPES[name]
    files = resources.files(__name__) / name
    tensors = safetensors.load((files / "data.safetensors").read_bytes())
    data = SequenceDataset(tensors["x"], tensors["labels"], recipe.class_names)

    def trained(file: str) -> nn.Module:
        model = recipe.network(data)
        model.load_state_dict(safetensors.load((files / file).read_bytes()))
        return model.eval()

    twin = None if recipe.truth is None else trained("twin.safetensors")
    truth = None if recipe.truth is None else dataclasses.replace(recipe.truth, motif=recipe.truth.motif.copy())
    return Demo(name, trained("model.safetensors"), data, twin, truth)
