"""The user's model stays the user's: a private copy of it, or, where copying fails, a loan."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import warnings
from collections import OrderedDict
from collections.abc import Generator, Iterable
from typing import cast

import torch
from torch import Tensor, nn


def private_copy(model: nn.Module) -> nn.Module | None:
    """Return a frozen copy in eval mode that shares nothing with the model, or ``None`` where copying fails."""
    # What is left of an earlier forward pass (old-style weight_norm keeps its weight so) refuses to be copied: it is
    # copied here, without its past.
    kept = [value for module in model.modules() for value in vars(module).values() if isinstance(value, Tensor)]
    memo = {id(value): value.detach().clone() for value in kept if not value.is_leaf}
    try:
        # TorchScript would record the copying itself.
        with torch.no_grad():
            private = copy.deepcopy(model, memo)
    except Exception as error:  # noqa: BLE001 - locks, files, sockets, handles of other libraries, ...
        warnings.warn(
            f"the model cannot be copied ({type(error).__name__}: {str(error).splitlines()[0]}); it is borrowed and "
            f"given back unchanged after every call, so don't train it while a dream runs. A copy is possible without "
            f"open files, locks or activations kept in lists",
            stacklevel=2,
        )
        return None
    freeze(private)
    return private


def freeze(module: nn.Module) -> None:
    """Put a module of our own into eval mode, without gradients in its parameters."""
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None


_COPIED = (dict, OrderedDict, list, set)


@contextlib.contextmanager
def borrowed(model: nn.Module) -> Generator[None]:
    """Freeze the user's own model for one call, and give it back as it was, also after an exception.

    While it is lent, its registries (buffers, hooks) are copies: what the call or a hook of ours does to them ends
    with the loan.
    """
    modules = list(model.modules())
    before = [(module, module.training, dict(vars(module))) for module in modules]
    required = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        for module, _, attributes in before:
            lent = {name: copy.copy(value) for name, value in attributes.items() if type(value) in _COPIED}
            vars(module).update(lent)
            for name, buffer in module.named_buffers(recurse=False):
                module._buffers[name] = buffer.clone()  # pyright: ignore[reportPrivateUsage] - no public way leaves the original
            module.training = False
        for parameter, _ in required:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, training, attributes in before:
            module.training = training
            vars(module).clear()
            vars(module).update(attributes)
        for parameter, was_required in required:
            parameter.requires_grad_(was_required)


def named_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the module and all within it, by dotted name; the module itself has the empty one."""
    # torch leaves the type open.
    return dict(cast("Iterable[tuple[str, nn.Module]]", model.named_modules()))


def fingerprint(model: nn.Module) -> str:
    """Return sixteen hexadecimal digits that tell models apart: architecture, parameters and buffers (SHA-256)."""
    digest = hashlib.sha256()
    for name, module in named_layers(model).items():
        kind = type(module)
        # What a module of torch says of itself, such as a stride, is part of the architecture.
        said = module.extra_repr() if kind.__module__.startswith("torch.nn.modules") else ""
        digest.update(f"{name}:{getattr(module, 'original_name', kind.__qualname__)}({said})\n".encode())
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        digest.update(f"{name}:{tensor.dtype}{tuple(tensor.shape)}\n".encode())
        plain = tensor.detach().to("cpu").contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
