"""A model, its data and a grid on their way to another process.

Every tensor travels as safetensors. The rest is pickled by cloudpickle: classes that can be imported go by name, those
of a notebook by their code. Reading a parcel runs that code, so it is done only with one's own cluster, whose workers
run whatever their client sends anyway.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pickle
from typing import Any, cast

import cloudpickle
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn


@dataclasses.dataclass(frozen=True)
class Parcel:
    """Things as bytes.

    Attributes
    ----------
    tensors : bytes
        safetensors.
    rest : bytes
        What cloudpickle makes of everything else.
    """

    tensors: bytes
    rest: bytes

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits that tell parcels apart."""
        return hashlib.sha256(self.tensors + self.rest).hexdigest()[:16]


class _Packer(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Tensor] = []

    def persistent_id(self, obj: object) -> Any:
        """Name a tensor in place of pickling it; ties stay ties."""
        if not isinstance(obj, Tensor) or type(obj) not in (Tensor, nn.Parameter):
            return None
        if id(obj) not in self._names:
            self._names[id(obj)] = str(len(self._names))
            self._kept.append(obj)
            self.tensors[self._names[id(obj)]] = obj.detach().cpu().contiguous().clone()
        return self._names[id(obj)], isinstance(obj, nn.Parameter), obj.requires_grad


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, tensors: dict[str, Tensor]) -> None:
        super().__init__(file)
        self._tensors = tensors
        self._made: dict[str, Tensor] = {}

    def persistent_load(self, pid: Any) -> Tensor:
        """Return the tensor of a name."""
        name, is_parameter, requires_grad = cast("tuple[str, bool, bool]", pid)
        if name not in self._made:
            tensor = self._tensors[name]
            made = nn.Parameter(tensor, requires_grad) if is_parameter else tensor.requires_grad_(requires_grad)
            self._made[name] = made
        return self._made[name]


def packed(things: object) -> Parcel:
    """Pack things up.

    Raises
    ------
    TypeError
        If something cannot travel, such as a model in TorchScript, or one that holds a lock or an open file.
    """
    file = io.BytesIO()
    packer = _Packer(file)
    try:
        packer.dump(things)
    except Exception as error:
        raise TypeError(
            f"the model, an objective or a regularizer cannot travel to workers ({type(error).__name__}: {error}); "
            f"leave client= out to sweep in this process, or give one without open files, locks or compiled code"
        ) from error
    return Parcel(save_tensors(packer.tensors), file.getvalue())


def unpacked(parcel: Parcel) -> Any:
    """Make the things of a parcel again; that runs code of whoever packed it."""
    return _Unpacker(io.BytesIO(parcel.rest), load_tensors(parcel.tensors)).load()
