"""Objects of a run as JSON and tensors, and back. Nothing is imported: what is not the package's is named."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from seqdream_widget.commands import Command, SetRegularizer
from seqdream_widget.commands.settings import Adopt
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import shown, unknown
from seqdream_widget.objectives import MemberObjective, Objective
from seqdream_widget.objectives.members import Anchor
from seqdream_widget.optimizers import OPTIMIZERS
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers import Regularizer

Json = dict[str, Any]

KINDS: dict[str, dict[str, type[Any]]] = {
    "command": {**Command.types, "set_objective": Adopt},
    "objective": cast("dict[str, type[Any]]", Objective.types),
    "regularizer": cast("dict[str, type[Any]]", Regularizer.types),
    "parameterization": cast("dict[str, type[Any]]", Parameterization.types),
    "anchor": {"anchor": Anchor},
}
_BASES: dict[str, type[Any]] = {
    "command": Command,
    "objective": Objective,
    "regularizer": Regularizer,
    "parameterization": Parameterization,
    "anchor": Anchor,
}
MANY = 64
"""Numbers from which on a list of them is kept as a tensor."""


def hash_of(tensor: Tensor) -> str:
    """Return 32 hexadecimal digits that tell tensors apart: SHA-256 of type, shape and bytes."""
    plain = tensor.detach().cpu().contiguous()
    digest = hashlib.sha256(f"{plain.dtype}{tuple(plain.shape)}".encode())
    if plain.numel():
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def fingerprint_of(data: SequenceDataset) -> str:
    """Return 16 hexadecimal digits that tell data sets apart: sequences, classes and their names."""
    names = "\n".join(data.class_names)
    return hashlib.sha256(f"{hash_of(data.x)}{hash_of(data.y)}{names}".encode()).hexdigest()[:16]


class Encoder:
    """Turns objects into JSON, and keeps the tensors and the foreign objects that it names.

    Parameters
    ----------
    data : SequenceDataset, optional
        That of the run; it is referred to, others are kept.
    """

    def __init__(self, data: SequenceDataset | None) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.objects: dict[str, Any] = {}
        self._data = None if data is None else fingerprint_of(data)

    def encode(self, value: Any) -> Any:  # noqa: PLR0911 - one a kind
        """Describe a value.

        Raises
        ------
        TypeError
            If nothing is known of its kind.
        """
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Tensor | np.ndarray):
            return {"tensor": self.tensor(torch.as_tensor(cast("Any", value)))}
        if isinstance(value, list | tuple):
            return self._sequence(cast("list[Any]", value))
        if isinstance(value, Mapping):
            return {"map": {str(key): self.encode(item) for key, item in cast("Mapping[Any, Any]", value).items()}}
        if isinstance(value, SequenceDataset):
            return self._dataset(value)
        for kind, base in _BASES.items():
            if isinstance(value, base):
                return self._described(kind, value)
        if callable(value):
            known = [name for name, factory in OPTIMIZERS.items() if factory is value]
            return known[0] if known else {"object": self._name(cast("Any", value))}
        raise TypeError(f"{shown(value)} cannot be logged")

    def tensor(self, tensor: Tensor) -> str:
        """Keep a tensor and return its name."""
        name = hash_of(tensor)
        self.tensors[name] = tensor.detach().cpu().contiguous().clone()
        return name

    def _sequence(self, values: list[Any]) -> Any:
        if len(values) >= MANY and all(type(value) is float for value in values):
            return {"numbers": self.tensor(torch.tensor(values, dtype=torch.float64))}
        return [self.encode(value) for value in values]

    def _dataset(self, data: SequenceDataset) -> Json:
        fingerprint = fingerprint_of(data)
        if fingerprint == self._data:
            return {"data": "run"}
        return {"data": fingerprint, "x": self.tensor(data.x), "y": self.tensor(data.y), "names": [*data.class_names]}

    def _described(self, kind: str, value: Any) -> Json:
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        if isinstance(value, MemberObjective) and value.anchor is not None:
            fields["data"] = None  # the anchor is all that it came to
        names = {made: name for name, made in KINDS[kind].items() if made.__module__.startswith("seqdream_widget.")}
        cls = cast("type[Any]", type(value))
        named = {"type": names[cls]} if cls in names else {"object": self._name(cls)}
        return {"kind": kind, **named, "fields": {name: self.encode(item) for name, item in fields.items()}}

    def _name(self, value: Any) -> str:
        function = value
        while hasattr(function, "func"):  # of a functools.partial
            function = function.func
        named = function if hasattr(function, "__qualname__") else cast("Any", type(function))
        name = first = f"{named.__module__}:{named.__qualname__}"
        count = 1
        while self.objects.setdefault(name, value) is not value:
            count += 1
            name = f"{first}#{count}"
        return name


class Decoder:
    """Turns what an `Encoder` wrote into objects again.

    Parameters
    ----------
    tensors : mapping of str to Tensor
    objects : mapping of str to object
        What the package does not have, by the names in the log.
    data : SequenceDataset, optional
        That of the run.
    """

    def __init__(self, tensors: Mapping[str, Tensor], objects: Mapping[str, Any], data: SequenceDataset | None) -> None:
        self._tensors = tensors
        self._objects = objects
        self._data = data
        self._datasets: dict[str, SequenceDataset] = {}

    def decode(self, value: object) -> Any:
        """Make the value that was described.

        Raises
        ------
        ValueError
            If the description is not as it should be, or a tensor or an object is missing.
        """
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list):
            return tuple(map(self.decode, cast("list[object]", value)))
        if not isinstance(value, dict):
            raise ValueError(f"{shown(value)} describes nothing")
        fields = cast("Json", value)
        for tag, read in self._readers.items():
            if tag in fields:
                return read(self, fields)
        raise ValueError(f"{shown(fields)} describes nothing that is known")

    def tensor(self, name: object) -> Tensor:
        """Return a tensor by its name."""
        if not isinstance(name, str) or name not in self._tensors:
            raise ValueError(f"the tensor {shown(name)} is missing from the file beside the log")
        return self._tensors[name]

    def _numbers(self, fields: Json) -> tuple[float, ...]:
        return tuple(map(float, self.tensor(fields["numbers"])))

    def _map(self, fields: Json) -> dict[str, Any]:
        inner = fields["map"]
        if not isinstance(inner, dict):
            raise ValueError(f"{shown(inner)} is no object")
        return {name: self.decode(item) for name, item in cast("Json", inner).items()}

    def _object(self, fields: Json) -> Any:
        name = fields["object"]
        if not isinstance(name, str) or name not in self._objects:
            raise ValueError(
                f"the log refers to {shown(name)}, which is not part of the package and is never imported; "
                f"give it: objects={{{shown(name)}: ...}}"
            )
        return self._objects[name]

    def _dataset(self, fields: Json) -> SequenceDataset:
        name = fields["data"]
        if name == "run":
            if self._data is None:
                raise ValueError("the log refers to the data of the run and there is none; give data=")
            return self._data
        if name not in self._datasets:
            names = fields.get("names")
            data = SequenceDataset(self.tensor(fields.get("x")), self.tensor(fields.get("y")), cast("Any", names))
            if fingerprint_of(data) != name:
                raise ValueError(f"the data set {shown(name)} is not what its fingerprint says")
            self._datasets[name] = data
        return self._datasets[name]

    def _described(self, fields: Json) -> Any:
        kind, described = fields["kind"], fields.get("fields")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(unknown("kind of thing", kind, KINDS))
        if not isinstance(described, dict):
            raise ValueError(f"a {kind} has fields, not {shown(described)}")
        cls = self._class(kind, fields)
        given = {name: self.decode(item) for name, item in cast("Json", described).items()}
        try:
            if cls is SetRegularizer:
                return SetRegularizer(given.pop("name"), given.pop("enabled"), **given.pop("parameters"))
            return cls(**given)
        except (TypeError, KeyError) as error:
            raise ValueError(f"{cls.__name__}: {str(error).rsplit('() ', maxsplit=1)[-1]}") from None

    def _class(self, kind: str, fields: Json) -> type[Any]:
        if "object" in fields:
            found = self._object(fields)
            if not (isinstance(found, type) and issubclass(found, _BASES[kind])):
                raise ValueError(f"{shown(fields['object'])} was given as {shown(found)}, which is no {kind}")
            return found
        name = fields.get("type")
        if not isinstance(name, str) or name not in KINDS[kind]:
            raise ValueError(unknown(kind, name, KINDS[kind]))
        return KINDS[kind][name]

    _readers: dict[str, Callable[[Decoder, Json], Any]] = {  # noqa: RUF012 - never changed
        "kind": _described,
        "tensor": lambda self, fields: self.tensor(fields["tensor"]),
        "numbers": _numbers,
        "map": _map,
        "data": _dataset,
        "object": _object,
    }
