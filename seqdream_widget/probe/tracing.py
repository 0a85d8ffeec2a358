"""A module as a graph of operations, whatever other threads do meanwhile."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

from torch import fx, nn

_ONE_AT_A_TIME = threading.Lock()


def traced(module: nn.Module) -> fx.GraphModule:
    """Return the graph of a module, which it shares its parts with.

    Raises
    ------
    Exception
        Of any kind, if the module cannot be traced.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fx.GraphModule(module, _Tracer().trace(module))


class _Tracer(fx.Tracer):
    """Traces on its own thread only.

    While it traces, torch sends the calls of every module in the process through its tracer: those of a dream that
    plays on another thread, or of a model that is trained there, would be taken for parts of this one, and fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)
