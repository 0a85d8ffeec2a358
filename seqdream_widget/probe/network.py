"""A module that the engine may call: frozen, with taps that catch what layers take and return."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Collection, Generator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from seqdream_widget.probe.custody import borrowed, named_layers
from seqdream_widget.untyped import random

# Modules that by definition put features last: (batch, time, feature).
FEATURES_LAST = (
    nn.Linear,
    nn.LayerNorm,
    nn.RNNBase,
    nn.MultiheadAttention,
    nn.TransformerEncoder,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoder,
    nn.TransformerDecoderLayer,
)
_ATTENTION = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


@dataclasses.dataclass(frozen=True)
class Tap:
    """Where to catch a tensor: the output of a layer, or what it is `given`."""

    name: str
    given: bool = False


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of a layer: the tensor it was given and the one it returned, batch and channel first."""

    name: str
    module: nn.Module
    given: Tensor | None
    output: Tensor | None


class Network:
    """A module in the state in which dreams use it, whoever owns it.

    Parameters
    ----------
    module : nn.Module
        A frozen module of our own, or the user's.
    lent : bool
        Whether it is the user's: each call then borrows it.
    """

    def __init__(self, module: nn.Module, *, lent: bool = False) -> None:
        self.module = module
        self.lent = lent
        # Until `find_draws` knows better, it might.
        self.draws = True
        first = next(module.parameters(), torch.empty(0))
        recurrent = any(kind_of(part) in ("RNN", "LSTM", "GRU") for part in module.modules())
        # cuDNN's recurrent layers have no gradient in eval mode.
        self.without_cudnn = recurrent and first.is_cuda
        self._layers = named_layers(module)
        self._taps: set[Tap] = set()
        self._here = threading.local()
        self._loan = threading.RLock()

    def __call__(self, x: Tensor, wanted: Collection[Tap] = ()) -> tuple[Any, Mapping[Tap, Tensor]]:
        """Return what the module returns, and what the wanted taps caught."""
        caught: dict[Tap, Tensor] = {}
        self._here.caught, self._here.wanted = caught, wanted
        try:
            if self.lent or self.draws or self.without_cudnn:
                with self._custody():
                    return self.module(x), caught
            return self.module(x), caught
        finally:
            self._here.wanted = ()
            self._here.caught = None

    def tap(self, tap: Tap) -> None:
        """Make ready to catch a tensor; a tap costs next to nothing in calls that do not want it."""
        if tap not in self._taps:
            if not self.lent:
                self._attach(tap)
            self._taps.add(tap)

    def find_draws(self, x: Tensor) -> bool:
        """Find out whether the module draws random numbers; if so, each call draws the same ones from now on."""
        with same_draws():
            self.draws = False
            before = _random_state(x.device)
            self(x)
            self.draws = not torch.equal(before, _random_state(x.device))
        return self.draws

    def trace(self, x: Tensor) -> tuple[Any, list[Call]]:
        """Run the module once and list the calls of its layers, in the order in which they end."""
        calls: list[Call] = []

        def note(name: str, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            given = args[0] if args and isinstance(args[0], Tensor) else None
            found = first_tensor(output)
            calls.append(Call(name, module, given, None if found is None else batch_and_channel_first(module, found)))

        with self._custody():
            handles = [
                module.register_forward_hook(functools.partial(note, name))
                for name, module in self._layers.items()
                # TorchScript has no such hooks: its layers stay unseen.
                if name and not isinstance(module, torch.jit.ScriptModule)
            ]
            try:
                output = self.module(x)
            finally:
                for handle in handles:
                    handle.remove()
        return output, calls

    def _attach(self, tap: Tap) -> None:
        layer = self._layers[tap.name]

        def keep_given(module: nn.Module, args: tuple[Any, ...]) -> None:
            del module
            if tap in self._wanted():
                self._here.caught[tap] = args[0]

        def keep_output(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            del args
            if tap in self._wanted():
                # A copy: the next layer may work in place.
                found = cast("Tensor", first_tensor(output))
                self._here.caught[tap] = batch_and_channel_first(module, found).clone()

        if tap.given:
            layer.register_forward_pre_hook(keep_given)
        else:
            layer.register_forward_hook(keep_output)

    def _wanted(self) -> Collection[Tap]:
        return getattr(self._here, "wanted", ())

    @contextlib.contextmanager
    def _custody(self) -> Generator[None]:
        with contextlib.ExitStack() as stack:
            if self.lent:
                stack.enter_context(self._loan)
                stack.enter_context(borrowed(self.module))
                for tap in self._taps:
                    self._attach(tap)
            if self.without_cudnn:
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            if self.draws:
                stack.enter_context(same_draws())
            yield


@contextlib.contextmanager
def same_draws() -> Generator[None]:
    """Draw the same random numbers each time, and leave the global random state as it was."""
    devices = range(torch.cuda.device_count())
    with random.fork_rng(devices=devices, device_type="cuda"):
        # Not by torch.manual_seed: it writes down the whole stack once for each kind of device that is not there.
        torch.default_generator.manual_seed(0)
        if devices:
            torch.cuda.manual_seed_all(0)
        yield


def kind_of(module: nn.Module) -> str:
    """Return the name of a module's class, also where TorchScript wraps it."""
    return str(getattr(module, "original_name", type(module).__name__))


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def first_tensor(output: Any) -> Tensor | None:
    """Return the tensor that a module's output is, begins with, or has as ``logits``; ``None`` where there is none."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        return first_tensor(cast("Mapping[str, Any]", output).get("logits"))
    if hasattr(output, "logits"):
        return first_tensor(output.logits)
    if isinstance(output, tuple | list) and output:
        return first_tensor(cast("tuple[Any, ...]", output)[0])
    return None


def batch_and_channel_first(module: nn.Module, output: Tensor) -> Tensor:
    """Bring what layers return as (batch, time, feature) into the order (batch, channel, time) of all others."""
    if not output.shape[2:] or not isinstance(module, FEATURES_LAST):
        return output
    if isinstance(module, nn.LayerNorm) and len(module.normalized_shape) > 1:
        return output
    if not _is_batch_first(module):
        output = output.transpose(0, 1)
    return output.movedim(-1, 1)


def _is_batch_first(module: nn.Module) -> bool:
    for part in module.modules():
        if isinstance(part, nn.RNNBase | nn.MultiheadAttention):
            return part.batch_first
    return True


def last_linear(calls: list[Call], module: nn.Module, width: int, batch: int) -> str | None:
    """Name the ``Linear`` that gives the logits: the last one called with `width` outputs, else the last one called.

    Those inside attention and encoder layers are left out; ``None`` where no other has the batch first.
    """
    inner = {part for outer in module.modules() if isinstance(outer, _ATTENTION) for part in outer.modules()}
    found = [
        call
        for call in calls
        if isinstance(call.module, nn.Linear)
        and call.module not in inner
        and call.given is not None
        and call.given.ndim > 1
        and len(call.given) == batch
    ]
    fitting = [call for call in found if cast("nn.Linear", call.module).out_features == width]
    return (fitting or found)[-1].name if found else None
